"""The whole way through the simulated Telnyx: sending, receiving, statuses, and each thing that goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from mediacore import (
    AuthNeeded,
    Contact,
    Event,
    Header,
    InboundMessage,
    Inbox,
    InDoubt,
    Outgoing,
    Permanent,
    Refused,
    Request,
    Retry,
    Status,
    StatusUpdate,
)
from mediacore.testkit import Act

ANN = Contact("+14155550100")


def reached(key: str, status: Status) -> Callable[[list[Event]], bool]:
    return lambda events: any(isinstance(e, StatusUpdate) and (e.key, e.status) == (key, status) for e in events)


def messages(count: int) -> Callable[[list[Event]], bool]:
    return lambda events: sum(isinstance(e, InboundMessage) for e in events) >= count


def test_send_text_picture_and_document(
    line: Inbox, telnyx: Any, webhook: Any, shelf: Any, jpeg: bytes, pdf: bytes
) -> None:
    """A picture and a PDF reach the phone with their words, byte for byte, and the statuses name our key."""
    files = (shelf.put(jpeg, "image/jpeg", "photo.jpg"), shelf.put(pdf, "application/pdf", "offer.pdf"))
    receipt = line.send(Outgoing("k1", ANN, "Gr\u00fc\u00dfe \U0001f600", files))
    (got,) = telnyx.devices.wait(1)
    assert (got.to, got.text, got.source_id) == (ANN.address, "Gr\u00fc\u00dfe \U0001f600", receipt.source_id)
    assert [(f.name, f.type, f.data) for f in got.files] == [
        ("photo.jpg", "image/jpeg", jpeg),
        ("offer.pdf", "application/pdf", pdf),
    ]
    assert receipt.status is Status.QUEUED
    events = webhook.wait(reached("k1", Status.DELIVERED))
    assert [e.status for e in events] == [Status.SENT, Status.DELIVERED]


def test_receive_files(line: Inbox, telnyx: Any, webhook: Any, jpeg: bytes, pdf: bytes, tmp_path: Path) -> None:
    """An MMS arrives with its words, and its files come without our key ever going there."""
    files = [("a.jpg", "image/jpeg", jpeg), ("offer.pdf", "application/pdf", pdf)]
    source = telnyx.inbound(ANN.address, "Look", files, smil=True)
    (event,) = webhook.wait(messages(1))
    assert (event.source_id, event.contact, event.text) == (source, ANN, "Look")
    brought = [line.fetch(r, Request("POST", ""), tmp_path / str(n)).type for n, r in enumerate(event.remotes)]
    assert brought == ["image/jpeg", "application/pdf"]
    assert [(tmp_path / name).read_bytes() for name in "01"] == [jpeg, pdf]
    telnyx.mischief.plan(Act.LATE_MEDIA)
    with pytest.raises(Retry):
        line.fetch(event.remotes[0], Request("POST", ""), tmp_path / "late")


def test_opt_out(line: Inbox, telnyx: Any, webhook: Any) -> None:
    """After STOP nothing more is taken for this customer, until START."""
    telnyx.inbound(ANN.address, "STOP", opt_out="STOP")
    (stop,) = webhook.wait(messages(1))
    assert stop.automatic
    with pytest.raises(Permanent, match="opted out"):
        line.send(Outgoing("k", ANN, "x"))
    telnyx.inbound(ANN.address, "START", opt_out="START")
    line.send(Outgoing("k", ANN, "x"))
    telnyx.devices.wait(1)


@pytest.mark.parametrize(
    ("mime", "data", "says", "code"),
    [
        ("image/jpeg", b"\xff\xd8\xff" + bytes(700_000), "", "40302"),
        ("image/jpeg", b"\xff\xd8\xff" + bytes(1_000_000), "", "40317"),
        ("application/msword", b"\xd0\xcf\x11\xe0", "", "40317"),
        ("image/png", b"\x89PNG\r\n\x1a\n", "image/jpeg", "40317"),
    ],
)
def test_files_that_are_refused(
    line: Inbox, webhook: Any, shelf: Any, mime: str, data: bytes, says: str, code: str
) -> None:
    """A file too large for Telnyx or the carrier, or of a wrong type, fails as a status with the code."""
    line.send(Outgoing("k1", ANN, "x", (shelf.put(data, mime, "a", says),)))
    events = webhook.wait(reached("k1", Status.FAILED))
    assert [e.code for e in events if e.status is Status.FAILED] == [code]


def test_refused_at_once(line: Inbox, telnyx: Any, shelf: Any, jpeg: bytes) -> None:
    """What the API refuses at once is permanent, with its code."""
    picture = shelf.put(jpeg, "image/jpeg", "a.jpg")
    wrong = evolve(picture, url="ftp://files/1")
    for message, code in (
        (Outgoing("k", Contact("0171"), "x"), "40310"),
        (Outgoing("k", ANN, "x" * 1531), "40302"),
        (Outgoing("k", ANN, "x", (picture,) * 11), "40317"),
        (Outgoing("k", ANN, "x", (wrong,)), "10003"),
    ):
        with pytest.raises(Permanent) as refused:
            line.send(message)
        assert refused.value.code == code
    telnyx.sender = "+1999"
    with pytest.raises(Permanent, match="40305"):
        line.send(Outgoing("k", ANN, "x"))


def test_phone_that_is_off(line: Inbox, telnyx: Any, webhook: Any) -> None:
    """A carrier's refusal comes as a status; one that says nothing leaves the message sent."""
    telnyx.troubles[ANN.address] = "40006"
    line.send(Outgoing("k1", ANN, "x"))
    events = webhook.wait(reached("k1", Status.FAILED))
    assert events[-1].code == "40006"
    telnyx.troubles.clear()
    telnyx.confirms = False
    receipt = line.send(Outgoing("k2", ANN, "x"))
    telnyx.devices.wait(1)
    while telnyx.messages[receipt.source_id]["to"][0]["status"] != "delivery_unconfirmed":
        assert not telnyx.closing.wait(0.02)


@pytest.mark.parametrize(
    ("act", "group"),
    [
        (Act.ERROR, InDoubt),
        (Act.THROTTLE, Retry),
        (Act.UNAUTHORIZED, AuthNeeded),
        (Act.DROP_AFTER, InDoubt),
        (Act.HANG_AFTER, InDoubt),
    ],
)
def test_each_act_when_sending(line: Inbox, telnyx: Any, webhook: Any, act: Act, group: type[Exception]) -> None:
    """Each misbehaviour is the error that says what to do; a lost answer is settled by the statuses and their key."""
    telnyx.mischief.plan(act, where="send")
    message = Outgoing("k1", ANN, "x")
    with pytest.raises(group):
        line.send(message)
    assert line.reconcile(message) is None
    if act in (Act.DROP_AFTER, Act.HANG_AFTER):
        webhook.wait(reached("k1", Status.DELIVERED))
        assert len(telnyx.devices.all()) == 1


def test_repeated_and_reordered_callbacks(line: Inbox, telnyx: Any, webhook: Any) -> None:
    """A delivery that comes twice is the same event both times, which is what protects from a replay."""
    telnyx.mischief.plan(Act.DUPLICATE)
    telnyx.inbound(ANN.address, "Hello")
    one, two = webhook.wait(messages(2))
    assert one == two
    telnyx.mischief.plan(Act.REORDER)
    line.send(Outgoing("k1", ANN, "x"))
    webhook.wait(reached("k1", Status.SENT))


def test_check(line: Inbox, telnyx: Any) -> None:
    """The doctor says whether the API key is taken, with where to look."""
    assert line.check() == []
    telnyx.api_key = "another"
    (finding,) = line.check()
    assert "10009" in finding.message
    assert "api_key" in finding.remedy


def test_signature_covers_time_and_body(line: Inbox, telnyx: Any, webhook: Any) -> None:
    """A delivery that was changed in its body, its time or its signature is forged; its address may differ."""
    telnyx.inbound(ANN.address, "Hello")
    webhook.wait(messages(1))
    (real,) = webhook.requests
    assert line.receive(evolve(real, url="https://elsewhere.example/?part=another"))
    others = tuple(h for h in real.headers if not h.name.startswith("telnyx-"))
    signature, stamp = (real.header(name) or "" for name in ("telnyx-signature-ed25519", "telnyx-timestamp"))
    for pair, body in (
        ((signature, stamp), real.body + b" "),
        ((signature, stamp + "0"), real.body),
        ((signature[:-4] + "AAA=", stamp), real.body),
        ((signature, ""), real.body),
        (("", stamp), real.body),
        (("\u00fc%", stamp), real.body),
    ):
        told = tuple(map(Header, ("Telnyx-Signature-Ed25519", "Telnyx-Timestamp"), pair))
        with pytest.raises(Refused) as refused:
            line.receive(evolve(real, headers=(*others, *told), body=body))
        assert (refused.value.status, refused.value.code) == (403, "signature")
