"""Documents that were damaged by chance: every operation ends soon, with an answer or with a reason."""

from __future__ import annotations

import io
import random
import struct
import time
from pathlib import Path

import pytest

from mediacore.engines.operation import Unusable, load
from mediacore.engines.sniff import type_of
from mediacore.sandbox import Sandbox
from tests.engines import doc_builders as d
from tests.engines import old_builders as o
from tests.engines.ole_builders import compound
from tests.engines.test_doc_canaries import odt, sheet, word

SAMPLES = (
    *(d.docx(), d.xlsx(), d.pptx(), d.odf(d.ODT), d.odf(d.ODS), d.odf(d.ODP), word(), sheet(), odt()),
    *(o.word(), o.word(deleted="deleted "), o.sheet(), o.slides(), o.message()),
    *(d.RICH, d.CARD, d.CALENDAR, d.MAIL, b"a,b,c\n1,2,3\n4,5,6\n", d.zipped({"a.txt": "x" * 500, "b/c": "y"})),
)
OPERATIONS = ("sniff", "probe", "preview", "strip", "text")
ODD = (b"\xff\xff\xff\xff", bytes(4), b"\xff\xff\xff\x7f", b"\0\0\0\x80")
SECONDS = 3.0
KILLS = ("crashed", "timeout", "too-much-memory")


def reason(operation: str, data: bytes, mime: str) -> str:
    """Why an operation is refused, in words; a full stop where it is done."""
    try:
        load(operation)(io.BytesIO(data), {"type": mime, "side": 120})
    except Unusable as error:
        return error.message
    return "."


def damaged(rng: random.Random) -> bytes:
    """A sample that was cut, flipped, spliced, repeated, or given odd numbers."""
    data = bytearray(rng.choice(SAMPLES))
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data)) if data else 0
        kind = rng.randrange(6)
        if kind == 0:
            del data[at:]
        elif kind == 1 and data:
            for _ in range(rng.randrange(1, 30)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 2:
            other = rng.choice(SAMPLES)
            start = rng.randrange(len(other))
            data[at:at] = other[start : start + rng.randrange(1, 600)]
        elif kind == 3:
            del data[at : at + rng.randrange(1, 300)]
        elif kind == 4:
            data[at : at + 4] = rng.choice(ODD)
        else:
            length = rng.randrange(1, 64)
            data[at : at + length] = data[at : at + length] * 3
    return bytes(data)


@pytest.mark.parametrize("seed", range(8))
def test_damage(seed: int) -> None:
    """Whatever happened to a document, nothing but a reason is raised, and soon."""
    rng = random.Random(seed)
    for number in range(15):
        data = damaged(rng)
        mime = type_of(io.BytesIO(data))
        for operation in OPERATIONS if not number else OPERATIONS[:2] + OPERATIONS[3:]:
            begin = time.process_time()
            assert reason(operation, data, mime).endswith(".")
            assert time.process_time() - begin < SECONDS, (operation, mime)


@pytest.mark.long
def test_damage_in_the_jail(tmp_path: Path) -> None:
    """A thousand damaged documents through the jail: no child is killed, no answer is missing."""
    rng = random.Random(4711)
    path = tmp_path / "file"
    killed: list[tuple[str, str, str]] = []
    with Sandbox() as sandbox:
        for _ in range(1_000):
            path.write_bytes(damaged(rng))
            mime = str(sandbox.run("sniff", path, {}, tmp_path).facts["type"])
            for operation in OPERATIONS[1:]:
                try:
                    for made in sandbox.run(operation, path, {"type": mime, "side": 120}, tmp_path).files:
                        made.unlink()
                except Unusable as error:
                    killed += [(operation, mime, error.code)] if error.code in KILLS else []
    assert not killed


def deep_slides() -> bytes:
    """Records within records, each as long as all that follows."""
    data = b"".join(struct.pack("<HHI", 0xF, 0x3E8, 0x7FFFFFFF) for _ in range(100_000))
    return compound({"PowerPoint Document": data, "Current User": bytes(40)})


BOOK = struct.pack("<HHHH", 0x809, 16, 0x600, 5) + bytes(12)
ENDLESS = struct.pack("<HHII", 0xFC, 8_198, 0xFFFFFFFF, 0xFFFFFFFF) + b"\xff\xff\x0d\xff\xff\xff\xff\xff\x7f" * 910
OLD_BOMBS = {
    "strings": (compound({"Workbook": BOOK + ENDLESS}), o.XLS),
    "records": (compound({"Workbook": BOOK + bytes(4_000_000)}), o.XLS),
    "depth": (deep_slides(), o.PPT),
    "fields": (o.word("\x13" * 500_000 + "\r"), o.DOC),
    "cells": (o.word("\x07" * 1_000_000), o.DOC),
    "attachments": (compound({f"__attach_version1.0_#{n:08X}/x": b"" for n in range(400)}), o.MSG),
    "changes": (d.docx("<w:ins><w:r><w:t>a</w:t></w:r></w:ins>" * 30_000 + d.run("x" * 999)), d.DOCX),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", OLD_BOMBS)
def test_old_bombs(name: str, operation: str) -> None:
    """Files that claim or nest more than there can be end within seconds of processor time."""
    data, mime = OLD_BOMBS[name]
    begin = time.process_time()
    assert reason(operation, data, mime).endswith(".")
    assert time.process_time() - begin < SECONDS
