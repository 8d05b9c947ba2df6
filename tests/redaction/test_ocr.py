"""Reading pictures by machine, and the whole way: read, find, paint, read again."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from mediacore.engines.operation import Unusable
from mediacore.engines.painting.paint import paint
from mediacore.engines.reading import ocr
from mediacore.redaction.find import find
from mediacore.redaction.prove import leaks
from mediacore.redaction.words import Word
from tests.redaction.orders import paint_order, words_from

needs_ocr = pytest.mark.skipif(not ocr.available(), reason="mediacore[ocr] is not installed")
CHAT = (
    "Hello, my card is 4111 1111 1111 1111 thanks",
    "or my account DE89 3704 0044 0532 0130 00",
    "write to anna.rossi@example.com or",
    "call +49 30 901820 before noon",
    "this line stays as it is",
)

pymupdf: Any = pytest.importorskip("pymupdf")
KINDS = ("card", "iban", "email", "phone")


def chat(ink: str = "black", ground: str = "white", size: int = 16, width: int = 520) -> Image.Image:
    """A screenshot with one line of the chat under the other."""
    picture = Image.new("RGB", (width, 40 + len(CHAT) * size * 2), ground)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=size)
    for number, text in enumerate(CHAT):
        draw.text((20, 20 + number * size * 2), text, fill=ink, font=font)
    return picture


def png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def read(data: bytes, mime: str) -> list[Word]:
    made = ocr.ocr(io.BytesIO(data), {"type": mime})
    return words_from(made.facts, made.files)


@needs_ocr
@pytest.mark.parametrize("colours", [("black", "white"), ("#e8e8e8", "#202028")])
def test_screenshot(colours: tuple[str, str]) -> None:
    """Card, account, address and number of a screenshot, light or dark, are found, painted, and not read again."""
    data = png(chat(*colours))
    regions = find(read(data, "image/png"), KINDS, "DE")
    assert sorted(region.kind for region in regions) == sorted(KINDS)
    painted = paint(io.BytesIO(data), paint_order("image/png", regions)).files[0]
    after = read(painted, "image/png")
    assert leaks(after, regions) == []
    assert find(after, KINDS, "DE") == []
    text = " ".join(word.text for word in after)
    assert "thanks" in text
    assert "stays" in text
    assert not any(digits in text for digits in ("4111", "1111", "3704", "0532", "9018", "rossi"))


@needs_ocr
@pytest.mark.parametrize(("kind", "ink"), [("PNG", "white"), ("GIF", "black")])
def test_words_on_nothing(kind: str, ink: str) -> None:
    """Words on a see-through ground are found whichever ground they can be read on, and nothing is left of them."""
    clear = Image.new("RGBA", (520, 200), ink)
    clear.putalpha(ImageChops.invert(chat().convert("L").crop((0, 0, 520, 200))))
    out = io.BytesIO()
    clear.save(out, kind, **({"lossless": True} if kind == "WEBP" else {}))
    mime = f"image/{kind.lower()}"
    regions = find(read(out.getvalue(), mime), KINDS, "DE")
    assert {region.kind for region in regions} == set(KINDS)
    painted = paint(io.BytesIO(out.getvalue()), paint_order(mime, regions)).files[0]
    assert find(read(painted, "image/png"), KINDS, "DE") == []


@needs_ocr
def test_no_ink_is_left_beside_a_box() -> None:
    """The boxes reach over the whole first and last letter: the covered lines have no ink but that of their words."""
    data = png(chat())
    regions = find(read(data, "image/png"), ["email"])
    (box,) = [region.box for region in regions]
    font = ImageFont.load_default(size=16)
    start = 20 + font.getlength("write to ")
    assert box[0] <= start + 1
    assert box[2] >= start + font.getlength("anna.rossi@example.com") - 1
    assert box[2] <= start + font.getlength("anna.rossi@example.com or")


@needs_ocr
def test_scanned_page() -> None:
    """The words of a scanned PDF page stand in its points as shown, and the painted page reads empty there."""
    document = pymupdf.open()
    page = document.new_page(width=400, height=400)
    page.insert_image((40, 40, 360, 163), stream=png(chat()))
    data = document.tobytes()
    regions = find(read(data, "application/pdf"), KINDS, "DE")
    assert sorted(region.kind for region in regions) == sorted(KINDS)
    assert all(40 <= r.box[0] < r.box[2] <= 360 and 40 <= r.box[1] < r.box[3] <= 170 for r in regions)
    painted = paint(io.BytesIO(data), paint_order("application/pdf", regions)).files[0]
    assert find(read(painted, "application/pdf"), KINDS, "DE") == []


@needs_ocr
def test_tall_screenshot() -> None:
    """No line of a tall screenshot is lost where it is read in parts."""
    picture, font = Image.new("RGB", (300, 2600), "white"), ImageFont.load_default(size=16)
    draw = ImageDraw.Draw(picture)
    tops = list(range(20, 2560, 121))
    for top in tops:
        draw.text((20, top), "4111 1111 1111 1111", fill="black", font=font)
    regions = find(read(png(picture), "image/png"), ["card"])
    assert [top for top in tops if not any(r.box[1] < top + 10 < r.box[3] for r in regions)] == []


@needs_ocr
def test_warm_engine_needs_nothing_from_outside(tmp_path: Path) -> None:
    """After ``warm`` there is one thread, and a forked child reads without opening a file, a socket or a module."""
    script = """
import io, os, sys
from mediacore.engines.reading import ocr
ocr.warm()
assert len(os.listdir("/proc/self/task")) == 1, "threads"
data = open(sys.argv[1], "rb").read()
before = set(sys.modules)
def deny(event, args):
    if event in ("open", "import", "socket.connect", "socket.getaddrinfo"):
        os.write(2, f"{event} {args}".encode())
        os._exit(3)
child = os.fork()
if child == 0:
    sys.addaudithook(deny)
    made = ocr.ocr(io.BytesIO(data), {"type": "image/png"})
    os._exit(0 if len(made.facts["words"]) > 20 and set(sys.modules) == before else 4)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    if not Path("/proc/self/task").exists():
        pytest.skip("only Linux shows its threads like this")
    picture = tmp_path / "chat.png"
    picture.write_bytes(png(chat()))
    done = subprocess.run([sys.executable, "-c", script, str(picture)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_library_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the libraries the error says what to install."""
    monkeypatch.setattr(ocr, "find_spec", lambda name: None)
    ocr._reader.cache_clear()
    try:
        with pytest.raises(Unusable, match=r"mediacore\[ocr\]") as caught:
            ocr.ocr(io.BytesIO(b""), {"type": "image/png"})
        assert caught.value.code == "library-missing"
    finally:
        ocr._reader.cache_clear()
