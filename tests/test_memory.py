"""Large files pass through the trusted process in bounded memory, on every way that a file takes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from tests.memory_cases import CASES, MIB

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak")


class Provider(BaseHTTPRequestHandler):
    """Serves as many MiB as the address says, and takes any upload, answering its size in whole MiB as its id."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        mib = int(self.path.strip("/"))
        self.send_response(200)
        self.send_header("Content-Length", str(mib * MIB))
        self.end_headers()
        for _ in range(mib):
            self.wfile.write(bytes(MIB))

    def do_POST(self) -> None:
        left = size = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, MIB)))
        answer = b'{"id": "%d"}' % (size // MIB)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Silent."""


class Postbox(StreamRequestHandler):
    """Takes any mail by SMTP and forgets it."""

    def handle(self) -> None:
        self.wfile.write(b"220 there\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 taken\r\n")


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The provider's address, and the postbox's port behind a ``#``."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Provider), ThreadingTCPServer(("127.0.0.1", 0), Postbox)]
    for server in servers:
        Thread(target=server.serve_forever, daemon=True).start()
    web, post = (server.server_address[1] for server in servers)
    yield f"http://127.0.0.1:{web}#{post}"
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("case", CASES)
def test_a_file_of_120_mb(case: str, provider: str, tmp_path: Path) -> None:
    """The trusted process grows by 16 MiB at most."""
    with (tmp_path / "large").open("wb") as sink:
        for number in range(120):
            sink.write(b"%15d\n" % number * (MIB // 16))
    command = [sys.executable, "-m", "tests.memory_cases", case, str(tmp_path), provider]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) <= 16 * MIB, f"{int(done.stdout) / MIB:.1f} MiB"
