"""``demo``: the main job on this machine alone."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import rich_click as click

from mediacore.errors import MediacoreError, Permanent
from mediacore.plan import Plan
from mediacore.runner.output import as_json, console, json_option, table

CHANNELS = ("email", "sms", "whatsapp", "instagram", "webchat")


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-out"),
    show_default=True,
    help="Folder for everything that the demo makes; emptied first.",
)
@click.option(
    "--files",
    "own",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Use the files of this folder instead of the demo's own.",
)
@click.option("--channel", "only", multiple=True, type=click.Choice(CHANNELS), help="Only these channels.")
@click.option(
    "--kills", default=0, show_default=True, help="Kill the runner so many times at random moments meanwhile."
)
@json_option
def demo(out: Path, own: Path | None, only: tuple[str, ...], kills: int, json_: bool) -> None:
    """Play the main job: customers write on five channels, an agent answers with a photo, a label and a screenshot.

    Providers and mail servers are simulated on this machine; nothing leaves it. What arrived is opened and checked,
    and the command exits 0 only if every promise held.
    """
    from mediacore.runner.demo import story
    from mediacore.runner.demo.stage import Stage
    from mediacore.runner.site import Site

    _empty(out)
    began = time.monotonic()

    def say(words: str) -> None:
        if not json_:
            console.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {words}")

    cast = story.users_cast(own) if own else story.own_cast(out / "files")
    say(f"files are ready in {own or out / 'files'}")
    with Stage(out, only or CHANNELS, say) as stage, Site(stage.config) as site:
        say(f"providers and the runner are up at {stage.url}")
        if kills:
            stage.kill_sometimes(kills)
        outcome = story.play(stage, site, cast, say, _silent if json_ else _show)
        sheet = _sheet(site, out, outcome)
        restarts = stage.restarts
    _tell(outcome, sheet, restarts, json_)


def _empty(out: Path) -> None:
    if out.exists() and any(out.iterdir()) and not (out / "mediacore.toml").exists() and not (out / "files").exists():
        raise MediacoreError(f"{out} holds something else; give another folder with --out", code="folder")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)


def _show(plan: Plan, names: Sequence[str]) -> None:
    rows = [(names[s.attachment], s.action, s.count, s.reason) for s in plan.steps]
    table(f"Plan for {plan.channel}: {len(plan.parts)} message(s)", ("file", "what", "files", "why"), rows)
    for note in plan.notes:
        console.print(f"  [dim]{note}[/]")


def _silent(_plan: Plan, _names: Sequence[str]) -> None:
    return


def _sheet(site: object, out: Path, outcome: object) -> Path:
    from mediacore.engines.operation import Unusable
    from mediacore.runner.demo.checks import Seen
    from mediacore.runner.demo.sheet import draw
    from mediacore.runner.demo.story import Outcome
    from mediacore.runner.site import Site
    from mediacore.values import Media

    assert isinstance(site, Site)
    assert isinstance(outcome, Outcome)
    scratch = out / "arrived"
    scratch.mkdir()
    for number, (_, files) in enumerate(outcome.arrived):
        for place, seen in enumerate(files):
            (scratch / f"{number}-{seen.channel}-{place}-{Path(seen.name).name}").write_bytes(seen.data)

    def likeness(seen: Seen) -> Path | None:
        path = scratch / "page"
        path.write_bytes(seen.data)
        try:
            return site.house.bench.preview(Media(path, seen.type, seen.size, ""), 512, 0, scratch).path
        except Unusable:
            return None

    sheet = draw(out / "contact-sheet.png", outcome.arrived, likeness)
    (scratch / "page").unlink(missing_ok=True)
    return sheet


def _tell(outcome: object, sheet: Path, restarts: int, json_: bool) -> None:
    from mediacore.runner.demo.story import Outcome

    assert isinstance(outcome, Outcome)
    verdict = outcome.verdict
    if json_:
        as_json(
            {
                "held": verdict.held,
                "broken": verdict.broken,
                "rows": outcome.rows,
                "sheet": str(sheet),
                "restarts": restarts,
            }
        )
    else:
        table("What each customer received", ("channel", "messages", "planned", "arrived", "status"), outcome.rows)
        console.print(
            f"{len(verdict.held)} promises held, {len(verdict.broken)} broken; the runner was restarted {restarts} x"
        )
        for each in verdict.broken:
            console.print(f"[red]broken[/] {each}")
        console.print(f"contact sheet of everything that arrived: {sheet}")
    if verdict.broken:
        raise Permanent(f"{len(verdict.broken)} promise(s) did not hold", code="demo")
