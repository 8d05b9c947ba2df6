"""The language that a file says its words are in, as a BCP 47 tag; nothing is guessed from the words themselves."""

from __future__ import annotations

import locale
import re
from collections.abc import Callable, Mapping
from typing import BinaryIO

from mediacore.engines import bounds
from mediacore.engines.containers import span
from mediacore.engines.doc.package import Package, opened
from mediacore.engines.doc.zip import content
from mediacore.engines.operation import Unusable
from mediacore.engines.signatures import MACRO_OFFICE, OFFICE

_TAG = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8}){0,4})")
_NONE = frozenset(("und", "zxx", "mul", "mis", "qaa"))
"""Codes for no language, or several (ISO 639-2)."""
_CODES = (
    "afr:af alb:sq sqi:sq amh:am ara:ar arm:hy hye:hy aze:az baq:eu eus:eu bel:be ben:bn bos:bs bul:bg bur:my mya:my",
    "cat:ca chi:zh zho:zh hrv:hr cze:cs ces:cs dan:da dut:nl nld:nl eng:en epo:eo est:et fin:fi fre:fr fra:fr glg:gl",
    "geo:ka kat:ka ger:de deu:de gre:el ell:el guj:gu heb:he hin:hi hun:hu ice:is isl:is ind:id gle:ga ita:it jpn:ja",
    "kan:kn kaz:kk khm:km kor:ko kur:ku kir:ky lao:lo lat:la lav:lv lit:lt ltz:lb mac:mk mkd:mk may:ms msa:ms mal:ml",
    "mlt:mt mar:mr mon:mn nep:ne nor:no nob:nb nno:nn pan:pa per:fa fas:fa pol:pl por:pt pus:ps rum:ro ron:ro rus:ru",
    "srp:sr sin:si slo:sk slk:sk slv:sl som:so spa:es swa:sw swe:sv tgl:tl tam:ta tel:te tha:th tur:tr ukr:uk urd:ur",
    "uzb:uz vie:vi wel:cy cym:cy yid:yi zul:zu",
)
_SHORT: Mapping[str, str] = dict(pair.split(":") for row in _CODES for pair in row.split())
"""ISO 639-2 codes, of books and of terms, and their shorter ones of ISO 639-1, which BCP 47 asks for."""
_PARTS = 64
"""Parts of a document that are looked into."""
_HTML = re.compile(r"<html\b[^<>]{0,1000}?\s(?:xml:)?lang\s*=\s*[\"']?([A-Za-z0-9_-]{2,40})", re.IGNORECASE)
_DUBLIN = re.compile(rb"<dc:language[^<>]*>\s*([A-Za-z0-9_-]{2,40})\s*<")
_WORD = re.compile(rb"<w:lang\b[^<>]{0,300}?\bw:val\s*=\s*[\"']([A-Za-z0-9_-]{2,40})")
_SLIDE = re.compile(rb"<a:\w+\b[^<>]{0,300}?\slang\s*=\s*[\"']([A-Za-z0-9_-]{2,40})")
_ODF = re.compile(rb"fo:language=\"([A-Za-z]{2,3})\"(?:[^<>]{0,300}?fo:country=\"([A-Z0-9]{2,3})\")?")
_RTF = re.compile(rb"\\deflang(\d{3,5})")
_MAIL = re.compile(rb"^Content-Language:\s*([A-Za-z0-9_-]{2,40})", re.IGNORECASE | re.MULTILINE)


def tag_of(said: str) -> str:
    """A language as a file writes it, as a BCP 47 tag in its usual letters; empty for what is none.

    Args:
        said: such as ``en_us``, ``eng`` or ``zh-Hant-TW``.
    """
    found = _TAG.fullmatch(said.strip())
    if found is None or found.group(1).lower() in _NONE:
        return ""
    first = found.group(1).lower()
    rest = found.group(2).replace("_", "-").split("-")[1:]
    return "-".join((_SHORT.get(first, first), *map(_subtag, rest)))


def language_of(file: BinaryIO, mime: str) -> str:
    """The language of a document, a web page or a mail, as a BCP 47 tag; empty where it says none.

    Args:
        file: the untrusted file.
        mime: its type.
    """
    reader = _READERS.get(mime, _opendocument if "opendocument" in mime else None)
    try:
        return tag_of(reader(file)) if reader is not None else ""
    except Unusable:
        return ""


def _subtag(part: str) -> str:
    """Regions in capitals, scripts with one, all else in small letters (RFC 5646, 2.1.1)."""
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part.lower()


def _first(pattern: re.Pattern[bytes], *texts: bytes) -> str:
    found = next((match for text in texts if (match := pattern.search(text))), None)
    return found.group(1).decode("ascii") if found else ""


def _office(file: BinaryIO) -> str:
    package = opened(file)
    slides = [name for name in package.parts if name.startswith("ppt/slides/slide")][:_PARTS]
    return (
        _first(_DUBLIN, package.small("docProps/core.xml"))
        or _first(_WORD, package.small("word/styles.xml"), _head(package, package.main("word/document.xml")))
        or _first(_SLIDE, *(_head(package, name) for name in sorted(slides)))
    )


def _head(package: Package, name: str) -> bytes:
    """The beginning of a part that may be long; empty when there is none."""
    entry = package.parts.get(name)
    return content(package.file, entry, bounds.TEXT_BYTES) if entry else b""


def _opendocument(file: BinaryIO) -> str:
    package = opened(file)
    if said := _first(_DUBLIN, package.small("meta.xml")):
        return said
    found = _ODF.search(package.small("styles.xml"))
    return "-".join(part.decode("ascii") for part in found.groups() if part) if found else ""


def _rtf(file: BinaryIO) -> str:
    number = _first(_RTF, span(file, 0, bounds.TEXT_BYTES))
    return locale.windows_locale.get(int(number), "") if number else ""


def _page(file: BinaryIO) -> str:
    found = _HTML.search(span(file, 0, bounds.TEXT_BYTES).decode("utf-8", "replace"))
    return found.group(1) if found else ""


def _mail(file: BinaryIO) -> str:
    return _first(_MAIL, span(file, 0, bounds.TEXT_BYTES).partition(b"\n\n")[0].partition(b"\r\n\r\n")[0])


_READERS: Mapping[str, Callable[[BinaryIO], str]] = {
    **dict.fromkeys((*OFFICE.values(), *MACRO_OFFICE.values()), _office),
    **dict.fromkeys(("application/rtf", "text/rtf"), _rtf),
    **dict.fromkeys(("text/html", "application/xhtml+xml"), _page),
    "message/rfc822": _mail,
}
