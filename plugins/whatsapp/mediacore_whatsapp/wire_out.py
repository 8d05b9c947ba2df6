"""Requests to the Cloud API, built, and its answers, read.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from mediacore import Attachment, InDoubt, Kind, Mark, Outgoing, Permanent, Receipt, Status, Template, Uploaded, kind_of
from mediacore_whatsapp.errors import problem
from mediacore_whatsapp.fields import rows, table, words

USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+")
"""A business-scoped user id, such as ``US.13491208655302741918``:
https://github.com/david-lev/pywa/blob/master/pywa/api.py"""
PHONE = re.compile(r"\+?([1-9][0-9]{6,14})")
"""A number with its country code (E.164)."""
REUSE = 29 * 86400
"""Seconds that an uploaded file's id is used again; Meta keeps uploads for 30 days:
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media"""
VOICE = "voice"
STICKERS = ("sticker", "animated_sticker")
"""Sorts of file by their names in the limits that the desk asks for."""
HEADINGS = ("image", "video", "document")
"""What can head a template:
https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-media/"""
NAMES = {
    "image/jpeg": "image.jpg",
    "image/png": "image.png",
    "image/webp": "sticker.webp",
    "audio/aac": "audio.aac",
    "audio/amr": "audio.amr",
    "audio/mpeg": "audio.mp3",
    "audio/mp4": "audio.m4a",
    "audio/ogg": "audio.ogg",
    "video/mp4": "video.mp4",
    "video/3gpp": "video.3gp",
    "text/plain": "document.txt",
    "application/pdf": "document.pdf",
    "application/msword": "document.doc",
    "application/vnd.ms-excel": "document.xls",
    "application/vnd.ms-powerpoint": "document.ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "document.docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "document.xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "document.pptx",
}
"""What an upload is called, by type: a name that contradicts the type is the commonest cause of error 131053."""


def declared(media_type: str) -> str:
    """The type to declare for an upload.

    Ogg is taken with Opus inside only, and must say so.
    https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/audio-messages/
    """
    return "audio/ogg; codecs=opus" if media_type == "audio/ogg" else media_type


def upload_name(media_type: str) -> str:
    """What the upload is called on the wire; the customer sees ``document.filename`` instead.

    Raises:
        Permanent: WhatsApp does not take the type (``type``).
    """
    if media_type not in NAMES:
        raise Permanent(f"WhatsApp does not take {media_type} files: send a link", code="type")
    return NAMES[media_type]


def form_of(attachment: Attachment) -> str:
    """Which media object of a message a file is: ``image``, ``sticker``, ``audio``, ``video`` or ``document``."""
    if attachment.sort in STICKERS or attachment.media.type == "image/webp":
        return "sticker"
    kind = kind_of(attachment.media.type)
    return str(kind) if kind in (Kind.IMAGE, Kind.AUDIO, Kind.VIDEO) else "document"


def payload(message: Outgoing, media_id: str = "") -> dict[str, Any]:
    """The body of one send.

    Args:
        message: at most one attachment.
        media_id: the id of its upload.

    Raises:
        Permanent: it is nothing that one WhatsApp message can be: an address that is none (``recipient``), several
            files (``files``), a caption where none can stand (``caption``), a file that heads no template (``type``),
            or nothing at all (``empty``).
    """
    if len(message.attachments) > 1:
        raise Permanent("one WhatsApp message carries one file", code="files")
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_recipient(message.to.address),
        "biz_opaque_callback_data": message.key,
    }
    if message.reply_to:
        body["context"] = {"message_id": message.reply_to}
    if message.template is not None:
        return {**body, "type": "template", "template": _template(message.template, message.attachments, media_id)}
    if not message.attachments:
        if not message.text.strip():
            raise Permanent("there is nothing to send", code="empty")
        return {**body, "type": "text", "text": {"body": message.text}}
    attachment = message.attachments[0]
    form = form_of(attachment)
    return {**body, "type": form, form: _media(attachment, form, media_id, message.text)}


def _template(template: Template, attachments: Sequence[Attachment], media_id: str) -> dict[str, Any]:
    """A template with its file and its values; gaps that are numbered are filled in order, others by name.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-media/ (2026-05-21) and
    ``send_template`` of https://github.com/david-lev/pywa/blob/master/pywa/client.py
    """
    components: list[dict[str, Any]] = []
    for attachment in attachments:
        form = form_of(attachment)
        if form not in HEADINGS:
            raise Permanent(f"no template bears {form} files: send it without one", code="type")
        file = {"type": form, form: _media(attachment, form, media_id, "")}
        components.append({"type": "header", "parameters": [file]})
    values = template.values
    if values and all(gap.isdecimal() for gap in values):
        filled = [{"type": "text", "text": values[gap]} for gap in sorted(values, key=int)]
    else:
        filled = [{"type": "text", "parameter_name": gap, "text": value} for gap, value in values.items()]
    components += [{"type": "body", "parameters": filled}] if filled else []
    named = {"name": template.name, "language": {"code": template.language}}
    return {**named, "components": components} if components else named


def read_mark(mark: Mark) -> dict[str, Any]:
    """The body that marks a message as read, with everything before it; writing cannot be shown without that.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/mark-message-as-read and
    https://developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators
    """
    body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": mark.source_id}
    return {**body, "typing_indicator": {"type": "text"}} if mark.typing else body


def _media(attachment: Attachment, form: str, media_id: str, text: str) -> dict[str, Any]:
    media: dict[str, Any] = {"id": media_id}
    if text.strip():
        if form in ("audio", "sticker"):
            raise Permanent(f"WhatsApp shows no words on {form} messages: send them apart", code="caption")
        media["caption"] = text
    if form == "document":
        # Without a name the phone shows "Untitled", and it picks the icon by the extension.
        media["filename"] = _shown_name(attachment)
    if attachment.sort == VOICE:
        # https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/audio-messages/
        if attachment.media.type != "audio/ogg":
            raise Permanent("a voice note must be Ogg with Opus: send it as audio", code="type")
        media["voice"] = True
    return media


def _shown_name(attachment: Attachment) -> str:
    """The customer's name for a document; without an extension the phone has neither an icon nor a way to open it."""
    plain = upload_name(attachment.media.type)
    name = attachment.name.strip() or plain
    return name if PurePath(name).suffix else name.rstrip(".") + PurePath(plain).suffix


def _recipient(address: str) -> dict[str, str]:
    """A phone number always with its plus sign, or else Meta dials it in the business's own country."""
    if USER_ID.fullmatch(address):
        return {"recipient": address}
    match = PHONE.fullmatch(re.sub(r"[\s().-]", "", address))
    if match is None:
        raise Permanent(f"{address!r} is no phone number with a country code, such as +16505551234", code="recipient")
    return {"to": f"+{match[1]}"}


def receipt(status: int, content: bytes) -> Receipt:
    """What the API answered to a message; accepted is not delivered yet, the statuses tell the rest.

    Raises:
        Retry, InDoubt, Permanent, AuthNeeded: by Meta's code.
    """
    if not 200 <= status < 300:
        raise problem(status, content)
    first = table(next(iter(rows(_answer(content).get("messages"))), {}))
    if not (source_id := words(first.get("id"))):
        raise InDoubt("WhatsApp took the message and told no id for it", code="answer")
    return Receipt(source_id, Status.SENT, words(first.get("message_status")) or "accepted")


def uploaded(status: int, content: bytes) -> Uploaded:
    """What the API answered to an upload.

    Raises:
        Retry, InDoubt, Permanent, AuthNeeded: by Meta's code.
    """
    if not 200 <= status < 300:
        raise problem(status, content)
    if not (media_id := words(_answer(content).get("id"))):
        raise InDoubt("WhatsApp took the file and told no id for it", code="answer")
    return Uploaded(media_id, REUSE)


def located(status: int, content: bytes) -> tuple[str, str]:
    """Where a media id's bytes lie, and their declared digest as hex (empty if none).

    Raises:
        Retry, InDoubt, Permanent, AuthNeeded: by Meta's code.
    """
    if not 200 <= status < 300:
        raise problem(status, content)
    answer = _answer(content)
    if not (url := words(answer.get("url"))):
        raise InDoubt("WhatsApp told no address for the file", code="answer")
    return url, words(answer.get("sha256"))


def _answer(content: bytes) -> Any:  # noqa: ANN401 - a JSON object of Meta's
    try:
        return table(json.loads(content))
    except (ValueError, RecursionError):
        return {}
