"""Telnyx's error codes: what each means for the next step, in words that an agent understands.

Sources: https://developers.telnyx.com/docs/messaging/messages/error-codes/index (titles, causes and actions) and
https://support.telnyx.com/en/articles/6505121-telnyx-messaging-error-codes (the same list with account errors).
A code that is not in the table follows the HTTP status.
"""

from __future__ import annotations

from mediacore import AuthNeeded, InDoubt, MediacoreError, Permanent, Retry
from mediacore_sms.faults import Faults

_LATER = "Telnyx or the carrier was too busy for it: it can be sent again"
_NUMBER = "This number cannot receive text messages: check it"
_FILTERED = "The message was taken for spam; change its wording or links before sending it again"
_SENDER = "The sender number cannot send this: an administrator must look at it in the Telnyx portal"
_ACCOUNT = "The Telnyx account may not send: an administrator must look at it in the Telnyx portal"
_KEY = "Telnyx refused the API key: enter the current one"
_EXPIRED = "It could not be delivered in time; send it again"
_LIMIT = "The carrier's limit for today is reached; send it again tomorrow"

TABLE: dict[str, tuple[type[MediacoreError], str]] = {
    "10001": (Permanent, _NUMBER),
    "10002": (Permanent, _NUMBER),
    "10003": (Permanent, "A file's address is not one that Telnyx can fetch; check public_url in the configuration"),
    "10004": (Permanent, "The message lacks something that Telnyx needs, such as the number or the text"),
    "10005": (Permanent, "Telnyx does not know this address; check api_url in the configuration"),
    "10006": (Permanent, "Telnyx does not know what the message refers to"),
    # "an unexpected error": whether the message was made is not said
    "10007": (InDoubt, "Telnyx failed and did not say whether it took the message; ask before sending again"),
    "10008": (InDoubt, "Telnyx gave up waiting and did not say whether it took the message; ask before sending again"),
    "10009": (AuthNeeded, _KEY),
    "10010": (AuthNeeded, "The Telnyx API key may not send messages: an administrator must give it that right"),
    "10011": (Retry, _LATER),
    "10015": (Permanent, "Telnyx could not read the message"),
    "10016": (Permanent, "The number must be written with its country, such as +14155550123"),
    "20002": (AuthNeeded, _KEY),
    "20006": (AuthNeeded, _KEY),
    **dict.fromkeys(("20012", "20013", "20014", "20015", "20016", "20017"), (AuthNeeded, _ACCOUNT)),
    "20100": (AuthNeeded, "The Telnyx account has no funds left: an administrator must top it up"),
    "40001": (Permanent, "This number is a landline or cannot be reached by text"),
    "40002": (Permanent, _FILTERED),
    "40003": (Permanent, "The carrier blocks the sender number for good: an administrator must choose another"),
    "40004": (Permanent, "The customer's carrier refused it and gave no reason; try once more later"),
    "40005": (Permanent, _EXPIRED),
    "40006": (Permanent, "The customer's carrier could not be reached; send it again later"),
    "40008": (Permanent, "The customer's carrier did not take it; check the number"),
    "40009": (Permanent, "The carrier refused the text; shorten it or take out unusual characters"),
    "40010": (AuthNeeded, "The number is not registered for business messages (10DLC): an administrator must do that"),
    "40011": (Retry, "The carrier's rate limit is reached; send it again later"),
    "40012": (Permanent, _NUMBER),
    "40013": (Permanent, _SENDER),
    "40014": (Permanent, _EXPIRED),
    "40015": (Permanent, _FILTERED),
    "40016": (Retry, _LIMIT),
    "40017": (Permanent, _FILTERED),
    "40018": (Retry, "The carrier's rate limit is reached; send it again later"),
    "40100": (Permanent, _SENDER),
    "40150": (Permanent, _SENDER),
    "40151": (Permanent, _SENDER),
    "40300": (Permanent, "The customer opted out with STOP and must write START first"),
    "40301": (Permanent, "This number takes no message of this kind: send a text with a link instead"),
    "40302": (Permanent, "The text is too long for one message: shorten it"),
    "40304": (Permanent, "Telnyx does not take this combination of text and files"),
    "40305": (Permanent, _SENDER),
    "40306": (Permanent, _SENDER),
    "40308": (Permanent, "The sender number cannot send files: send a text with a link instead"),
    "40309": (Permanent, "Messages to this country are not enabled: an administrator must do that in the portal"),
    "40310": (Permanent, _NUMBER),
    "40311": (AuthNeeded, _ACCOUNT),
    "40312": (AuthNeeded, "The messaging profile is disabled: an administrator must enable it in the Telnyx portal"),
    "40313": (AuthNeeded, _ACCOUNT),
    "40314": (AuthNeeded, _ACCOUNT),
    "40315": (Permanent, "Too much from the sender number is taken for spam: an administrator must look at it"),
    "40316": (Permanent, "There is neither a text nor a file to send"),
    "40317": (
        Permanent,
        "Telnyx could not use the files: ten at most, under 1 MB, at a public_url it can reach",
    ),
    "40318": (Retry, "The sender's queue is full: it can be sent again a little later"),
    "40319": (Permanent, "This number takes no message of this kind: send a text with a link instead"),
    "40320": (Retry, "The sender number is not ready yet: it can be sent again later"),
    "40321": (Permanent, _SENDER),
    "40322": (Permanent, _FILTERED),
    "40328": (Permanent, "The text is too long for one message: shorten it"),
    "40329": (AuthNeeded, "The toll-free number is not verified yet: an administrator must finish its verification"),
}

FAULTS = Faults("Telnyx", TABLE, frozenset({429}))
