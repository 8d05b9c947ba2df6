"""Built files are what they say, the same every time, and the hostile ones are wrong in their own way."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from PIL import Image, ImageOps

from mediacore.testkit import builders, builders_hostile, strategies


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_upright_once_its_orientation_is_applied(orientation: int) -> None:
    """However the camera was held, a person sees the width and height that were asked for, and the same picture."""
    image = Image.open(io.BytesIO(builders.photo(64, 40, orientation=orientation)))
    upright = ImageOps.exif_transpose(image)
    assert upright.size == (64, 40)
    wanted = builders.scene(64, 40).resize((8, 5)).convert("L").tobytes()
    seen = upright.resize((8, 5)).convert("L").tobytes()
    assert max(abs(a - b) for a, b in zip(wanted, seen, strict=True)) < 40


def test_a_photo_knows_where_it_was_taken_unless_told_otherwise() -> None:
    """GPS and maker stand in its EXIF."""
    told = Image.open(io.BytesIO(builders.photo(32, 32))).getexif()
    assert told.get_ifd(0x8825)[2] == builders.GPS[0]
    assert told[0x010F] == "Acme"
    assert not Image.open(io.BytesIO(builders.photo(32, 32, gps=False))).getexif().get_ifd(0x8825)


def test_seeds_make_files() -> None:
    """The same seed gives the same bytes and another seed other ones."""
    assert builders.ordinary(3) == builders.ordinary(3)
    assert builders.photo(seed=1) != builders.photo(seed=2)
    assert builders.pdf(seed=1) != builders.pdf(seed=2)


def test_pictures_open() -> None:
    """Each in its own format, animated where asked."""
    assert Image.open(io.BytesIO(builders.webp())).format == "WEBP"
    assert getattr(Image.open(io.BytesIO(builders.gif(frames=4))), "n_frames", 1) == 4
    assert Image.open(io.BytesIO(builders.screenshot(("a", "b")))).size == (480, 88)


def test_heic_opens() -> None:
    """Where the extra is installed."""
    heif = pytest.importorskip("pillow_heif")
    assert heif.open_heif(io.BytesIO(builders.heic(64, 48))).size == (64, 48)


def test_a_pdf_has_its_pages_and_its_words() -> None:
    """A reader finds both, and finds nothing to repair."""
    pymupdf = pytest.importorskip("pymupdf")
    document = pymupdf.open(stream=builders.pdf(3, lines=("Call (555) 0100",)), filetype="pdf")
    assert (document.page_count, document.is_repaired) == (3, False)
    assert "Call (555) 0100" in document[0].get_text()


def test_the_locked_pdf_opens_with_its_password_only() -> None:
    """It is encrypted as the format says, not merely broken."""
    pymupdf = pytest.importorskip("pymupdf")
    document = pymupdf.open(stream=builders_hostile.locked_pdf().data, filetype="pdf")
    assert document.needs_pass
    assert not document.authenticate("guess")
    assert document.authenticate("sesame")
    assert "secret" in document[0].get_text()


def test_archives_open() -> None:
    """A Word document has its text and its author inside."""
    with zipfile.ZipFile(io.BytesIO(builders.docx(("a & b",), "Ada"))) as package:
        assert package.testzip() is None
        assert b"a &amp; b" in package.read("word/document.xml")
        assert b"Ada" in package.read("docProps/core.xml")


@pytest.mark.parametrize("name", sorted(builders_hostile.HOSTILE))
def test_hostile_files_are_small_and_the_same_every_time(name: str) -> None:
    """They are built from nothing, and a bomb weighs no more than a letter."""
    build = builders_hostile.HOSTILE[name]
    assert build() == build()
    assert len(build().data) < 100_000
    assert build.__doc__


@pytest.mark.parametrize(("name", "size"), [("png_bomb", 60_000), ("jpeg_bomb", 65_000), ("gif_bomb", 65_535)])
def test_picture_bombs_claim_their_size(name: str, size: int) -> None:
    """The header is read as it stands, so a reader that trusts it would fall over."""
    with pytest.warns(Image.DecompressionBombWarning) if size < 13_000 else pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(builders_hostile.HOSTILE[name]().data))


def test_the_polyglot_is_both() -> None:
    """A picture to Pillow, a page to a browser that sniffs."""
    data = builders_hostile.polyglot().data
    Image.open(io.BytesIO(data)).load()
    assert b"<html><script>" in data


@settings(max_examples=25)
@given(strategies.files)
def test_any_file_has_a_name_a_claim_and_bytes(file: builders.File) -> None:
    """What the strategies hand to the engines is always a whole value."""
    assert file.name
    assert "/" in file.type
    assert isinstance(file.data, bytes)
