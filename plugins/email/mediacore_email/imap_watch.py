"""Listening to an IMAP server for news: by IDLE (RFC 2177) where it is offered, else by NOOP on the same connection.

One connection for each folder is kept between the looks, so that no look needs a sign-in to find nothing. What is heard
is a hint: the poller asks what is new.
"""

from __future__ import annotations

import imaplib
import re
import select
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from mediacore import MediacoreError, Retry
from mediacore_email.imap import Place, examine, search
from mediacore_email.imap_session import connect, leave, translated
from mediacore_email.settings import Server

FOLDERS = 5
"""Folders that are listened to. Each takes a connection, of which providers allow only some: Gmail once said 10
(http://mail.google.com/support/bin/answer.py?hl=en&answer=97150)."""
RENEW = 285.0
"""Seconds after which IDLE is ended and begun anew: RFC 2177 3 wants it within 29 minutes, but many routers forget a
silent connection after five."""
ASK = 15.0
"""Seconds between two NOOPs where the server does not know IDLE."""
ANSWER = 1024 * 1024
"""The most bytes of an answer to IDLE that are kept."""

_TAG = b"MCIDLE"
_NEWS = re.compile(rb"\* \d{1,10} (?:EXISTS|RECENT)\b", re.IGNORECASE)


class Watch:
    """The connections that listen for one inbox; none before the first question."""

    def __init__(self) -> None:
        self._ears: list[_Ear] = []

    def news(self, server: Server, folders: Sequence[str], places: Mapping[str, Place], seconds: float) -> bool | None:
        """Listen.

        Args:
            server: where.
            folders: their names as people write them.
            places: how far each was read.
            seconds: at most.

        Returns:
            True as soon as there may be a new mail, False when there was none, None with too many folders.

        Raises:
            Retry, AuthNeeded: the server cannot be listened to now.
        """
        if len(folders) > FOLDERS:
            return None
        try:
            with translated(server):
                if not self._ears:
                    self._open(server, folders, places)
                return self._listen(seconds)
        except MediacoreError:
            self.close()
            raise

    def close(self) -> None:
        """Leave the connections; the next question opens others."""
        ears, self._ears = self._ears, []
        for ear in ears:
            ear.leave()

    def _open(self, server: Server, folders: Sequence[str], places: Mapping[str, Place]) -> None:
        for folder in folders:
            self._ears.append(_Ear(server, folder, places.get(folder, Place())))
        for ear in self._ears:
            ear.begin()

    def _listen(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while True:
            for ear in self._ears:
                ear.renew()
            heard = [ear.heard() for ear in self._ears]  # each is asked, so that each forgets
            if any(heard):
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            idle = {ear.socket: ear for ear in self._ears if ear.idle}
            for ready in select.select(list(idle), [], [], min(left, ASK))[0]:
                idle[ready].read()


class _Ear:
    """One connection on one folder.

    Args:
        server: where.
        folder: its name.
        place: how far it was read; what lies beyond is news already.
    """

    def __init__(self, server: Server, folder: str, place: Place) -> None:
        self._imap = connect(server)
        try:
            validity, following = examine(self._imap, folder)
            self._told()
            beyond = next(search(self._imap, place.last, following), None) is not None
            _, words = self._imap.capability()
        except BaseException:
            leave(self._imap)
            raise
        self.idle = b"IDLE" in b" ".join(words).upper().split()
        self._held = b""
        self._news = beyond or place.validity != validity or self._told()
        self._since = time.monotonic()

    @property
    def socket(self) -> socket.socket:
        """What to wait on."""
        return self._imap.socket()

    def begin(self) -> None:
        """Ask the server to tell of news; from here on only ``read`` reads."""
        self._since = time.monotonic()
        if self.idle:
            self._imap.send(_TAG + b" IDLE\r\n")
            while not (line := self._line()).startswith(b"+"):
                if line.startswith(_TAG):
                    raise Retry(f"the mail server does not let us idle: {line[:200]!r}", code="imap")

    def renew(self) -> None:
        """Begin anew when it is time, or ask where the server does not tell."""
        if time.monotonic() - self._since < (RENEW if self.idle else ASK):
            return
        if self.idle:
            self._imap.send(b"DONE\r\n")
            while not self._line().startswith(_TAG):
                pass
            self.begin()
            return
        self._since = time.monotonic()
        self._imap.noop()
        self._news = self._told() or self._news

    def heard(self) -> bool:
        """Whether there was news since the last question."""
        news, self._news = self._news, False
        return news

    def read(self) -> None:
        """Take in what the server sent, complete lines only."""
        self._receive()
        while b"\n" in self._held:
            self._line()

    def _told(self) -> bool:
        """Whether the last answers told how many mails there are, which servers do when that has changed."""
        return self._imap.response("EXISTS")[1] not in ([None], [])

    def leave(self) -> None:
        """Say good-bye without waiting for an answer."""
        with suppress(OSError, imaplib.IMAP4.error):
            self._imap.send(b"DONE\r\n" * self.idle + b"MCBYE LOGOUT\r\n")
        with suppress(OSError):
            self._imap.shutdown()

    def _line(self) -> bytes:
        while b"\n" not in self._held:
            self._receive()
        line, _, self._held = self._held.partition(b"\n")
        self._news = self._news or bool(_NEWS.match(line))
        if line.upper().startswith(b"* BYE"):
            raise Retry(f"the mail server ends the connection: {line[:200]!r}", code="lost")
        return line

    def _receive(self) -> None:
        data = self.socket.recv(65536)
        # what TLS has decrypted already is not seen by select
        while data and callable(pending := getattr(self.socket, "pending", None)) and pending():
            data += self.socket.recv(65536)
        self._held += data
        if not data or len(self._held) > ANSWER:
            raise ConnectionError("no more to read")
