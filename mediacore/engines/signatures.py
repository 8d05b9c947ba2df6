"""What files of a type begin with, what their names end with, and which types are one and the same: data."""

from __future__ import annotations

from collections.abc import Mapping

PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"{\\rtf", "application/rtf"),
    (b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
)
"""Signatures at the very beginning; containers that need a second look are told apart in ``containers``."""

BRANDS: Mapping[bytes, str] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"F4A "), "audio/mp4"),
    b"qt  ": "video/quicktime",
    **dict.fromkeys(
        (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash"), "video/mp4"
    ),
    b"mif1": "image/heif",
}
"""ISO base media brands (ISO/IEC 14496-12, MP4RA register); ``3g..`` are 3GPP, checked by their beginning."""

OFFICE: Mapping[str, str] = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
MACRO_OFFICE: Mapping[str, str] = {
    "word/": "application/vnd.ms-word.document.macroenabled.12",
    "xl/": "application/vnd.ms-excel.sheet.macroenabled.12",
    "ppt/": "application/vnd.ms-powerpoint.presentation.macroenabled.12",
}
OLE: Mapping[str, str] = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "__properties_version1.0": "application/vnd.ms-outlook",
    "EncryptedPackage": "application/x-ole-storage",
}
"""Streams in the root of an OLE file that tell what made it; an encrypted Office file keeps to itself what it is."""

EXTENSIONS: Mapping[str, str] = {
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), "image/jpeg"),
    **dict.fromkeys(("tif", "tiff"), "image/tiff"),
    **dict.fromkeys(("htm", "html"), "text/html"),
    **dict.fromkeys(("txt", "log", "text"), "text/plain"),
    **dict.fromkeys(("ogg", "oga", "opus"), "audio/ogg"),
    **dict.fromkeys(("3gp", "3gpp", "3g2"), "video/3gpp"),
    **dict.fromkeys(("m4a", "m4b"), "audio/mp4"),
    **dict.fromkeys(("mp4", "m4v"), "video/mp4"),
    **dict.fromkeys(("vcf", "vcard"), "text/vcard"),
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "heic": "image/heic",
    "heif": "image/heif",
    "avif": "image/avif",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "amr": "audio/amr",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "mkv": "video/x-matroska",
    "ics": "text/calendar",
    "eml": "message/rfc822",
    "json": "application/json",
    "csv": "text/csv",
    "md": "text/markdown",
    "xml": "text/xml",
    "rtf": "application/rtf",
    "zip": "application/zip",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
    "docx": OFFICE["word/"],
    "xlsx": OFFICE["xl/"],
    "pptx": OFFICE["ppt/"],
    "docm": MACRO_OFFICE["word/"],
    "xlsm": MACRO_OFFICE["xl/"],
    "pptm": MACRO_OFFICE["ppt/"],
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "pages": "application/vnd.apple.pages",
    "gz": "application/gzip",
    "rar": "application/vnd.rar",
    "7z": "application/x-7z-compressed",
    "exe": "application/x-msdownload",
}

SAME: Mapping[str, str] = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/heif": "image/heic",
    "image/heif-sequence": "image/heic",
    "image/heic-sequence": "image/heic",
    "image/x-ms-bmp": "image/bmp",
    "image/x-bmp": "image/bmp",
    "audio/mp3": "audio/mpeg",
    "audio/x-mp3": "audio/mpeg",
    "audio/mpeg3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/opus": "audio/ogg",
    "audio/x-opus+ogg": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/3gpp": "video/3gpp",
    "video/3gp": "video/3gpp",
    "video/3gpp2": "video/3gpp",
    "audio/amr-nb": "audio/amr",
    "audio/x-amr": "audio/amr",
    "audio/aacp": "audio/aac",
    "audio/x-aac": "audio/aac",
    "audio/x-hx-aac-adts": "audio/aac",
    "audio/x-flac": "audio/flac",
    "video/x-m4v": "video/mp4",
    "video/avi": "video/x-msvideo",
    "text/x-vcard": "text/vcard",
    "text/directory": "text/vcard",
    "application/x-pdf": "application/pdf",
    "application/x-zip-compressed": "application/zip",
    "application/x-gzip": "application/gzip",
    "application/x-rar-compressed": "application/vnd.rar",
    "application/x-rar": "application/vnd.rar",
    "text/rtf": "application/rtf",
    "application/xml": "text/xml",
    "application/csv": "text/csv",
    "application/x-dosexec": "application/x-msdownload",
    "application/vnd.microsoft.portable-executable": "application/x-msdownload",
}
"""Other names of a type, to the one that ``sniff`` answers; ``image/heif`` and ``image/heic`` count as one."""

SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/unknown", "*/*"})
"""Declared types that claim nothing."""
