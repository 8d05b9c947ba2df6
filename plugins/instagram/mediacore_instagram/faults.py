"""Meta's error codes, as what to do next and as words for an agent.

Codes and meanings: https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
(as of 2026-06-25; code 1200 from an older copy of it).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from mediacore import AuthNeeded, InDoubt, MediacoreError, Permanent, Retry

Key: TypeAlias = tuple[int | None, int | None]
"""Code and subcode; None stands for any."""

WINDOW: Final = ("10-2534022", "10-2018278")
"""Codes of the closed 24-hour window, as our errors carry them."""

_CLOSED = "the customer wrote more than 24 hours ago, so Instagram takes no more answers until they write again"
_BUSY = "Instagram limits how much this account may send; it goes out a little later"
_AWAY = "this person cannot receive messages at the moment: they blocked the account, left, or have not accepted it"
_NOBODY = "Instagram knows no such person in this account's conversations"
_THREAD = "another app of this account holds the conversation: take control of it, or answer in the Instagram app"
_RECONNECT = "Instagram no longer accepts the account's access: reconnect it"

TABLE: Final[Mapping[Key, tuple[type[MediacoreError], str]]] = {
    (1, 1357046): (InDoubt, "Instagram broke off and may have sent the message all the same"),
    (1200, None): (Retry, "Instagram could not send it just now"),
    (2, None): (Retry, "Instagram could not send it just now; if this goes on, the customer may have blocked you"),
    (4, None): (Retry, _BUSY),
    (613, None): (Retry, _BUSY),
    (613, 2534040): (Retry, _BUSY),
    (613, 2018338): (Permanent, "Instagram finds this account's messages bothersome and stopped them: send less"),
    (10, 2534022): (Permanent, _CLOSED),
    (10, 2018278): (Permanent, _CLOSED),
    (10, 2018108): (Permanent, _AWAY),
    (551, None): (Permanent, _AWAY),
    (200, 1545041): (Permanent, _AWAY),
    (10, 2534077): (AuthNeeded, _RECONNECT),
    (100, 2534013): (AuthNeeded, _RECONNECT),
    (200, 2534041): (AuthNeeded, _RECONNECT),
    (190, None): (AuthNeeded, _RECONNECT),
    (100, 2018001): (Permanent, _NOBODY),
    (100, 2534014): (Permanent, _NOBODY),
    (100, 2018008): (Retry, "Instagram could not fetch the file from our address"),
    (100, 2018047): (Permanent, "Instagram did not take the file: its content is not what its type says"),
    (100, 2018109): (Permanent, "the file is too large: pictures may have 8 MB, other files 25 MB"),
    (100, 2018294): (Retry, "Instagram did not get the video within 75 seconds, or it is damaged"),
    (100, 2018074): (Permanent, "the stored attachment is not this account's: send the file again"),
    (100, 2534015): (Permanent, "Instagram does not understand the message"),
    (100, 2534029): (AuthNeeded, "Instagram has blocked this business from sending: see the account's status at Meta"),
    (100, 2534037): (Permanent, _THREAD),
    (None, 2018300): (Permanent, _THREAD),
    (9000001, None): (Permanent, "the message was deleted in the meantime"),
}


def fault(status: int, body: bytes) -> MediacoreError:
    """The error behind an answer that is not a success.

    Args:
        status: the HTTP status.
        body: what came with it.

    Returns:
        An error of the group that fits; an unknown 5xx is ``InDoubt``, since no idempotency key makes a resend safe.
    """
    error = _error(body)
    code, sub = _number(error.get("code")), _number(error.get("error_subcode"))
    for key in ((code, sub), (None, sub), (code, None)):
        if key != (None, None) and key in TABLE:
            kind, words = TABLE[key]
            return kind(words, code=_label(code, sub))
    said = str(error.get("message") or "").strip()[:300]
    label = _label(code, sub) or str(status)
    if status == 429:
        return Retry(_BUSY, code=label)
    if status >= 500 or status < 400:
        return InDoubt(said or f"Instagram answered {status}, and may have sent the message", code=label)
    if status == 401:
        return AuthNeeded(said or _RECONNECT, code=label)
    return Permanent(f"Instagram refused it: {said}" if said else f"Instagram answered {status}", code=label)


def _error(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _label(code: int | None, sub: int | None) -> str:
    return "-".join(str(n) for n in (code, sub) if n is not None)
