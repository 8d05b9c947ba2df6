"""Reading what Twilio posts: messages, files, statuses, and what nobody knows."""

from __future__ import annotations

import contextlib
import hashlib
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_sms import SmsChannel
from mediacore_sms.signature import FORM, form_pairs, sign

from mediacore import Contact, Event, Header, InboundMessage, Refused, Request, Status, StatusUpdate, Unsupported

HOOK = "https://hooks.example.com/sms/in"
API = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media"
CHANNEL = SmsChannel("+14155550199", HOOK, account="AC1", token="secret", previous_tokens=("old",))
MESSAGE = {
    "MessageSid": "MM1",
    "SmsSid": "MM1",
    "SmsMessageSid": "MM1",
    "AccountSid": "AC1",
    "From": "+14155550100",
    "To": "+14155550199",
    "Body": "caf\u00e9 \U0001f600 ",
    "NumMedia": "2",
    "MediaUrl0": f"{API}/ME0",
    "MediaContentType0": "image/jpeg",
    "MediaUrl1": f"{API}/ME1",
    "MediaContentType1": "video/3gpp",
    "FromCity": "",
    "FromState": "",
    "SmsStatus": "received",
    "ApiVersion": "2010-04-01",
}
STATUS = {
    "MessageSid": "SM2",
    "SmsSid": "SM2",
    "MessageStatus": "delivered",
    "SmsStatus": "delivered",
    "AccountSid": "AC1",
    "From": "+14155550199",
    "To": "+14155550100",
    "ApiVersion": "2010-04-01",
}


def delivered(body: bytes, query: str = "", kind: str = FORM, token: str = "secret") -> Request:
    url = HOOK + query
    signature = sign(url, form_pairs(body) if kind == FORM else [], token)
    return Request("POST", url, (Header("X-Twilio-Signature", signature), Header("Content-Type", kind)), body)


def read(fields: dict[str, Any], query: str = "") -> Event:
    (event,) = CHANNEL.receive(delivered(urlencode(fields, doseq=True).encode(), query))
    return event


def message(**changes: str | None) -> InboundMessage:
    event = read({name: value for name, value in (MESSAGE | changes).items() if value is not None})
    assert isinstance(event, InboundMessage)
    return event


def test_message_with_files() -> None:
    """Text, sender and every file of an MMS arrive, in order, with nothing trimmed."""
    event = message()
    assert (event.source_id, event.contact, event.text) == ("MM1", Contact("+14155550100"), "caf\u00e9 \U0001f600 ")
    assert [(r.ref, r.type) for r in event.remotes] == [(f"{API}/ME0", "image/jpeg"), (f"{API}/ME1", "video/3gpp")]
    assert not event.automatic


def test_files_are_read_whatever_their_count_says() -> None:
    """Files are found by their own parameters, ten and more, even when NumMedia is wrong or missing."""
    many = {f"MediaUrl{n}": f"{API}/{n}" for n in range(12)}
    assert [r.ref for r in message(NumMedia=None, **many).remotes] == [f"{API}/{n}" for n in range(12)]
    assert len(message(NumMedia="many").remotes) == 2
    assert [r.type for r in message(MediaContentType1=None).remotes] == ["image/jpeg", ""]


def test_presentation_is_dropped() -> None:
    """The SMIL part that some carriers pass on is no file of the customer's; a text part is."""
    event = message(MediaContentType0="application/smil; charset=utf-8", MediaContentType1="text/plain")
    assert [(r.type, r.sort) for r in event.remotes] == [("text/plain", "words")]
    assert not any(r.sort for r in message().remotes)


def test_empty_body() -> None:
    """A picture without words is a message with an empty text."""
    assert message(Body="").text == ""
    assert message(Body=None).text == ""


def test_keyword_that_twilio_answers() -> None:
    """STOP, START and HELP arrive as words that no machine may answer."""
    event = message(Body="STOP", OptOutType="STOP")
    assert (event.text, event.automatic) == ("STOP", True)
    assert message(Body=" stop ", OptOutType="STOP").text == " stop "
    assert message(Body="Help", OptOutType="HELP").text == "Help"


def test_a_keyword_of_the_accounts_own_is_explained() -> None:
    """That a customer opted out shows even where their word for it is the account's own."""
    event = message(Body="ARRET", OptOutType="STOP")
    assert event.text.splitlines() == ["ARRET", "[opted out: nothing reaches this customer until they write START]"]
    assert "opted in" in message(Body="", OptOutType="start").text


def test_extras_of_other_senders() -> None:
    """A profile name, a reply, a button and a place, as Twilio's other channels send them, are not lost."""
    event = message(ProfileName="Ann", OriginalRepliedMessageSid="SM7", Body=None, ButtonText="Yes")
    assert (event.contact.name, event.reply_to, event.text) == ("Ann", "SM7", "Yes")
    assert message(Body="", Latitude="1.5", Longitude="-2", Label="Shop").text == "Shop\n1.5, -2"
    assert message(Body="", Latitude="1.5").text == ""


def test_repeated_parameters() -> None:
    """A parameter that is there twice is read by its first value and verified with both."""
    event = read(MESSAGE | {"AddOns": ["a", "b", "a"], "Body": ["first", "second"]})
    assert isinstance(event, InboundMessage)
    assert event.text == "first"


def test_undecodable_text_still_arrives() -> None:
    """Bytes that are no UTF-8 cost their characters and nothing else; NUL, which no store takes, goes."""
    body = urlencode(MESSAGE | {"Body": "x"}).encode().replace(b"Body=x", b"Body=%FF%00ok")
    (event,) = CHANNEL.receive(delivered(body))
    assert isinstance(event, InboundMessage)
    assert event.text == "\ufffdok"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", Status.QUEUED),
        ("scheduled", Status.QUEUED),
        ("queued", Status.QUEUED),
        ("sending", Status.QUEUED),
        ("sent", Status.SENT),
        ("partially_delivered", Status.SENT),
        ("delivered", Status.DELIVERED),
        ("read", Status.READ),
        ("undelivered", Status.FAILED),
        ("failed", Status.FAILED),
        ("canceled", Status.FAILED),
    ],
)
def test_statuses(word: str, status: Status) -> None:
    """Every outbound status of Twilio's has its place in ours."""
    event = read(STATUS | {"MessageStatus": word, "SmsStatus": word})
    assert isinstance(event, StatusUpdate)
    assert (event.source_id, event.status) == ("SM2", status)
    assert bool(event.message) == (status is Status.FAILED)


def test_status_names_our_key_and_the_reason() -> None:
    """A failed status carries our own key, Twilio's code and words for the agent."""
    event = read(STATUS | {"MessageStatus": "undelivered", "ErrorCode": "30019"}, "?acct=7&part=out%2F1%3A0")
    assert isinstance(event, StatusUpdate)
    assert (event.key, event.code) == ("out/1:0", "30019")
    assert "too large for the customer's carrier" in event.message
    unknown = read(STATUS | {"MessageStatus": "failed", "ErrorCode": "39999", "ChannelStatusMessage": "Odd thing"})
    assert isinstance(unknown, StatusUpdate)
    assert (unknown.code, unknown.message) == ("39999", "Odd thing")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        (STATUS | {"MessageStatus": "teleported"}, "teleported"),
        ({k: v for k, v in STATUS.items() if not k.endswith("Sid")}, "delivered"),
        ({"EventType": "LINK_CLICKED", "From": "+1"}, "LINK_CLICKED"),
        ({"MessageSid": "SM3", "Body": "from nobody"}, "unknown"),
        ({"CallSid": "CA1", "From": "+1", "CallStatus": "ringing"}, "unknown"),
    ],
)
def test_what_nobody_knows_is_kept(fields: dict[str, str], kind: str) -> None:
    """A signed delivery of an unknown shape is kept as such, under an id of its own."""
    event = read(fields)
    assert isinstance(event, Unsupported)
    assert (event.kind, event.contact) == (kind, Contact(fields["From"]) if "From" in fields else None)
    other = read(fields | {"Other": "1"})
    assert isinstance(other, Unsupported)
    assert event.source_id != other.source_id
    assert event == read(fields)


def test_json_event_is_kept_and_garbage_is_malformed() -> None:
    """A signed JSON event is kept as unsupported; a signed body that is nothing at all is answered 400."""
    body = b'[{"type": "com.twilio.messaging.message.delivered"}]'
    (event,) = CHANNEL.receive(delivered(body, f"?bodySHA256={hashlib.sha256(body).hexdigest()}", "application/json"))
    assert isinstance(event, Unsupported)
    assert event.kind == "json"
    for garbage, kind in ((b"{", "application/json"), (b"[" * 100_000, "application/json"), (b"", FORM), (b"&&", FORM)):
        query = f"?bodySHA256={hashlib.sha256(garbage).hexdigest()}"
        with pytest.raises(Refused) as refused:
            CHANNEL.receive(delivered(garbage, query, kind))
        assert (refused.value.status, refused.value.code) == (400, "malformed")


def test_previous_token_is_accepted() -> None:
    """While a token is being changed, deliveries signed with the one before still count."""
    assert CHANNEL.receive(delivered(urlencode(MESSAGE).encode(), token="old"))
    with pytest.raises(Refused):
        CHANNEL.receive(delivered(urlencode(MESSAGE).encode(), token="older"))


def test_reply_is_empty_markup() -> None:
    """Twilio hears an empty TwiML document, and nothing when it only looks."""
    answer = CHANNEL.reply(Request("POST", HOOK))
    assert answer is not None
    assert (answer.status, answer.type) == (200, "text/xml")
    assert answer.body.endswith(b"<Response></Response>")
    assert CHANNEL.reply(Request("GET", HOOK)) is None


@given(st.binary(max_size=300), st.sampled_from([FORM, "application/json", "text/plain", ""]), st.booleans())
def test_any_signed_bytes(body: bytes, kind: str, hashed: bool) -> None:
    """Whatever bytes are signed, receiving them answers with events or refuses, and never fails otherwise."""
    query = f"?bodySHA256={hashlib.sha256(body).hexdigest()}" if hashed else "?part=%ff"
    with contextlib.suppress(Refused):
        assert CHANNEL.receive(delivered(body, query, kind))


@given(
    st.sampled_from([MESSAGE, STATUS]),
    st.dictionaries(
        st.sampled_from([*MESSAGE, *STATUS, "ErrorCode", "OptOutType", "Latitude", "MediaUrl٣", "MediaUrl99999"]),
        st.none() | st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=3),
        max_size=8,
    ),
    st.text(max_size=20),
)
def test_any_mutation_of_a_real_delivery(base: dict[str, str], changes: dict[str, Any], key: str) -> None:
    """Real deliveries with fields taken out, changed and repeated are always read as exactly one event."""
    fields = {name: value for name, value in (base | changes).items() if value not in (None, [])}
    body = urlencode(fields, doseq=True).encode("utf-8", "replace")
    try:
        events = CHANNEL.receive(delivered(body, "?" + urlencode({"part": key})))
    except Refused as refused:
        assert refused.status == 400  # noqa: PT017 - only when every field is gone
        assert not form_pairs(body)
    else:
        assert len(events) == 1


def test_words_beside_a_place_an_advert_or_a_button_are_all_told() -> None:
    """What a customer wrote never hides where they are, or through which advertisement they came."""
    place = {"Latitude": "37.78", "Longitude": "-122.39"}
    event = read(MESSAGE | {"Body": "I am here"} | place)
    assert isinstance(event, InboundMessage)
    assert event.text == "I am here\n37.78, -122.39"
    advert = {"ReferralHeadline": "Sale", "ReferralBody": "All shoes", "ReferralSourceUrl": "https://fb.me/x"}
    event = read(MESSAGE | {"Body": "Hi"} | advert)
    assert isinstance(event, InboundMessage)
    assert event.text == "Hi\n(came through an advertisement: Sale, All shoes, https://fb.me/x)"
    event = read(MESSAGE | {"Body": "", "ButtonPayload": "YES"})
    assert isinstance(event, InboundMessage)
    assert event.text == "YES"


@pytest.mark.parametrize(("kind", "named"), [("", "empty"), ("contacts", "contacts")])
def test_a_message_that_says_nothing_is_shown_as_such(kind: str, named: str) -> None:
    """Without words and files it is named by its kind, so that an agent does not look at a blank."""
    bare = {k: v for k, v in MESSAGE.items() if not k.startswith("Media")}
    event = read(bare | {"Body": "", "NumMedia": "0", "MessageType": kind})
    assert isinstance(event, InboundMessage)
    assert (event.text, event.remotes, event.unsupported) == ("", (), named)
    assert read(bare).unsupported == ""  # type: ignore[union-attr] - a message, as above


@pytest.mark.parametrize(
    ("fields", "told"), [({"Forwarded": "true"}, "yes"), ({"FrequentlyForwarded": "true"}, "often")]
)
def test_a_forwarded_message_says_so(fields: dict[str, str], told: str) -> None:
    """What a customer of WhatsApp passed on is marked."""
    event = read(MESSAGE | fields)
    assert isinstance(event, InboundMessage)
    assert event.forwarded == told
