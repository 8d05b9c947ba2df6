"""Names for files that came without one, and one name for one file."""

from __future__ import annotations

from pathlib import PurePosixPath

EXTENSIONS = {
    "text/plain": "txt",
    "text/html": "html",
    "text/csv": "csv",
    "text/calendar": "ics",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "text/directory": "vcf",
    "text/x-vcalendar": "vcs",
    "text/rtf": "rtf",
    "text/xml": "xml",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/json": "json",
    "application/msword": "doc",
    "application/rtf": "rtf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/tiff": "tiff",
    "image/bmp": "bmp",
    "image/svg+xml": "svg",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
}
NAMES = {
    "application/ms-tnef": "winmail.dat",
    "application/vnd.ms-tnef": "winmail.dat",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "text/calendar": "invite.ics",
    "application/ics": "invite.ics",
    "text/rfc822-headers": "headers.txt",
    "message/delivery-status": "delivery-status.txt",
    "message/disposition-notification": "read-receipt.txt",
    "message/external-body": "external-body.txt",
}
"""What a nameless part of these types is called; S/MIME's: https://www.rfc-editor.org/rfc/rfc8551#section-3.2.1"""


def made_up(declared: str, index: int) -> str:
    """A name for a file of this type, the index-th of its mail."""
    return (
        NAMES.get(declared)
        or f"part-{index}.{EXTENSIONS.get(declared, 'txt' if declared.startswith('text/') else 'bin')}"
    )


def distinct(name: str, taken: set[str]) -> str:
    """The name, or one like it that is not among those taken, whatever the letter case: ``a (2).txt``."""
    used = {each.casefold() for each in taken}
    path, found, count = PurePosixPath(name), name, 1
    while found.casefold() in used:
        count += 1
        found = f"{path.stem} ({count}){path.suffix}"
    return found
