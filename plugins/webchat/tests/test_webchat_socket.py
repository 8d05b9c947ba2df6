"""The socket: what is pushed, what comes back, and what a stranger cannot do."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import httpx2 as httpx
import pytest
from mediacore_webchat.simulator import VisitorSimulator
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def socket(chat: Any, token: str, after: str = "0") -> Any:
    return connect(f"ws{chat.url[4:]}/socket?token={token}&after={after}", proxy=None)


def test_a_socket_without_a_good_token_is_closed(chat: Any) -> None:
    """The close code tells a browser to start a new session."""
    with socket(chat, "forged") as line, pytest.raises(ConnectionClosed):
        line.recv(timeout=30)
    assert line.close_code == 4401


def test_a_socket_pushes_what_is_new_after_the_place_asked_for(chat: Any, api: Any) -> None:
    """The first frame always comes, also when it is empty; later ones come by themselves."""
    chat.host.say(api.visitor, "one")
    with socket(chat, api.token) as line:
        first = json.loads(line.recv(timeout=30))
        assert [e["text"] for e in first["entries"]] == ["one"]
        chat.host.say(api.visitor, "two")
        assert [e["text"] for e in json.loads(line.recv(timeout=30))["entries"]] == ["two"]
    with socket(chat, api.token, str(first["after"])) as line:
        assert [e["text"] for e in json.loads(line.recv(timeout=30))["entries"]] == ["two"]
    for odd in ("-1", "x", "9" * 40):
        with socket(chat, api.token, odd) as line:
            assert len(json.loads(line.recv(timeout=30))["entries"]) == 2


def test_acknowledgements_are_bounded_to_the_conversation(chat: Any, api: Any) -> None:
    """Nonsense and other visitors' messages change nothing; the socket lives on."""
    foreign = chat.host.say("v-other", "not yours")
    own = chat.host.say(api.visitor, "yours")
    with socket(chat, api.token) as line:
        line.recv(timeout=30)
        for odd in ("", "[]", "{", '{"seen":7,"read":[]}', json.dumps({"seen": [foreign], "read": foreign})):
            line.send(odd)
        line.send(b"\x00binary")
        line.send(json.dumps({"seen": [own]}))
        chat.host.wait_status(own, "delivered")
        line.send(json.dumps({"read": own}))
        chat.host.wait_status(own, "read")
        assert chat.host.status(foreign) == "sent"
        line.send(" " * 70_000)
        with pytest.raises(ConnectionClosed):
            list(line)
        assert line.close_code == 1009


def test_reading_the_last_reads_all_before(chat: Any, api: Any) -> None:
    """One acknowledgement of the newest message raises every earlier one."""
    names = [chat.host.say(api.visitor, str(n)) for n in range(3)]
    with socket(chat, api.token) as line:
        line.send(json.dumps({"read": names[1]}))
        chat.host.wait_status(names[1], "read")
    assert [chat.host.status(n) for n in names] == ["read", "read", "sent"]


def test_sockets_of_one_visitor_are_bounded(chat: Any, api: Any) -> None:
    """The eleventh page of one visitor is turned away, the others live on."""
    with ExitStack() as stack:
        lines = [stack.enter_context(socket(chat, api.token)) for _ in range(10)]
        for line in lines:
            line.recv(timeout=30)
        eleventh = stack.enter_context(socket(chat, api.token))
        with pytest.raises(ConnectionClosed):
            eleventh.recv(timeout=30)
        assert eleventh.close_code == 4429
        chat.host.say(api.visitor, "all hear this")
        assert all("all hear this" in line.recv(timeout=30) for line in lines)


def test_the_page_and_the_widget_are_there(chat: Any) -> None:
    """The demo page allows nothing but itself; the widget may be loaded by other sites."""
    page = httpx.get(f"{chat.url}/demo", trust_env=False)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<mediacore-chat" in page.text
    widget = httpx.get(f"{chat.url}/widget.js", trust_env=False)
    assert widget.headers["content-type"].startswith("text/javascript")
    assert widget.headers["cross-origin-resource-policy"] == "cross-origin"


def test_a_simulated_browser_complains_of_what_it_cannot_show(chat: Any, visitor: VisitorSimulator) -> None:
    """A picture that no browser shows, or that is broken, is named by the simulator instead of passing unseen."""
    chat.host.say(visitor.visitor, "", [("a.heic", "image/heic", b"heic"), ("b.png", "image/png", b"broken")])
    visitor.devices.wait(1)
    assert [c.partition(" ")[0] for c in visitor.complaints] == ["a.heic", "b.png"]
