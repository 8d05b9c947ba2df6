"""How many SMS a text becomes: by the alphabet that it needs.

Alphabet and lengths: 3GPP TS 23.038, sections 6.1.2 and 6.2.1, and TS 23.040, section 9.2.3.24.1.
"""

from __future__ import annotations

from attrs import frozen

_ONE = frozenset(
    "@\u00a3$\u00a5\u00e8\u00e9\u00f9\u00ec\u00f2\u00c7\n\u00d8\u00f8\r\u00c5\u00e5\u0394_\u03a6\u0393\u039b\u03a9\u03a0\u03a8"
    "\u03a3\u0398\u039e\u00c6\u00e6\u00df\u00c9 !\"#\u00a4%&'()*+,-./0123456789:;<=>?\u00a1ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "\u00c4\u00d6\u00d1\u00dc\u00a7\u00bfabcdefghijklmnopqrstuvwxyz\u00e4\u00f6\u00f1\u00fc\u00e0"
)
_TWO = frozenset("\f^{}\\[~]|\u20ac")
GSM, GSM_EACH = 160, 153
UCS, UCS_EACH = 70, 67


@frozen
class Segments:
    """What a text becomes.

    Args:
        count: how many SMS.
        foreign: the first character that the GSM alphabet lacks, and for which all of the text is written in another
            with less room; empty when there is none.
    """

    count: int
    foreign: str = ""


def segments(text: str) -> Segments:
    """Into how many SMS a text is cut; an empty one into none."""
    foreign = next((c for c in text if c not in _ONE and c not in _TWO), "")
    if foreign:
        units, one, each = [2 if ord(c) > 0xFFFF else 1 for c in text], UCS, UCS_EACH
    else:
        units, one, each = [2 if c in _TWO else 1 for c in text], GSM, GSM_EACH
    if sum(units) <= one:
        return Segments(min(1, len(units)), foreign)
    count, room = 1, each
    for unit in units:  # a character is never cut in two
        if unit > room:
            count, room = count + 1, each
        room -= unit
    return Segments(count, foreign)
