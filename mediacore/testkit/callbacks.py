"""How a simulated provider calls back: in order, signed afresh on every try, again and again until a 2xx."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping

import httpx2 as httpx
from attrs import frozen

from mediacore.testkit.mischief import Act, Mischief


@frozen
class Callback:
    """One call to make.

    Args:
        url: the webhook.
        headers: the signature among them.
        body: the bytes.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes


class Callbacks:
    """A thread that delivers callbacks and repeats each until it is answered with a 2xx.

    Args:
        mischief: what may go wrong on the way (``DUPLICATE``, ``REORDER``).
        gap: seconds between two tries.
        tries: how often one callback is tried before the provider gives up.
        on_answer: told the status of every answer, for tests; 0 when nobody answered.
    """

    def __init__(
        self,
        mischief: Mischief,
        gap: float = 0.2,
        tries: int = 600,
        on_answer: Callable[[Callback, int], None] | None = None,
    ) -> None:
        self._mischief = mischief
        self._gap, self._tries = gap, tries
        self._on_answer = on_answer
        self._queue: queue.Queue[Callback | None] = queue.Queue()
        self._held: Callback | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, callback: Callback) -> None:
        """Queue one callback; returns at once."""
        if self._mischief.take(Act.REORDER):
            self._held = callback
            return
        self._queue.put(callback)
        if self._mischief.take(Act.DUPLICATE):
            self._queue.put(callback)
        if self._held is not None:
            held, self._held = self._held, None
            self._queue.put(held)

    def close(self) -> None:
        """Stop; what was not delivered is dropped."""
        self._stop.set()
        self._queue.put(None)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        with httpx.Client(timeout=15, trust_env=False) as client:
            while (callback := self._queue.get()) is not None and not self._stop.is_set():
                for _ in range(self._tries):
                    if self._once(client, callback) or self._stop.wait(self._gap):
                        break

    def _once(self, client: httpx.Client, callback: Callback) -> bool:
        try:
            answer = client.post(callback.url, headers=dict(callback.headers), content=callback.body)
            status = answer.status_code
        except httpx.HTTPError:
            status = 0
        if self._on_answer is not None:
            self._on_answer(callback, status)
        return 200 <= status < 300
