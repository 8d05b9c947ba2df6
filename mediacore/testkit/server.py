"""A real HTTP server on loopback, for simulators of providers."""

from __future__ import annotations

import socket
import threading
from typing import Any

import uvicorn

from mediacore.testkit.running import Running


class Server(Running):
    """Serve an ASGI application from a thread until closed.

    Args:
        app: the application.
        port: 0 for any free port.

    The address is ``url``, without a slash at the end.
    """

    def __init__(self, app: Any, port: int = 0) -> None:  # noqa: ANN401 - any ASGI application
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(app, log_level="error", access_log=False, ws="websockets-sansio", lifespan="auto")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def start(self) -> None:
        """Start serving; returns once connections are taken."""
        self._thread.start()
        pause = threading.Event()
        while not self._server.started and self._thread.is_alive():
            pause.wait(0.01)

    def close(self) -> None:
        """Stop serving and wait for the thread."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()
