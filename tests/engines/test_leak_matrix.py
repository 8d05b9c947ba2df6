"""Nothing planted beside a file's content is in any form that it leaves in: every sort of file by every form.

Stills and office files have tests of their own for each hiding place (``test_leaks``, ``test_doc_canaries``); this one
is for what moves, sounds and has pages, and for every way in which any of them is derived.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pymupdf
import pytest
from PIL import Image, PngImagePlugin

from mediacore.choosing import WRITABLE as PICTURES
from mediacore.engines.fit import fit
from mediacore.engines.operation import Made, Unusable
from mediacore.engines.painting.paint import paint
from mediacore.engines.preview import preview
from mediacore.engines.strip import strip
from mediacore.recording import WRITABLE as RECORDINGS
from mediacore.values import Json
from tests.engines import av_builders
from tests.engines import builders as b
from tests.engines.test_leaks import CANARY, everywhere, jpeg, loud_exif, profile, segment

WORD = CANARY.decode()
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + CANARY + b"</x:xmpmeta>"
TOKENS = (CANARY, av_builders.SECRET.encode(), b.SECRET)
FRAMES = [b.photo(60, 40, number) for number in range(3)]


def moving(kind: str, **options: Any) -> bytes:
    """A picture that moves."""
    return b.saved(FRAMES[0], kind, save_all=True, append_images=FRAMES[1:], duration=90, **options)


def gif() -> bytes:
    """A GIF that moves, with a comment, words, XMP and a program's data (GIF89a, sections 24 to 26)."""
    data = moving("GIF", comment=CANARY, loop=0)
    start = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    block = bytes((len(CANARY),)) + CANARY + b"\x00"
    more = b"\x21\xff\x0bXMP DataXMP" + block + b"\x21\xff\x0bCANARY7316X" + block
    more += b"\x21\x01\x0c" + bytes(12) + block + b"\x21\xfe" + block
    return data[:start] + more + data[start:-1] + more + b"\x3b" + CANARY


def apng() -> bytes:
    """A PNG that moves, with words of all three sorts and EXIF."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", WORD)
    info.add_text("Packed", WORD, zip=True)
    info.add_itxt("XML:com.adobe.xmp", WORD, zip=True)
    return moving("PNG", pnginfo=info, exif=loud_exif())


def pages() -> bytes:
    """A TIFF of several pages, each with its words."""
    return moving("TIFF", tiffinfo={270: WORD, 315: WORD, 700: XMP}, icc_profile=profile())


def heic() -> bytes:
    """A HEIC with EXIF and XMP."""
    pillow_heif = pytest.importorskip("pillow_heif")
    target = io.BytesIO()
    pillow_heif.from_pillow(b.photo(128, 96)).save(target, exif=loud_exif(), xmp=XMP)
    return target.getvalue()


def pdf() -> bytes:
    """A PDF that hides the word in every place beside its pages."""
    document = pymupdf.open()
    page = document.new_page(width=300, height=300)
    page.insert_text((20, 40), "hello", oc=document.add_ocg(WORD))
    page.insert_image((20, 60, 120, 160), stream=jpeg(segment(0xFE, CANARY)))
    note = page.add_text_annot((200, 200), "a note that stays")
    note.set_info(title=WORD, subject=WORD)
    document.set_metadata({"author": WORD, "title": WORD, "producer": WORD})
    document.set_xml_metadata(XMP.decode())
    document.embfile_add("a.txt", CANARY, desc=WORD)
    document.xref_set_key(document.pdf_catalog(), "OpenAction", f"<</S/JavaScript/JS(app.alert('{WORD}'))>>")
    document.xref_set_key(page.xref, "PieceInfo", f"<</App<</Private({WORD})>>>>")
    document.xref_set_key(page.xref, "AA", f"<</O<</S/JavaScript/JS({WORD})>>>>")
    return bytes(document.tobytes())


SOURCES: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "gif": (gif, "image/gif"),
    "apng": (apng, "image/png"),
    "webp": (lambda: moving("WEBP", exif=loud_exif(), xmp=XMP, icc_profile=profile()), "image/webp"),
    "avif": (lambda: moving("AVIF", exif=loud_exif(), xmp=XMP), "image/avif"),
    "tiff": (pages, "image/tiff"),
    "jpeg": (lambda: jpeg(segment(0xFE, CANARY)) + CANARY, "image/jpeg"),
    "lying": (lambda: b.loud_jpeg(6), "image/jpeg"),
    "heic": (heic, "image/heic"),
    "pdf": (pdf, "application/pdf"),
    "cover": (lambda: av_builders.with_cover(av_builders.sort("m4a")[0]), "audio/mp4"),
    **{
        name: (lambda name=name: av_builders.sort(name, tags=True)[0], av_builders.SORTS[name][0])  # type: ignore[misc]
        for name in ("mp4", "mov", "webm", "mkv", "avi", "3gp", "ogg", "mp3", "wav", "flac")
    },
}


def forms(mime: str) -> Iterator[tuple[str, Callable[[io.BytesIO], Made]]]:
    """Every way in which a file of a type is derived."""
    family = mime.partition("/")[0]
    paper = mime == "application/pdf"
    yield "strip", lambda file: strip(file, {"type": mime})
    for form, side in (("picture", 64), ("picture", 1600), ("clip", 128), ("wave", 128)):
        params: dict[str, Json] = {"type": mime, "side": side, "form": form, "hash": form == "picture"}
        yield f"{form} {side}", lambda file, params=params: preview(file, params)  # type: ignore[misc]
    kinds = list(PICTURES) if family == "image" or paper else list(RECORDINGS)
    for target in [*kinds, "video/mp4", *(("application/pdf",) if paper else ())]:
        for more in ({}, {"max_bytes": 30_000}, {"animated": False}) if family == "image" else ({},):
            order: dict[str, Json] = {"types": [target], "max_pages": 3, **more}
            yield f"fit {order}", lambda file, order=order: fit(file, {"type": mime, "fit": order})  # type: ignore[misc]
    marks: list[Json] = [[0, 5, 5, 20, 20, "manual"]]
    for rows in ([], marks):
        yield f"paint {rows}", lambda file, rows=rows: paint(file, {"type": mime, "regions": rows})  # type: ignore[misc]


@pytest.mark.parametrize("name", SOURCES)
def test_no_planted_word_is_in_any_form(name: str) -> None:
    """No word that was planted in a file is in anything that is made of it, neither in its bytes nor unpacked."""
    build, mime = SOURCES[name]
    data = build()
    packed = everywhere if mime.startswith(("image/", "application/")) else plain
    assert any(token in packed(data) for token in TOKENS)
    made: list[str] = []
    for how, derive in forms(mime):
        try:
            results = derive(io.BytesIO(data)).files
        except Unusable:
            continue  # of a form that this sort of file cannot take
        made.append(how.partition(" ")[0])
        for result in results:
            whole = packed(result)
            assert not [token for token in TOKENS if token in whole], how
    assert {"strip", "picture"} <= {*made, *({"picture"} if mime.startswith("audio/") else set())}
    assert "fit" in made


def plain(data: bytes) -> bytes:
    """The bytes of a recording, where nothing is packed but sound and film, and words of two bytes a letter."""
    return data + data.replace(b"\x00", b"")


def test_what_a_note_says_stays() -> None:
    """Of a PDF's notes and layers the authors and names go, and what is written and shown stays."""
    clean = pymupdf.open(stream=strip(io.BytesIO(pdf()), {"type": "application/pdf"}).files[0])
    (note,) = clean[0].annots()
    assert note.info["content"] == "a note that stays"
    assert note.info["title"] == ""
    assert "hello" in clean[0].get_text()
    assert [layer["name"] for layer in clean.get_ocgs().values()] == ["Layer"]


def test_a_form_keeps_its_fields() -> None:
    """The names of a form's fields are what makes it work, so they stay."""
    document = pymupdf.open()
    page = document.new_page()
    field = pymupdf.Widget()
    field.field_name, field.field_type, field.rect = (
        "amount",
        pymupdf.PDF_WIDGET_TYPE_TEXT,
        pymupdf.Rect(20, 20, 200, 50),
    )
    field.field_value = "12"
    page.add_widget(field)
    clean = pymupdf.open(stream=strip(io.BytesIO(document.tobytes()), {"type": "application/pdf"}).files[0])
    (kept,) = clean[0].widgets()
    assert (kept.field_name, kept.field_value) == ("amount", "12")


def test_frames_of_a_still_have_nothing_either() -> None:
    """Each frame of a moving picture that leaves has no words of its own, as a reader of pictures sees it."""
    for build, mime in (SOURCES[name] for name in ("gif", "apng", "webp")):
        opened: Any = Image.open(io.BytesIO(strip(io.BytesIO(build()), {"type": mime}).files[0]))
        for number in range(opened.n_frames):
            opened.seek(number)
            opened.load()
            said = {key for key in opened.info if key in ("comment", "exif", "xmp", "photoshop", "Comment", "Packed")}
            assert said == set()
