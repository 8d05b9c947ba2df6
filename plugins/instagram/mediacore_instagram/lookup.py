"""Did Instagram take a message whose answer was lost? Asked through Meta's Conversations API, without guessing.

Sources: https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api
and https://developers.facebook.com/docs/messenger-platform/conversations (2026-02-11); the fields of a message:
https://developers.facebook.com/docs/graph-api/reference/message
"""

from __future__ import annotations

import json
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any, Final, Protocol
from urllib.parse import quote

from attrs import define, field, frozen

from mediacore import Absent, Kind, Outgoing, Permanent, Receipt

SLACK: Final = timedelta(seconds=5)
"""How far this machine's clock and Meta's may differ."""
DETAILED: Final = 20
"""Only this many messages of a conversation, the latest, can be read; of older ones only the ids are listed."""
QUIET_TEXT: Final = timedelta(seconds=10)
QUIET_FILES: Final = timedelta(seconds=90)
"""How long after the last try a message that is not listed may still come: Meta fetches a file for up to 75 s first
(https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes)."""
GAP: Final = 0.55
"""Seconds between calls: the Conversations API takes two a second
(https://developers.facebook.com/documentation/business-messaging/messenger-platform/overview/rate-limiting), and calls
that left half a second apart may arrive nearer to each other."""
_FIELDS: Final = "id,created_time,from,to,message"
# audio may be stored as film, and a PDF comes as a plain file
_NEVER: Final = {
    Kind.IMAGE: {"video_data"},
    Kind.VIDEO: {"image_data"},
    Kind.AUDIO: {"image_data"},
    Kind.PDF: {"image_data", "video_data"},
}


class Get(Protocol):
    """Reads one object or edge of the Graph API; raises by group when the answer is not a success."""

    def __call__(self, path: str, **query: str) -> bytes: ...  # noqa: D102 - told above


@define(eq=False)
class Turns:
    """Keeps the calls of one account apart, whichever thread makes them."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _free: float = field(default=0.0, init=False)

    def wait(self) -> None:
        """Sleep until it is this caller's turn."""
        with self._lock:
            now = self.clock()
            start = max(now, self._free)
            self._free = start + GAP
        self.sleep(start - now)


class Likeness(Enum):
    """How a listed message compares with the one that is looked for."""

    SAME = auto()
    UNCLEAR = auto()
    OTHER = auto()


@frozen
class Try:
    """The end of one send of this process.

    A look-up works without any of them; with them it neither mistakes one message for another of the same content nor
    gives up on one that may still be on its way.

    Args:
        key: the part's key.
        ended: when the call was over, in UTC.
        mid: the id that it brought; empty when its answer was lost.
    """

    key: str
    ended: datetime
    mid: str = ""


@frozen
class Listed:
    """One message of a listing: its id, and its time where that could be read."""

    mid: str
    made: datetime | None


def find(
    get: Get, node: str, account: str, message: Outgoing, tried: datetime, tries: Sequence[Try]
) -> Receipt | Absent | None:
    """What became of a message.

    Args:
        get: reads from the Graph API.
        node: whose conversations: the account's id, or ``me``.
        account: the account's Instagram id.
        message: what was to be sent.
        tried: when it was first handed over.
        tries: what this process remembers of its sends.

    Returns:
        The receipt when exactly one message is it, ``Absent()`` when certainly none is, else None.

    Raises:
        Retry, InDoubt, AuthNeeded: the API could not be asked. Permanent: it does not let us ask.
    """
    thread = conversation(get(f"{node}/conversations", platform="instagram", user_id=message.to.address))
    if not thread:  # a customer who can be answered has a conversation, so this one is only hidden from us
        return None
    listed = since(get(quote(thread, safe=""), fields="messages"), tried - SLACK)
    if listed is None:
        return None
    others = {each.mid for each in tries if each.mid and each.key != message.key}
    found = [(each.mid, _read(get, each, account, message, tried)) for each in listed if each.mid not in others]
    last = max((each.ended for each in tries if each.key == message.key), default=message.retried or tried)
    quiet = datetime.now(UTC) - max(last, message.retried or tried) >= (
        QUIET_FILES if message.attachments else QUIET_TEXT
    )
    return verdict(found, quiet)


def conversation(body: bytes) -> str:
    """The id in a list of conversations with one customer; empty when it names none, or several."""
    data = _dict(body).get("data")
    ids = [each.get("id") for each in data if isinstance(each, dict)] if isinstance(data, list) else []
    return ids[0] if len(ids) == 1 and isinstance(ids[0], str) else ""


def since(body: bytes, start: datetime) -> list[Listed] | None:
    """The messages of a conversation since a time; None when they may not be all, or are too many to read.

    An answer follows a message of the customer's, so only a listing that has something older is whole.

    Args:
        body: the conversation with its field ``messages``.
        start: the time; a message whose own time cannot be read counts as later.
    """
    messages = _dict(body).get("messages")
    data = messages.get("data") if isinstance(messages, dict) else None
    if not isinstance(data, list):
        return None
    items = [each for each in data if isinstance(each, dict) and isinstance(each.get("id"), str)]
    listed = [Listed(each["id"], moment(each.get("created_time"))) for each in items]
    late = [each for each in listed if each.made is None or each.made >= start]
    return late if len(late) < len(listed) and len(items) == len(data) and len(late) <= DETAILED else None


def moment(value: object) -> datetime | None:
    """A time as the two pages show it, seconds since 1970 or ISO 8601; None for anything else."""
    try:
        if isinstance(value, str) and not value.isdecimal():
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else None
        return datetime.fromtimestamp(int(value), UTC) if isinstance(value, (int, str)) else None
    except (ValueError, OverflowError, OSError):
        return None


def _read(get: Get, listed: Listed, account: str, message: Outgoing, tried: datetime) -> Likeness:
    # The Instagram Login page does not name the attachments, so they are asked for only where they are needed.
    fields = f"{_FIELDS},attachments" if message.attachments else _FIELDS
    try:
        detail = _dict(get(quote(listed.mid, safe=""), fields=fields))
    except Permanent:  # taken back since, or overtaken by twenty others
        return Likeness.UNCLEAR
    likeness = compare(detail, account, message)
    # Two files of one sort look alike here: one that seems older than the first try may be the part before this one.
    early = listed.made is None or listed.made < tried.replace(microsecond=0)
    return Likeness.UNCLEAR if message.attachments and early and likeness is Likeness.SAME else likeness


def compare(detail: dict[str, Any], account: str, message: Outgoing) -> Likeness:
    """How a message at Instagram compares with ours.

    Args:
        detail: the message with the fields asked for.
        account: the account's Instagram id.
        message: what was to be sent.
    """
    sender, receivers = _ids(detail.get("from")), _ids(detail.get("to"))
    if message.to.address in sender:
        return Likeness.OTHER
    if account not in sender and message.to.address not in receivers:
        return Likeness.UNCLEAR
    told = detail.get("message", "")  # a field without data may be left out
    if not isinstance(told, str):
        return Likeness.UNCLEAR
    if not message.attachments:
        return _words(told, message.text)
    return Likeness.OTHER if told.strip() else _files(detail.get("attachments"), message)


def verdict(found: Iterable[tuple[str, Likeness]], quiet: bool) -> Receipt | Absent | None:
    """What follows from the messages since the first try.

    Args:
        found: their ids and what they are like.
        quiet: the last try is so long ago that none can still be on its way.
    """
    by = list(found)
    same = [mid for mid, likeness in by if likeness is Likeness.SAME]
    if len(same) == 1:
        return Receipt(same[0], detail="found in the conversation")
    certain = quiet and all(likeness is Likeness.OTHER for _, likeness in by)
    return Absent() if certain else None


def _words(told: str, ours: str) -> Likeness:
    if told.split() == ours.split():
        return Likeness.SAME
    # Should Instagram touch up punctuation or the form of an emoji, that must not look like another message.
    return Likeness.UNCLEAR if _core(told) == _core(ours) and told.strip() else Likeness.OTHER


def _core(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _files(told: object, message: Outgoing) -> Likeness:
    data = told.get("data") if isinstance(told, dict) else None
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        return Likeness.UNCLEAR
    if len(data) != len(message.attachments):
        return Likeness.OTHER
    never = [_NEVER.get(attachment.media.kind, set()) for attachment in message.attachments]
    wrong = any(set(each) & not_ours for each, not_ours in zip(data, never, strict=True))
    return Likeness.OTHER if wrong else Likeness.SAME


def _ids(told: object) -> set[str]:
    data = told.get("data", [told]) if isinstance(told, dict) else None
    return {str(each.get("id")) for each in data if isinstance(each, dict)} if isinstance(data, list) else set()


def _dict(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
