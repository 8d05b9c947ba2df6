"""The whole way through the simulated Twilio: sending, receiving, statuses, and each thing that goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from mediacore_sms.simulator import TwilioSimulator

from mediacore import (
    AuthNeeded,
    Contact,
    Event,
    InboundMessage,
    Inbox,
    InDoubt,
    Outgoing,
    Permanent,
    Receipt,
    Remote,
    Request,
    Retry,
    Status,
    StatusUpdate,
    Unsupported,
)
from mediacore.testkit import Act

ANN = Contact("+14155550100")


def reached(key: str, status: Status) -> Callable[[list[Event]], bool]:
    """Whether a status of one of our messages came."""
    return lambda events: any(isinstance(e, StatusUpdate) and (e.key, e.status) == (key, status) for e in events)


def messages(count: int) -> Callable[[list[Event]], bool]:
    return lambda events: sum(isinstance(e, InboundMessage) for e in events) >= count


def fetched(inbox: Inbox, remote: Remote, into: Path) -> tuple[str, bytes]:
    kind = inbox.fetch(remote, Request("POST", ""), into).type
    return kind, into.read_bytes()


def test_send_text(inbox: Inbox, simulator: TwilioSimulator, webhook: Any) -> None:
    """A text reaches the phone, and the statuses name our key and Twilio's id."""
    receipt = inbox.send(Outgoing("k1", ANN, "Gr\u00fc\u00dfe \U0001f600"))
    (got,) = simulator.devices.wait(1)
    assert (got.to, got.text, got.files) == (ANN.address, "Gr\u00fc\u00dfe \U0001f600", ())
    assert (got.source_id, receipt.status) == (receipt.source_id, Status.QUEUED)
    events = webhook.wait(reached("k1", Status.DELIVERED))
    told = [(e.source_id, e.status) for e in events if isinstance(e, StatusUpdate)]
    assert told == [(receipt.source_id, s) for s in (Status.QUEUED, Status.SENT, Status.DELIVERED)]
    while len(simulator.answers) < 3:
        simulator.closing.wait(0.02)
    assert simulator.answers == [200, 200, 200]


def test_send_picture_and_document(
    inbox: Inbox, simulator: TwilioSimulator, webhook: Any, shelf: Any, jpeg: bytes, pdf: bytes
) -> None:
    """A picture and a PDF travel in one message with their words, byte for byte and under their names."""
    files = (shelf.put(jpeg, "image/jpeg", "photo.jpg"), shelf.put(pdf, "application/pdf", "offer.pdf"))
    inbox.send(Outgoing("k1", ANN, "Two files", files))
    (got,) = simulator.devices.wait(1)
    assert [(f.name, f.type, f.data) for f in got.files] == [
        ("photo.jpg", "image/jpeg", jpeg),
        ("offer.pdf", "application/pdf", pdf),
    ]
    assert got.text == "Two files"
    webhook.wait(reached("k1", Status.DELIVERED))


def test_sender_that_is_a_service(mounted: Callable[..., Inbox], simulator: TwilioSimulator) -> None:
    """A messaging service and an API key instead of the token work the same."""
    simulator.credentials = {"SK1:s"}
    inbox = mounted(sender="MG1", api_key="SK1", api_secret="s")
    assert inbox.send(Outgoing("k", ANN, "Hello")).detail == "accepted"
    assert inbox.check() == []


@pytest.mark.parametrize(
    ("mime", "name", "data", "says", "code"),
    [
        ("image/jpeg", "a.jpg", b"\xff\xd8\xff" + bytes(700_000), "", "30019"),
        ("application/pdf", "a.pdf", b"%PDF-1" + bytes(500_000), "", "11751"),
        ("image/jpeg", "a.jpg", b"\xff\xd8\xff" + bytes(5_000_001), "", "11751"),
        ("image/webp", "a.webp", b"RIFF\0\0\0\0WEBP", "", "12300"),
        ("image/png", "a.png", b"\x89PNG\r\n\x1a\n", "image/jpeg", "12300"),
        ("text/html", "a.jpg", b"<html>sign in</html>", "image/jpeg", "12300"),
        ("image/gif", "a name (1).gif", b"GIF89a", "", "12300"),
        ("image/gif", "abcdefghijklmnopq.gif", b"GIF89a", "", "12300"),
    ],
)
def test_files_that_are_refused(
    inbox: Inbox, simulator: TwilioSimulator, webhook: Any, shelf: Any, mime: str, name: str, data: bytes, says: str,
    code: str,
) -> None:  # fmt: skip
    """A file too large for Twilio or the carrier, of a wrong type or name, fails as a status with the code."""
    inbox.send(Outgoing("k1", ANN, "x", (shelf.put(data, mime, name, says),)))
    events = webhook.wait(reached("k1", Status.FAILED))
    (failed,) = [e for e in events if isinstance(e, StatusUpdate) and e.status is Status.FAILED]
    assert failed.code == code
    assert failed.message
    assert simulator.devices.all() == []


def test_file_that_cannot_be_fetched(inbox: Inbox, webhook: Any, shelf: Any, jpeg: bytes) -> None:
    """A file that our server does not give out fails with words that point to the public address."""
    shelf.hidden = True
    inbox.send(Outgoing("k1", ANN, "x", (shelf.put(jpeg, "image/jpeg", "a.jpg"),)))
    events = webhook.wait(reached("k1", Status.FAILED))
    assert any(isinstance(e, StatusUpdate) and e.code == "11200" and "public_url" in e.message for e in events)


def test_file_server_that_comes_back(inbox: Inbox, simulator: TwilioSimulator, shelf: Any, jpeg: bytes) -> None:
    """A file is asked for again while our server fails; when it stays down, the message fails as not fetched."""
    picture = shelf.put(jpeg, "image/jpeg", "a.jpg")
    shelf.busy = 2
    inbox.send(Outgoing("k1", ANN, "x", (picture,)))
    assert simulator.devices.wait(1)[0].files[0].data == jpeg
    simulator.patience = 0.0
    receipt = inbox.send(Outgoing("k2", ANN, "x", (evolve(picture, url="http://127.0.0.1:9/a"),)))
    while simulator.jobs[receipt.source_id].resource["error_code"] != 11200:
        assert not simulator.closing.wait(0.02)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (Outgoing("k", Contact("0171"), "x"), "21211"),
        (Outgoing("k", ANN, "x" * 1601), "21617"),
        (Outgoing("k", Contact("+14155550111"), "x"), "21614"),
    ],
)
def test_refused_at_once(inbox: Inbox, simulator: TwilioSimulator, message: Outgoing, code: str) -> None:
    """What the API refuses at once is permanent, with its code."""
    simulator.troubles["+14155550111"] = "21614"
    with pytest.raises(Permanent) as refused:
        inbox.send(message)
    assert refused.value.code == code


def test_more_refusals_at_once(mounted: Callable[..., Inbox], shelf: Any, jpeg: bytes) -> None:
    """A foreign sender, too many files, and an address that cannot be fetched are refused at once."""
    picture = shelf.put(jpeg, "image/jpeg", "a.jpg")
    with pytest.raises(Permanent, match="21606"):
        mounted(sender="+1999").send(Outgoing("k", ANN, "x"))
    with pytest.raises(Permanent, match="21623"):
        mounted().send(Outgoing("k", ANN, "x", (picture,) * 11))
    wrong = evolve(picture, url="/files/1")
    with pytest.raises(Permanent, match="21620"):
        mounted().send(Outgoing("k", ANN, "x", (wrong,)))


def test_opt_out(inbox: Inbox, simulator: TwilioSimulator, webhook: Any) -> None:
    """After STOP nothing more is taken for this customer, until START."""
    simulator.inbound(ANN.address, "STOP", opt_out="STOP")
    (stop,) = webhook.wait(messages(1))
    assert stop.automatic
    with pytest.raises(Permanent, match="opted out"):
        inbox.send(Outgoing("k", ANN, "x"))
    simulator.inbound(ANN.address, "START", opt_out="START")
    inbox.send(Outgoing("k", ANN, "x"))
    simulator.devices.wait(1)


def test_receive_files(
    inbox: Inbox, simulator: TwilioSimulator, webhook: Any, jpeg: bytes, pdf: bytes, tmp_path: Path
) -> None:
    """An MMS with two files and a presentation arrives with its words, and the files through the signed-in redirect."""
    files = [("IMG 1.jpg", "image/jpeg", jpeg), ("offer.pdf", "application/pdf", pdf)]
    message = simulator.inbound(ANN.address, "Look ", files, smil=True)
    (event,) = webhook.wait(messages(1))
    assert (event.source_id, event.contact, event.text) == (message, ANN, "Look ")
    assert [fetched(inbox, r, tmp_path / str(n)) for n, r in enumerate(event.remotes)] == [
        ("image/jpeg", jpeg),
        ("application/pdf", pdf),
    ]


def test_credentials_never_reach_the_store(
    mounted: Callable[..., Inbox], simulator: TwilioSimulator, webhook: Any, jpeg: bytes, tmp_path: Path
) -> None:
    """The store refuses credentials, so a fetch that works left them behind; unlisted hosts are not followed to."""
    inbox = mounted()
    simulator.inbound(ANN.address, "", [("a.jpg", "image/jpeg", jpeg)])
    (event,) = webhook.wait(messages(1))
    assert fetched(inbox, event.remotes[0], tmp_path / "a")[1] == jpeg
    with pytest.raises(Permanent) as refused:
        mounted(media_hosts=["mms.twiliocdn.com"]).fetch(event.remotes[0], Request("POST", ""), tmp_path / "b")
    assert refused.value.code == "host"
    with pytest.raises(Permanent) as foreign:
        inbox.fetch(Remote("https://files.example.net/x"), Request("POST", ""), tmp_path / "c")
    assert foreign.value.code == "host"


def test_late_wrong_and_locked_files(
    inbox: Inbox, simulator: TwilioSimulator, webhook: Any, jpeg: bytes, tmp_path: Path
) -> None:
    """A file that lags is tried again, a wrong type comes with its bytes, refused credentials stop the inbox."""
    simulator.inbound(ANN.address, "", [("a.jpg", "image/jpeg", jpeg)])
    (event,) = webhook.wait(messages(1))
    (remote,) = event.remotes
    simulator.mischief.plan(Act.LATE_MEDIA)
    with pytest.raises(Retry):
        fetched(inbox, remote, tmp_path / "a")
    simulator.mischief.plan(Act.WRONG_TYPE)
    assert fetched(inbox, remote, tmp_path / "b") == ("application/octet-stream", jpeg)
    simulator.mischief.plan(Act.UNAUTHORIZED, where="media")
    with pytest.raises(AuthNeeded):
        fetched(inbox, remote, tmp_path / "c")
    simulator.mischief.plan(Act.ERROR, where="media")
    with pytest.raises(Retry):
        fetched(inbox, remote, tmp_path / "d")
    assert fetched(inbox, remote, tmp_path / "e") == ("image/jpeg", jpeg)


def test_passing_faults_take_nothing(inbox: Inbox, simulator: TwilioSimulator) -> None:
    """An outage and a full queue are tried again, refused credentials stop the inbox, and nothing was sent."""
    simulator.mischief.plan(Act.ERROR)
    with pytest.raises(Retry, match="20503"):
        inbox.send(Outgoing("k", ANN, "x"))
    simulator.mischief.plan(Act.THROTTLE)
    with pytest.raises(Retry, match="20429") as throttled:
        inbox.send(Outgoing("k", ANN, "x"))
    assert throttled.value.after == 1.0
    simulator.mischief.plan(Act.UNAUTHORIZED)
    with pytest.raises(AuthNeeded):
        inbox.send(Outgoing("k", ANN, "x"))
    assert simulator.jobs == {}
    inbox.send(Outgoing("k", ANN, "x"))
    assert len(simulator.devices.wait(1)) == 1


@pytest.mark.parametrize("act", [Act.HANG_AFTER, Act.DROP_AFTER])
def test_lost_answer_is_reconciled(
    mounted: Callable[..., Inbox], simulator: TwilioSimulator, webhook: Any, shelf: Any, jpeg: bytes, act: Act
) -> None:
    """An answer that never comes leaves doubt; the account's list settles it, and so does the status with our key."""
    inbox = mounted(timeout=1.0)
    picture = shelf.put(jpeg, "image/jpeg", "a.jpg")
    sent = inbox.send(Outgoing("k0", ANN, "Hello", (picture,)))
    message = Outgoing("k1", ANN, "Hello", (picture,), tried=datetime.now(UTC))
    assert inbox.reconcile(evolve(message, tried=None)) is None
    simulator.mischief.plan(act)
    with pytest.raises(InDoubt):
        inbox.send(message)
    (_, second) = simulator.devices.wait(2)
    for _ in range(2):
        receipt = inbox.reconcile(message)
        assert isinstance(receipt, Receipt)
        assert receipt.source_id == second.source_id != sent.source_id
    webhook.wait(reached("k1", Status.DELIVERED))


def test_lost_answer_after_a_crash(mounted: Callable[..., Inbox], simulator: TwilioSimulator) -> None:
    """A process that knows nothing but the time of the first try finds the message; an older equal one is not it."""
    earlier = mounted().send(Outgoing("k0", ANN, "Hello"))
    simulator.devices.wait(1)
    job = simulator.jobs[earlier.source_id]
    job.resource["date_created"] = format_datetime(datetime.now(UTC) - timedelta(minutes=1))
    message = Outgoing("k1", ANN, "Hello", tried=datetime.now(UTC))
    assert mounted().reconcile(message) is None
    taken = mounted().send(message)
    simulator.devices.wait(2)
    receipt = mounted().reconcile(message)
    assert isinstance(receipt, Receipt)
    assert receipt.source_id == taken.source_id


def test_doubt_that_cannot_be_settled(mounted: Callable[..., Inbox], simulator: TwilioSimulator) -> None:
    """Two lost messages that are equal are no evidence; a failing list is asked again, a refused one tells nothing."""
    inbox = mounted(timeout=1.0)
    first = Outgoing("k1", ANN, "same", tried=datetime.now(UTC))
    simulator.mischief.plan(Act.DROP_AFTER, times=2)
    for message in (first, evolve(first, key="k2")):
        with pytest.raises(InDoubt):
            inbox.send(message)
    simulator.devices.wait(2)
    assert inbox.reconcile(first) is None
    simulator.mischief.plan(Act.THROTTLE, where="list")
    with pytest.raises(Retry):
        inbox.reconcile(first)
    simulator.mischief.plan(Act.UNAUTHORIZED, where="list")
    with pytest.raises(AuthNeeded):
        inbox.reconcile(first)
    assert mounted(api_url=simulator.cdn_url).reconcile(first) is None


def test_what_still_waits_is_not_listed(mounted: Callable[..., Inbox], simulator: TwilioSimulator, shelf: Any) -> None:
    """A message that Twilio took and has not sent yet is not in the list, so its absence there proves nothing."""
    simulator.patience = 30.0
    shelf.busy = 10_000
    inbox, picture = mounted(), shelf.put(b"GIF89a", "image/gif", "a.gif")
    message = Outgoing("k1", ANN, "", (picture,), tried=datetime.now(UTC))
    inbox.send(message)
    assert inbox.reconcile(message) is None
    shelf.busy = 0
    simulator.devices.wait(1)
    assert inbox.reconcile(message) is not None


def test_nobody_there(mounted: Callable[..., Inbox]) -> None:
    """An address that nobody answers on took nothing, so it is tried again."""
    with pytest.raises(Retry, match="unreachable"):
        mounted(api_url="http://127.0.0.1:9").send(Outgoing("k", ANN, "x"))


def test_doubled_and_reordered_callbacks(inbox: Inbox, simulator: TwilioSimulator, webhook: Any) -> None:
    """The same message twice carries one key to tell it by, and statuses may come in any order."""
    simulator.mischief.plan(Act.DUPLICATE)
    simulator.inbound(ANN.address, "once")
    first, second = webhook.wait(messages(2))
    assert first == second
    assert first.dedupe == second.dedupe
    simulator.mischief.plan(Act.REORDER)
    inbox.send(Outgoing("k1", ANN, "x"))
    events = webhook.wait(reached("k1", Status.QUEUED))
    webhook.wait(reached("k1", Status.DELIVERED))
    assert [e.status for e in events if isinstance(e, StatusUpdate)][:2] == [Status.SENT, Status.QUEUED]


def test_later_statuses_and_unknown_ones(inbox: Inbox, simulator: TwilioSimulator, webhook: Any) -> None:
    """A status can come any time later; one that nobody knows is kept as unsupported."""
    receipt = inbox.send(Outgoing("k1", ANN, "x"))
    webhook.wait(reached("k1", Status.DELIVERED))
    simulator.status(receipt.source_id, "read")
    webhook.wait(reached("k1", Status.READ))
    simulator.status(receipt.source_id, "teleported")
    webhook.wait(lambda events: any(isinstance(e, Unsupported) for e in events))


def test_any_signed_body(inbox: Inbox, simulator: TwilioSimulator, webhook: Any) -> None:
    """Anything that Twilio signs is answered with a 2xx when it can be kept."""
    simulator.raw({"EventType": "NEW_THING", "From": ANN.address})
    simulator.raw(b'{"type": "com.twilio.new"}', "application/json")
    webhook.wait(lambda events: sum(isinstance(e, Unsupported) for e in events) == 2)


def test_forged_delivery_is_refused(inbox: Inbox, simulator: TwilioSimulator) -> None:
    """A delivery signed with another token is answered 403 and gives no event."""
    with TwilioSimulator(webhook=simulator.webhook, token="stolen") as forger:
        forger.inbound(ANN.address, "Pay me")
        while not forger.answers:
            forger.closing.wait(0.02)
        assert forger.answers[0] == 403


def test_wrong_account_is_found_before_work_begins(mounted: Callable[..., Inbox]) -> None:
    """The doctor says that the account's credentials are refused, with what to compare."""
    (finding,) = mounted(token="wrong").check()
    assert finding.code == "account"
    assert "401" in finding.message


def test_carrier_that_never_confirms(webhook: Any) -> None:
    """Many carriers stop at sent for MMS; the simulator can be told to do the same."""
    with TwilioSimulator(webhook=webhook.url, confirms=False) as simulator:
        assert simulator.settings()["public_url"] == webhook.url
        assert not simulator.confirms
