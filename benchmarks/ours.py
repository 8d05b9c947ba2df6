"""mediacore at the same jobs: in process, in the jail, and through its hooks."""
# ruff: noqa: ARG002 - a hook's arguments have the names of the contract, used or not

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import asdict, frozen

from benchmarks.clock import Output
from mediacore import (
    Attachment,
    Contact,
    Event,
    Finding,
    Fit,
    Inbox,
    Limits,
    Media,
    Outgoing,
    Receipt,
    Region,
    Request,
    Unsupported,
    hookimpl,
)
from mediacore.engines.fit import fit
from mediacore.engines.picture import jpegfit
from mediacore.engines.preview import preview
from mediacore.engines.sniff import sniff, type_of
from mediacore.sandbox import Bench, Sandbox
from mediacore.stores.blobs import Blobs, digesting

IN_PROCESS, IN_JAIL = "mediacore", "mediacore, in the jail"


def thumbnail(path: Path, side: int) -> Output:
    """A preview."""
    with path.open("rb") as file:
        made = preview(file, {"type": type_of(file), "side": side})
    return Output(made.files[0])


def fitted(path: Path, budget: int, *types: str) -> Output:
    """A file within its bytes."""
    order = asdict(Fit(types or ("image/jpeg",), max_bytes=budget))
    with path.open("rb") as file:
        made = fit(file, {"type": type_of(file), "fit": order})
    return Output(made.files[0])


@contextmanager
def counted() -> Iterator[list[int]]:
    """The pixels of each JPEG that is encoded meanwhile; the pilot's sample counts by its size."""
    pixels: list[int] = []
    real = jpegfit.encode

    def encode(picture: object, *arguments: object) -> bytes:
        pixels.append(picture.width * picture.height)  # type: ignore[attr-defined]
        return real(picture, *arguments)  # type: ignore[arg-type]

    jpegfit.encode = encode  # type: ignore[assignment]
    try:
        yield pixels
    finally:
        jpegfit.encode = real


def encodes(path: Path, budget: int) -> int:
    """Encodes at full size that a fit takes."""
    with counted() as pixels:
        fitted(path, budget)
    return sum(each == max(pixels) for each in pixels) if pixels else 0


def jailed(sandbox: Sandbox, path: Path, side: int, out: Path) -> Output:
    """A preview in a confined child; its processor time is what the jail says."""
    with path.open("rb") as file:
        mime = type_of(file)
    outcome = sandbox.run("preview", path, {"type": mime, "side": side}, out)
    data = outcome.files[0].read_bytes()
    outcome.files[0].unlink()
    return Output(data, outcome.cpu)


def verdict(bench: Bench, path: Path) -> Output:
    """Sniff in the jail, digest, and what is wrong with it."""
    with digesting(path) as digest:
        sniffed = bench.sniff(path, path.name)
        return Output(note=f"{sniffed.type} {digest()[:8]} {len(sniffed.findings)} findings")


def stored(bench: Bench, blobs: Blobs, path: Path, folder: Path) -> Output:
    """A file that has come: sniffed, digested and moved into the store, forced to disk."""
    came = folder / "came"
    came.unlink(missing_ok=True)
    os.link(path, came)
    with digesting(came) as digest:
        sniffed = bench.sniff(came, path.name)
        blobs.keep(came, digest())
    blobs.delete(digest())
    return Output(note=sniffed.type)


def sniffed_jailed(sandbox: Sandbox, path: Path, out: Path) -> Output:
    """Sniff in a confined child."""
    outcome = sandbox.run("sniff", path, {"name": path.name, "declared": ""}, out)
    return Output(b"", outcome.cpu, note=outcome.facts["type"])


def sniffed_only(path: Path) -> Output:
    """Sniff in process."""
    with path.open("rb") as file:
        return Output(note=str(sniff(file, {"name": path.name, "declared": ""}).facts["type"]))


def sha256(path: Path) -> Output:
    """The digest alone."""
    with path.open("rb") as file:
        return Output(note=hashlib.file_digest(file, "sha256").hexdigest()[:8])


@frozen(eq=False)
class Idle:
    """A channel whose hooks do nothing, so that what is left is the cost of calling them."""

    @hookimpl
    def limits(self) -> Limits:
        """Nothing in particular."""
        return Limits("idle", "Idle", "default", ())

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        """One event."""
        return [Unsupported("1", "x", "nothing")]

    @hookimpl
    def validate(self, media: Media, limits: Limits) -> list[Finding]:
        """Nothing is wrong."""
        return []

    @hookimpl
    def preview(self, media: Media, side: int, page: int, out: Path) -> Path | None:
        """The file itself."""
        return media.path

    @hookimpl
    def redact(self, media: Media, kinds: list[str]) -> list[Region]:
        """Nothing to hide."""
        return []

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        """Taken."""
        return Receipt("1")


def five_verbs(times: int) -> Output:
    """Every verb once for each of so many files."""
    inbox = Inbox.mount("idle", "idle", Idle())
    media = Media(Path("a"), "image/png", 1, "ff")
    request = Request("POST", "https://desk.example/hook")
    message = Outgoing("k", Contact("+1555"), attachments=(Attachment(media, "a.png"),))
    for _ in range(times):
        inbox.receive(request)
        inbox.validate(media)
        inbox.preview(media, 512, 0, Path())
        inbox.redact(media, ("card",))
        inbox.send(message)
    return Output()
