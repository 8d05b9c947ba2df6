"""The socket: what is new in a conversation is pushed as it happens, and what the visitor saw comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from mediacore import Json, Refused
from mediacore_webchat.view import Shown

QUICK, SLOW = 0.3, 1.5
"""Seconds between two looks at the ledger while a conversation is lively, and when nothing happened for a while."""
LIVELY_SECONDS = 60.0
FRAME_ENTRIES = 50
"""Entries of one frame; a long conversation comes in several."""
ACK_BYTES = 64 * 1024
ACK_SECONDS = 0.05
"""The least time between two acknowledgements of one socket, since each is looked up in the ledger."""
SOCKETS_PER_VISITOR = 10
UNAUTHORISED, TOO_MANY, TOO_LARGE = 4401, 4429, 1009
"""Close codes; the first two are this protocol's own and mean what 401 and 429 mean."""


class Live:
    """The open sockets of one inbox.

    Args:
        shown: the view of a visitor, by a token; raises ``Refused``.
        acknowledge: stores what a visitor saw: the view, ids now on the screen, the id last read.
        allowed: whether a page of this socket's origin may talk to us.
    """

    def __init__(
        self,
        shown: Callable[[str], Shown],
        acknowledge: Callable[[Shown, Sequence[str], str], None],
        allowed: Callable[[WebSocket], bool],
    ) -> None:
        self._shown = shown
        self._acknowledge = acknowledge
        self._allowed = allowed
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def ring(self, visitor: str) -> None:
        """Look at the ledger at once for this visitor's sockets."""
        for bell in self._bells.get(visitor, ()):
            bell.set()

    async def serve(self, socket: WebSocket) -> None:
        """One socket, from handshake to end: ``?token=..&after=<seq>``."""
        if not self._allowed(socket):
            await socket.close()
            return
        await socket.accept()  # only an accepted socket can tell a browser why it is closed
        try:
            shown = self._shown(socket.query_params.get("token", ""))
        except Refused as refused:
            await socket.close(UNAUTHORISED, refused.code)
            return
        after = socket.query_params.get("after", "0")
        bells, bell = self._bells[shown.visitor], asyncio.Event()
        if len(bells) >= SOCKETS_PER_VISITOR:
            await socket.close(TOO_MANY)
            return
        bells.add(bell)
        try:
            await self._talk(socket, shown, int(after) if after.isdigit() and len(after) < 19 else 0, bell)
        finally:
            bells.discard(bell)
            if not bells:
                self._bells.pop(shown.visitor, None)

    async def _talk(self, socket: WebSocket, shown: Shown, after: int, bell: asyncio.Event) -> None:
        """Push and listen until either ends; a fault of the ledger closes the socket, and the visitor comes back."""
        both = {asyncio.ensure_future(self._push(socket, shown, after, bell))}
        both.add(asyncio.ensure_future(self._listen(socket, shown)))
        try:
            left = max(0.0, shown.until - time.time()) if shown.until else None
            done, _ = await asyncio.wait(both, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            outcomes = await asyncio.gather(*both, return_exceptions=True)
        if not any(isinstance(o, WebSocketDisconnect) for o in outcomes):
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it may be closed already
                await socket.close(1011 if done else UNAUTHORISED, "" if done else "expired")
        for task in done:
            error = task.exception()
            if error is not None and not isinstance(error, WebSocketDisconnect):
                raise error

    async def _push(self, socket: WebSocket, shown: Shown, after: int, bell: asyncio.Event) -> None:
        first, changed = True, time.monotonic()
        while True:
            bell.clear()
            entries, reached = await run_in_threadpool(shown.entries, after)
            for frame in _frames(entries, reached) if entries or first else ():
                await socket.send_text(frame)
            if reached != after:
                changed = time.monotonic()
            after, first = reached, False
            gap = QUICK if time.monotonic() - changed < LIVELY_SECONDS else SLOW
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), gap)

    async def _listen(self, socket: WebSocket, shown: Shown) -> None:
        while True:
            frame = await socket.receive()
            if frame["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(frame["code"])
            text = frame.get("text") or ""
            if len(text) > ACK_BYTES:
                await socket.close(TOO_LARGE)
                raise WebSocketDisconnect(TOO_LARGE)
            seen, read = acknowledgement(text)
            if seen or read:
                await run_in_threadpool(self._acknowledge, shown, seen, read)
                self.ring(shown.visitor)
                await asyncio.sleep(ACK_SECONDS)


def _frames(entries: Sequence[Json], reached: int) -> list[str]:
    """Entries as frames; only the last says how far they reach, so that a broken line loses nothing."""
    cuts = range(0, max(1, len(entries)), FRAME_ENTRIES)
    pieces = [entries[cut : cut + FRAME_ENTRIES] for cut in cuts]
    last = len(pieces) - 1
    return [json.dumps({"entries": p, "after": reached if i == last else None}) for i, p in enumerate(pieces)]


def acknowledgement(text: str) -> tuple[list[str], str]:
    """What a visitor says they saw; nonsense is no acknowledgement."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return [], ""
    if not isinstance(told, dict):
        return [], ""
    seen, read = told.get("seen"), told.get("read")
    ids = [s for s in seen if isinstance(s, str)] if isinstance(seen, list) else []
    return ids, read if isinstance(read, str) else ""
