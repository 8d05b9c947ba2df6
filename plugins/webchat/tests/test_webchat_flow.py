"""Both directions, over a real server, with a real client."""

from __future__ import annotations

import io
from typing import Any

import httpx2 as httpx
import pytest
from mediacore_webchat.simulator import VisitorSimulator
from PIL import Image

from mediacore import InboundMessage
from mediacore.testkit import Act

PDF = b"%PDF-1.4\n" + b"receipt " * 40_000 + b"\n%%EOF"


def png(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


def messages(chat: Any) -> list[InboundMessage]:
    return [e for e in chat.host.events if isinstance(e, InboundMessage)]


def test_a_visitor_writes_with_files_and_captions(chat: Any) -> None:
    """Text, picture and PDF arrive in one message, byte for byte, each with its name, type and caption."""
    with VisitorSimulator(chat.url, chunk=64 * 1024, name="Ada") as ada:
        files = [("foto 📷.png", "image/png", png()), ("receipt.pdf", "application/pdf", PDF)]
        source = ada.inbound("look", files, captions=["my leak"])
        [message] = messages(chat)
        assert (message.source_id, message.text, message.contact.name) == (source, "look", "Ada")
        assert [(r.name, r.type, r.size, r.caption) for r in message.remotes] == [
            ("foto 📷.png", "image/png", len(png()), "my leak"),
            ("receipt.pdf", "application/pdf", len(PDF), ""),
        ]
        [entry] = ada.history()
        stored = [chat.host.open(r.sha256).read_bytes() for r in message.remotes]
        assert stored == [png(), PDF]
        assert entry["mine"]
        assert entry["client_id"] == source.partition(":")[2]
        assert [f["caption"] for f in entry["files"]] == ["my leak", ""]


def test_the_desk_writes_and_hears_that_it_was_read(chat: Any, visitor: VisitorSimulator) -> None:
    """A picture and a PDF show up with their bytes; the ledger hears delivered, then read."""
    name = chat.host.say(
        visitor.visitor, "here you are", [("a.png", "image/png", png()), ("b.pdf", "application/pdf", PDF)]
    )
    [received] = visitor.devices.wait(1)
    assert received.text == "here you are"
    assert [(f.name, f.data) for f in received.files] == [("a.png", png()), ("b.pdf", PDF)]
    assert visitor.complaints == []
    chat.host.wait_status(name, "read")
    told = [str(e.status) for e in chat.host.events if not isinstance(e, InboundMessage)]
    assert told in (["delivered", "read"], ["read"])
    assert all(e.key == e.source_id for e in chat.host.events)


def test_delivered_without_read(chat: Any) -> None:
    """A visitor who looks elsewhere has the message on the page but has not read it."""
    with VisitorSimulator(chat.url, reads=False) as visitor:
        name = chat.host.say(visitor.visitor, "hello?")
        chat.host.wait_status(name, "delivered")


def test_queued_and_failed_messages_stay_hidden(chat: Any, visitor: VisitorSimulator) -> None:
    """What was not sent yet, or never will be, is not on the visitor's page; once sent it is."""
    for state in ("queued", "failed"):
        chat.host.put(visitor.visitor, state, "outbound", state, (), state, f"key-{state}")
    chat.host.say(visitor.visitor, "first")
    assert [r.text for r in visitor.devices.wait(1)] == ["first"]
    assert [e["text"] for e in visitor.history()] == ["first"]
    chat.host.change("queued", status="sent")
    assert [r.text for r in visitor.devices.wait(2)] == ["first", "queued"]


@pytest.mark.parametrize("act", [Act.DUPLICATE, Act.DROP_AFTER])
def test_a_message_posted_twice_is_one(chat: Any, visitor: VisitorSimulator, act: Act) -> None:
    """The client's own id makes a second try the same message, files included."""
    visitor.mischief.plan(act, where="send")
    visitor.inbound("once", [("a.png", "image/png", png())])
    assert [m.text for m in messages(chat)] == ["once"]
    assert len(visitor.history()) == 1


def test_an_upload_goes_on_where_the_line_broke(chat: Any) -> None:
    """Half a chunk before the break stays, HEAD tells the offset, and the file is whole in the end."""
    with VisitorSimulator(chat.url, chunk=100_000) as visitor:
        visitor.mischief.plan(Act.DROP_AFTER, where="upload", times=2)
        visitor.inbound("", [("r.pdf", "application/pdf", PDF)])
        [remote] = messages(chat)[0].remotes
        assert chat.host.open(remote.sha256).read_bytes() == PDF


def test_read_before_delivered_is_read(chat: Any, visitor: VisitorSimulator) -> None:
    """Acknowledgements in the wrong order never lower a status."""
    visitor.mischief.plan(Act.REORDER)
    name = chat.host.say(visitor.visitor, "hello")
    chat.host.wait_status(name, "read")


def test_a_lost_token_makes_a_new_visitor(chat: Any, visitor: VisitorSimulator) -> None:
    """Who lost the token starts a new conversation and sees nothing of the old one."""
    first = visitor.visitor
    visitor.inbound("mine")
    visitor.mischief.plan(Act.UNAUTHORIZED, where="send")
    visitor.inbound("new here")
    assert visitor.visitor != first
    assert [e["text"] for e in visitor.history()] == ["new here"]


def test_a_ledger_that_is_away_loses_nothing(chat: Any, visitor: VisitorSimulator) -> None:
    """A message that could not be stored is answered with an error, and the visitor's next try brings it."""
    chat.host.broken = 2
    visitor.inbound("still here", [("a.png", "image/png", png())])
    assert [m.text for m in messages(chat)] == ["still here"]


def test_a_restart_loses_nothing_and_doubles_nothing(chat: Any, visitor: VisitorSimulator) -> None:
    """A visitor keeps the session, the upload and the place in the conversation over a restart of the runner."""
    chat.host.say(visitor.visitor, "before")
    visitor.devices.wait(1)
    upload = visitor.upload("a.png", "image/png", png())
    chat.restart(pause=0.3)
    chat.host.say(visitor.visitor, "after")
    assert [r.text for r in visitor.devices.wait(2)] == ["before", "after"]
    headers = {"Authorization": f"Bearer {visitor._token}"}
    message = {"id": "restarted-1", "text": "with it", "files": [{"upload": upload, "name": "a.png"}]}
    answer = httpx.post(f"{chat.url}/messages", headers=headers, json=message, trust_env=False)
    assert answer.status_code == 201
    [sent] = messages(chat)
    assert chat.host.open(sent.remotes[0].sha256).read_bytes() == png()
    assert len(visitor.devices.all()) == 2


def test_a_long_conversation_comes_whole(chat: Any) -> None:
    """Hundreds of messages come in several frames, in order, none missing and none twice."""
    with VisitorSimulator(chat.url, reads=False) as visitor:
        for number in range(130):
            chat.host.put(visitor.visitor, f"m{number}", "outbound", str(number), (), "sent", f"k{number}")
        assert [r.text for r in visitor.devices.wait(130)] == [str(n) for n in range(130)]
