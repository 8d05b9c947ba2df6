"""Sound and film in the jail, and on a machine without the library."""

from __future__ import annotations

import builtins
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import asdict

from mediacore.engines.av import warm as av_warm
from mediacore.engines.fit import fit
from mediacore.engines.operation import Unusable
from mediacore.engines.preview import preview, warm
from mediacore.engines.probe import probe
from mediacore.engines.strip import strip
from mediacore.sandbox import Bench, InProcess, Runner, Sandbox
from mediacore.sandbox.zygote import threads
from mediacore.values import Fit, Media
from tests.engines import av_builders as b

ORDER: Any = asdict(Fit(("video/mp4", "audio/ogg"), max_bytes=60_000))
PARAMS: dict[str, dict[str, Any]] = {"probe": {}, "preview": {"side": 120}, "strip": {}, "fit": {"fit": ORDER}}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox for these tests."""
    with Sandbox(workers=2) as made:
        yield made


def verdicts(runner: Runner, path: Path, mime: str, out: Path) -> dict[str, object]:
    """What every operation says of a recording."""
    seen: dict[str, object] = {}
    for operation, params in PARAMS.items():
        try:
            outcome = runner.run(operation, path, {"type": mime, **params}, out)
            seen[operation] = (outcome.facts, [file.read_bytes() for file in outcome.files])
        except Unusable as error:
            seen[operation] = (error.code, error.message)
    return seen


@pytest.mark.parametrize("name", b.SORTS)
def test_the_jail_changes_nothing(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    """Every sort of recording, whole and cut, is judged alike inside and outside, to the byte."""
    data, mime = b.sort(name, tags=name not in ("amr", "aac"))
    for number, bytes_of in enumerate((data, data[: len(data) // 2], data[:300])):
        path = tmp_path / str(number)
        path.write_bytes(bytes_of)
        inside = verdicts(sandbox, path, mime, tmp_path / "in")
        assert inside == verdicts(InProcess(), path, mime, tmp_path / "out")
        assert not number or inside["fit"][0] not in ("crashed", "timeout")  # type: ignore[index]
        assert number or all(isinstance(said, tuple) and isinstance(said[0], dict) for said in inside.values())


def test_all_the_way(sandbox: Sandbox, tmp_path: Path) -> None:
    """A film is probed, shown, stripped and fitted by the typed front."""
    bench = Bench(sandbox, tmp_path / "scratch")
    path = tmp_path / "film"
    path.write_bytes(b.clip(turn=90, size=(240, 320), tags=True))
    mime = bench.sniff(path, "film.mp4", "video/mp4").type
    media = Media(path, mime, path.stat().st_size, "", bench.probe(path, mime))
    assert (media.facts.width, media.facts.height, media.facts.codecs) == (240, 320, ("h264", "aac"))
    picture = bench.preview(media, 100)
    assert (picture.width, picture.height) == (76, 100)
    assert b.SECRET.encode() not in bench.strip(media).read_bytes()
    (fitted,) = bench.fit(media, Fit(("video/mp4",), max_bytes=60_000))
    assert fitted.stat().st_size <= 60_000


def test_rubbish_ends_soon(sandbox: Sandbox, tmp_path: Path) -> None:
    """Rubbish under every recording's name ends within seconds, with a reason."""
    path = tmp_path / "rubbish"
    path.write_bytes(os.urandom(1 << 18))
    for mime in sorted({mime for mime, _ in b.SORTS.values()}):
        start = time.monotonic()
        said = verdicts(sandbox, path, mime, tmp_path)
        assert time.monotonic() - start < 20
        assert not {"crashed", "timeout", "too-much-memory"} & {str(answer[0]) for answer in said.values()}  # type: ignore[index]


def test_warm_leaves_no_thread() -> None:
    """The process that is forked has one thread after everything was loaded."""
    before = threads()
    av_warm.warm()
    assert threads() == before


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyAV is not installed each operation says so, the container is still read, and pictures go on."""
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "av" or name.startswith("av."):
            raise ImportError(name)
        return real(name, *rest, **more)

    data = b.clip()
    monkeypatch.setattr(builtins, "__import__", refuse)
    warm()
    for operation, params in ((preview, {}), (strip, {}), (fit, {"fit": ORDER})):
        with pytest.raises(Unusable) as refusal:
            operation(io.BytesIO(data), {"type": "video/mp4", **params})
        assert refusal.value.code == "library-missing"
        assert "mediacore[av]" in refusal.value.message
    said = probe(io.BytesIO(data), {"type": "video/mp4"}).facts
    assert (said["codecs"], said["quirks"]) == (["h264", "aac"], ["late-index", "unopened"])
