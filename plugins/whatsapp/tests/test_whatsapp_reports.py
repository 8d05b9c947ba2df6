"""What WhatsApp reports beside messages: who is meant, and words for the desk."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mediacore_whatsapp.wire_in import events

from mediacore import Contact, Unsupported

NUMBER = "106540352242922"
SHEENA = {"profile": {"name": "Sheena Nelson"}, "wa_id": "16505551234", "user_id": "US.13491208655302741918"}
ME = Contact("+16505551234", "Sheena Nelson")


@pytest.fixture
def reported(delivery: Any) -> Any:
    """The events of one change of a field."""

    def parse(field: str, **value: Any) -> list[Unsupported]:
        whole = delivery({"contacts": [SHEENA], **value})
        whole["entry"][0]["changes"][0]["field"] = field
        found = events(json.dumps(whole).encode(), NUMBER)
        assert all(isinstance(event, Unsupported) for event in found)
        return found  # type: ignore[return-value] - as just asserted

    return parse


def test_each_call_says_who_calls(reported: Any) -> None:
    """Calls in one delivery are events of their own: who calls whom, and how it ended; each stage once."""
    start = {"id": "wacid.A", "from": "16505551234", "to": "1", "event": "connect", "direction": "USER_INITIATED"}
    end = {**start, "event": "terminate", "status": "COMPLETED", "duration": 33}
    ours = {"id": "wacid.B", "to": "16505551234", "event": "connect", "direction": "BUSINESS_INITIATED"}
    found = reported("calls", calls=[start, end, ours, {"id": "wacid.C", "from": "16505551234"}])
    assert [(e.kind, e.reason, e.contact) for e in found] == [
        ("call", "The customer calls on WhatsApp", ME),
        ("call", "A WhatsApp call: terminate (completed, 33 seconds)", ME),
        ("call", "The business calls the customer on WhatsApp", ME),
        ("call", "A WhatsApp call: event", ME),
    ]
    assert len({e.dedupe for e in found}) == 4


def test_how_far_a_call_of_ours_came(reported: Any) -> None:
    """The statuses of a call are told as they come."""
    (ringing,) = reported("calls", statuses=[{"id": "wacid.A", "status": "RINGING", "recipient_id": "16505551234"}])
    assert (ringing.source_id, ringing.reason, ringing.contact) == ("wacid.A:RINGING", "A WhatsApp call: ringing", ME)


def test_wishes_about_marketing_are_told_one_by_one(reported: Any) -> None:
    """Who wants no more advertisements is named, and the wish in WhatsApp's words or ours."""
    stop = {"wa_id": "16505551234", "category": "marketing_messages", "value": "stop"}
    detail = {**stop, "detail": "User requested to stop marketing messages"}
    first, second = reported("user_preferences", user_preferences=[detail, stop])
    assert (first.reason, first.contact) == ("User requested to stop marketing messages", ME)
    assert second.reason == "The customer's wish: marketing_messages stop"


def test_an_older_history_is_counted(reported: Any) -> None:
    """The phone app's past is no new message; that it came is told with its size, or why it did not come."""
    threads = [{"id": "1", "messages": [{"id": "a"}, {"id": "b"}]}, {"id": "2", "messages": [{"id": "c"}]}]
    (told,) = reported("history", history=[{"threads": threads}])
    assert "3 older messages" in told.reason
    (media,) = reported("history", messages=[{"id": "a", "type": "image"}])
    assert "1 older messages" in media.reason
    (off,) = reported("history", history=[{"errors": [{"code": 2593109, "title": "History sync is turned off"}]}])
    assert "History sync is turned off" in off.reason


def test_the_accounts_own_affairs_are_named(reported: Any) -> None:
    """Whatever else is reported shows by its name, a list without content too."""
    for field in ("account_alerts", "calls", "user_preferences", "standby"):
        (told,) = reported(field)
        assert (told.kind, told.reason, told.contact) == (field, f"WhatsApp reports {field}", None)


def test_a_chat_opened_for_the_first_time_says_so(delivery: Any) -> None:
    """The greeting that WhatsApp asks for has no words of the customer's."""
    piece = {"from": "16505551234", "id": "wamid.W", "timestamp": "1", "type": "request_welcome"}
    (event,) = events(json.dumps(delivery({"contacts": [SHEENA], "messages": [piece]})).encode(), NUMBER)
    assert isinstance(event, Unsupported)
    assert (event.reason, event.contact) == ("The customer opened the chat for the first time", ME)
