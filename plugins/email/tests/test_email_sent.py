"""What became of our mails: lost answers found among the sent ones, and delivery reports."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint

import pytest
from attrs import evolve
from mediacore_email.simulator import MailSimulator

from mediacore import Absent, AuthNeeded, Contact, Inbox, InDoubt, Outgoing, Receipt, Retry, StatusUpdate, mount
from mediacore.testkit import Act

ID = "<mc.k-1@shop.example>"


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def statuses(inbox: Inbox) -> list[tuple[str, str, str]]:
    batch = inbox.poll("")
    assert batch is not None
    events = [event for request in batch.requests for event in inbox.receive(request)]
    return [(e.source_id, e.status, e.key) for e in events if isinstance(e, StatusUpdate)]


@pytest.mark.parametrize("act", [Act.DROP_AFTER, Act.HANG_AFTER])
def test_a_lost_answer_is_found(
    provider: MailSimulator, inbox: Inbox, available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing], act: Act
) -> None:
    """When the answer after the final dot is lost, the copy among the sent mails tells that it was taken, once."""
    hasty = mount("mail", {**provider.settings(), "timeout": 1.0}, available=available)
    provider.mischief.plan(act)
    with pytest.raises(InDoubt):
        hasty.send(outgoing("Hi"))
    assert inbox.reconcile(outgoing("Hi", tried=ago(60))) == Receipt(ID, detail="found in Sent")
    assert len(provider.devices.all()) == 1
    assert statuses(inbox) == [(ID, "delivered", "k-1")]


def test_what_was_never_sent_is_absent(
    provider: MailSimulator, inbox: Inbox, outgoing: Callable[..., Outgoing]
) -> None:
    """A mail that is not there after its time was not taken; before that, or without a time, nobody knows."""
    inbox.send(outgoing("Hi", key="k-1"))
    other = outgoing("Hello", key="k-11")
    assert inbox.reconcile(evolve(other, tried=ago(60))) == Absent()
    assert inbox.reconcile(evolve(other, tried=ago(60), retried=ago(0))) is None
    assert inbox.reconcile(other) is None
    assert inbox.reconcile(outgoing("Hi", key="k-1")) == Receipt(ID, detail="found in Sent")


def test_the_time_counts_from_the_lost_answer(
    available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing]
) -> None:
    """A long upload whose answer was lost just now is not taken for absent because it began long ago."""
    with MailSimulator(sent="") as silent:
        settings = {**silent.settings(), "sent_folder": "INBOX", "delivery_reports": False}
        inbox = mount("mail", settings, available=available)
        silent.mischief.plan(Act.DROP_AFTER)
        with pytest.raises(InDoubt):
            inbox.send(outgoing("Hi"))
        assert inbox.reconcile(outgoing("Hi", tried=ago(600))) is None
        fresh = mount("mail", settings, available=available)
        assert fresh.reconcile(outgoing("Hi", tried=ago(600))) == Absent()


def test_replaced_ids(provider: MailSimulator, inbox: Inbox, outgoing: Callable[..., Outgoing]) -> None:
    """Where a server replaced our id it is found by Microsoft's header, and without one nobody knows."""
    lost = outgoing("Hi", tried=ago(60))
    provider.raw(b"Message-ID: <1@prod.outlook.example>\r\nTo: kim@customer.example\r\n\r\nHi\r\n", "Sent")
    assert inbox.reconcile(lost) is None
    assert inbox.reconcile(evolve(lost, to=Contact("bo@customer.example"))) == Absent()
    provider.raw(b"X-Microsoft-Original-Message-ID: " + ID.encode() + b"\r\n\r\nHi\r\n", "Sent")
    assert inbox.reconcile(lost) == Receipt(ID, detail="found in Sent")


def test_nobody_can_tell(
    provider: MailSimulator, available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing]
) -> None:
    """Without a folder of sent mails, or without IMAP, the question stays open."""
    lost = outgoing("Hi", tried=ago(60))
    for without in ({"sent_folder": ""}, {"imap_host": ""}):
        assert mount("mail", {**provider.settings(), **without}, available=available).reconcile(lost) is None


def test_faults_of_looking(
    provider: MailSimulator, available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing]
) -> None:
    """A fault is never taken for an absent mail; a refused sign-in and a wrong folder ask for an admin."""
    lost = outgoing("Hi", tried=ago(60))
    inbox = mount("mail", provider.settings(), available=available)
    provider.mischief.plan(Act.ERROR, where="imap")
    with pytest.raises(Retry):
        inbox.reconcile(lost)
    provider.mischief.plan(Act.UNAUTHORIZED, where="imap")
    with pytest.raises(AuthNeeded):
        inbox.reconcile(lost)
    wrong = mount("mail", {**provider.settings(), "sent_folder": "Gesendet"}, available=available)
    with pytest.raises(AuthNeeded, match="sent_folder"):
        wrong.reconcile(lost)
    assert [f.code for f in wrong.check()] == ["imap"]


def test_reports_are_asked_for(
    provider: MailSimulator, available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing]
) -> None:
    """A mail rises to delivered where the server offers reports; none comes elsewhere, or where they are unwanted."""
    inbox = mount("mail", provider.settings(), available=available)
    inbox.send(outgoing("Hi", to=Contact("kim+tag=1@customer.example")))
    batch = inbox.poll("")
    assert batch is not None
    (report,) = batch.requests
    assert b"Original-Envelope-Id: mc.k-1@shop.example\r\n" in report.body
    assert b"Original-Recipient: rfc822;kim+2Btag+3D1@customer.example\r\n" in report.body
    assert statuses(inbox) == [(ID, "delivered", "k-1")]
    unwanted = mount("mail", {**provider.settings(), "delivery_reports": False}, available=available)
    unwanted.send(outgoing("Hi", key="k-2"))
    assert len(statuses(inbox)) == 1
    with MailSimulator(reports=False) as plain:
        without = mount("mail", plain.settings(), available=available)
        without.send(outgoing("Hi"))
        assert statuses(without) == []


def test_parameters_of_reports_are_checked(provider: MailSimulator) -> None:
    """The provider refuses what RFC 3461 does not allow, so that a fault of ours would show."""
    with smtplib.SMTP("127.0.0.1", provider.port, timeout=5) as client:
        client.ehlo()
        assert client.has_extn("dsn")
        client.login(provider.address, provider.password)
        for wrong in ("RET=ALL", "ENVID=a=b", "ENVID=", "ENVID=" + "a" * 101):
            assert client.mail(provider.address, [wrong])[0] == 501
        assert client.mail(provider.address, ["RET=FULL", "ENVID=a+3Db", "SIZE=10"])[0] == 250
        for wrong in ("NOTIFY=NEVER,SUCCESS", "NOTIFY=", "ORCPT=kim@customer.example"):
            assert client.rcpt("kim@customer.example", [wrong])[0] == 501
        assert client.rcpt("kim@customer.example", ["NOTIFY=NEVER", "ORCPT=rfc822;kim"])[0] == 250
