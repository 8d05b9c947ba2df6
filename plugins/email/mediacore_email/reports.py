"""Reports that mail systems send back: what became of one of our own messages.

Delivery status notifications (RFC 3464) and read receipts (RFC 8098) are no customer mail. They count only when they
name a message id that this inbox could have made; any other is an automatic mail like the rest. Gateways and lists put
them into another multipart on their way, so what counts is the part itself, in a mail of a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from mediacore import Event, Status, StatusUpdate
from mediacore_email import errors, headers, machines
from mediacore_email.bodies import chunks
from mediacore_email.headers import Headers
from mediacore_email.ids import key_of
from mediacore_email.mime import Part, TooMuch, read_headers

OUR_ID = ("message-id", "x-microsoft-original-message-id")
"""Microsoft's servers may replace a Message-ID and keep ours in the second: https://github.com/chatmail/core/pull/3077"""
GROUPS = 100
BLOCK = 64 * 1024
_ACTIONS = {
    "failed": Status.FAILED,
    "failure": Status.FAILED,
    "delivered": Status.DELIVERED,
    "relayed": Status.SENT,
    "expanded": Status.SENT,
    "delayed": Status.SENT,
}
_CLASSES = {"5": Status.FAILED, "4": Status.SENT, "2": Status.SENT}
"""What the classes of codes mean where no action is told (RFC 3463 2); a 2 alone may be any server's on the way."""
_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_RANK = (Status.FAILED, Status.DELIVERED, Status.SENT)


def events(raw: bytes, root: Part, domain: str) -> list[Event]:
    """What a report tells of our messages; an empty list when the mail is no such report.

    Args:
        raw: the mail.
        root: its structure.
        domain: the domain of our message ids.
    """
    parts = {p.type: p for p in reversed(list(root.walk()))}
    status = parts.get("message/delivery-status") or parts.get("message/global-delivery-status")
    receipt = parts.get("message/disposition-notification")
    if not (status or receipt) or not (root.type == "multipart/report" or machines.automatic(root.headers)):
        return []
    blocks = list(_blocks(raw, status or receipt))
    returned = (parts.get(kind) for kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"))
    source_id = _ours(chain((_head(raw, p) for p in returned if p), blocks, (root.headers,)), domain)
    if not source_id:
        return []
    key = key_of(source_id, domain)
    at = headers.date(root.headers.first("date"))
    if receipt and not status:
        shown = any("displayed" in block.text("disposition").lower() for block in blocks)
        return [StatusUpdate(source_id, Status.READ, at, key=key)] if shown else []
    told = [(found, block) for block in blocks if (found := _status(block))]
    worst = min(told, key=lambda each: _RANK.index(each[0]), default=None)
    return [_update(*worst, source_id, key, root.headers)] if worst else []


def _action(block: Headers) -> str:
    """The first word of it: some servers say more behind it."""
    return block.text("action").lower().partition(" ")[0]


def _status(block: Headers) -> Status | None:
    return _ACTIONS.get(_action(block)) or _CLASSES.get(block.text("status")[:1])


def _update(status: Status, block: Headers, source_id: str, key: str, head: Headers) -> StatusUpdate:
    said = block.text("diagnostic-code").partition(";")[2].strip()
    coded = _CODE.search(said)
    code = block.text("status").split(" ")[0][:20] or (coded[0] if coded else "")
    words = ""
    if status is Status.FAILED:
        words = ("it was tried in vain until its time was over: " if code.startswith("4") else "") + errors.words(
            code, said
        )
    elif _action(block) == "delayed":
        words = "the customer's mail server has not taken it yet; it is still being tried"
    return StatusUpdate(source_id, status, headers.date(head.first("date")), code, words, key)


def _ours(blocks: Iterator[Headers], domain: str) -> str:
    """The first message id in these headers that is one of ours, of the ones that name the original first."""
    names = ("original-message-id", "original-envelope-id", *OUR_ID, "in-reply-to", "references")
    for block in blocks:
        for name in names:
            value = block.first(name)
            ids = (*headers.message_ids(value), f"<{headers.raw_text(value).strip()}>")
            found = next((i for i in ids if key_of(i, domain)), "")
            if found:
                return found
    return ""


def _head(raw: bytes, part: Part) -> Headers:
    return next(iter(_blocks(raw, part)), Headers())


def _blocks(raw: bytes, part: Part | None) -> Iterator[Headers]:
    """The groups of fields in a report's part, each read as a header block."""
    if part is None:
        return
    data = b""
    for chunk in chunks(raw, part):
        data += chunk
        if len(data) > BLOCK:
            break
    data, at = data[:BLOCK].lstrip(), 0
    for _ in range(GROUPS):
        try:
            block, after = read_headers(data, at, len(data))
        except TooMuch:
            return
        if block.lines:
            yield block
        if after >= len(data) or after == at:
            return
        at = after
