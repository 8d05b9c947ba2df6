"""Pictures of several frames: what is hidden in one is looked for in all, and painted over in all."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFont

from mediacore.engines.operation import Unusable
from mediacore.engines.painting.frames import MAX_FRAMES, Shot
from mediacore.engines.painting.image import padded
from mediacore.engines.painting.paint import paint
from mediacore.engines.reading import ocr
from mediacore.engines.reading.sheets import read_frames
from mediacore.redaction.find import find
from tests.engines import builders as b
from tests.redaction.orders import paint_order, words_from

CARD = "4111 1111 1111 1111"
MOVING = ("GIF", "WEBP", "PNG")
needs_ocr = pytest.mark.skipif(not ocr.available(), reason="mediacore[ocr] is not installed")


def stored(frames: Sequence[Image.Image], kind: str, **options: Any) -> bytes:
    """The frames as one file."""
    first, *rest = frames
    return b.saved(first, kind, save_all=True, append_images=rest, **options)


def written(picture: Image.Image, text: str, at: tuple[int, int] = (20, 60)) -> Image.Image:
    """A copy with words on it."""
    copy = picture.copy()
    ImageDraw.Draw(copy).text(at, text, fill="black", font=ImageFont.load_default(size=16))
    return copy


def every_frame(data: bytes) -> list[Image.Image]:
    """The frames as they are shown."""
    opened: Any = Image.open(io.BytesIO(data))
    frames = []
    for number in range(getattr(opened, "n_frames", 1)):
        opened.seek(number)
        frames.append(opened.convert("RGB"))
    return frames


def seen(data: bytes, mime: str) -> list[Any]:
    """The regions of card numbers, as the engine reads the file."""
    made = ocr.ocr(io.BytesIO(data), {"type": mime})
    return find(words_from(made.facts, made.files), ["card"])


@needs_ocr
@pytest.mark.parametrize("kind", [*MOVING, "AVIF", "TIFF"])
def test_a_number_in_a_later_frame(kind: str) -> None:
    """A card number that only the last frame shows is found there, painted over, and read in no frame afterwards."""
    plain = Image.new("RGB", (260, 120), "white")
    frames = [plain, written(plain, "hello", (20, 10)), written(plain, f"my {CARD}")]
    mime = f"image/{kind.lower()}"
    data = stored(frames, kind)
    regions = seen(data, mime)
    assert {region.page for region in regions} == {2}
    after = paint(io.BytesIO(data), paint_order(mime, regions))
    frames = every_frame(after.files[0])
    below = Image.new("RGB", (260, 120 * len(frames)))
    for number, frame in enumerate(frames):
        below.paste(frame, (0, 120 * number))
    again = ocr.ocr(io.BytesIO(b.saved(below, "PNG")), {"type": "image/png"})
    words = words_from(again.facts, again.files)
    assert find(words, ["card"]) == []
    assert kind == "AVIF" or "hello" in {word.text for word in words}


@needs_ocr
def test_a_number_that_is_typed() -> None:
    """A number that grows letter by letter, in a band of its own beside standing text, is found when it is whole."""
    plain = written(Image.new("RGB", (300, 420), "white"), "this stands still", (20, 20))
    text = f"pay {CARD} now"
    frames = [written(plain, text[:end], (20, 350)) for end in range(3, len(text) + 1, 4)]
    data = stored(frames, "GIF")
    made = ocr.ocr(io.BytesIO(data), {"type": "image/gif"})
    words = words_from(made.facts, made.files)
    assert [word.page for word in words if word.text == "stands"] == [0]
    assert find(words, ["card"])


@needs_ocr
def test_pages_of_a_fax_have_boxes_of_their_own() -> None:
    """Of a TIFF each page keeps what is hidden on another one; equal pages are each painted."""
    plain = Image.new("RGB", (260, 120), "white")
    secret, other = written(plain, CARD), written(plain, "see you tomorrow")
    data = stored([secret, other, secret], "TIFF")
    regions = seen(data, "image/tiff")
    assert sorted({region.page for region in regions}) == [0, 2]
    made = paint(io.BytesIO(data), paint_order("image/tiff", regions))
    after = every_frame(made.files[0])
    assert len(after) == 3
    assert ImageChops.difference(after[1], other).getbbox() is None
    assert made.facts["type"] == "image/tiff"
    assert seen(made.files[0], "image/tiff") == []


def test_words_of_a_band_and_of_what_stands_still() -> None:
    """Each frame has the words that it shows near what is new in it; a frame that comes again is not read again."""
    asked: list[tuple[int, int]] = []
    plain = Image.new("RGB", (100, 900), "white")
    lower = plain.copy()
    lower.paste("red", (10, 850, 20, 860))

    def read(picture: Image.Image) -> Any:
        asked.append(picture.size)
        for left in range(0, picture.width, 132):
            for line, top in enumerate(range(0, picture.height, 50)):
                yield [(f"{left}-{top}", left + 10.0, top + 10.0, left + 60.0, top + 30.0, line)]

    shots = [Shot(number, picture, 100.0) for number, picture in enumerate([plain, lower, plain, lower])]
    rows = read_frames(shots, read)
    assert asked == [(100 + 32 + 100, 900)]
    first, second = ([row for row in rows if row[5] == number] for number in (0, 1))
    assert len(first) + len(second) == len(rows)
    assert [row[0] for row in first] == [f"0-{top}" for top in range(0, 900, 50)]
    assert [(row[0], row[2]) for row in second] == [
        *((f"0-{top}", top + 10.0) for top in (600, 650, 700, 750, 800)),
        ("132-50", 846.0),
    ]


def test_too_much_moves() -> None:
    """What has more to read than there is time for is refused with a reason and not read in part."""
    frames = [Image.effect_noise((1600, 1200), 60).convert("L") for _ in range(14)]
    with pytest.raises(Unusable, match="too long") as caught:
        read_frames([Shot(n, frame, 1.0) for n, frame in enumerate(frames)], lambda picture: iter(()))
    assert caught.value.code == "too-long"


def test_too_many_frames() -> None:
    """A picture of more frames than are looked at is refused, as it would be shown to the end."""
    pixel = Image.new("P", (1, 1))
    pixel.putpalette([0, 0, 0, 255, 255, 255])
    data = stored([pixel, pixel.point(lambda _: 1)], "GIF", duration=10)
    start = data.index(b"\x21\xf9")
    data = data[:-1] + data[start:-1] * (MAX_FRAMES // 2) + b"\x3b"
    with pytest.raises(Unusable) as caught:
        paint(io.BytesIO(data), paint_order("image/gif", []))
    assert caught.value.code == "too-many-frames"


@pytest.mark.parametrize("kind", MOVING)
def test_a_frame_that_cannot_be_read(kind: str) -> None:
    """A moving picture with a damaged frame is refused: another program may show what was not looked at."""
    frames = [b.photo(64, 48, number) for number in range(3)]
    data = bytearray(stored(frames, kind, duration=50, **({"lossless": True} if kind == "WEBP" else {})))
    mark = {"GIF": b"\x21\xf9", "WEBP": b"ANMF", "PNG": b"fdAT"}[kind]
    start = data.rindex(mark) + (40 if kind != "GIF" else 800)
    data[start : start + 200] = bytes(200)
    with pytest.raises(Unusable):
        paint(io.BytesIO(bytes(data)), paint_order(f"image/{kind.lower()}", []))


COLOURS = [(255, 255, 255), (200, 30, 30), (30, 200, 30), (40, 40, 220), (250, 200, 0), (120, 120, 120)]
SECRET = (255, 0, 255)


@st.composite
def animations(draw: Any) -> tuple[bytes, str, tuple[int, int, int, int]]:
    """A moving picture of flat shapes and a box in which alone a secret colour is, in one or more of its frames."""
    size = draw(st.tuples(st.integers(8, 60), st.integers(8, 60)))
    left, top = draw(st.integers(0, size[0] - 2)), draw(st.integers(0, size[1] - 2))
    box = (left, top, draw(st.integers(left + 1, size[0])), draw(st.integers(top + 1, size[1])))
    holes = draw(st.booleans())
    frames = []
    for number in range(draw(st.integers(2, 5))):
        ground = (0, 0, 0, 0) if holes and draw(st.booleans()) else (*draw(st.sampled_from(COLOURS)), 255)
        frame = Image.new("RGBA", size, ground)
        for _ in range(draw(st.integers(0, 3))):
            x, y = draw(st.integers(0, size[0] - 1)), draw(st.integers(0, size[1] - 1))
            frame.paste((*draw(st.sampled_from(COLOURS)), 255), (x, y, x + draw(st.integers(1, 30)), y + 9))
        if number == 1 or draw(st.booleans()):
            frame.paste((*SECRET, 255), (box[0], box[1], draw(st.integers(box[0] + 1, box[2])), box[3]))
        frames.append(frame)
    kind = draw(st.sampled_from(MOVING))
    options: dict[str, Any] = {"duration": draw(st.lists(st.integers(20, 400), min_size=5, max_size=5))[: len(frames)]}
    if kind == "WEBP":
        options |= {"lossless": True, "exact": True}
    else:
        options["disposal"] = draw(st.integers(0, 3 if kind == "GIF" else 2))
    if kind == "PNG":
        options["blend"] = draw(st.integers(0, 1))
    return stored(frames, kind, **options), f"image/{kind.lower()}", box


@settings(max_examples=60, deadline=None)
@given(animations())
def test_no_pixel_of_a_box_survives_in_any_frame(given_: tuple[bytes, str, tuple[int, int, int, int]]) -> None:
    """In no frame, whatever its rests, holes and differences, is anything but black where a box was; the rest stays."""
    data, mime, box = given_
    made = paint(io.BytesIO(data), {"type": mime, "regions": [[1, *box, "manual"]]})
    before, after = every_frame_on_white(data), every_frame(made.files[0])
    # Where a GIF's frame is cleared, Pillow fills in the first colour of its own palette: it may be the secret.
    assume(all(SECRET not in colours_beside(frame, box) for frame in before))
    assume(len(before) > 1)  # frames that are all the same are stored as one: a still picture
    opened: Any = Image.open(io.BytesIO(made.files[0]))
    assert made.facts["type"] == mime
    assert 1 <= len(after) <= len(before)
    assert opened.size == before[0].size
    cover = padded(box, before[0].size)
    assert cover is not None
    black = [(0, 0, 0)]
    for frame in after:
        assert [colour for _, colour in frame.crop(cover).getcolors() or []] == black
        assert SECRET not in [colour for _, colour in frame.getcolors(4096) or []]
    if mime != "image/webp":  # whose boxes grow to the blocks of its coding
        wanted = []
        for frame in before:
            frame.paste((0, 0, 0), cover)
            if not wanted or ImageChops.difference(frame, wanted[-1]).getbbox():
                wanted.append(frame)
        assert [f.tobytes() for f in distinct(after)] == [f.tobytes() for f in wanted]


def colours_beside(frame: Image.Image, box: tuple[int, int, int, int]) -> set[Any]:
    """The colours of a frame outside the box."""
    rest = frame.copy()
    rest.paste((0, 0, 0), box)
    return {colour for _, colour in rest.getcolors(4096) or []}


def distinct(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """The frames that differ from the one before."""
    kept: list[Image.Image] = []
    for frame in frames:
        if not kept or ImageChops.difference(frame, kept[-1]).getbbox():
            kept.append(frame)
    return kept


def every_frame_on_white(data: bytes) -> list[Image.Image]:
    """The frames as a person sees them on a white page."""
    opened: Any = Image.open(io.BytesIO(data))
    frames = []
    for number in range(opened.n_frames):
        opened.seek(number)
        frame = opened.convert("RGBA")
        ground = Image.new("RGBA", frame.size, (255, 255, 255, 255))
        ground.alpha_composite(frame)
        frames.append(ground.convert("RGB"))
    return frames


@pytest.mark.parametrize("kind", MOVING)
def test_times_and_loop_stay(kind: str) -> None:
    """A painted picture moves as fast, and as often, as it did."""
    frames = [b.photo(40, 30, number) for number in range(3)]
    data = stored(frames, kind, duration=[50, 120, 300], loop=0)
    opened: Any = Image.open(io.BytesIO(paint(io.BytesIO(data), paint_order(f"image/{kind.lower()}", [])).files[0]))
    times = []
    for number in range(opened.n_frames):
        opened.seek(number)
        opened.load()
        times.append(round(opened.info["duration"]))
    assert (times, opened.info["loop"]) == ([50, 120, 300], 0)


def test_a_picture_beside_the_motion_is_left_out() -> None:
    """A first picture that only other programs show is not carried along unseen."""
    hidden = Image.new("RGB", (40, 30), (255, 0, 255))
    frames = [hidden, Image.new("RGB", (40, 30), "white"), Image.new("RGB", (40, 30), "red")]
    data = stored(frames, "PNG", default_image=True, duration=100)
    made = paint(io.BytesIO(data), paint_order("image/png", [])).files[0]
    opened: Any = Image.open(io.BytesIO(made))
    assert (opened.n_frames, opened.info.get("default_image", False)) == (2, False)
    assert all((255, 0, 255) not in [c for _, c in f.getcolors() or []] for f in every_frame(made))


@pytest.mark.parametrize("kind", ["MPO", "AVIF"])
def test_of_other_pictures_the_first_is_kept_with_all_boxes(kind: str) -> None:
    """Of files that hold several pictures and cannot be kept so, one still is left, with the boxes of all of them."""
    frames = [Image.new("RGB", (64, 48), "white") for _ in range(2)]
    data = stored(frames, kind)
    mime = "image/jpeg" if kind == "MPO" else "image/avif"
    made = paint(io.BytesIO(data), {"type": mime, "regions": [[1, 16, 16, 32, 32, "card"]]})
    (frame,) = [Image.open(io.BytesIO(made.files[0]))]
    assert getattr(frame, "n_frames", 1) == 1
    assert frame.convert("L").crop((16, 16, 32, 32)).getextrema()[1] < 8  # type: ignore[operator]
