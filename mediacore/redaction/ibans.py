"""International bank account numbers (ISO 13616): country, check digits (mod 97) and the country's own structure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from mediacore.redaction.hits import AS_DIGIT, AS_LETTER, GAP, Hit

_START = re.compile(r"(?:(?<![^\W_])|(?<=IBAN)|(?<=iban))([A-Za-z]{2})(?=[\s\u00ad\u200b-\u200d-]{0,2}[0-9OoIlSBZ]{2})")
_NEXT = re.compile(rf"{GAP}([A-Za-z0-9|])")
_PART = re.compile(r"(\d+)!?([nac])")


def ibans(text: str) -> list[Hit]:
    """Every IBAN in the text, also in groups, in small letters, and with digits and letters misread for each other."""
    found: list[Hit] = []
    for start in _START.finditer(text):
        structure = structure_of(start.group(1).upper())
        read = _read(text, start.end(), len(structure)) if structure else None
        if structure is None or read is None:
            continue
        letters, end = read
        account = "".join(_corrected(letters, structure))
        if is_valid(start.group(1).upper() + account):
            changed = account != letters.upper()
            found.append(Hit(start.start(), end, "iban", 0.9 if changed else 0.99))
    return found


def is_valid(number: str) -> bool:
    """Whether the check digits of a compact IBAN in capitals are right (ISO 7064, MOD 97-10)."""
    turned = number[4:] + number[:4]
    if not turned.isalnum() or not turned.isascii():
        return False
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


@cache
def structure_of(country: str) -> str | None:
    """What stands after the country's letters: ``n``, ``a`` or ``c`` (digit, letter, either) for each character.

    None for a country without IBAN. From the registry of SWIFT as python-stdnum ships it.
    """
    matches = _registry().info(country)
    bban = matches[0][1].get("bban") if matches else None
    return "nn" + "".join(kind * int(count) for count, kind in _PART.findall(bban)) if bban else None


@cache
def _registry() -> Any:  # noqa: ANN401 - stdnum has no type information
    from stdnum import numdb

    return numdb.get("iban")


def _read(text: str, position: int, count: int) -> tuple[str, int] | None:
    """The next ``count`` letters and digits across gaps, and where they end."""
    letters: list[str] = []
    while len(letters) < count:
        step = _NEXT.match(text, position)
        if step is None:
            return None
        letters.append(step.group(1))
        position = step.end()
    return "".join(letters), position


def _corrected(letters: str, structure: str) -> Iterator[str]:
    for letter, kind in zip(letters, structure, strict=True):
        if kind == "n":
            yield AS_DIGIT.get(letter, letter)
        elif kind == "a":
            yield AS_LETTER.get(letter, letter).upper()
        else:
            yield letter.upper()
