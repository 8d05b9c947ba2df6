"""After stripping, an office file says the same and names nobody."""

from __future__ import annotations

import io
import zipfile

import pytest

from mediacore.engines.doc.show import words
from mediacore.engines.operation import Unusable
from mediacore.engines.probe import probe
from mediacore.engines.sniff import type_of
from mediacore.engines.strip import strip
from tests.engines import doc_builders as b

PEOPLE = {
    "word/people.xml": f'<w15:people><w15:person w15:author="{b.SECRET}"><w15:presenceInfo w15:userId="{b.SECRET}"/>'
    "</w15:person></w15:people>",
    "xl/persons/person.xml": f'<personList><person displayName="{b.SECRET}" id="{{1}}" userId="{b.SECRET}"/>'
    "</personList>",
    "xl/comments1.xml": f"<comments><authors><author>{b.SECRET}</author></authors><t>kept</t></comments>",
    "ppt/commentAuthors.xml": f'<p:cmAuthorLst><p:cmAuthor id="1" name="{b.SECRET}" initials="{b.SECRET}"/>'
    "</p:cmAuthorLst>",
    "docProps/custom.xml": f'<Properties><property name="Client">{b.SECRET}</property></Properties>',
}


def people(folder: str) -> dict[str, str | bytes]:
    """The parts that name people in an office file of a sort."""
    return {name: content for name, content in PEOPLE.items() if name.startswith((folder, "docProps/"))}


FILES = [
    (b.docx(parts=people("word/")), b.DOCX),
    (b.xlsx(parts=people("xl/")), b.XLSX),
    (b.pptx(parts=people("ppt/")), b.PPTX),
    (b.odf(b.ODT), b.ODT),
    (b.odf(b.ODS), b.ODS),
]


def members(data: bytes) -> dict[str, bytes]:
    """Every member by its name, each read in full against its checksum."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(("data", "mime"), FILES)
def test_nobody_is_named(data: bytes, mime: str) -> None:
    """No name is left in any member; type, words and all other members stay as they were."""
    made = strip(io.BytesIO(data), {"type": mime})
    (clean,) = made.files
    assert made.facts == {"type": mime, "stripped": True}
    before, after = members(data), members(clean)
    assert any(b.SECRET.encode() in content for content in before.values())
    assert not [name for name, content in after.items() if b.SECRET.encode() in content]
    assert {*before} - {*after} <= {"docProps/thumbnail.jpeg", "Thumbnails/thumbnail.png"}
    assert not [name for name, content in after.items() if b"humbnail" in content]
    touched = {name for name, content in after.items() if content != before[name]}
    assert not {name for name in touched if "media/" in name or "sheet1" in name or "slide1" in name}
    assert type_of(io.BytesIO(clean)) == mime
    assert words(io.BytesIO(clean), {"type": mime}) == words(io.BytesIO(data), {"type": mime})


@pytest.mark.parametrize(("data", "mime"), FILES)
def test_always_the_same_bytes(data: bytes, mime: str) -> None:
    """The same file becomes the same bytes, and what is clean stays as it is; nothing tells when it was written."""
    (clean,) = strip(io.BytesIO(data), {"type": mime}).files
    assert strip(io.BytesIO(data), {"type": mime}).files == (clean,)
    assert strip(io.BytesIO(clean), {"type": mime}).files == (clean,)
    with zipfile.ZipFile(io.BytesIO(clean)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any(info.comment or info.extra for info in archive.infolist())


def test_properties_are_gone() -> None:
    """The probe finds no author, company, custom property, change or thumbnail any more."""
    (clean,) = strip(io.BytesIO(FILES[0][0]), {"type": b.DOCX}).files
    assert probe(io.BytesIO(clean), {"type": b.DOCX}).facts["metadata"] == ["comments"]


def test_words_that_look_like_names_stay() -> None:
    """What a document says about authors in its text is not touched."""
    said = 'w:author="Bob" and name="Eve"'
    data = b.docx(b.run(said))
    (clean,) = strip(io.BytesIO(data), {"type": b.DOCX}).files
    assert members(clean)["word/document.xml"] == members(data)["word/document.xml"]


def test_macros_stay() -> None:
    """Macros and embedded files are left alone: whether they may go along is not decided here."""
    data = b.docx(parts={"word/vbaProject.bin": b"macro", "word/embeddings/a.xlsx": b"table"})
    (clean,) = strip(io.BytesIO(data), {"type": type_of(io.BytesIO(data))}).files
    after = members(clean)
    assert (after["word/vbaProject.bin"], after["word/embeddings/a.xlsx"]) == (b"macro", b"table")


def test_bytes_between_the_members_are_gone() -> None:
    """What stands before, between or behind the members does not go along."""
    data = b.docx()
    end = data.rindex(b"PK\x05\x06")
    hidden = data[:end] + data[end:-2] + b"\x06\x00secret"
    (clean,) = strip(io.BytesIO(hidden), {"type": b.DOCX}).files
    assert b"secret" not in clean


@pytest.mark.parametrize(
    ("data", "mime", "code"),
    [
        (b.docx()[:-40], b.DOCX, "damaged"),
        (b.overlapping(), b.DOCX, "bomb"),
        (b.odf(b.ODT, parts={"META-INF/manifest.xml": "<manifest:encryption-data/>"}), b.ODT, "encrypted"),
    ],
)
def test_refused(data: bytes, mime: str, code: str) -> None:
    """What cannot be cleaned for certain is not passed on as clean."""
    with pytest.raises(Unusable) as caught:
        strip(io.BytesIO(data), {"type": mime})
    assert caught.value.code == code
