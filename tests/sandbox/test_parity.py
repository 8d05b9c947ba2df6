"""The jail changes nothing: same verdict and same bytes inside and outside of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import asdict

from mediacore.engines.operation import Unusable
from mediacore.sandbox import InProcess, Runner, Sandbox
from mediacore.sandbox.zygote import warm_text
from mediacore.values import Fit
from tests.engines import builders as b
from tests.engines.test_sniff import TYPES

ORDER: Any = asdict(Fit(("image/jpeg", "image/png", "application/pdf"), max_bytes=60_000, max_side=900))
PARAMS: dict[str, dict[str, Any]] = {
    "probe": {},
    "preview": {"side": 200},
    "strip": {},
    "fit": {"fit": ORDER},
    "words": {},
}
ODD = {
    f"{kind}-{mode}": lambda kind=kind, mode=mode: b.saved(b.photo(200, 150).convert(mode), kind)
    for kind, mode in (("TIFF", "CMYK"), ("TIFF", "LAB"), ("TIFF", "1"), ("JPEG", "CMYK"), ("PNG", "P"), ("GIF", "P"))
}
ODD |= {"loud": b.loud_jpeg, "turned": lambda: b.loud_jpeg(6), "cut": lambda: b.loud_jpeg()[:2000]}
ODD |= {f"honest-{mime}": lambda mime=mime: TYPES[mime] for mime in TYPES}
CORPUS = sorted(
    [*(b.CORPUS / "phone").glob("*[!g]"), *(b.CORPUS / "pdf").glob("*.pdf"), *(b.CORPUS / "gps").glob("*1*")]
)


def verdicts(runner: Runner, path: Path, out: Path) -> dict[str, object]:
    """What every operation says of a file."""
    mime = runner.run("sniff", path, {"name": path.name}, out).facts
    seen: dict[str, object] = {"sniff": mime}
    for operation, params in PARAMS.items():
        try:
            outcome = runner.run(operation, path, {"type": mime["type"], **params}, out)
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


@pytest.mark.long
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_public_files(sandbox: Sandbox, tmp_path: Path, path: Path) -> None:
    """Public sample files are judged alike."""
    assert verdicts(sandbox, path, tmp_path) == verdicts(InProcess(), path, tmp_path)
