"""The forms and resources that the simulator sends, as Twilio shapes them. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

VERSION = "2010-04-01"


def sid(prefix: str) -> str:
    """A fresh SID: ``MM`` for a message with files, ``SM`` without, ``ME`` for a file."""
    return prefix + uuid.uuid4().hex


def inbound_form(
    account: str, sender: str, to: str, text: str, message: str, options: Mapping[str, Any]
) -> dict[str, str]:
    """An inbound message without its files: https://www.twilio.com/docs/messaging/guides/webhook-request.

    Args:
        account: the account's SID.
        sender, to: the customer's number and ours.
        text: the body.
        message: the message's SID.
        options: as ``TwilioSimulator.inbound`` takes them.
    """
    word = str(options.get("opt_out", ""))
    return {
        **dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), message),
        "AccountSid": account,
        "From": sender,
        "To": to,
        "Body": text,
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": VERSION,
        # there and empty more often than not
        **dict.fromkeys(("FromCity", "FromState", "FromZip"), ""),
        "FromCountry": "US",
        **({"OptOutType": word} if word else {}),
        **dict(options.get("extra", {})),
    }


def status_form(resource: Mapping[str, Any], word: str, code: str) -> dict[str, str]:
    """A status callback: https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks."""
    return {
        **dict.fromkeys(("MessageSid", "SmsSid"), str(resource["sid"])),
        **dict.fromkeys(("MessageStatus", "SmsStatus"), word),
        "AccountSid": str(resource["account_sid"]),
        "From": str(resource["from"]),
        "To": str(resource["to"]),
        "ApiVersion": VERSION,
        **({"ErrorCode": code} if code else {}),
    }


def resource_of(form: Mapping[str, Sequence[str]], account: str, sender: str) -> dict[str, Any]:
    """A new message as the API shows it: https://www.twilio.com/docs/messaging/api/message-resource.

    Args:
        form: the request's form.
        account: the account's SID.
        sender: the account's number.
    """
    urls, now = form.get("MediaUrl", ()), format_datetime(datetime.now(UTC))
    message = sid("MM" if urls else "SM")
    service = form.get("MessagingServiceSid", [""])[0]
    return {
        "sid": message,
        "account_sid": account,
        "messaging_service_sid": service or None,
        "api_version": VERSION,
        "body": form.get("Body", [""])[0],
        "from": sender,
        "to": form["To"][0],
        "direction": "outbound-api",
        "num_media": str(len(urls)),
        "num_segments": "1",
        # a messaging service first accepts and picks a sender later
        "status": "accepted" if service else "queued",
        "date_created": now,
        "date_sent": None,
        "error_code": None,
        "error_message": None,
        "uri": f"/{VERSION}/Accounts/{account}/Messages/{message}.json",
    }
