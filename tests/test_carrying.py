"""The plan shown is the plan carried out, for damaged files too: what is planned of one can be made of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pymupdf
import pytest
from attrs import evolve
from PIL import Image

from mediacore.defaults import Defaults
from mediacore.engines.operation import Unusable
from mediacore.engines.pdf.drawn import drawn
from mediacore.limits import Limits
from mediacore.messages import Attachment
from mediacore.mounting import channel_limits
from mediacore.plan import Action, Plan, Step, plan
from mediacore.sandbox import Bench, Sandbox
from mediacore.steps.files import examine
from mediacore.steps.making import as_planned
from mediacore.steps.proving import look, proven
from mediacore.testkit import builders
from mediacore.values import Facts, Media, Severity
from tests.engines import av_builders, doc_builders, old_builders
from tests.engines import builders as b

CHANNELS = ("email", "sms", "whatsapp", "instagram", "webchat")
RECORDED = ("audio", "video")
FILES: dict[str, Callable[[], bytes]] = {
    "photo.jpg": lambda: b.saved(b.photo(640, 480), "JPEG", exif=b.exif()),
    "lying.jpg": lambda: b.saved(b.photo(640, 480), "JPEG", exif=b.exif(6), progressive=True),
    "screen.png": lambda: b.saved(b.screen(500, 400), "PNG"),
    "deep.png": lambda: b.saved(Image.effect_noise((90, 60), 50).convert("I;16"), "PNG"),
    "film.gif": lambda: b.film(5, 100),
    "still.webp": lambda: b.saved(b.photo(200, 150), "WEBP"),
    "fax.tif": lambda: b.saved(b.screen(300, 200), "TIFF", save_all=True, append_images=[b.screen(200, 300)]),
    "new.avif": lambda: b.saved(b.photo(120, 90), "AVIF"),
    "letter.pdf": lambda: data_of(builders.pdf(3)),
    "letter.docx": doc_builders.docx,
    "table.xlsx": doc_builders.xlsx,
    "old.doc": lambda: data_of(old_builders.word()),
    "list.csv": lambda: b"a;b\r\n1;2\r\n" * 20,
    "film.mp4": lambda: av_builders.clip(seconds=0.6, size=(160, 120)),
    "memo.ogg": lambda: av_builders.clip("ogg", "", "libopus", sound_rate=48_000, seconds=0.6),
}


def data_of(made: Any) -> bytes:
    """The bytes of what a builder made."""
    return (
        made if isinstance(made, bytes) else bytes(getattr(made, "data", made[0] if isinstance(made, tuple) else b""))
    )


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The file cut off, with flipped bits, with a hole, or with a piece missing from its middle."""
    size, copy = len(data), bytearray(data)
    how = rng.choice(("cut", "flip", "flips", "hole", "middle", "head"))
    if how == "cut":
        return data[: rng.randrange(size // 20 + 1, size)]
    if how == "middle":
        at = rng.randrange(size)
        del copy[at : at + rng.randrange(1, size // 4 + 2)]
    elif how == "hole":
        at = rng.randrange(size)
        end = min(size, at + rng.randrange(1, size // 10 + 2))
        copy[at:end] = bytes(end - at)
    else:
        most = {"flip": 2, "flips": max(3, size // 2000), "head": 1}[how]
        for _ in range(most):
            copy[rng.randrange(min(size, 600) if how == "head" else size)] ^= 1 << rng.randrange(8)
    return bytes(copy)


class Carrier:
    """Plans for one file and carries the plan out, as a message that is sent does.

    Args:
        bench: where files are worked on.
        folder: for what is made.
        media: the file.
        limits: the channel's.
    """

    def __init__(self, bench: Bench, folder: Path, media: Media, name: str, limits: Limits) -> None:
        self.house: Any = SimpleNamespace(bench=bench)
        self.folder, self.media, self.name, self.limits = folder, media, name, limits

    def plan(self, link: bool) -> Plan:
        """The plan that is shown."""
        attachment = Attachment(self.media, self.name)
        return proven(
            [attachment],
            lambda files: plan(files, "", self.limits, link),
            self.make,
            lambda media: look(self.house.bench, media, self.folder),
        )[0]

    def make(self, _index: int, step: Step) -> list[Media]:
        """The files of a step; raises ``Unusable`` as soon as anything is not as it was planned."""
        results = self.results(self.media, step)
        if step.action is Action.LINK:
            return results
        if len(results) != step.count:
            raise Unusable("plan-broken", f"{len(results)} files where {step.count} were planned")
        for result in results:
            if wrong := self.wrong(result):
                order = step.fit or self.as_planned(step)
                (again,) = self.results(self.media if step.fit is None else result, evolve(step, fit=order))
                if wrong := self.wrong(again):
                    raise Unusable("invalid", wrong)
        return results

    def results(self, media: Media, step: Step) -> list[Media]:
        """The file stripped or converted."""
        bench: Bench = self.house.bench
        paths: Sequence[Path] = (
            (bench.strip(media, self.folder),) if step.fit is None else bench.fit(media, step.fit, self.folder)
        )
        return [examine(self.house, path, self.name if step.fit is None else "")[0] for path in paths]

    def as_planned(self, step: Step) -> Any:
        """The order for a file that no longer fits its own sort once it is stripped."""
        return as_planned(SimpleNamespace(limits=self.limits), step)  # type: ignore[arg-type]

    def wrong(self, media: Media) -> str:
        """What the channel would say of a result."""
        found = Defaults(self.house.bench, ocr=False).validate(media, self.limits)
        return next((f.message for f in found if f.severity is not Severity.NOTE), "")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def carried(
    sandbox: Sandbox, folder: Path, data: bytes, name: str, channels: Sequence[str], links: Sequence[bool]
) -> None:
    """Plan on each channel, and carry out whatever is not refused."""
    bench = Bench(sandbox, folder)
    path = folder / "given"
    path.write_bytes(data)
    media, findings = examine(SimpleNamespace(bench=bench), path, name)  # type: ignore[arg-type]
    if any(f.severity is Severity.REFUSE for f in findings) or (
        media.type == "application/pdf" and media.facts.encrypted
    ):
        return  # is refused before anything is planned
    for channel in channels:
        for link in links:
            carrier = Carrier(bench, folder, media, name, channel_limits(channel))
            planned = carrier.plan(link)
            (step,) = planned.steps
            assert step.reason
            if step.action is not Action.REFUSE and (step.fit is None or media.kind in RECORDED):
                carrier.make(0, step)  # what was tried once is made; what was not tried is made now


@pytest.mark.parametrize("name", FILES)
def test_what_is_planned_of_damaged_files_can_be_made(name: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Of a file that was cut, flipped or holed on its way, whatever the plan accepts is carried out to the end."""
    rng = random.Random(name)
    data = FILES[name]()
    for number in range(4):
        channels = ("whatsapp", CHANNELS[number % len(CHANNELS)])
        carried(sandbox, tmp_path, mutated(data, rng), name, channels, (bool(number % 2),))


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_what_is_planned_of_many_damaged_files_can_be_made(name: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """The same for hundreds of files on every channel, with links and without."""
    rng = random.Random(f"long {name}")
    data = FILES[name]()
    for _ in range(60):
        carried(sandbox, tmp_path, mutated(data, rng), name, CHANNELS, (False, True))


def test_half_a_photo_is_built_anew(sandbox: Sandbox, tmp_path: Path) -> None:
    """Of a photo whose end is missing the rest is sent, as fresh pixels, instead of a promise that fails."""
    bench = Bench(sandbox, tmp_path)
    path = tmp_path / "half.jpg"
    data = FILES["photo.jpg"]()
    path.write_bytes(data[: len(data) // 2])
    media, _ = examine(SimpleNamespace(bench=bench), path, "half.jpg")  # type: ignore[arg-type]
    carrier = Carrier(bench, tmp_path, media, "half.jpg", channel_limits("email"))
    (step,) = carrier.plan(False).steps
    assert step.action is Action.AS_IS
    (made,) = carrier.make(0, step)
    picture = Image.open(made.path)
    picture.load()
    assert picture.size == (640, 480)
    assert made.facts.metadata == ()


def test_what_cannot_be_cleaned_is_told_before(sandbox: Sandbox, tmp_path: Path) -> None:
    """What cannot be cleaned is refused by the plan, with the reason, and is no link: a torn file, deleted words."""
    bench = Bench(sandbox, tmp_path)
    files = {"letter.docx": doc_builders.docx()[:-40], "old.doc": old_builders.word(deleted="a deleted word")}
    for name, data in files.items():
        path = tmp_path / name
        path.write_bytes(data)
        media, _ = examine(SimpleNamespace(bench=bench), path, name)  # type: ignore[arg-type]
        for link in (False, True):
            carrier = Carrier(bench, tmp_path, media, name, channel_limits("email"))
            (step,) = carrier.plan(link).steps
            assert step.action is Action.REFUSE
            assert "hidden data cannot be taken out" in step.reason


def test_a_pdf_that_cannot_be_written_is_drawn(sandbox: Sandbox, tmp_path: Path) -> None:
    """A PDF whose objects cannot be cleaned becomes one of pictures of its pages, and says nothing else any more."""
    bench = Bench(sandbox, tmp_path)
    document = pymupdf.open(stream=data_of(builders.pdf(3)))
    document.set_metadata({"author": "SECRETPLACE"})
    path = tmp_path / "letter.pdf"
    path.write_bytes(drawn(document))
    pages = pymupdf.open(path)
    assert [page.get_text() for page in pages] == ["", "", ""]
    assert all(page.get_images() for page in pages)
    assert [page.rect for page in pages] == [page.rect for page in document]
    assert b"SECRETPLACE" not in path.read_bytes()
    media, _ = examine(SimpleNamespace(bench=bench), path, "letter.pdf")  # type: ignore[arg-type]
    assert media.facts.pages == 3


def test_words_of_a_refusal() -> None:
    """What was tried in vain is told as it is, and a file that can be cleaned may still be a link."""
    limits = channel_limits("whatsapp")
    media = Media(Path("a"), "image/heic", 1000, "0" * 64, Facts(width=9, height=9, unmade="it is torn"))
    (step,) = plan([Attachment(media, "a.heic")], "", limits, True).steps
    assert (step.action, "it is torn" in step.reason) == (Action.LINK, True)
    both = evolve(media, facts=evolve(media.facts, unclean="it is locked"))
    (step,) = plan([Attachment(both, "a.heic")], "", limits, True).steps
    assert step.action is Action.REFUSE
    assert "it is locked" in step.reason
