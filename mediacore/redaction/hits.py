"""What a detector says: where in a text something stands that must be hidden."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen


@frozen
class Hit:
    """A place in a text.

    Args:
        start: index of its first character.
        end: index after its last.
        kind: ``card``, ``iban``, ``email`` or ``phone``.
        score: 0 to 1, how sure the detector is.
    """

    start: int
    end: int
    kind: str
    score: float


class Detector(Protocol):
    """Anything that finds places in a text; it must not raise, whatever the text."""

    def __call__(self, text: str, /) -> list[Hit]:
        """The hits, in order of their start."""
        ...  # pragma: no cover - the body of a protocol


GAP = r"[\s\u00ad\u200b-\u200d\u2060\ufeff\-\u2010-\u2015\u2212._\u00b7]{0,3}"
"""What people, layouts and reading machines put between the groups of one number: blanks, hyphens, dots, nothing."""

AS_DIGIT = {"O": "0", "o": "0", "Q": "0", "D": "0", "l": "1", "I": "1", "|": "1", "i": "1", "Z": "2", "z": "2"} | {
    "S": "5",
    "s": "5",
    "b": "6",
    "B": "8",
}
"""Letters that reading machines give for digits."""

AS_LETTER = {"0": "O", "1": "I", "2": "Z", "5": "S", "8": "B"}
"""Digits that reading machines give for letters."""
