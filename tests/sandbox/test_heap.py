"""The memory of a child: it comes from the heap's fresh end, from the border of a huge page on."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mediacore.sandbox import heap

GLIBC = "CS_GNU_LIBC_VERSION" in os.confstr_names and bool(os.confstr("CS_GNU_LIBC_VERSION"))
_CHILD = """
import ctypes
from mediacore.sandbox import heap
libc = ctypes.CDLL(None)
libc.malloc.argtypes, libc.malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
libc.free.argtypes = (ctypes.c_void_p,)
blocks = [libc.malloc(100 << 10) for _ in range(40)]
for block in blocks[5:35]:
    libc.free(block)
heap.keep()
heap.warm()
print(*(libc.malloc(1 << 20) for _ in range(heap.WARM >> 21)), *blocks)
"""


def run(code: str) -> str:
    """What a fresh interpreter prints that is started as a zygote is."""
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **heap.ENVIRONMENT}, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.skipif(not GLIBC, reason="another C library")
def test_large_blocks_come_from_fresh_huge_pages() -> None:
    """Neither from a hole that the zygote left, nor from beside its last block, but from the next border on."""
    first, second, *before = map(int, run(_CHILD).split())
    assert max(before) < first < second
    assert first % heap.HUGE < 4096
    assert second // heap.HUGE == first // heap.HUGE


def test_a_system_without_glibc_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is done, and nothing fails."""
    monkeypatch.setattr("os.confstr_names", {})
    heap.keep()
    heap.warm()
