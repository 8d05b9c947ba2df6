"""What goes to Instagram: the body of one message, and what its answer means. Pure.

Shapes: https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/messaging-api
and https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/send-message
(as of 2026-09-11).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from mediacore import Attachment, Finding, InDoubt, Kind, Mark, Outgoing, Permanent, Receipt, Severity
from mediacore_instagram.faults import fault

HOSTS: Final = {"login": "https://graph.instagram.com", "page": "https://graph.facebook.com"}
"""The two products' hosts: Instagram API with Instagram Login, and the Messenger Platform through a linked Page."""

_TYPES: Final = {Kind.IMAGE: "image", Kind.AUDIO: "audio", Kind.VIDEO: "video", Kind.PDF: "file"}


def send_body(message: Outgoing, human: bool) -> dict[str, Any]:
    """The JSON of one message.

    Args:
        message: text, or files of one sort.
        human: tag it as a person's answer, which may go out up to seven days after the customer wrote. The tag needs
            Meta's approval and machines may not use it
            (https://developers.sinch.com/docs/conversation/channel-support/instagram/properties).

    Raises:
        Permanent: the message has a shape that Instagram does not carry, or a file has no public address.
    """
    body: dict[str, Any] = {"recipient": {"id": message.to.address}, "message": _content(message)}
    if message.reply_to:
        body["reply_to"] = {"mid": message.reply_to}
    if human:
        body |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    return body


def mark_body(mark: Mark) -> dict[str, Any]:
    """The JSON that shows the customer that their messages were seen, or that an answer is being written."""
    return {"recipient": {"id": mark.to.address}, "sender_action": "typing_on" if mark.typing else "mark_seen"}


def receipt(status: int, body: bytes) -> Receipt:
    """The receipt in an answer.

    Raises:
        Retry, InDoubt, Permanent, AuthNeeded: it is none; see ``faults``.
    """
    if status != 200:
        raise fault(status, body)
    try:
        mid = json.loads(body)["message_id"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InDoubt("Instagram took the message and named no id for it", code="no-id") from error
    if not isinstance(mid, str) or not mid:
        raise InDoubt("Instagram took the message and named no id for it", code="no-id")
    return Receipt(mid, detail="accepted")


def subscription(status: int, body: bytes) -> list[Finding]:
    """What the list of subscribed apps says: an account without one gets no webhooks.

    Meta unsubscribes an app whose webhook fails for an hour, and only subscribing by hand brings it back.
    """
    if status != 200:
        problem = fault(status, body)
        return [Finding("account", Severity.REFUSE, str(problem), "make a new token and put it into the settings")]
    try:
        apps = json.loads(body)["data"]
    except (ValueError, TypeError, KeyError, RecursionError):
        apps = None
    if isinstance(apps, list) and apps:
        return []
    message = "no app is subscribed to this account, so no message of a customer arrives"
    return [Finding("not-subscribed", Severity.REFUSE, message, "POST /{id}/subscribed_apps with the field messages")]


def _content(message: Outgoing) -> Mapping[str, Any]:
    files = message.attachments
    if files and message.text:
        raise Permanent("Instagram carries text or files in a message, not both", code="shape")
    if not files:
        if not message.text:
            raise Permanent("there is nothing in the message", code="shape")
        return {"text": message.text}
    built = [_attachment(a) for a in files]
    # The two pages disagree on how a single image is written; an object is what both send pages show for other files.
    if len(built) == 1:
        return {"attachment": built[0]}
    if any(each["type"] != "image" for each in built):
        raise Permanent("only pictures can share an Instagram message", code="shape")
    return {"attachments": built}


def sort_of(attachment: Attachment) -> str:
    """Meta's word for the sort of a file.

    Raises:
        Permanent: Instagram carries none like it.
    """
    kind = _TYPES.get(attachment.media.kind)
    if kind is None:
        raise Permanent(f"Instagram carries no {attachment.media.type} files", code="type")
    return kind


def _attachment(attachment: Attachment) -> dict[str, Any]:
    kind = sort_of(attachment)
    # The upload page sends an id as MEDIA_SHARE, the send page under the sort that was uploaded: the newer one holds.
    if attachment.uploaded:
        return {"type": kind, "payload": {"attachment_id": attachment.uploaded}}
    if not attachment.url:
        raise Permanent("Instagram fetches files from a public address: set public_url", code="no-url")
    return {"type": kind, "payload": {"url": attachment.url}}
