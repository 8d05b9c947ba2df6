"""``init`` and ``serve``: a configuration, and the running site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import rich_click as click

from mediacore.errors import ConfigError
from mediacore.house import Notice
from mediacore.mounting import channels, plugin_class
from mediacore.runner.output import config_option, console

HEAD = """\
# mediacore: the site's configuration. Every [site] key can also come from the environment as MEDIACORE_<KEY>.
# A secret may be written here, or as { env = "NAME" } or { file = "PATH" }.

[site]
data = "mediacore-data"            # everything is kept in this folder
# public_url = "https://media.example.com"  # where providers and customers reach this runner; webhooks are
#                                  # public_url + /hooks/<inbox>, files are fetched below public_url + /media/
listen = "127.0.0.1:8025"
# database = "postgresql+psycopg://..."     # SQLite in the data folder when left out
ocr = true                         # read pictures when searching for personal data (pip install 'mediacore[ocr]')
min_jail = 1                       # the weakest confinement (0 to 3) under which files are worked on
poll = 2.0                         # seconds between two looks into a mailbox
"""


@click.command()
@config_option
@click.option("--force", is_flag=True, help="Overwrite a configuration that is there.")
def init(config: Path, force: bool) -> None:
    """Write a commented configuration with every installed channel's settings."""
    if config.exists() and not force:
        raise ConfigError(f"{config} is there already; --force overwrites it")
    pieces = [HEAD]
    for name, point in channels().items():
        kind = plugin_class(name, {name: point})
        lines = [f"# [inbox.{name}]", f'# channel = "{name}"']
        lines += [_setting(a) for a in attrs.fields(kind) if a.init]
        policy = '# policy = { redact_outbound = ["card"], redact_inbound = [], media = "copy" }'
        lines.append(f"{policy}   # card, iban, email, phone; copy, ttl (for media_ttl seconds), reference")
        pieces.append("\n".join(lines) + "\n")
    config.write_text("\n".join(pieces), encoding="utf-8")
    console.print(f"{config} is written: take the # away before the inboxes that you want, then 'mediacore doctor'")


def _setting(field: attrs.Attribute[object]) -> str:
    if field.default is attrs.NOTHING:
        shown = '{ env = "..." }' if not field.repr else '"..."'
        return f"# {field.alias} = {shown}   # required"
    default: Any = field.default
    default = default.factory() if hasattr(default, "factory") else default
    if isinstance(default, bool):
        return f"# {field.alias} = {str(default).lower()}"
    if isinstance(default, tuple | list):
        return f"# {field.alias} = {list(default)}".replace("'", '"')
    return (
        f"# {field.alias} = {default}" if isinstance(default, int | float) else f'# {field.alias} = "{default or ""}"'
    )


@click.command()
@config_option
@click.option("--quiet", is_flag=True, help="Do not print a line for every notice.")
def serve(config: Path, quiet: bool) -> None:
    """Run the site: webhooks, mailboxes, jobs and files, until stopped."""
    import uvicorn

    from mediacore.desk import CallbackDesk
    from mediacore.runner.config import load
    from mediacore.runner.edge import application
    from mediacore.runner.site import Site

    loaded = load(config)
    site = Site(loaded, CallbackDesk(_silent if quiet else _announce))
    host, _, port = loaded.site.listen.rpartition(":")
    names = ", ".join(f"{n} ({i.channel})" for n, i in site.house.inboxes.items()) or "no inbox yet"
    console.print(f"mediacore listens on {loaded.site.listen}: {names}")
    app = application(site)
    uvicorn.run(
        app, host=host or "127.0.0.1", port=int(port), log_level="warning", access_log=False, ws="websockets-sansio",
        timeout_graceful_shutdown=5,
    )  # fmt: skip


def _announce(notice: Notice) -> None:
    message = notice.message
    files = ", ".join(f"{f['name']} [{f['state']}]" for f in message["files"])
    text = " ".join(str(message["text"]).split())[:80]
    line = (
        f"{notice.inbox}: {notice.kind} {message['direction']} {message['contact']}: {text} {files} {message['status']}"
    )
    console.print(line.strip(), markup=False)


def _silent(_: Notice) -> None:
    return
