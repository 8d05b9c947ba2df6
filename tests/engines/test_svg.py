"""Drawings (SVG): letters are drawn without font files, nothing outside is read, and what leaves is a picture."""

from __future__ import annotations

import base64
import gzip
import io
from typing import Any

import pytest
from attrs import asdict
from PIL import Image, ImageChops

from mediacore.engines.fit import fit
from mediacore.engines.operation import Unusable
from mediacore.engines.picture.svg import draw_svg
from mediacore.engines.probe import probe
from mediacore.engines.strip import strip
from mediacore.testkit.builders_hostile import png_bomb
from mediacore.values import Fit
from tests.engines import builders as b

Box = tuple[int, int, int, int]


def svg(body: str, head: str = 'viewBox="0 0 200 100"') -> bytes:
    """A drawing."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {head}>{body}</svg>'
    ).encode()


def drawn(data: bytes, side: int = 200) -> Image.Image:
    """It on white."""
    picture = draw_svg(io.BytesIO(data), side)
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture.convert("RGBA"))
    return ground.convert("RGB")


def ink(data: bytes) -> Box | None:
    """Where something was drawn."""
    picture = drawn(data)
    return ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox()


def near(box: Box | None, wanted: Box) -> bool:
    """Whether a box is where it should be, but for the shape of a letter."""
    return box is not None and all(abs(have - want) <= 6 for have, want in zip(box, wanted, strict=True))


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ('<text x="50" y="60" font-size="40">HH</text>', (50, 33, 108, 60)),
        ('<text x="150" y="60" font-size="40" text-anchor="end">HH</text>', (92, 33, 150, 60)),
        (
            '<text x="100" y="60" style="font: 40px serif; text-anchor: middle">H<tspan>H</tspan></text>',
            (71, 33, 129, 60),
        ),
        (
            '<style>.a > text { font-size: 40px }</style><g class="a"><text x="50" y="60">HH</text></g>',
            (50, 33, 108, 60),
        ),
        ('<g font-size="20"><text y="60"><tspan x="50" font-size="2em">HH</tspan></text></g>', (50, 33, 108, 60)),
        ('<text x="25%" y="60%" font-size="30pt">HH</text>', (50, 33, 108, 60)),
        ('<text y="60" font-size="40" x="50 150">HH</text>', (50, 33, 179, 60)),
        ('<text x="40" dx="10" y="70" dy="-10" font-size="40">H H</text>', (50, 33, 118, 60)),
        ('<text x="50" y="60" font-size="40">\n  H\n  H  </text>', (50, 33, 118, 60)),
        ('<defs><text id="t" font-size="40">HH</text></defs><use xlink:href="#t" x="50" y="60"/>', (50, 33, 108, 60)),
        (
            '<g transform="translate(50 60)"><text font-size="40"><a href="https://a.example">HH</a></text></g>',
            (50, 33, 108, 60),
        ),
        ('<text x="50" y="60" font-size="40" font-family="Consolas, monospace">HH</text>', (51, 37, 98, 60)),
        ('<text x="50" y="60" font-size="40" font-family="Arial">中H</text>', (51, 26, 119, 63)),
    ],
)
def test_letters_stand_where_they_should(text: str, box: Box) -> None:
    """Size, place, anchor, style sheets, inheritance, runs, references and spaces are followed."""
    assert near(ink(svg(text)), box), ink(svg(text))


@pytest.mark.parametrize("unit", ["", "px", "pt", "pc", "mm", "cm", "in", "em"])
def test_sizes_in_any_unit(unit: str) -> None:
    """A drawing whose size is given in points, as Graphviz does, or in millimetres, as Inkscape does, is drawn."""
    picture = drawn(
        svg('<rect width="100" height="100"/>', f'width="300{unit}" height="150{unit}" viewBox="0 0 200 100"')
    )
    assert picture.size[0] == 200
    assert picture.size[1] in (99, 100)
    assert [picture.getpixel(at) for at in ((50, 50), (150, 50))] == [(0, 0, 0), (255, 255, 255)]


@pytest.mark.parametrize(
    "text",
    [
        '<text y="60" display="none">HIDDEN</text>',
        '<style>text { display: none }</style><text y="60">HIDDEN</text>',
        '<style>.a tspan { visibility: hidden }</style><text class="a" y="60"><tspan>HIDDEN</tspan></text>',
        '<g opacity="0"><text y="60">HIDDEN</text></g>',
        '<defs><text y="60">HIDDEN</text></defs>',
        '<clipPath id="c"><rect width="1" height="1"/></clipPath><text clip-path="url(#c)" y="60">HIDDEN</text>',
        '<text y="60"><title>HIDDEN</title></text>',
        '<text y="60" fill="white">HIDDEN</text>',
        "<title>HIDDEN</title><desc>HIDDEN</desc><metadata>HIDDEN</metadata>",
    ],
)
def test_what_is_hidden_stays_hidden(text: str) -> None:
    """Letters are shown or not shown as the drawing says."""
    assert ink(svg(text)) is None


def test_letters_have_their_paint() -> None:
    """Colour and outline of letters are those of their runs, and what was drawn later lies above."""
    picture = drawn(
        svg(
            '<style>tspan { fill: #0000ff }</style><text y="80" font-size="100" fill="#ff0000">I<tspan>I</tspan></text>'
            '<rect width="200" height="40" fill="#00ff00"/>'
        )
    )
    assert [picture.getpixel(at) for at in ((17, 60), (50, 60), (17, 30))] == [(255, 0, 0), (0, 0, 255), (0, 255, 0)]
    thick = ink(svg('<text x="50" y="60" font-size="40" stroke="black" stroke-width="10">HH</text>'))
    assert near(thick, (45, 28, 113, 65)), thick


def test_pictures_inside_are_drawn_and_others_are_not_read(tmp_path: Any) -> None:
    """A picture that is in the drawing is part of it; a file, a page of the web and a bomb are left out."""
    pixel = b.saved(Image.new("RGB", (10, 10), (255, 0, 0)), "PNG")
    (tmp_path / "secret.png").write_bytes(pixel)
    inside = f"data:image/png;base64,{base64.b64encode(pixel).decode()}"
    bomb = f"data:image/png;base64,{base64.b64encode(png_bomb().data).decode()}"
    for address, shown in (
        (inside, True),
        (str(tmp_path / "secret.png"), False),
        ("http://127.0.0.1:1/a.png", False),
        (bomb, False),
    ):
        for name in ("href", "xlink:href"):
            assert (ink(svg(f'<image {name}="{address}" width="50" height="50"/>')) is not None) == shown, address[:40]


def test_facts() -> None:
    """A drawing has the size of the picture that it leaves as."""
    facts = probe(io.BytesIO(svg("")), {"type": "image/svg+xml"}).facts
    assert (facts["width"], facts["height"], facts["mode"]) == (2048, 1024, "RGBA")


def test_packed_drawings() -> None:
    """A drawing that is packed (SVGZ) is drawn as well, and a bomb of that sort is not unpacked."""
    data = svg('<rect width="100" height="100"/>')
    assert drawn(gzip.compress(data)).tobytes() == drawn(data).tobytes()
    made = strip(io.BytesIO(gzip.compress(data)), {"type": "image/svg+xml-compressed"})
    assert made.facts["type"] == "image/png"
    with pytest.raises(Unusable) as caught:
        drawn(gzip.compress(data + bytes(50_000_000)))
    assert caught.value.code == "too-large"


@pytest.mark.parametrize(
    "data",
    [
        b"<svg",
        gzip.compress(b"<svg/>")[:12],
        b"not a drawing",
        svg("<text>&unknown;</text>"),
        svg("<g>" * 20_000 + "<text>deep</text>" + "</g>" * 20_000),
        b'<!DOCTYPE svg [<!ENTITY a "'
        + b"a" * 9000
        + b'">'
        + b'<!ENTITY b "'
        + b"&a;" * 9000
        + b'">]>'
        + svg("<text>&b;&b;</text>"),
    ],
)
def test_what_cannot_be_drawn_says_so(data: bytes) -> None:
    """Broken markup, depths and entities without end have an answer, and no crash."""
    with pytest.raises(Unusable) as caught:
        draw_svg(io.BytesIO(data), 200)
    assert caught.value.code == "damaged"


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\U0001f600", "x" * 50_000, "\u05e9\u05dc", '"<&\u0085'])
def test_any_words(text: str) -> None:
    """No text stops a drawing from being drawn."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    assert ink(svg(f'<text y="60" font-size="40">{escaped}</text><rect y="90" width="1" height="1"/>')) is not None


def test_what_leaves_is_a_picture() -> None:
    """Neither the script, nor the comment, nor the editor's notes, nor a hidden layer is in what is sent."""
    data = svg(
        "<!-- SECRET --><script>SECRET()</script><metadata>SECRET</metadata><g display='none'>"
        "<text y='50'>SECRET</text></g><text y='60' font-size='40'>Order 4711</text>"
    )
    cleaned = strip(io.BytesIO(data), {"type": "image/svg+xml"})
    fitted = fit(io.BytesIO(data), {"type": "image/svg+xml", "fit": asdict(Fit(types=("image/jpeg", "image/png")))})
    for made in (cleaned, fitted):
        assert made.facts["type"] == "image/png"
        assert b"SECRET" not in made.files[0]
        picture: Any = Image.open(io.BytesIO(made.files[0]))
        assert picture.size == (2048, 1024)
        assert picture.convert("RGBA").getchannel("A").getextrema() == (0, 255)
