"""Contacts that customers share, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_whatsapp import WhatsAppChannel, cards
from mediacore_whatsapp.wire_in import events

from mediacore import Permanent, Remote, Request

NUMBER = "106540352242922"
BING = {
    "name": {"formatted_name": "Chandler Bing", "first_name": "Chandler", "last_name": "Bing"},
    "phones": [{"phone": "+1 555-555-5555", "wa_id": "972987654321", "type": "CELL"}],
    "emails": [{"email": "bing@example.org", "type": "WORK"}],
    "addresses": [{"street": "90 Bedford St; 19", "city": "New York", "country": "USA", "type": "HOME"}],
    "urls": [{"url": "https://example.org/a,b"}],
    "org": {"company": "Data, Inc", "department": "WENUS", "title": "Analyst"},
    "birthday": "1968-04-08",
}
OWN = "BEGIN:VCARD\nVERSION:3.0\nFN:Own\nEND:VCARD\n"
JSON = st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=4)
KEYS = st.sampled_from(["name", "phones", "emails", "addresses", "urls", "org", "birthday", "vcard"])
INNER = st.dictionaries(st.sampled_from(["formatted_name", "phone", "type", "street", "company", "email"]), JSON)


@pytest.fixture
def shared(delivery: Any) -> Any:
    """A signed-off delivery of some contacts, and the message in it."""

    def make(*people: Any, echo: bool = False) -> Any:
        piece = {"from": "16505551234", "to": "1", "id": "wamid.G", "type": "contacts", "contacts": list(people)}
        field, listed = ("smb_message_echoes", "message_echoes") if echo else ("messages", "messages")
        body = json.dumps(delivery({listed: [piece]}, field)).encode()
        return Request("POST", "https://desk.example/hook", body=body), events(body, NUMBER)[0]

    return make


def read(request: Request, remote: Remote, folder: Path) -> bytes:
    channel = WhatsAppChannel(NUMBER, "t", ("s",), "v")
    into = folder / "card"
    assert channel.fetch(remote, request, into, channel.limits()).type == "text/vcard"
    channel.close()
    return into.read_bytes()


@pytest.mark.parametrize("echo", [False, True])
def test_each_contact_is_a_file_and_words(shared: Any, tmp_path: Path, echo: bool) -> None:
    """Every shared contact arrives as a vCard under its name, beside words that say the same."""
    request, event = shared(BING, {"name": {"first_name": "Monica"}}, echo=echo)
    assert [r.name for r in event.remotes] == ["Chandler Bing.vcf", "Monica.vcf"]
    assert event.text.split("\n") == [
        "Contact:", "Chandler Bing", "Data, Inc", "+1 555-555-5555", "bing@example.org", "", "Contact:", "Monica",
    ]  # fmt: skip
    assert read(request, event.remotes[0], tmp_path).decode().split("\r\n") == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "N:Bing;Chandler;;;",
        "FN:Chandler Bing",
        "TEL;TYPE=CELL:+1 555-555-5555",
        "EMAIL;TYPE=WORK:bing@example.org",
        "URL:https://example.org/a,b",
        "ADR;TYPE=HOME:;;90 Bedford St\\; 19;New York;;;USA",
        "ORG:Data\\, Inc;WENUS",
        "TITLE:Analyst",
        "BDAY:1968-04-08",
        "END:VCARD",
        "",
    ]
    assert b"FN:Monica\r\n" in read(request, event.remotes[1], tmp_path)


def test_the_customers_own_card_is_kept(shared: Any, tmp_path: Path) -> None:
    """A vCard that WhatsApp sends along is handed on as it is."""
    request, event = shared({**BING, "vcard": OWN})
    assert read(request, event.remotes[0], tmp_path) == OWN.encode()


def test_a_contact_without_a_name_is_called_by_what_it_has(shared: Any) -> None:
    """Number, mail address or firm stand for the name; a contact that says nothing is no file."""
    people = [{"phones": [{"wa_id": "1555"}]}, {"emails": [{"email": "a@b.c"}]}, {"org": {"company": "Acme"}}]
    _, event = shared(*people)
    assert [r.name for r in event.remotes] == ["1555.vcf", "a@b.c.vcf", "Acme.vcf"]
    assert shared({}, 7, None)[1].kind == "contacts"


def test_a_card_of_another_delivery_is_gone(shared: Any, tmp_path: Path) -> None:
    """A delivery that does not hold the contact says so rather than hand out another's."""
    request, event = shared(BING)
    for ref, message, body in (("0", "other", request.body), ("9", "wamid.G", request.body), ("x", "wamid.G", b"{")):
        with pytest.raises(Permanent) as caught:
            cards.fetched(Remote(ref, extra={"message": message}), body)
        assert caught.value.code == "expired"
    assert event.remotes[0].extra["message"] == "wamid.G"


@given(st.dictionaries(KEYS, INNER | st.lists(INNER, max_size=3) | JSON))
def test_any_contact_makes_a_card_that_holds_its_form(person: Any) -> None:
    """Whatever stands in a contact, its card begins and ends as one, no line is too long, and none is broken in two."""
    made = cards.card(person)
    if not made.lstrip().upper().startswith(b"BEGIN:VCARD\r\n"):
        return  # the customer's own, handed on
    lines = made.split(b"\r\n")
    assert (lines[0], lines[-2:]) == (b"BEGIN:VCARD", [b"END:VCARD", b""])
    assert all(len(line) <= 75 and line.decode() is not None for line in lines)
    assert made.count(b"END:VCARD\r\n") == 1
