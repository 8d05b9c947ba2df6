"""The demo's promises: each is looked at in the bytes that arrived, not in what we believe to have sent."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from PIL import Image

from mediacore.engines.operation import Unusable
from mediacore.limits import Limits
from mediacore.redaction.find import find
from mediacore.runner.demo.samples import CAMERA
from mediacore.runner.site import Site
from mediacore.testkit import Received
from mediacore.values import Media

TRACES = (b"Exif\x00\x00", b"http://ns.adobe.com/xap/", CAMERA.encode(), b"private note of the camera", b"A. Agent")
"""Bytes that only a file's hidden data holds."""


@frozen
class Seen:
    """One file that arrived.

    Args:
        channel: where.
        name, type, size: as it arrived.
        width, height: pixels, or points of a page; 0 for other kinds.
        data: its bytes.
        attachment: which of the sender's files it came from.
    """

    channel: str
    name: str
    type: str
    size: int
    width: int
    height: int
    data: bytes = field(repr=False)
    attachment: str = ""


@define
class Verdict:
    """Promises that held and those that did not.

    Args:
        held: in words.
        broken: in words.
    """

    held: list[str] = field(factory=list)
    broken: list[str] = field(factory=list)

    def say(self, good: bool, promise: str, detail: str = "") -> None:
        """Note one promise."""
        if good:
            self.held.append(promise)
        else:
            self.broken.append(f"{promise}: {detail}" if detail else promise)


def inbound(
    site: Site,
    where: str,
    shown: Sequence[Mapping[str, Any]],
    sent: Sequence[tuple[str, str, bytes]],
    text: str,
    verdict: Verdict,
) -> None:
    """Check what reached the desk against what the customer sent."""
    files = [f for message in shown for f in message["files"]]
    told = "\n".join(message["text"] for message in shown)
    verdict.say(told.count(text) == 1, f"{where}: the customer's words arrived once", told)
    digests = sorted(hashlib.sha256(data).hexdigest() for _, _, data in sent)
    got = sorted(f["sha256"] for f in files)
    verdict.say(digests == got, f"{where}: every file arrived bit for bit", f"{len(got)} of {len(digests)} files")
    for file in files:
        verdict.say(file["state"] == "ready", f"{where}: {file['name']} is ready", f"{file['state']} {file['error']}")
        if not file["type"].startswith(("image/", "application/pdf")):
            continue
        verdict.say(bool(file["thumbnail"]), f"{where}: {file['name']} has a thumbnail")
        if file["thumbnail"] and file["width"]:
            with Image.open(site.path(file["thumbnail"])) as picture:
                same = abs(picture.width / picture.height - file["width"] / file["height"]) < 0.02
            verdict.say(same, f"{where}: the thumbnail of {file['name']} is upright", f"{picture.size}")


def outbound(
    limits: Limits,
    shown: Mapping[str, Any],
    received: Sequence[Received],
    words: Sequence[str],
    verdict: Verdict,
) -> list[Seen]:
    """Check what reached the customer against what was planned; returns what arrived."""
    where = shown["inbox"]
    files = [f for message in received for f in message.files]
    got = sorted(hashlib.sha256(f.data).hexdigest() for f in files)
    made = {r["id"]: (f, r) for f in shown["files"] for r in f["renditions"]}
    planned = sorted(made[id_][1]["sha256"] for part in shown["parts"] for id_ in part["files"])
    verdict.say(
        len(received) == len(shown["parts"]),
        f"{where}: each message arrived once",
        f"{len(received)} messages for {len(shown['parts'])} parts",
    )
    verdict.say(
        got == planned, f"{where}: what arrived is what was planned", f"{len(got)} files, {len(planned)} planned"
    )
    told = "\n".join(message.text for message in received)
    for each in words:
        verdict.say(each in told, f"{where}: the words “{each[:40]}” arrived")
    most = limits.message.total_bytes
    for message in received:
        size = sum(limits.message.wire(len(f.data)) for f in message.files) + len(message.text.encode())
        if most is not None and message.files:
            verdict.say(size <= most.value, f"{where}: a message stays within {most.value:,} bytes", f"{size:,}")
    origin = {r["sha256"]: f["name"] for f, r in made.values()}
    return [_seen(where, f.name, f.type, f.data, origin, verdict) for f in files]


def _seen(where: str, name: str, declared: str, data: bytes, origin: Mapping[str, str], verdict: Verdict) -> Seen:
    source = origin.get(hashlib.sha256(data).hexdigest(), name)
    label = f"{where}: {source}"
    traces = [t for t in TRACES if t in data]
    verdict.say(not traces, f"{label} carries no hidden data", str(traces))
    width = height = 0
    if declared.startswith("image/"):
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            width, height = picture.size
            verdict.say(not picture.getexif(), f"{label} opens and has no EXIF")
    elif declared == "application/pdf":
        verdict.say(data.startswith(b"%PDF"), f"{label} opens as a PDF")
    return Seen(where, name or source, declared, len(data), width, height, data, source)


@define
class CardReader:
    """Reads pictures and documents that arrived, looking for card numbers; one file is read once.

    Args:
        site: whose engines read.
        folder: for copies of what arrived.
    """

    site: Site
    folder: Path
    _known: dict[str, int] = field(factory=dict)

    def cards(self, seen: Seen) -> int:
        """How many card numbers can be read in a file."""
        digest = hashlib.sha256(seen.data).hexdigest()
        if digest not in self._known:
            path = self.folder / digest
            path.write_bytes(seen.data)
            bench = self.site.house.bench
            media = Media(path, bench.sniff(path).type, seen.size, digest)
            try:
                words = [*bench.words(media), *bench.ocr(media, 0)]
            except Unusable:
                words = []
            self._known[digest] = len(find(words, ["card"]))
        return self._known[digest]
