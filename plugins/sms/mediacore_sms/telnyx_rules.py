"""What Telnyx and the carriers behind it refuse, as its simulator enforces it. Pure.

These numbers stand here a second time on purpose: read from the sources and not from ``limits.toml``, so that a slip in
one of the two shows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mediacore.testkit import ReceivedFile
from mediacore_sms.simulator_rules import agrees, bare, mms_size

# "up to 10 media URLs": https://developers.telnyx.com/docs/messaging/messages/mms-transcoding/index
MAX_MEDIA = 10
# "The total media size must be less than 1 MB": https://developers.telnyx.com/api-reference/messages
MAX_TOTAL = 1_000_000
# the lowest carrier: https://developers.telnyx.com/docs/messaging/messages/mms-transcoding/index
CARRIER = {"telnyx": 600_000, "telnyx_long_code": 1_000_000}
# the table of supported media types of the same page, as MIME types
ACCEPTED = {
    *(f"image/{name}" for name in ("jpeg", "png", "gif", "bmp", "tiff", "webp")),
    *(f"video/{name}" for name in ("mp4", "3gpp", "quicktime")),
    *(f"audio/{name}" for name in ("mpeg", "wav", "vnd.wave", "amr", "amr-nb", "ogg")),
    *("application/pdf", "text/vcard", "text/x-vcard", "text/calendar"),
}
# https://developers.telnyx.com/docs/messaging/messages/message-encoding/index
MAX_PARTS = 10
_GSM = re.compile(r"[0-9A-Za-z\n\r !\"#$%&'()*+,\-./:;<=>?@\[\\\]^_{}|~£¥èéùìòØøÅå§¿ßÉ¡ÄÖÑÜäöñüà]*")
_TWICE = re.compile(r"[~^|\\{}\[\]]")


def parts(text: str) -> int:
    """Into how many parts a text without files is divided."""
    if _GSM.fullmatch(text):
        length, one, each = len(text) + len(_TWICE.findall(text)), 160, 153
    else:
        length, one, each = len(text.encode("utf-16-le", "surrogatepass")) // 2, 70, 67
    return 1 if length <= one else -(-length // each)


def refusal(told: dict[str, Any], sender: str, troubles: dict[str, str]) -> tuple[str, str]:
    """The code and title with which the API refuses a message at once; empty when it is taken.

    Titles: https://support.telnyx.com/en/articles/6505121-telnyx-messaging-error-codes

    Args:
        told: the request's JSON.
        sender: the account's number.
        troubles: numbers and the code that each message to them meets.
    """
    to, text, urls = str(told.get("to") or ""), str(told.get("text") or ""), told.get("media_urls") or []
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", to):
        return "40310", "Invalid 'to' address"
    if told.get("from") != sender:
        return "40305", "Invalid 'from' address"
    if troubles.get(to) == "40300":
        return "40300", "Blocked due to STOP message"
    if not (text or urls):
        return "40316", "No content provided for message"
    if len(urls) > MAX_MEDIA:
        return "40317", "Invalid MMS content"
    if any(not str(url).startswith(("http://", "https://")) or len(str(url)) > 2000 for url in urls):
        return "10003", "Invalid URL"
    if not urls and parts(text) > MAX_PARTS:
        return "40302", "Message too large"
    return "", ""


def objection(text: str, files: Sequence[ReceivedFile], profile: str) -> str:
    """The error code with which a message fails after it was taken; empty when it goes through.

    Args:
        text: the body.
        files: what was fetched, with the types it was served with.
        profile: which carrier limit holds.
    """
    # the pages name no code of their own for a type that is not supported
    if any(bare(file.type) not in ACCEPTED or not agrees(file.type, file.data) for file in files):
        return "40317"
    if sum(len(file.data) for file in files) >= MAX_TOTAL:
        return "40317"
    # pictures are made smaller only where the messaging profile says so; here it does not
    return "40302" if files and mms_size(text, files) > CARRIER[profile] else ""
