"""What the style sheets and attributes of a drawing (SVG) say of its texts: fonts, anchors and lengths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from mediacore.engines.operation import Unusable

SVG = "{http://www.w3.org/2000/svg}"
FONT = ("font-size", "font-family", "font-weight", "font-style", "text-anchor")
_FAMILIES = (
    ("Courier", re.compile(r"mono|courier|consol|menlo|code|typewriter", re.IGNORECASE)),
    ("Helvetica", re.compile(r"sans|arial|helvet|verdana|tahoma|roboto|system-ui|grotesk|gothic", re.IGNORECASE)),
    ("Times", re.compile(r"serif|times|georgia|garamond|roman|palatino|minion|song|mincho", re.IGNORECASE)),
)
_PIXELS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}  # CSS Values 3, 5.2
_SIZES = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0}
_MEDIUM = 16.0
_SHORTHAND = re.compile(
    r"^(?P<before>.*?)(?P<size>[\d.]+[a-z%]+)(?:/\S+)?\s+(?P<family>.+)$", re.IGNORECASE | re.DOTALL
)
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")

Style = Mapping[str, str]


def styles_of(root: ET.Element) -> dict[ET.Element, Style]:
    """What is said of every element, and its font as it is inherited, in words that MuPDF knows.

    Raises:
        Unusable: ``library-missing`` without cssselect2.
    """
    try:
        import cssselect2
        import tinycss2
    except ImportError:
        raise Unusable("library-missing", "The letters of drawings need the package cssselect2.") from None
    matcher = cssselect2.Matcher()
    css = "".join("".join(sheet.itertext()) for sheet in root.iter(SVG + "style"))
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if rule.type != "qualified-rule":
            continue
        said = _declared(tinycss2.parse_blocks_contents(rule.content))
        try:
            for selector in cssselect2.compile_selector_list(rule.prelude):
                matcher.add_selector(selector, said)
        except cssselect2.SelectorError:
            continue
    styles: dict[ET.Element, Style] = {}
    for wrapper in cssselect2.ElementWrapper.from_xml_root(root).iter_subtree():
        element = wrapper.etree_element
        said = {}
        for *_, more in sorted(matcher.match(wrapper), key=lambda match: match[:2]):
            said |= more
        said |= _declared(tinycss2.parse_blocks_contents(element.get("style", "")))
        above = styles[wrapper.parent.etree_element] if wrapper.parent is not None else {}
        attributes = {name: element.get(name, "") for name in FONT if element.get(name)}
        styles[element] = {**said, **_font(attributes | said, above)}
    return styles


def _declared(contents: list[object]) -> dict[str, str]:
    import tinycss2

    said: dict[str, str] = {}
    for one in contents:
        if isinstance(one, tinycss2.ast.Declaration):
            said[one.lower_name] = tinycss2.serialize(one.value).strip()
    if short := _SHORTHAND.match(said.pop("font", "")[:200]):  # no font needs more words
        before = short["before"].lower()
        said |= {"font-size": short["size"], "font-family": short["family"]}
        said |= {"font-weight": "bold"} if "bold" in before else {}
        said |= {"font-style": "italic"} if "italic" in before or "oblique" in before else {}
    return said


def _font(said: Style, above: Style) -> Style:
    """The font of an element, whose parent has the one above."""
    known = {name: above[name] for name in FONT if name in above}
    font = {**known, **{name: said[name] for name in FONT if said.get(name, "inherit") != "inherit"}}
    em = float(above.get("font-size", _MEDIUM))
    size = said.get("font-size", "")
    font["font-size"] = str(length(size, em, em) or _SIZES.get(size.strip().lower(), em))
    if "font-family" in said:
        names = (name for each in said["font-family"].split(",") for name, like in _FAMILIES if like.search(each))
        font["font-family"] = next(names, "Helvetica")
    if "font-weight" in said:
        heavy = number(said["font-weight"]) >= 600 or said["font-weight"].startswith("bold")
        font["font-weight"] = "bold" if heavy else "normal"
    return font


def length(said: str, em: float, whole: float) -> float:
    """A length in user units.

    Args:
        said: such as ``12``, ``9pt``, ``1.2em`` or ``50%``.
        em: the size of the font.
        whole: what percentages are of.
    """
    unit = _NUMBER.sub("", said, count=1).strip().lower()
    return number(said) * (whole / 100 if unit == "%" else em if unit in ("em", "rem") else _PIXELS.get(unit, 1.0))


def number(text: str) -> float:
    """The number that a text begins with, or 0."""
    found = _NUMBER.match(text)
    return float(found[1]) if found else 0.0
