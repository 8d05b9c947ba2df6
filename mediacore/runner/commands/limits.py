"""``channels``, ``limits`` and ``explain``: what channels carry, and what would become of a file."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import rich_click as click
from rich.text import Text

from mediacore.engines.operation import Unusable
from mediacore.errors import ConfigError, Permanent
from mediacore.hookspecs import HOOKS
from mediacore.limits import Accept, Figure, Limits
from mediacore.messages import Attachment
from mediacore.mounting import channel_limits, plugin_class
from mediacore.mounting import channels as installed
from mediacore.names import safe_name
from mediacore.plan import Plan, Step, plan
from mediacore.runner.output import COLOURS, as_json, files_argument, json_option, pixels, table
from mediacore.sandbox import Bench, Sandbox
from mediacore.steps.proving import look, proven
from mediacore.stores.blobs import digest_of
from mediacore.stores.coding import to_json
from mediacore.values import Facts, Media


@click.command()
@json_option
def channels(json_: bool) -> None:
    """List the installed channels: distribution, version, hooks and settings."""
    rows = []
    for name, point in installed().items():
        kind = plugin_class(name, {name: point})
        own = [hook for hook in HOOKS if hook in vars(kind)]
        settings = [a.alias for a in attrs.fields(kind) if a.init]
        dist = point.dist
        rows.append(
            [name, dist.name if dist else "?", dist.version if dist else "?", ", ".join(own), ", ".join(settings)]
        )
    if json_:
        as_json([dict(zip(("channel", "distribution", "version", "hooks", "settings"), r, strict=True)) for r in rows])
    else:
        table("", ("channel", "distribution", "version", "hooks", "settings"), rows)


@click.command()
@click.argument("channel")
@click.option("--profile", default="default", show_default=True, help="Which of the channel's profiles.")
@json_option
def limits(channel: str, profile: str, json_: bool) -> None:
    """Show what CHANNEL carries: every number with its source and date."""
    found = channel_limits(channel, profile)
    if json_:
        as_json(to_json(found))
        return
    rows = [_accept_row(a) for a in found.accept]
    heads = ("sort", "types", "at most", "pixels", "in one message", "notes")
    table(f"{found.title} — profile {found.profile} (of {', '.join(found.profiles)})", heads, rows)
    table("Numbers and where they were read", ("what", "value", "source", "as of"), _figures(found))


def _accept_row(accept: Accept) -> list[object]:
    bounds = [f"side {accept.max_side.value}" if accept.max_side else "", _value(accept.max_pixels)]
    notes = [
        accept.note,
        "sent as page images" if accept.as_images else "",
        "" if accept.caption else "no caption",
        f"codecs {', '.join(accept.codecs)}" if accept.codecs else "",
        f"without {', '.join(accept.without)}" if accept.without else "",
        f"colours {', '.join(accept.modes)}" if accept.modes else "",
        "only when asked for" if accept.explicit else "",
    ]
    return [
        accept.name, ", ".join(accept.types), _value(accept.max_bytes), " ".join(b for b in bounds if b),
        _value(accept.together), "; ".join(n for n in notes if n),
    ]  # fmt: skip


def _value(figure: Figure | None) -> str:
    return f"{figure.value:,}" if figure else ""


def _figures(found: Limits) -> list[list[object]]:
    sections: list[tuple[str, Any]] = [(a.name, a) for a in found.accept]
    sections += [(name, getattr(found, name)) for name in ("text", "message", "names", "inbound")]
    rows: list[list[object]] = []
    for label, section in sections:
        for field in attrs.fields(type(section)):
            value = getattr(section, field.name)
            if isinstance(value, Figure):
                rows.append([f"{label}.{field.name}", f"{value.value:,}", value.source, value.as_of or ""])
    return rows


@click.command()
@files_argument
@click.option(
    "--channel", "only", multiple=True, help="Only this channel; may be given several times. As NAME:PROFILE too."
)
@click.option("--text", default="", help="The words that go with the files.")
@click.option("--link/--no-link", default=True, show_default=True, help="Whether links may be offered.")
@json_option
def explain(files: tuple[Path, ...], only: tuple[str, ...], text: str, link: bool, json_: bool) -> None:
    """Tell what a customer would get of FILES on every channel, and why.

    The same planner decides when a message is really sent.
    """
    plans = {}
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        bench = Bench(sandbox, Path(folder))
        attachments = _attachments(bench, files)
        for wanted in only or tuple(installed()):
            name, _, profile = wanted.partition(":")
            plans[wanted] = _plan(bench, attachments, text, channel_limits(name, profile or "default"), link)
    if not plans:
        raise ConfigError("no channel is installed; try: pip install mediacore-email")
    if json_:
        as_json({"files": [_facts(a) for a in attachments], "plans": {k: to_json(p) for k, p in plans.items()}})
        return
    about = [[a.name, a.media.type, f"{a.media.size:,}", pixels(a.media)] for a in attachments]
    table("Files", ("name", "type", "bytes", "pixels or pages"), about)
    rows: list[list[object]] = []
    for name, made in plans.items():
        for step in made.steps:
            result = Text(step.action, COLOURS[step.action]) + Text(f" ({step.count} files)" if step.count > 1 else "")
            rows.append([name, attachments[step.attachment].name, result, step.reason])
        rows.append(["", "", Text(f"{len(made.parts)} message(s)", "dim"), Text("; ".join(made.notes), "dim")])
    table("What the customer gets", ("channel", "file", "what happens", "why"), rows)


def _plan(bench: Bench, attachments: Sequence[Attachment], text: str, limits: Limits, link: bool) -> Plan:
    """What would become of the files on a channel, tried as for a message that is really sent."""

    def make(index: int, step: Step) -> list[Media]:
        media = attachments[index].media
        paths = (bench.strip(media),) if step.fit is None else bench.fit(media, step.fit)
        return [Media(path, "", path.stat().st_size, "") for path in paths]

    return proven(
        attachments,
        lambda tried: plan(tried, text, limits, link),
        make,
        lambda media: look(bench, media, bench.scratch),
    )[0]


def _attachments(bench: Bench, files: tuple[Path, ...]) -> list[Attachment]:
    found = []
    for path in files:
        try:
            kind = bench.sniff(path, path.name).type
        except Unusable as error:
            raise Permanent(f"{path}: {error.message}", code=error.code) from error
        facts = Facts()
        with contextlib.suppress(Unusable):  # a damaged file can still be planned for, as what it calls itself
            facts = bench.probe(path, kind)
        media = Media(path, kind, path.stat().st_size, digest_of(path), facts)
        found.append(Attachment(media, safe_name(path.name, kind)))
    return found


def _facts(attachment: Attachment) -> dict[str, Any]:
    media = attachment.media
    return {"name": attachment.name, "type": media.type, "size": media.size, "facts": to_json(media.facts)}
