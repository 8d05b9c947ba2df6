"""Twilio's error codes: what each means for the next step, in words that an agent understands.

Titles and meanings: https://www.twilio.com/docs/api/errors and the page of each code below it. Twilio says that the
message of a code may change, so only the code is read. A code that is not in the table follows the HTTP status.
"""

from __future__ import annotations

from mediacore import AuthNeeded, InDoubt, MediacoreError, Permanent, Retry
from mediacore_sms.faults import Faults

_LATER = "Twilio or the carrier was too busy for it: it can be sent again"
_UNREACHABLE = "The phone cannot be reached just now: it may be off, roaming or without MMS. Try again in a few hours"
_NUMBER = "This number cannot receive text messages"
_FETCH = "Twilio could not fetch the file from this server; check that public_url is reachable from the internet"
_TOO_LARGE = "The files are too large for MMS: send fewer or smaller ones"
_FILTERED = "The carrier filtered this message; change its wording or links before sending it again"
_ACCOUNT = "The Twilio account or number may not send: an administrator must look at it in the Twilio console"
_ADMIN = "this must be changed in the Twilio console by an administrator"

TABLE: dict[str, tuple[type[MediacoreError], str]] = {
    "11200": (Permanent, _FETCH),
    "11205": (Permanent, _FETCH),
    "11751": (Permanent, _TOO_LARGE),
    "12300": (Permanent, "MMS does not take this type of file, or its content is not what its type says"),
    "12400": (Retry, _LATER),
    "20003": (AuthNeeded, "Twilio refused the account's credentials: enter the current auth token or API key"),
    # "never processed and always safe to retry": https://www.twilio.com/docs/errors/20429
    "20429": (Retry, _LATER),
    "20503": (Retry, _LATER),
    "21211": (Permanent, _NUMBER),
    "21408": (Permanent, f"Messages to this country are not enabled: {_ADMIN}"),
    "21606": (Permanent, f"The sender number cannot send to this number: {_ADMIN}"),
    "21610": (Permanent, "The customer opted out with STOP and must write START first"),
    "21611": (Retry, "The sender's queue is full: it can be sent again a little later"),
    "21612": (Permanent, f"This sender cannot reach this number: {_ADMIN}"),
    "21614": (Permanent, _NUMBER),
    "21617": (Permanent, "The text is too long for one message: shorten it"),
    "21619": (Permanent, "There is neither a text nor a file to send"),
    "21620": (Permanent, "The file's address is not one that Twilio can fetch; check public_url in the configuration"),
    "21623": (Permanent, "There are more files than one message takes"),
    "21658": (Permanent, "The text or an address in the message is too long: shorten it"),
    "30001": (Retry, _LATER),
    "30002": (AuthNeeded, _ACCOUNT),
    "30003": (Permanent, _UNREACHABLE),
    "30004": (Permanent, "The message is blocked: the customer or the carrier does not take messages from this number"),
    "30005": (Permanent, "This number is unknown or no longer in use"),
    "30006": (Permanent, "This number is a landline or cannot be reached by this carrier"),
    "30007": (Permanent, _FILTERED),
    "30008": (Permanent, "The carrier did not deliver it and gave no reason; try once more, perhaps without the files"),
    "30010": (Permanent, "The message costs more than the price limit that was set"),
    "30011": (Permanent, "This number or its region takes no MMS: send a text with a link instead"),
    "30019": (Permanent, "The message is too large for the customer's carrier: send fewer or smaller files"),
    "30020": (Retry, _LATER),
    "30021": (Retry, _LATER),
    "30022": (Retry, "The carrier's rate limit is reached; send it again later"),
    "30027": (Retry, "The carrier's limit for today is reached; send it again tomorrow"),
    "30032": (AuthNeeded, "The toll-free number is not verified yet: an administrator must finish its verification"),
    "30034": (AuthNeeded, "The number is not registered for business messages (10DLC): an administrator must do that"),
    "30036": (Retry, "It could not be sent in time; send it again"),
    "30037": (AuthNeeded, _ACCOUNT),
    # "may have been delivered": never repeat it blindly
    "30410": (InDoubt, "The carrier gave no answer in time; it may have been delivered, ask before sending again"),
    "30450": (Permanent, _FILTERED),
    "63001": (AuthNeeded, "The messaging channel refused the credentials: an administrator must reconnect it"),
    "63003": (Permanent, "The customer's address is not valid on this channel"),
    "63005": (Permanent, "The channel refused the content of this message"),
    "63006": (Permanent, "The channel cannot take content of this format"),
    "63007": (Permanent, f"The sender is not set up on this channel: {_ADMIN}"),
    "63009": (Retry, _LATER),
    "63011": (Permanent, "The channel refused the request"),
    "63016": (Permanent, "The customer has not written for too long: this channel only takes a template now"),
    "63018": (Retry, "The channel's rate limit is reached: it can be sent again a little later"),
    "63019": (Permanent, _FETCH),
    "63021": (Permanent, "The channel does not take this content"),
    "63023": (Permanent, "The channel failed and gave no reason"),
    "63024": (Permanent, "The customer's address is not valid on this channel"),
    "63032": (Permanent, "The channel does not deliver this message to this customer"),
    "63034": (Permanent, _TOO_LARGE),
    "63038": (Retry, "The account's limit for today is reached; send it again tomorrow"),
    "63049": (Permanent, "The channel chose not to deliver this message"),
    "63051": (Permanent, "The sender or the customer is locked on this channel"),
}


# 503: https://www.twilio.com/docs/api/errors/20503 asks to try again
FAULTS = Faults("Twilio", TABLE, frozenset({429, 503}))
words, failure = FAULTS.words, FAULTS.failure
