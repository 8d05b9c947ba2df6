"""Files as people send them, built rather than stored: each is the same for the same arguments.

Everything is made with Pillow and the standard library; ``heic`` alone needs the ``heic`` extra.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence

from attrs import field, frozen
from PIL import Image, ImageDraw

WORDS = ("order", "invoice", "parcel", "broken", "screen", "Tuesday", "refund", "please", "thanks", "street", "card")
GPS = ((52.0, 31.0, 12.0), (13.0, 24.0, 36.0))
"""Where every photo was taken: latitude north, longitude east."""
_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture is turned before a camera stores it with that orientation."""
_EPOCH = (2024, 1, 1, 0, 0, 0)


@frozen
class File:
    """A built file.

    Args:
        name: what a customer would call it.
        type: what it claims to be; a hostile one lies.
        data: the bytes.
    """

    name: str
    type: str
    data: bytes = field(repr=False)


def sentence(seed: int, words: int = 6) -> str:
    """A line of harmless words."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return " ".join(dice.choice(WORDS) for _ in range(words))


def scene(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture with the soft slopes, the edges and the noise of a photo."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    slope = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", (slope, slope.transpose(Image.Transpose.FLIP_TOP_BOTTOM), slope.point(lambda v: v // 2)))
    draw = ImageDraw.Draw(image)
    for _ in range(8):
        x, y = dice.randrange(width), dice.randrange(height)
        colour = (dice.randrange(256), dice.randrange(256), dice.randrange(256))
        draw.ellipse((x, y, x + width // 4, y + height // 4), fill=colour)
    grain = (max(1, width // 2), max(1, height // 2))
    noise = Image.frombytes("RGB", grain, dice.randbytes(3 * grain[0] * grain[1])).resize((width, height))
    return Image.blend(image, noise, 0.12)


def photo(
    width: int = 640, height: int = 480, *, gps: bool = True, orientation: int = 6, seed: int = 0, quality: int = 88
) -> bytes:
    """A JPEG as a phone takes it, with EXIF, a maker and, if asked for, the place.

    Args:
        width, height: as a person sees it, upright.
        gps: whether the place is in it.
        orientation: how the camera was held, 1 to 8; the pixels are stored turned accordingly.
        seed: another seed, another picture.
        quality: of the JPEG.
    """
    image = scene(width, height, seed)
    if orientation in _STORED:
        image = image.transpose(_STORED[orientation])
    return saved(image, "JPEG", quality=quality, exif=camera_notes(orientation, gps))


def camera_notes(orientation: int = 1, gps: bool = True) -> bytes:
    """An EXIF block: maker, model, time, orientation, and the place if asked for."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Acme", "Pocket 7", "2024:05:17 09:41:00"
    exif[0x0112] = orientation
    if gps:
        exif.get_ifd(0x8825).update({1: "N", 2: GPS[0], 3: "E", 4: GPS[1]})
    return exif.tobytes()


def screenshot(lines: Sequence[str] = ("Order 4711", "Total 12.50"), *, width: int = 480) -> bytes:
    """A PNG of flat colours and text lines, with a comment inside."""
    image = Image.new("RGB", (width, 40 + 24 * len(lines)), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, 24), fill=(32, 64, 128))
    for row, line in enumerate(lines):
        draw.text((12, 34 + 24 * row), line, fill="black")
    return saved(image, "PNG")


def gif(width: int = 64, height: int = 48, frames: int = 3, seed: int = 0) -> bytes:
    """A GIF, animated when it has several frames."""
    pictures = [scene(width, height, seed + n).quantize(32) for n in range(frames)]
    return saved(pictures[0], "GIF", save_all=frames > 1, append_images=pictures[1:], duration=100, loop=0)


def webp(width: int = 320, height: int = 240, seed: int = 0) -> bytes:
    """A WebP picture."""
    return saved(scene(width, height, seed), "WEBP", quality=80)


def heic(width: int = 320, height: int = 240, seed: int = 0) -> bytes:
    """A HEIC picture as an iPhone makes it.

    Raises:
        ImportError: the ``heic`` extra is not installed.
    """
    import pillow_heif  # an extra

    sink = io.BytesIO()
    pillow_heif.from_pillow(scene(width, height, seed)).save(sink, quality=60)
    return sink.getvalue()


def pdf(pages: int = 2, seed: int = 0, lines: Sequence[str] = ()) -> bytes:
    """A PDF of A4 pages with a real text layer.

    Args:
        pages: how many.
        seed: another seed, other words.
        lines: stand on the first page instead of the harmless words.
    """
    return pdf_of([list(lines) if lines and page == 0 else [sentence(seed + page)] for page in range(pages)])


def pdf_of(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF with these lines on its pages; only Latin-1 text."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, lines in enumerate(pages):
        shown = "\n".join(f"({_escaped(line)}) '" for line in lines)
        content = f"BT /F1 14 Tf 18 TL 72 770 Td\n{shown}\nET".encode("latin-1", "replace")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R"
            f" /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return pdf_file(objects)


def pdf_file(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A whole PDF file around these objects, numbered from 1; the first is the catalogue."""
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, each in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, each))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start))
    return out.getvalue()


def vcard(name: str = "Ada Example", phone: str = "+1 555 0100") -> bytes:
    """A contact card."""
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nTEL:{phone}\r\nEND:VCARD\r\n".encode()


def text(lines: int = 5, seed: int = 0) -> bytes:
    """Plain text."""
    return "".join(f"{sentence(seed + n)}\n" for n in range(lines)).encode()


def archive(members: Mapping[str, bytes]) -> bytes:
    """A zip file with these members."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, data)
    return sink.getvalue()


def docx(paragraphs: Sequence[str] = ("Dear customer,", "thank you."), author: str = "Ada Example") -> bytes:
    """The least Word document that Word opens, with its author in the properties."""
    body = "".join(f"<w:p><w:r><w:t>{_xml(p)}</w:t></w:r></w:p>" for p in paragraphs)
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    members = {
        "[Content_Types].xml": f'{head}<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{word}"/></Types>',
        "_rels/.rels": f'{head}<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'{head}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body>{body}</w:body></w:document>",
        "docProps/core.xml": f'{head}<cp:coreProperties xmlns:cp="{package}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{_xml(author)}</dc:creator></cp:coreProperties>',
    }
    return archive({name: content.encode() for name, content in members.items()})


def ordinary(seed: int = 0) -> tuple[File, ...]:
    """One of each kind that customers and agents send every day."""
    return (
        File("IMG_4711.JPG", "image/jpeg", photo(seed=seed)),
        File("Screenshot.png", "image/png", screenshot((sentence(seed),))),
        File("wave.gif", "image/gif", gif(seed=seed)),
        File("picture.webp", "image/webp", webp(seed=seed)),
        File("invoice.pdf", "application/pdf", pdf(seed=seed)),
        File("contact.vcf", "text/vcard", vcard()),
        File("notes.txt", "text/plain", text(seed=seed)),
        File(
            "letter.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            docx((sentence(seed),)),
        ),
        File("files.zip", "application/zip", archive({"notes.txt": text(seed=seed)})),
    )


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG, with its length and its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    """A Pillow image as a file's bytes."""
    sink = io.BytesIO()
    image.save(sink, form, **options)
    return sink.getvalue()


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _xml(plain: str) -> str:
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
