"""Under the holes of a picture nothing is left: who erases with a see-through brush erases."""

from __future__ import annotations

import io
from typing import Any

import pytest
from attrs import asdict
from PIL import Image, ImageDraw, ImageFont

from mediacore.engines.fit import fit
from mediacore.engines.picture.holes import hides
from mediacore.engines.preview import preview
from mediacore.engines.strip import strip
from mediacore.values import Fit
from tests.engines import builders as b

SIZE = (300, 60)


def erased(mode: str = "RGBA") -> Image.Image:
    """A picture of which the left half, where a word is, was erased: it is fully transparent and keeps its colours."""
    picture = Image.new(mode, SIZE, "white")
    ImageDraw.Draw(picture).text((20, 10), "SECRET words", fill="black", font=ImageFont.load_default(size=30))
    alpha = Image.new("L", SIZE, 255)
    alpha.paste(0, (0, 0, 220, 60))
    picture.putalpha(alpha)
    return picture


def palette() -> Image.Image:
    """The same in a picture with a palette, in which several numbers mean a hole."""
    flat = Image.new("P", SIZE, 0)
    flat.putpalette([255, 255, 255, 0, 0, 0, 0, 200, 0])
    ImageDraw.Draw(flat).text((20, 10), "SECRET", fill=1, font=ImageFont.load_default(size=30))
    flat.paste(2, (220, 0, 300, 60))
    return flat


FILES = {
    "png": (b.saved(erased(), "PNG"), "image/png"),
    "png, grey": (b.saved(erased("L"), "PNG"), "image/png"),
    "png, palette": (b.saved(palette(), "PNG", transparency=bytes((0, 0, 255))), "image/png"),
    "webp": (b.saved(erased(), "WEBP", lossless=True, exact=True), "image/webp"),
    "tiff": (b.saved(erased(), "TIFF"), "image/tiff"),
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.parametrize("verb", ["strip", "fit", "preview"])
def test_nothing_is_left_under_holes(case: str, verb: str) -> None:
    """Whatever is made of a picture has one colour at most under its holes, and shows the same as before."""
    data, mime = FILES[case]
    params: dict[str, Any] = {"type": mime}
    if verb == "fit":
        params["fit"] = asdict(Fit(types=("image/png", "image/webp")))
    if verb == "preview":
        params |= {"side": 512}
    made = {"strip": strip, "fit": fit, "preview": preview}[verb](io.BytesIO(data), params)
    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(made.files[0]))
    assert hides(before)
    assert not hides(after.crop((0, 0, 200, 60)))  # next to what is seen, WebP's coding blurs a little into the hole
    assert on_white(after).getpixel((100, 30)) == (255, 255, 255)
    assert on_white(after).getpixel((260, 5)) == on_white(before).getpixel((260, 5))


def on_white(picture: Image.Image) -> Image.Image:
    """The picture as a page shows it."""
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture.convert("RGBA"))
    return ground.convert("RGB")


def test_what_hides_nothing_stays_byte_for_byte() -> None:
    """A see-through picture with one colour under its holes is not written again."""
    picture = erased()
    picture.paste((0, 0, 0, 0), (0, 0, 220, 60))
    data = b.saved(picture, "PNG")
    assert strip(io.BytesIO(data), {"type": "image/png"}).files[0] == data


def test_a_gif_has_no_room_under_its_holes() -> None:
    """One number of a GIF's palette means a hole, whatever its colour."""
    assert not hides(Image.open(io.BytesIO(b.saved(palette(), "GIF", transparency=0))))
