"""The poller against Dovecot, where that is installed: a second server of others' making."""

from __future__ import annotations

import getpass
import imaplib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from mediacore import Inbox, mount

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


def test_dovecot(dovecot: int, available: dict[str, EntryPoint]) -> None:
    """Mails in two folders come in order, once, byte for byte, and stay unseen on the server."""
    raw = [b"From: a@x.example\r\nMessage-ID: <%d@x>\r\n\r\n%d\r\n" % (n, n) for n in range(3)]
    with imaplib.IMAP4("127.0.0.1", dovecot, timeout=10) as client:
        client.login("help", "sesame")
        client.create('"B&APw-cher"')
        for folder, mail in zip(("INBOX", "INBOX", '"B&APw-cher"'), raw, strict=True):
            client.append(folder, "", "", mail)  # type: ignore[arg-type]  # the library takes it, its stub does not
        settings = {
            "channel": "email",
            "address": "help@shop.example",
            "smtp_host": "127.0.0.1",
            "imap_host": "127.0.0.1",
            "imap_port": dovecot,
            "imap_security": "none",
            "imap_user": "help",
            "imap_password": "sesame",
            "imap_folders": ["INBOX", "Bücher"],
        }
        inbox: Inbox = mount("mail", settings, available=available)
        batch = inbox.poll("")
        assert batch is not None
        assert [r.body for r in batch.requests] == raw
        again = inbox.poll(batch.cursor)
        assert again is not None
        assert again.requests == ()
        client.select("INBOX", readonly=True)
        assert client.search(None, "SEEN")[1] == [b""]


def test_dovecot_tells_of_news(dovecot: int, available: dict[str, EntryPoint]) -> None:
    """Dovecot's IDLE ends the waiting when a mail comes into either folder, also after it was begun anew."""
    settings = {
        "channel": "email",
        "address": "help@shop.example",
        "smtp_host": "127.0.0.1",
        "imap_host": "127.0.0.1",
        "imap_port": dovecot,
        "imap_security": "none",
        "imap_user": "help",
        "imap_password": "sesame",
        "imap_folders": ["INBOX", "Other"],
    }
    with imaplib.IMAP4("127.0.0.1", dovecot, timeout=10) as client:
        client.login("help", "sesame")
        client.create("Other")
        inbox: Inbox = mount("mail", settings, available=available)
        cursor = ""
        for folder in ("INBOX", "Other"):
            batch = inbox.poll(cursor)
            assert batch is not None
            cursor = batch.cursor
            while inbox.wait(cursor, 0.2):
                pass
            client.append(folder, "", "", b"From: a@x.example\r\n\r\nx\r\n")  # type: ignore[arg-type]  # see above
            assert inbox.wait(cursor, 30.0) is True
