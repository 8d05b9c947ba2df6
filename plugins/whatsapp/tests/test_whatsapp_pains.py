"""What helpdesks get wrong with WhatsApp, by the threads that tell of it: none of it happens here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from mediacore_whatsapp.signature import sign
from mediacore_whatsapp.simulator import WhatsAppSimulator

from mediacore import (
    Action,
    Facts,
    InboundMessage,
    Inbox,
    Refused,
    Retry,
    Status,
    StatusUpdate,
    Unsupported,
    plan,
)
from mediacore.testkit import Act

ME = "+16505551234"


@pytest.fixture
def fetch(inbox: Inbox, webhook: Any, tmp_path: Path) -> Any:
    """Fetch one remote of the last delivery; its bytes."""

    def bring(remote: Any) -> Any:
        into = tmp_path / "fetched"
        into.write_bytes(b"")
        inbox.fetch(remote, webhook.requests[-1], into)
        return into.read_bytes()

    return bring


def test_pain_01_a_file_is_whole_or_not_there(simulator: WhatsAppSimulator, webhook: Any, fetch: Any) -> None:
    """A download that breaks off is an error to try again, never a broken picture (chatwoot#15540)."""
    data = b"\xff\xd8\xff" + bytes(300_000)
    simulator.inbound(ME, "look", [("a.jpg", "image/jpeg", data)])
    (message,) = webhook.wait(1, InboundMessage)
    assert message.text == "look"
    simulator.mischief.plan(Act.DROP_AFTER, where="file")
    with pytest.raises(Retry):
        fetch(message.remotes[0])
    assert fetch(message.remotes[0]) == data


@pytest.mark.parametrize("act", [Act.ERROR, Act.THROTTLE])
def test_pain_02_a_lost_file_heals_by_trying_again(
    simulator: WhatsAppSimulator, webhook: Any, fetch: Any, act: Act
) -> None:
    """A media lookup that fails for a while says so each time and then brings the file (chatwoot#15754)."""
    simulator.urls = False
    simulator.inbound(ME, files=[("a.pdf", "application/pdf", b"%PDF-1.4 x")])
    (remote,) = webhook.wait(1, InboundMessage)[0].remotes
    simulator.mischief.plan(act, times=3, where="media")
    for _ in range(3):
        with pytest.raises(Retry):
            fetch(remote)
    assert fetch(remote) == b"%PDF-1.4 x"
    assert remote.expires is not None


def test_pain_04_every_file_is_sent_not_only_the_first(
    simulator: WhatsAppSimulator, inbox: Inbox, attach: Any, outgoing: Any
) -> None:
    """Four files and a text are planned as parts, and all of them arrive in order (chatwoot#14052)."""
    picture = attach("image/jpeg", "a.jpg", facts=Facts(64, 48, mode="RGB"))
    files = [picture, attach("application/pdf", "b.pdf"), attach("audio/mpeg", "c.mp3"), picture]
    parts = plan(files, "my files", inbox.limits).parts
    for number, part in enumerate(parts):
        inbox.send(outgoing(part.text, *(files[i] for i, _ in part.files), key=f"key-{number}"))
    arrived = simulator.devices.wait(len(parts))
    assert [f.data for got in arrived for f in got.files] == [f.media.path.read_bytes() for f in files]
    assert [got.text for got in arrived if got.text] == ["my files"]


def test_pain_05_voice_notes_are_taken(
    simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, attach: Any, outgoing: Any
) -> None:
    """A voice note says its codec when it is uploaded, is delivered and is shown as one (chatwoot#12713)."""
    inbox.send(outgoing("", evolve(attach("audio/ogg", "note.ogg"), sort="voice")))
    assert [s.status for s in webhook.wait(2, StatusUpdate)] == [Status.SENT, Status.DELIVERED]
    assert dict(simulator.devices.wait(1)[0].extra)["voice"] == "true"


@pytest.mark.parametrize("kind", ["image/webp", "image/heic", "image/gif", "image/tiff", "image/avif"])
def test_pain_06_and_07_other_pictures_are_converted_first(inbox: Inbox, attach: Any, kind: str) -> None:
    """WebP, HEIC and their like never go to WhatsApp as they are (chatwoot#12260, #14667)."""
    (step,) = plan([attach(kind, facts=Facts(900, 600, mode="RGB"), data=b"x" * 99)], "", inbox.limits).steps
    assert step.action is Action.CONVERT
    assert step.fit is not None
    assert set(step.fit.types) == {"image/jpeg", "image/png"}


def test_pain_11_oversize_is_told(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, attach: Any) -> None:
    """A customer's file above 100 MB is a notice with what to do, and so is ours before it is sent (chatwoot#13165)."""
    simulator.inbound(ME, files=[("film.mp4", "video/mp4", bytes(104_857_601))])
    (notice,) = webhook.wait(1, Unsupported)
    assert notice.contact.address == ME
    assert notice.reason.endswith("ask the customer for a smaller file or another way")
    large = attach("application/pdf", data=b"%PDF-1.4")
    large = evolve(large, media=evolve(large.media, size=100_000_001))
    (step,) = plan([large], "", inbox.limits, link=True).steps
    assert (step.action, "100.0 MB is the most" in step.reason) == (Action.LINK, True)


def test_pain_12_a_repeated_webhook_is_known(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox) -> None:
    """WhatsApp repeats its webhooks; every repetition has the same key, also for statuses (zammad#5164)."""
    simulator.mischief.plan(Act.DUPLICATE, times=2)
    simulator.inbound(ME, "once", [("a.jpg", "image/jpeg", b"\xff\xd8\xff")])
    simulator.react(ME, "wamid.T", "👍")
    events = webhook.wait(4)
    assert [e.dedupe for e in events[::2]] == [e.dedupe for e in events[1::2]]
    assert len({e.dedupe for e in events}) == 2


@pytest.mark.parametrize("name", ["Rechnung März 2026.pdf", "bill", "a-filename*=.pdf"])
def test_pain_15_a_document_keeps_its_name(
    simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, attach: Any, outgoing: Any, name: str
) -> None:
    """No customer sees "Untitled", and no agent sees another name than the customer gave (chatwoot#4481, #10602)."""
    inbox.send(outgoing("", attach("application/pdf", name)))
    (got,) = simulator.devices.wait(1)
    assert got.files[0].name == (name if name.endswith(".pdf") else f"{name}.pdf")
    assert "trouble" not in dict(got.extra)
    simulator.inbound(ME, files=[(name, "application/pdf", b"%PDF-1.4")])
    assert webhook.wait(1, InboundMessage)[0].remotes[0].name == name


def test_pain_19_new_types_neither_crash_nor_vanish(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox) -> None:
    """A type that nobody has seen is shown with its name, and its neighbours arrive (chatwoot PR#12997)."""
    value = {"contacts": [{"wa_id": "1"}], "messages": []}
    for number, kind in enumerate(("text", "hologram", "text", "poll_update", "text")):
        content = {"body": f"words {number}"} if kind == "text" else {"shape": [1, {"deep": None}]}
        value["messages"].append({"from": "1", "id": f"wamid.{number}", "type": kind, kind: content})
    metadata = {"metadata": {"phone_number_id": simulator.phone_number_id}}
    change = {"field": "messages", "value": {**metadata, **value}}
    simulator.raw({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]})
    events = webhook.wait(5)
    assert [e.text for e in events if isinstance(e, InboundMessage)] == ["words 0", "words 2", "words 4"]
    assert [e.kind for e in events if isinstance(e, Unsupported)] == ["hologram", "poll_update"]


def test_pain_20_forged_webhooks_are_refused(inbox: Inbox, signed: Any, delivery: Any) -> None:
    """No signature, another secret's, a changed body and the old SHA-1 header are all refused (GHSA-7rw7-pc8v-mrr3)."""
    right = signed(delivery({"messages": [{"from": "1", "id": "w", "type": "text", "text": {"body": "x"}}]}))
    assert inbox.receive(right)
    sha1 = evolve(right.headers[1], name="X-Hub-Signature")
    forged = [
        evolve(right, headers=()),
        evolve(right, headers=(sha1,)),
        evolve(right, body=right.body.replace(b'"x"', b'"y"')),
        evolve(right, headers=(evolve(right.headers[1], value=sign("another", right.body)),)),
        evolve(right, body=json.dumps(json.loads(right.body), indent=1).encode()),
    ]
    for request in forged:
        with pytest.raises(Refused) as caught:
            inbox.receive(request)
        assert caught.value.status == 403


def test_pain_25_a_page_is_never_taken_for_a_file(simulator: WhatsAppSimulator, webhook: Any, fetch: Any) -> None:
    """A web page in place of a picture is an error to try again, and the picture comes later (chatwoot#10428)."""
    simulator.urls = False
    simulator.inbound(ME, files=[("a.jpg", "image/jpeg", b"\xff\xd8\xff")])
    (remote,) = webhook.wait(1, InboundMessage)[0].remotes
    simulator.mischief.plan(Act.WRONG_TYPE, times=2, where="page")
    with pytest.raises(Retry):
        fetch(remote)
    assert fetch(remote) == b"\xff\xd8\xff"
