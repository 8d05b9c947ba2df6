"""What is said to Twilio's REST API and what its answers mean. Pure.

Source: https://www.twilio.com/docs/messaging/api/message-resource
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from mediacore import InDoubt, MediacoreError, Outgoing, Permanent, Receipt, Status
from mediacore_sms.errors import failure
from mediacore_sms.marks import marked
from mediacore_sms.wire_in import STATUS

EMPTY_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
RETRIES = "rc=5&rp=all"
"""Status callbacks are tried once unless the address asks for more in its fragment, which is neither sent nor signed:
https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides"""

SLACK = timedelta(seconds=5)
"""How far this machine's clock and Twilio's may differ when a lost answer is looked for."""


def callback(public_url: str, key: str) -> str:
    """Where the statuses of one message go: the webhook with our key, which Twilio's signature then covers."""
    address, _, fragment = public_url.partition("#")
    return f"{marked(address, key)}#{fragment or RETRIES}"


def form(message: Outgoing, sender: str, public_url: str) -> dict[str, str | list[str]]:
    """The form that creates one message.

    Raises:
        Permanent: there is nothing to send, or a file has no address for Twilio to fetch it from.
    """
    urls = [attachment.url for attachment in message.attachments]
    if not all(urls):
        raise Permanent(
            "Twilio fetches files from this server, which has no public address: set public_url in the configuration",
            code="no-url",
        )
    if not (urls or message.text.strip()):
        raise Permanent("there is neither a text nor a file to send", code="empty")
    fields: dict[str, str | list[str]] = {
        "To": message.to.address,
        "MessagingServiceSid" if sender.startswith("MG") else "From": sender,
        "StatusCallback": callback(public_url, message.key),
    }
    if message.text.strip():
        fields["Body"] = message.text
    if urls:
        fields["MediaUrl"] = urls
    return fields


def receipt(status: int, headers: Mapping[str, str], body: bytes) -> Receipt:
    """What Twilio's answer to a new message says.

    Args:
        status, headers, body: of the HTTP answer.

    Raises:
        MediacoreError: by group; ``InDoubt`` for a success that names no message.
    """
    answer = _read(body)
    if 200 <= status < 300:
        found = _receipt(answer)
        if found is None:
            raise InDoubt("Twilio took the request and its answer names no message", code=str(status))
        if found.status is Status.FAILED:
            raise failure(400, str(answer.get("error_code") or ""), str(answer.get("error_message") or ""), None)
        return found
    raise refusal(status, headers, body)


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> MediacoreError:
    """The error for an answer that is not a success; arguments as for ``receipt``."""
    answer = _read(body)
    code, told = str(answer.get("code") or ""), str(answer.get("message") or "")
    return failure(status, code, told, _seconds(headers.get("retry-after", "")))


def find(body: bytes, message: Outgoing, tried: datetime, others: Collection[str]) -> Receipt | None:
    """The one message of a listing that must be ours.

    Twilio keeps no key of ours, so only a message to the same number with the same words, as many files, and made since
    the first try is evidence; and only when there is exactly one.

    Args:
        body: the listing.
        message: what was to be sent.
        tried: when it was first handed over.
        others: ids known as other messages'.
    """
    answer = _read(body)
    listed = answer.get("messages")
    if not isinstance(listed, list) or answer.get("next_page_uri"):
        return None
    ours = [(entry, made) for entry in listed if (made := _made(entry, message)) and made >= tried - SLACK]
    free = [(entry, made) for entry, made in ours if entry.get("sid") not in others]
    if len(free) != 1:
        return None
    entry, made = free[0]
    # Other files may have the same words or none: what seems older than the first try may be the message before.
    early = made < tried.replace(microsecond=0)
    return None if message.attachments and early else _receipt(entry)


def _made(entry: Any, message: Outgoing) -> datetime | None:  # noqa: ANN401 - one item of foreign JSON
    """When a listed message was made; None when it cannot be ours."""
    if not isinstance(entry, dict) or not str(entry.get("direction", "")).startswith("outbound"):
        return None
    told = str(entry.get("body") or "").strip(), str(entry.get("num_media") or "0"), entry.get("to")
    if told != (message.text.strip(), str(len(message.attachments)), message.to.address):
        return None
    try:
        made = parsedate_to_datetime(str(entry.get("date_created")))
    except ValueError:
        return None
    return made if made.tzinfo else None


def _receipt(answer: Mapping[str, Any]) -> Receipt | None:
    sid, word = answer.get("sid"), str(answer.get("status") or "")
    if not isinstance(sid, str) or not sid:
        return None
    return Receipt(sid, STATUS.get(word, Status.QUEUED), word)


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None
