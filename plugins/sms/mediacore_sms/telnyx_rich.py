"""Messages that come through Telnyx as an object in place of a text: RCS, and WhatsApp's words. Pure.

Sources: https://developers.telnyx.com/docs/messaging/messages/receiving-rcs-webhooks and the type
``MessagingInboundMessagePayload`` of https://pypi.org/project/telnyx/ (4.189.0, 2026-11-26). RCS keeps its files at
Google's storage, which is no host of Telnyx's: a site that takes them names it in ``media_hosts``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mediacore import Remote
from mediacore_sms.json_fields import table, text


def words(body: Mapping[str, Any]) -> str:
    """What somebody wrote or pressed, and where they are."""
    pressed, place = table(body.get("suggestion_response")), table(body.get("location"))
    said = text(body.get("text")) or text(table(body.get("text")).get("body"))
    said = said or text(pressed.get("text")) or text(pressed.get("postback_data"))
    at = [str(place[name]) for name in ("latitude", "longitude") if isinstance(place.get(name), (int, float))]
    return "\n".join(filter(None, (said, ", ".join(at) if len(at) == 2 else "")))


def remotes(body: Mapping[str, Any]) -> tuple[Remote, ...]:
    """The file that somebody sent; its thumbnail is left out, since previews are made here."""
    file = table(table(body.get("user_file")).get("payload"))
    if not (url := text(file.get("file_uri"))):
        return ()
    size = file.get("file_size_bytes")
    size = size if type(size) is int and size > 0 else 0
    return (Remote(url, text(file.get("file_name")), text(file.get("mime_type")), size),)
