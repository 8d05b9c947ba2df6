"""Listening for new mails, and mails on which the mail server itself fails."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint

import pytest
from mediacore_email import imap_watch
from mediacore_email.imap import Place, read_cursor, write_cursor
from mediacore_email.simulator import MailSimulator

from mediacore import InboundMessage, Inbox, Retry, mount
from mediacore.testkit import Act

LARGE = [("x.bin", "application/octet-stream", bytes(60_000))]


def cursor_of(inbox: Inbox, cursor: str = "") -> str:
    batch = inbox.poll(cursor)
    assert batch is not None
    return batch.cursor


@contextmanager
def later(seconds: float, act: object) -> Iterator[None]:
    """Something that happens while we listen."""
    assert callable(act)
    timer = threading.Timer(seconds, act)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def test_news_are_heard(provider: MailSimulator, inbox: Inbox) -> None:
    """A mail that comes while we listen ends the waiting, and silence lasts as long as it was asked to."""
    provider.inbound("a@x.example", "one")
    cursor = cursor_of(inbox)
    assert inbox.wait(cursor, 0.2) is False
    began = time.monotonic()
    with later(0.2, lambda: provider.inbound("a@x.example", "two")):
        assert inbox.wait(cursor, 30.0) is True
    assert time.monotonic() - began < 20
    batch = inbox.poll(cursor)
    assert batch is not None
    assert [inbox.receive(r)[0].text for r in batch.requests] == ["two"]  # type: ignore[union-attr]  # a message
    assert inbox.wait(batch.cursor, 0.2) is False


def test_what_came_before_the_listening(provider: MailSimulator, inbox: Inbox) -> None:
    """A mail between the look and the listening is not slept through."""
    cursor = cursor_of(inbox)
    provider.inbound("a@x.example", "one")
    assert inbox.wait(cursor, 30.0) is True


def test_idle_is_renewed(provider: MailSimulator, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """IDLE is ended and begun anew before routers and servers forget it, and goes on hearing."""
    cursor = cursor_of(inbox)
    monkeypatch.setattr(imap_watch, "RENEW", 0.0)
    assert inbox.wait(cursor, 0.2) is False
    with later(0.2, lambda: provider.inbound("a@x.example", "one")):
        assert inbox.wait(cursor, 30.0) is True


def test_a_lost_connection_is_opened_again(provider: MailSimulator, inbox: Inbox) -> None:
    """When the server cannot be listened to that is said, and the next question listens again."""
    cursor = cursor_of(inbox)
    provider.mischief.plan(Act.ERROR, where="imap")
    with pytest.raises(Retry):
        inbox.wait(cursor, 1.0)
    assert inbox.wait(cursor, 0.1) is False
    inbox.close()
    assert inbox.wait(cursor, 0.1) is False


def test_too_many_folders(provider: MailSimulator, available: dict[str, EntryPoint]) -> None:
    """More folders than connections are looked into by the clock, and so is an account that reads no mail."""
    folders = [f"F{n}" for n in range(imap_watch.FOLDERS + 1)]
    many = mount("mail", {**provider.settings(), "imap_folders": folders}, available=available)
    assert many.wait("", 0.1) is None
    deaf = mount("mail", {**provider.settings(), "imap_host": ""}, available=available)
    assert deaf.wait("", 0.1) is None


SCRIPT = {
    b"LOGIN": b"",
    b"EXAMINE": b"* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 1]\r\n",
    b"UID": b"* SEARCH\r\n",
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
}


@contextmanager
def old_server(noops: list[bytes]) -> Iterator[int]:
    """An IMAP server that does not know IDLE and answers NOOP by a list, then closes."""

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb", buffering=0) as stream:
            stream.write(b"* OK ready\r\n")
            while line := stream.readline():
                tag, command = line.split()[:2]
                if command == b"NOOP" and not noops:
                    return
                stream.write((noops.pop(0) if command == b"NOOP" else SCRIPT.get(command, b"")) + tag + b" OK done\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(timeout=10)


def test_servers_without_idle(available: dict[str, EntryPoint], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the server does not tell by itself it is asked on the connection that is kept."""
    monkeypatch.setattr(imap_watch, "ASK", 0.05)
    with old_server([b"", b"* 1 EXISTS\r\n"]) as port:
        settings = {
            "channel": "email",
            "address": "help@shop.example",
            "smtp_host": "127.0.0.1",
            "imap_host": "127.0.0.1",
            "imap_port": port,
            "imap_security": "none",
            "imap_user": "help",
            "imap_password": "sesame",
        }
        inbox = mount("mail", settings, available=available)
        cursor = write_cursor({"INBOX": Place(7, 0)})
        assert inbox.wait(cursor, 10.0) is True
        with pytest.raises(Retry):
            inbox.wait(cursor, 10.0)


def test_a_mail_on_which_the_server_fails(provider: MailSimulator, inbox: Inbox) -> None:
    """After three failures on one mail only its header is brought, and those behind it come too: nothing is lost."""
    provider.inbound("a@x.example", "poison", LARGE)
    provider.inbound("a@x.example", "behind")
    provider.mischief.plan(Act.DROP_AFTER, times=3, where="imap")
    cursor = ""
    for tries in (1, 2, 3):
        cursor = cursor_of(inbox, cursor)
        assert read_cursor(cursor)["INBOX"].stumbled == tries
    batch = inbox.poll(cursor)
    assert batch is not None
    poison, behind = [inbox.receive(r)[0] for r in batch.requests]
    assert isinstance(poison, InboundMessage)
    assert isinstance(behind, InboundMessage)
    assert (poison.subject, [r.name for r in poison.remotes], behind.text) == ("A question", ["message.eml"], "behind")
    assert read_cursor(batch.cursor)["INBOX"].stumbled == 0


def test_a_mail_of_which_nothing_comes(provider: MailSimulator, inbox: Inbox) -> None:
    """When not even the header comes the mail is announced by its address, and its bytes are fetched later."""
    provider.raw(b"From: a@x.example\r\nX-Long: " + b"x" * 60_000 + b"\r\n\r\npoison\r\n")
    provider.inbound("a@x.example", "behind")
    provider.mischief.plan(Act.DROP_AFTER, times=6, where="imap")
    cursor = ""
    for _ in range(6):
        cursor = cursor_of(inbox, cursor)
    batch = inbox.poll(cursor)
    assert batch is not None
    poison, behind = [inbox.receive(r)[0] for r in batch.requests]
    assert isinstance(poison, InboundMessage)
    assert isinstance(behind, InboundMessage)
    assert (poison.unsupported, behind.text) == ("a mail that the mail server could not hand over yet", "behind")
    assert [r.ref for r in poison.remotes] == ["server"]
