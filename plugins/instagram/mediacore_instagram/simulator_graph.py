"""Meta's Graph API as far as messaging needs it, for the simulator: credentials, sending, conversations, webhooks."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from mediacore.testkit import Act, Devices, Mischief, Received, ReceivedFile
from mediacore_instagram import simulator_rules as rules
from mediacore_instagram.simulator_pace import THROTTLED, Pace
from mediacore_instagram.simulator_threads import Threads
from mediacore_instagram.simulator_uploads import Uploads

_NOT_NOW: Final = rules.GraphError(503, 2, 0, "Service temporarily unavailable")
_NO_TOKEN: Final = rules.GraphError(401, 190, 0, "Invalid OAuth access token")
_CLOSED: Final = rules.GraphError(400, 10, 2534022, "This message is sent outside of allowed window.")
_NO_SUCH: Final = rules.GraphError(400, 100, 33, "Unsupported post request. Object does not exist")
_NOBODY: Final = rules.GraphError(400, 100, 2534014, "No matching user found")


class _Dropped(Response):
    """An answer that breaks off before its body, so that the caller cannot know what it said."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})


class Graph:
    """The endpoints of one account.

    Args:
        account, token: whose, and the only token that is right.
        page: the id of the Page that it is linked to; empty for the Instagram Login product, which knows no Pages.
        human_agent: Meta has approved the HUMAN_AGENT tag for this app.
        patience: seconds until Meta gives up fetching a file.
        mischief: what goes wrong next, at the places ``send``, ``upload``, ``check`` and ``look``.
        devices: where messages arrive.
        sent: told of every message taken: its id, the order and its files.

    Attributes:
        strangers: ids that exist nowhere. last: when each customer wrote. errors: answers of the next sends.
        marks: whom the business showed what, such as ``mark_seen``.
        echo_first: the echo overtakes the answer to the send, as may happen.
        subscribed: whether the app gets this account's webhooks. closing: lets go of calls that hang.
        threads: the conversations. uploads: files that lie at Meta, which only a Page may put there.
        pace: how often the account may call.
    """

    def __init__(
        self,
        account: str,
        token: str,
        page: str,
        human_agent: bool,
        patience: float,
        mischief: Mischief,
        devices: Devices,
        sent: Callable[[str, rules.Order, Sequence[ReceivedFile]], None],
    ) -> None:
        self.account, self.token, self.page = account, token, page
        self.human_agent, self.patience = human_agent, patience
        self.strangers: set[str] = set()
        self.marks: list[tuple[str, str]] = []
        self.last: dict[str, datetime] = {}
        self.errors: deque[rules.GraphError] = deque()
        self.echo_first, self.subscribed = False, True
        self.threads, self.uploads, self.pace = Threads(account), Uploads(), Pace()
        self.closing = threading.Event()
        self._mischief, self._devices, self._sent = mischief, devices, sent
        self._fetcher = httpx2.Client(trust_env=False)

    def close(self) -> None:
        """Close the connections to whoever served files."""
        self._fetcher.close()

    async def messages(self, request: Request) -> Response:
        """POST /{version}/{id}/messages."""
        body = await request.body()
        try:
            self._admit(request, "send")
            if mark := rules.read_mark(body):
                return self._mark(*mark)
            order = rules.read_order(body)
            self.pace.send(order)
            mid, files = await run_in_threadpool(self._take, order)
        except rules.GraphError as error:
            return JSONResponse(error.json(secrets.token_urlsafe(8)), error.status)
        echo = BackgroundTask(self._sent, mid, order, files)
        if self._mischief.take(Act.HANG_AFTER, "send"):
            await echo()
            await run_in_threadpool(self.closing.wait, 120)
        if self._mischief.take(Act.DROP_AFTER, "send"):
            await echo()
            return _Dropped()
        answer = {"recipient_id": order.to, "message_id": mid}
        if self.echo_first:
            await echo()
            return JSONResponse(answer)
        return JSONResponse(answer, background=echo)

    def _mark(self, to: str, action: str) -> Response:
        if to in self.strangers:
            raise _NOBODY
        self.marks.append((to, action))
        return JSONResponse({"recipient_id": to})

    async def attachments(self, request: Request) -> Response:
        """POST /{version}/{page}/message_attachments."""
        try:
            self._admit(request, "upload")
            if not self.page:
                raise _NO_SUCH
            async with request.form() as form:
                id_ = await self.uploads.keep(form)
        except rules.GraphError as error:
            return JSONResponse(error.json(secrets.token_urlsafe(8)), error.status)
        return _Dropped() if self._mischief.take(Act.DROP_AFTER, "upload") else JSONResponse({"attachment_id": id_})

    def subscriptions(self, request: Request) -> Response:
        """GET /{version}/{id}/subscribed_apps."""
        try:
            self._admit(request, "check")
        except rules.GraphError as error:
            return JSONResponse(error.json(secrets.token_urlsafe(8)), error.status)
        apps = [{"id": "1", "subscribed_fields": ["messages"]}] if self.subscribed else []
        return JSONResponse({"data": apps})

    def conversations(self, request: Request) -> Response:
        """GET /{version}/{id}/conversations."""
        query = request.query_params
        return self._look(request, lambda: self.threads.find(query.get("platform", ""), query.get("user_id", "")))

    def read(self, request: Request) -> Response:
        """GET /{version}/{conversation or message}."""
        fields = request.query_params.get("fields", "id,created_time").split(",")
        return self._look(request, lambda: self.threads.node(request.path_params["object"], fields))

    def _look(self, request: Request, answer: Callable[[], dict[str, Any]]) -> Response:
        try:
            self._admit(request, "look")
            self.pace.look()
            found = answer()
        except rules.GraphError as error:
            return JSONResponse(error.json(secrets.token_urlsafe(8)), error.status)
        return _Dropped() if self._mischief.take(Act.DROP_AFTER, "look") else JSONResponse(found)

    def _admit(self, request: Request, place: str) -> None:
        expected = f"Bearer {self.token}".encode()
        given = request.headers.get("authorization", "").encode()
        right = hmac.compare_digest(given, expected) and (
            request.path_params.get("node", "me") in ("me", self.page or self.account)
        )
        if not right or self._mischief.take(Act.UNAUTHORIZED, place):
            raise _NO_TOKEN
        if self._mischief.take(Act.ERROR, place):
            raise _NOT_NOW
        if self._mischief.take(Act.THROTTLE, place):
            raise THROTTLED
        if place == "send" and self.errors:
            raise self.errors.popleft()

    def _take(self, order: rules.Order) -> tuple[str, tuple[ReceivedFile, ...]]:
        if order.to in self.strangers:
            raise _NOBODY
        silent = datetime.now(UTC) - self.last.setdefault(order.to, datetime.now(UTC))
        human = order.human and self.human_agent
        if silent > (rules.HUMAN_WINDOW if human else rules.WINDOW):
            raise _CLOSED
        files = tuple(self._file(piece) for piece in order.files)
        extra = (("tag", "HUMAN_AGENT"),) * order.human + (("reply_to", order.reply_to),) * bool(order.reply_to)
        mid = new_mid()
        shown = [(piece.kind, piece.url or f"{self.account}/{piece.id}") for piece in order.files]
        self.threads.write(order.to, mid, order.text, shown, mine=True)
        self._devices.deliver(Received(mid, order.to, order.text, files, extra))
        return mid, files

    def _file(self, piece: rules.Piece) -> ReceivedFile:
        if piece.id:
            return self.uploads.find(piece.id, piece.kind)
        return rules.fetch(self._fetcher, piece.kind, piece.url, self.patience)


def new_mid() -> str:
    """A message id that looks like Meta's."""
    return "aWdf" + secrets.token_urlsafe(24)
