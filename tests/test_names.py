"""Names: whatever a customer calls a file, it is safe to show, to store and to send."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mediacore import Figure, Names
from mediacore.names import EXTENSIONS, LONGEST, fitting_name, safe_name

ODD = st.sampled_from(
    [
        *'/\\:*?"<>|. \x00\x1f\x7f\x85\u202e\u200f\u2066\ufeff\u0301\u00e9\ud800',
        "CON",
        "nul",
        "COM1",
        ".exe",
        ".jpg",
        "../",
    ]
)
NAMES = st.lists(ODD | st.text(max_size=12), max_size=8).map("".join)
TYPES = st.sampled_from(["", "application/octet-stream", "IMAGE/JPEG; x=1", *EXTENSIONS])
HIDING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
OVERRIDES = {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI"}
RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{p}{n}" for p in ("COM", "LPT") for n in "0123456789¹²³")}


@given(name=NAMES | st.text(max_size=400), mime=TYPES)
@example("e\u200b\u0301.jpg", "image/jpeg")
@example("CON .jpg", "")
@example("a" * 149 + "é.jpeg", "image/jpeg")
@example(".htaccess", "")
@example("...", "")
def test_safe(name: str, mime: str) -> None:
    """A safe name is short, has no path, no control or direction mark and no device's name, and stays as it is."""
    safe = safe_name(name, mime)
    assert 0 < len(safe.encode()) <= LONGEST
    assert not set(safe) & set('/\\:*?"<>|')
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in safe)
    assert not any(
        unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "PDI") for c in safe
    )
    assert safe == safe.strip(" .").strip()
    assert safe.partition(".")[0].strip().upper() not in RESERVED
    assert safe_name(safe, mime) == safe


@settings(max_examples=1_500)
@given(name=NAMES | st.text(max_size=200), mime=TYPES)
def test_safe_in_great_numbers(name: str, mime: str) -> None:
    """What holds for a few names holds for thousands: no trick leads out, none hides, none is changed twice."""
    safe = safe_name(name, mime)
    assert 0 < len(safe.encode()) <= LONGEST
    assert not set(safe) & set('/\\:*?"<>|')
    assert not HIDING & {unicodedata.category(c) for c in safe}
    assert not any(unicodedata.bidirectional(c) in OVERRIDES for c in safe)
    assert "   " not in safe
    assert safe == safe.strip(" .").strip()
    assert safe.partition(".")[0].strip().upper() not in RESERVED
    assert safe_name(safe, mime) == safe


@given(name=NAMES, mime=st.sampled_from(sorted(EXTENSIONS)))
def test_extension_follows_the_type(name: str, mime: str) -> None:
    """The extension tells what the file is, not what it was called; another extension of the same type may stay."""
    safe = safe_name(name, mime)
    dot = safe.rpartition(".")[2].lower()
    also = {
        "jpeg",
        "jpe",
        "jfif",
        "tif",
        "heif",
        "heic",
        "htm",
        "log",
        "md",
        "text",
        "oga",
        "opus",
        "m4v",
        "dot",
        "xlt",
        "xla",
        "pps",
        "pot",
        "mka",
    }
    assert f".{dot}" == EXTENSIONS[mime] or dot in also


@pytest.mark.parametrize(
    ("name", "mime", "safe"),
    [
        ("C:\\Users\\me\\photo.JPG", "image/jpeg", "photo.JPG"),
        ("../../etc/passwd", "", "passwd"),
        ("invoice\u202efdp.exe", "application/pdf", "invoicefdp.pdf"),
        ("photo.jpg.exe", "image/jpeg", "photo.jpg.jpg"),
        ("", "image/png", "file.png"),
        ("CON.txt", "text/plain", "_CON.txt"),
        ("Übersicht März.pdf", "application/pdf", "Übersicht März.pdf"),
        ("数据.xlsx", "", "数据.xlsx"),
        ("bill.pdf                                        .exe", "application/x-dosexec", "bill.pdf.exe"),
        ("a\u00adb\U000e0041c.txt", "text/plain", "abc.txt"),
        ("family \U0001f468\u200d\U0001f469.png", "image/png", "family \U0001f468\U0001f469.png"),
        ("table.xls", "application/vnd.oasis.opendocument.spreadsheet", "table.ods"),
        ("file.", "", "file"),
        ("Screenshot 12:30.png", "image/png", "Screenshot 12_30.png"),
        ('He said "yes"?.pdf', "application/pdf", "He said _yes_.pdf"),
    ],
)
def test_examples(name: str, mime: str, safe: str) -> None:
    """Names as people and attackers send them."""
    assert safe_name(name, mime) == safe


def test_fallback() -> None:
    """When nothing of a name is left, the fallback stands for it."""
    assert safe_name("///", "image/gif", "file-3") == "file-3.gif"


@given(
    name=NAMES.map(safe_name),
    most=st.none() | st.integers(16, 120),
    plain=st.booleans(),
    place=st.tuples(st.integers(0, 11), st.integers(1, 12)),
)
def test_fitting(name: str, most: int | None, plain: bool, place: tuple[int, int]) -> None:
    """A fitting name keeps to the provider's length and letters, and keeps its extension."""
    number, of = place
    made = fitting_name(name, Names(Figure(most, "x") if most else None, plain), number, of)
    assert made
    assert most is None or len(made) <= most
    if plain:
        assert all(c.isascii() and (c.isalnum() or c in "._-") for c in made)
    extension = name[name.rfind(".") :] if "." in name else ""
    if extension[1:].isascii() and extension[1:].isalnum() and len(extension) <= 9:
        assert made.endswith(extension)


def test_several_results() -> None:
    """The pages of one file get numbers that tell them apart, within the provider's length."""
    rule = Names(Figure(16, "x"), plain=True)
    made = [fitting_name("Rückgabe Etikett lang.png", rule, n, 3) for n in range(3)]
    assert len(set(made)) == 3
    assert all(len(m) <= 16 for m in made)
    assert made[0].endswith("-1.png")
