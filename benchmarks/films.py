"""A film to take a poster from, and what ``ffmpeg`` on the command line does with it."""

from __future__ import annotations

import importlib
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.clock import Output
from benchmarks.inputs import leaves

SECONDS, RATE = 8, 30


def film() -> bytes:
    """Eight seconds of 1080p: a slow pan over a picture, in H.264 in MP4."""
    av: Any = importlib.import_module("av")
    scene = leaves(2400, 1350)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.mp4")
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "20"})
            stream.width, stream.height, stream.pix_fmt, stream.time_base = 1920, 1080, "yuv420p", Fraction(1, RATE)
            for number in range(SECONDS * RATE):
                view = scene.crop((number * 2, number, number * 2 + 1920, number + 1080))
                container.mux(stream.encode(av.VideoFrame.from_image(view)))
            container.mux(stream.encode(None))
        return path.read_bytes()


def ffmpeg(path: Path, side: int, *before: str, filters: str = "") -> Output:
    """One frame by the ``ffmpeg`` command."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made.jpg")
        scale = f"{filters}scale={side}:-2"
        after = ["-i", str(path), "-frames:v", "1", "-vf", scale, "-y", str(made)]
        subprocess.run(["ffmpeg", "-v", "error", *before, *after], check=True, timeout=120)
        return Output(made.read_bytes())
