"""The typed front: values in, values out, and nothing of a child is believed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen
from PIL import Image

from mediacore.engines.operation import Unusable
from mediacore.redaction.words import Word
from mediacore.sandbox import Bench, Budget, Outcome, Sandbox
from mediacore.values import Facts, Fit, Json, Media, Region, Severity
from tests.engines import builders as b


@frozen
class Liar:
    """A runner whose children say what a test wants."""

    facts: dict[str, Any]

    def run(
        self, operation: str, path: Path, params: Mapping[str, Json], out: Path, budget: Budget | None = None
    ) -> Outcome:
        """The lie."""
        return Outcome(self.facts)


def test_a_picture_all_the_way(sandbox: Sandbox, tmp_path: Path) -> None:
    """A file is sniffed, probed, shown, stripped, fitted and painted over."""
    bench = Bench(sandbox, tmp_path / "scratch")
    path = tmp_path / "in"
    path.write_bytes(b.loud_jpeg(6))
    sniffed = bench.sniff(path, "a.png", "image/jpeg")
    assert sniffed.type == "image/jpeg"
    assert [(f.code, f.severity) for f in sniffed.findings] == [("mislabelled", Severity.NOTE)]
    media = Media(path, sniffed.type, path.stat().st_size, "", bench.probe(path, sniffed.type))
    assert (media.facts.width, media.facts.height, media.facts.orientation) == (240, 320, 6)
    picture = bench.preview(media, 100)
    assert (picture.width, picture.height) == (75, 100)
    assert b.SECRET not in bench.strip(media).read_bytes()
    (fitted,) = bench.fit(media, Fit(("image/png",), max_side=90))
    assert bench.sniff(fitted).type == "image/png"
    painted = bench.paint(media, [Region(0, (10, 10, 60, 60), "manual")])
    assert b.SECRET not in painted.read_bytes()


def test_words(sandbox: Sandbox, tmp_path: Path) -> None:
    """Words come with their place, few or many."""
    import pymupdf

    document = pymupdf.open()
    for _ in range(60):
        page = document.new_page()
        for line in range(60):
            page.insert_text((50, 20 + 12 * line), "one two three four five six seven eight")
    path = tmp_path / "in"
    path.write_bytes(document.tobytes())
    bench = Bench(sandbox, tmp_path / "scratch")
    media = Media(path, "application/pdf", path.stat().st_size, "")
    assert len(bench.words(media, 3)) == 480
    words = bench.words(media)
    assert len(words) == 60 * 480
    assert isinstance(words[0], Word)
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"type": 7},
        {"type": "image/jpeg; x=\n"},
        {"type": "image/png", "findings": [3]},
        {"type": "image/png", "findings": [{"code": "a", "severity": "worst", "message": "", "remedy": ""}]},
        {"type": "image/png", "findings": [{"code": "a", "severity": "fix", "message": None, "remedy": ""}]},
    ],
)
def test_lies_of_sniff(facts: dict[str, Any], tmp_path: Path) -> None:
    """Facts of the wrong kind are refused."""
    with pytest.raises(Unusable):
        Bench(Liar(facts), tmp_path).sniff(tmp_path)


@pytest.mark.parametrize(
    "facts", [{"width": -1}, {"width": True}, {"pages": 2**40}, {"duration": "1"}, {"mode": 3}, {"metadata": [1]}]
)
def test_lies_of_probe(facts: dict[str, Any], tmp_path: Path) -> None:
    """Numbers out of range and words that are none are refused."""
    with pytest.raises(Unusable):
        Bench(Liar(facts), tmp_path).probe(tmp_path, "image/png")


def test_infinite_duration(tmp_path: Path) -> None:
    """A duration is a number, and a finite one."""
    with pytest.raises(Unusable):
        Bench(Liar({"duration": float("inf")}), tmp_path).probe(tmp_path, "audio/wav")


def scan(width: int, height: int) -> bytes:
    """A PDF whose one page is a grey JPEG 2000 picture, as archives scan."""
    packed = b.saved(Image.new("L", (width, height), 90), "JPEG2000", quality_mode="rates", quality_layers=[90])
    head = b"/Type/XObject/Subtype/Image/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/JPXDecode"
    picture = b"<<%s/Width %d/Height %d/Length %d>>\nstream\n%s\nendstream" % (head, width, height, len(packed), packed)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>"
    content = b"<</Length 27>>\nstream\n595 0 0 842 0 0 cm\n/I Do\n\n\nendstream"
    tree = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    return b.pdf_file([*tree, page, content, picture])


def test_large_scans_get_the_memory_that_they_need(sandbox: Sandbox, tmp_path: Path) -> None:
    """A picture that must be decoded whole is shown when the facts tell of it, else refused rather than left out."""
    bench = Bench(sandbox, tmp_path / "scratch")
    path = tmp_path / "in"
    path.write_bytes(scan(4_960, 7_016))
    facts = bench.probe(path, "application/pdf")
    assert facts.codecs == ("jpeg2000",)
    media = Media(path, "application/pdf", path.stat().st_size, "", facts)
    picture = Image.open(bench.preview(media, 200).path).convert("L")
    assert abs(picture.getpixel((70, 100)) - 90) < 9  # type: ignore[operator]  # one band is one number
    with pytest.raises(Unusable) as said:
        bench.preview(evolve(media, facts=Facts()), 200)
    assert said.value.code == "too-much-memory"
