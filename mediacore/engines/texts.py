"""Which kind of text a text is: by how it begins, and by its name only where kinds look alike."""

from __future__ import annotations

import csv
import io
import json
import re

from mediacore.engines.labels import EXTENSIONS

HEAD = 4096
_MAIL = re.compile(
    r"^(?:received|from|to|subject|date|message-id|mime-version|return-path|delivered-to|reply-to|content-type|x-[\w-]+)"
    r":",
    re.IGNORECASE | re.MULTILINE,
)
# what a browser takes for a page (WHATWG MIME Sniffing Standard, 7.1)
_PAGE = re.compile(
    r"<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta|link)[\s>]"
)
_DRAWING = ("<?xml", "<!--", "<!doctype svg")
_MBOX = re.compile(r"From \S+ .{10,60}\n")
_PGP = {"MESSAGE": "application/pgp-encrypted", "SIGNATURE": "application/pgp-signature"}
_STARTS: tuple[tuple[str, str], ...] = (
    ("begin:vcard", "text/vcard"),
    ("begin:vcalendar", "text/calendar"),
    ("[internetshortcut]", "application/x-mswinurl"),
    ("@echo off", "text/x-msdos-batch"),
    ("windows registry editor version", "text/x-ms-regedit"),
    ("regedit4\n", "text/x-ms-regedit"),
    ("id;p", "text/x-sylk"),
    ("-----begin pkcs7", "application/pkcs7-mime"),
    ("-----begin certificate", "application/x-pem-file"),
    ("-----begin x509", "application/x-pem-file"),
)
_CLAIMS = frozenset(
    {
        "text/csv",
        "text/tab-separated-values",
        "text/markdown",
        "text/javascript",
        "text/vbscript",
        "text/x-powershell",
        "text/x-ms-wsf",
        "text/x-msdos-batch",
    }
)
"""Kinds of text whose name is believed."""
_TABLES = ((";", "text/csv", 1), ("\t", "text/tab-separated-values", 1), (",", "text/csv", 2))
"""What stands between values, the type, and how often it must stand in each line."""


def kind_of_text(words: str, name: str, *, whole: bool) -> str:
    """The MIME type of a text.

    Args:
        words: its beginning, at most 64 KiB.
        name: what it is called.
        whole: the words are all there is.
    """
    start = words[:HEAD].lstrip("\ufeff \t\r\n").replace("\r\n", "\n")
    low = start[:2048].lower()
    claimed = EXTENSIONS.get(name.rpartition(".")[2].lower(), "") if "." in name else ""
    if known := next((mime for begin, mime in _STARTS if low.startswith(begin)), "") or _armoured(start):
        return known
    if low.startswith("<") and (marked := _marked_up(low, claimed)):
        return marked
    if len(_MAIL.findall(start.partition("\n\n")[0])) >= 3:
        several = claimed == "application/mbox" or re.search(r"\n\r?\nFrom \S+ .{10,60}\n", words)
        return "application/mbox" if _MBOX.match(start) and several else "message/rfc822"
    if start[:1] in ("{", "[") and _is_json(words, whole=whole):
        return "application/json"
    if start.startswith("#!"):  # it runs for nobody who does not ask for it
        return "text/plain"
    if claimed in _CLAIMS:
        return claimed
    return "text/plain" if claimed else _table(start) or "text/plain"


def _armoured(start: str) -> str:
    """Keys and messages between lines of dashes (RFC 7468, RFC 9580)."""
    found = re.match(r"-----BEGIN (PGP )?([A-Z0-9 ]{1,40})-----", start)
    if not found:
        return ""
    if found.group(1):
        return _PGP.get(found.group(2), "application/pgp-keys")
    return "application/x-pem-file" if found.group(2).endswith("KEY") else ""


def _marked_up(low: str, claimed: str) -> str:
    if low.startswith("<svg") or (low.startswith(_DRAWING) and "<svg" in low and "<html" not in low):
        return "image/svg+xml"
    if _PAGE.match(low) or (low.startswith(("<?xml", "<!--")) and _PAGE.search(low) and "<html" in low):
        return "application/hta" if claimed == "application/hta" or "<hta:application" in low else "text/html"
    if low.startswith(("<job", "<package")) and claimed == "text/x-ms-wsf":
        return claimed
    return "text/xml" if low.startswith("<?xml") else ""


def _is_json(words: str, *, whole: bool) -> bool:
    if not whole:
        return re.match(r'\s*[\[{]\s*["\[{\d]', words.lstrip("\ufeff")) is not None
    try:
        json.loads(words.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def _table(start: str) -> str:
    """A table of values: at least three lines, all with the same number of short values."""
    lines = [line for line in start.split("\n") if line.strip()]
    lines = lines[:-1] if len(start) > HEAD - 200 else lines
    if len(lines) < 3 or max(map(len, lines)) > 2000:
        return ""
    for mark, mime, least in _TABLES:
        if lines[0].count(mark) < least:
            continue
        try:
            rows = list(csv.reader(io.StringIO("\n".join(lines[:30])), delimiter=mark, strict=True))
        except csv.Error:
            continue
        short = all(len(cell) <= 60 for row in rows for cell in row)
        if len(rows) >= 3 and short and len({len(row) for row in rows}) == 1 and len(rows[0]) > least:
            return mime
    return ""
