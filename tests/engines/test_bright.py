"""Bright pictures on ordinary screens: as they are below the knee, closer together above it, never cut off."""

from __future__ import annotations

import array
import io
from collections.abc import Callable

import pytest
from attrs import asdict
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mediacore.engines.bright import CURVES, HLG, PEAK, PQ, STEPS, WHITE, knee, table
from mediacore.engines.fit import fit
from mediacore.engines.picture import image
from mediacore.engines.picture.colour import curve_of
from mediacore.engines.preview import preview
from mediacore.values import Fit
from tests.engines import builders as b

LIGHT = st.floats(0, 2 * PEAK)
SIGNALS = {PQ: (0.38, 0.58, 0.752), HLG: (0.38, 0.75, 1.0)}
"""Of a grey of 26 cd/m2, of ordinary white (ITU-R BT.2408, table 1), and of 1000 cd/m2."""


@given(LIGHT, LIGHT)
def test_the_knee(one: float, other: float) -> None:
    """Brighter stays brighter, nothing becomes brighter than it was, and nothing passes the screen's white."""
    low, high = sorted((one, other))
    assert knee(low) <= knee(high) + 1e-6
    assert knee(high) <= min(high, WHITE) + 1e-6
    assert knee(low) == low or low > 80


@pytest.mark.parametrize("curve", CURVES)
def test_the_table(curve: int) -> None:
    """Greys stay grey, black and white are reached, and every part is one of a colour."""
    colours = table(curve)
    assert len(colours) == STEPS**3
    assert all(0 <= part <= 1 for colour in colours for part in colour)
    greys = colours[:: 1 + STEPS + STEPS**2]
    assert all(max(grey) - min(grey) < 0.005 for grey in greys)
    assert greys[0] == (0, 0, 0)
    assert min(greys[-1]) > 0.995


def bright_heic(curve: int) -> bytes:
    """A HEIC with ten bits of grey in three bands, in PQ or HLG."""
    heif = pytest.importorskip("pillow_heif")
    row = [round(1023 * SIGNALS[curve][3 * at // 96]) << 6 for at in range(96) for _ in range(3)]
    made = heif.from_bytes("RGB;16", (96, 32), array.array("H", row * 32).tobytes())
    target = io.BytesIO()
    named = {"color_primaries": 9, "transfer_characteristics": curve, "matrix_coefficients": 9}
    made.save(target, quality=95, **named, thumbnails=[64])
    return target.getvalue()


@pytest.mark.parametrize(("curve", "grey"), [(PQ, 107), (HLG, 107)])
def test_bright_pictures(curve: int, grey: int) -> None:
    """A HEIC in PQ or HLG is shown like a film of its sort, and never by its thumbnail, which may be ordinary."""
    made = preview(io.BytesIO(bright_heic(curve)), {"type": "image/heic", "side": 64})
    with Image.open(io.BytesIO(made.files[0])) as shown:
        levels = [shown.convert("L").getpixel((at, shown.height // 2)) for at in (8, 32, 56)]
    assert abs(levels[0] - grey) < 8
    assert 222 < levels[1] < 240
    assert levels[2] > levels[1] + 12


def bright_png(curve: int) -> bytes:
    """A PNG of the same bands that names its curve."""
    picture = Image.frombytes("L", (96, 1), bytes(round(255 * SIGNALS[curve][3 * at // 96]) for at in range(96)))
    data = b.saved(picture.resize((96, 32)).convert("RGB"), "PNG")
    return data[:33] + b.png_chunk(b"cICP", bytes((9, curve, 0, 1))) + data[33:]


def bright_avif(curve: int) -> bytes:
    """The same as AVIF."""
    with Image.open(io.BytesIO(bright_png(curve))) as picture:
        data = b.saved(picture, "AVIF", quality=100, subsampling="4:4:4")
    plain = b"colrnclx\x00\x01\x00\x0d"  # BT.709 and sRGB
    assert plain in data
    return data.replace(plain, bytes((*b"colrnclx", 0, 9, 0, curve)))


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("build", [bright_png, bright_avif])
def test_bright_pictures_in_other_files(build: Callable[[int], bytes], curve: int) -> None:
    """PNG and AVIF files in PQ or HLG are shown as HEICs are, and become JPEGs that look so."""
    data = build(curve)
    mime = "image/png" if build is bright_png else "image/avif"
    fitted = fit(io.BytesIO(data), {"type": mime, "fit": asdict(Fit(types=("image/jpeg",)))})
    for made in (preview(io.BytesIO(data), {"type": mime, "side": 64}), fitted):
        with Image.open(io.BytesIO(made.files[0])) as shown:
            levels = [shown.convert("L").getpixel((shown.width * at // 96, shown.height // 2)) for at in (16, 48, 80)]
        assert abs(levels[0] - 107) < 8
        assert 222 < levels[1] < 240
        assert levels[2] > levels[1] + 12


def test_a_curve_is_looked_for_in_the_header_alone() -> None:
    """What looks like a curve inside the pixels of an ordinary picture changes nothing."""
    data = b.saved(b.photo(64, 48), "PNG")
    data += b"\x00\x00\x00\x04cICP\x09\x10\x00\x01"
    assert not curve_of(image.open_typed(io.BytesIO(data), "image/png"))


def test_see_through_bright_pictures() -> None:
    """What is clear in a bright picture stays clear."""
    bright = Image.new("RGBA", (8, 8), (191, 191, 191, 40))
    bright.info["nclx_profile"] = {"transfer_characteristics": HLG}
    shown = image.upright(bright)
    red, _, _, alpha = shown.getpixel((4, 4))
    assert alpha == 40
    assert 222 < red < 240
