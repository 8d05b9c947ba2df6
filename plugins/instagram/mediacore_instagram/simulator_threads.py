"""Meta's Conversations API, for the simulator: what was written between the account and each customer.

Sources, by the names that the comments use:

LOGIN https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api

PAGE (2026-02-11) https://developers.facebook.com/docs/messenger-platform/conversations

MESSAGE https://developers.facebook.com/docs/graph-api/reference/message
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from attrs import frozen

from mediacore_instagram.simulator_rules import GraphError

DETAILED: Final = 20  # LOGIN, PAGE
_GONE: Final = GraphError(400, 9000001, 0, "The message has been deleted")  # PAGE, by its link to the error codes
_DATA: Final = {"image": "image_data", "video": "video_data"}  # MESSAGE


@frozen
class _Line:
    mid: str
    at: datetime
    mine: bool
    text: str
    files: tuple[tuple[str, str], ...]


class Threads:
    """All conversations of one account.

    Args:
        account: its id.

    Attributes:
        hidden: customers whose conversations are not returned, as those in the Requests folder after 30 days.
        page: how many messages a listing shows before it points to the next page; 0 for all of them, as LOGIN and PAGE
            say, although the Graph API pages its edges elsewhere.
    """

    def __init__(self, account: str) -> None:
        self.hidden: set[str] = set()
        self.page = 0
        self._account = account
        self._lock = threading.Lock()
        self._ids: dict[str, str] = {}
        self._lines: dict[str, list[_Line]] = {}

    def write(
        self,
        customer: str,
        mid: str,
        text: str = "",
        files: Sequence[tuple[str, str]] = (),
        *,
        mine: bool = False,
        ago: timedelta = timedelta(),
    ) -> None:
        """Put a message into a customer's conversation.

        Args:
            customer, mid, text: whose conversation, the message's id and words.
            files: type and address of each.
            mine: the account wrote it, not the customer.
            ago: how long ago.
        """
        line = _Line(mid, datetime.now(UTC) - ago, mine, text, tuple(files))
        with self._lock:
            if customer not in self._ids:
                self._ids[customer] = "aWdfZAG06" + secrets.token_urlsafe(12)
                # only a customer can begin a conversation (SEND in ``simulator_rules``)
                opening = _Line("aWdf" + secrets.token_urlsafe(24), line.at - timedelta(hours=1), False, "Hello", ())
                self._lines[customer] = [opening] if mine else []
            self._lines[customer].append(line)

    def find(self, platform: str, customer: str) -> dict[str, Any]:
        """GET /{id}/conversations: the conversation with one customer (LOGIN, PAGE)."""
        if platform != "instagram":
            raise GraphError(400, 100, 0, "Param platform must be instagram")
        with self._lock:
            found = [id_ for who, id_ in self._ids.items() if who == customer and who not in self.hidden]
        return {"data": [{"id": id_} for id_ in found]}

    def node(self, id_: str, fields: Sequence[str]) -> dict[str, Any]:
        """GET /{conversation or message}, with the fields asked for.

        Raises:
            GraphError: there is none, or it is not among the 20 latest of its conversation.
        """
        with self._lock:
            for customer, lines in self._lines.items():
                latest = sorted(lines, key=lambda line: line.at, reverse=True)
                if self._ids[customer] == id_:
                    return {"id": id_} | ({"messages": self._listing(latest)} if "messages" in fields else {})
                for number, line in enumerate(latest):
                    if line.mid == id_ and number < DETAILED:
                        return {key: value for key, value in self._shown(customer, line).items() if key in fields}
        raise _GONE

    def _listing(self, latest: Sequence[_Line]) -> dict[str, Any]:
        shown = latest[: self.page or None]
        paging = {"paging": {"next": "https://graph.instagram.com/next"}} if len(shown) < len(latest) else {}
        return {"data": [{"id": line.mid, "created_time": int(line.at.timestamp())} for line in shown]} | paging

    def _shown(self, customer: str, line: _Line) -> dict[str, Any]:
        ours, theirs = ({"username": who, "id": who} for who in (self._account, customer))
        told: dict[str, Any] = {"id": line.mid, "created_time": f"{line.at:%Y-%m-%dT%H:%M:%S}+0000"}
        told |= {"from": ours if line.mine else theirs, "to": {"data": [theirs if line.mine else ours]}}
        # without text it is empty, and other fields without data are left out (MESSAGE)
        told["message"] = line.text
        if line.files:
            told["attachments"] = {"data": [_file(number, kind, url) for number, (kind, url) in enumerate(line.files)]}
        return told


def _file(number: int, kind: str, url: str) -> dict[str, Any]:
    key = _DATA.get(kind)
    return {"id": str(number), **({key: {"url": url}} if key else {"file_url": url})}
