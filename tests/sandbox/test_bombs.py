"""Every bomb of the test kit in the jail: it ends soon and small, with one plain reason, and its neighbours live."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mediacore.engines.operation import Unusable
from mediacore.sandbox import Sandbox
from mediacore.sandbox.spare import Spare
from mediacore.sandbox.wire import End
from mediacore.testkit import builders
from mediacore.testkit.builders_bombs import BOMBS

MOST_SECONDS = 3.2
"""Seconds of processor time of one job: the limit of three, and what the kernel takes to notice."""
MOST_BYTES = 200 << 20
REASONS = {"bomb", "damaged", "no-preview", "no-text", "timeout", "too-many-pixels", "too-much-memory"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox for these tests."""
    with Sandbox(workers=2) as made:
        yield made


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """Seconds and bytes that every child took, as the kernel counted them, however it ended."""
    ended: dict[int, End] = {}
    told: list[tuple[float, int]] = []
    end, close = Spare.end, Spare.close

    def noted(spare: Spare, seconds: float) -> End:
        ended[id(spare)] = end(spare, seconds)
        return ended[id(spare)]

    def told_and_closed(spare: Spare) -> None:
        spare.stop()
        known = ended.pop(id(spare), None) or end(spare, 5.0)
        told.append((known.cpu, known.rss))
        close(spare)

    monkeypatch.setattr(Spare, "end", noted)
    monkeypatch.setattr(Spare, "close", told_and_closed)
    return told


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_boring(sandbox: Sandbox, tmp_path: Path, ends: list[tuple[float, int]], name: str) -> None:
    """What a desk does with a file takes three seconds and 200 MB at most, for an answer or one plain sentence."""
    bomb = BOMBS[name]()
    path = tmp_path / "bomb"
    path.write_bytes(bomb.data)
    assert sandbox.run("sniff", path, {"name": bomb.name}, tmp_path).facts["type"] == bomb.type
    for operation in ("probe", "preview", "text"):
        said: Unusable | None = None
        try:
            sandbox.run(operation, path, {"type": bomb.type, "side": 512}, tmp_path / "out")
        except Unusable as error:
            said = error
        assert said is None or (said.code in REASONS and said.message.endswith("."))
    assert len(ends) == 4
    for cpu, memory in ends:
        assert cpu < MOST_SECONDS
        assert memory < MOST_BYTES


def test_neighbours_are_unharmed(sandbox: Sandbox, tmp_path: Path) -> None:
    """A photo beside bombs that burn gives the very bytes that it gives alone."""
    photo, bomb = tmp_path / "photo", tmp_path / "bomb"
    photo.write_bytes(builders.photo())
    bomb.write_bytes(BOMBS["tiling_bomb"]().data)

    def burn(_: int) -> str:
        with pytest.raises(Unusable) as said:
            sandbox.run("preview", bomb, {"type": "application/pdf", "side": 512}, tmp_path / "burnt")
        return said.value.code

    def shown() -> bytes:
        (made,) = sandbox.run("preview", photo, {"type": "image/jpeg", "side": 256}, tmp_path / "out").files
        return made.read_bytes()

    alone = shown()
    with ThreadPoolExecutor(2) as pool:
        burnt = pool.map(burn, range(2))
        assert all(shown() == alone for _ in range(10))
        assert set(burnt) == {"timeout"}
