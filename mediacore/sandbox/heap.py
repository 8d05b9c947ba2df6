"""The memory that a child works in: ready before its job comes, and on huge pages where the system has them.

To a process that was just forked all of its memory is new: the first touch of each page costs a fault of some
microseconds, and the pixels of one preview have a thousand pages of 4 KiB, but three of 2 MiB. Only glibc is spoken to;
elsewhere nothing is done, and nothing but those milliseconds is lost.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from resource import getpagesize

ENVIRONMENT: Mapping[str, str] = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"} if getpagesize() == 4096 else {}
"""Has glibc 2.35 and later ask the kernel for huge pages ("Memory Allocation Tunables" in its manual).

Where pages are larger, huge ones are as large as all that a child may have.
"""

HUGE = 2 << 20
"""Bytes of a huge page where pages are of 4 KiB."""
WARM = 2 * HUGE
"""Bytes to have at hand: the pixels of a photo that is decoded at about the size of its preview."""
HOLE = 128 << 10
"""Bytes of a hole in the heap that is worth filling: below them a page of new memory costs as much as one of old."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGEST = 32 << 20  # the most that the second of them may be on 64 bits
_NEVER = 1 << 30
_BEFORE = 8  # what glibc keeps before each block; sizes are rounded up to twice as much


def keep() -> None:
    """Have the heap keep what is freed, give large blocks as well (``mallopt(3)``), and give them from its end.

    The zygote's part, when it has loaded everything: its children live for one file, and memory that it used and freed
    would have to be copied before they can write to it.
    """
    if (libc := _glibc()) is None:
        return
    libc.mallopt(_MMAP_THRESHOLD, _LARGEST)
    libc.mallopt(_TRIM_THRESHOLD, _NEVER)
    end = libc.malloc(_LARGEST - HUGE) or 0
    libc.free(end)
    while (hole := libc.malloc(HOLE) or 0) and hole < end:  # never freed
        pass
    libc.free(hole)


def warm() -> None:
    """Take the first huge pages, from the next border of one on; the child's part."""
    if (libc := _glibc()) is None:
        return
    end = libc.malloc(HUGE) or 0
    libc.free(end)
    libc.malloc(2 * HUGE - end % HUGE + _BEFORE)  # never freed nor touched: what follows begins at the border
    if block := libc.malloc(WARM):
        for offset in range(0, WARM, HUGE):
            ctypes.memset(block + offset, 0, 1)
        libc.free(block)


def _glibc() -> ctypes.CDLL | None:
    if "CS_GNU_LIBC_VERSION" not in os.confstr_names or not os.confstr("CS_GNU_LIBC_VERSION"):
        return None
    libc = ctypes.CDLL(None)
    libc.malloc.argtypes, libc.malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
    libc.free.argtypes = (ctypes.c_void_p,)
    return libc
