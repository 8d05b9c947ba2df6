"""How many scans a JPEG has: told by its head where that is sure, and counted where it is not."""

from __future__ import annotations

import io

import pytest

from mediacore.engines import bounds
from mediacore.engines.operation import Unusable
from mediacore.engines.picture import image
from mediacore.engines.picture.jpegscans import scans_of
from mediacore.testkit.builders_bombs import scan_jpeg
from tests.engines import builders as b


def frame(kind: int, colours: int) -> bytes:
    """A frame's segment."""
    return bytes((0xFF, kind, 0, 8 + 3 * colours, 8, 0, 8, 0, 8, colours)) + bytes(3 * colours)


def scan(colours: int) -> bytes:
    """A scan's segment and some data."""
    return bytes((0xFF, 0xDA, 0, 6 + 2 * colours, colours)) + bytes(2 * colours + 3) + b"data"


SOI, EOI, COMMENT, RESTART = b"\xff\xd8", b"\xff\xd9", b"\xff\xfe\x00\x06abcd", b"\xff\xd0"


@pytest.mark.parametrize(
    ("data", "scans"),
    [
        (SOI + COMMENT + frame(0xC0, 3) + scan(3) + scan(3) * 500 + EOI, 1),
        (SOI + b"\xff\xff" + COMMENT + frame(0xC1, 1) + scan(1) + EOI, 1),
        (SOI + frame(0xC0, 3) + scan(1) * 3 + EOI, 3),
        (SOI + frame(0xC2, 3) + scan(3) + scan(1) * 9 + EOI, 10),
        (SOI + frame(0xC9, 3) + scan(3) * 4 + EOI, 4),
        (SOI + RESTART + frame(0xC0, 3) + scan(3) * 4 + EOI, 4),
        (SOI + b"junk" + frame(0xC0, 3) + scan(3) * 4 + EOI, 4),
        (SOI + frame(0xC0, 3) + frame(0xC2, 3) + scan(3) * 4 + EOI, 4),
        (SOI + scan(3) * 4 + EOI, 4),
        (SOI + frame(0xC0, 0) + scan(0) * 4 + EOI, 4),
        (SOI + frame(0xC0, 3), 0),
    ],
)
def test_scans(data: bytes, scans: int) -> None:
    """Only a sequential frame whose first scan has all its colours is believed; the file's place is kept."""
    file = io.BytesIO(data)
    file.seek(3)
    assert scans_of(file, 1000) == scans
    assert file.tell() == 3


def test_counting_ends_where_the_number_does_not_matter() -> None:
    """A bomb is not read to its end."""
    file = io.BytesIO(SOI + frame(0xC2, 3) + scan(3) * 400_000)
    assert 100 < scans_of(file, 100) < 200_000


def test_a_plain_photo_with_more_scans_behind_is_damaged() -> None:
    """The decoder itself stops at the second one, which is why they need not be counted."""
    plain = b.saved(b.photo(640, 480), "JPEG")
    at = plain.rindex(b"\xff\xda")
    with (
        image.open_typed(io.BytesIO(plain[:-2] + plain[at:-2] * 3000 + EOI), "image/jpeg") as crowded,
        pytest.raises(Unusable) as caught,
    ):
        image.upright(crowded)
    assert caught.value.code == "damaged"


def test_a_refined_photo_with_many_scans_is_a_bomb() -> None:
    """Here each of them would make the decoder go over the picture again."""
    with pytest.raises(Unusable) as caught:
        image.open_typed(io.BytesIO(scan_jpeg(2 * bounds.JPEG_SCANS).data), "image/jpeg")
    assert caught.value.code == "bomb"
