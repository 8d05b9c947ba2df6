"""What Meta refuses, at once or later, with its own codes.

Codes: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
Media: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
Messages: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from mediacore_whatsapp.simulator_files import Kept, magic, opus_channels, picture_colours, webp_size
from mediacore_whatsapp.simulator_films import Film, film

MAX_UPLOAD = 100_000_000
_OOXML = "application/vnd.openxmlformats-officedocument."
TYPES: Mapping[str, tuple[str, ...]] = {
    "image": ("image/jpeg", "image/png"),
    "audio": ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
    "video": ("video/mp4", "video/3gpp"),
    "document": (
        "text/plain",
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        f"{_OOXML}wordprocessingml.document",
        f"{_OOXML}spreadsheetml.sheet",
        f"{_OOXML}presentationml.presentation",
    ),
    "sticker": ("image/webp",),
}
SIZES = {"image": 5_000_000, "audio": 16_000_000, "video": 16_000_000, "document": MAX_UPLOAD, "sticker": 500_000}
ENDINGS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "aac": "audio/aac",
    "amr": "audio/amr",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "3gp": "video/3gpp",
    "txt": "text/plain",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "docx": f"{_OOXML}wordprocessingml.document",
    "xlsx": f"{_OOXML}spreadsheetml.sheet",
    "pptx": f"{_OOXML}presentationml.presentation",
}
FAMILIES = {"audio/mp4": "mp4", "video/mp4": "mp4", "video/3gpp": "mp4", "application/msword": "ole"}
"""What the first bytes of a type look like where that is not the type itself."""


@frozen
class Fault:
    """Why Meta refuses something.

    Args:
        code, subcode: its own.
        title: the short words.
        details: the long ones.
        status: the HTTP status where it answers a call.
    """

    code: int
    title: str
    details: str = ""
    subcode: int = 0
    status: int = 400


GONE = Fault(100, "Invalid parameter", "Object with that ID does not exist or cannot be loaded", 33)
WINDOW = Fault(
    131047, "Re-engagement message", "More than 24 hours have passed since the customer last replied to this number"
)
PAIR = Fault(131056, "Pair rate limit hit", "Too many messages from this number to the same recipient")
LIMIT = Fault(130429, "Rate limit hit", "Cloud API message throughput has been reached", status=429)
OWN = Fault(131021, "Recipient cannot be sender", "Sender and recipient are the same number")


def upload_fault(product: str, media_type: str, size: int) -> Fault | None:
    """Why an upload is refused: only the listed types, and at most 100 MB."""
    known = [name for names in TYPES.values() for name in names]
    if product != "whatsapp":
        return _faulty("messaging_product is required")
    if media_type not in known:
        listed = ", ".join(known)
        return Fault(
            100, f"Param file must be a file with one of the following types: {listed}. Received {media_type!r}"
        )
    if not 0 < size <= MAX_UPLOAD:
        return _faulty(f"the file has {size} bytes; 1 to {MAX_UPLOAD} are taken")
    return None


def message_fault(body: Mapping[str, Any], own: str) -> Fault | None:
    """Why a message is refused at once.

    Args:
        body: the request.
        own: the digits of the business's own number.
    """
    form = str(body.get("type", "text"))
    inner = body.get(form)
    to = body.get("to", "")
    if body.get("messaging_product") != "whatsapp":
        return _faulty("messaging_product is required")
    if ("to" in body) == ("recipient" in body):
        return Fault(131008, "Required parameter is missing", "exactly one of to and recipient is needed")
    if "to" in body and not str(to).lstrip("+").isdigit():
        return Fault(131009, "Parameter value is not valid", f"to {to!r} is no phone number")
    if str(to).lstrip("+") == own:
        return OWN
    if len(str(body.get("biz_opaque_callback_data", ""))) > 512:
        return _faulty("biz_opaque_callback_data has at most 512 characters")
    if form not in (*TYPES, "text", "template") or not isinstance(inner, dict):
        return _faulty(f"type {form!r} needs an object of that name, of a type that this simulator knows")
    if form == "template":
        return None  # it depends on which are approved
    return _text_fault(inner) if form == "text" else media_fault(form, inner)


def _text_fault(inner: Mapping[str, Any]) -> Fault | None:
    text = inner.get("body", "")
    if not isinstance(text, str) or not text.strip():
        return Fault(131008, "Required parameter is missing", "text.body")
    return _faulty("Param text['body'] must be at most 4096 characters long.") if _long(text) > 4096 else None


def media_fault(form: str, inner: Mapping[str, Any]) -> Fault | None:
    """Which keys a media object may have: the pages on image, video, document and audio messages."""
    allowed = {"id", "link"}
    allowed |= {"caption"} if form in ("image", "video", "document") else set()
    allowed |= {"filename"} if form == "document" else {"voice"} if form == "audio" else set()
    odd = sorted(set(inner) - allowed)
    if odd:
        return _faulty(f"Unexpected key {odd[0]!r} on param {form!r}.")
    if ("id" in inner) == ("link" in inner):
        return Fault(131008, "Required parameter is missing", f"{form} needs exactly one of id and link")
    if _long(str(inner.get("caption", ""))) > 1024:
        return _faulty(f"Param {form}['caption'] must be at most 1024 characters long.")
    return None


def late_fault(form: str, inner: Mapping[str, Any], kept: Kept) -> Fault | None:
    """Why a message that was accepted fails a moment later: media is looked at only then."""
    wrong = _bytes_fault(form, kept) or (
        "a voice message must be Ogg with Opus" if inner.get("voice") and kept.type != "audio/ogg" else ""
    )
    return Fault(131053, "Media upload error", wrong) if wrong else None


def _bytes_fault(form: str, kept: Kept) -> str:
    size, seen = len(kept.data), magic(kept.data)
    expected = FAMILIES.get(kept.type, "zip" if kept.type.startswith(_OOXML) else kept.type)
    expected = "ole" if kept.type.startswith("application/vnd.ms-") else expected
    if kept.type not in TYPES[form]:
        return f"{kept.type} is not supported as {form}"
    if (named := named_type(kept.name)) not in ("", kept.type):
        return f"the file was uploaded as {kept.type} under a name that says {named}"
    if size > SIZES[form]:
        return f"{form} files may have {SIZES[form]} bytes, this one has {size}"
    if (seen or form in ("image", "sticker")) and seen != expected and kept.type != "text/plain":
        return f"the file was uploaded as {kept.type} and is {seen or 'something else'}"
    if form == "image" and (colours := picture_colours(kept.data)) not in ("8-bit RGB", "8-bit RGBA"):
        return f"images must be 8-bit RGB or RGBA, not {colours or 'broken'}"
    if kept.type == "audio/ogg" and opus_channels(kept.data) != 1:
        return "audio/ogg must have the Opus codec and one channel"
    if form == "video":
        return _film_fault(film(kept.data))
    return _sticker_fault(kept) if form == "sticker" else ""


def _film_fault(seen: Film) -> str:
    """H.264 with at most one audio track, of AAC: the page on media, table "Video"."""
    pictures, sounds = seen.of("vide"), seen.of("soun")
    if not pictures:
        return "the video has no picture, or cannot be read"
    odd = [t.codec for t in pictures if t.codec != "h264"] + [t.codec for t in sounds if t.codec != "aac"]
    if odd:
        return f"video must be H.264 with AAC, not {odd[0]}"
    if not seen.index_first:
        return "video must have its index (moov) before its content (mdat)"
    return f"video may have one audio track, this one has {len(sounds)}" if len(sounds) > 1 else ""


def named_type(name: str) -> str:
    """The listed type that a file name's extension stands for; empty when it is none of them.

    Meta names a MIME type that contradicts the file as the commonest cause of 131053.
    """
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return ENDINGS.get(ending, "")


def trouble(form: str, inner: Mapping[str, Any], kept: Kept | None) -> str:
    """What the customer's phone makes of a file that Meta took; empty when all is well.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media (video) and
    https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/audio-messages/ (voice)
    """
    if kept is None:
        return ""
    if form == "video":
        deep = any(track.high and track.reordered for track in film(kept.data).tracks)
        return "does not play on Android: H.264 High profile with B-frames" if deep else ""
    if inner.get("voice") and len(kept.data) > 512_000:
        return "shows a download arrow in place of the play button: above 512 KB"
    if form == "document" and "." not in str(inner.get("filename", "")):
        return "cannot be opened: its name has no extension"
    return ""


def _sticker_fault(kept: Kept) -> str:
    width, height, animated = webp_size(kept.data)
    most = 500_000 if animated else 100_000
    if (width, height) != (512, 512):
        return f"stickers are 512 x 512 pixels, this one is {width} x {height}"
    return f"such a sticker may have {most} bytes" if len(kept.data) > most else ""


def _faulty(details: str) -> Fault:
    return Fault(100, details, details)


def _long(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
