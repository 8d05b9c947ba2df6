"""sharp, in a Node process of its own that stays; its time is what Node says of itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.clock import Output


class Sharp:
    """A running Node with sharp.

    Args:
        folder: where ``npm install sharp`` was run.
    """

    def __init__(self, folder: Path) -> None:
        self._out = Path(tempfile.mkdtemp()) / "made.jpg"
        self._node = subprocess.Popen(
            ["node", str(Path(__file__).with_name("sharp.mjs")), str(folder.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @classmethod
    def at(cls, folder: Path | None) -> Sharp | None:
        """sharp, where Node and the package are there."""
        if folder is None or shutil.which("node") is None or not (folder / "node_modules" / "sharp").is_dir():
            return None
        return cls(folder)

    def thumbnail(self, path: Path, side: int) -> Output:
        """Shrink as it loads."""
        return self._ask({"path": str(path), "out": str(self._out), "side": side})

    def search(self, path: Path, budget: int, side: int = 0) -> Output:
        """The highest quality whose file is small enough."""
        return self._ask({"path": str(path), "out": str(self._out), "side": side, "budget": budget})

    def close(self) -> None:
        """Stop it."""
        assert self._node.stdin is not None
        self._node.stdin.close()
        self._node.wait()
        shutil.rmtree(self._out.parent)

    def _ask(self, job: dict[str, str | int]) -> Output:
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(json.dumps(job) + "\n")
        self._node.stdin.flush()
        answer = json.loads(self._node.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        if not answer["made"]:
            raise ValueError("no quality is small enough")
        return Output(self._out.read_bytes(), answer["cpu"], note=f"{answer['encodes']} encodes")
