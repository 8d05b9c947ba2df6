"""The facts of a file."""

from __future__ import annotations

import io
import struct
from typing import Any

import pymupdf
import pytest
from PIL import Image

from mediacore.engines.picture import image
from mediacore.engines.probe import probe
from tests.engines import builders as b


def facts(data: bytes, mime: str) -> dict[str, Any]:
    """What the probe says."""
    return dict(probe(io.BytesIO(data), {"type": mime}).facts)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_as_seen(orientation: int) -> None:
    """Width and height are those a person sees, after the turn."""
    seen = facts(b.saved(b.photo(60, 40), "JPEG", exif=b.exif(orientation)), "image/jpeg")
    assert (seen["width"], seen["height"]) == ((60, 40) if orientation < 5 else (40, 60))
    assert seen["orientation"] == orientation


def test_metadata_is_named_not_shown() -> None:
    """Private blocks are named and their contents never leave."""
    seen = facts(b.loud_jpeg(), "image/jpeg")
    assert set(seen["metadata"]) == {"exif", "gps", "xmp", "comment"}
    assert b.SECRET.decode() not in str(seen)


@pytest.mark.parametrize(("kind", "frames"), [("GIF", 5), ("WEBP", 5), ("PNG", 5), ("TIFF", 5)])
def test_frames(kind: str, frames: int) -> None:
    """Frames and pages of pictures are counted."""
    pictures = [b.photo(20, 20, n) for n in range(frames)]
    data = b.saved(pictures[0], kind, save_all=True, append_images=pictures[1:])
    assert facts(data, f"image/{kind.lower()}")["frames"] == frames


@pytest.mark.parametrize(("bits", "mode"), [(8, "RGB"), (16, "RGB;16")])
def test_sixteen_bits_are_told_from_eight(bits: int, mode: str) -> None:
    """A PNG of 16 bits opens as one of 8, yet its mode says what it is, since some channels take 8 only."""
    assert facts(b.plain_png(bits), "image/png")["mode"] == mode


def test_screens_and_photos() -> None:
    """A screenshot is told from a photo."""
    assert facts(b.saved(b.screen(800, 600), "PNG"), "image/png")["screenshot"]
    assert not facts(b.saved(b.photo(800, 600), "PNG"), "image/png")["screenshot"]


@pytest.mark.parametrize("quality", [60, 75, 95])
def test_screens_saved_as_jpeg(quality: int) -> None:
    """A screenshot saved as JPEG is one all the same; a photo, a dark one and one of a camera are not."""
    assert facts(b.saved(b.screen(1200, 900), "JPEG", quality=quality), "image/jpeg")["screenshot"]
    photo = b.photo(1200, 900)
    assert not facts(b.saved(photo, "JPEG", quality=quality), "image/jpeg")["screenshot"]
    night = photo.point(lambda value: value // 12)
    assert not facts(b.saved(night, "JPEG", quality=quality), "image/jpeg")["screenshot"]
    taken = Image.Exif()
    taken[image.CAMERA] = "Camera"
    data = b.saved(b.screen(1200, 900), "JPEG", quality=quality, exif=taken.tobytes())
    assert not facts(data, "image/jpeg")["screenshot"]


def test_pdf() -> None:
    """Pages, size, metadata, scripts and locks of a PDF are seen."""
    document = pymupdf.open()
    for _ in range(3):
        document.new_page(width=300, height=200)
    document.set_metadata({"author": "Ada"})
    seen = facts(document.tobytes(), "application/pdf")
    assert (seen["pages"], seen["width"], seen["height"], seen["active"]) == (3, 300, 200, False)
    assert seen["metadata"] == ["info"]
    document.embfile_add("a.exe", b"MZ")
    assert facts(document.tobytes(), "application/pdf")["active"]
    locked = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="x")
    assert facts(locked, "application/pdf")["encrypted"]


def test_office() -> None:
    """Macros in an Office file are seen."""
    assert not facts(b.docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document")["active"]
    assert facts(b.docx(macros=True), "application/vnd.ms-word.document.macroenabled.12")["active"]


def test_sound() -> None:
    """Length, codec and channels are read from the container."""
    wav = b"RIFF" + struct.pack("<I", 16036) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    wav += b"data" + struct.pack("<I", 16000) + bytes(16000)
    seen = facts(wav, "audio/wav")
    assert (seen["duration"], seen["codecs"], seen["channels"]) == (1.0, ["pcm"], 1)
    assert facts(b"#!AMR\n" + (b"\x3c" + bytes(31)) * 50, "audio/amr")["duration"] == pytest.approx(1.0)
    opus = b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x02\x38\x01" + bytes(7)
    last = b"OggS\x00\x04" + struct.pack("<q", 48000 * 2 + 312) + bytes(13)
    seen = facts(opus + last, "audio/ogg")
    assert (seen["duration"], seen["codecs"], seen["channels"]) == (2.0, ["opus"], 2)


@pytest.mark.parametrize("mime", ["video/mp4", "audio/ogg", "audio/wav", "audio/mpeg", "audio/amr", "image/gif"])
def test_rubbish_says_nothing(mime: str) -> None:
    """A damaged container gives no facts, and no crash."""
    heads = {"image/gif": b"GIF89a\x01\x00\x01\x00\xf7\x00\x00"}
    for size in (0, 1, 9, 40, 300):
        try:
            facts(heads.get(mime, b"") + bytes(range(255, -1, -1))[:size], mime)
        except Exception as error:
            assert type(error).__name__ == "Unusable"  # noqa: PT017 - anything but an Unusable is the fault
