"""What files of a type begin with, and what tells apart those that share a beginning: data.

The claims of names and senders are in ``labels``.
"""

from __future__ import annotations

from collections.abc import Mapping

PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"FUJIFILMCCD-RAW ", "image/x-fuji-raf"),
    (b"IIRO", "image/x-olympus-orf"),
    (b"IIU\x00", "image/x-panasonic-rw2"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"\xff\x0a", "image/jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51\x00", "image/jp2"),
    (b"\xd7\xcd\xc6\x9a", "image/wmf"),
    (b"%PDF-", "application/pdf"),
    (b"%!PS", "application/postscript"),
    (b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"caff\x00\x01", "audio/x-caf"),
    (b"MThd\x00\x00\x00\x06", "audio/midi"),
    (b".snd\x00", "audio/basic"),
    (b"wvpk", "audio/x-wavpack"),
    (b"MAC \x96\x0f", "audio/x-ape"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"\x04\x22\x4d\x18", "application/x-lz4"),
    (b"LZIP\x01", "application/x-lzip"),
    (b"\x1f\x9d", "application/x-compress"),
    (b"MSCF\x00\x00\x00\x00", "application/vnd.ms-cab-compressed"),
    (b"!<arch>\ndebian-binary", "application/vnd.debian.binary-package"),
    (b"\xed\xab\xee\xdb", "application/x-rpm"),
    (b"{\\rtf", "application/rtf"),
    (b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "application/onenote"),
    (b"SQLite format 3\x00", "application/x-sqlite3"),
    (b"d8:announce", "application/x-bittorrent"),
    (b"d13:announce-list", "application/x-bittorrent"),
    (b"\x7fELF", "application/x-executable"),
    *((magic, "application/x-mach-binary") for magic in (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf")),
    *((magic, "application/x-mach-binary") for magic in (b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"),
    (b"ITSF\x03\x00", "application/vnd.ms-htmlhelp"),
    *((magic, "application/x-shockwave-flash") for magic in (b"FWS", b"CWS", b"ZWS")),
    (b"Cr24", "application/x-chrome-extension"),
    (b"\x00\x01\x00\x00\x00", "font/ttf"),
    (b"OTTO\x00", "font/otf"),
    (b"ttcf\x00", "font/collection"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
)
"""Signatures at the very beginning; containers that need a second look are told apart in ``containers``."""

BRANDS: Mapping[bytes, str] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "), "audio/mp4"),
    b"qt  ": "video/quicktime",
    **dict.fromkeys(
        (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash"), "video/mp4"
    ),
    b"crx ": "image/x-canon-cr3",
    b"jp2 ": "image/jp2",
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
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
BINARY_SHEET = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
VISIO = "application/vnd.ms-visio.drawing"
XPS = "application/vnd.ms-xpsdocument"
PAGES, NUMBERS, KEYNOTE = (f"application/vnd.apple.{name}" for name in ("pages", "numbers", "keynote"))

OLE: Mapping[str, str] = {
    "__properties_version1.0": "application/vnd.ms-outlook",
    "EncryptedPackage": "application/x-ole-storage",
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "VisioDocument": "application/vnd.visio",
    "Quill": "application/vnd.ms-publisher",
    "MatOST": "application/vnd.ms-works",
}
"""What stands in the root of an OLE file and tells what made it; a locked Office file keeps to itself what it is."""
INSTALLER = bytes.fromhex("84100c0000000000c000000000000046")
"""The class of the root of a Windows Installer package: {000C1084-0000-0000-C000-000000000046}."""

ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_FILM = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
ASF_LOCKED = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
"""Windows Media: the header, a stream of pictures, the content encryption object (ASF specification, chapter 10)."""

PROGRAMS = frozenset(
    {
        "application/x-dosexec",
        "application/x-executable",
        "application/x-pie-executable",
        "application/x-sharedlib",
        "application/x-mach-binary",
        "application/x-msdownload",
        "application/vnd.microsoft.portable-executable",
        "application/x-msi",
        "application/x-ms-shortcut",
        "application/x-mswinurl",
        "application/x-shockwave-flash",
        "application/x-chrome-extension",
        "application/java-archive",
        "application/java-vm",
        "application/vnd.android.package-archive",
        "application/vnd.debian.binary-package",
        "application/vnd.ms-htmlhelp",
        "application/x-ios-app",
        "application/x-rpm",
        "application/appx",
        "application/hta",
        "text/javascript",
        "text/vbscript",
        "text/x-ms-regedit",
        "text/x-ms-wsf",
        "text/x-msdos-batch",
        "text/x-powershell",
    }
)
"""What runs when it is opened by a double click."""
