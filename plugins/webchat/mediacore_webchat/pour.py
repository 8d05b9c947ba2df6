"""The bytes of one PATCH on their way to disk: bounded, timed, and checked where a checksum came with them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import time
from collections.abc import AsyncGenerator
from typing import Any, BinaryIO

from attrs import frozen
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from mediacore import Refused

ALGORITHMS = ("sha256", "sha1")
"""Digests of a chunk that are checked; sha1 is the one that tus asks for."""
CHUNK = 1024 * 1024
"""Bytes gathered before a thread writes them."""
IDLE_SECONDS = 30.0
"""The longest silence within a PATCH."""
PATCH_SECONDS = 15 * 60.0
"""The longest PATCH: the widget's chunk of 1 MiB at 1.2 KB/s. What has come stays, and the rest comes by another."""


@frozen
class Checksum:
    """What a chunk's digest is to be.

    Args:
        running: the digest so far; a ``hashlib`` object.
        wanted: the digest that was announced.
    """

    running: Any
    wanted: bytes


def checksum(header: str) -> Checksum | None:
    """What ``Upload-Checksum`` announces; None when it was not sent.

    Raises:
        Refused: 400: it is malformed, or of a digest that is not checked here.
    """
    if not header:
        return None
    algorithm, _, value = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise Refused(f"checksums are of {' or '.join(ALGORITHMS)}", code="header", status=400)
    try:
        return Checksum(hashlib.new(algorithm, usedforsecurity=False), base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError) as error:
        raise Refused("Upload-Checksum is no Base64", code="header", status=400) from error


async def pour(stream: AsyncGenerator[bytes, None], sink: BinaryIO, room: int, checked: Checksum | None) -> int:
    """Write a body to the end of a file; returns the bytes written.

    What came before a broken connection stays, but for a chunk with a checksum, which is taken whole or not at all.

    Args:
        stream: the body.
        sink: the file, at its end.
        room: the most bytes that may come.
        checked: the chunk's checksum.

    Raises:
        Refused: 413 the body is longer than announced: nothing beyond is written; 408 it comes too slowly; 460 it is
            not what its checksum says.
    """
    start, end = sink.tell(), time.monotonic() + PATCH_SECONDS
    gathered, size, written, problem = [], 0, 0, None
    try:
        while chunk := await asyncio.wait_for(anext(stream, b""), min(IDLE_SECONDS, max(0.0, end - time.monotonic()))):
            if written + size + len(chunk) > room:
                problem = Refused("more bytes than Upload-Length announced", code="too-large", status=413)
                break
            gathered.append(chunk)
            size += len(chunk)
            if size >= CHUNK:
                written += await run_in_threadpool(_write, sink, gathered, checked)
                gathered, size = [], 0
    except TimeoutError:
        problem = Refused("the bytes come too slowly: ask for the offset and go on", code="slow", status=408)
    except ClientDisconnect:
        pass  # nobody hears the answer; the visitor asks for the offset when the line is back
    written += await run_in_threadpool(_write, sink, gathered, checked)
    if checked and checked.running.digest() != checked.wanted:
        await run_in_threadpool(sink.truncate, start)
        problem = problem or Refused("the chunk is not what its checksum says", code="checksum", status=460)
    if problem:
        raise problem
    return written


def _write(sink: BinaryIO, gathered: list[bytes], checked: Checksum | None) -> int:
    data = b"".join(gathered)
    if checked:
        checked.running.update(data)
    return sink.write(data)
