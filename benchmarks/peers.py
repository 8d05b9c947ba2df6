"""What others do with the same files, as their own documentation shows it."""

from __future__ import annotations

import importlib
import importlib.util
import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from benchmarks.clock import Output

NAIVE = "Pillow, naive"
SEARCH = "Pillow, binary search"
CAREFUL = "Pillow, 1600 px + search"


def package(name: str) -> Any:  # noqa: ANN401 - peers have no type information that could be relied on
    """A peer's package, imported when it is its turn."""
    return importlib.import_module(name)


def saved(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """A picture as a file."""
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def opened(path: Path) -> Image.Image:
    """A picture upright, fully decoded."""
    if path.suffix.lower() in (".heic", ".heif"):
        package("pillow_heif").register_heif_opener()
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")


def pillow_naive(path: Path, side: int) -> Output:
    """Decode, turn, then shrink: the usual code."""
    picture = opened(path)
    picture.thumbnail((side, side))
    return Output(saved(picture, quality=80))


def pillow_thumbnail(path: Path, side: int) -> Output:
    """``Image.thumbnail``, which lets the decoder do a part of the shrinking."""
    picture = Image.open(path)
    picture.thumbnail((side, side))
    return Output(saved(ImageOps.exif_transpose(picture).convert("RGB"), quality=80))


def vips_thumbnail(path: Path, side: int) -> Output:
    """``pyvips``, shrinking as it loads."""
    pyvips = package("pyvips")
    return Output(pyvips.Image.thumbnail(str(path), side, height=side).write_to_buffer(".jpg", Q=80, strip=True))


def vips_command(path: Path, side: int) -> Output:
    """``vipsthumbnail`` on the command line."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made.jpg")
        order = ["vipsthumbnail", str(path), "--size", f"{side}x{side}", "-o", f"{made}[Q=80,strip]"]
        subprocess.run(order, check=True, timeout=120, capture_output=True)
        return Output(made.read_bytes())


def preview_generator(path: Path, side: int) -> Output:
    """``preview-generator``, its cache emptied each time."""
    with tempfile.TemporaryDirectory() as folder:
        manager = package("preview_generator.manager").PreviewManager(folder, create_folder=True)
        return Output(Path(manager.get_jpeg_preview(str(path), width=side, height=side, force=True)).read_bytes())


def pillow_search(path: Path, budget: int, side: int = 0) -> Output:
    """The highest quality from 5 to 95 whose file is small enough."""
    picture = opened(path)
    if side:
        picture.thumbnail((side, side))
    low, high, best, encodes = 5, 95, b"", 0
    while low <= high:
        quality = (low + high) // 2
        data = saved(picture, quality=quality)
        encodes += 1
        if len(data) <= budget:
            best, low = data, quality + 1
        else:
            high = quality - 1
    if not best:
        raise ValueError("no quality is small enough")
    return Output(best, note=f"{encodes} encodes")


def vips_search(path: Path, budget: int, side: int) -> Output:
    """The same with ``pyvips``."""
    pyvips = package("pyvips")
    picture = pyvips.Image.thumbnail(str(path), side, height=side, size="down").copy_memory()
    low, high, best, encodes = 5, 95, b"", 0
    while low <= high:
        quality = (low + high) // 2
        data = picture.write_to_buffer(".jpg", Q=quality, strip=True)
        encodes += 1
        if len(data) <= budget:
            best, low = data, quality + 1
        else:
            high = quality - 1
    return Output(best, note=f"{encodes} encodes")


def pillow_palette(path: Path, budget: int, method: int) -> Output:
    """256 colours, whatever that weighs."""
    data = saved(opened(path).quantize(256, method), "PNG", optimize=True)
    return Output(data, note="" if len(data) <= budget else "too large")


def vips_palette(path: Path, budget: int) -> Output:
    """256 colours by ``pyvips``, without dither."""
    pyvips = package("pyvips")
    picture = pyvips.Image.new_from_file(str(path))
    data = picture.write_to_buffer(".png", palette=True, Q=90, dither=0.0, effort=4, strip=True)
    return Output(data, note="" if len(data) <= budget else "too large")


def magick(*arguments: str) -> Callable[[], Output]:
    """One run of ImageMagick; ``OUT`` among the arguments stands for the file to make."""

    def run() -> Output:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder, "made.jpg")
            subprocess.run(
                ["convert", *(str(made) if word == "OUT" else word for word in arguments)], check=True, timeout=120
            )
            return Output(made.read_bytes())

    return run


def has(module: str) -> bool:
    """Whether a Python package is there."""
    return importlib.util.find_spec(module) is not None


def has_magick() -> bool:
    """Whether ``convert`` is there and is ImageMagick."""
    if shutil.which("convert") is None:
        return False
    told = subprocess.run(["convert", "-version"], capture_output=True, text=True, check=False)
    return told.stdout.startswith("Version: ImageMagick")


def missing(sharp: object) -> list[str]:
    """Peers that are not here."""
    modules = ("pyvips", "pypdfium2", "pymupdf", "pillow_heif", "av", "preview_generator", "ssimulacra2")
    absent = [name for name in modules if not has(name)]
    absent += [name for name in ("vipsthumbnail", "ffmpeg") if shutil.which(name) is None]
    absent += [] if has_magick() else ["ImageMagick"]
    absent += [] if sharp is not None else ["sharp"]
    return absent


def pdf_naive(path: Path, side: int) -> Output:
    """PyMuPDF at 150 dpi, then Pillow."""
    pymupdf = package("pymupdf")
    with pymupdf.open(path) as document:
        pixmap = document[0].get_pixmap(dpi=150)
        picture = Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)
    picture.thumbnail((side, side))
    return Output(saved(picture, quality=80))


def pdf_direct(path: Path, side: int) -> Output:
    """PyMuPDF at the size wanted."""
    pymupdf = package("pymupdf")
    with pymupdf.open(path) as document:
        scale = side / max(document[0].rect.width, document[0].rect.height)
        pixmap = document[0].get_pixmap(matrix=pymupdf.Matrix(scale, scale))
        return Output(saved(Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples), quality=80))


def pdfium_direct(path: Path, side: int) -> Output:
    """PDFium at the size wanted."""
    pypdfium2 = package("pypdfium2")
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    picture = page.render(scale=side / max(page.get_size())).to_pil()
    document.close()
    return Output(saved(picture.convert("RGB"), quality=80))
