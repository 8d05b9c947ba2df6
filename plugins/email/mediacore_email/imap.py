"""New mails from an IMAP server (RFC 9051), oldest first, without changing anything there.

A cursor remembers for each folder its UIDVALIDITY and the last UID. When UIDVALIDITY changes, the folder is read again
from its beginning, and the core recognises what it has by the message id. A mail that is larger than the bound is
brought as its header alone, and its bytes go from the server straight into a file when the attachment is fetched. The
same is done with a mail on which the server has failed again and again, so that it does not stop those behind it.
"""

from __future__ import annotations

import base64
import imaplib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from attrs import frozen

from mediacore import AuthNeeded, Batch, MediacoreError, Permanent, Request, Retry
from mediacore_email.imap_session import PASSING, session
from mediacore_email.settings import Server

PIECE = 1024 * 1024
HEADER = 256 * 1024
BATCH_MAILS = 50
BATCH_BYTES = 64 * 1024 * 1024
"""The most that one poll brings; the next one goes on from there."""
STUMBLES = 3
"""How often the server may fail on a mail before only its header is asked for, and as often again, not even that."""
UNKNOWN = 2**32
"""Stands for a UIDNEXT that the server does not tell."""
_UIDS_AT_ONCE = 100
_WINDOW = 50_000
_NOT_ASCII = re.compile(r"[^ -~]+|&")
_SIZE = re.compile(rb"UID (\d+).*?RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+).*?UID (\d+)", re.IGNORECASE | re.DOTALL)


@frozen
class Place:
    """How far a folder has been read.

    Args:
        validity: its UIDVALIDITY; 0 before the first look.
        last: the highest UID that was brought.
        stumbled: how often the server has failed on the mail behind that.
    """

    validity: int = 0
    last: int = 0
    stumbled: int = 0


class _Stumble(Exception):
    """The server failed on one mail.

    Args:
        place: where the folder stands, with the failure counted.
    """

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


def read_cursor(cursor: str) -> dict[str, Place]:
    """The places in a cursor; none when it is empty or not one of ours."""
    try:
        table = json.loads(cursor or "{}")
        return {
            str(folder): Place(int(p["validity"]), int(p["last"]), int(p.get("stumbled", 0)))
            for folder, p in table["folders"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def write_cursor(places: Mapping[str, Place]) -> str:
    """A cursor that holds these places."""
    folders = {
        folder: {"validity": p.validity, "last": p.last, **({"stumbled": p.stumbled} if p.stumbled else {})}
        for folder, p in places.items()
    }
    return json.dumps({"folders": folders}, sort_keys=True)


def poll(server: Server, folders: Sequence[str], cursor: str, max_bytes: int, history: bool = True) -> Batch:
    """What is new in these folders.

    Args:
        server: where.
        folders: their names as people write them.
        cursor: what the last poll returned.
        max_bytes: mails larger than this are brought as their header.
        history: whether a folder seen for the first time is read from its beginning.

    Raises:
        Retry: a passing fault, and nothing was brought before it. AuthNeeded.
    """
    places = read_cursor(cursor)
    requests: list[Request] = []
    with session(server) as imap:
        try:
            for folder in folders:
                for request, place in _folder(imap, folder, places.get(folder, Place()), max_bytes, history):
                    places[folder] = place
                    requests += [request] if request else []
                    if len(requests) >= BATCH_MAILS or sum(len(r.body) for r in requests) >= BATCH_BYTES:
                        return Batch(tuple(requests), write_cursor(places), more=True)
        except _Stumble as stumble:
            places[folder] = stumble.place
            return Batch(tuple(requests), write_cursor(places), more=bool(requests))
        except (MediacoreError, imaplib.IMAP4.error, OSError):
            if not requests:
                raise
            # what came before the fault is kept, and the next poll goes on behind it
            return Batch(tuple(requests), write_cursor(places), more=True)
    return Batch(tuple(requests), write_cursor(places))


def fetch(server: Server, url: str, into: Path, max_bytes: int) -> None:
    """Bring one mail into a file, piece by piece.

    Args:
        server: where.
        url: the address that the poll gave it.
        into: the file to write.
        max_bytes: give up beyond this.

    Raises:
        Retry, AuthNeeded. Permanent: it is no longer there (``expired``) or too large.
    """
    parts = urlsplit(url)
    folder = unquote(parts.netloc)
    _, validity, uid = parts.path.split("/")
    size = 0
    with session(server) as imap, into.open("wb") as sink:
        if str(examine(imap, folder)[0]) != validity:
            raise Permanent(
                "the mail server has renumbered its mails; it comes anew with the next poll", code="expired"
            )
        while piece := _bytes(imap, int(uid), f"BODY.PEEK[]<{size}.{PIECE}>"):
            size += len(piece)
            if size > max_bytes:
                raise Permanent(f"the mail is larger than {max_bytes:,} bytes", code="too-large")
            sink.write(piece)
    if not size:
        raise Permanent("the mail is no longer on the mail server", code="expired")


def _folder(
    imap: imaplib.IMAP4, folder: str, place: Place, max_bytes: int, history: bool
) -> Iterator[tuple[Request | None, Place]]:
    """New mails of one folder, each with the place reached; None where only the place is news."""
    validity, following = examine(imap, folder)
    last = place.last if place.validity == validity else 0
    if not history and not place.validity:
        yield None, Place(validity, following - 1)
        return
    if place.validity != validity:
        yield None, Place(validity, 0)
    for some in search(imap, last, following):
        sizes = _sizes(imap, some)
        for uid in some:
            tries = place.stumbled if uid == some[0] and last == place.last else 0
            try:
                request = _request(imap, folder, validity, uid, sizes.get(uid, 0), max_bytes, tries)
            except (MediacoreError, imaplib.IMAP4.error, OSError) as error:
                raise _Stumble(Place(validity, uid - 1, tries + 1)) from error
            yield request, Place(validity, uid)
        last = some[-1]


def _request(
    imap: imaplib.IMAP4, folder: str, validity: int, uid: int, size: int, max_bytes: int, tries: int
) -> Request | None:
    """One mail, or the header of a large or a difficult one; None when it is gone meanwhile."""
    url = f"imap://{quote(folder, safe='')}/{validity}/{uid}"
    if size <= max_bytes and tries < STUMBLES:
        body = _bytes(imap, uid, f"BODY.PEEK[]<0.{max_bytes + 1}>")
        if len(body) <= max_bytes:
            return Request("POLL", url, body=body) if body else None
        size = max(size, len(body))  # the server told a smaller size than it sends
    head = _bytes(imap, uid, f"BODY.PEEK[HEADER]<0.{HEADER}>") if tries < 2 * STUMBLES else b""
    return Request("POLL", f"{url}?size={max(size, 1)}", body=head or b"\r\n")


def examine(imap: imaplib.IMAP4, folder: str, setting: str = "imap_folders") -> tuple[int, int]:
    """Open a folder read-only.

    Args:
        imap: a connection that is signed in.
        folder: its name as people write it.
        setting: which setting named it, for the admin.

    Returns:
        Its UIDVALIDITY and the UID that the next mail will get.

    Raises:
        Retry, AuthNeeded: it cannot be opened.
    """
    kind, said = imap.select(_quoted(folder), readonly=True)
    if kind != "OK":
        told = b" ".join(d for d in said if isinstance(d, bytes)).decode("utf-8", "replace")[:200]
        if any(code.decode() in told.upper() for code in PASSING):
            raise Retry(f"the folder {folder!r} cannot be opened now: {told}", code="imap")
        raise AuthNeeded(f"the folder {folder!r} cannot be opened: {told}; check {setting}", code="folder")
    return _number(imap, "UIDVALIDITY", 1), _number(imap, "UIDNEXT", UNKNOWN)


def _number(imap: imaplib.IMAP4, name: str, otherwise: int) -> int:
    _, values = imap.response(name)
    return int(values[-1]) if values and values[-1] else otherwise


def search(imap: imaplib.IMAP4, last: int, following: int) -> Iterator[list[int]]:
    """UIDs above the last, a hundred at a time; a window bounds each answer, which is one line."""
    window = _WINDOW if following < UNKNOWN else UNKNOWN
    for start in range(last + 1, following, window):
        end = "*" if following - start <= window else str(start + window - 1)
        found = _answer(imap, "SEARCH", f"UID {start}:{end}")
        numbers = {int(uid) for line in found if line for uid in line.split() if uid.isdigit()}
        # "*" is the last mail even when its UID is below the range (RFC 9051 6.4.8)
        uids = sorted(uid for uid in numbers if uid >= start)
        yield from (uids[at : at + _UIDS_AT_ONCE] for at in range(0, len(uids), _UIDS_AT_ONCE))


def _sizes(imap: imaplib.IMAP4, uids: Sequence[int]) -> dict[int, int]:
    lines = _answer(imap, "FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)")
    sizes: dict[int, int] = {}
    for line in lines:
        found = _SIZE.search(line) if isinstance(line, bytes) else None
        if found:
            uid, size = (found[1], found[2]) if found[1] else (found[4], found[3])
            sizes[int(uid)] = int(size)
    return sizes


def _bytes(imap: imaplib.IMAP4, uid: int, what: str) -> bytes:
    lines = _answer(imap, "FETCH", str(uid), f"({what})")
    return next((bytes(line[1]) for line in lines if isinstance(line, tuple) and len(line) > 1), b"")


def _answer(imap: imaplib.IMAP4, command: str, *arguments: str) -> list[Any]:
    kind, lines = imap.uid(command, *arguments)
    if kind != "OK":
        told = b" ".join(d for d in lines if isinstance(d, bytes)).decode("utf-8", "replace")[:200]
        raise Retry(f"the mail server does not do what it is asked for: {told}", code="imap")
    return lines


def _quoted(folder: str) -> str:
    """A folder's name on the wire: modified UTF-7 (RFC 3501 5.1.3) in quotes."""

    def shifted(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        packed = base64.b64encode(found[0].encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return f"&{packed.decode('ascii')}-"

    name = _NOT_ASCII.sub(shifted, folder).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}"'
