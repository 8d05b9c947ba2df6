"""OLE compound files made for these tests, by the structure that [MS-CFB] gives them."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from mediacore.engines.signatures import INSTALLER

__all__ = ["INSTALLER", "compound"]

_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(streams: Mapping[str, bytes], clsid: bytes = bytes(16), slack: bytes = b"") -> bytes:
    """A compound file of version 3.

    Args:
        streams: contents by path, with slashes; storages come by themselves.
        clsid: the class of the root.
        slack: what fills the rest of each stream's last sector, as memory once did.
    """
    names, children = _tree(streams)
    chains: list[bytes] = []
    small = bytearray()
    small_table: list[int] = []
    entries = []
    for number, path in enumerate(names):
        kind = 5 if not path else 2 if path in streams else 1
        start, size = _END, 0
        if kind == 2:
            data = streams[path]
            size = len(data)
            if size and size < 4096:
                start = len(small) // 64
                small += _padded(data, 64, slack)
                small_table += [*range(start + 1, len(small) // 64), _END]
            elif size:
                chains.append(_padded(data, 512, slack))
                start = -len(chains)
        entries.append((path, kind, start, size, *_links(number, names, children)))
    chains += [bytes(small).ljust(-(-len(small) // 512) * 512, b"\0"), _numbers(small_table)]
    return _written(entries, chains, len(small), clsid)


def _tree(streams: Mapping[str, bytes]) -> tuple[list[str], dict[str, list[int]]]:
    """All paths, the root first, and the numbers of what hangs from each."""
    names = [""]
    for path in streams:
        parts = path.split("/")
        names += [known for n in range(1, len(parts) + 1) if (known := "/".join(parts[:n])) not in names]
    children: dict[str, list[int]] = {}
    for number, path in enumerate(names[1:], 1):
        children.setdefault(path.rpartition("/")[0], []).append(number)
    return names, children


def _links(number: int, names: list[str], children: dict[str, list[int]]) -> tuple[int, int, int]:
    """Left, right and child: brothers hang one to the right of the other."""
    path = names[number]
    brothers = children.get(path.rpartition("/")[0], []) if path else []
    later = [known for known in brothers if known > number]
    return _FREE, later[0] if later else _FREE, children.get(path, [_FREE])[0]


def _padded(data: bytes, size: int, slack: bytes) -> bytes:
    missing = -len(data) % size
    return data + (slack * size)[:missing].ljust(missing, b"\0")


def _numbers(values: list[int]) -> bytes:
    data = struct.pack(f"<{len(values)}I", *values)
    return data + b"\xff" * (-len(data) % 512)


def _written(
    entries: list[tuple[str, int, int, int, int, int, int]], chains: list[bytes], small: int, clsid: bytes
) -> bytes:
    directory_length = -(-len(entries) // 4)
    sectors = [directory_length, *(len(chain) // 512 for chain in chains)]
    tables = 1
    while tables * 128 < sum(sectors) + tables:
        tables += 1
    starts, at = [], tables
    for count in sectors:
        starts.append(at)
        at += count
    table = [_TABLE] * tables
    for start, count in zip(starts, sectors, strict=True):
        table += [*range(start + 1, start + count), _END] if count else []
    directory = b""
    for path, kind, start, size, left, right, child in entries:
        name = (path.rpartition("/")[2] or "Root Entry").encode("utf-16-le") + b"\0\0"
        place = starts[-2] if kind == 5 and small else starts[-start] if start < 0 else start
        directory += name.ljust(64, b"\0") + struct.pack("<HBBIII", len(name), kind, 1, left, right, child)
        directory += (clsid if kind == 5 else bytes(16)) + bytes(20)
        directory += struct.pack("<IQ", place & 0xFFFFFFFF, small if kind == 5 else size)
    directory = directory.ljust(directory_length * 512, b"\0")
    few = starts[-1] if small else _END
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, tables, starts[0], 0, 4096, few, sectors[-1] if small else 0, _END, 0)
    head += _numbers(list(range(tables)))[:436].ljust(436, b"\xff")
    return head + _numbers(table)[: tables * 512] + directory + b"".join(chains)
