"""Files that go to Meta ahead of their message: the Page's attachment upload.

Shape: https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/attachment-upload
(as of 2026-06-30). The page prints the bytes' field ``filedata`` beside the others; they travel as multipart/form-data
with ``message`` as JSON text. It refuses names that are not ASCII.
"""

from __future__ import annotations

import json
import re
from typing import Final

import httpx2

from mediacore import Attachment, Retry, Uploaded, call
from mediacore_instagram.faults import fault
from mediacore_instagram.wire_out import sort_of

_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+")


def bring(client: httpx2.Client, url: str, headers: dict[str, str], attachment: Attachment) -> Uploaded:
    """Upload one file.

    Args:
        client: makes the call.
        url: the Page's ``message_attachments``.
        headers: credentials.
        attachment: the file.

    Returns:
        Its id, for this one message: how long an id works is not documented.

    Raises:
        Retry, InDoubt, Permanent, AuthNeeded: it was not taken; see ``faults``.
    """
    told = {"attachment": {"type": sort_of(attachment), "payload": {"is_reusable": "true"}}}
    fields = {"platform": "instagram", "message": json.dumps(told)}
    with attachment.media.path.open("rb") as source:
        files = {"filedata": (plain(attachment.name), source, attachment.media.type)}
        answer = call(client, "POST", url, headers=headers, data=fields, files=files)
    if answer.status_code != 200:
        raise fault(answer.status_code, answer.content)
    return Uploaded(_id(answer.content))


def plain(name: str) -> str:
    """A file name in ASCII letters, digits, dot, dash and underscore; the extension stays where it is so already."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not extension.isalnum() or not extension.isascii():
        stem, extension = name, ""
    kept = _ODD.sub("_", stem).strip("._") or "file"
    return f"{kept}.{extension}" if extension else kept


def _id(body: bytes) -> str:
    try:
        found = json.loads(body)["attachment_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        found = None
    if not isinstance(found, str) or not found:
        raise Retry("Instagram took the file and named no id for it", code="no-id")
    return found
