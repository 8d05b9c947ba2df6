"""What can be known of a file without showing it: size, pages, length, secrets beside the content."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import BinaryIO

from attrs import asdict, evolve
from PIL import Image

from mediacore.engines import bounds
from mediacore.engines.arguments import text
from mediacore.engines.av import probe as av_probe
from mediacore.engines.containers import size_of, span
from mediacore.engines.doc import facts as doc_facts
from mediacore.engines.doc import show as doc_show
from mediacore.engines.language import language_of, tag_of
from mediacore.engines.operation import Made
from mediacore.engines.pdf import pages as pdf
from mediacore.engines.pdf.shrink import pictures
from mediacore.engines.picture import colour, image, svg
from mediacore.engines.preview import warm
from mediacore.kinds import Kind, kind_of
from mediacore.values import Facts, Json

__all__ = ["probe", "warm"]

_SCREENS = ("image/png", "image/webp", "image/bmp", "image/gif", "image/jpeg")
_GPS, _COMMENT = 0x8825, 0x9286
_PDF_ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|RichMedia)\b")


def probe(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """Gather the facts of a file.

    Args:
        file: the untrusted file.
        params: ``type`` its sniffed MIME type.

    Returns:
        The fields of ``mediacore.values.Facts``.

    Raises:
        Unusable: it is damaged, a bomb, or its library is missing.
    """
    mime = text(params, "type")
    made = asdict(_facts(file, mime))
    return Made(
        {**made, "codecs": list(made["codecs"]), "metadata": list(made["metadata"]), "quirks": list(made["quirks"])}
    )


def _facts(file: BinaryIO, mime: str) -> Facts:
    if mime in image.FORMATS:
        return _picture(file, mime)
    if mime in svg.TYPES:
        small = svg.draw_svg(file, 64)
        width, height = (round(side * svg.SIDE / max(small.size)) for side in small.size)
        return Facts(width=width, height=height, mode="RGBA", screenshot=True)
    if mime == "application/pdf":
        return _document(file)
    kind = kind_of(mime)
    if kind in (Kind.AUDIO, Kind.VIDEO):
        facts = av_probe.facts_of(file, mime)
        return evolve(facts, bit_rate=round(8 * size_of(file) / facts.duration)) if facts.duration > 0 else facts
    facts = doc_facts.facts_of(file, mime) or Facts()
    if facts.encrypted:
        return facts
    return evolve(facts, excerpt=doc_show.excerpt(file, mime), language=language_of(file, mime))


def _picture(file: BinaryIO, mime: str) -> Facts:
    picture = image.open_typed(file, mime)
    mode = colour.stored_mode(picture)
    width, height = image.shown_size(picture)
    facts = Facts(
        width=width,
        height=height,
        orientation=image.orientation_of(picture),
        mode=mode,
        frames=_frames(file, picture),
        metadata=_metadata(file, picture),
    )
    return evolve(facts, screenshot=_screenshot(picture, mime))


def _screenshot(picture: Image.Image, mime: str) -> bool:
    """Deciding costs one decode of at most 20 megapixels, and nothing where a camera says that it took the picture."""
    if mime not in _SCREENS or picture.width * picture.height > 20_000_000:
        return False
    lossy = mime == "image/jpeg"
    if lossy and image.by_camera(picture):
        return False
    try:
        picture.load()
        return image.drawn(picture, lossy=lossy)
    except (OSError, SyntaxError, ValueError, EOFError):
        return False


def _frames(file: BinaryIO, picture: Image.Image) -> int:
    """Pictures in the file; counted by Pillow only where that is quick."""
    if picture.format in ("PNG", "WEBP", "AVIF", "HEIF", "MPO"):
        return min(int(getattr(picture, "n_frames", 1)), bounds.FRAMES)
    if picture.format == "GIF":
        return _gif_frames(file)
    if picture.format == "TIFF":
        return _tiff_frames(file)
    return 1


def _gif_frames(file: BinaryIO) -> int:
    """Image descriptors of a GIF (GIF89a, section 20), skipping over the pixels."""
    data = span(file, 0, 64 << 20)
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 128 else 0)
    frames = 0
    while at < len(data) - 1 and frames < bounds.FRAMES:
        if data[at] == 0x2C and at + 10 < len(data):
            frames += 1
            at += 11 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 128 else 0)
        elif data[at] == 0x21:
            at += 2
        else:
            break
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return max(1, frames)


def _tiff_frames(file: BinaryIO) -> int:
    """Directories of a TIFF (TIFF 6.0, section 2), each visited once."""
    order = "<" if span(file, 0, 2) == b"II" else ">"
    at, seen = struct.unpack(order + "I", span(file, 4, 4))[0], set[int]()
    while at and at not in seen and len(seen) < bounds.FRAMES:
        head = span(file, at, 2)
        if len(head) < 2:
            break
        seen.add(at)
        link = span(file, at + 2 + 12 * struct.unpack(order + "H", head)[0], 4)
        at = struct.unpack(order + "I", link)[0] if len(link) == 4 else 0
    return max(1, len(seen))


def _metadata(file: BinaryIO, picture: Image.Image) -> tuple[str, ...]:
    info = picture.info
    found = set()
    if info.get("exif"):
        found.add("exif")
    try:
        exif = picture.getexif()
        found |= {"exif"} if len(exif) and picture.format != "TIFF" else set()
        found |= {"gps"} if exif.get_ifd(_GPS) else set()
    except Exception:  # broken EXIF is still EXIF
        found.add("exif")
    if info.get("xmp") or "XML:com.adobe.xmp" in info:
        found.add("xmp")
    if info.get("photoshop") or info.get("iptc"):
        found.add("iptc")
    if info.get("comment"):
        found.add("comment")
    if picture.format == "PNG" and getattr(picture, "text", None):
        found.add("text")
    if picture.format in ("JPEG", "MPO") and b"GPSLatitude" in span(file, 0, bounds.TEXT_BYTES):
        found.add("gps")
    return tuple(sorted(found))


def _document(file: BinaryIO) -> Facts:
    file.seek(0)
    document = pdf.open_pdf(file, locked=True)
    if document.needs_pass:
        return Facts(encrypted=True)
    width, height = pdf.page_size(document, 0)
    metadata = [name for name, found in (("info", _info(document)), ("xmp", document.get_xml_metadata())) if found]
    packed, codecs = pictures(document)
    return Facts(
        width=round(width),
        height=round(height),
        pages=document.page_count,
        codecs=codecs,
        active=_active(document),
        metadata=tuple(metadata),
        pictures=packed,
        language=_language(document),
    )


def _language(document: pdf.Document) -> str:
    """What the catalogue says (ISO 32000-1, 14.9.2)."""
    try:
        kind, said = document.xref_get_key(document.pdf_catalog(), "Lang")
    except (RuntimeError, ValueError):
        return ""
    return tag_of(said) if kind in ("string", "name") else ""


def _info(document: pdf.Document) -> bool:
    return any(value for name, value in document.metadata.items() if name not in ("format", "encryption"))


def _active(document: pdf.Document) -> bool:
    """Whether any object asks a reader to do something or holds another file."""
    if document.embfile_count():
        return True
    for number in range(1, min(document.xref_length(), bounds.PDF_OBJECTS)):
        try:
            if _PDF_ACTIVE.search(document.xref_object(number, compressed=True).encode("utf-8", "replace")):
                return True
        except (RuntimeError, ValueError):
            continue
    return False
