"""Inputs that anyone can build again: the same bytes from the same libraries, nothing stored.

The photo is of the dead-leaves kind: discs of all sizes hiding one another, textured, lit and noisy, whose edges and
spectrum are those of natural pictures.
"""

from __future__ import annotations

import importlib
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen
from PIL import Image, ImageChops, ImageDraw, ImageFilter

WORDS = (  # noqa: SIM905 - words are read as words
    "your order was sent to the customer on monday please reply with number and name invoice total refund agent open "
    "closed waiting pending channel message photo attached thank you regards shipping address street delivery late"
).split()


@frozen
class Inputs:
    """Files to work on.

    Args:
        folder: where built inputs are kept between runs.
        real: a folder of real files, looked through for more of each kind; None for none.
    """

    folder: Path
    real: Path | None = None

    def photo(self) -> Path:
        """12 megapixels, about 5 MB of JPEG, lying on its side as phones store portraits."""
        return self._kept("photo-12mp.jpg", lambda: _jpeg(leaves(4032, 3024), 94, turn=6))

    def photo_48(self) -> Path:
        """48 megapixels."""
        return self._kept("photo-48mp.jpg", lambda: _jpeg(_noisy(leaves(4032, 3024).resize((8064, 6048)), 9), 90))

    def screenshot(self) -> Path:
        """3840x2160 of text, panels and one picture."""
        return self._kept("screenshot-4k.png", lambda: _png(dashboard(3840, 2160)))

    def few_colours(self) -> Path:
        """The same without the picture and without smoothed letters: at most 256 colours."""
        return self._kept("screenshot-flat.png", lambda: _png(dashboard(3840, 2160, rich=False)))

    def letter(self) -> Path:
        """A PDF of three pages of print."""
        return self._kept("letter.pdf", _letter)

    def heic(self) -> Path:
        """12 megapixels of HEIC; building it takes a minute."""
        return self._kept("photo-12mp.heic", lambda: _heic(leaves(4032, 3024)))

    def thumbed_heic(self) -> Path:
        """The same with a thumbnail of 512 pixels inside."""
        return self._kept("photo-12mp-thumb.heic", lambda: _heic(leaves(4032, 3024), thumbnails=[512]))

    def large(self) -> Path:
        """100 MB that begin as an MP4 does."""
        return self._kept("film-100mb.mp4", _film)

    def film(self) -> Path:
        """Eight seconds of 1080p."""
        return self._kept("film-1080p.mp4", importlib.import_module("benchmarks.films").film)

    def bombs(self) -> Path:
        """Where hostile files are built."""
        return self.folder / "bombs"

    def found(self, *endings: str, least: int = 0, most: int = 3) -> list[Path]:
        """Real files by the end of their names, the largest first."""
        if self.real is None:
            return []
        files = [f for f in self.real.rglob("*") if f.suffix.lower() in endings and f.stat().st_size >= least]
        return sorted(files, key=lambda f: (-f.stat().st_size, f.name))[:most]

    def _kept(self, name: str, build: Callable[[], bytes]) -> Path:
        path = self.folder / name
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(build())
        return path


def leaves(width: int, height: int, seed: int = 3) -> Image.Image:
    """A picture with the statistics of a photo."""
    rng = random.Random(seed)
    picture = _cloud(width, height, rng)
    draw = ImageDraw.Draw(picture)
    for number in range(2600):
        radius = int(height * 0.004 / (rng.random() ** 0.5 + 0.006))
        x, y = rng.randrange(-radius, width + radius), rng.randrange(-radius, height + radius)
        shade = tuple(rng.randrange(20, 235) for _ in range(3))
        shape = draw.ellipse if number % 3 else draw.rectangle
        shape((x - radius, y - radius, x + radius, y + int(radius * rng.uniform(0.5, 1.5))), fill=shade)
    textured = Image.blend(picture, _cloud(width, height, rng), 0.35).filter(ImageFilter.GaussianBlur(1.1))
    return _noisy(textured, seed)


def _cloud(width: int, height: int, rng: random.Random) -> Image.Image:
    """Noise of all sizes, the large the stronger."""
    cloud = Image.new("RGB", (width, height), (128, 128, 128))
    for level in range(2, 10):
        across, down = 2**level, max(2, 2**level * height // width)
        layer = Image.frombytes("RGB", (across, down), rng.randbytes(across * down * 3))
        cloud = Image.blend(cloud, layer.resize((width, height), Image.Resampling.BICUBIC), 0.30)
    return cloud


def _noisy(picture: Image.Image, seed: int) -> Image.Image:
    """The grain of a sensor."""
    width, height = picture.size
    tile = random.Random(seed).randbytes(1024 * 1024 * 3)
    grain = Image.new("RGB", picture.size)
    part = Image.frombytes("RGB", (1024, 1024), tile).resize((1365, 1365), Image.Resampling.BICUBIC)
    for left in range(0, width, part.width):
        for top in range(0, height, part.height):
            grain.paste(part, (left, top))
    return ImageChops.add(picture, grain.point(lambda v: v // 14), 1.0, -9)


def dashboard(width: int, height: int, *, rich: bool = True, seed: int = 5) -> Image.Image:
    """A helpdesk on a 4K screen."""
    rng = random.Random(seed)
    picture = Image.new("RGB", (width, height), (246, 247, 249))
    draw = ImageDraw.Draw(picture)
    if not rich:
        draw.fontmode = "1"
    draw.rectangle((0, 0, width, 88), fill=(31, 60, 117))
    draw.text((40, 22), "Helpdesk  -  open conversations", fill=(255, 255, 255), font_size=36)
    for row in range(108, height - 40, 34):
        if (row - 108) // 34 % 2:
            draw.rectangle((0, row - 6, width, row + 28), fill=(255, 255, 255))
        for left in (40, 900, 1760, 2620):
            words = " ".join(rng.choice(WORDS) for _ in range(7))
            shade = rng.choice(((20, 24, 31), (20, 24, 31), (86, 96, 112), (176, 32, 46), (18, 102, 180)))
            draw.text((left, row), f"{rng.randrange(10**6):06d} {words}", fill=shade, font_size=22)
    if rich:
        picture.paste(leaves(640, 480), (width - 700, height - 540))
        bar = Image.linear_gradient("L").resize((420, 300)).convert("RGB")
        picture.paste(bar, (width - 1160, height - 440))
    return picture


def _jpeg(picture: Image.Image, quality: int, turn: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turn
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=quality, exif=exif.tobytes())
    return target.getvalue()


def _png(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def _heic(picture: Image.Image, **options: object) -> bytes:
    pillow_heif: Any = importlib.import_module("pillow_heif")
    target = io.BytesIO()
    pillow_heif.from_pillow(picture).save(target, quality=70, enc_params={"preset": "ultrafast"}, **options)
    return target.getvalue()


def _letter() -> bytes:
    pymupdf: Any = importlib.import_module("pymupdf")
    rng = random.Random(11)
    document = pymupdf.open()
    picture = _jpeg(leaves(1200, 900), 85)
    for number in range(3):
        page = document.new_page()
        for line in range(52):
            words = " ".join(rng.choice(WORDS) for _ in range(12))
            page.insert_text((50, 60 + line * 13.6), f"{number}.{line} {words}", fontsize=9)
        page.insert_image((330, 560, 530, 710), stream=picture)
        for _ in range(40):
            x, y = rng.uniform(50, 500), rng.uniform(60, 700)
            page.draw_bezier((x, y), (x + 30, y - 20), (x + 60, y + 40), (x + 90, y), color=(0.2, 0.4, 0.8))
    return bytes(document.tobytes(deflate=True, no_new_id=True))


def _film() -> bytes:
    head = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + (100_000_000 - 24).to_bytes(4, "big") + b"mdat"
    return head + random.Random(13).randbytes(100_000_000 - len(head))
