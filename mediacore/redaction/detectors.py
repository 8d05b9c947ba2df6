"""Every built-in detector by the kind that it finds."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from mediacore.redaction.cards import cards
from mediacore.redaction.contacts import emails, phones
from mediacore.redaction.hits import Detector, Hit
from mediacore.redaction.ibans import ibans

__all__ = ["KINDS", "WRAPPED", "Detector", "Hit", "detectors"]

KINDS = ("card", "iban", "email", "phone")
"""The kinds that can be asked for."""

WRAPPED = frozenset({"card", "iban"})
"""Kinds that are looked for across the end of a line, since their check digits tell when it was right."""


def detectors(kinds: Collection[str], region: str = "US") -> dict[str, Detector]:
    """The detectors for these kinds.

    Args:
        kinds: some of :data:`KINDS`.
        region: ISO 3166 code of the country whose phone notation is understood.

    Raises:
        ValueError: a kind is unknown; what was to be hidden must not be passed over in silence.
    """
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise ValueError(f"no detector finds {', '.join(unknown)}; known kinds are {', '.join(KINDS)}")
    every: dict[str, Detector] = {
        "card": cards,
        "iban": ibans,
        "email": emails,
        "phone": partial(phones, region=region),
    }
    return {kind: every[kind] for kind in KINDS if kind in kinds}
