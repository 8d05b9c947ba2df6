"""How fast and how much: floods, slow lines and bodies that never end are stopped early, and lose nothing."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_webchat import pour
from mediacore_webchat.throttle import KEYS, Throttle, TooFast

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


@given(st.integers(1, 20), st.lists(st.floats(0, 30), max_size=60))
def test_never_more_than_agreed(count: int, gaps: list[float]) -> None:
    """In no stretch of time do more calls pass than one full bucket and what flows in meanwhile."""
    now, passed, waits = [0.0], [], []
    pace = Throttle(count, 60, lambda: now[0])
    for gap in gaps:
        now[0] += gap
        try:
            pace.take("x")
        except TooFast as refused:
            waits.append(refused.after)
        else:
            passed.append(now[0])
    assert all(1 <= wait <= 60 for wait in waits)
    for i, start in enumerate(passed):
        for j, end in enumerate(passed[i:], 1):
            assert j <= count + (end - start) * count / 60 + 1e-6


def test_one_does_not_hold_up_another() -> None:
    """Each key has its own bucket, no bound means none, and the buckets are bounded in number."""
    pace = Throttle(1, 60, lambda: 0.0)
    pace.take("a")
    pace.take("b")
    with pytest.raises(TooFast):
        pace.take("a")
    for number in range(KEYS):
        pace.take(f"key {number}")
    assert len(pace._buckets) == KEYS
    for _ in range(100):
        Throttle(0, 60).take("a")


def test_floods_are_told_when_to_come_back(make_chat: Any, make_api: Any) -> None:
    """Sessions of one address, messages and uploads of one visitor: each beyond its pace is 429 with Retry-After."""
    chat = make_chat(sessions_per_minute=3, messages_per_minute=2, uploads_per_hour=2)
    one, two = make_api(chat), make_api(chat)
    answers = [one.post(text="x") for _ in range(3)]
    answers += [one.client.post("/uploads", headers={**TUS, "Upload-Length": "3"}) for _ in range(3)]
    assert [a.status_code for a in answers] == [201, 201, 429, 201, 201, 429]
    for refused in (answers[2], answers[5]):
        assert refused.json()["error"]["code"] == "too-fast"
        assert int(refused.headers["retry-after"]) > 0
    assert two.post(text="x").status_code == 201
    assert [httpx.post(f"{chat.url}/session", trust_env=False).status_code for _ in range(2)] == [200, 429]
    assert one.client.post("/session").status_code == 200  # who is known already may come back


@pytest.fixture
def raw(chat: Any) -> Iterator[Any]:
    """Sends the head of a request that announces a huge body, and gives the answer to that alone."""
    opened: list[socket.socket] = []

    def ask(method: str, path: str, token: str, length: int, **headers: str) -> str:
        line = socket.create_connection(("127.0.0.1", chat.server.port), timeout=10)
        opened.append(line)
        lines = [f"{method} {urlsplit(chat.url).path}/{path} HTTP/1.1", "Host: x", f"Content-Length: {length}"]
        lines += [f"Authorization: Bearer {token}", "Tus-Resumable: 1.0.0"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        return line.recv(65536).decode()

    yield ask
    for line in opened:
        line.close()


def test_two_gigabytes_are_refused_before_their_first_byte(api: Any, raw: Any) -> None:
    """A file over the limit, and a PATCH longer than its file, are answered with 413 on their headers alone."""
    two = 2 * 1024**3
    assert raw("POST", "uploads", api.token, two, Upload_Length=str(two)).startswith("HTTP/1.1 413")
    place = api.begin(10)
    patch = {"Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}
    assert raw("PATCH", place, api.token, two, **patch).startswith("HTTP/1.1 413")
    head = api.client.head(f"/{place}", headers=TUS)
    assert head.headers["upload-offset"] == "0"


def test_huge_metadata_is_cut_or_refused(api: Any) -> None:
    """Hundreds of pairs and a name of 30 KB make no harm; what no server reads at all is refused."""
    name = b64encode(b"n" * 30_000).decode()
    headers = {**TUS, "Upload-Length": "3", "Upload-Metadata": f"filename {name}," + ",".join(["a YQ=="] * 200)}
    place = api.client.post("/uploads", headers=headers).headers["location"]
    api.patch(place, 0, b"abc")
    assert api.post(files=[{"upload": place.rpartition("/")[2]}]).status_code == 201
    [entry] = api.client.get("/history").json()["entries"]
    assert len(entry["files"][0]["name"]) <= 200
    headers["Upload-Metadata"] = "filename " + "A" * 300_000
    with contextlib.suppress(httpx.TransportError):  # to hang up is as good
        assert api.client.post("/uploads", headers=headers).status_code in (400, 431)


def test_names_are_only_names(chat: Any, api: Any) -> None:
    """Folders, line breaks and marks that turn the writing are gone before anybody sees a name."""
    for number, (name, kept) in enumerate(
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ada\\bill.pdf", "bill.pdf"),
            ("invoice\u202efdp.exe", "invoicefdp.exe"),
            ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
            ("\x00\x1b[31m.png", "[31m.png"),
            ("..", ""),
            ("/", ""),
        ]
    ):
        upload = api.upload(b"abc", name)
        assert api.post(files=[{"upload": upload, "name": name}]).status_code == 201
        assert chat.host.events[number].remotes[0].name == kept


def test_a_silent_line_is_let_go(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATCH that stops sending is answered with 408, keeps what came, and lets the next one go on."""
    monkeypatch.setattr(pour, "IDLE_SECONDS", 0.3)
    place = api.begin(6)

    def slow() -> Iterator[bytes]:
        yield b"abc"
        time.sleep(1.2)
        yield b"def"

    try:
        refused = api.patch(place, 0, slow())
        assert (refused.status_code, refused.json()["error"]["code"]) == (408, "slow")
    except httpx.TransportError:
        pass  # the line was cut while it still sent
    assert api.client.head(f"/{place}", headers=TUS).headers["upload-offset"] == "3"
    assert api.patch(place, 3, b"def").status_code == 204


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_chunk_is_what_its_checksum_says_or_nothing(api: Any, algorithm: str) -> None:
    """A right digest is taken; a wrong one is 460 and leaves the offset; an unknown or odd one is 400."""
    place = api.begin(6)

    def patch(offset: int, data: bytes, told: str) -> httpx.Response:
        headers = {**BYTES, "Upload-Offset": str(offset), "Upload-Checksum": told}
        return api.client.patch(f"/{place}", headers=headers, content=data)

    right = b64encode(hashlib.new(algorithm, b"abc").digest()).decode()
    assert patch(0, b"abc", f"{algorithm} {right}").status_code == 204
    refused = patch(3, b"abd", f"{algorithm} {right}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (460, "checksum")
    assert api.client.head(f"/{place}", headers=TUS).headers["upload-offset"] == "3"
    for odd in ("crc9 AAAA", algorithm, f"{algorithm} ***"):
        assert patch(3, b"def", odd).status_code in (400, 460)
    assert patch(3, b"abc", f"{algorithm} {right}").status_code == 204


def test_a_post_may_stand_for_a_patch(api: Any) -> None:
    """X-HTTP-Method-Override, which tus asks for, brings everything through proxies that know no PATCH."""
    place = api.begin(3)
    headers = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert api.client.post(f"/{place}", headers=headers, content=b"abc").headers["upload-offset"] == "3"
    told = api.client.post(f"/{place}", headers={**TUS, "X-HTTP-Method-Override": "HEAD"})
    assert told.headers["upload-offset"] == "3"
    assert api.client.post(f"/{place}", headers=TUS).status_code == 405
    assert api.client.post(f"/{place}", headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert api.client.head(f"/{place}", headers=TUS).status_code == 404


def test_what_was_seen_can_be_told_without_a_socket(chat: Any, api: Any, make_api: Any) -> None:
    """Where no socket gets through, delivered and read go by POST; another visitor's word changes nothing."""
    name = chat.host.say(api.visitor, "hello")
    other = make_api(chat)
    assert other.client.post("/seen", json={"seen": [name], "read": name}).status_code == 204
    assert chat.host.status(name) == "sent"
    api.client.post("/seen", json={"seen": [name]})
    assert chat.host.status(name) == "delivered"
    api.client.post("/seen", json={"read": name})
    assert chat.host.status(name) == "read"
    assert api.client.post("/seen", content=b"x" * 100_000).status_code == 413
