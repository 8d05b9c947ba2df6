"""Is a file what it claims to be, all of it, and nothing else besides?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO

from mediacore.engines import bounds, ole
from mediacore.engines.containers import size_of, span, zip_names
from mediacore.engines.ends import cut_off
from mediacore.engines.labels import EXTENSIONS, SAME, SAYS_NOTHING
from mediacore.engines.operation import Unusable
from mediacore.engines.polyglots import second_nature
from mediacore.engines.signatures import ASF_LOCKED, MACRO_OFFICE, OFFICE, PROGRAMS
from mediacore.kinds import Kind, kind_of
from mediacore.values import Json, Severity

_SHOWN: Mapping[str, str] = {"quicktime": "QuickTime", "ogg": "Ogg", "webp": "WebP", "webm": "WebM", "mpeg": "MP3"}


def findings(file: BinaryIO, mime: str, name: str, declared: str) -> list[dict[str, Json]]:
    """Everything that is wrong at first sight, as JSON findings."""
    size = size_of(file)
    if size == 0:
        return [_finding("empty", Severity.REFUSE, "The file is empty.", "Send it again.")]
    found = []
    if mime == "application/octet-stream":
        found.append(_finding("unknown", Severity.NOTE, "It is not known what kind of file this is."))
    if cut_off(file, mime):
        words = "The end of the file is missing: it was cut off on its way."
        found.append(_finding("truncated", Severity.FIX, words, "Ask for the file again."))
    if second := second_nature(file, mime):
        words = f"The file is {_word(mime)} and {second} at the same time; that is a way to hide something."
        found.append(_finding("polyglot", Severity.REFUSE, words, "Do not open it; ask for it in another form."))
    if locked := _locked(file, mime):
        found.append(locked)
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
        words = f"This is really {_word(mime)}, but {label}."
        return _finding("mislabelled", severity, words, "It will be given the right name.")
    return None


def _agree(claim: str, real: str) -> bool:
    if claim == real or (kind_of(claim) is Kind.TEXT and kind_of(real) is Kind.TEXT):
        return True
    if kind_of(claim) is kind_of(real) is Kind.MAIL or (claim in MACRO_OFFICE.values() and _plainer(claim) == real):
        return True
    if (claim, real) in (
        ("video/webm", "audio/webm"),
        ("video/x-matroska", "audio/x-matroska"),
        ("video/mp4", "audio/mp4"),
        ("video/x-ms-asf", "audio/x-ms-wma"),  # films without a picture
        ("application/pkcs7-signature", "application/pkcs7-mime"),
        ("application/pgp-encrypted", "application/pgp-signature"),  # .asc is all that is armoured
        ("application/pgp-encrypted", "application/pgp-keys"),
    ):
        return True
    if {claim, real} <= {"video/mp4", "audio/mp4", "video/3gpp", "video/quicktime"}:
        return claim.partition("/")[0] == real.partition("/")[0] or "audio/mp4" not in (claim, real)
    if claim == "text/plain" or real == "text/plain":
        return kind_of(claim) in _WORDY and kind_of(real) in _WORDY
    if real == "application/x-ole-storage":
        return kind_of(claim) is Kind.DOCUMENT
    return claim == "application/zip" and kind_of(real) is Kind.DOCUMENT and real != "application/rtf"


def _plainer(mime: str) -> str:
    """The type of the same document without macros, which may be called by the name of one that could have some."""
    return next(OFFICE[folder] for folder, known in MACRO_OFFICE.items() if known == mime)


_WORDY = (Kind.TEXT, Kind.CONTACT, Kind.CALENDAR, Kind.MAIL)


def _locked(file: BinaryIO, mime: str) -> dict[str, Json] | None:
    """Whether a password or a seller's rights keep it from being read, where that can be told at first sight."""
    if mime == "application/x-ole-storage" or kind_of(mime) is Kind.DOCUMENT:
        locked = span(file, 0, 8) == ole.MAGIC and _holds_package(file)
    else:
        locked = kind_of(mime) is Kind.ARCHIVE and any(flags & 1 for _, flags in zip_names(file))
    if locked:
        return _finding("encrypted", Severity.NOTE, "It is locked with a password.", "Ask for it without a password.")
    if _sold(file, mime):
        words = "It is protected by its seller and plays on the buyer's devices only."
        return _finding("drm", Severity.NOTE, words, "Ask for it in another form.")
    return None


def _holds_package(file: BinaryIO) -> bool:
    try:
        return "EncryptedPackage" in ole.opened(file).root
    except Unusable:
        return False


def _sold(file: BinaryIO, mime: str) -> bool:
    """Rights management of books (OCF 3.3, 4.2.6.3), of Apple's shop (sample entry ``drms``) and of Windows Media."""
    if mime == "application/epub+zip":
        return any(name == "META-INF/rights.xml" for name, _ in zip_names(file))
    head = span(file, 0, bounds.TEXT_BYTES)
    if mime in ("audio/mp4", "video/mp4"):
        return head[8:12] == b"M4P " or re.search(rb"stsd.{12}(?:drms|enca|encv)", head, re.DOTALL) is not None
    return mime in ("audio/x-ms-wma", "video/x-ms-asf") and ASF_LOCKED in head


def _word(mime: str) -> str:
    """A type as a person says it, with its article."""
    if mime in PROGRAMS and not mime.startswith("text/"):
        return "a program"
    return _WORDS.get(mime) or f"a file of the type {mime}"


_WORDS: Mapping[str, str] = {
    "application/msword": "a Word document",
    "application/pdf": "a PDF",
    "application/rtf": "a rich text document",
    "application/vnd.ms-excel": "an Excel table",
    "application/vnd.ms-outlook": "an Outlook message",
    "application/vnd.ms-powerpoint": "a PowerPoint presentation",
    "application/vnd.rar": "a RAR archive",
    "application/zip": "a zip archive",
    "application/json": "a JSON text",
    "message/rfc822": "a mail",
    "text/calendar": "a calendar entry",
    "text/csv": "a table of values",
    "text/html": "a web page",
    "text/javascript": "a script",
    "text/plain": "a text",
    "text/vbscript": "a script",
    "text/vcard": "a contact",
    "text/x-msdos-batch": "a script",
    "text/x-powershell": "a script",
    "image/svg+xml": "an SVG drawing",
    OFFICE["word/"]: "a Word document",
    OFFICE["xl/"]: "an Excel table",
    OFFICE["ppt/"]: "a PowerPoint presentation",
    **{
        f"{family}/{name}": f"{article} {shown} {noun}"
        for family, noun, names in (
            ("image", "picture", "jpeg png gif webp tiff bmp heic avif"),
            ("audio", "recording", "mpeg mp4 ogg wav amr flac"),
            ("video", "film", "mp4 webm quicktime 3gpp"),
        )
        for name in names.split()
        for shown in (_SHOWN.get(name, name.upper()),)
        for article in ("an" if shown[0] in "AM" else "a",)
    },
}


def _finding(code: str, severity: Severity, message: str, remedy: str = "") -> dict[str, Json]:
    return {"code": code, "severity": str(severity), "message": message, "remedy": remedy}
