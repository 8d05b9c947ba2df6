"""A conversation as its visitor may see it: entries of the ledger, cleaned, with addresses of their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from attrs import frozen

from mediacore import Entry, Host, Json, Refused
from mediacore_webchat.passes import Passes

OPEN_STATES = ("ready", "redacted")
"""States in which a file may be seen; anything else is shown as a word."""
ON_THE_WAY = ("sent", "delivered", "read")
"""States from which on a message of the desk is on the visitor's side."""


@frozen
class Shown:
    """One visitor's look at the ledger.

    Args:
        host: what the runner offers.
        passes: signs the files' addresses.
        visitor: whose conversation it is.
        until: Unix seconds to which they may look on; 0 for no end.
    """

    host: Host
    passes: Passes
    visitor: str
    until: float = 0

    def entries(self, after: int) -> tuple[list[dict[str, Json]], int]:
        """What is new since ``after``, and how far that reaches, entries that must not be seen included."""
        found = self.host.history(self.visitor, after)
        return [self._entry(e) for e in found if _visible(e)], max((e.seq for e in found), default=after)

    def unseen(self, seen: Sequence[str], read: str) -> list[tuple[str, str]]:
        """Which messages of the desk an acknowledgement raises, as (provider id, new status).

        Args:
            seen: ids of entries now on the screen.
            read: id of the last entry read; everything before it is read as well.
        """
        entries = [e for e in self.host.history(self.visitor, 0) if e.direction == "outbound" and _visible(e)]
        entries.sort(key=lambda e: e.at)
        read_at = next((e.at for e in entries if e.id == read), None)
        raised = []
        for entry in entries:
            if read_at is not None and entry.at <= read_at and entry.status != "read":
                raised.append((entry.source_id, "read"))
            elif entry.id in seen and entry.status == "sent":
                raised.append((entry.source_id, "delivered"))
        return raised

    def file(self, sha256: str) -> Mapping[str, Any]:
        """A file of this conversation.

        Raises:
            Refused: 404: it is not, or must not be seen.
        """
        for entry in self.host.history(self.visitor, 0):
            for file in entry.files if _visible(entry) else ():
                if file.get("sha256") == sha256 and file.get("state") in OPEN_STATES:
                    return file
        raise Refused("no such file in this conversation", code="gone", status=404)

    def _entry(self, entry: Entry) -> dict[str, Json]:
        mine = entry.direction == "inbound"
        return {
            "id": entry.id,
            "seq": entry.seq,
            "mine": mine,
            "client_id": entry.source_id.removeprefix(f"{self.visitor}:") if mine else "",
            "text": entry.text,
            "files": [self._file(f) for f in entry.files],
            "status": "sent" if mine else entry.status,
            "at": entry.at,
        }

    def _file(self, file: Mapping[str, Any]) -> dict[str, Json]:
        kept = ("name", "type", "size", "caption", "state", "width", "height")
        shown: dict[str, Json] = {name: file.get(name) for name in kept}
        if file.get("state") in OPEN_STATES and file.get("sha256"):
            sha256 = str(file["sha256"])
            shown["url"] = f"files/{sha256}?token={quote(self.passes.ticket(self.visitor, sha256))}"
            shown["thumb"] = f"{shown['url']}&thumb=1" if file.get("thumbnail") else ""
        return shown


def _visible(entry: Entry) -> bool:
    return entry.direction == "inbound" or entry.status in ON_THE_WAY
