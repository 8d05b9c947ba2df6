"""How alike two pictures look: SSIMULACRA2 where its package is installed, else SSIM, both at the size shown."""

from __future__ import annotations

import importlib
import importlib.util
import io
import statistics
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageMath, ImageOps

VIEW = 1600
"""Pixels on the longer side at which a picture is looked at."""


def scorer() -> str:
    """The name of the measure in use."""
    return "SSIMULACRA2" if importlib.util.find_spec("ssimulacra2") else "SSIM x 100"


def likeness(original: Image.Image, made: bytes, *, native: bool = False) -> float:
    """The score of a made file.

    Args:
        original: the source, upright.
        made: the file.
        native: look at a central part of 1536x1152 at the source's own pixels, instead of the whole at 1600.
    """
    result = ImageOps.exif_transpose(Image.open(io.BytesIO(made))).convert("RGB")
    if native:
        if result.size != original.size:
            result = result.resize(original.size, Image.Resampling.LANCZOS)
        box = _middle(original.size)
        return _score(original.crop(box), result.crop(box))
    return _score(shown(original), shown(result, original.size))


def shown(picture: Image.Image, shape: tuple[int, int] | None = None) -> Image.Image:
    """The picture at the size it is looked at."""
    width, height = shape or picture.size
    scale = min(1.0, VIEW / max(width, height))
    size = (round(width * scale), round(height * scale))
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def _middle(size: tuple[int, int]) -> tuple[int, int, int, int]:
    width, height = min(1536, size[0]), min(1152, size[1])
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def _score(one: Image.Image, other: Image.Image) -> float:
    if scorer() != "SSIMULACRA2":
        return 100 * _ssim(one, other)
    score: Any = importlib.import_module("ssimulacra2").compute_ssimulacra2
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "a.png"), Path(folder, "b.png")
        one.save(first, compress_level=1)
        other.save(second, compress_level=1)
        return float(score(str(first), str(second)))


def _ssim(one: Image.Image, other: Image.Image) -> float:
    """Mean SSIM of brightness over blocks of 8x8 (Wang et al. 2004, with a flat window)."""
    first, second = (picture.convert("L").convert("F") for picture in (one, other))

    def mean(left: Image.Image, right: Image.Image | None = None) -> Image.Image:
        if right is None:
            return left.reduce(8)
        product: Image.Image = ImageMath.lambda_eval(lambda v: v["a"] * v["b"], a=left, b=right)
        return product.reduce(8)

    parts = {"x": mean(first), "y": mean(second), "xx": mean(first, first), "yy": mean(second, second)}
    parts["xy"] = mean(first, second)

    def formula(v: dict[str, ImageMath._Operand]) -> ImageMath._Operand:
        x, y = v["x"], v["y"]
        top = (x * y * 2.0 + 6.5025) * ((v["xy"] - x * y) * 2.0 + 58.5225)
        return top / ((x * x + y * y + 6.5025) * (v["xx"] - x * x + v["yy"] - y * y + 58.5225))

    return statistics.fmean(ImageMath.lambda_eval(formula, **parts).get_flattened_data())
