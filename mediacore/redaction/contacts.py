"""E-mail addresses and phone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mediacore.redaction.hits import Hit

_LOCAL = r"[^\W_](?:[\w.!#$%&'*+/=?^`{|}~-]{0,62}[\w+-])?"
_DOMAIN = r"[^\W_](?:[\w-]{0,61}[^\W_])?(?:\s?\.\s?[^\W_](?:[\w-]{0,61}[^\W_])?){0,8}"
_EMAIL = re.compile(rf"(?<![\w.+-])({_LOCAL})(\s?[@\uff20]\s?|\s?[(\[]\s?(?:at|AT|ät)\s?[)\]]\s?)({_DOMAIN})")
_TOP = re.compile(r"\.\s?(?:[^\W\d_]{2,24}|xn--[a-zA-Z0-9-]{2,59})$")
_TIGHT_DOMAIN = re.compile(r"[^\s]+")
_PHONE_RUN = re.compile(r"[+(\uff0b]{0,2}\d(?:[\s().\-/\u00a0\u2010-\u2015\u2212]{0,3}\d){5,19}")
_LOOSE_PLUS = re.compile(r"[+\uff0b][\s(]{0,2}\d(?:[\s().\-/\u00a0]{0,3}\d){6,14}(?!\d)")
_DATE = re.compile(r"(?:19|20)\d\d-[01]\d-[0-3]\d(?!\d)")
SHORTEST_PHONE = 7


def emails(text: str) -> list[Hit]:
    """Every e-mail address, also with blanks around the sign, with ``(at)``, and cut off before its last part.

    A blank inside the domain is taken along only where what follows makes a complete address.
    """
    found: list[Hit] = []
    for match in _EMAIL.finditer(text):
        domain = match.group(3)
        tight = _TIGHT_DOMAIN.match(domain)
        short = tight.group() if tight else domain
        if _TOP.search(short):
            end, score = match.start(3) + len(short), 0.99
        elif _TOP.search(domain):
            end, score = match.end(3), 0.8
        else:
            end, score = match.start(3) + len(short), 0.5
        plain = match.group(2) in {"@", "\uff20"}
        if plain or score > 0.5:
            found.append(Hit(match.start(), end, "email", score if plain else min(score, 0.8)))
    return found


def phones(text: str, region: str = "US") -> list[Hit]:
    """Every phone number that is valid in the region or international, and what is written like an international one.

    Args:
        text: any text.
        region: ISO 3166 code of the country whose national notation is understood.
    """
    found = [*_valid(text, region)]
    for match in _LOOSE_PLUS.finditer(text):
        if not any(hit.start < match.end() and match.start() < hit.end for hit in found):
            found.append(Hit(match.start(), match.end(), "phone", 0.6))
    return sorted(found, key=lambda hit: hit.start)


def _valid(text: str, region: str) -> Iterator[Hit]:
    runs = [m for m in _PHONE_RUN.finditer(text) if sum(c.isdigit() for c in m.group()) >= SHORTEST_PHONE]
    if not runs:
        return
    from phonenumbers import Leniency, PhoneNumberMatcher

    for run in runs:
        start, end = max(0, run.start() - 2), min(len(text), run.end() + 12)  # an extension may follow
        for match in PhoneNumberMatcher(text[start:end], region, leniency=Leniency.VALID):
            if not _DATE.match(match.raw_string):
                yield Hit(start + match.start, start + match.end, "phone", 0.9)
