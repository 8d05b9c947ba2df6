"""Which members of an office file go, and what becomes of the others: rules by their names."""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Callable, Collection, Mapping
from urllib.parse import unquote

from mediacore.engines.doc.cleaning.pictures import clean_inner
from mediacore.engines.doc.cleaning.tags import Rewriting, Token, in_utf8
from mediacore.engines.doc.cleaning.word import clean_word
from mediacore.engines.doc.old.strip import clean_any
from mediacore.engines.operation import Unusable

NOBODY = "Author"
"""What Office itself puts where a name was taken out."""
REMOVED = re.compile(
    r"^docprops/thumbnail\.[a-z]+$|^thumbnails/.|/printersettings/|^customxml/|^xl/revisions/|^ppt/changesinfos/"
    r"|^ppt/revisioninfo\.xml$|^versionlist\.xml$|^versions/|^_xmlsignatures/|^meta-inf/documentsignatures\.xml$",
    re.IGNORECASE,
)
"""Thumbnails, printers, data of add-ins, logs of changes, former versions, and signatures, which no longer hold."""
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_EXTENDED = "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"
_CUSTOM = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_EMPTY_ODF = (
    f'{_HEAD}<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'office:version="1.3"><office:meta/></office:document-meta>'
).encode()
_EMPTY: Mapping[str, bytes] = {
    "docProps/core.xml": f'{_HEAD}<cp:coreProperties xmlns:cp="{_CORE}"/>'.encode(),
    "docProps/app.xml": f'{_HEAD}<Properties xmlns="{_EXTENDED}"/>'.encode(),
    "docProps/custom.xml": f'{_HEAD}<Properties xmlns="{_CUSTOM}"/>'.encode(),
    "meta.xml": _EMPTY_ODF,
}
_NAMES = rb"(?:w\d*:author|w\d*:initials|w\d*:userId|(?:\w+:)?displayName|refreshedBy|lastModifiedBy|(?:\w+:)?userName)"
_PEOPLE = rb"(?:cmAuthor|\w+:author|\w+:cmAuthor|person|\w+:person)"
_NAMING = re.compile(rb"<[^<>]*\b" + _NAMES + rb"\s*=[^<>]*>|<" + _PEOPLE + rb"\b[^<>]*>")
_NAME = re.compile(rb"""(\b(?:""" + _NAMES + rb"""|name|initials|userId)\s*=\s*)(?:"[^"]*"|'[^']*')""")
_SHEET_AUTHOR = re.compile(rb"(<author>)([^<]*)(?=</author>)")
_ODF_AUTHOR = re.compile(rb"(<(?:dc:creator|meta:initial-creator|meta:creator-initials)>)([^<]*)(?=</)")
_SAYS_NAME = tuple(b"uthor initials userId displayName person refreshedBy lastModifiedBy userName".split())
_PATH = re.compile(rb"(=\s*[\"'])(?:file:/*|[A-Za-z]:[\\/]|\\\\)[^\"'<>]*?([^\"'<>\\/]*)(?=[\"'])")
_SHEET_PARTS = re.compile(r"^xl/(?:work|chart|dialog|macro)sheets/[^/]+\.xml$")
_PRINTER = re.compile(rb"(<(?:\w+:)?pageSetup\b[^<>]*?)\s+[\w.-]+:id\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
_CONNECTION = re.compile(rb"(\b(?:connection|sourceFile|odcFile|url)\s*=\s*)(?:\"[^\"<]*\"|'[^'<]*')")
_ODF_SESSIONS = re.compile(rb"\s+[\w.-]+:(?:paragraph-)?rsid\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
_ODF_CHANGES = frozenset(
    (b"text:tracked-changes", b"table:tracked-changes", b"text:change", b"text:change-start", b"text:change-end")
)
_ODF_MARKS = re.compile(rb":(?:tracked-changes|change|change-start|config-item|rsid|paragraph-rsid)\b")
_PICTURE = re.compile(r"(?:^|/)(?:media|pictures)/[^/]+\.(?:jpe?g|jfif|png|gif|webp)$", re.IGNORECASE)
_NAMED_PART = {b"Relationship": b"Target", b"Override": b"PartName", b"manifest:file-entry": b"manifest:full-path"}

Rule = Callable[[bytes], bytes]
Office = Callable[[io.BytesIO], bytes | None]
"""What cleans an office file within an office file."""


def rule(name: str, gone: Collection[str], office: Office) -> Rule | None:
    """What becomes of a member's content; None where it stays as it is.

    Args:
        name: the member's.
        gone: the names of the members that go.
        office: cleans a document that is embedded.
    """
    low = name.lower()
    if name in _EMPTY:
        return lambda _: _EMPTY[name]
    if low.startswith("object ") and low.endswith("/meta.xml"):
        return lambda _: _EMPTY_ODF
    if low.endswith(".rels") or name in ("[Content_Types].xml", "META-INF/manifest.xml"):
        return _References(name, gone).clean
    if low.endswith(("content.xml", "styles.xml", "settings.xml")) and "word/" not in low and "xl/" not in low:
        return _clean_odf
    if low.startswith("word/") and low.endswith(".xml"):
        return lambda data: _without_names(clean_word(data))
    if low.startswith(("ppt/", "xl/")) and low.endswith(".xml"):
        return lambda data: _without_names(_clean_sheet(data, low))
    if _PICTURE.search(name):
        return clean_inner
    return (lambda data: _embedded(data, office)) if "/embeddings/" in f"/{low}" or low.startswith("object ") else None


def _without_names(data: bytes) -> bytes:
    nobody = NOBODY.encode()
    if any(word in data for word in _SAYS_NAME):
        data = _NAMING.sub(lambda tag: _NAME.sub(rb'\g<1>"' + nobody + b'"', tag.group()), data)
    return _SHEET_AUTHOR.sub(rb"\g<1>" + nobody, data)


def _clean_sheet(data: bytes, name: str) -> bytes:
    if _SHEET_PARTS.match(name):
        return _PRINTER.sub(rb"\g<1>", data) if b"pageSetup" in data else data
    if name == "xl/connections.xml":
        return _CONNECTION.sub(rb'\g<1>""', data)
    if name == "xl/workbook.xml":
        return Rewriting(frozenset((b"x15ac:absPath",))).rewritten(in_utf8(data))
    return data


def _clean_odf(data: bytes) -> bytes:
    data = in_utf8(data)
    if _ODF_MARKS.search(data):
        data = _OdfRewriting(_ODF_CHANGES, frozenset(), _ODF_SESSIONS).rewritten(data)
    return _PATH.sub(rb"\g<1>\g<2>", _ODF_AUTHOR.sub(rb"\g<1>" + NOBODY.encode(), data))


class _OdfRewriting(Rewriting):
    """Without changes, printers and numbers of editing sessions."""

    def drops(self, token: Token) -> bool:
        """Settings go by their name."""
        if token.name == b"config:config-item":
            return token.value(b"config:name").startswith((b"Printer", b"Rsid", b"PrintFax", b"CurrentDatabase"))
        return super().drops(token)


class _References(Rewriting):
    """A list of parts without those that are gone, and without the paths of the machine that it was written on."""

    def __init__(self, name: str, gone: Collection[str]) -> None:
        super().__init__()
        folder = posixpath.dirname(posixpath.dirname(name)) if name.endswith(".rels") else ""
        self._folder, self._gone = folder, {each.lower() for each in gone}

    def clean(self, data: bytes) -> bytes:
        """The list as it is to stand."""
        return _PATH.sub(rb"\g<1>\g<2>", self.rewritten(in_utf8(data)))

    def drops(self, token: Token) -> bool:
        """What names a part that is gone, and the template that a text was begun with."""
        where = _NAMED_PART.get(token.name)
        if where is None:
            return False
        if token.value(b"Type").endswith((b"/attachedTemplate", b"/mailMergeSource")):
            return True
        target = unquote(token.value(where).decode("utf-8", "replace"))
        if token.value(b"TargetMode") == b"External":
            return False
        whole = posixpath.normpath(posixpath.join("/", self._folder, target)).lstrip("/").lower()
        return whole in self._gone or (target.endswith("/") and bool(REMOVED.match(f"{whole}/x")))


def _embedded(data: bytes, office: Office) -> bytes:
    """A document within a document; what is none stays."""
    try:
        if data.startswith(b"PK\x03\x04"):
            return office(io.BytesIO(data)) or data
        return clean_any(data)
    except Unusable:
        return data
