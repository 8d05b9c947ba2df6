"""``fit``: the files that a customer would receive on a channel, made on this machine without any account."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import attrs
import rich_click as click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from mediacore.defaults import Defaults
from mediacore.desk import CallbackDesk
from mediacore.engines.reading import ocr
from mediacore.errors import Permanent
from mediacore.hookspecs import hookimpl
from mediacore.house import House, Policy
from mediacore.inbox import Inbox
from mediacore.limits import Limits
from mediacore.mounting import channel_limits
from mediacore.plan import Plan, plan
from mediacore.redaction.detectors import KINDS
from mediacore.runner.output import COLOURS, as_json, console, errors, files_argument, json_option, pixels, table
from mediacore.sandbox import Bench, Sandbox
from mediacore.steps import making, preparing
from mediacore.steps.files import scratch
from mediacore.stores.blobs import Blobs
from mediacore.stores.coding import to_json
from mediacore.stores.ledger import Ledger
from mediacore.values import Media

COLUMNS = ("channel", "file", "what happens", "becomes", "bytes", "pixels or pages")


@attrs.frozen(eq=False)
class NoAccount:
    """A channel of which only the limits are known."""

    carried: Limits

    @hookimpl
    def limits(self) -> Limits:
        """What the channel carries."""
        return self.carried


@click.command()
@files_argument
@click.option(
    "--channel", "wanted", multiple=True, required=True,
    help="For this channel; may be given several times. As NAME:PROFILE too.",
)  # fmt: skip
@click.option("--text", default="", help="The words that go with the files.")
@click.option(
    "--hide", multiple=True, type=click.Choice(KINDS), default=("card",), show_default=True,
    help="Personal data to paint over.",
)  # fmt: skip
@click.option("--ocr/--no-ocr", "reads", default=True, show_default=True, help="Read pictures and scans for it.")
@click.option("--link/--no-link", default=True, show_default=True, help="Whether links may be offered.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("fitted"), show_default=True,
    help="Folder for the files, with one folder for each channel in it.",
)  # fmt: skip
@json_option
def fit(
    files: tuple[Path, ...], wanted: tuple[str, ...], text: str, hide: tuple[str, ...], reads: bool, link: bool,
    out: Path, json_: bool,
) -> None:  # fmt: skip
    """Make the files that a customer would receive of FILES, as one message on each channel.

    What `explain` plans is carried out by the code that sends: personal data painted over, metadata taken out,
    converted and proven to fit. FILES themselves are never changed.
    """
    told: dict[str, Any] = {}
    for channel in wanted:
        with _house(channel, Policy(redact_outbound=hide), reads and ocr.available()) as house:
            told[channel] = _fitted(house, channel, files, text, link, out / channel.replace(":", "-"))
    if json_:
        as_json(told)
    else:
        rows = [row for channel, each in told.items() for row in _rows(channel, each)]
        table("What the customer gets", COLUMNS, rows)
        for channel, each in told.items():
            for note in each["notes"]:
                console.print(f"{channel}: {note}")
    faults = [f"{channel}: {each['error']}" for channel, each in told.items() if each["error"]]
    if faults:
        raise Permanent("; ".join(faults), code="does-not-fit")


@contextmanager
def _house(channel: str, policy: Policy, reads: bool) -> Iterator[House]:
    """The parts that make a message's files, in a folder that goes away."""
    name, _, profile = channel.partition(":")
    limits = channel_limits(name, profile or "default")
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        bench = Bench(sandbox, Path(folder) / "bench")
        inbox = Inbox.mount(channel, name, NoAccount(limits), [("defaults", Defaults(bench, policy.region, reads))])
        ledger = Ledger("sqlite://")
        yield House(
            inboxes={channel: inbox}, policies={channel: policy}, bench=bench, blobs=Blobs(Path(folder) / "blobs"),
            ledger=ledger, enqueue=lambda *_: None, desk=CallbackDesk(lambda _notice: None), reads=reads,
        )  # fmt: skip
        ledger.close()


def _fitted(house: House, channel: str, files: Sequence[Path], text: str, link: bool, out: Path) -> dict[str, Any]:
    """One channel's files, copied to their folder; what keeps them from being made is told, not raised."""
    inbox = house.inbox(channel)
    with scratch(house) as folder, _progress(house, channel) as turn:
        try:
            items = [preparing.ready(house, inbox, path, path.name, "", (), folder) for path in files]
            attachments = [item.attachment for item in items]
            planned, known = making.prove(
                house, inbox, attachments, lambda tried: plan(tried, text, inbox.limits, link), folder
            )
            if planned.refused:
                return {"error": planned.refused[0].reason, "plan": to_json(planned), "notes": [], "files": []}
            made = making.make(house, inbox, attachments, planned, folder, turn, known)
        except Permanent as error:
            return {"error": error.message, "plan": None, "notes": [], "files": []}
        kept = list(_kept(inbox, items, planned, made, out))
    notes = [*planned.notes, *(f"{item.attachment.name}: {note}" for item in items for note in item.notes)]
    return {"error": "", "plan": to_json(planned), "notes": notes, "files": kept}


@contextmanager
def _progress(house: House, channel: str) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """A bar on the error stream while one channel's files are made; gives what each file's making is entered with."""
    with Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=errors) as bar:
        task = bar.add_task(channel, total=1.0)

        @contextmanager
        def turn() -> Iterator[None]:
            bar.reset(task)
            with house.bench.listening(lambda share: bar.update(task, completed=share)):
                yield

        yield turn
        bar.update(task, completed=1.0)


def _kept(
    inbox: Inbox, items: Sequence[preparing.Ready], planned: Plan, made: Sequence[Sequence[Media]], out: Path
) -> Iterator[dict[str, Any]]:
    """Copy what was made to its folder under the customer's names; of two of one name the second gets a number."""
    out.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for item, step, results in zip(items, planned.steps, made, strict=True):
        for number, media in enumerate(results):
            first = target = out / preparing.name_of(inbox, item, media, number, len(results))
            for again in range(2, len(taken) + 2):
                if target.name in taken:
                    target = first.with_stem(f"{first.stem}-{again}")
            taken.add(target.name)
            shutil.copyfile(media.path, target)
            yield {
                "file": item.attachment.name, "action": step.action, "reason": step.reason, "path": str(target),
                "type": media.type, "size": media.size, "pixels": pixels(media),
            }  # fmt: skip


def _rows(channel: str, told: dict[str, Any]) -> Iterator[list[object]]:
    if told["error"]:
        yield [channel, "", Text("refuse", COLOURS["refuse"]), told["error"], "", ""]
    for each in told["files"]:
        what = Text(each["action"], COLOURS[each["action"]])
        yield [channel, each["file"], what, each["path"], f"{each['size']:,}", each["pixels"]]
