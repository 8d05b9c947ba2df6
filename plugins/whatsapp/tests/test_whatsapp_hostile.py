"""Whatever is delivered with a right signature, ``receive`` answers with events or refuses."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mediacore_whatsapp import WhatsAppChannel
from mediacore_whatsapp.signature import sign

from mediacore import Event, Header, Refused, Request

CHANNEL = WhatsAppChannel("106540352242922", "t", ("secret",), "v")
FRAME = {"from": "16505551234", "timestamp": "1697043666", "context": {"id": "wamid.Z"}, "referral": {"headline": "x"}}
MEDIA = {
    "caption": "c",
    "filename": "f.pdf",
    "mime_type": "application/pdf",
    "sha256": "ab" * 32,
    "id": "1",
    "url": "u",
}
CONTENTS = {
    "text": {"body": "x"},
    "image": MEDIA,
    "document": MEDIA,
    "sticker": {**MEDIA, "animated": True},
    "audio": {**MEDIA, "voice": True},
    "reaction": {"message_id": "wamid.A", "emoji": "x"},
    "location": {"latitude": 1.5, "longitude": 2.5, "name": "n"},
    "contacts": [{"name": {"formatted_name": "n"}, "phones": [{"phone": "1"}], "emails": [{"email": "e"}]}],
    "unsupported": {"type": "poll"},
    "edit": {"original_message_id": "wamid.A", "message": {"type": "text", "text": {"body": "y"}}},
    "revoke": {"original_message_id": "wamid.A"},
    "system": {"type": "user_changed_number", "body": "b", "wa_id": "2"},
    "order": {"product_items": [{"quantity": 1, "item_price": 2, "currency": "EUR"}]},
    "interactive": {"type": "button_reply", "button_reply": {"title": "t"}},
    "button": {"text": "t"},
}
MESSAGES = [{**FRAME, "id": f"wamid.{kind}", "type": kind, kind: content} for kind, content in CONTENTS.items()]
STATUS = {"id": "w", "status": "failed", "timestamp": "1", "recipient_id": "1", "biz_opaque_callback_data": "k"}
REAL = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "1",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "metadata": {"phone_number_id": "106540352242922", "display_phone_number": "1"},
                        "contacts": [{"profile": {"name": "n"}, "wa_id": "16505551234", "user_id": "US.1"}],
                        "messages": MESSAGES,
                        "statuses": [{**STATUS, "errors": [{"code": 131053, "error_data": {"details": "d"}}]}],
                        "errors": [{"code": 131000, "title": "t"}],
                    },
                }
            ],
        }
    ],
}
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800") | st.just(10**40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def receive(body: Any) -> Any:
    headers = (Header("X-Hub-Signature-256", sign("secret", body)),)
    return CHANNEL.receive(Request("POST", "https://desk.example/hook", headers, body))


def paths(value: Any, at: Any = ()) -> Any:
    """Every place in a JSON value."""
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*at, key))


PLACES = [path for path in paths(REAL) if path]


def test_the_real_delivery_is_read_whole() -> None:
    """The delivery that the mutations start from gives one event for each piece."""
    assert len(receive(json.dumps(REAL).encode())) == len(MESSAGES) + 2


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes(body: Any) -> None:
    """Arbitrary signed bytes are parsed or refused, never a crash."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        with pytest.raises(Refused, match="no JSON"):
            receive(body)
    else:
        assert receive(body)


@given(ODD)
def test_any_json(value: Any) -> None:
    """Arbitrary signed JSON gives at least one event."""
    assert receive(json.dumps(value).encode())


@settings(max_examples=300)
@given(st.data())
def test_mutated_deliveries(data: Any) -> None:
    """A real delivery with a piece replaced or taken out still parses, and its events can be stored."""
    payload = copy.deepcopy(REAL)
    for path in data.draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)):
        try:
            parent = payload
            for key in path[:-1]:
                parent = parent[key]
            if data.draw(st.booleans()):
                parent[path[-1]] = data.draw(ODD)
            else:
                del parent[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    found = receive(json.dumps(payload).encode())
    assert found
    for event in found:
        assert isinstance(event, Event)
        assert event.dedupe.encode()
        assert "\x00" not in repr(event)
        repr(event).encode()


@given(st.sampled_from(range(len(MESSAGES))), ODD)
def test_one_odd_message_never_loses_its_neighbours(at: Any, odd: Any) -> None:
    """Whatever stands in the place of one message, all others arrive as they were."""
    whole = receive(json.dumps(REAL).encode())[:-1]  # the last, an error without an id, is known by the whole delivery
    payload = copy.deepcopy(REAL)
    payload["entry"][0]["changes"][0]["value"]["messages"][at] = odd
    found = receive(json.dumps(payload).encode())[:-1]
    assert found[:at] == whole[:at]
    assert found[at + 1 :] == whole[at + 1 :]
