"""Tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediacore.values import Media

F = TypeVar("F", bound=Callable[..., Any])

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)
COLOURS = {"as is": "green", "convert": "cyan", "shrink": "cyan", "split": "magenta", "link": "yellow", "refuse": "red"}
"""Of what the plan does."""


def complain(message: str) -> None:
    """Tell an error on the error stream."""
    errors.print(Text("error: ", "bold red") + Text(message), soft_wrap=True)


def as_json(value: Any) -> None:  # noqa: ANN401 - any JSON
    """Print one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; every cell is plain text, whatever it holds."""
    grid = Table(title=title or None, title_justify="left", header_style="bold", show_lines=False, pad_edge=False)
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    console.print(grid)


def pixels(media: Media) -> str:
    """How large a file looks: its pixels, or its pages."""
    if media.facts.pages:
        return f"{media.facts.pages} page(s)"
    return f"{media.facts.width} x {media.facts.height}" if media.facts.width else ""


def json_option(function: F) -> F:
    """``--json`` for a command."""
    return click.option("--json", "json_", is_flag=True, help="Print JSON instead of tables.")(function)


def config_option(function: F) -> F:
    """``--config`` for a command."""
    return click.option(
        "--config", "-c", "config", type=click.Path(dir_okay=False, path_type=Path), default=Path("mediacore.toml"),
        envvar="MEDIACORE_CONFIG", show_default=True, help="The site's configuration.",
    )(function)  # fmt: skip


def files_argument(function: F) -> F:
    """One or more existing files."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.argument("files", nargs=-1, required=True, type=kind)(function)
