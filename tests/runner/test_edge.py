"""The web edge over a real server: what is accepted is stored, and what goes out cannot bite."""

from __future__ import annotations

import errno
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mediacore.stores.blobs import Blobs
from mediacore.stores.intake import counts
from mediacore.stores.ledger import Ledger


def counted(site: Any) -> dict[tuple[str, str], int]:
    with site.house.ledger.begin() as connection:
        return counts(connection)


def test_webhook(web: Any) -> None:
    """A delivery is answered with a 2xx once it is stored, and again without being stored twice."""
    assert [web.hook("hello").status_code, web.hook("hello").status_code] == [200, 200]
    (message,) = web.site.messages()
    assert (message["text"], message["direction"]) == ("hello", "inbound")


def test_unknown_inbox(web: Any) -> None:
    """An inbox that does not exist is a 404, by POST and by GET."""
    assert web.hook("x", inbox="nobody").status_code == 404
    assert web.client.get("/hooks/nobody").status_code == 404
    assert web.client.get("/nothing/here").status_code == 404
    assert web.client.put("/hooks/line").status_code == 405


def test_handshake(web: Any) -> None:
    """The provider's verification gets the plugin's own answer, and a wrong token gets a 403."""
    answer = web.client.get("/hooks/line?token=good")
    assert (answer.status_code, answer.text) == (200, "hello")
    assert answer.headers["content-type"].startswith("text/plain")
    assert web.client.get("/hooks/line?token=bad").status_code == 403


def test_forged(web: Any) -> None:
    """A forged delivery is a 403, is counted, and leaves nothing; the answer gives away no more than its code."""
    answer = web.hook("x", sign="bad")
    assert (answer.status_code, answer.json()["code"]) == (403, "signature")
    assert counted(web.site) == {("line", "refused-signature"): 1}
    assert web.site.messages() == []


def test_malformed_is_kept(web: Any) -> None:
    """What the plugin cannot read is stored as it came and acknowledged, so that it is not sent for ever."""
    answer = web.client.post("/hooks/line", content=b"{", headers={"X-Sign": "good"})
    assert answer.status_code == 200
    assert counted(web.site) == {("line", "kept-raw"): 1}


def speak(port: int, head: str, chunks: int, piece: bytes) -> tuple[bytes, int]:
    """Send headers and up to so many pieces; stop as soon as there is an answer. Returns it and how many went."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode())
        connection.settimeout(0.2)
        for number in range(chunks + 1):
            try:
                if answer := connection.recv(4096):
                    return answer, number
            except TimeoutError:
                pass
            except ConnectionError:
                return b"", number
            if number < chunks:
                try:
                    connection.sendall(piece)
                except ConnectionError:
                    connection.settimeout(5)
                    return connection.recv(4096), number
        connection.settimeout(10)
        return connection.recv(4096), chunks


def test_declared_too_large(sites: Callable[..., Any], webs: Callable[..., Any]) -> None:
    """A delivery that declares too many bytes is refused before any of them is read."""
    web = webs(sites(limits={"inbound": {"max_body": 1000}}))
    head = "POST /hooks/line HTTP/1.1\r\nHost: x\r\nX-Sign: good\r\nContent-Length: 100000000\r\n\r\n"
    answer, pieces = speak(web.port, head, 0, b"")
    assert b" 413 " in answer.partition(b"\r\n")[0]
    assert pieces == 0


def test_chunked_too_large(sites: Callable[..., Any], webs: Callable[..., Any]) -> None:
    """A delivery without a declared size is refused once it has passed the bound, not when it ends."""
    web = webs(sites(limits={"inbound": {"max_body": 1000}}))
    head = "POST /hooks/line HTTP/1.1\r\nHost: x\r\nX-Sign: good\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"200\r\n" + b"x" * 512 + b"\r\n"
    answer, pieces = speak(web.port, head, 40, piece)
    assert b" 413 " in answer.partition(b"\r\n")[0]
    assert pieces < 40


def test_largest_that_is_taken(sites: Callable[..., Any], webs: Callable[..., Any]) -> None:
    """A delivery of exactly the bound is taken."""
    web = webs(sites(limits={"inbound": {"max_body": 1000}}))
    body = json.dumps({"id": "1", "text": ""})
    body = json.dumps({"id": "1", "text": "x" * (1000 - len(body))})
    assert len(body) == 1000
    answer = web.client.post("/hooks/line", content=body, headers={"X-Sign": "good"})
    assert answer.status_code == 200


@pytest.mark.parametrize("where", ["blobs", "ledger"])
def test_full_disk(web: Any, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """A full disk is a 503, so that the provider sends it again, and then it is taken."""
    with monkeypatch.context() as patch:
        if where == "blobs":
            error: Exception = OSError(errno.ENOSPC, "no space left on device")
            patch.setattr(Blobs, "_room", lambda _: (_ for _ in ()).throw(error))
        else:
            error = sa.exc.OperationalError("insert", {}, Exception("database or disk is full"))
            patch.setattr(Ledger, "begin", lambda _: (_ for _ in ()).throw(error))
        answer = web.hook("x")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert web.site.messages() == []
    assert web.hook("x").status_code == 200
    assert [m["text"] for m in web.site.messages()] == ["x"]


@pytest.fixture
def linked(web: Any) -> Callable[..., str]:
    """The path of a stored file's address."""

    def build(data: bytes, mime: str, name: str, inline: bool = True) -> str:
        digest = web.site.house.blobs.put([data])
        url = web.site.links.link(digest, mime, name, 60, inline)
        return str(url.removeprefix("https://here.example"))

    return build


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_media(web: Any, linked: Callable[..., str], method: str) -> None:
    """A file goes out with its type and size, and with headers under which nothing in it can run."""
    answer = web.client.request(method, linked(b"<script>alert(1)</script>", "text/html", 'größe "1".html'))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-length"] == "25"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.content == (b"" if method == "HEAD" else b"<script>alert(1)</script>")


def test_disposition(web: Any, linked: Callable[..., str]) -> None:
    """A person saves a file under its own name, a provider gets it in place; no name can add a header."""
    inline = web.client.get(linked(b"x", "image/png", "a.png")).headers["content-disposition"]
    saved = web.client.get(linked(b"x", "image/png", 'Grö"ße\r\nX-Evil: 1.png', inline=False))
    assert inline.startswith('inline; filename="a.png"')
    assert saved.headers["content-disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''" in saved.headers["content-disposition"]
    assert "x-evil" not in saved.headers


def test_range(web: Any, linked: Callable[..., str]) -> None:
    """A part of a file can be asked for, as players do; one that is not there is a 416."""
    path = linked(b"0123456789", "video/mp4", "a.mp4")
    answer = web.client.get(path, headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert web.client.get(path, headers={"Range": "bytes=90-99"}).status_code == 416


def test_bad_addresses(web: Any, linked: Callable[..., str]) -> None:
    """A forged address is a 403; one of a file that is gone is a 410; none leads out of the store."""
    assert web.client.get("/media/forged/x.png").status_code == 403
    path = linked(b"gone", "image/png", "x.png")
    web.site.house.blobs.delete(web.site.house.blobs.put([b"gone"]))
    assert web.client.get(path).status_code == 410
    path = web.site.links._signer.dumps(["Li4vLi4vZXRjL3Bhc3N3ZA", ".txt", 9_999_999, 1])
    assert web.client.get(f"/media/{path}/x").status_code == 403, "signed by ourselves, and yet no digest"


def test_health_and_routes(web: Any) -> None:
    """The health page answers, and a plugin's own endpoints are below its inbox's prefix."""
    health = web.client.get("/health").json()
    assert health["inboxes"] == ["line"]
    assert health["confinement"] == {"level": int(web.site.confinement), "told": web.site.confinement.description}
    assert web.client.get("/inbox/line/widget/").text == "line"


def test_public_address(sites: Callable[..., Any], webs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin sees the address that the provider called, byte for byte, whatever stands in front of the runner."""
    site = sites()
    seen: list[str] = []
    monkeypatch.setattr(site, "accept", lambda _, request: seen.append(request.url))
    web = webs(site)
    web.client.post("/hooks/line?a=%20b&c=d%2Fe", headers={"Host": "inner"})
    assert seen == ["https://here.example/hooks/line?a=%20b&c=d%2Fe"]


def test_lifespan(sites: Callable[..., Any], tmp_path: Path) -> None:
    """The application starts the site's work with itself and stops it again: what was accepted reaches the desk."""
    import httpx2 as httpx

    from mediacore.desk import CallbackDesk
    from mediacore.runner.edge import application
    from mediacore.testkit import Server

    told: list[Any] = []
    site = sites(desk=CallbackDesk(told.append), folder=tmp_path / "other")
    with Server(application(site)) as server, httpx.Client(trust_env=False, timeout=20) as client:
        body = json.dumps({"id": "1", "text": "hi", "files": ["a.txt"]})
        assert client.post(f"{server.url}/hooks/line", content=body, headers={"X-Sign": "good"}).status_code == 200
        for _ in range(300):
            if told:
                break
            client.get(f"{server.url}/health")
            time.sleep(0.05)
    assert [n.message["files"][0]["state"] for n in told] == ["ready"]
