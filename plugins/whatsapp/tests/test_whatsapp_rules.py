"""The simulator's own rules, and what it reads from a file's first bytes."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_whatsapp.simulator_files import Files, magic, opus_channels, picture_colours, webp_size
from mediacore_whatsapp.simulator_films import film
from mediacore_whatsapp.simulator_pacing import Pacing
from mediacore_whatsapp.simulator_rules import TYPES, late_fault, named_type, trouble, upload_fault
from mediacore_whatsapp.simulator_shapes import escaped
from PIL import Image


def test_upload_cap_and_types() -> None:
    """A hundred decimal megabytes are the most, an empty file is none, and only listed types are taken."""
    assert upload_fault("whatsapp", "application/pdf", 100_000_000) is None
    assert upload_fault("whatsapp", "application/pdf", 100_000_001)
    assert upload_fault("whatsapp", "application/pdf", 0)
    assert upload_fault("", "application/pdf", 1)
    for odd in ("application/zip", "image/heic", "image/gif", "audio/mp3", "audio/m4a", "video/3gp", "text/csv"):
        fault = upload_fault("whatsapp", odd, 1)
        assert fault
        assert fault.code == 100
    assert all(upload_fault("whatsapp", kind, 1) is None for kinds in TYPES.values() for kind in kinds)


@pytest.mark.parametrize(
    ("form", "size", "animated", "fits"),
    [("WEBP", 512, False, True), ("WEBP", 511, False, False), ("WEBP", 512, True, True)],
)
@pytest.mark.parametrize("lossless", [True, False])
def test_stickers(form: str, size: int, animated: bool, fits: bool, lossless: bool) -> None:
    """Stickers are 512 pixels square in every kind of WebP; an animated one may have five times the bytes."""
    out = io.BytesIO()
    frames = [Image.new("RGBA", (size, size), colour) for colour in ("red", "blue")]
    more: dict[str, Any] = {"save_all": True, "append_images": frames[1:]} if animated else {}
    frames[0].save(out, form, lossless=lossless, **more)
    data = out.getvalue()
    assert webp_size(data) == (size, size, animated)
    files = Files()
    assert (late_fault("sticker", {}, files.keep("1", "image/webp", "", data)) is None) == fits
    fat = late_fault("sticker", {}, files.keep("1", "image/webp", "", data.ljust(100_001, b"\0")))
    assert (fat is None) == (fits and animated)
    assert late_fault("sticker", {}, files.keep("1", "image/webp", "", data.ljust(500_001, b"\0")))


def test_sixteen_bit_colour_is_told_from_eight() -> None:
    """A PNG with sixteen bits is seen in its header, although it opens as RGB."""
    head = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" + bytes(6))), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    png = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    assert Image.open(io.BytesIO(png)).mode == "RGB"
    assert picture_colours(png) == "16-bit RGB"
    fault = late_fault("image", {}, Files().keep("1", "image/png", "", png))
    assert fault
    assert fault.code == 131053


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xc0\0", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBPVP8X"]
)
def test_broken_headers(data: bytes) -> None:
    """Files that break off are no pictures, and nothing crashes on them."""
    assert picture_colours(data) == ""
    assert webp_size(data) == (0, 0, False)
    assert opus_channels(data) == 0
    assert magic(b"") == ""


def test_voice_notes_must_be_opus() -> None:
    """Only Ogg with Opus can be a voice note."""
    files = Files()
    assert late_fault("audio", {"voice": True}, files.keep("1", "audio/mpeg", "", b"ID3"))
    assert late_fault("audio", {"voice": True}, files.keep("1", "audio/ogg", "", b"OggS....OpusHead\1\1")) is None
    assert late_fault("audio", {}, files.keep("1", "audio/ogg", "", b"OggS....\1vorbis"))
    assert late_fault("video", {}, files.keep("1", "audio/ogg", "", b"OggS....OpusHead\1\1"))


@pytest.mark.parametrize(
    ("name", "kind"), [("a.mp4", "image/png"), ("a.jpeg", "image/png"), ("A.PDF", "text/plain"), ("x.m4a", "audio/aac")]
)
def test_names_that_contradict_the_type(name: str, kind: str) -> None:
    """A name that says another type fails as Meta's commonest 131053; an unknown ending says nothing."""
    assert named_type(name) not in ("", kind)
    form = next(form for form, kinds in TYPES.items() if kind in kinds)
    fault = late_fault(form, {}, Files().keep("1", kind, name, b"?"))
    assert fault
    assert "under a name that says" in fault.details
    assert named_type("file") == named_type("file.bin") == ""


def test_documents_without_an_extension_do_not_open() -> None:
    """The phone picks a program by the extension of the name that is shown."""
    kept = Files().keep("1", "application/pdf", "", b"%PDF-1.4")
    assert "no extension" in trouble("document", {"filename": "bill"}, kept)
    assert trouble("document", {"filename": "bill.pdf"}, kept) == trouble("text", {}, None) == ""


@given(st.binary(max_size=300))
def test_any_bytes_make_a_film_or_none(data: bytes) -> None:
    """Whatever the bytes are, reading the boxes ends and raises nothing."""
    for start in (b"", struct.pack(">I4s4s", 12, b"ftyp", b"isom"), struct.pack(">I4s", 8 + len(data), b"moov")):
        assert film(start + data).tracks is not None


def test_payloads_are_escaped_as_meta_escapes() -> None:
    """Accents, slashes and the characters that Meta escapes are written as it writes them."""
    assert escaped({"a": "ä😀 a/b <@%"}) == rb'{"a":"\u00e4\ud83d\ude00 a\/b \u003C\u0040\u0025"}'


def test_pacing_gives_quota_back() -> None:
    """The burst is borrowed from future quota, and time pays it back."""
    pacing = Pacing(burst=2, gap=0.0001)
    assert [pacing.take("x") for _ in range(20)].count(True) >= 2
    slow = Pacing(burst=2, gap=1000)
    assert [slow.take("x") for _ in range(3)] == [True, True, False]
    assert slow.take("y")
    strict = Pacing(strangers=False)
    assert not strict.open("x")
    strict.wrote("x", "US.1")
    assert strict.open("x")
    assert strict.open("US.1")
    later = Pacing(burst=1)
    assert [later.take("x"), later.take("x")] == [True, False]
    later.clock.forward(6)
    assert later.take("x")
    later.clock.forward(86_400)
    assert not later.open("a stranger")
