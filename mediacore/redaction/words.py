"""A word and where it stands: what the engines read and what the detectors are run on."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@frozen
class Word:
    """One word of a page, as a text layer or a reading machine gives it.

    Args:
        text: the word, without white space around it.
        box: left, top, right, bottom; pixels of the upright image (EXIF orientation applied), or PDF points of the
            page as shown (rotation applied, origin at the top left of the crop box). All zero for plain text.
        page: the page index from 0; of a picture the index of its frame.
        line: a number shared by the words of one line of a page, growing from top to bottom.
    """

    text: str
    box: Box
    page: int = 0
    line: int = 0
