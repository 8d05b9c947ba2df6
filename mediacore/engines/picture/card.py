"""The picture of a file that has no likeness: a sheet with the word for what it is."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

_SHEET = ((88, 40), (256, 40), (312, 96), (312, 360), (88, 360))
_EAR = ((256, 40), (256, 96), (312, 96))
_PAPER, _EDGE, _INK = (245, 246, 248), (150, 158, 170), (70, 78, 92)
_SIDE, _DRAWN = 512, 400
_LETTERS = 24


def warm() -> None:
    """Load the font, since a locked process can open no file."""
    draw_card("PDF", "", 64)


def draw_card(word: str, note: str, side: int) -> Image.Image:
    """Draw the sheet.

    Args:
        word: what the file is, such as ``PDF`` or ``ZIP``.
        note: a second, smaller line; may be empty.
        side: pixels of the square.
    """
    card = Image.new("RGB", (_DRAWN, _DRAWN), (255, 255, 255))
    draw = ImageDraw.Draw(card)
    draw.polygon(_SHEET, fill=_PAPER, outline=_EDGE, width=4)
    draw.polygon(_EAR, fill=_EDGE)
    for text, height, size in ((word, 210, 64), (note, 280, 26)):
        shown = text[:_LETTERS]
        font = ImageFont.load_default(size)
        fits = min(1.0, 200 / max(1.0, font.getlength(shown)))
        draw.text((_DRAWN // 2, height), shown, fill=_INK, font=ImageFont.load_default(size * fits), anchor="mm")
    return card.resize((min(side, _SIDE),) * 2, Image.Resampling.LANCZOS)
