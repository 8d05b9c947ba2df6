"""``mediacore``: the command line."""

from __future__ import annotations

import importlib
import sys

import rich_click as click

from mediacore.errors import ConfigError, ContractError, MediacoreError
from mediacore.runner.output import complain

FAILED, USAGE, CONFIG = 1, 2, 3

COMMANDS = {
    "init": "start:init",
    "serve": "start:serve",
    "demo": "demo:demo",
    "simulate": "simulate:simulate",
    "doctor": "doctor:doctor",
    "channels": "limits:channels",
    "limits": "limits:limits",
    "explain": "limits:explain",
    "fit": "fit:fit",
    "examine": "examine:examine",
    "preview": "files:preview",
    "redact": "files:redact",
    "send": "boxes:send",
    "deliver": "deliver:deliver",
    "lmtp": "deliver:lmtp",
    "inbox": "boxes:inbox",
    "outbox": "boxes:outbox",
}


class Lazy(click.RichGroup):
    """Imports a command's module only when it is asked for, so that every command starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """All commands, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"mediacore.runner.commands.{module}"), name)
        return command


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mediacore")
def cli() -> None:
    """Media in customer service: any file, any channel.

    Start with `mediacore demo`, which shows everything on this machine alone, or with `mediacore init`, which writes
    a commented configuration. `mediacore explain FILE` tells what a customer would get on every channel.

    Exit codes: 0 done · 1 it could not be done, and why was said · 2 the command was mistyped ·
    3 the configuration is wrong.
    """


def main() -> None:
    """Run the command line; every expected error is told in words, with what to do next."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        complain("stopped")
        sys.exit(FAILED)
    except (ConfigError, ContractError) as error:
        complain(str(error))
        sys.exit(CONFIG)
    except (MediacoreError, OSError) as error:
        complain(str(error))
        sys.exit(FAILED)
