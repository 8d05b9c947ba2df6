"""The language that a file declares, and a recording's bits a second."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import av
import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediacore.engines.language import tag_of
from mediacore.engines.probe import probe
from mediacore.engines.signatures import OFFICE
from tests.engines import av_builders, doc_builders

ODT = "application/vnd.oasis.opendocument.text"
SPACES = 'xmlns:office="o" xmlns:style="s" xmlns:fo="f" xmlns:dc="d"'


def told(data: bytes, mime: str) -> Mapping[str, Any]:
    """What the probe says."""
    return probe(io.BytesIO(data), {"type": mime}).facts


def test_a_word_file() -> None:
    """Of a Word file the default language of its styles counts, and ``x-none`` is no language."""
    for said, tag in (("it-IT", "it-IT"), ("x-none", ""), ("zh-hant-tw", "zh-Hant-TW")):
        lang = f'<w:lang w:val="{said}" w:eastAsia="ja-JP"/>'
        styles = f'<w:styles xmlns:w="x"><w:docDefaults>{lang}</w:docDefaults></w:styles>'
        data = doc_builders.docx(parts={"word/styles.xml": styles})
        assert told(data, OFFICE["word/"])["language"] == tag


def test_other_office_files() -> None:
    """Tables and slides say it in their properties, slides in their words too; OpenDocument in its styles."""
    core = '<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:language>pt_br</dc:language></cp:coreProperties>'
    data = doc_builders.xlsx(parts={"docProps/core.xml": core})
    assert told(data, OFFICE["xl/"])["language"] == "pt-BR"
    slide = '<p:sld xmlns:p="p" xmlns:a="a"><a:r><a:rPr lang="de-CH"/><a:t>Hoi</a:t></a:r></p:sld>'
    assert told(doc_builders.pptx({"ppt/slides/slide1.xml": slide}), OFFICE["ppt/"])["language"] == "de-CH"
    styles = f'<office:document-styles {SPACES}><style:x fo:language="fr" fo:country="CA"/></office:document-styles>'
    assert told(doc_builders.odf(ODT, parts={"styles.xml": styles}), ODT)["language"] == "fr-CA"


@pytest.mark.parametrize(
    ("data", "mime", "tag"),
    [
        (b"<!doctype html><html class=a lang='es-MX'><p>Hola</p></html>", "text/html", "es-MX"),
        (b"<!doctype html><html><p lang=fr>Bonjour</p></html>", "text/html", ""),
        (b"{\\rtf1\\ansi\\deflang1031 Hallo}", "application/rtf", "de-DE"),
        (b"Subject: x\r\nContent-Language: nl\r\n\r\nContent-Language: fr\r\n", "message/rfc822", "nl"),
        (b"Buongiorno, questa \xc3\xa8 una lettera.", "text/plain", ""),
    ],
)
def test_texts(data: bytes, mime: str, tag: str) -> None:
    """Web pages, rich texts and mails where they declare it; of a plain text nothing is guessed."""
    assert told(data, mime)["language"] == tag


def test_a_pdf() -> None:
    """A PDF says it in its catalogue."""
    document = pymupdf.open()
    document.new_page()
    assert told(document.tobytes(), "application/pdf")["language"] == ""
    document.xref_set_key(document.pdf_catalog(), "Lang", "(uk-UA)")
    assert told(document.tobytes(), "application/pdf")["language"] == "uk-UA"


@pytest.mark.parametrize("muxer", ["mp4", "matroska"])
def test_a_film(muxer: str) -> None:
    """The language of the sound, in the short code where there is one, and bits a second by size and length."""
    source = av_builders.clip("matroska", tags=False)
    sink = io.BytesIO()
    with av.open(io.BytesIO(source)) as given_, av.open(sink, "w", muxer) as made:
        copies = {s.index: made.add_stream_from_template(s) for s in given_.streams}
        for index, stream in copies.items():
            if given_.streams[index].type == "audio":
                stream.metadata["language"] = "ita"
        for packet in given_.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                made.mux(packet)
    data, mime = sink.getvalue(), "video/mp4" if muxer == "mp4" else "video/x-matroska"
    facts = told(data, mime)
    assert facts["language"] == "it"
    assert facts["bit_rate"] == round(8 * len(data) / facts["duration"])
    assert 50_000 < facts["bit_rate"] < 5_000_000


@given(st.text(max_size=30))
def test_any_words(said: str) -> None:
    """Whatever a file says, the tag is empty or one that is well formed, and stays the same when said again."""
    tag = tag_of(said)
    assert tag == "" or (tag.isascii() and 2 <= len(tag.partition("-")[0]) <= 3)
    assert tag_of(tag) == tag
