"""What Telnyx posts and answers, read without its signature."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_sms import telnyx_wire as wire
from mediacore_sms.telnyx_errors import TABLE

from mediacore import (
    Attachment,
    AuthNeeded,
    Contact,
    Event,
    InboundMessage,
    InDoubt,
    Media,
    MediacoreError,
    Outgoing,
    Permanent,
    Receipt,
    Refused,
    Remote,
    Retry,
    Status,
    StatusUpdate,
    Unsupported,
)

HOOK = "https://desk.example.com/hooks/sms?acct=7"
TO = Contact("+14155550100")
DIGEST = "ab" * 32
# the shape of https://developers.telnyx.com/api-reference/callbacks/inbound-message
MESSAGE: dict[str, Any] = {
    "data": {
        "event_type": "message.received",
        "id": "bf6307bd",
        "occurred_at": "2026-01-23T18:10:02.574+00:00",
        "payload": {
            "cc": [],
            "direction": "inbound",
            "errors": [],
            "from": {"carrier": "T-MOBILE USA, INC.", "line_type": "Wireless", "phone_number": "+14155550100"},
            "id": "7ee4241c",
            "media": [
                {
                    "url": "https://media.telnyx.com/a/1",
                    "content_type": "image/jpeg",
                    "size": 123,
                    "sha256": DIGEST,
                },
                {"url": "https://media.telnyx.com/a/2.smil", "content_type": "application/smil", "size": 9},
                {"url": "https://media.telnyx.com/a/3", "content_type": None, "size": None, "sha256": None},
            ],
            "received_at": "2026-01-23T18:10:01.574Z",
            "record_type": "message",
            "subject": "Look",
            "text": "Gr\u00fc\u00dfe",
            "to": [{"phone_number": "+14155550199", "status": "webhook_delivered"}],
            "type": "MMS",
        },
        "record_type": "event",
    },
    "meta": {"attempt": 1},
}
# the shape of https://developers.telnyx.com/api-reference/callbacks/delivery-update
STATUS: dict[str, Any] = {
    "data": {
        "event_type": "message.finalized",
        "id": "86f58db9",
        "occurred_at": "2026-01-23T18:10:05Z",
        "payload": {
            "completed_at": "2026-01-23T18:10:04Z",
            "direction": "outbound",
            "errors": [{"code": "40300", "title": "Blocked due to STOP message", "detail": "an existing block rule"}],
            "id": "40385f64",
            "to": [{"phone_number": "+14155550100", "status": "delivery_failed"}],
            "webhook_url": "https://desk.example.com/hooks/sms?acct=7&part=out%2F1%3A0",
        },
    }
}


def read(told: Any) -> Event:
    (event,) = wire.events(json.dumps(told).encode())
    return event


def changed(base: dict[str, Any], **payload: Any) -> dict[str, Any]:
    return {"data": base["data"] | {"payload": base["data"]["payload"] | payload}}


def test_inbound_message() -> None:
    """A message arrives with its words and files; the presentation is none, and what is not told stays empty."""
    assert read(MESSAGE) == InboundMessage(
        source_id="7ee4241c",
        contact=TO,
        text="Gr\u00fc\u00dfe",
        remotes=(
            Remote("https://media.telnyx.com/a/1", type="image/jpeg", size=123, sha256=DIGEST),
            Remote("https://media.telnyx.com/a/3"),
        ),
        sent_at=datetime(2026, 1, 23, 18, 10, 1, 574000, tzinfo=UTC),
        subject="Look",
    )


def test_event_without_its_wrapper() -> None:
    """The event alone, as one page of the reference shows it, is read the same."""
    assert read(MESSAGE["data"]) == read(MESSAGE)


def test_an_mms_to_several_says_so() -> None:
    """An answer reaches its sender alone, so the agent must know that others read along."""
    event = read(changed(MESSAGE, cc=[{"phone_number": "+14155550101"}, {"phone_number": "+14155550102"}]))
    assert isinstance(event, InboundMessage)
    assert event.text == "Gr\u00fc\u00dfe\n(a group message, to +14155550199, +14155550101, +14155550102)"


def test_opt_out_is_automatic() -> None:
    """A keyword that Telnyx answered itself must not be answered again."""
    event = read(changed(MESSAGE, autoresponse_type="STOP", text="STOP"))
    assert isinstance(event, InboundMessage)
    assert event.automatic


@pytest.mark.parametrize(("word", "status"), wire.STATUS.items())
def test_statuses(word: str, status: Status) -> None:
    """Every status has its place in ours, with our key out of the signed body; only a failure has words."""
    event = read(changed(STATUS, to=[{"status": word}], errors=[]))
    assert isinstance(event, StatusUpdate)
    assert (event.source_id, event.status, event.key) == ("40385f64", status, "out/1:0")
    assert event.at == datetime(2026, 1, 23, 18, 10, 4, tzinfo=UTC)
    assert bool(event.message) == (status is Status.FAILED)


def test_failed_status_names_the_reason() -> None:
    """A failure carries Telnyx's code and our words, or Telnyx's own for a code that is not in the table."""
    event = read(STATUS)
    assert isinstance(event, StatusUpdate)
    assert (event.code, event.message) == ("40300", TABLE["40300"][1])
    event = read(changed(STATUS, errors=[{"code": 49999, "title": "Odd", "detail": "Odd thing"}]))
    assert isinstance(event, StatusUpdate)
    assert (event.code, event.message) == ("49999", "Odd thing")


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (changed(STATUS, to=[{"status": "teleported"}]), "message.finalized"),
        (changed(STATUS, to=[]), "message.finalized"),
        (changed(STATUS, id=None), "message.finalized"),
        (changed(MESSAGE, **{"from": None}), "message.received"),
        ({"data": {"event_type": "message.link_click", "id": "e9", "payload": {}}}, "message.link_click"),
        ({"data": 7}, "unknown"),
        ([], "unknown"),
        ("odd", "unknown"),
    ],
)
def test_what_nobody_knows_is_kept(told: Any, kind: str) -> None:
    """A signed delivery of an unknown shape is kept as such, under an id of its own."""
    event = read(told)
    assert isinstance(event, Unsupported)
    assert event.kind == kind
    assert event.source_id
    assert event == read(told)


@pytest.mark.parametrize("body", [b"", b"{", b"a=b", b"\xff", b"[" * 100_000])
def test_garbage_is_malformed(body: bytes) -> None:
    """A signed body that is no JSON is answered 400."""
    with pytest.raises(Refused) as refused:
        wire.events(body)
    assert (refused.value.status, refused.value.code) == (400, "malformed")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(sorted({*MESSAGE["data"]["payload"], *STATUS["data"]["payload"], "autoresponse_type"}))


@given(st.sampled_from([MESSAGE, STATUS]), st.dictionaries(FIELDS, JSON, max_size=5))
def test_any_mutation_of_a_real_delivery(base: dict[str, Any], changes: dict[str, Any]) -> None:
    """Real deliveries with any fields changed to anything are always read as exactly one event."""
    assert len(wire.events(json.dumps(changed(base, **changes)).encode())) == 1


def file(url: str) -> Attachment:
    return Attachment(Media(Path("a.jpg"), "image/jpeg", 9, "0" * 64), "a.jpg", url=url)


def test_order_of_a_message() -> None:
    """A message names both ends, its words, every file, and where statuses go with our key."""
    urls = ["https://files.example.com/1", "https://files.example.com/2"]
    told = wire.order(Outgoing("key 1/\u00fc", TO, "Hello", tuple(map(file, urls))), "+14155550199", HOOK + "#rc=5")
    assert (told["from"], told["to"], told["text"], told["media_urls"]) == ("+14155550199", TO.address, "Hello", urls)
    parts = urlsplit(told["webhook_url"])
    assert (parse_qs(parts.query), parts.fragment) == ({"acct": ["7"], "part": ["key 1/\u00fc"]}, "")
    assert "text" not in wire.order(Outgoing("k", TO, " ", (file("https://f/1"),)), "+1", HOOK)
    assert "media_urls" not in wire.order(Outgoing("k", TO, "x"), "+1", HOOK)


def test_nothing_to_send_and_nowhere_to_fetch() -> None:
    """A file without an address and an empty message are refused before Telnyx is asked."""
    with pytest.raises(Permanent, match="set public_url"):
        wire.order(Outgoing("k", TO, "x", (file(""),)), "+1", HOOK)
    with pytest.raises(Permanent, match="neither"):
        wire.order(Outgoing("k", TO, "  "), "+1", HOOK)


def answer(word: str, **more: Any) -> bytes:
    return json.dumps({"data": {"id": "m1", "to": [{"status": word}]} | more}).encode()


def test_receipt() -> None:
    """A message that was taken answers with its id and how far it is."""
    assert wire.receipt(200, {}, answer("queued")) == Receipt("m1", Status.QUEUED, "queued")
    assert wire.receipt(200, {}, answer("flying")).status is Status.QUEUED
    with pytest.raises(Permanent, match="opted out"):
        wire.receipt(200, {}, answer("sending_failed", errors=[{"code": "40300"}]))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"data": []}', b'{"data": {"id": 7}}'])
def test_success_without_a_message_is_in_doubt(body: bytes) -> None:
    """A success whose body names no message may have made one."""
    with pytest.raises(InDoubt):
        wire.receipt(200, {}, body)


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_code_has_its_group_and_words(code: str) -> None:
    """Every code of the table raises its group with its words and its own code."""
    body = json.dumps({"errors": [{"code": code, "title": "provider's words"}]}).encode()
    group, told = TABLE[code]
    with pytest.raises(MediacoreError) as raised:
        wire.receipt(400, {}, body)
    assert type(raised.value) is group
    assert (raised.value.code, raised.value.message) == (code, told)
    assert told[0].isupper()
    assert len(told) < 140


@pytest.mark.parametrize(
    ("status", "group"),
    [(400, Permanent), (401, AuthNeeded), (404, Permanent), (422, Permanent), (429, Retry), (500, InDoubt),
     (502, InDoubt), (503, InDoubt)],
)  # fmt: skip
def test_answer_without_a_code(status: int, group: type[MediacoreError]) -> None:
    """An answer without a code is judged by its HTTP status; no page says that a 503 took nothing."""
    with pytest.raises(MediacoreError) as raised:
        wire.receipt(status, {"retry-after": "7"}, b"<html>busy</html>")
    assert type(raised.value) is group
    if isinstance(raised.value, Retry):
        assert raised.value.after == 7.0


@pytest.mark.parametrize(
    ("body", "text", "files"),
    [
        ({"text": "hi"}, "hi", ()),
        ({"suggestion_response": {"text": "Yes", "postback_data": "y"}}, "Yes", ()),
        ({"suggestion_response": {"postback_data": "y"}}, "y", ()),
        ({"location": {"latitude": 41.8, "longitude": -87.6}}, "41.8, -87.6", ()),
        ({"type": "text", "text": {"body": "from WhatsApp"}}, "from WhatsApp", ()),
        (
            {
                "user_file": {
                    "payload": {"file_name": "a.jpg", "file_uri": "https://x/a", "mime_type": "image/jpeg"},
                    "thumbnail": {"file_uri": "https://x/t", "mime_type": "image/jpeg"},
                }
            },
            "",
            (Remote("https://x/a", "a.jpg", "image/jpeg"),),
        ),
    ],
)
def test_a_rich_message_is_read_as_well(body: dict[str, Any], text: str, files: tuple[Remote, ...]) -> None:
    """RCS says in an object what an SMS says in a text; nothing of it is lost, and a thumbnail is no file."""
    event = read(changed(MESSAGE, type="RCS", text=None, media=None, body=body))
    assert isinstance(event, InboundMessage)
    assert (event.text, event.remotes, event.unsupported) == (text, files, "")


@pytest.mark.parametrize(("body", "named"), [(None, "empty"), ({"type": "revoke", "revoke": {}}, "revoke")])
def test_a_message_without_words_and_files_is_named(body: Any, named: str) -> None:
    """What says nothing that can be shown is shown by its kind."""
    event = read(changed(MESSAGE, text="", media=[], body=body))
    assert isinstance(event, InboundMessage)
    assert (event.text, event.unsupported) == ("", named)


def test_a_read_receipt() -> None:
    """RCS tells when a message was read."""
    told = changed(MESSAGE, direction="outbound", webhook_url=f"{HOOK}&part=k1")
    event = read({"data": told["data"] | {"event_type": "message.read"}})
    assert isinstance(event, StatusUpdate)
    assert (event.status, event.key) == (Status.READ, "k1")
