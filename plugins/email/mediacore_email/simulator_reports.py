"""Delivery reports on request, which aiosmtpd does not know: https://www.rfc-editor.org/rfc/rfc3461."""

from __future__ import annotations

import re
from typing import Any

from aiosmtpd.smtp import SMTP

_MAIL = re.compile(r"\s(RET|ENVID)=(\S*)", re.IGNORECASE)
_RCPT = re.compile(r"\s(NOTIFY|ORCPT)=(\S*)", re.IGNORECASE)
_XTEXT = r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})"
_SOUND = {
    "RET": re.compile(r"FULL|HDRS", re.IGNORECASE),
    "ENVID": re.compile(_XTEXT + r"{1,100}"),
    "NOTIFY": re.compile(r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*", re.IGNORECASE),
    "ORCPT": re.compile(r"[A-Za-z0-9-]+;" + _XTEXT + r"{1,500}"),
}
"""Sections 4.1 to 4.4."""


class ReportingSMTP(SMTP):
    """aiosmtpd with RET, ENVID, NOTIFY and ORCPT.

    What was asked for stands in ``envelope_id`` and, for each recipient, in ``wishes``.
    """

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - aiosmtpd's
        super().__init__(*args, **options)
        self.envelope_id = ""
        self.wishes: dict[str, dict[str, str]] = {}
        self.command_size_limits.update(MAIL=1000, RCPT=1500)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's own name
        """A new mail: what was asked for the last one is forgotten."""
        plain, asked = await self._taken(_MAIL, arg)
        if asked is not None:
            self.envelope_id, self.wishes = _plain(asked.get("ENVID", "")), {}
            await super().smtp_MAIL(plain)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's own name
        """One recipient, with what is to be told about it."""
        plain, asked = await self._taken(_RCPT, arg)
        if asked is not None:
            await super().smtp_RCPT(plain)
            assert self.envelope is not None
            if self.envelope.rcpt_tos:
                self.wishes[self.envelope.rcpt_tos[-1]] = asked

    async def _taken(self, known: re.Pattern[str], arg: str | None) -> tuple[str | None, dict[str, str] | None]:
        asked = {name.upper(): value for name, value in known.findall(arg or "")}
        if any(not _SOUND[name].fullmatch(value) for name, value in asked.items()):
            await self.push("501 5.5.4 Error in a parameter of RFC 3461")
            return None, None
        return known.sub("", arg) if arg else arg, asked


def _plain(xtext: str) -> str:
    return re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), xtext)
