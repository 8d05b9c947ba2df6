"""Payment card numbers: 13 to 19 digits, a known issuer's first digits, and the Luhn check digit (ISO/IEC 7812-1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from mediacore.redaction.hits import AS_DIGIT, GAP, Hit
from mediacore.redaction.ibans import ibans

SHORTEST, LONGEST = 13, 19
MAX_MISREAD = 4  # letters taken for digits in one number; more is a word
DOTTED_GROUP = 4  # digits between dots; groups of three are an amount of money

ISSUERS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset(range(14, 20))),  # Diners Club
    ("3095", "3095", frozenset(range(14, 20))),
    ("36", "36", frozenset(range(14, 20))),
    ("38", "39", frozenset(range(14, 20))),
    ("3528", "3589", frozenset(range(16, 20))),  # JCB
    ("4", "4", frozenset({13, 16, 18, 19})),  # Visa
    ("51", "55", frozenset({16})),  # Mastercard
    ("2221", "2720", frozenset({16})),
    ("2200", "2205", frozenset(range(16, 20))),  # Mir
    ("50", "50", frozenset(range(13, 20))),  # Maestro and other debit cards
    ("56", "59", frozenset(range(13, 20))),
    ("60", "69", frozenset(range(13, 20))),  # Discover, Maestro, UnionPay, RuPay, InstaPayment
    ("81", "82", frozenset(range(16, 20))),  # UnionPay, RuPay
    ("9792", "9792", frozenset({16})),  # Troy
    ("1", "1", frozenset({15})),  # UATP
)
"""First digits from and to, and lengths: the issuer ranges that the card networks publish, 2026."""

_RUN = re.compile(rf"\d(?:{GAP}\d){{{SHORTEST - 1},}}")
_MISREAD = "".join(map(re.escape, AS_DIGIT))
_LOOSE_RUN = re.compile(rf"(?<![^\W_])[\d{_MISREAD}](?:{GAP}[\d{_MISREAD}]){{{SHORTEST - 1},}}(?![^\W_])")
_GROUP = re.compile(rf"[\d{_MISREAD}]+")


def cards(text: str) -> list[Hit]:
    """Every card number in the text, also in groups and with letters misread for digits.

    A run of digits is looked at in every way that begins and ends at the edge of a group, from each group the longest,
    so that a number before a card cannot take a part of it away. Digits after a ``+`` are a phone number, and those
    that lie wholly inside an IBAN belong to it.
    """
    accounts = [(hit.start, hit.end) for hit in ibans(text)]
    found: dict[tuple[int, int], Hit] = {}
    for pattern in (_RUN, _LOOSE_RUN):
        for run in pattern.finditer(text):
            for start, end in _numbers(text, run.start(), run.end()):
                if not any(first <= start and end <= last for first, last in accounts):
                    found.setdefault((start, end), Hit(start, end, "card", _score(text[start:end])))
    return sorted(found.values(), key=lambda hit: (hit.start, hit.end))


def is_card(digits: str) -> bool:
    """Whether these digits are a card number: length, issuer and check digit are right."""
    return (
        SHORTEST <= len(digits) <= LONGEST
        and any(low <= digits[: len(low)] <= high and len(digits) in lengths for low, high, lengths in ISSUERS)
        and luhn(digits)
        and len(set(digits)) > 1
    )


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _numbers(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The card numbers in a run; from every group's start the longest."""
    groups = [(m.start(), m.end()) for m in _GROUP.finditer(text, start, end)]
    for first, (window_start, _) in enumerate(groups):
        if _after_plus(text, window_start):
            continue
        for last in reversed(_reach(groups, first)):
            if _is_number(text, groups[first : last + 1]):
                yield window_start, groups[last][1]
                break


def _reach(groups: list[tuple[int, int]], first: int) -> list[int]:
    """The groups with which a number that begins at the first one can end, by its length."""
    length, ends = 0, []
    for last in range(first, len(groups)):
        length += groups[last][1] - groups[last][0]
        if length > LONGEST:
            break
        if length >= SHORTEST:
            ends.append(last)
    return ends


def _is_number(text: str, groups: list[tuple[int, int]]) -> bool:
    letters = "".join(text[start:end] for start, end in groups)
    if sum(not letter.isdigit() for letter in letters) > MAX_MISREAD:
        return False
    between = text[groups[0][0] : groups[-1][1]]
    if "." in between and any(end - start < DOTTED_GROUP for start, end in groups[:-1]):
        return False
    return is_card("".join(map(_digit, letters)))


def _digit(letter: str) -> str:
    value = unicodedata.digit(letter, -1)
    return str(value) if value >= 0 else AS_DIGIT[letter]


def _after_plus(text: str, start: int) -> bool:
    return text[max(0, start - 2) : start].strip().endswith("+")


def _score(number: str) -> float:
    if any(letter.isalpha() for letter in number):
        return 0.8
    groups = [len(group) for group in _GROUP.findall(number)]
    return 0.99 if groups in ([4, 4, 4, 4], [4, 6, 5], [4, 6, 4], [4, 4, 4, 4, 3]) else 0.9
