"""What Meta takes and what it refuses, for the simulator: body shape, windows, and files fetched and looked at.

Sources, by the names that the comments use:

SEND (2026-07-02)
https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/send-message

LOGIN (2026-09-11)
https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/messaging-api

CODES (2026-06-25)
https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from attrs import frozen

from mediacore.testkit import ReceivedFile

WINDOW: Final = timedelta(hours=24)  # SEND
HUMAN_WINDOW: Final = timedelta(days=7)  # https://developers.sinch.com/docs/conversation/channel-support/instagram/
TEXT_BYTES: Final = 1000  # SEND
IMAGES: Final = 10  # LOGIN
IMAGE_BYTES: Final = 8_000_000  # SEND, read as decimal
FILE_BYTES: Final = 25_000_000  # SEND, read as decimal
TAKEN: Final = {  # SEND
    "image": ("image/jpeg", "image/png"),
    "audio": ("audio/aac", "audio/mp4", "audio/wav"),
    "video": ("video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm"),
    "file": ("application/pdf",),
}
_SAME: Final = {
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "video/avi": "video/x-msvideo",
}


@frozen
class GraphError(Exception):
    """An error as the Graph API words it.

    Args:
        status: the HTTP status.
        code, sub: the provider's code and subcode; 0 for no subcode.
        message: its words.
    """

    status: int
    code: int
    sub: int
    message: str

    def json(self, trace: str) -> dict[str, Any]:
        """The body of the answer."""
        error: dict[str, Any] = {"message": f"(#{self.code}) {self.message}", "type": "OAuthException"}
        error |= {"code": self.code, "fbtrace_id": trace}
        return {"error": error | ({"error_subcode": self.sub} if self.sub else {})}


@frozen
class Piece:
    """One file of a send request.

    Args:
        kind: the attachment's type.
        url: where it is; empty when it was uploaded.
        id: its id when it was uploaded.
    """

    kind: str
    url: str = ""
    id: str = ""


@frozen
class Order:
    """A send request whose form is right.

    Args:
        to: the customer.
        text: the words; empty beside files.
        files: the files, in order.
        reply_to: the message answered.
        human: it carries the HUMAN_AGENT tag.
    """

    to: str
    text: str = ""
    files: tuple[Piece, ...] = ()
    reply_to: str = ""
    human: bool = False


def read_mark(raw: bytes) -> tuple[str, str] | None:
    """Whom a request shows what, such as ``mark_seen``; None when it is none of that kind.

    Raises:
        GraphError: 100-2534015, nobody is addressed, or something else stands beside it: it comes alone (LOGIN).
    """
    try:
        match json.loads(raw):
            case {
                "sender_action": "mark_seen" | "typing_on" | "typing_off" as action,
                "recipient": {"id": str(to)},
                **rest,
            }:
                if to and not rest:
                    return to, action
            case {"sender_action": _}:
                pass
            case _:
                return None
    except (ValueError, RecursionError):
        return None
    raise _invalid("a sender_action stands alone beside its recipient")


def read_order(raw: bytes) -> Order:
    """Check the form of a send request.

    Raises:
        GraphError: 100-2534015, invalid message data (CODES).
    """
    try:
        body = json.loads(raw)
        to, message = body["recipient"]["id"], body["message"]
        reply = body["reply_to"]["mid"] if "reply_to" in body else ""
        human = body.get("tag") == "HUMAN_AGENT"
        # A tag counts only with its messaging type.
        if human != (body.get("messaging_type") == "MESSAGE_TAG") or not (isinstance(to, str) and to):
            raise _invalid("the tag stands without its messaging_type, or nobody is addressed")
        # A message holds text or attachments, never both (SEND).
        match message:
            case {"text": str(text), **rest} if not rest and 0 < len(text.encode()) <= TEXT_BYTES:
                return Order(to, text=text, reply_to=reply, human=human)
            case {"attachment": {} as one, **rest} if not rest:
                return Order(to, files=(_piece(one),), reply_to=reply, human=human)
            case {"attachments": [*several], **rest} if not rest and 0 < len(several) <= IMAGES:
                return Order(to, files=tuple(_image(each) for each in several), reply_to=reply, human=human)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _invalid("the body has not the form of a message") from error
    raise _invalid(f"text up to {TEXT_BYTES} bytes, one attachment, or up to {IMAGES} images")


def _piece(told: object) -> Piece:
    match told:
        case {"type": str(kind), "payload": {"url": str(url), **rest}, **more} if kind in TAKEN and not (rest or more):
            return Piece(kind, url=url)
        case {"type": str(kind), "payload": {"attachment_id": str(id_), **rest}, **more} if kind in TAKEN:
            if not (rest or more):
                return Piece(kind, id=id_)
    raise _invalid(f"attachment {told}")


def _image(told: object) -> Piece:
    # Only images share a message, and addresses and ids may be mixed (LOGIN).
    piece = _piece(told)
    if piece.kind != "image":
        raise _invalid("only images may share a message")
    return piece


def _invalid(message: str) -> GraphError:
    return GraphError(400, 100, 2534015, f"Invalid message data: {message}")


def fetch(client: httpx2.Client, kind: str, url: str, patience: float) -> ReceivedFile:
    """Fetch one file as Meta does, and look at it.

    Args:
        client: makes the call.
        kind: the attachment's type.
        url: where it is.
        patience: seconds until Meta gives up (75 for videos, CODES).

    Raises:
        GraphError: 100-2018008 not fetched, 100-2018047 not what it says, 100-2018109 too large, 100-2018294 too slow.
    """
    end, data = time.monotonic() + patience, bytearray()
    if not _public(url):
        raise GraphError(400, 100, 2018008, "Failed to fetch the file from the url: it is not HTTPS")
    slow = GraphError(400, 100, 2018294 if kind == "video" else 2018008, "Fetching the attachment took too long")
    try:
        with client.stream("GET", url, follow_redirects=False, timeout=patience) as answer:
            # A redirect is not followed (https://github.com/chatwoot/chatwoot, app/models/attachment.rb).
            if answer.status_code != 200:
                raise GraphError(400, 100, 2018008, f"Failed to fetch the file from the url: {answer.status_code}")
            for chunk in answer.iter_bytes():
                data += chunk
                weigh(kind, len(data))
                if time.monotonic() > end:
                    raise slow
            header = answer.headers.get("content-type", "")
    except httpx2.TimeoutException as error:
        raise slow from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise GraphError(400, 100, 2018008, "Failed to fetch the file from the url") from error
    return ReceivedFile(url.partition("?")[0].rpartition("/")[2], look_at(kind, header, bytes(data)), bytes(data))


def weigh(kind: str, size: int) -> None:
    """Refuse a file of too many bytes.

    Raises:
        GraphError: 100-2018109.
    """
    if size > (IMAGE_BYTES if kind == "image" else FILE_BYTES):
        raise GraphError(400, 100, 2018109, "Attachment size exceeds allowable limit")


def look_at(kind: str, header: str, data: bytes) -> str:
    """The type of a file that is what its Content-Type says, and of a type that this sort of attachment takes.

    Raises:
        GraphError: 100-2018047.
    """
    declared = _bare(header)
    if declared not in TAKEN[kind] or not _matches(declared, sniff(data)):
        raise GraphError(400, 100, 2018047, "Upload attachment failure: type and content do not match")
    return declared


def _public(url: str) -> bool:
    # Meta wants HTTPS with a valid certificate (CODES, 2018008); here this machine itself may be plain.
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost", "::1")


def _bare(header: str) -> str:
    bare = header.partition(";")[0].strip().lower()
    return _SAME.get(bare, bare)


def _matches(declared: str, found: str) -> bool:
    # An MP4 may hold sound alone.
    return declared == found or (declared, found) == ("audio/mp4", "video/mp4")


_MAGIC: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "video/ogg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"ID3", "audio/mpeg"),
)
_RIFF: Final = {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo", b"WEBP": "image/webp"}
_BRANDS: Final = {b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime", b"heic": "image/heic"}


def sniff(data: bytes) -> str:
    """The type that the first bytes of a file show."""
    for magic, found in _MAGIC:
        if data.startswith(magic):
            return found
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12], "application/octet-stream")
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "video/mp4")
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return "audio/aac"
    return "application/octet-stream"
