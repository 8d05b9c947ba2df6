"""``preview`` and ``redact``: what can be done to a file without any channel."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import rich_click as click

from mediacore.defaults import Defaults
from mediacore.engines.operation import Unusable
from mediacore.errors import Permanent
from mediacore.names import safe_name
from mediacore.redaction.reach import unseen
from mediacore.runner.output import as_json, console, files_argument, json_option
from mediacore.sandbox import Bench, Sandbox
from mediacore.stores.blobs import digest_of
from mediacore.stores.coding import to_json
from mediacore.values import Media, Region

KINDS = ("card", "iban", "email", "phone")


def _look_at(bench: Bench, path: Path) -> Media:
    sniffed = bench.sniff(path, path.name)
    return Media(path, sniffed.type, path.stat().st_size, digest_of(path), bench.probe(path, sniffed.type))


@click.command()
@files_argument
@click.option("--side", default=512, show_default=True, help="The most pixels on the longer side.")
@click.option("--page", default=1, show_default=True, help="Which page of a document, from 1.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder for the pictures."
)
@click.option(
    "--form", type=click.Choice(["picture", "clip", "wave"]), default="picture", show_default=True,
    help="A picture, a film's few silent seconds (MP4) or a moving picture (GIF), or a sound's bars (SVG).",
)  # fmt: skip
@json_option
def preview(files: tuple[Path, ...], side: int, page: int, out: Path, form: str, json_: bool) -> None:
    """Make a safe small likeness of each of FILES: upright, without metadata."""
    out.mkdir(parents=True, exist_ok=True)
    told, failed = [], []
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        bench = Bench(sandbox, Path(folder))
        for path in files:
            try:
                with console.status(f"looking at {path.name}"):
                    picture = bench.preview(_look_at(bench, path), side, page - 1, Path(folder), form)
            except Unusable as error:
                failed.append(f"{path.name}: {error.message}")
                continue
            target = out / safe_name(f"{path.stem}-preview", picture.type)
            shutil.copyfile(picture.path, target)
            told.append({"file": str(path), "preview": str(target), "width": picture.width, "height": picture.height})
            if not json_:
                console.print(f"{path} -> {target} ({picture.width} x {picture.height})")
    if json_:
        as_json({"previews": told, "failed": failed})
    if failed:
        raise Permanent("; ".join(failed), code="no-preview")


def _marked(marks: tuple[str, ...]) -> list[Region]:
    regions = []
    for mark in marks:
        page, _, box = mark.rpartition(":")
        try:
            left, top, right, bottom = (float(n) for n in box.split(","))
        except ValueError as error:
            raise click.BadParameter(f"{mark!r} is not [PAGE:]LEFT,TOP,RIGHT,BOTTOM") from error
        regions.append(Region(int(page or 1) - 1, (left, top, right, bottom), "manual"))
    return regions


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    default=KINDS,
    help="What to look for.",
    show_default=True,
)
@click.option(
    "--mark", "marks", multiple=True, metavar="[PAGE:]L,T,R,B", help="Paint this box too; pixels, or points in a PDF."
)
@click.option("--region", default="US", show_default=True, help="Country of phone numbers without a code.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The new file; FILE-redacted by default.")
@click.option("--look", is_flag=True, help="Only list what would be hidden.")
@click.option("--ocr/--no-ocr", default=True, show_default=True, help="Read pictures and scans.")
@json_option
def redact(
    file: Path, kinds: tuple[str, ...], marks: tuple[str, ...], region: str, out: Path | None, look: bool, ocr: bool,
    json_: bool,
) -> None:  # fmt: skip
    """Paint personal data out of FILE, so that nothing remains underneath; FILE itself is never changed."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        bench = Bench(sandbox, Path(folder))
        try:
            media = _look_at(bench, file)
            with console.status(f"reading {file.name}"):
                found = [*_marked(marks), *Defaults(bench, region, ocr).redact(media, kinds)]
                target = None if look else _painted(bench, media, found, out, Path(folder))
                missed = unseen(media, kinds, ocr)
        except Unusable as error:
            raise Permanent(error.message, code=error.code) from error
    if json_:
        as_json({"regions": to_json(found), "file": str(target) if target else None, "unsearched": missed})
        return
    for each in found:
        box = ", ".join(f"{n:.0f}" for n in each.box)
        console.print(f"page {each.page + 1}: {each.kind} at {box} (score {each.score:.2f})")
    console.print(f"{len(found)} region(s){f' painted over in {target}' if target else ' found'}")
    if missed:
        console.print(missed)


def _painted(bench: Bench, media: Media, regions: list[Region], out: Path | None, folder: Path) -> Path:
    painted = bench.paint(media, regions, folder)
    kind = bench.sniff(painted).type
    target = out or media.path.with_name(safe_name(f"{media.path.stem}-redacted", kind))
    shutil.copyfile(painted, target)
    return target
