"""Outlook's messages as blocks ([MS-OXMSG], [MS-OXPROPS]): header lines, text, and the names of what is attached."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterator

from mediacore.engines.doc.blocks import HEADING, MONO, NOTE, ROW, Block, block
from mediacore.engines.doc.text import html_blocks, lines
from mediacore.engines.ole import Ole

TEXT_BYTES = 400_000
ATTACHED = 200
_SUBJECT, _SENDER, _ADDRESS, _SMTP, _TO, _CC, _BODY, _HTML = (
    *("0037", "0C1A", "0C1F", "5D01", "0E04", "0E03", "1000", "1013"),
)
_LONG_NAME, _SHORT_NAME, _SHOWN_NAME = "3707", "3704", "3001"
_SENT, _RECEIVED = b"\x40\x00\x39\x00", b"\x40\x00\x06\x0e"
_BEGIN = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)


def word(ole: Ole, number: str, *folder: str) -> str:
    """A property's words; empty when it has none."""
    wide = ole.content(*folder, f"__substg1.0_{number}001F", most=TEXT_BYTES)
    if wide:
        return wide.decode("utf-16-le", "replace")
    return ole.content(*folder, f"__substg1.0_{number}001E", most=TEXT_BYTES).decode("cp1252", "replace")


def attached(ole: Ole) -> list[str]:
    """The names of what hangs from it."""
    folders = sorted(name for name in ole.root if name.startswith("__attach_version1.0_"))
    return [
        word(ole, _LONG_NAME, folder) or word(ole, _SHORT_NAME, folder) or word(ole, _SHOWN_NAME, folder) or "a message"
        for folder in folders[:ATTACHED]
    ]


def blocks(ole: Ole) -> Iterator[Block]:
    """What a message says."""
    yield block(HEADING, word(ole, _SUBJECT) or "A mail without a subject")
    name, address = word(ole, _SENDER), word(ole, _SMTP) or word(ole, _ADDRESS)
    sender = f"{name} <{address}>" if name and "@" in address and address != name else name or address
    for title, value in (("From", sender), ("To", word(ole, _TO)), ("Cc", word(ole, _CC)), ("Date", _date(ole))):
        if value.strip("\x00 "):
            yield block(ROW, title, value)
    if names := attached(ole):
        yield block(ROW, "Attached", ", ".join(names[:20]))
    yield block(NOTE, "")
    body = word(ole, _BODY)
    if body.strip("\x00\r\n "):
        for line in lines(body):
            yield block(MONO, line)
        return
    page = ole.content(f"__substg1.0_{_HTML}0102", most=TEXT_BYTES)
    try:
        text = page.decode("utf-8")
    except UnicodeDecodeError:
        text = page.decode("cp1252", "replace")
    yield from html_blocks(text or word(ole, _HTML))


def _date(ole: Ole) -> str:
    """When it was sent, else when it came, in universal time."""
    data = ole.content("__properties_version1.0", most=TEXT_BYTES)
    for tag in (_SENT, _RECEIVED):
        at = data.find(tag, 32)
        if at >= 0 and (at - 32) % 16 == 0 and len(data) >= at + 16:
            (ticks,) = struct.unpack_from("<Q", data, at + 8)
            seconds = ticks // 10_000_000
            return f"{_BEGIN + dt.timedelta(seconds=seconds):%Y-%m-%d %H:%M} UTC" if seconds < 3e11 else ""
    return ""
