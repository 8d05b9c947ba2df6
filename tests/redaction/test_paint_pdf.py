"""Painting PDF files: whatever the hiding place, nothing of the secret is left."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image

from mediacore.engines.operation import Unusable
from mediacore.engines.painting.paint import paint
from mediacore.engines.reading.words import words
from mediacore.redaction.prove import leaks
from mediacore.values import Region
from tests.redaction.orders import words_from
from tests.redaction.pdfs import ABOVE, BELOW, NEEDLES, PLACES, append_content, everything, page_with_card, raw_object

pymupdf: Any = pytest.importorskip("pymupdf")

PDF = "application/pdf"


def regions_of(data: bytes) -> list[list[Any]]:
    rows: Any = words(io.BytesIO(data), {"type": PDF}).facts["words"]
    return [[row[5], *row[1:5], "card"] for row in rows if any(n in row[0] for n in ("4111", "1111"))]


@pytest.mark.parametrize("where", sorted(PLACES))
def test_hiding_place(where: str) -> None:
    """No raw byte, inflated stream, object or extracted text of the painted file holds the secret."""
    data = PLACES[where]()
    assert [needle for needle in NEEDLES if needle in everything(data)], "the builder hides nothing"
    made = paint(io.BytesIO(data), {"type": PDF, "regions": regions_of(data)})
    found = everything(made.files[0])
    assert [needle for needle in NEEDLES if needle in found] == []
    if not made.facts["rasterised"]:
        text = pymupdf.open(stream=made.files[0])[0].get_text()
        assert ABOVE in text
        assert BELOW in text


@pytest.mark.parametrize("where", ["tiling_pattern", "soft_mask_group", "hidden_layer", "xfa_form"])
def test_risky_page_becomes_a_picture(where: str) -> None:
    """A page with a hiding place that removal does not reach is rasterised, and only such a page."""
    data = PLACES[where]()
    assert paint(io.BytesIO(data), {"type": PDF, "regions": regions_of(data)}).facts["rasterised"] == [0]
    plain = PLACES["visible_text"]()
    assert paint(io.BytesIO(plain), {"type": PDF, "regions": regions_of(plain)}).facts["rasterised"] == []


HIDDEN_ONLY = sorted(
    set(PLACES)
    - {"visible_text", "turned_page", "cropped_turned_page", "spaced_letters", "invisible_text", "form_xobject_text"}
    - {"tiling_pattern", "soft_mask_group", "actual_text"}
)


@pytest.mark.parametrize("where", HIDDEN_ONLY)
def test_no_regions_still_cleans(where: str) -> None:
    """Without any region the copy carries no metadata, scripts, attachments, hidden layers or text off the page."""
    made = paint(io.BytesIO(PLACES[where]()), {"type": PDF, "regions": []})
    assert "TOPSECRET" not in everything(made.files[0])


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_cover_what_is_seen(turn: int) -> None:
    """On a cropped and turned page the words, the boxes and the black pixels agree."""
    document = pymupdf.open()
    page = page_with_card(document)
    page.set_cropbox(pymupdf.Rect(20, 30, 380, 560))
    page.set_rotation(turn)
    data = document.tobytes()
    regions = regions_of(data)
    made = paint(io.BytesIO(data), {"type": PDF, "regions": regions})
    shown = pymupdf.open(stream=made.files[0])[0].get_pixmap(colorspace="gray")
    picture = Image.frombytes("L", (shown.width, shown.height), shown.samples)
    for _, x0, y0, x1, y1, _ in regions:
        inner = (round(x0) + 1, round(y0) + 1, round(x1) - 1, round(y1) - 1)
        assert picture.crop(inner).getextrema() == (0, 0)
    words_after = words_from(words(io.BytesIO(made.files[0]), {"type": PDF}).facts)
    assert leaks(words_after, [Region(p, (x0, y0, x1, y1), k) for p, x0, y0, x1, y1, k in regions]) == []


@pytest.mark.parametrize("stored", ["png", "jpeg", "mask", "turned"])
def test_pixels_of_a_scan(stored: str) -> None:
    """The pixels of a picture under a box are gone from the stored picture, not only covered."""
    scan = Image.new("RGB", (300, 200), "white")
    scan.paste((200, 10, 60), (100, 80, 200, 120))
    raw = io.BytesIO()
    scan.save(raw, "JPEG" if stored == "jpeg" else "PNG")
    document = pymupdf.open()
    page = document.new_page(width=400, height=600)
    page.insert_image((50, 100, 350, 300), stream=raw.getvalue(), mask=alpha() if stored == "mask" else None)
    page.set_rotation(90 if stored == "turned" else 0)
    box = (pymupdf.Rect(140, 170, 260, 230) * page.rotation_matrix).normalize()
    made = paint(io.BytesIO(document.tobytes()), {"type": PDF, "regions": [[0, *box, "manual"]]})
    after = pymupdf.open(stream=made.files[0])
    for image in after[0].get_images():
        pixels = pymupdf.Pixmap(after, image[0])
        if pixels.n >= 3:
            colours: Any = Image.frombytes(
                "RGB", (pixels.width, pixels.height), pymupdf.Pixmap(pymupdf.csRGB, pixels).samples
            )
            assert not [
                c
                for c in {colours.getpixel((x, y)) for x in range(300) for y in range(200)}
                if abs(c[0] - 200) < 40 and c[1] < 60 and c[2] > 20
            ]


def alpha() -> bytes:
    out = io.BytesIO()
    Image.new("L", (300, 200), 255).save(out, "PNG")
    return out.getvalue()


def test_private_blocks_of_a_picture() -> None:
    """A JPEG on the page keeps its pixels to the bit and loses EXIF, comment and what follows its end."""
    scan, exif, raw = Image.effect_noise((200, 100), 60).convert("RGB"), Image.Exif(), io.BytesIO()
    exif[0x010E] = "TOPSECRET"
    scan.save(raw, "JPEG", exif=exif, comment=b"TOPSECRET", progressive=True)
    document = pymupdf.open()
    document.new_page().insert_image((50, 100, 350, 300), stream=raw.getvalue() + b"TOPSECRET")
    made = paint(io.BytesIO(document.tobytes()), {"type": PDF, "regions": []})
    assert "TOPSECRET" not in everything(made.files[0])
    after = pymupdf.open(stream=made.files[0])
    kept = after.extract_image(after[0].get_images()[0][0])["image"]
    assert Image.open(io.BytesIO(kept)).tobytes() == Image.open(raw).tobytes()


def test_frames_and_backgrounds_stay() -> None:
    """A background and a table's frame around a box are still there; an outline of a letter under it is not."""
    document = pymupdf.open()
    page = document.new_page(width=400, height=600)
    page.draw_rect((0, 0, 400, 600), color=(0, 0, 1), fill=(0.9, 0.9, 1))
    page.insert_text((50, 112), "card 4111 1111 1111 1111 end")
    page.draw_line((40, 110), (360, 110), color=(1, 0, 0))
    data = document.tobytes()
    made = paint(io.BytesIO(data), {"type": PDF, "regions": regions_of(data)})
    after = pymupdf.open(stream=made.files[0])[0]
    assert after.get_pixmap().pixel(300, 500)[2] == 255 > after.get_pixmap().pixel(300, 500)[0]
    assert after.get_pixmap().pixel(300, 110)[0] > after.get_pixmap().pixel(300, 110)[2]
    assert made.facts["rasterised"] == []

    document = pymupdf.open()
    page = document.new_page(width=400, height=600)
    for x in range(60, 160, 10):
        page.draw_bezier((x, 100), (x + 8, 96), (x + 8, 118), (x, 112))
    made = paint(io.BytesIO(document.tobytes()), {"type": PDF, "regions": [[0, 55, 102, 170, 110, "manual"]]})
    assert len(pymupdf.open(stream=made.files[0])[0].get_drawings()) == 1


def test_field_without_appearance() -> None:
    """The value of a form field that only viewers draw is still there afterwards, or gone when it lies under a box."""
    document = pymupdf.open()
    page = document.new_page(width=400, height=600)
    for top, value in ((100, "stays here"), (150, "4111 1111")):
        field = pymupdf.Widget()
        field.field_name, field.field_type, field.field_value = value, pymupdf.PDF_WIDGET_TYPE_TEXT, value
        field.rect = pymupdf.Rect(50, top, 250, top + 20)
        page.add_widget(field)
    for field in page.widgets():
        kind, drawn = document.xref_get_key(field.xref, "AP/N")
        assert kind == "xref"
        document.update_stream(int(drawn.split()[0]), b"/Tx BMC EMC")
    data = document.tobytes()
    made = paint(io.BytesIO(data), {"type": PDF, "regions": [[0, 40, 140, 300, 180, "card"]]})
    found = everything(made.files[0])
    assert "1111" not in found
    assert "stays here" in found
    assert made.facts["rasterised"] == []


def test_unreadable_encoding_becomes_a_picture() -> None:
    """Letters whose codes mean nothing cannot be searched for afterwards, so their page becomes a picture."""
    document = pymupdf.open()
    page = document.new_page(width=400, height=600)
    source = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode %d 0 R>>"
    names = b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange "
    names += b"1 beginbfrange <00> <ff> <E000> endbfrange endcmap"
    font = raw_object(document, source % raw_object(document, "<<>>", names))
    document.xref_set_key(page.xref, "Resources", f"<</Font<</F9 {font} 0 R>>>>")
    append_content(document, page, b"BT /F9 11 Tf 55 488 Td (4111 1111) Tj ET")
    made = paint(io.BytesIO(document.tobytes()), {"type": PDF, "regions": [[0, 50, 100, 200, 115, "card"]]})
    assert made.facts["rasterised"] == [0]


@pytest.mark.parametrize("boxes", ["/MediaBox[-100 -50 300 550]", "/MediaBox[0 0 400 600]/UserUnit 2"])
def test_odd_pages(boxes: str) -> None:
    """Pages whose origin or unit is not the usual one are covered where the words are seen."""
    document = pymupdf.open()
    page = document.new_page(width=400, height=600)
    page.insert_text((150, 112), "card 4111 1111 1111 1111 end")
    for entry in boxes[1:].split("/"):
        key = entry[: re.search(r"\W", entry).start()]  # type: ignore[union-attr]
        document.xref_set_key(page.xref, key, entry[len(key) :])
    data = document.tobytes()
    regions = regions_of(data)
    assert len(regions) == 4
    made = paint(io.BytesIO(data), {"type": PDF, "regions": regions})
    found = everything(made.files[0])
    assert "1111" not in found
    shown = pymupdf.open(stream=made.files[0])[0]
    assert shown.rect == pymupdf.open(stream=data)[0].rect
    for _, *box, _ in regions:
        pixels = shown.get_pixmap(clip=pymupdf.Rect(box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1), colorspace="gray")
        assert max(pixels.samples) == 0


def test_boxes_beyond_the_page() -> None:
    """Boxes that reach over the page are clipped, and those outside it or on no page do no harm."""
    data = PLACES["visible_text"]()
    regions: Any = [[0, -50, 90, 5000, 116, "card"], [0, 900, 900, 990, 990, "card"], [7, 0, 0, 9, 9, "card"]]
    made = paint(io.BytesIO(data), {"type": PDF, "regions": regions})
    assert "1111" not in everything(made.files[0])
    assert pymupdf.open(stream=made.files[0]).page_count == 1


def test_same_input_same_bytes() -> None:
    """Two runs give the same bytes, so that a digest in an audit log means something."""
    data = PLACES["notes_and_files"]()
    order = {"type": PDF, "regions": regions_of(data)}
    assert paint(io.BytesIO(data), order).files == paint(io.BytesIO(data), order).files


def test_encrypted_and_damaged() -> None:
    """A file that needs a password, and one that is no PDF whatever it says, are refused with a reason."""
    locked = pymupdf.open()
    locked.new_page()
    data = locked.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="a", owner_pw="b")
    for broken, code in (
        (data, "encrypted"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "damaged"),
        (b"", "damaged"),
    ):
        with pytest.raises(Unusable) as caught:
            paint(io.BytesIO(broken), {"type": PDF, "regions": []})
        assert caught.value.code == code


@pytest.mark.parametrize("regions", ["x", [[0, 1, 2, 3]], [["0", 1, 2, 3, 4, "k"]], [[0, 1, 2, 3, float("nan"), "k"]]])
def test_regions_that_are_none(regions: Any) -> None:
    """A region that cannot be understood stops the whole order: skipping it would send out what it was to hide."""
    with pytest.raises(Unusable) as caught:
        paint(io.BytesIO(PLACES["visible_text"]()), {"type": PDF, "regions": regions})
    assert caught.value.code == "regions"
