"""Meta's error codes, what each means for the way on, and the words for the agent.

Codes: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (2026-09-11);
those of templates as https://github.com/david-lev/pywa/blob/master/pywa/errors.py words them (4.5.0, 2026-11-26).
Only ``code`` decides, as that page asks; the HTTP status counts only where an answer bears no code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from mediacore import AuthNeeded, InDoubt, MediacoreError, Permanent, Retry
from mediacore_whatsapp.fields import code, table, words

GONE = "100/33"
"""The code of a media id that no longer exists."""
PAIR_PAUSE = 6.0
"""Seconds that one message to one customer takes of its quota (10 a minute, 600 an hour):
https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform#rate-limits"""
MAINTENANCE_PAUSE = 60.0
"""Seconds that a number is away while its throughput is raised; Meta says about a minute."""


@frozen
class Meaning:
    """What a code means.

    Args:
        group: what to do next.
        message: words for an agent.
        remedy: what a person can do; empty when nothing is needed.
        after: seconds to wait at least, for ``Retry``.
    """

    group: type[MediacoreError]
    message: str
    remedy: str = ""
    after: float | None = None


# The permissions: https://developers.facebook.com/documentation/business-messaging/whatsapp/permissions/ (2026-07-01)
_AUTH = Meaning(
    AuthNeeded,
    "The WhatsApp connection needs to be authorised again",
    "an admin makes a new token with the permissions whatsapp_business_messaging and whatsapp_business_management",
)
_TROUBLE = Meaning(Retry, "WhatsApp is having trouble")
_RATE = Meaning(Retry, "WhatsApp asks us to slow down")
_RESTRICTED = Meaning(Permanent, "WhatsApp restricts this account", "an admin looks into Meta's Business Manager")
_MARKETING = Meaning(
    Permanent,
    "WhatsApp did not deliver this to the customer, to keep marketing low",
    "do not send it again within 24 hours; use another channel",
)
_UNFIT = Meaning(
    Permanent,
    "The values or the file do not fit the template",
    "compare them with the template in WhatsApp Manager, gap by gap",
)
_SLEEPING = Meaning(Permanent, "WhatsApp has stopped this template", "take another one, or edit it in WhatsApp Manager")
_FAULTY = Meaning(Permanent, "WhatsApp refused the message as faulty", "report it with these details")

MEANINGS: Mapping[int, Meaning] = {
    **dict.fromkeys((0, 3, 10, 190, 131005), _AUTH),
    **dict.fromkeys((1, 2, 131000, 131016), _TROUBLE),
    **dict.fromkeys((4, 80007, 130429), _RATE),
    131056: Meaning(Retry, "Too many messages went to this customer at once", after=PAIR_PAUSE),
    131057: Meaning(Retry, "The WhatsApp number is being maintained", after=MAINTENANCE_PAUSE),
    **dict.fromkeys((368, 130497, 131031, 131048, 131064), _RESTRICTED),
    131026: Meaning(Permanent, "The customer cannot receive this on WhatsApp", "use another channel"),
    131047: Meaning(
        Permanent,
        "The customer last wrote more than 24 hours ago, so WhatsApp takes templates only",
        "wait until the customer writes, send a template, or use another channel",
    ),
    **dict.fromkeys((130472, 131049, 131050), _MARKETING),
    130403: Meaning(Permanent, "This customer is blocked on WhatsApp", "unblock them first"),
    131051: Meaning(Permanent, "WhatsApp does not forward this type of message", "ask for it in another form"),
    131052: Meaning(
        Permanent,
        "WhatsApp could not pass the file on (100 MB is the most)",
        "ask the customer for a smaller file or another way",
    ),
    131053: Meaning(
        Permanent,
        "WhatsApp could not use the file, so the customer has not got it",
        "send it again in another form (JPEG, PDF, MP4, MP3) or as a link",
    ),
    131060: Meaning(Permanent, "WhatsApp cannot show this message here", "the phone app has it, or ask for it again"),
    **dict.fromkeys((100, 131008, 131009), _FAULTY),
    **dict.fromkeys((132000, 132012), _UNFIT),
    132001: Meaning(
        Permanent,
        "WhatsApp has approved no template of this name in this language",
        "look for both in WhatsApp Manager",
    ),
    132005: Meaning(Permanent, "The template became too long with these values", "shorten the values"),
    132007: Meaning(Permanent, "The template breaks a rule of WhatsApp's", "an admin sees to it in WhatsApp Manager"),
    **dict.fromkeys((132015, 132016), _SLEEPING),
    131021: Meaning(Permanent, "The customer's number is the business's own", "correct the number"),
    131037: Meaning(
        Permanent, "The number's display name is not approved yet", "an admin sees to it in WhatsApp Manager"
    ),
    131042: Meaning(Permanent, "The WhatsApp account has a payment problem", "an admin sees to it in Business Manager"),
    131045: Meaning(Permanent, "The WhatsApp number is not registered", "an admin registers it in WhatsApp Manager"),
}
"""Every code that Meta documents and this channel can meet."""


def meaning(number: int) -> Meaning | None:
    """What a code means; None for one that is not known. 200 to 299 are permissions, all of them."""
    return _AUTH if 200 <= number <= 299 else MEANINGS.get(number)


def told(number: int, error: Mapping[str, Any]) -> str:
    """Words for the agent: ours for the code, the provider's details, and what to do.

    Args:
        number: the code.
        error: an ``error`` object of the API, or an ``errors[]`` entry of a webhook.
    """
    known = meaning(number)
    details = words(table(error.get("error_data")).get("details"))
    details = details or words(error.get("message")) or words(error.get("title"))
    ours = known.message if known else "WhatsApp reports an error"
    whole = f"{ours} ({details})" if details else ours
    return f"{whole}: {known.remedy}" if known and known.remedy else whole


def problem(status: int, content: bytes) -> MediacoreError:
    """The error that an answer of the API means.

    Args:
        status: its HTTP status.
        content: its body.

    Returns:
        The error to raise. An answer without Meta's code is in doubt from 500 on, since a gateway that gave up tells
        nothing about the API behind it.
    """
    try:
        error = table(table(json.loads(content)).get("error"))
    except (ValueError, RecursionError):
        error = {}
    if not words(error.get("code")).isdecimal():
        return _without_code(status)
    number = code(error["code"])
    known, message = meaning(number), told(number, error)
    if number == 100 and code(error.get("error_subcode")) == 33:
        return Permanent(f"WhatsApp no longer has this file ({words(error.get('message'))})", code=GONE)
    if known is None:
        transient = error.get("is_transient") is True
        known = Meaning(Retry if transient else InDoubt if status >= 500 else Permanent, message)
    if known.group is Retry:
        return Retry(message, code=str(number), after=known.after)
    return known.group(message, code=str(number))


def _without_code(status: int) -> MediacoreError:
    name = f"WhatsApp answered {status}"
    if status in (401, 403):
        return AuthNeeded(f"{name}: the connection needs to be authorised again", code=str(status))
    if status == 429:
        return Retry(f"{name}: too many calls", code=str(status))
    if status == 408 or status >= 500:
        return InDoubt(f"{name} and did not say what became of the message", code=str(status))
    return Permanent(f"{name}, which it should not", code=str(status))
