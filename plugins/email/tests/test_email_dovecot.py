"""The poller against Dovecot, where that is installed: a second server of others' making."""

from __future__ import annotations

import getpass
import imaplib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from mediacore import InboundMessage, Inbox, Request, Retry, mount

DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
pytestmark = pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed; pymap alone was asked")

CONFIG = """
base_dir = {folder}/run
log_path = {folder}/log
protocols = imap
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password=sesame
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""


@pytest.fixture
def dovecot(tmp_path: Path) -> Iterator[int]:
    """Dovecot on a free port with a configuration of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = {"user": getpass.getuser(), "uid": os.getuid(), "gid": os.getgid(), "folder": tmp_path, "port": port}
    if os.getuid() == 0:
        names |= {"user": "nobody", "uid": 65534, "gid": 65534}
        os.chown(tmp_path, 65534, 65534)
        for parent in tmp_path.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o111)
    group = subprocess.run(["id", "-gn", str(names["user"])], capture_output=True, text=True, check=True).stdout.strip()
    config = tmp_path / "dovecot.conf"
    config.write_text(CONFIG.format(**names, group=group))
    with subprocess.Popen([str(DOVECOT), "-F", "-c", str(config)]) as process:
        try:
            for _ in range(50):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.1)
            else:
                pytest.skip("Dovecot did not start here")
            yield port
        finally:
            process.terminate()


def settings(port: int, *folders: str) -> dict[str, Any]:
    return {
        "channel": "email",
        "address": "help@shop.example",
        "smtp_host": "127.0.0.1",
        "imap_host": "127.0.0.1",
        "imap_port": port,
        "imap_security": "none",
        "imap_user": "help",
        "imap_password": "sesame",
        "imap_folders": list(folders),
    }


def mail(name: str, size: int = 1) -> bytes:
    return b"From: a@x.example\r\nMessage-ID: <%s@x>\r\n\r\n%s\r\n" % (name.encode(), b"x" * size)


@contextmanager
def signed_in(port: int) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4("127.0.0.1", port, timeout=10) as client:
        client.login("help", "sesame")
        yield client


def put(client: imaplib.IMAP4, folder: str, *mails: bytes) -> None:
    for each in mails:
        client.append(folder, "", "", each)  # type: ignore[arg-type]  # the library takes it, its stub does not


def polls(inbox: Inbox, cursor: str, most: int = 12) -> tuple[list[Request], str]:
    """Look until nothing is new and nothing is in the way, as a site does that goes on after faults."""
    found: list[Request] = []
    for _ in range(most):
        with suppress(Retry):
            batch = inbox.poll(cursor)
            assert batch is not None
            found += batch.requests
            if cursor == batch.cursor and not batch.more:
                return found, cursor
            cursor = batch.cursor
    raise AssertionError(f"still not at rest after {most} looks")


class Cut:
    """A way to the server that breaks when told to, or when so many bytes came back over it."""

    def __init__(self, port: int) -> None:
        self.after = 0
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self._server, self._port = socket.create_server(("127.0.0.1", 0)), port
        self.port = self._server.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._run(self._serve)

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self._threads[-1].start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                pair = (self._server.accept()[0], socket.create_connection(("127.0.0.1", self._port)))
                self.pairs.append(pair)
                self._run(self._pass, *pair, False)
                self._run(self._pass, *reversed(pair), True)

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(4096):
                passed += len(data)
                if counted and 0 < self.after <= passed:
                    break
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def now(self) -> None:
        """Break every connection."""
        for each in (end for pair in self.pairs for end in pair):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Nobody comes through any more."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self.now()
        for thread in self._threads:
            thread.join(10)
        for each in (self._server, *(end for pair in self.pairs for end in pair)):
            each.close()


@pytest.fixture
def cut(dovecot: int) -> Iterator[Cut]:
    """Dovecot behind a way that can break."""
    way = Cut(dovecot)
    yield way
    way.close()


def test_dovecot(dovecot: int, available: dict[str, EntryPoint]) -> None:
    """Mails in two folders come in order, once, byte for byte, and stay unseen on the server."""
    raw = [mail(str(n)) for n in range(3)]
    with signed_in(dovecot) as client:
        client.create('"B&APw-cher"')
        put(client, "INBOX", *raw[:2])
        put(client, '"B&APw-cher"', raw[2])
        inbox = mount("mail", settings(dovecot, "INBOX", "Bücher"), available=available)
        batch = inbox.poll("")
        assert batch is not None
        assert [r.body for r in batch.requests] == raw
        again = inbox.poll(batch.cursor)
        assert again is not None
        assert again.requests == ()
        client.select("INBOX", readonly=True)
        assert client.search(None, "SEEN")[1] == [b""]


def test_dovecot_renumbers(dovecot: int, available: dict[str, EntryPoint]) -> None:
    """A folder that was made anew is read from its beginning; the others go on where they stood."""
    inbox = mount("mail", settings(dovecot, "INBOX", "Desk"), available=available)
    with signed_in(dovecot) as client:
        client.create("Desk")
        put(client, "Desk", mail("1"), mail("2"))
        put(client, "INBOX", mail("3"))
        found, cursor = polls(inbox, "")
        old = [r.url for r in found]
        assert len(old) == 3
        client.delete("Desk")
        client.create("Desk")
        put(client, "Desk", mail("2"), mail("4"))
        found, cursor = polls(inbox, cursor)
        assert [r.body for r in found] == [mail("2"), mail("4")]
        assert not {r.url for r in found} & set(old)
        assert polls(inbox, cursor) == ([], cursor)


def test_dovecot_closes_while_a_mail_comes(cut: Cut, dovecot: int, available: dict[str, EntryPoint]) -> None:
    """What came before the break is kept, the next look goes on behind it, and nothing comes twice."""
    raw = [mail(str(n), 30_000) for n in range(4)]
    inbox = mount("mail", settings(cut.port, "INBOX"), available=available)
    with signed_in(dovecot) as client:
        put(client, "INBOX", *raw)
    cut.after = 75_000  # in the middle of the third
    first = inbox.poll("")
    assert first is not None
    assert [r.body for r in first.requests] == raw[:2]
    cut.after = 0
    found, _ = polls(inbox, first.cursor)
    assert [r.body for r in found] == raw[2:]


def test_dovecot_cannot_read_one_mail(tmp_path: Path, dovecot: int, available: dict[str, EntryPoint]) -> None:
    """A mail that the server itself cannot open is told of by its address, and stops none behind it."""
    inbox = mount("mail", settings(dovecot, "INBOX"), available=available)
    with signed_in(dovecot) as client:
        put(client, "INBOX", mail("1"), mail("2", 777), mail("3"))
    (poison,) = [p for p in tmp_path.glob("mail/*/*") if p.is_file() and b"x" * 777 in p.read_bytes()]
    content, mode = poison.read_bytes(), poison.stat().st_mode
    poison.chmod(0)
    found, _ = polls(inbox, "", 20)
    assert [r.body for r in found if len(r.body) > 2] == [mail("1"), mail("3")]
    (told,) = [r for r in found if len(r.body) <= 2]
    (event,) = inbox.receive(told)
    assert isinstance(event, InboundMessage)
    assert event.unsupported == "a mail that the mail server could not hand over yet"
    poison.chmod(mode)
    inbox.fetch(event.remotes[0], told, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_dovecot_tells_of_news(dovecot: int, available: dict[str, EntryPoint]) -> None:
    """Dovecot's IDLE ends the waiting when a mail comes into either folder, also after it was begun anew."""
    with signed_in(dovecot) as client:
        client.create("Other")
        inbox = mount("mail", settings(dovecot, "INBOX", "Other"), available=available)
        cursor = ""
        for folder in ("INBOX", "Other"):
            batch = inbox.poll(cursor)
            assert batch is not None
            cursor = batch.cursor
            while inbox.wait(cursor, 0.2):
                pass
            put(client, folder, b"From: a@x.example\r\n\r\nx\r\n")
            assert inbox.wait(cursor, 30.0) is True


def test_dovecot_is_lost_while_it_is_listened_to(cut: Cut, dovecot: int, available: dict[str, EntryPoint]) -> None:
    """A listening that broke off says so, and the next one hears what came meanwhile."""
    inbox = mount("mail", settings(cut.port, "INBOX"), available=available)
    _, cursor = polls(inbox, "")
    assert inbox.wait(cursor, 0.2) is False
    cut.now()
    with signed_in(dovecot) as client:
        put(client, "INBOX", mail("1"))
    heard = False
    for _ in range(3):
        with suppress(Retry):
            heard = heard or bool(inbox.wait(cursor, 10.0))
    assert heard
    found, _ = polls(inbox, cursor)
    assert [r.body for r in found] == [mail("1")]
    inbox.close()
