"""The jobs of the table: who takes part, on which file, and what we promise."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from attrs import field, frozen
from PIL import Image

from benchmarks import bombs, films, mail, ours, peers
from benchmarks.clock import Arm
from benchmarks.inputs import Inputs
from benchmarks.sharp import Sharp
from mediacore.sandbox import Bench, Sandbox
from mediacore.stores.blobs import Blobs

SIDE = 512
THUMB_ROUNDS, FIT_ROUNDS = 7, 3
ALONE = "SHA-256 alone"
PHONE_THUMBNAIL = 320
"""The longer side of the thumbnail in an iPhone's HEIC."""
OWN_THUMBNAIL = 0.1
"""What a preview may take that needs no more than that, of a full decode."""


@frozen
class Promise:
    """A figure to reach: ours over the reference's processor time.

    Args:
        most: the most it may be.
        reference: the peer's name.
        wall: compare wall time instead, for what waits on another process.
        arm: which of ours; the first one when empty.
    """

    most: float
    reference: str
    wall: bool = False
    arm: str = ""


@frozen
class Job:
    """One line of the table.

    Args:
        name: the job and its file.
        key: a short name to choose it by.
        arms: who takes part.
        promises: what ours must reach.
        rounds: measured runs of each.
        source: the file that results are scored against; None where there is nothing to see.
        budget: the most bytes; 0 for none.
        native: score the source's own pixels too.
        encodes: counts our encodes.
    """

    name: str
    key: str
    arms: tuple[Arm, ...]
    promises: tuple[Promise, ...] = ()
    rounds: int = THUMB_ROUNDS
    source: Path | None = None
    budget: int = 0
    native: bool = False
    encodes: Callable[[], int] | None = field(default=None, eq=False)


@frozen
class Stage:
    """What the jobs share.

    Args:
        inputs: the files.
        sandbox: our jail.
        sharp: Node with sharp; None when it is missing.
    """

    inputs: Inputs
    sandbox: Sandbox
    sharp: Sharp | None
    out: Path = field(factory=lambda: Path(tempfile.mkdtemp()))

    def close(self) -> None:
        """Stop what runs and remove what was written."""
        self.sandbox.close()
        if self.sharp is not None:
            self.sharp.close()
        shutil.rmtree(self.out, ignore_errors=True)


def jobs(stage: Stage, only: tuple[str, ...] = ()) -> Iterator[Job]:
    """The jobs, each built when it is reached.

    Args:
        stage: what they share.
        only: keys of the jobs wanted; empty for all.
    """
    for key, build in _BUILDERS.items():
        if not only or key in only:
            yield from build(stage)


def _thumbnails(stage: Stage) -> Iterator[Job]:
    photos = [stage.inputs.photo(), *stage.inputs.found(".jpg", ".jpeg", least=500_000)]
    for path in photos:
        arms = [
            Arm(peers.NAIVE, partial(peers.pillow_naive, path, SIDE)),
            Arm("Pillow, thumbnail()", partial(peers.pillow_thumbnail, path, SIDE)),
            Arm(ours.IN_PROCESS, partial(ours.thumbnail, path, SIDE), ours=True),
            Arm(ours.IN_JAIL, partial(ours.jailed, stage.sandbox, path, SIDE, stage.out), ours=True),
        ]
        if peers.has("pyvips"):
            arms.append(Arm("pyvips", partial(peers.vips_thumbnail, path, SIDE)))
        if shutil.which("vipsthumbnail"):
            arms.append(Arm("vipsthumbnail", partial(peers.vips_command, path, SIDE)))
        if peers.has("preview_generator"):
            arms.append(Arm("preview-generator", partial(peers.preview_generator, path, SIDE)))
        if stage.sharp:
            arms.append(Arm("sharp", partial(stage.sharp.thumbnail, path, SIDE)))
        if peers.has_magick():
            shrink = (str(path), "-auto-orient", "-thumbnail", f"{SIDE}x{SIDE}", "-quality", "80", "OUT")
            arms.append(Arm("ImageMagick", peers.magick("-define", f"jpeg:size={2 * SIDE}x{2 * SIDE}", *shrink)))
        promises = (Promise(0.45, peers.NAIVE), Promise(1.15, "sharp"))
        yield Job(f"JPEG to {SIDE} px: {_named(path)}", "thumbnail", tuple(arms), promises, source=path)


def _fits(stage: Stage) -> Iterator[Job]:
    photos = [stage.inputs.photo(), *stage.inputs.found(".jpg", ".jpeg", least=620_000)]
    for path in photos:
        yield _fit(stage, path, 600_000, "fit")


def _large_fits(stage: Stage) -> Iterator[Job]:
    for budget in (600_000, 300_000):
        yield _fit(stage, stage.inputs.photo_48(), budget, "fit48")


def _fit(stage: Stage, path: Path, budget: int, key: str) -> Job:
    arms = [
        Arm(peers.SEARCH, partial(peers.pillow_search, path, budget)),
        Arm(peers.CAREFUL, partial(peers.pillow_search, path, budget, 1600)),
        Arm(ours.IN_PROCESS, partial(ours.fitted, path, budget), ours=True),
    ]
    if peers.has("pyvips"):
        arms.append(Arm("pyvips, 1600 px + search", partial(peers.vips_search, path, budget, 1600)))
    if stage.sharp:
        arms.append(Arm("sharp, search", partial(stage.sharp.search, path, budget)))
        arms.append(Arm("sharp, 1600 px + search", partial(stage.sharp.search, path, budget, 1600)))
    if peers.has_magick():
        extent = ("-define", f"jpeg:extent={budget // 1000}kb", "OUT")
        arms.append(Arm("ImageMagick, extent", peers.magick(str(path), "-auto-orient", *extent)))
    promises = (Promise(0.35, peers.SEARCH), Promise(0.13, "ImageMagick, extent"))
    return Job(
        f"JPEG to {budget // 1000} KB: {_named(path)}",
        key,
        tuple(arms),
        promises,
        FIT_ROUNDS,
        path,
        budget,
        encodes=partial(ours.encodes, path, budget),
    )


def _screens(stage: Stage) -> Iterator[Job]:
    budget = 600_000
    for path in (stage.inputs.screenshot(), stage.inputs.few_colours()):
        arms = [
            Arm(peers.SEARCH, partial(peers.pillow_search, path, budget)),
            Arm("Pillow, median cut", partial(peers.pillow_palette, path, budget, Image.Quantize.MEDIANCUT)),
            Arm("Pillow, octree", partial(peers.pillow_palette, path, budget, Image.Quantize.FASTOCTREE)),
            Arm(ours.IN_PROCESS, partial(ours.fitted, path, budget, "image/png", "image/jpeg"), ours=True),
        ]
        if peers.has("pyvips"):
            arms.append(Arm("pyvips, palette", partial(peers.vips_palette, path, budget)))
        yield Job(f"Screenshot to 600 KB: {_named(path)}", "screen", tuple(arms), (), 2, path, budget, native=True)


def _pages(stage: Stage) -> Iterator[Job]:
    if not peers.has("pymupdf"):
        return
    for path in [stage.inputs.letter(), *stage.inputs.found(".pdf", least=40_000, most=5)]:
        arms = [
            Arm(peers.NAIVE, partial(peers.pdf_naive, path, SIDE)),
            Arm("PyMuPDF at the size", partial(peers.pdf_direct, path, SIDE)),
            Arm(ours.IN_PROCESS, partial(ours.thumbnail, path, SIDE), ours=True),
        ]
        if peers.has("pypdfium2"):
            arms.append(Arm("PDFium at the size", partial(peers.pdfium_direct, path, SIDE)))
        if peers.has("preview_generator"):
            arms.append(Arm("preview-generator", partial(peers.preview_generator, path, SIDE)))
        yield Job(f"PDF page to {SIDE} px: {_named(path)}", "pdf", tuple(arms), (Promise(0.45, peers.NAIVE),))


def _phone(stage: Stage) -> Iterator[Job]:
    """Pictures of phones, decoded whole, and by their own thumbnail where that is as large as what is asked for."""
    if not peers.has("pillow_heif"):
        return
    found = stage.inputs.found(".heic", ".heif", least=500_000)
    thumbed = stage.inputs.thumbed_heic()
    jobs = [(path, SIDE, 1.05) for path in found or [stage.inputs.heic()]] + [(thumbed, SIDE, OWN_THUMBNAIL)]
    jobs += [(path, PHONE_THUMBNAIL, OWN_THUMBNAIL) for path in found if "iphone" in path.name.lower()]
    for path, side, most in jobs:
        arms = (
            Arm(peers.NAIVE, partial(peers.pillow_naive, path, side)),
            Arm(ours.IN_PROCESS, partial(ours.thumbnail, path, side), ours=True),
            Arm(ours.IN_JAIL, partial(ours.jailed, stage.sandbox, path, side, stage.out), ours=True),
        )
        of = ", its own thumbnail" if most == OWN_THUMBNAIL else ""
        yield Job(f"HEIC to {side} px{of}: {_named(path)}", "heic", arms, (Promise(most, peers.NAIVE),), 3, path)


def _posters(stage: Stage) -> Iterator[Job]:
    if not peers.has("av"):
        return
    for path in [stage.inputs.film(), *stage.inputs.found(".mp4", ".mov", least=500_000, most=2)]:
        arms = []
        if shutil.which("ffmpeg"):
            arms += [
                Arm("ffmpeg, after a second", partial(films.ffmpeg, path, SIDE, "-ss", "1")),
                Arm("ffmpeg, first frame", partial(films.ffmpeg, path, SIDE)),
                Arm("ffmpeg, thumbnail filter", partial(films.ffmpeg, path, SIDE, filters="thumbnail,")),
            ]
        arms.append(Arm(ours.IN_PROCESS, partial(ours.thumbnail, path, SIDE), ours=True))
        arms.append(Arm(ours.IN_JAIL, partial(ours.jailed, stage.sandbox, path, SIDE, stage.out), ours=True))
        promise = Promise(0.45, "ffmpeg, after a second")
        yield Job(f"Film's poster at {SIDE} px: {_named(path)}", "poster", tuple(arms), (promise,), 5)


def _verdicts(stage: Stage) -> Iterator[Job]:
    path, bench, blobs = stage.inputs.large(), Bench(stage.sandbox, stage.out), Blobs(stage.inputs.folder / "blobs")
    arms = (
        Arm(ALONE, partial(ours.sha256, path)),
        Arm(ours.IN_JAIL, partial(ours.verdict, bench, path), ours=True),
        Arm("mediacore, stored as well", partial(ours.stored, bench, blobs, path, stage.inputs.folder), ours=True),
    )
    yield Job("Sniff, digest and verdict of 100 MB", "verdict", arms, (Promise(1.15, ALONE, wall=True),), 15)


def _hooks(_stage: Stage) -> Iterator[Job]:
    arms = (Arm("mediacore, 100 files through five verbs", partial(ours.five_verbs, 100), ours=True),)
    yield Job("Hook overhead", "hooks", arms)


def _jail(stage: Stage) -> Iterator[Job]:
    path = stage.inputs.photo()
    arms = (
        Arm(ours.IN_PROCESS, partial(ours.thumbnail, path, SIDE), ours=True),
        Arm(ours.IN_JAIL, partial(ours.jailed, stage.sandbox, path, SIDE, stage.out), ours=True),
    )
    yield Job(f"The jail's own cost, preview: {_named(path)}", "jail", arms, rounds=31)
    arms = (
        Arm(ours.IN_PROCESS, partial(ours.sniffed_only, path), ours=True),
        Arm(ours.IN_JAIL, partial(ours.sniffed_jailed, stage.sandbox, path, stage.out), ours=True),
    )
    yield Job(f"The jail's own cost, sniff: {_named(path)}", "jail", arms, rounds=31)


def _bombs(stage: Stage) -> Iterator[Job]:
    path, files = stage.inputs.photo(), bombs.bombs(stage.inputs.bombs())
    beside = "mediacore, beside 4 bombs a second"
    arms = (
        Arm("mediacore, no bombs", partial(bombs.innocents, stage.sandbox, path, stage.out), ours=True),
        Arm(beside, partial(bombs.beside_bombs, stage.sandbox, path, files, stage.out), ours=True),
    )
    promise = Promise(2.0, "mediacore, no bombs", wall=True, arm=beside)
    yield Job("Photos beside bombs, wall time that 95 % stay below", "bombs", arms, (promise,), 4)


def _mails(key: str, _stage: Stage) -> Iterator[Job]:
    for name, arms in mail.rows(key):
        yield Job(name, key, arms, (Promise(mail.MOST[key], mail.REFERENCE),), 5)


def _named(path: Path) -> str:
    return f"{path.name} ({path.stat().st_size / 1e6:.1f} MB)"


_BUILDERS: dict[str, Callable[[Stage], Iterator[Job]]] = {
    "thumbnail": _thumbnails,
    "fit": _fits,
    "fit48": _large_fits,
    "screen": _screens,
    "pdf": _pages,
    "heic": _phone,
    "poster": _posters,
    "verdict": _verdicts,
    "hooks": _hooks,
    "jail": _jail,
    "bombs": _bombs,
    **{key: partial(_mails, key) for key in mail.MOST},
}
KEYS = tuple(_BUILDERS)
