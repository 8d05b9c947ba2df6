"""File names that cannot bite: what a customer calls a file, made safe to show, store and send."""

from __future__ import annotations

import re
import unicodedata

from mediacore.limits import Names

LONGEST = 150
"""Bytes of UTF-8 that a name may have; leaves room below every file system's 255."""

EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "image/avif": ".avif",
    "image/tiff": ".tiff",
    "image/bmp": ".bmp",
    "image/svg+xml": ".svg",
    "image/svg+xml-compressed": ".svgz",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/vcard": ".vcf",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/flac": ".flac",
    "audio/webm": ".webm",
    "audio/amr-wb": ".awb",
    "audio/x-aiff": ".aiff",
    "audio/x-caf": ".caf",
    "audio/x-matroska": ".mka",
    "video/mp4": ".mp4",
    "video/3gpp": ".3gp",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/ogg": ".ogv",
    "video/mpeg": ".mpg",
    "video/mp2t": ".ts",
    "video/x-matroska": ".mkv",
    "video/x-msvideo": ".avi",
    "application/zip": ".zip",
    "application/json": ".json",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.ms-outlook": ".msg",
    "application/vnd.rar": ".rar",
    "application/x-7z-compressed": ".7z",
    "text/tab-separated-values": ".tsv",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
}
"""The extension that a type is known by; other types keep the extension that came."""

_ALSO = {
    "image/jpeg": {".jpeg", ".jpe", ".jfif"},
    "image/tiff": {".tif"},
    "image/heic": {".heif"},
    "image/heif": {".heic"},
    "text/html": {".htm"},
    "text/plain": {".log", ".md", ".text"},
    "audio/ogg": {".oga", ".opus"},
    "audio/x-aiff": {".aif", ".aifc"},
    "video/mp4": {".m4v"},
    "video/mpeg": {".mpeg", ".vob"},
    "video/mp2t": {".m2ts", ".mts"},
    "video/3gpp": {".3gpp", ".3g2"},
    "application/msword": {".dot"},
    "application/vnd.ms-excel": {".xlt", ".xla"},
    "application/vnd.ms-powerpoint": {".pps", ".pot"},
    "video/x-matroska": {".mka"},
}
_HIDING = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of Unicode of what is not seen and may turn, part or hide what is: controls, marks, lone surrogates."""
_SPACES = re.compile(r"\s{2,}")
_EDGE = ". " + "".join(filter(str.isspace, map(chr, range(0x80, 0x3001))))
"""What a name does not begin or end with: dots and every space there is."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PARTS = re.compile(r"[/\\]+")
_UNFIT = re.compile(r'[:*?"<>|]+')
"""What no name on Windows may hold, and people write all the same: ``Screenshot 12:30.png``."""
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|(COM|LPT)[0-9\u00b9\u00b2\u00b3])\s*(\.|$)", re.IGNORECASE)
EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
"""The end of a name that counts as its extension."""


def safe_name(name: str, mime: str = "", fallback: str = "file", most: int = LONGEST) -> str:
    """A name without path parts, control characters or direction marks, whose extension tells the content's type.

    Args:
        name: anything; only what follows the last path separator counts.
        mime: the sniffed type; its extension wins over the one that came.
        fallback: the stem when nothing is left.
        most: bytes of UTF-8 that it may have.

    Returns:
        A name of at most so many bytes; applying this again changes nothing.
    """
    seen = "".join(letter for letter in name if letter.isascii() or unicodedata.category(letter) not in _HIDING)
    flat = unicodedata.normalize("NFC", _SPACES.sub(" ", _CONTROL.sub("", seen)))
    flat = _PARTS.sub("/", flat).rstrip(f"/{_EDGE}").rpartition("/")[2]
    flat = _UNFIT.sub("_", flat).strip(_EDGE)
    match = EXTENSION.search(flat)
    given = match.group() if match else ""
    stem = flat[: -len(given)].strip(_EDGE) if given else flat
    known = EXTENSIONS.get(mime.partition(";")[0].strip().lower(), "")
    right = {known, *_ALSO.get(mime.partition(";")[0].strip().lower(), set())}
    extension = given if not known or given.lower() in right else known
    stem = stem or fallback
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    room = most - len(extension.encode())
    while len(stem.encode()) > room:
        stem = stem[:-1]
    return f"{stem.rstrip(_EDGE) or fallback}{extension}"


def fitting_name(name: str, rule: Names, number: int = 0, of: int = 1) -> str:
    """A safe name as a provider takes it.

    Args:
        name: a safe name.
        rule: the channel's rule.
        number: which of several results of one file this is, from 0.
        of: how many there are; above 1 the name gets ``-1``, ``-2`` ...
    """
    match = EXTENSION.search(name)
    extension = match.group() if match else ""
    stem = name[: len(name) - len(extension)]
    if rule.plain:
        ascii_only = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", ascii_only).strip("-_") or "file"
    tail = f"-{number + 1}" if of > 1 else ""
    if rule.max is not None:
        stem = stem[: max(1, rule.max.value - len(extension) - len(tail))].rstrip("-_. ") or "f"
    return f"{stem}{tail}{extension}"
