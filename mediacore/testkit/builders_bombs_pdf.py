"""PDFs that want more time or memory than anybody may have: a page, a tree or a picture without a sensible end."""

from __future__ import annotations

import random
import struct
import zlib

from mediacore.testkit.builders import File, pdf_file

_GROUP = b"/Group<</S/Transparency/I true>>"


def form_bomb(depth: int = 9, width: int = 10) -> File:
    """A page that draws a form that draws ten forms, and so on: 10^9 rectangles in two kilobytes."""
    forms = []
    for level in range(depth):
        last = level == depth - 1
        calls = b"0 0 100 100 re f" if last else b"/F Do " * width
        more = b"" if last else b"/Resources<</XObject<</F %d 0 R>>>>" % (level + 6)
        forms.append(_stream(calls, b"/Type/XObject/Subtype/Form/BBox[0 0 100 100]" + more))
    return _page("forms.pdf", _stream(b"/F Do"), b"/XObject<</F 5 0 R>>", *forms)


def packed_bomb() -> File:
    """A page whose content is packed twice and unfolds to a gigabyte of rectangles, from three kilobytes."""
    return _page("packed.pdf", _stream(zlib.compress(_repeated(b"0 0 9 9 re f\n", 1 << 30)), _packed(2)))


def path_bomb() -> File:
    """Two million triangles in 120 KB."""
    return _page("paths.pdf", _stream(zlib.compress(b"10 10 m 20 20 l 30 5 l f\n" * 2_000_000, 9), _packed()))


def curve_bomb() -> File:
    """One outline of 300,000 curves all over the page."""
    pick = random.Random(1)  # noqa: S311 - the same file every time
    curves = b"".join(b"%d %d %d %d %d %d c\n" % tuple(pick.choices(range(600), k=6)) for _ in range(300_000))
    return _page("curves.pdf", _stream(zlib.compress(b"0 0 m\n" + curves + b"f*"), _packed()))


def tiling_bomb() -> File:
    """A pattern whose tiles are a hundredth of a point: five thousand million of them on one page, in 500 bytes."""
    head = b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 0.01/YStep 0.01/Resources<<>>"
    fill = _stream(b"/Pattern cs /P scn 0 0 600 800 re f")
    return _page("tiles.pdf", fill, b"/Pattern<</P 5 0 R>>", _stream(b"0 0 1 1 re f", head))


def mesh_bomb() -> File:
    """A shading of 200,000 triangles that all cover the page."""
    corners = ((0, 0), (65_535, 0), (0, 65_535))
    mesh = b"".join(struct.pack(">BHHBBB", 0, *corner, 9, 99, 199) for corner in corners) * 200_000
    head = b"/ShadingType 4/ColorSpace/DeviceRGB/BitsPerCoordinate 16/BitsPerComponent 8/BitsPerFlag 8"
    decode = b"/Decode[0 600 0 800 0 1 0 1 0 1]"
    shading = _stream(zlib.compress(mesh, 9), head + decode + _packed())
    return _page("mesh.pdf", _stream(b"/S sh"), b"/Shading<</S 5 0 R>>", shading)


def group_bomb() -> File:
    """Two hundred transparent groups inside one another."""
    groups = []
    for level in range(200):
        draw = b"0 0 9 9 re f" if level == 199 else b"/F Do 0 0 600 800 re f"
        more = b"/Resources<</XObject<</F %d 0 R>>>>" % (level + 6)
        groups.append(_stream(draw, b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]" + _GROUP + more))
    return _page("groups.pdf", _stream(b"/F Do"), b"/XObject<</F 5 0 R>>", *groups)


def state_bomb() -> File:
    """A page that saves its state 100,000 times and never restores it."""
    return _page("states.pdf", _stream(b"q " * 100_000 + b"0 0 9 9 re f"))


def nested_bomb() -> File:
    """An array 200,000 deep among a page's resources."""
    return _page("nested.pdf", _stream(b"0 0 9 9 re f"), b"/X " + b"[" * 200_000 + b"]" * 200_000)


def wide_page() -> File:
    """A page of 700 kilometres by 700."""
    return _page("field.pdf", _stream(b"0 0 9 9 re f"), box=b"0 0 2000000000 2000000000")


def picture_bomb(side: int = 30_000) -> File:
    """A page that shows a picture of 900 megapixels, all of them there."""
    head = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8" % (side, side)
    picture = _stream(_repeated(bytes(side), side * side), head + _packed())
    return _page("scan.pdf", _stream(b"600 0 0 800 0 0 cm /I Do"), b"/XObject<</I 5 0 R>>", picture)


def fax_bomb() -> File:
    """A page that shows a JBIG2 bitmap which says that it has eight thousand million points, in 600 bytes."""
    width, height = 32_767, 262_136
    size = struct.pack(">II", width, height)
    page = b"\0\0\0\0\x30\0\x01" + struct.pack(">I", 19) + size + bytes(11)
    region = b"\x08\x03\xff\xfd\xff\x02\xfe\xfe\xfe" + bytes(8)
    dots = b"\0\0\0\x01\x26\0\x01" + struct.pack(">I", 17 + len(region)) + size + bytes(9) + region
    head = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 1" % (width, height)
    picture = _stream(page + dots, head + b"/Filter/JBIG2Decode")
    return _page("fax.pdf", _stream(b"600 0 0 800 0 0 cm /I Do"), b"/XObject<</I 5 0 R>>", picture)


def million_pages() -> File:
    """A tree with the same page a million times."""
    kids = b"<</Type/Pages/Kids[" + b"3 0 R " * 1_000_000 + b"]/Count 1000000>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    return File("long.pdf", "application/pdf", pdf_file([b"<</Type/Catalog/Pages 2 0 R>>", kids, page]))


def branching_pages(depth: int = 30) -> File:
    """A tree whose every branch is hung up twice: 2^30 pages."""
    nodes = [
        b"<</Type/Pages/Kids[%d 0 R %d 0 R]/Count %d>>" % (level + 3, level + 3, 1 << (depth - level))
        for level in range(depth)
    ]
    leaf = b"<</Type/Page/MediaBox[0 0 9 9]>>"
    return File("tree.pdf", "application/pdf", pdf_file([b"<</Type/Catalog/Pages 2 0 R>>", *nodes, leaf]))


def _page(name: str, content: bytes, resources: bytes = b"", *more: bytes, box: bytes = b"0 0 600 800") -> File:
    """A PDF of one page; ``more`` are the objects from 5 on."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R/Resources<<%s>>>>" % (box, resources)
    tree = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    return File(name, "application/pdf", pdf_file([*tree, page, content, *more]))


def _stream(data: bytes, head: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (head, len(data), data)


def _packed(times: int = 1) -> bytes:
    return b"/Filter[%s]" % (b"/FlateDecode" * times)


def _repeated(unit: bytes, length: int) -> bytes:
    """About so many bytes of the same, packed; they are never all in memory."""
    packer, piece = zlib.compressobj(9), unit * max(1, (1 << 20) // len(unit))
    return b"".join([packer.compress(piece) for _ in range(length // len(piece))]) + packer.flush()
