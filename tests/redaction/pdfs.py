"""PDF files with a secret in one hiding place each, built here; and everything that can be read out of a PDF."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

pymupdf: Any = import_module("pymupdf")  # it has no type information

SECRET = "4111 1111 1111 1111"
NEEDLES = ("4111", "1111", "TOPSECRET")
HIDDEN = "TOPSECRET 4111 1111"
ABOVE, BELOW = "the line above stays", "the line below stays"
CARD_AT = (100, 112)


def page_with_card(document: Any, **size: float) -> Any:
    """A page of three lines; the middle one holds the card number."""
    page = document.new_page(**({"width": 400, "height": 600} | size))
    page.insert_text((50, 100), ABOVE, fontsize=11)
    page.insert_text((50, 112), f"card {SECRET} end", fontsize=11)
    page.insert_text((50, 124), BELOW, fontsize=11)
    return page


def raw_object(document: Any, source: str, stream: bytes | None = None) -> int:
    """A new object; its number."""
    xref: int = document.get_new_xref()
    document.update_object(xref, source)
    if stream is not None:
        document.update_stream(xref, stream, new=True)
    return xref


def append_content(document: Any, page: Any, program: bytes) -> None:
    """Add drawing operators at the end of a page."""
    xref = raw_object(document, "<<>>", program)
    old = " ".join(f"{x} 0 R" for x in page.get_contents())
    document.xref_set_key(page.xref, "Contents", f"[{old} {xref} 0 R]")


def add_resource(document: Any, page: Any, kind: str, name: str, xref: int) -> None:
    """Name an object in the page's resources."""
    holder, path = page.xref, f"Resources/{kind}"
    for part in ("Resources", kind):
        found, value = document.xref_get_key(holder, path)
        if found == "xref":
            break
        found, value = document.xref_get_key(holder, part)
        if found == "xref":
            holder, path = int(value.split()[0]), kind
    found, value = document.xref_get_key(holder, path)
    holder, path = (int(value.split()[0]), "") if found == "xref" else (holder, f"{path}/")
    document.xref_set_key(holder, f"{path}{name}", f"{xref} 0 R")


FORM_FONT = "/Resources<</Font<</F0<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"


def form_xobject(document: Any, program: bytes, extra: str = "") -> int:
    """A form XObject with a font F0."""
    return raw_object(document, f"<</Type/XObject/Subtype/Form/BBox[0 0 400 600]{FORM_FONT}{extra}>>", program)


def everything(data: bytes) -> str:
    """All that simple tools get out: raw bytes, inflated streams, every object, every page's text, put together."""
    parts = [data.decode("latin-1")]
    for start in re.finditer(rb"stream\r?\n", data):
        try:
            parts.append(zlib.decompressobj().decompress(data[start.end() :]).decode("latin-1"))
        except zlib.error:
            continue
    document = pymupdf.open(stream=data)
    for xref in range(1, document.xref_length()):
        parts.append(document.xref_object(xref))
        if document.xref_is_stream(xref):
            parts.append((document.xref_stream(xref) or b"").decode("latin-1"))
    for page in document:
        page.set_cropbox(page.mediabox)
        parts += [page.get_text(), str(page.get_links()), str([a.info for a in page.annots()])]
    parts += [
        str(document.metadata),
        str(document.get_toc()),
        str(document.embfile_names()),
        document.get_xml_metadata(),
    ]
    whole = "\n".join(parts)
    hexadecimal = "\n".join(bytes.fromhex(h).decode("latin-1") for h in re.findall(r"<((?:[0-9A-Fa-f]{2})+)>", whole))
    utf16 = whole.replace("\0", "")
    joined = re.sub(r"\)\s*-?[\d.]+\s*\(", "", whole)  # letters of a TJ operator with gaps between them
    return "\n".join((whole, hexadecimal, utf16, hexadecimal.replace("\0", ""), joined))


def with_revision(data: bytes, xref: int, program: bytes) -> bytes:
    """The file with one stream replaced by an incremental update, as editors append them."""
    at, old = len(data), int(data[data.rindex(b"startxref") + 9 : data.rindex(b"%%EOF")])
    root = re.search(rb"/Root (\d+) 0 R", data)
    assert root is not None
    new = b"%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (xref, len(program), program)
    table = b"xref\n%d 1\n%010d 00000 n \n" % (xref, at)
    trailer = b"trailer\n<</Size 99/Root %s 0 R/Prev %d>>\n" % (root.group(1), old)
    return data + new + table + trailer + b"startxref\n%d\n%%%%EOF\n" % (at + len(new))


PLACES: dict[str, Callable[[], bytes]] = {}


def place(build: Callable[[Any, Any], bytes | None]) -> Callable[[Any, Any], bytes | None]:
    """Register a builder: it gets a document with a page of three lines, and may answer the finished bytes itself."""

    def built() -> bytes:
        document = pymupdf.open()
        page = page_with_card(document)
        made = build(document, page)
        data: bytes = document.tobytes() if made is None else made
        return data

    PLACES[build.__name__] = built
    return build


@place
def visible_text(document: Any, page: Any) -> None: ...


@place
def turned_page(document: Any, page: Any) -> None:
    page.set_rotation(90)


@place
def cropped_turned_page(document: Any, page: Any) -> None:
    page.set_cropbox(pymupdf.Rect(20, 30, 380, 560))
    page.set_rotation(270)


@place
def spaced_letters(document: Any, page: Any) -> None:
    append_content(document, page, b"BT /helv 11 Tf 55 488 Td [(41)-20(11)-20( 11)-20(11)] TJ ET")


@place
def invisible_text(document: Any, page: Any) -> None:
    append_content(document, page, b"BT 3 Tr /helv 11 Tf 75 488 Td (4111 1111) Tj ET")


@place
def comment_in_program(document: Any, page: Any) -> None:
    append_content(document, page, b"% TOPSECRET 4111\nq Q")


@place
def actual_text(document: Any, page: Any) -> None:
    append_content(document, page, b"/Span <</ActualText (TOPSECRET)>> BDC BT /helv 11 Tf 80 488 Td (x) Tj ET EMC")


@place
def marked_content_property(document: Any, page: Any) -> None:
    add_resource(document, page, "Properties", "MC0", raw_object(document, f"<</ActualText({HIDDEN})>>"))
    append_content(document, page, b"/Span /MC0 BDC BT /helv 11 Tf 80 488 Td (x) Tj ET EMC")


@place
def form_xobject_text(document: Any, page: Any) -> None:
    add_resource(document, page, "XObject", "Fm0", form_xobject(document, b"BT /F0 11 Tf 75 488 Td (4111 1111) Tj ET"))
    append_content(document, page, b"/Fm0 Do")


@place
def unused_xobject(document: Any, page: Any) -> None:
    add_resource(document, page, "XObject", "Fm9", form_xobject(document, b"BT /F0 11 Tf (TOPSECRET) Tj ET"))


@place
def tiling_pattern(document: Any, page: Any) -> None:
    source = f"<</Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 200 50]/XStep 200/YStep 50{FORM_FONT}>>"
    xref = raw_object(document, source, b"BT /F0 11 Tf 2 20 Td (4111 1111) Tj ET")
    add_resource(document, page, "Pattern", "P0", xref)
    append_content(document, page, b"/Pattern cs /P0 scn 50 470 250 40 re f")


@place
def soft_mask_group(document: Any, page: Any) -> None:
    group = form_xobject(
        document, b"BT /F0 11 Tf 75 488 Td (4111 1111) Tj ET", "/Group<</S/Transparency/CS/DeviceGray>>"
    )
    state = raw_object(document, f"<</Type/ExtGState/SMask<</S/Luminosity/G {group} 0 R>>>>")
    add_resource(document, page, "ExtGState", "G0", state)
    append_content(document, page, b"q /G0 gs 0 0 1 rg 50 480 200 20 re f Q")


@place
def outside_crop_box(document: Any, page: Any) -> None:
    page.insert_text((10, 20), HIDDEN)
    page.insert_text((10, 590), HIDDEN)
    page.set_cropbox(pymupdf.Rect(5, 40, 390, 560))


@place
def outside_media_box(document: Any, page: Any) -> None:
    append_content(document, page, b"BT /helv 11 Tf -900 2000 Td (TOPSECRET 4111) Tj ET")


@place
def hidden_layer(document: Any, page: Any) -> None:
    layer = document.add_ocg("off", on=False)
    hidden = form_xobject(document, b"BT /F0 11 Tf 75 300 Td (TOPSECRET) Tj ET", f"/OC {layer} 0 R")
    add_resource(document, page, "XObject", "Fm0", hidden)
    append_content(document, page, b"/Fm0 Do")


@place
def notes_and_files(document: Any, page: Any) -> None:
    page.add_text_annot((300, 300), HIDDEN)
    page.add_freetext_annot((90, 103, 180, 114), "4111 1111", fontsize=9)
    page.add_highlight_annot((90, 103, 180, 114)).set_info(content=HIDDEN)
    page.add_file_annot((200, 200), HIDDEN.encode(), "TOPSECRET.txt")


@place
def hidden_annotation(document: Any, page: Any) -> None:
    note = page.add_freetext_annot((50, 300, 300, 330), HIDDEN)
    note.set_flags(pymupdf.PDF_ANNOT_IS_HIDDEN)
    note.update()


@place
def form_field(document: Any, page: Any) -> None:
    field = pymupdf.Widget()
    field.field_name, field.field_label = "TOPSECRET", HIDDEN
    field.field_type, field.field_value = pymupdf.PDF_WIDGET_TYPE_TEXT, "4111 1111"
    field.rect, field.text_fontsize = pymupdf.Rect(90, 103, 200, 115), 9
    page.add_widget(field)


@place
def xfa_form(document: Any, page: Any) -> None:
    packet = raw_object(document, "<<>>", b"<xdp>TOPSECRET 4111</xdp>")
    form = raw_object(document, f"<</Fields[]/XFA {packet} 0 R>>")
    document.xref_set_key(document.pdf_catalog(), "AcroForm", f"{form} 0 R")


@place
def info_and_xmp(document: Any, page: Any) -> None:
    document.set_metadata({"title": HIDDEN, "author": "TOPSECRET"})
    document.set_xml_metadata(f"<x>{HIDDEN}</x>")


@place
def page_and_object_metadata(document: Any, page: Any) -> None:
    packet = raw_object(document, "<</Type/Metadata/Subtype/XML>>", HIDDEN.encode())
    document.xref_set_key(page.xref, "Metadata", f"{packet} 0 R")
    document.xref_set_key(page.xref, "PieceInfo", f"<</App<</Private({HIDDEN})>>>>")
    form = form_xobject(document, b"0 0 1 1 re f", f"/Metadata {packet} 0 R /PieceInfo<</App<</Private({HIDDEN})>>>>")
    add_resource(document, page, "XObject", "Fm0", form)
    append_content(document, page, b"/Fm0 Do")


@place
def attachment(document: Any, page: Any) -> None:
    document.embfile_add("TOPSECRET", HIDDEN.encode(), filename="TOPSECRET.txt")


@place
def bookmarks_links_and_names(document: Any, page: Any) -> None:
    document.set_toc([[1, HIDDEN, 1]])
    page.insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(1, 1, 9, 9), "uri": "https://x/TOPSECRET"})
    document.xref_set_key(document.pdf_catalog(), "PageLabels", "<</Nums[0<</P(TOPSECRET)>>]>>")
    document.xref_set_key(document.pdf_catalog(), "Dests", "<</TOPSECRET[3 0 R/Fit]>>")


@place
def scripts(document: Any, page: Any) -> None:
    document.xref_set_key(document.pdf_catalog(), "OpenAction", "<</S/JavaScript/JS(TOPSECRET)>>")
    document.xref_set_key(page.xref, "AA", "<</O<</S/JavaScript/JS(TOPSECRET)>>>>")
    document.xref_set_key(
        document.pdf_catalog(), "Names", "<</JavaScript<</Names[(a)<</S/JavaScript/JS(TOPSECRET)>>]>>>>"
    )


@place
def structure_tree(document: Any, page: Any) -> None:
    element = raw_object(document, f"<</Type/StructElem/S/P/ActualText({HIDDEN})/Alt({HIDDEN})>>")
    root = raw_object(document, f"<</Type/StructTreeRoot/K {element} 0 R>>")
    document.xref_set_key(document.pdf_catalog(), "StructTreeRoot", f"{root} 0 R")


@place
def thumbnail(document: Any, page: Any) -> None:
    source = "<</Width 9/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8>>"
    document.xref_set_key(page.xref, "Thumb", f"{raw_object(document, source, b'TOPSECRET')} 0 R")


@place
def older_revision(document: Any, page: Any) -> bytes:
    page.insert_text((50, 300), HIDDEN)
    return with_revision(document.tobytes(no_new_id=True), page.get_contents()[-1], b"q Q")


@place
def orphan_object(document: Any, page: Any) -> None:
    raw_object(document, f"<</Private({HIDDEN})>>")
