"""Sessions, messages, sites and files: who may do what, and what is never served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from mediacore_webchat import passes
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

TUS = {"Tus-Resumable": "1.0.0"}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_tokens(chat: Any, api: Any) -> None:
    """Everything needs a token; a forged one, one of another inbox and an expired one are 401."""
    other = passes.Passes(["a secret of the simulated web chat"], "other").token(passes.Pass(api.visitor))
    assert passes.Passes(["a secret of the simulated web chat"], "chat").holder(api.token).visitor == api.visitor
    with httpx.Client(base_url=chat.url, headers=TUS, trust_env=False) as stranger:
        for bad in ("Basic x", "Bearer x", f"Bearer {api.token[:-2]}AA", f"Bearer {other}", api.token):
            for method, path in (
                ("POST", "/messages"),
                ("GET", "/history"),
                ("POST", "/uploads"),
                ("GET", "/files/ab"),
            ):
                answer = stranger.request(method, path, headers={"Authorization": bad})
                assert code(answer) == (401, "token")


def test_an_expired_token_is_told_apart(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that ran out is 401 ``expired``; a session renewed in time stays the same visitor."""
    assert api.client.post("/session").json()["visitor"] == api.visitor
    monkeypatch.setattr(passes, "SESSION_SECONDS", -1)
    assert code(api.client.get("/history")) == (401, "expired")
    assert api.client.post("/session").json()["visitor"] != api.visitor


REFUSED: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({}, (400, "empty")),
    ({"text": "  "}, (400, "empty")),
    ({"id": "short", "text": "x"}, (400, "malformed")),
    ({"id": "../../../etc/passwd", "text": "x"}, (400, "malformed")),
    ({"text": "x", "files": "abc"}, (400, "malformed")),
    ({"text": "x", "files": [7]}, (400, "malformed")),
    ({"text": "x", "files": [{"upload": "nope"}]}, (404, "gone")),
    ({"text": "x", "files": [{}]}, (404, "gone")),
    ({"text": "x", "files": [{"upload": "a"}] * 16}, (413, "too-many")),
    ({"text": "x" * 150_001}, (413, "too-long")),
    ({"text": "x" * 1_100_000}, (413, "too-large")),
]


def test_messages_that_are_refused(chat: Any, api: Any) -> None:
    """Each way to be no message has its code, and nothing of it is stored."""
    for message, told in REFUSED:
        assert code(api.post(**message)) == told
    assert chat.host.events == []


def test_bodies_that_are_no_message(api: Any) -> None:
    """Anything else than a JSON object is 400."""
    for body in (b"", b"[]", b"\xff\xfe", b"[" * 50_000, b'{"id":1}'):
        assert code(api.client.post("/messages", content=body)) == (400, "malformed")


def test_an_unfinished_upload_cannot_be_sent(api: Any) -> None:
    """409 until the last byte is there; then the same message goes."""
    place = api.begin(4)
    api.patch(place, 0, b"ab")
    message = {"id": "the-same-id", "files": [{"upload": place.rpartition("/")[2]}]}
    assert code(api.client.post("/messages", json=message)) == (409, "incomplete")
    api.patch(place, 2, b"cd")
    assert api.client.post("/messages", json=message).status_code == 201


def test_a_visitor_cannot_name_a_path(chat: Any, api: Any) -> None:
    """Paths, digests and visitors in a posted message are ignored: only the edge writes them."""
    secret = chat.host.scratch() / "secret"
    secret.write_text("secret")
    upload = api.upload(b"mine")
    answer = api.post(visitor="v-other", files=[{"upload": upload, "path": str(secret), "sha256": "ab", "size": 1}])
    assert answer.status_code == 201
    [message] = chat.host.events
    assert message.contact.address == api.visitor
    assert Path(message.remotes[0].extra["path"]).read_bytes() == b"mine"


def test_the_token_is_not_stored_with_the_delivery(chat: Any, api: Any) -> None:
    """A stored delivery holds neither token nor secret."""
    api.client.post(f"/messages?token={api.token}", json={"id": "id-number-1", "text": "x"})
    [request] = chat.host.requests
    kept = request.url + str(request.headers) + request.body.decode()
    assert api.token not in kept
    assert "simulated web chat" not in kept


def test_only_listed_sites_may_use_it(make_chat: Any) -> None:
    """A listed site gets CORS answers, our own pages and programs work, any other site is refused."""
    chat = make_chat(origins=["https://shop.example.com"])
    for origin, status in (
        ("https://shop.example.com", 200),
        (chat.server.url, 200),
        ("https://evil.example.com", 403),
        ("https://shop.example.com.evil.com", 403),
        ("null", 403),
    ):
        answer = httpx.post(f"{chat.url}/session", headers={"Origin": origin}, trust_env=False)
        assert answer.status_code == status
    good = httpx.options(
        f"{chat.url}/uploads/x",
        headers={
            "Origin": "https://shop.example.com",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,tus-resumable,upload-offset,content-type",
        },
        trust_env=False,
    )
    assert good.headers["access-control-allow-origin"] == "https://shop.example.com"
    with pytest.raises(InvalidStatus):
        connect(f"ws{chat.url[4:]}/socket?token=x", origin="https://evil.example.com", proxy=None)  # type: ignore[arg-type]  # a NewType of str


def test_files_are_served_so_that_nothing_runs(chat: Any, api: Any) -> None:
    """Pictures are shown in place, all else is a download of unknown type; every answer is sandboxed."""
    given = [
        ("a.png", "image/png", b"\x89PNG 1"),
        ("b.pdf", "application/pdf", b"%PDF"),
        ("c.svg", "image/svg+xml", b"<svg onload=alert(1)>"),
        ("d.html", "text/html", b"<script>alert(1)</script>"),
        ('e"\r\nSet-Cookie: x=1; é.txt', "text/plain", b"text"),
    ]
    chat.host.say(api.visitor, "look", given)
    [entry] = api.client.get("/history").json()["entries"]
    for file, (_, mime, data) in zip(entry["files"], given, strict=True):
        answer = httpx.get(f"{chat.url}/{file['url']}", trust_env=False)
        assert answer.content == data
        shown = mime == "image/png"
        assert answer.headers["content-type"] == (mime if shown else "application/octet-stream")
        assert answer.headers["content-disposition"].startswith("inline" if shown else "attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "private" in answer.headers["cache-control"]
        assert "set-cookie" not in answer.headers


def test_ranges_and_thumbnails(chat: Any, api: Any) -> None:
    """A part of a file can be asked for, and a thumbnail comes with its own bytes and type."""
    chat.host.say(api.visitor, "", [("a.png", "image/png", b"\x89PNG 0123456789")], thumb=b"\xff\xd8\xff thumb")
    [file] = api.client.get("/history").json()["entries"][0]["files"]
    part = httpx.get(f"{chat.url}/{file['url']}", headers={"Range": "bytes=5-8"}, trust_env=False)
    assert (part.status_code, part.content) == (206, b"0123")
    thumb = httpx.get(f"{chat.url}/{file['thumb']}", trust_env=False)
    assert (thumb.headers["content-type"], thumb.content) == ("image/jpeg", b"\xff\xd8\xff thumb")


def test_a_file_is_its_conversations_own(chat: Any, api: Any, make_api: Any) -> None:
    """Another visitor cannot fetch it by its digest, nor use this visitor's ticket for another file."""
    other = make_api(chat)
    chat.host.say(api.visitor, "", [("a.txt", "text/plain", b"for a"), ("b.txt", "text/plain", b"for a too")])
    first, second = api.client.get("/history").json()["entries"][0]["files"]
    sha = first["url"].partition("?")[0]
    assert api.client.get(f"/{sha}").content == b"for a"
    assert code(other.client.get(f"/{sha}")) == (404, "gone")
    wrong = sha + "?" + second["url"].partition("?")[2]
    assert code(httpx.get(f"{chat.url}/{wrong}", trust_env=False)) == (401, "token")
    assert code(httpx.get(f"{chat.url}/{sha}?token={api.token}", trust_env=False)) == (401, "token")


def test_tickets_run_out_and_deletion_beats_them(chat: Any, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address stops working with its ticket, and at once when the file is deleted or held back."""
    name = chat.host.say(api.visitor, "", [("a.txt", "text/plain", b"x"), ("b.txt", "text/plain", b"y")])
    files = api.client.get("/history").json()["entries"][0]["files"]
    addresses = [f"{chat.url}/{f['url']}" for f in files]
    stored = [dict(f) for f in chat.host.history(api.visitor, 0)[0].files]
    stored[0]["state"] = "quarantined"
    chat.host.change(name, files=tuple(stored))
    assert code(httpx.get(addresses[0], trust_env=False)) == (404, "gone")
    assert "url" not in api.client.get("/history").json()["entries"][0]["files"][0]
    assert httpx.get(addresses[1], trust_env=False).content == b"y"
    chat.host.open(stored[1]["sha256"]).unlink()
    assert code(httpx.get(addresses[1], trust_env=False)) == (404, "gone")
    monkeypatch.setattr(passes, "TICKET_SECONDS", -1)
    assert code(httpx.get(addresses[1], trust_env=False)) == (401, "expired")


def test_the_widget_travels_packed_and_once(chat: Any) -> None:
    """The script comes under gzip where the browser takes it, as it is elsewhere, and not at all when it is there."""
    with httpx.Client(base_url=chat.url, trust_env=False) as browser:
        packed = browser.get("/widget.js", headers={"Accept-Encoding": "gzip"})
        plain = browser.get("/widget.js", headers={"Accept-Encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert packed.text == plain.text
        assert "eval(" not in plain.text
        assert "innerHTML" not in plain.text
        again = browser.get("/widget.js", headers={"If-None-Match": packed.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert browser.get("/words/it.json").json()["send"] == "Invia"
        for missing in ("xx", "..%2fstyle", "EN", "en.json%00"):
            assert browser.get(f"/words/{missing}.json").status_code == 404
