"""Visitors whom the site signs in: what is accepted, what is forged, and what each of them may see."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import httpx2 as httpx
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_webchat.identity import identified
from mediacore_webchat.passes import Pass
from websockets.sync.client import connect

from mediacore import ConfigError, Refused

KEY = "the key that the shop's backend and the chat share"
NOW = 1_800_000_000


def token(key: str = KEY, **claims: Any) -> str:
    """What a site's backend makes; by another implementation than ours."""
    return str(jwt.encode({"sub": "42", "exp": int(time.time()) + 600, **claims}, key, algorithm="HS256"))


def by_hand(header: Any, claims: Any, key: str = KEY) -> str:
    """A signed token of any content."""

    def piece(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    signed = f"{piece(json.dumps(header).encode())}.{piece(json.dumps(claims).encode())}"
    return f"{signed}.{piece(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())}"


def test_another_implementations_token_is_read() -> None:
    """A JWT of PyJWT is accepted, under the old key as under the new one, and tells who it is and how long."""
    for keys in ((KEY,), ("another key that is also thirty-two long", KEY)):
        found = identified(token(exp=NOW + 600, name="Ada"), keys, NOW)
        assert found == Pass("user:42", "Ada", NOW + 660)


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"sub": ""}, "sub"),
        ({"sub": "x" * 129}, "sub"),
        ({"sub": "a\nb"}, "sub"),
        ({"sub": None}, "sub"),
        ({"sub": True}, "sub"),
        ({"sub": ["42"]}, "sub"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"exp": NOW + 3 * 24 * 3600}, "hours ahead"),
        ({"exp": NOW - 61}, "run out"),
    ],
)
def test_claims_that_are_refused(claims: dict[str, Any], told: str) -> None:
    """A signed token without a usable subject or an end within a day is refused, and the reason is told."""
    unfit = by_hand({"alg": "HS256"}, {"sub": "42", "exp": NOW + 600, **claims})
    with pytest.raises(Refused, match=told) as caught:
        identified(unfit, [KEY], NOW)
    assert caught.value.status == 401


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS512"}, {"alg": "RS256"}, {}, {"alg": "HS256", "crit": []}, [], "x"]
)
def test_the_token_does_not_choose_its_algorithm(header: Any) -> None:
    """Whatever the header claims, only HS256 under our key is taken."""
    claims = {"sub": "42", "exp": NOW + 600}
    with pytest.raises(Refused):
        identified(by_hand(header, claims), [KEY], NOW)
    head, body, _ = by_hand({"alg": "none"}, claims).split(".")
    for forged in (f"{head}.{body}.", f"{head}.{body}", by_hand({"alg": "HS256"}, claims, key="another key"), ""):
        with pytest.raises(Refused, match="identity is not accepted"):
            identified(forged, [KEY], NOW)
    with pytest.raises(Refused, match="signature"):
        identified(by_hand({"alg": "HS256"}, claims, key=""), [], NOW)


@given(st.one_of(st.text(), st.binary().map(lambda b: b.decode("latin-1")), st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*")))
def test_nothing_unsigned_is_accepted(garbage: str) -> None:
    """Any text is refused in an orderly way."""
    with pytest.raises(Refused):
        identified(garbage, [KEY], NOW)


def test_a_short_key_is_refused_and_never_shown(make_chat: Any) -> None:
    """RFC 7518 asks for 256 bits; the message says how to make them."""
    with pytest.raises(ConfigError, match="openssl rand -hex 32") as caught:
        make_chat(identity_secrets=["too short"])
    assert "too short" not in str(caught.value)


def session(chat: Any, identity: str, **headers: str) -> httpx.Response:
    return httpx.post(f"{chat.url}/session", json={"identity": identity}, headers=headers, trust_env=False)


def test_a_known_visitor_has_one_conversation_on_every_device(make_chat: Any) -> None:
    """Two browsers of one person see one conversation, under the name that the site gave; nobody else does."""
    chat = make_chat(identity_secrets=[KEY])
    one, two = (session(chat, token(name="Ada")).json() for _ in range(2))
    other = session(chat, token(sub="43")).json()
    assert one["visitor"] == two["visitor"] == "user:42"
    mine = {"Authorization": f"Bearer {one['token']}"}
    told = {"id": "id-number-1", "text": "hello", "name": "Somebody else"}
    with httpx.Client(base_url=chat.url, trust_env=False) as client:
        assert client.post("/messages", json=told, headers=mine).status_code == 201
        assert chat.host.events[0].contact.name == "Ada"
        for holder, seen in ((two, ["hello"]), (other, [])):
            entries = client.get("/history", headers={"Authorization": f"Bearer {holder['token']}"}).json()["entries"]
            assert [e["text"] for e in entries] == seen


def test_a_known_visitors_pass_ends_with_the_identity(make_chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewed session lasts no longer than the site vouched for; then pass and socket are over."""
    chat = make_chat(identity_secrets=[KEY])
    monkeypatch.setattr("mediacore_webchat.identity.LEEWAY_SECONDS", 0)
    first = session(chat, token(exp=int(time.time()) + 3)).json()
    bearer = {"Authorization": f"Bearer {first['token']}"}
    again = session(chat, "", **bearer).json()
    assert (again["visitor"], again["until"]) == (first["visitor"], first["until"])
    with connect(f"ws{chat.url[4:]}/socket?token={again['token']}", proxy=None) as socket:
        assert json.loads(socket.recv(timeout=30))["entries"] == []
        with pytest.raises(Exception, match="4401"):
            socket.recv(timeout=30)
    refused = httpx.get(f"{chat.url}/history", headers=bearer, trust_env=False)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "expired")


def test_a_chat_may_be_for_known_visitors_only(make_chat: Any) -> None:
    """With anonymous = false nobody gets a pass without an identity, and a nameless id cannot be claimed with one."""
    chat = make_chat(identity_secrets=[KEY], anonymous=False)
    refused = httpx.post(f"{chat.url}/session", trust_env=False)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "identity")
    assert session(chat, token(sub="v" + "0" * 32)).json()["visitor"] == "user:v" + "0" * 32
    for body in (b"[]", b"{", b'{"identity": 7}'):
        assert httpx.post(f"{chat.url}/session", content=body, trust_env=False).status_code == 400
    assert httpx.post(f"{chat.url}/session", content=b"x" * 20_000, trust_env=False).status_code == 413


def test_check_says_when_nobody_can_write(make_chat: Any) -> None:
    """A chat that takes neither nameless nor known visitors is told before it goes live."""
    assert "nobody" in [f.code for f in make_chat(anonymous=False).inbox.check()]
    assert "nobody" not in [f.code for f in make_chat(anonymous=False, identity_secrets=[KEY]).inbox.check()]
