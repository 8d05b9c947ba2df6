"""The wire and the plugin object alone: no network."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_webchat import WebChatChannel, wire
from mediacore_webchat.simulator import SECRET

from mediacore import (
    Attachment,
    ConfigError,
    Contact,
    Facts,
    Header,
    InboundMessage,
    Media,
    Outgoing,
    Permanent,
    Receipt,
    Refused,
    Remote,
    Request,
    Status,
    StatusUpdate,
    Unsupported,
    mount,
    plan,
)

PLUGIN = WebChatChannel(secret=SECRET)
FILE = {"sha256": "ab", "path": "/blobs/ab", "name": "a.png", "type": "image/png", "size": 7, "caption": "see"}
EVENTS = [wire.message("v1", "client-01", "hello", [FILE], 1_700_000_000.0, "Ada"), wire.status("key-1", "read", 5.0)]


def signed(body: bytes) -> Request:
    return Request("POST", "http://desk/messages", (Header(wire.SIGNATURE, wire.sign(body, SECRET)),), body)


def test_a_delivery_parses_to_its_events() -> None:
    """Message, file and status come out as they went in; the message is known by visitor and client id."""
    message, status = PLUGIN.receive(wire.delivery("http://desk/messages", EVENTS, SECRET))
    assert isinstance(message, InboundMessage)
    assert (message.source_id, message.conversation, message.contact) == ("v1:client-01", "v1", Contact("v1", "Ada"))
    assert message.sent_at is not None
    assert message.sent_at.timestamp() == 1_700_000_000.0
    assert message.remotes == (Remote("blob:ab", "a.png", "image/png", 7, "ab", "see", extra={"path": "/blobs/ab"}),)
    assert isinstance(status, StatusUpdate)
    assert (status.source_id, status.key, status.status) == ("key-1", "key-1", Status.READ)


def test_a_known_signature() -> None:
    """The signature of a fixed body under a fixed secret never changes, so stored deliveries verify for ever."""
    assert wire.sign(b'{"events":[]}', "0123456789abcdef") == (
        "sha256=b507922f28e5aae162e6fce306ced672f00d01117772a7f898f0535761693696"
    )


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha256=" + "0" * 64, "ä\udcff"])
def test_a_forged_delivery_is_refused(header: str | None) -> None:
    """No signature, an empty or a wrong one, or one that is no text: 403, and nothing is parsed."""
    headers = () if header is None else (Header(wire.SIGNATURE, header),)
    with pytest.raises(Refused) as caught:
        PLUGIN.receive(Request("POST", "http://desk/messages", headers, b'{"events":[]}'))
    assert (caught.value.status, caught.value.code) == (403, "signature")


def test_one_changed_byte_is_refused() -> None:
    """A visitor cannot change a single byte of what the edge signed, such as the path of a file."""
    good = wire.delivery("http://desk/messages", EVENTS, SECRET)
    for place in range(0, len(good.body), 7):
        body = good.body[:place] + bytes([good.body[place] ^ 1]) + good.body[place + 1 :]
        with pytest.raises(Refused, match="signature"):
            PLUGIN.receive(attrs.evolve(good, body=body))


def test_an_earlier_secret_still_verifies() -> None:
    """Deliveries stored before the secret changed can still be read again."""
    later = WebChatChannel(secret="another secret of the chat", old_secrets=(SECRET,))
    assert len(later.receive(wire.delivery("u", EVENTS, SECRET))) == 2
    with pytest.raises(Refused):
        WebChatChannel(secret="another secret of the chat").receive(wire.delivery("u", EVENTS, SECRET))


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'{"events":{}}', b"\xff", b"[" * 100_000, b"1" * 9000])
def test_what_is_no_list_of_events_is_malformed(body: bytes) -> None:
    """A signed body that is not ours is refused with 400."""
    with pytest.raises(Refused) as caught:
        PLUGIN.receive(signed(body))
    assert (caught.value.status, caught.value.code) == (400, "malformed")


def test_an_odd_event_keeps_its_neighbours() -> None:
    """What cannot be read becomes Unsupported, with ids of their own, between two good ones."""
    odd: list[Any] = [None, 7, {"kind": "dance"}, {"kind": "message"}, {"kind": "status", "key": "k", "status": ["x"]}]
    events = PLUGIN.receive(signed(json.dumps({"events": [EVENTS[0], *odd, EVENTS[1]]}).encode()))
    assert isinstance(events[0], InboundMessage)
    assert isinstance(events[-1], StatusUpdate)
    assert all(isinstance(e, Unsupported) for e in events[1:-1])
    assert len({e.dedupe for e in events}) == 7


def test_texts_are_fit_for_every_store() -> None:
    """Half an emoji and a NUL, which databases refuse, are taken out of what a visitor wrote."""
    body = json.dumps({"events": [wire.message("v1", "client-01", "a\ud83d b\x00c", [], 1.0)]}).encode()
    [message] = PLUGIN.receive(signed(body))
    assert isinstance(message, InboundMessage)
    assert message.text == "a? bc"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_parsed_or_refused(body: bytes, right: bool) -> None:
    """Nothing but Refused ever escapes, whatever the bytes and whether or not they are signed."""
    request = signed(body) if right else Request("POST", "u", (), body)
    try:
        PLUGIN.receive(request)
    except Refused:
        return


@given(st.sampled_from(EVENTS), st.data())
def test_any_change_of_a_real_event_is_read(event: dict[str, Any], data: st.DataObject) -> None:
    """A signed event with any field replaced by any JSON gives exactly one event, and its text can be stored."""
    changed = {**event, data.draw(st.sampled_from(sorted(event))): data.draw(JSON)}
    events = PLUGIN.receive(signed(json.dumps({"events": [changed, EVENTS[1]]}).encode()))
    assert len(events) == 2
    assert isinstance(events[1], StatusUpdate)
    str(events[0]).encode()


def test_fetch_copies_what_the_edge_stored(tmp_path: Path) -> None:
    """The bytes are copied, never linked, so that the blob store's own file cannot be changed through the copy."""
    stored, into = tmp_path / "blob", tmp_path / "into"
    stored.write_bytes(b"bytes")
    into.touch()
    digest = hashlib.sha256(b"bytes").hexdigest()
    remote = Remote(f"blob:{digest}", type="text/plain", sha256=digest, extra={"path": str(stored)})
    assert PLUGIN.fetch(remote, into).type == "text/plain"
    assert into.read_bytes() == b"bytes"
    assert into.stat().st_ino != stored.stat().st_ino


@pytest.mark.parametrize(
    ("path", "code"), [("gone", "expired"), ("", "expired"), (".", "expired"), ("other", "corrupt")]
)
def test_fetch_of_what_is_not_there(tmp_path: Path, path: str, code: str) -> None:
    """A file that is gone or is another one is a lasting fault of this one file, in words."""
    (tmp_path / "other").write_bytes(b"other bytes")
    with pytest.raises(Permanent) as caught:
        PLUGIN.fetch(
            Remote("blob:ab", sha256="ab", extra={"path": str(tmp_path / path) if path else ""}), tmp_path / "in"
        )
    assert caught.value.code == code


def test_send_is_a_yes() -> None:
    """The ledger's row is the message: the receipt names its key, on every try and on reconciling alike."""
    message = Outgoing("key-1", Contact("v1"), "hello")
    assert PLUGIN.send(message) == PLUGIN.reconcile(message) == Receipt("key-1", Status.SENT)


def test_settings_are_checked_together(available: Any) -> None:
    """Missing and unknown settings are named at once, and a bad value says what a good one is, never the secret."""
    with pytest.raises(ConfigError, match=r"missing: secret; unknown: colour, size"):
        mount("chat", {"channel": "webchat", "colour": "red", "size": 1}, available=available)
    for bad, words in (
        ({"secret": "hunter2"}, "openssl rand -hex 32"),
        ({"secret": SECRET, "origins": ["shop.example.com"]}, "shop.example.com"),
        ({"secret": SECRET, "origins": ["https://shop.example.com/page"]}, "list of sites"),
        ({"secret": SECRET, "max_bytes": -1}, "0 or more"),
        ({"secret": SECRET, "profile": "huge"}, "no profile 'huge'"),
    ):
        with pytest.raises(ConfigError, match=words) as caught:
            mount("chat", {"channel": "webchat", **bad}, available=available)
        assert "hunter2" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    """A plugin's repr, which may land in a log, holds no secret."""
    shown = repr(WebChatChannel(secret=SECRET, old_secrets=("an older secret of this chat",)))
    assert SECRET not in shown
    assert "older secret" not in shown


def test_max_bytes_reaches_every_limit(available: Any) -> None:
    """One setting moves the bound of every sort of file, both ways."""
    limits = mount("c", {"channel": "webchat", "secret": SECRET, "max_bytes": 5_000}, available=available).limits
    assert {a.max_bytes.value for a in limits.accept if a.max_bytes} == {5_000}
    assert limits.inbound.max_bytes is not None
    assert limits.inbound.max_bytes.value == 5_000
    assert PLUGIN.limits().inbound.max_bytes.value == 40 * 1024 * 1024  # type: ignore[union-attr]  # the file has one


@pytest.mark.parametrize(
    ("mime", "name", "action"),
    [
        ("image/jpeg", "a.jpg", "as is"),
        ("image/gif", "a.gif", "as is"),
        ("image/heic", "a.heic", "convert"),
        ("image/avif", "a.avif", "convert"),
        ("image/tiff", "a.tiff", "convert"),
        ("application/pdf", "a.pdf", "as is"),
        ("text/csv", "a.csv", "as is"),
        ("video/mp4", "a.mp4", "as is"),
        ("image/svg+xml", "a.svg", "convert"),
        ("text/html", "a.html", "refuse"),
        ("application/zip", "a.zip", "as is"),
        ("application/zip", "a.exe", "refuse"),
    ],
)
def test_the_plan_for_each_sort_of_file(mime: str, name: str, action: str) -> None:
    """What a browser shows goes as it is, what it cannot becomes a JPEG, and nothing that runs goes at all."""
    facts = Facts(width=800, height=600, mode="RGB") if mime.startswith("image/") else Facts()
    facts = Facts(width=800, height=600, codecs=("h264", "aac")) if mime.startswith("video/") else facts
    made = plan([Attachment(Media(Path("x"), mime, 1000, "0" * 64, facts), name)], "see", PLUGIN.limits())
    assert [str(s.action) for s in made.steps] == [action]
    if action == "convert":
        assert made.steps[0].fit is not None
        assert made.steps[0].fit.types[0] == "image/jpeg"


def test_sixteen_files_travel_in_two_messages() -> None:
    """The bound of fifteen files splits a message; the text goes with the first."""
    files = [Attachment(Media(Path("x"), "application/pdf", 9, "0" * 64), f"{n}.pdf") for n in range(16)]
    made = plan(files, "all of it", PLUGIN.limits())
    assert [len(p.files) for p in made.parts] == [15, 1]
    assert [p.text for p in made.parts] == ["all of it", ""]
