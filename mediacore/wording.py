"""Words that travel with files: which text stands where, and how a long one is cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from mediacore.limits import Text
from mediacore.messages import Attachment

_JOINING = frozenset("\u200d\ufe0e\ufe0f\u20e3")
"""A zero-width joiner, the two looks of an emoji, and the frame of a keycap."""


def accompany(text: str, attachments: Sequence[Attachment]) -> str:
    """The text that goes with the files: the agent's, or the files' names when nobody wrote any.

    A file without a word beside it tells a screen reader, or a phone that cannot show it, nothing. What the desk asked
    for by its sort, a sticker or a voice note, is announced as such and gets no name beside it.
    """
    if text.strip() or any(a.caption.strip() for a in attachments):
        return text
    return ", ".join(a.name for a in attachments if not a.sort)


def chunks(text: str, rule: Text, room: int | None = None) -> list[str]:
    """A text cut into pieces that the channel takes, at line ends or spaces where possible, never inside a character.

    Args:
        text: any text.
        rule: the channel's rule.
        room: another bound than ``rule.max``, in the same unit.

    Returns:
        The pieces in order; their words are the words of the text.
    """
    most = room if room is not None else (rule.max.value if rule.max else None)
    left = text.strip()
    pieces: list[str] = []
    while left:
        if most is None or rule.length(left) <= most:
            return [*pieces, left]
        end = _longest(left, rule, most)
        cut = max(left.rfind("\n", 0, end + 1), left.rfind(" ", 0, end + 1))
        cut = cut if cut > end // 2 else end
        pieces.append(left[:cut].rstrip())
        left = left[cut:].lstrip()
    return pieces


def _longest(text: str, rule: Text, most: int) -> int:
    """How many characters from the start fit; at least one, so that cutting always ends."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if rule.length(text[:middle]) <= most:
            low = middle
        else:
            high = middle - 1
    whole = low
    while whole > 0 and _inside(text, whole):
        whole -= 1
    return whole or low


def _inside(text: str, place: int) -> bool:
    """Whether a cut before this place would tear what a person sees as one character."""
    if place >= len(text):
        return False
    after, before = text[place], text[place - 1]
    if after in _JOINING or before == "\u200d" or unicodedata.combining(after) or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if not (_is_flag_letter(after) and _is_flag_letter(before)):
        return False
    start = place
    while start > 0 and _is_flag_letter(text[start - 1]):
        start -= 1
    return (place - start) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def joined(*texts: str) -> str:
    """The non-empty texts, one below the other."""
    return "\n".join(t.strip() for t in texts if t.strip())
