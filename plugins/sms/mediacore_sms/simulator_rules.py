"""What Twilio and the carriers behind it refuse, as the simulator enforces it. Pure.

These numbers stand here a second time on purpose: read from the sources and not from ``limits.toml``, so that a slip in
one of the two shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mediacore.testkit import ReceivedFile

MAX_MEDIA = 10
MAX_BODY = 1600
# 5 MB in all, and 5 MB for pictures; 500 KB for every other accepted type:
# https://github.com/twilio/twilio-python/blob/main/twilio/rest/api/v2010/account/message/__init__.py
MAX_TOTAL = 5_000_000
MAX_OTHER = 500_000
# "formatted for delivery on destination devices": https://www.twilio.com/docs/sms/accepted-mime-types
FORMATTED = {"image/jpeg", "image/jpg", "image/gif", "image/png"}
# the list of the same page; image/webp is on it for WhatsApp stickers only
_OFFICE = "application/vnd.openxmlformats-officedocument."
ACCEPTED = FORMATTED | {
    *(f"image/{name}" for name in ("bmp", "tiff", "heic", "heif")),
    *(f"audio/{name}" for name in ("basic", "L24", "mp4", "mpeg", "ogg", "vnd.rn-realaudio", "vnd.wave", "3gpp")),
    *(f"audio/{name}" for name in ("3gpp2", "ac3", "webm", "amr-nb", "amr", "aac")),
    *(f"video/{name}" for name in ("mpeg", "mp4", "quicktime", "webm", "3gpp", "3gpp2", "3gpp-tt", "H261", "H263")),
    *(f"video/{name}" for name in ("H263-1998", "H263-2000", "H264")),
    *(f"text/{name}" for name in ("vcard", "x-vcard", "csv", "rtf", "richtext", "calendar", "directory")),
    *(f"application/{name}" for name in ("pdf", "vcard", "vnd.apple.pkpass", "msword", "vnd.ms-excel")),
    "application/vnd.ms-powerpoint",
    *(f"{_OFFICE}{name}" for name in ("presentationml.presentation", "spreadsheetml.sheet")),
    f"{_OFFICE}wordprocessingml.document",
}
# the lowest carrier for each kind of number: https://help.twilio.com/hc/en-us/articles/360018832773 ; narrower figures:
# https://www.bandwidth.com/support/en/articles/12823216 and https://www.infobip.com/docs/mms/message-types.md
CARRIER = {
    "default": 600_000,
    "toll_free": 600_000,
    "short_code": 600_000,
    "long_code": 1_000_000,
    "toll_free_narrow": 525_000,
    "conservative": 300_000,
    "time_critical": 150_000,
}
# "MMS not supported by the receiving phone number in this region": https://www.twilio.com/docs/api/errors/30011
# (2026-04-20); the regions are those of ``reach`` in the limits
REACH = "+1"
# "no spaces", "20 characters or less", and the characters to avoid: https://www.twilio.com/docs/sms/accepted-mime-types
_BAD_NAME = re.compile(r"[\s~!@#$%^&*()\[\]{}]")


def _starts(*heads: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(heads)


def _brand(*brands: bytes) -> Callable[[bytes], bool]:
    return lambda data: data[4:8] == b"ftyp" and data[8:12].startswith(brands)


def _says(*heads: bytes) -> Callable[[bytes], bool]:
    return lambda data: data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").upper().startswith(heads)


_MAGIC: tuple[tuple[Callable[[bytes], bool], set[str]], ...] = (
    (_starts(b"\xff\xd8\xff"), {"image/jpeg", "image/jpg"}),
    (_starts(b"\x89PNG\r\n\x1a\n"), {"image/png"}),
    (_starts(b"GIF87a", b"GIF89a"), {"image/gif"}),
    (lambda data: b"%PDF-" in data[:1024], {"application/pdf"}),
    (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", {"image/webp"}),
    (_starts(b"II*\x00", b"MM\x00*"), {"image/tiff"}),
    (_brand(b"heic", b"heix", b"mif1", b"msf1"), {"image/heic", "image/heif"}),
    (_brand(b"3gp", b"3ge", b"3gr"), {"video/3gpp", "audio/3gpp"}),
    (_brand(b"3g2"), {"video/3gpp2", "audio/3gpp2", "video/3gpp", "audio/3gpp"}),
    (_brand(b"qt  "), {"video/quicktime"}),
    (_brand(b""), {"video/mp4", "audio/mp4"}),
    (_starts(b"#!AMR"), {"audio/amr", "audio/amr-nb"}),
    (_starts(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), {"audio/mpeg"}),
    (_starts(b"\xff\xf1", b"\xff\xf9"), {"audio/aac"}),
    (_starts(b"OggS"), {"audio/ogg"}),
    (_starts(b"PK\x03\x04"), {t for t in ACCEPTED if t.startswith(_OFFICE)} | {"application/vnd.apple.pkpass"}),
    (_starts(b"\xd0\xcf\x11\xe0"), {"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"}),
    (_starts(b"{\\rtf"), {"text/rtf"}),
    (_says(b"BEGIN:VCARD"), {"text/vcard", "text/x-vcard", "application/vcard", "text/directory"}),
    (_says(b"BEGIN:VCALENDAR"), {"text/calendar"}),
    (_says(b"<!DOCTYPE HTML", b"<HTML"), {"text/html"}),
)
# streams without a header of their own may begin in more ways than are listed here
_LOOSE = {"audio/mpeg", "audio/aac"}
_TOLD_BY_MAGIC = set().union(*(types for _, types in _MAGIC)) - _LOOSE


def bare(content_type: str) -> str:
    """A Content-Type without its parameters."""
    return content_type.partition(";")[0].strip()


def agrees(content_type: str, data: bytes) -> bool:
    """Whether a file is of the type it is served with, as far as its first bytes tell."""
    declared = bare(content_type)
    for fits, types in _MAGIC:
        if fits(data):
            return declared in types
    return declared not in _TOLD_BY_MAGIC


def filename(disposition: str) -> str:
    """The name in a Content-Disposition header; empty when it has none."""
    found = re.search(r'filename="?([^";]*)"?', disposition)
    return found[1] if found else ""


def objection(text: str, files: Sequence[ReceivedFile], profile: str) -> str:
    """The error code with which a message fails after it was taken; empty when it goes through.

    Args:
        text: the body.
        files: what was fetched, with the types it was served with.
        profile: which carrier limit holds.
    """
    for file in files:
        # the page states the rule for names and no code of its own for breaking it
        if bare(file.type) not in ACCEPTED or not agrees(file.type, file.data) or _bad_name(file.name):
            return "12300"
    others = [file for file in files if bare(file.type) not in FORMATTED]
    total = len(text.encode()) + sum(len(file.data) for file in files)
    if total > MAX_TOTAL or any(len(file.data) > MAX_OTHER for file in others):
        return "11751"
    # Twilio makes pictures smaller where a carrier needs it; how small is not published, so nothing is taken off here
    return "30019" if files and mms_size(text, files) > CARRIER[profile] else ""


def _bad_name(name: str) -> bool:
    return len(name) > 20 or bool(_BAD_NAME.search(name))


def mms_size(text: str, files: Sequence[ReceivedFile]) -> int:
    """Bytes of the whole message, which is what carriers measure: files, text, presentation and header lines.

    https://www.infobip.com/docs/mms/message-types.md
    """
    regions = '<region id="Image" width="100%" height="80%"/><region id="Text" width="100%" height="20%"/>'
    slides = "".join(
        f'<par dur="5000ms"><img src="cid:{n}-{f.name}" region="Image"/></par>' for n, f in enumerate(files)
    )
    smil = f"<smil><head><layout><root-layout/>{regions}</layout></head><body>{slides}</body></smil>"
    heads = "".join(
        f'--boundary\r\nContent-Type: {f.type}; name="{f.name}"\r\nContent-ID: <{n}-{f.name}>\r\n'
        f"Content-Location: {f.name}\r\nContent-Transfer-Encoding: binary\r\n\r\n\r\n"
        for n, f in enumerate(files)
    )
    head = "X-Mms-Message-Type: m-retrieve-conf\r\nContent-Type: multipart/related; boundary=boundary\r\n" * 3
    return len((head + smil + heads + text).encode()) + sum(len(f.data) for f in files)
