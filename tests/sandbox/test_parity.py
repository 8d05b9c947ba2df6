"""The jail changes nothing: same verdict and same bytes inside and outside of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import asdict, evolve
from PIL import Image, ImageDraw

from mediacore.engines.operation import OPERATIONS, Unusable
from mediacore.sandbox import BUDGETS, InProcess, Runner, Sandbox
from mediacore.sandbox.zygote import warm_text
from mediacore.values import Fit
from tests.engines import builders as b
from tests.engines.test_sniff import TYPES

ORDER: Any = asdict(Fit(("image/jpeg", "image/png", "application/pdf"), max_bytes=60_000, max_side=900))
PARAMS: dict[str, dict[str, Any]] = {
    "probe": {},
    "preview": {"side": 160},
    "strip": {},
    "fit": {"fit": ORDER},
    "words": {},
    "text": {},
    "paint": {"regions": [[0, 10, 10, 60, 60, "manual"]]},
    "read": {
        "reader": "mediacore_email.reading",
        "request": {"method": "POLL", "url": "imap://INBOX/7/42"},
        "settings": {"address": "help@shop.example"},
    },
}
ODD = {
    f"{kind}-{mode}": lambda kind=kind, mode=mode: b.saved(b.photo(200, 150).convert(mode), kind)
    for kind, mode in (("TIFF", "CMYK"), ("TIFF", "LAB"), ("TIFF", "1"), ("JPEG", "CMYK"), ("PNG", "P"), ("GIF", "P"))
}
ODD |= {
    "loud": b.loud_jpeg,
    "turned": lambda: b.loud_jpeg(6),
    "cut": lambda: b.loud_jpeg()[:2000],
    "thumb": b.thumbed_heic,
}
ODD |= {f"honest-{mime}": lambda mime=mime: TYPES[mime] for mime in TYPES}
FEW = ("mail", "orientation", "tnef")
"""Folders of many files of one kind, of which every seventh is enough."""


def corpus() -> list[Path]:
    """Public sample files of every kind, where they are at hand."""
    folders = sorted(folder for folder in b.CORPUS.glob("*") if folder.is_dir())
    found = {folder.name: sorted(f for f in folder.rglob("*") if f.is_file()) for folder in folders}
    return [path for name, files in found.items() for path in files[:: 7 if name in FEW else 1]]


def verdicts(runner: Runner, path: Path, out: Path) -> dict[str, object]:
    """What every operation says of a file."""
    mime = runner.run("sniff", path, {"name": path.name}, out).facts
    seen: dict[str, object] = {"sniff": mime}
    for operation, params in PARAMS.items():
        try:
            patient = evolve(BUDGETS[operation], cpu=900, wall=3600)  # how busy the machine is must not matter
            outcome = runner.run(operation, path, {"type": mime["type"], **params}, out, patient)
            seen[operation] = (outcome.facts, [file.read_bytes() for file in outcome.files])
        except Unusable as error:
            seen[operation] = (error.code, error.message)
    return seen


@pytest.mark.parametrize("name", ODD)
def test_built_files(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    """Built files of every sort are judged alike."""
    warm_text()
    path = tmp_path / "file"
    path.write_bytes(ODD[name]())
    assert verdicts(sandbox, path, tmp_path) == verdicts(InProcess(), path, tmp_path)


def test_every_operation_is_compared() -> None:
    """None is left out; reading pictures, whose models take seconds to load, is compared on one of them below."""
    assert {"sniff", "ocr", *PARAMS} == set(OPERATIONS)


def test_reading_a_picture(sandbox: Sandbox, tmp_path: Path) -> None:
    """A picture is read alike."""
    pytest.importorskip("rapidocr")
    picture = Image.new("RGB", (400, 120), "white")
    ImageDraw.Draw(picture).text((20, 40), "Order 4711 was sent", fill="black", font_size=32)
    path = tmp_path / "file"
    picture.save(path, "PNG")
    order: dict[str, Any] = {"type": "image/png"}
    inside = sandbox.run("ocr", path, order, tmp_path).facts
    assert inside == InProcess().run("ocr", path, order, tmp_path).facts
    assert inside["words"]


@pytest.mark.long
@pytest.mark.parametrize("path", corpus(), ids=lambda path: path.name)
def test_public_files(sandbox: Sandbox, tmp_path: Path, path: Path) -> None:
    """Public sample files are judged alike."""
    assert verdicts(sandbox, path, tmp_path) == verdicts(InProcess(), path, tmp_path)
