"""Is a file what it claims to be, all of it, and nothing else besides?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import BinaryIO

from mediacore.engines import bounds
from mediacore.engines.containers import end_of_zip, size_of, span
from mediacore.engines.signatures import EXTENSIONS, SAME, SAYS_NOTHING
from mediacore.kinds import Kind, kind_of
from mediacore.values import Json, Severity

_PICTURED = (Kind.IMAGE, Kind.AUDIO, Kind.VIDEO)
_ACTIVE = re.compile(rb"<(?:html|script|svg|iframe|!doctype html)[\s>/]", re.IGNORECASE)


def findings(file: BinaryIO, mime: str, name: str, declared: str) -> list[dict[str, Json]]:
    """Everything that is wrong at first sight, as JSON findings."""
    size = size_of(file)
    if size == 0:
        return [_finding("empty", Severity.REFUSE, "The file is empty.", "Send it again.")]
    found = []
    if mime == "application/octet-stream":
        found.append(_finding("unknown", Severity.NOTE, "It is not known what kind of file this is."))
    if _cut_off(file, mime, size):
        words = "The end of the file is missing: it was cut off on its way."
        found.append(_finding("truncated", Severity.FIX, words, "Ask for the file again."))
    if second := _second_nature(file, mime):
        words = f"The file is a {_word(mime)} and {second} at the same time; that is a way to hide something."
        found.append(_finding("polyglot", Severity.REFUSE, words, "Do not open it; ask for it in another form."))
    if mislabelled := _mislabelled(mime, name, declared):
        found.append(mislabelled)
    return found


def plain_type(mime: str) -> str:
    """A declared type without parameters and by its usual name."""
    bare = mime.partition(";")[0].strip().lower()
    return SAME.get(bare, bare)


def _mislabelled(mime: str, name: str, declared: str) -> dict[str, Json] | None:
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    by_name, by_sender, real = plain_type(EXTENSIONS.get(suffix, "")), plain_type(declared), plain_type(mime)
    if real == "application/octet-stream":
        return None
    for claim, label in ((by_name, f"its name ends in .{suffix}"), (by_sender, f"it was sent as {by_sender}")):
        if claim in SAYS_NOTHING or _agree(claim, real):
            continue
        harmless = kind_of(claim) is kind_of(real)
        severity = Severity.NOTE if harmless else Severity.FIX
        words = f"This is really a {_word(mime)}, but {label}."
        return _finding("mislabelled", severity, words, "It will be given the right name.")
    return None


def _agree(claim: str, real: str) -> bool:
    if claim == real or (kind_of(claim) is Kind.TEXT and kind_of(real) is Kind.TEXT):
        return True
    if (claim, real) in (
        ("video/webm", "audio/webm"),
        ("video/x-matroska", "audio/x-matroska"),
        ("video/mp4", "audio/mp4"),
    ):
        return True  # a film without a picture
    if {claim, real} <= {"video/mp4", "audio/mp4", "video/3gpp", "video/quicktime"}:
        return claim.partition("/")[0] == real.partition("/")[0] or "audio/mp4" not in (claim, real)
    if claim == "text/plain" or real == "text/plain":
        return kind_of(claim) in _WORDY and kind_of(real) in _WORDY
    if real == "application/x-ole-storage":
        return kind_of(claim) is Kind.DOCUMENT
    return claim == "application/zip" and kind_of(real) is Kind.DOCUMENT and real != "application/rtf"


_WORDY = (Kind.TEXT, Kind.CONTACT, Kind.CALENDAR, Kind.MAIL)


def _cut_off(file: BinaryIO, mime: str, size: int) -> bool:
    check = _ENDS.get(mime)
    return check is not None and check(file, size)


def _jpeg_cut(file: BinaryIO, size: int) -> bool:
    # cameras and messengers append things after the end mark, so it is looked for in the whole tail
    return b"\xff\xd9" not in span(file, size - bounds.TEXT_BYTES, bounds.TEXT_BYTES)


def _png_cut(file: BinaryIO, size: int) -> bool:
    return b"IEND" not in span(file, size - bounds.TEXT_BYTES, bounds.TEXT_BYTES)


def _gif_cut(file: BinaryIO, size: int) -> bool:
    return b"\x3b" not in span(file, size - 1024, 1024)


def _riff_cut(file: BinaryIO, size: int) -> bool:
    if span(file, 0, 4) == b"RF64":  # its length stands elsewhere
        return False
    return int.from_bytes(span(file, 4, 4), "little") + 8 > size + 1


def _zip_cut(file: BinaryIO, _size: int) -> bool:
    return not end_of_zip(file)


def _pdf_cut(file: BinaryIO, size: int) -> bool:
    return b"%%EOF" not in span(file, size - 4096, 4096)


def _iso_cut(file: BinaryIO, size: int) -> bool:
    at = 0
    for _ in range(bounds.BOXES):
        head = span(file, at, 16)
        if len(head) < 8:
            return len(head) > 0
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:
            return False
        if length < 8:
            return True
        at += length
        if at >= size:
            return at > size
    return False


_ENDS: Mapping[str, Callable[[BinaryIO, int], bool]] = {
    "image/jpeg": _jpeg_cut,
    "image/png": _png_cut,
    "image/gif": _gif_cut,
    "application/pdf": _pdf_cut,
    "application/zip": _zip_cut,
    **dict.fromkeys(("image/webp", "audio/wav"), _riff_cut),
    **dict.fromkeys(
        ("image/heic", "image/heif", "image/avif", "video/mp4", "video/3gpp", "video/quicktime", "audio/mp4"), _iso_cut
    ),
}


def _second_nature(file: BinaryIO, mime: str) -> str:
    """What else the file would pass as; empty when it is one thing only."""
    kind = kind_of(mime)
    if kind is Kind.TEXT or mime == "image/svg+xml":
        return ""
    head = span(file, 0, bounds.TEXT_BYTES)
    if mime == "application/pdf":
        if not head.startswith(b"%PDF") and head[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0", b"GIF8", b"RIFF", b"OggS"):
            return "a picture or sound"
    elif kind in (*_PICTURED, Kind.ARCHIVE) and b"%PDF-" in head[:1024]:
        return "a PDF"
    if kind in (*_PICTURED, Kind.PDF) and end_of_zip(file):
        return "a zip archive"
    if kind in _PICTURED and _ACTIVE.search(head):
        return "a web page"
    return ""


def _word(mime: str) -> str:
    return {"image/svg+xml": "SVG drawing", "text/plain": "text file"}.get(mime, mime)


def _finding(code: str, severity: Severity, message: str, remedy: str = "") -> dict[str, Json]:
    return {"code": code, "severity": str(severity), "message": message, "remedy": remedy}
