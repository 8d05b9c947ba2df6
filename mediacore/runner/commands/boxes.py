"""``send``, ``inbox`` and ``outbox``: messages of a site, from the command line."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rich_click as click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from mediacore.errors import MediacoreError, Permanent
from mediacore.messages import Template
from mediacore.plan import Plan
from mediacore.runner.output import as_json, config_option, console, json_option, table
from mediacore.runner.site import FileToSend, Site
from mediacore.stores.coding import to_json


def _site(config: Path) -> Site:
    from mediacore.runner.config import load

    return Site(load(config))


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--inbox", "inbox_", required=True, help="The inbox that sends.")
@click.option("--to", default="", help="The customer's address.")
@click.option("--answer", default="", help="The message (its id) that this answers; gives address and thread.")
@click.option("--text", default="", help="The words.")
@click.option("--caption", "captions", multiple=True, help="The text of one file; once for each file, in their order.")
@click.option("--as", "sorts", multiple=True, help="What a file must travel as (sticker, voice); once for each.")
@click.option("--template", default="", help="NAME:LANGUAGE of words that the provider approved, in place of the text.")
@click.option("--value", "values", multiple=True, help="GAP=WORDS: what stands in a gap of the template.")
@click.option("--subject", default="", help="For channels that have one.")
@click.option("--key", default="", help="Idempotency key: the same key twice sends once.")
@click.option("--plan", "only_plan", is_flag=True, help="Only show what would happen.")
@click.option("--wait", default=0.0, help="Wait up to so many seconds for the provider's answer.")
@config_option
@json_option
def send(
    files: tuple[Path, ...], inbox_: str, to: str, answer: str, text: str, captions: tuple[str, ...],
    sorts: tuple[str, ...], template: str, values: tuple[str, ...], subject: str,
    key: str, only_plan: bool, wait: float, config: Path, json_: bool,
) -> None:  # fmt: skip
    """Send FILES and a text to a customer. The running `mediacore serve` does the work; this only asks for it."""
    if len(captions) > len(files):
        raise click.BadParameter(f"{len(captions)} captions for {len(files)} files")
    if len(sorts) > len(files):
        raise click.BadParameter(f"{len(sorts)} sorts for {len(files)} files")
    padded = [[*given, *[""] * (len(files) - len(given))] for given in (captions, sorts)]
    approved = _template(template, values)
    wanted = [FileToSend(path, caption, sort=sort) for path, caption, sort in zip(files, *padded, strict=True)]
    with _site(config) as site:
        with console.status("looking at the files and searching them for personal data"):
            aim = to or (_known(site, answer)["contact"] if answer else "")
            plan = site.explain(inbox_, wanted, text, aim, approved)
        if not json_:
            _show_plan(plan, files)
        if plan.refused:
            raise Permanent(f"{len(plan.refused)} file(s) cannot be sent on this inbox; see the plan", code="refused")
        if only_plan:
            if json_:
                as_json({"plan": to_json(plan)})
            return
        id_ = site.send(inbox_, to, text, wanted, key=key, subject=subject, answer=answer, template=approved)
        shown = _watch(site, id_, wait)
    if json_:
        as_json({"id": id_, "plan": to_json(plan), "message": shown})
    else:
        console.print(f"message {id_}: {shown['status']} {shown['error']}".rstrip())
    if shown["status"] == "failed":
        raise Permanent(shown["error"], code="failed")


def _template(named: str, values: tuple[str, ...]) -> Template | None:
    name, _, language = named.partition(":")
    gaps = [value.partition("=") for value in values]
    if bool(name) != bool(language) or not all(gap and sign for gap, sign, _ in gaps) or (gaps and not name):
        raise click.BadParameter("a template is NAME:LANGUAGE, and each value of it GAP=WORDS")
    return Template(name, language, {gap: words for gap, _, words in gaps}) if name else None


def _show_plan(plan: Plan, files: tuple[Path, ...]) -> None:
    rows = [[files[s.attachment].name, s.action, s.count, s.reason] for s in plan.steps]
    table(
        f"Plan for {plan.channel} (profile {plan.profile}): {len(plan.parts)} message(s)",
        ("file", "what", "files", "why"),
        rows,
    )
    for note in plan.notes:
        console.print(f"note: {note}")


def _watch(site: Site, id_: str, wait: float) -> dict[str, Any]:
    """Wait for the provider's answer; a bar shows how far the files are made until then."""
    end = time.monotonic() + wait
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=console, transient=True, disable=not wait) as bar:
        task = bar.add_task("making it ready", total=1.0)
        while True:
            shown = site.message(id_)
            words = "making it ready" if shown["plan"] is None else "waiting for the provider's answer"
            bar.update(task, completed=shown["progress"], description=words)
            if shown["status"] != "queued" or time.monotonic() >= end:
                return shown
            time.sleep(0.2)


@click.group()
def inbox() -> None:
    """Messages that customers sent: list, show, retry; and inboxes: resume, replay."""


@click.group()
def outbox() -> None:
    """Messages that agents sent: list, show, retry, cancel."""


def _listing(direction: str) -> click.Command:
    @click.command("list")
    @click.option("--inbox", "inbox_", default="", help="Only this inbox.")
    @click.option("--most", default=50, show_default=True, help="The newest so many.")
    @config_option
    @json_option
    def listing(inbox_: str, most: int, config: Path, json_: bool) -> None:
        """List messages, the newest last."""
        with _site(config) as site:
            shown = site.messages(inbox=inbox_, direction=direction, most=100_000)[-most:]
        if json_:
            as_json(shown)
            return
        heads = ("id", "when (UTC)", "inbox", "customer", "text", "files", "status", "error")
        table("", heads, [_row(m) for m in shown])

    return listing


def _row(shown: dict[str, Any]) -> list[object]:
    who = (shown["inbox"], shown["contact"], shown["text"][:60])
    return [shown["id"], _time(shown["at"]), *who, _files(shown), shown["status"], shown["error"]]


@click.command()
@click.argument("message")
@config_option
@json_option
def show(message: str, config: Path, json_: bool) -> None:
    """Show one MESSAGE with its files, plan and parts."""
    with _site(config) as site:
        shown = _known(site, message)
    if json_:
        as_json(shown)
        return
    console.print(f"{shown['direction']} on {shown['inbox']}, {shown['contact']}: {shown['status']} {shown['error']}")
    console.print(shown["text"], markup=False)
    rows = [
        [f["name"], f["type"], f["size"], f"{f['width']} x {f['height']}", f["state"], _remarks(f)]
        for f in shown["files"]
    ]
    table("Files", ("name", "type", "bytes", "pixels", "state", "remarks"), rows)
    if shown["parts"]:
        keys = ("state", "status", "source_id")
        parts = [
            [p["position"] + 1, *(p[k] for k in keys), len(p["files"]), p["text"][:60], p["error"]]
            for p in shown["parts"]
        ]
        table("Parts", ("no.", "state", "status", "provider id", "files", "text", "error"), parts)


def _remarks(file: dict[str, Any]) -> str:
    return str(file["error"]) or "; ".join(finding["message"] for finding in file["findings"])


@click.command()
@click.argument("message")
@config_option
def retry(message: str, config: Path) -> None:
    """Try MESSAGE again: what failed is done anew, what was done stays."""
    with _site(config) as site:
        _known(site, message)
        site.retry(message)
    console.print(f"{message} is queued again")


@outbox.command()
@click.argument("message")
@config_option
@json_option
def cancel(message: str, config: Path, json_: bool) -> None:
    """Call MESSAGE off while nothing of it was handed to the provider.

    It fails with the error "called off", and what is being made of its files stops within a second or two. Once a part
    was handed over it is too late, and the error's code is "sent". `mediacore outbox retry MESSAGE` sends it after all.
    """
    with _site(config) as site:
        _known(site, message)
        site.cancel(message)
        shown = _known(site, message)
    if json_:
        as_json(shown)
    else:
        console.print(f"{message} is called off: nothing of it is sent")


for _group, _direction in ((inbox, "inbound"), (outbox, "outbound")):
    _group.add_command(_listing(_direction))
    _group.add_command(show)
    _group.add_command(retry)


@inbox.command()
@click.argument("name")
@config_option
def resume(name: str, config: Path) -> None:
    """Let inbox NAME work again after its account was reconnected."""
    with _site(config) as site:
        site.house.inbox(name)
        site.resume(name)
    console.print(f"{name} works again")


@inbox.command()
@click.argument("delivery", required=False)
@config_option
@json_option
def replay(delivery: str | None, config: Path, json_: bool) -> None:
    """List deliveries of which nothing could be made, or try DELIVERY again."""
    from mediacore.steps.intake import replay as again
    from mediacore.stores.intake import kept

    with _site(config) as site:
        if delivery is not None:
            try:
                console.print(f"{again(site.house, delivery)} new event(s)")
            except KeyError as error:
                told = f"there is no delivery {delivery}; 'replay' alone lists their ids"
                raise MediacoreError(told, code="unknown") from error
            return
        with site.house.ledger.begin() as connection:
            rows = kept(connection)
    if json_:
        as_json(rows)
    else:
        table(
            "",
            ("delivery", "inbox", "when (UTC)", "why"),
            [[r["id"], r["inbox"], _time(r["at"] / 1e6), r["note"]] for r in rows],
        )


def _known(site: Site, message: str) -> dict[str, Any]:
    try:
        return site.message(message)
    except KeyError as error:
        raise MediacoreError(f"there is no message {message}; 'list' shows their ids", code="unknown") from error


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _files(message: dict[str, Any]) -> str:
    return ", ".join(f"{f['name']} ({f['state']})" if f["state"] != "ready" else f["name"] for f in message["files"])
