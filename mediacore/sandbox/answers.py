"""What a jailed engine answers, read by the trusting side as what it is: words of somebody who may be hostile."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import fields

from mediacore.redaction.words import Word
from mediacore.sandbox.wire import garbled
from mediacore.values import Facts, Finding, Severity

_MIME = re.compile(r"[a-z]{1,40}/[a-z0-9][a-z0-9.+_-]{0,120}")
_MOST = 2**31
_LENGTHS = {"excerpt": 280}
"""Characters of a fact in words, where 40 do not do."""


def mime_of(facts: Mapping[str, Any]) -> str:
    """A MIME type."""
    mime = facts.get("type")
    if not isinstance(mime, str) or not _MIME.fullmatch(mime):
        raise garbled()
    return mime


def finding_of(raw: object) -> Finding:
    """A finding."""
    if not isinstance(raw, dict):
        raise garbled()
    try:
        severity = Severity(raw.get("severity", ""))
    except ValueError:
        raise garbled() from None
    return Finding(text_of(raw.get("code"), 40), severity, text_of(raw.get("message")), text_of(raw.get("remedy")))


def facts_of(raw: Mapping[str, Any]) -> Facts:
    """The facts of a file, each of its kind and length."""
    values: dict[str, Any] = {}
    for field in fields(Facts):
        value, default = raw.get(field.name, field.default), field.default
        if isinstance(default, bool):
            values[field.name] = value is True
        elif isinstance(default, tuple):
            values[field.name] = tuple(text_of(v, 40) for v in value[:20]) if isinstance(value, list) else ()
        elif isinstance(default, float):
            values[field.name] = number_of(value)
        elif isinstance(default, int):
            values[field.name] = count_of(value)
        else:
            values[field.name] = text_of(value, _LENGTHS.get(field.name, 40))
    return Facts(**values)


def rows_of(path: Path) -> object:
    """Words too many for the facts come in a file, which is not kept."""
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise garbled() from None
    finally:
        path.unlink()


def word_of(raw: object) -> Word:
    """A word and where it stands."""
    if not isinstance(raw, list) or len(raw) != 7:
        raise garbled()
    text, left, top, right, bottom, page, line = raw
    return Word(
        text_of(text, 10_000),
        (
            number_of(left, negative=True),
            number_of(top, negative=True),
            number_of(right, negative=True),
            number_of(bottom, negative=True),
        ),
        count_of(page),
        count_of(line),
    )


def text_of(value: object, most: int = 500) -> str:
    """Words, cut to a length."""
    if not isinstance(value, str):
        raise garbled()
    return value[:most]


def count_of(value: object) -> int:
    """A number of things."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST:
        raise garbled()
    return value


def number_of(value: object, *, negative: bool = False) -> float:
    """A finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise garbled()
    if (value < 0 and not negative) or abs(value) >= _MOST:
        raise garbled()
    return float(value)
