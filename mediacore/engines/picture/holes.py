"""What lies under the holes of a picture: pixels that are fully transparent keep a colour, and it may be a picture."""

from __future__ import annotations

from PIL import Image


def hides(picture: Image.Image) -> bool:
    """Whether anything could be made out of the colours under the holes: whether there is more than one.

    Args:
        picture: decoded.
    """
    if not picture.has_transparency_data or picture.format == "GIF":  # where one number of the palette means a hole
        return False
    colours = picture if picture.mode in ("RGBA", "LA") else picture.convert("RGBA")
    hole = _holes(colours)
    box = hole.getbbox()
    if box is None:
        return False
    row = hole.crop((box[0], box[1], box[2], box[1] + 1)).getbbox()
    assert row is not None
    plain = colours.convert("RGB")
    even = Image.new("RGB", plain.size, plain.getpixel((box[0] + row[0], box[1])))
    even.paste(plain, mask=hole)
    return any(band.getextrema()[0] != band.getextrema()[1] for band in even.split())


def cleared(picture: Image.Image) -> Image.Image:
    """The same to the eye, with nothing under its holes; of ``LA`` and ``RGBA`` pictures, others are as they were."""
    if picture.mode not in ("RGBA", "LA"):
        return picture
    picture.paste((0,) * len(picture.getbands()), mask=_holes(picture))
    return picture


def _holes(picture: Image.Image) -> Image.Image:
    return picture.getchannel("A").point([255] + [0] * 255)
