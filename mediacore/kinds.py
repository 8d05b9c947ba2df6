"""What a file is to a person, told from its MIME type."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a file is to a person; every MIME type belongs to exactly one."""

    IMAGE = "image"
    PDF = "pdf"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    TEXT = "text"
    CONTACT = "contact"
    CALENDAR = "calendar"
    MAIL = "mail"
    ARCHIVE = "archive"
    OTHER = "other"


_DOCUMENTS = ("application/msword", "application/rtf", "text/rtf", "application/x-ole-storage")
DRAWINGS = ("image/svg+xml", "image/svg+xml-compressed")
"""Images that are words for a renderer rather than pixels."""
_DOCUMENT_PREFIXES = ("application/vnd.", "application/vnd.openxmlformats-", "application/vnd.oasis.opendocument")
_ARCHIVES = (
    "application/zip",
    "application/gzip",
    "application/x-tar",
    "application/x-7z-compressed",
    "application/vnd.rar",
    "application/x-rar",
    "application/x-bzip2",
    "application/x-xz",
    "application/zstd",
    "application/x-lz4",
    "application/x-lzip",
    "application/x-compress",
    "application/vnd.ms-cab-compressed",
    "application/x-iso9660-image",
    "application/x-apple-diskimage",
)
_OTHERS = (
    "application/vnd.android.package-archive",
    "application/vnd.debian.binary-package",
    "application/vnd.microsoft.portable-executable",
    "application/vnd.ms-htmlhelp",
    "application/vnd.sqlite3",
    "application/vnd.google-earth.kmz",
)
"""What else begins with ``application/vnd.`` and is no document."""
_EXACT = {
    "application/pdf": Kind.PDF,
    "text/vcard": Kind.CONTACT,
    "text/x-vcard": Kind.CONTACT,
    "text/calendar": Kind.CALENDAR,
    "message/rfc822": Kind.MAIL,
    "application/mbox": Kind.MAIL,
    "application/json": Kind.TEXT,
    **dict.fromkeys(_ARCHIVES, Kind.ARCHIVE),
    **dict.fromkeys(_DOCUMENTS, Kind.DOCUMENT),
    **dict.fromkeys(_OTHERS, Kind.OTHER),
}
_FAMILIES = {"image": Kind.IMAGE, "audio": Kind.AUDIO, "video": Kind.VIDEO, "text": Kind.TEXT}


def kind_of(mime: str) -> Kind:
    """The kind a MIME type belongs to; parameters are ignored and unknown types are ``OTHER``."""
    bare = mime.partition(";")[0].strip().lower()
    if bare in _EXACT:
        return _EXACT[bare]
    if bare.startswith(_DOCUMENT_PREFIXES):
        return Kind.DOCUMENT
    return _FAMILIES.get(bare.partition("/")[0], Kind.OTHER)
