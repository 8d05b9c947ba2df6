"""``doctor``: settings, reachability, libraries and how far files are confined."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import rich_click as click
from rich.text import Text

from mediacore.errors import ConfigError, ContractError, Permanent
from mediacore.runner.output import as_json, config_option, json_option, table

LIBRARIES = {
    "Pillow": ("PIL", "pillow", "pictures", "pip install pillow"),
    "libmagic": ("magic", "python-magic", "telling types by content", "pip install python-magic pylibmagic"),
    "PyMuPDF": ("pymupdf", "pymupdf", "PDF", "pip install 'mediacore[pdf]'"),
    "pillow-heif": ("pillow_heif", "pillow-heif", "HEIC photos of iPhones", "pip install 'mediacore[heic]'"),
    "phonenumbers": ("phonenumbers", "phonenumbers", "finding phone numbers", "pip install 'mediacore[redaction]'"),
    "RapidOCR": ("rapidocr", "rapidocr", "reading pictures", "pip install 'mediacore[ocr]'"),
}
OK, NOTE, BAD = "ok", "note", "bad"
COLOURS = {OK: "green", NOTE: "yellow", BAD: "red"}


@click.command()
@config_option
@click.option("--reach/--no-reach", default=True, show_default=True, help="Ask every account whether it answers.")
@json_option
def doctor(config: Path, reach: bool, json_: bool) -> None:
    """Look whether everything is in place; exits 1 when something must be mended."""
    found = [*_libraries(), *_jail(), *_configuration(config, reach)]
    if json_:
        as_json([dict(zip(("what", "state", "told"), f, strict=True)) for f in found])
    else:
        table("", ("what", "", "told"), [[what, Text(state, COLOURS[state]), told] for what, state, told in found])
    bad = sum(state == BAD for _, state, _ in found)
    if bad:
        raise Permanent(f"{bad} thing(s) must be mended, see above", code="doctor")


def _libraries() -> Iterator[tuple[str, str, str]]:
    for label, (module, distribution, purpose, remedy) in LIBRARIES.items():
        if importlib.util.find_spec(module) is None:
            yield label, NOTE, f"not installed; without it no {purpose}: {remedy}"
            continue
        try:
            yield label, OK, f"{version(distribution)} ({purpose})"
        except PackageNotFoundError:
            yield label, OK, purpose


def _jail() -> Iterator[tuple[str, str, str]]:
    from mediacore.sandbox import Level, Sandbox

    with Sandbox() as sandbox:
        level = sandbox.level
        doors = sandbox.self_test() if level >= Level.CALLS else ()
        told = f"files are worked on at confinement level {int(level)} of 3: {level.description}"
        state = OK if level >= Level.CALLS else NOTE
        yield "jail", BAD if doors else state, f"has a gap: {', '.join(doors)}" if doors else told


def _configuration(config: Path, reach: bool) -> Iterator[tuple[str, str, str]]:
    from mediacore.runner.config import load
    from mediacore.runner.site import Site

    if not config.exists():
        yield "configuration", NOTE, f"there is none at {config}; 'mediacore init' writes one"
        return
    try:
        loaded = load(config)
        site = Site(loaded)
    except (ConfigError, ContractError) as error:
        yield "configuration", BAD, str(error)
        return
    with site:
        free = shutil.disk_usage(loaded.data).free
        yield "disk", OK if free > 1 << 30 else BAD, f"{free / 1e9:.1f} GB free at {loaded.data}"
        if not loaded.site.public_url:
            yield "public_url", NOTE, "not set: no links, and providers that fetch files (SMS, Instagram) cannot"
        for name, inbox in site.house.inboxes.items():
            yield from _inbox(site, name, inbox, reach)


def _inbox(site: Any, name: str, inbox: Any, reach: bool) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401 - see above
    from mediacore.stores import intake

    with site.house.ledger.begin() as connection:
        reason = intake.halted(connection, name)
    if reason:
        yield f"inbox {name}", BAD, f"stands still: {reason}. Mend it, then 'mediacore inbox resume {name}'"
        return
    findings = inbox.check() if reach else []
    for finding in findings:
        yield f"inbox {name}", BAD, f"{finding.message} {finding.remedy}".strip()
    if not findings:
        yield f"inbox {name}", OK, f"{inbox.limits.title}, profile {inbox.limits.profile}"
