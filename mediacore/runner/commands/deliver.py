"""``deliver`` and ``lmtp``: mails straight from the mail server of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import rich_click as click
from sqlalchemy.exc import SQLAlchemyError

from mediacore.errors import ConfigError, ContractError, MediacoreError
from mediacore.runner.output import complain, config_option, console
from mediacore.steps.delivering import NoSuchInbox, TooLarge, deliver_mail

OK = 0
TOO_LARGE, NO_INBOX, LATER = os.EX_DATAERR, os.EX_NOUSER, os.EX_TEMPFAIL
"""What mail servers understand: https://man.openbsd.org/sysexits.3. Everything that an admin can mend, a wrong
configuration too, is ``LATER``: the mail server keeps the mail and tries again, where any other code sends it back."""


@click.command()
@click.argument("inbox")
@config_option
def deliver(inbox: str, config: Path) -> None:
    """Take one mail from standard input into INBOX. For the pipe of a mail server.

    Exit codes: 0 it is stored · 65 it is larger than the inbox takes · 67 there is no such inbox · 75 it could not be
    stored now, so the mail server must keep it and try again.
    """
    sys.exit(_deliver(inbox, config))


def _deliver(inbox: str, config: Path) -> int:
    from mediacore.runner.config import load
    from mediacore.runner.site import Site

    try:
        with Site(load(config)) as site:
            deliver_mail(site.house, inbox, sys.stdin.buffer)
    except TooLarge as error:
        complain(str(error))
        return TOO_LARGE
    except NoSuchInbox as error:
        complain(str(error))
        return NO_INBOX
    except (ConfigError, ContractError, MediacoreError, OSError, SQLAlchemyError) as error:
        complain(f"{error}; the mail server is asked to try again")
        return LATER
    return OK


@click.command()
@click.option("--listen", default="127.0.0.1:2400", show_default=True, help="Address and port.")
@click.option("--to", "addresses", multiple=True, metavar="ADDRESS=INBOX", help="Whose mail goes where; repeatable.")
@config_option
def lmtp(listen: str, addresses: Sequence[str], config: Path) -> None:
    """Take mails by LMTP, for a mail server on this machine. Needs the extra `mediacore[lmtp]`.

    A mail is answered with 250 only when it is stored. Without --to the part of an address before the @, and before a
    +, is the inbox's name. The running `mediacore serve` does the rest.
    """
    from mediacore.runner.config import load
    from mediacore.runner.lmtp import serve
    from mediacore.runner.site import Site

    host, _, port = listen.rpartition(":")
    if not port.isdecimal():
        raise click.BadParameter("give an address and a port, such as 127.0.0.1:2400", param_hint="--listen")
    with Site(load(config)) as site:
        table = _table(addresses, site.house.inboxes)
        console.print(f"taking mails by LMTP on {host}:{port}; stop with Ctrl-C")
        serve(site.house, host, int(port), table)


def _table(pairs: Sequence[str], inboxes: Mapping[str, object]) -> dict[str, str]:
    table = {}
    for pair in pairs:
        address, divider, inbox = pair.rpartition("=")
        if not divider or "@" not in address or inbox not in inboxes:
            raise click.BadParameter(f"{pair!r} is no ADDRESS=INBOX of this site", param_hint="--to")
        table[address.lower()] = inbox
    return table
