"""What mail servers answer, and what to do next: one table, asked by ``refusal`` and for bounces by ``words``.

The enhanced code (RFC 3463) goes before the three digits, because 552 says "too large" as well as "mailbox full"; its
first digit decides where nothing else does. Sources: https://www.rfc-editor.org/rfc/rfc3463 for the enhanced codes,
https://www.rfc-editor.org/rfc/rfc5321#section-4.2 for the digits, https://www.rfc-editor.org/rfc/rfc4954#section-6 for
signing in, https://support.google.com/a/answer/3726730 for Gmail's own replies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import frozen

from mediacore import AuthNeeded, MediacoreError, Permanent, Retry
from mediacore_email.headers import one_line

GOOGLE = "https://support.google.com/a/answer/3726730"
RFC3463 = "https://www.rfc-editor.org/rfc/rfc3463"
RFC4954 = "https://www.rfc-editor.org/rfc/rfc4954#section-6"
RFC6531 = "https://www.rfc-editor.org/rfc/rfc6531#section-3.5"
RFC5321 = "https://www.rfc-editor.org/rfc/rfc5321#section-4.2"
EXCHANGE = "https://github.com/svetlyobg/PowerShell-Gallery"
MINUTE, HOUR = 60.0, 3600.0

_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


@frozen
class Rule:
    """One row of the table.

    Args:
        match: a pattern over ``digits enhanced``, such as ``552 5.3.4``.
        said: a pattern over the server's words; empty for any.
        group: what to raise.
        words: for the agent.
        source: where it is written.
        after: seconds to wait at least, for ``Retry``.
    """

    match: str
    group: type[MediacoreError]
    words: str
    source: str
    said: str = ""
    after: float | None = None


_TOO_LARGE = "the mail is too large for the customer's mail server: send fewer or smaller files, or a link"
_BLOCKED = "the customer's mail server refuses this type of file: send a link to it instead"
_FULL = "the customer's mailbox is full; it is tried again later"
_SIGN_IN = "the mail server does not accept this inbox's user name and password: an admin must sign in again"

TABLE: Sequence[Rule] = (
    Rule(r"454 4\.7\.0", Retry, "the mail server cannot check the password at the moment", RFC4954, after=5 * MINUTE),
    Rule(r"(530|534|535|538) ", AuthNeeded, _SIGN_IN, RFC4954),
    Rule(r"(552|550|554) 5\.7\.0", Permanent, _BLOCKED, GOOGLE, said=r"attachment|security issue|blocked"),
    Rule(r"... 5\.3\.4$", Permanent, _TOO_LARGE, RFC3463),
    Rule(r"552 5\.2\.3$", Permanent, _TOO_LARGE, GOOGLE),
    Rule(r"... 5\.2\.(3|12)$", Permanent, _TOO_LARGE, EXCHANGE),
    Rule(r"523 ", Permanent, _TOO_LARGE, GOOGLE),
    Rule(r"552 $", Permanent, _TOO_LARGE, RFC5321, said=r"^(?!.*(quota|mailbox is full))"),
    Rule(r"... [45]\.2\.2$", Retry, _FULL, RFC3463, after=4 * HOUR),
    Rule(r"552 $", Retry, _FULL, RFC5321, after=4 * HOUR),
    Rule(r"... 4\.3\.1$", Retry, "the mail server has no room at the moment", RFC3463, after=HOUR),
    Rule(r"... 4\.2\.1$", Retry, "the customer's mailbox takes no more mail at the moment", GOOGLE, after=10 * MINUTE),
    Rule(r"... 4\.5\.3$", Retry, "too many recipients at once", RFC3463, after=MINUTE),
    Rule(r"... 4\.7\.\d+$", Retry, "the mail server asks us to slow down", GOOGLE, after=15 * MINUTE),
    Rule(r"... 4\.[34]\.\d+$", Retry, "the mail server has a passing fault", RFC3463, after=5 * MINUTE),
    Rule(r"421 ", Retry, "the mail server is closing its connections for now", RFC5321, after=5 * MINUTE),
    Rule(r"4.. ?(4\.\d+\.\d+)?$", Retry, "the mail server cannot take it at the moment", RFC5321, after=5 * MINUTE),
    Rule(r"... 5\.1\.\d+$", Permanent, "there is no such address: check it with the customer", RFC3463),
    Rule(r"... 5\.6\.7$", Permanent, "the address has letters that the mail server cannot carry", RFC6531),
    Rule(r"553 ", Permanent, "the mail server does not take this address: check it", RFC5321),
    Rule(r"... 5\.2\.1$", Permanent, "the customer's mailbox is switched off", RFC3463),
    Rule(r"... 5\.7\.\d+$", Permanent, "the mail server's policy refuses it; ask an admin to look at why", RFC3463),
    Rule(r"... 5\.6\.\d+$", Permanent, "the mail server cannot read the mail: please report this fault", RFC3463),
    Rule(
        r"(555|50[0-4]) (5\.5\.\d+)?$", Permanent, "the mail server did not understand us: please report this", RFC5321
    ),
    Rule(r"5.. ?(5\.\d+\.\d+)?$", Permanent, "the mail server refuses it for good", RFC5321),
)
"""Asked from the top; the first row that matches decides."""


def enhanced(text: str) -> str:
    """The enhanced status code at the beginning of a reply, or empty."""
    found = _ENHANCED.match(text.lstrip("-# \t"))
    return found[1] if found else ""


def find(digits: int, code: str, said: str) -> Rule | None:
    """The row for a reply; None for one that is no refusal.

    Args:
        digits: the three digits; 0 when only an enhanced code is known.
        code: the enhanced code; may be empty.
        said: the server's words.
    """
    basic = f"{digits:03d}" if digits else f"{code[0] if code[:1] in ('2', '4') else '5'}50"
    place = f"{basic} {code}"
    for rule in TABLE:
        if re.match(rule.match, place) and (not rule.said or re.search(rule.said, said, re.IGNORECASE)):
            return rule
    return None


def refusal(digits: int, reply: str | bytes) -> MediacoreError:
    """The error to raise for a server's reply.

    Args:
        digits: the reply's three digits.
        reply: its text.
    """
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    said = " ".join(text.split())[:300]
    code = enhanced(said)
    rule = find(digits, code, said)
    if rule is None or (code and code[0] == "4" and digits >= 500 and rule.group is Permanent):
        # a reply out of order, or "5xx 4.x.y": the class of the enhanced code decides
        return Retry(f"the mail server answered {digits} {said}", code=code or str(digits), after=5 * MINUTE)
    told = f"{rule.words} (it said: {digits} {said})"
    if rule.group is Retry:
        return Retry(told, code=code or str(digits), after=rule.after)
    return rule.group(told, code=code or str(digits))


def words(code: str, said: str) -> str:
    """Words for the agent when a mail came back with this enhanced code and these words."""
    text = " ".join(one_line(said).split())[:300]
    digits = int(text[:3]) if re.match(r"[245]\d\d\b", text) else 0
    rule = find(digits, code if _ENHANCED.fullmatch(code) else "", text[4:] if digits else text)
    told = rule.words.partition("; it is tried again")[0] if rule else "the customer's mail server sent it back"
    return f"{told} (the server said: {text})" if text else told
