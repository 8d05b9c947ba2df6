"""Webhook payloads of every documented shape, and of some that are not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediacore import (
    Contact,
    Deletion,
    Event,
    InboundMessage,
    Inbox,
    Reaction,
    Refused,
    Request,
    Status,
    StatusUpdate,
    Unsupported,
)

CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/"
HEAD = {"sender": {"id": "IGSID"}, "recipient": {"id": "IGID"}, "timestamp": 1569262485349}
AT = datetime(2019, 9, 23, 18, 14, 45, 349000, tzinfo=UTC)
SHAPES: list[dict[str, Any]] = [
    HEAD | {"message": {"mid": "m0", "text": "hello \u00e4 \U0001f600"}},
    HEAD
    | {
        "message": {
            "mid": "m1",
            "attachments": [
                {"type": "story_mention", "payload": {"url": f"{CDN}?asset_id=17891480018194744&signature=s"}}
            ],
        }
    },
    HEAD | {"message": {"mid": "m2", "is_unsupported": True}},
    HEAD | {"reaction": {"mid": "m1", "action": "react", "reaction": "love", "emoji": "\u2764\ufe0f"}},
    HEAD | {"reaction": {"mid": "m1", "action": "unreact"}},
    HEAD | {"read": {"mid": "m0"}},
    HEAD | {"message": {"mid": "m3", "attachments": [{"type": "ephemeral"}]}},
    HEAD | {"message": {"mid": "m4", "is_deleted": True}},
    HEAD | {"message": {"mid": "m5", "text": "nice", "reply_to": {"story": {"url": f"{CDN}?asset_id=5", "id": "S"}}}},
    HEAD | {"message": {"mid": "m6", "text": "yes", "reply_to": {"mid": "m0"}}},
    {"sender": {"id": "IGID"}, "recipient": {"id": "IGSID"}, "timestamp": 1569262485349}
    | {"message": {"mid": "m7", "text": "from the app", "is_echo": True}},
    HEAD
    | {
        "message": {
            "mid": "m8",
            "text": "all of these",
            "attachments": [
                {"type": kind, "payload": {"url": f"{CDN}?asset_id={number}&signature=s"}}
                for number, kind in enumerate(["image", "video", "audio", "file", "ig_reel", "reel", "share"])
            ],
        }
    },
]


def wrap(*events: object, place: str = "messaging", account: str = "IGID") -> dict[str, Any]:
    return {"object": "instagram", "entry": [{"id": account, "time": 1569262486134, place: list(events)}]}


Receive = Callable[..., list[Event]]


@pytest.fixture(scope="module")
def receive(inbox: Inbox, signed: Callable[..., Request]) -> Receive:
    """Receive one delivery of events."""
    return lambda *events, **more: inbox.receive(signed(wrap(*events, **more)))


@pytest.fixture(scope="module")
def said(receive: Receive) -> Callable[..., InboundMessage]:
    """Receive one message with this content."""

    def one(**content: Any) -> InboundMessage:
        (event,) = receive(HEAD | {"message": {"mid": "m", **content}})
        assert isinstance(event, InboundMessage)
        return event

    return one


def test_every_documented_shape_in_one_delivery(receive: Receive) -> None:
    """One batch of all shapes gives one event for each, in order."""
    kinds = [type(event).__name__ for event in receive(*SHAPES)]
    message = "InboundMessage"
    assert kinds == [message, message, message, "Reaction", "Reaction", "StatusUpdate", message, "Deletion"] + (
        [message] * 4
    )


def test_a_text(receive: Receive) -> None:
    """Words, sender, id and time arrive as they were."""
    assert receive(SHAPES[0]) == [InboundMessage("m0", Contact("IGSID"), "hello ä \U0001f600", sent_at=AT)]


def test_standby_is_received_like_messaging(receive: Receive) -> None:
    """A message that comes while another app holds the thread is a message all the same."""
    assert receive(SHAPES[0], place="standby") == receive(SHAPES[0])


def test_media_of_every_kind_becomes_remotes(receive: Receive) -> None:
    """Seven attachments give seven files to fetch beside the text, none of them marked as unsupported."""
    (event,) = receive(SHAPES[11])
    assert isinstance(event, InboundMessage)
    assert (event.text, event.unsupported) == ("all of these", "")
    assert [r.ref for r in event.remotes] == [f"{CDN}?asset_id={n}&signature=s" for n in range(7)]
    assert [r.extra["kind"] for r in event.remotes][:3] == ["image", "video", "audio"]
    assert all(r.expires is None and r.type == "" for r in event.remotes)


def test_a_story_mention_expires_with_the_story(receive: Receive) -> None:
    """Its file has to be fetched within 24 hours, and a note says what it is."""
    (event,) = receive(SHAPES[1])
    assert isinstance(event, InboundMessage)
    assert event.text == "[mentioned you in their story]"
    assert (event.remotes[0].expires, event.remotes[0].sort) == (AT + timedelta(hours=24), "story")


def test_a_story_reply_names_the_story(receive: Receive) -> None:
    """The story's address stands below the words; a plain reply names its message instead."""
    story, reply = receive(SHAPES[8], SHAPES[9])
    assert isinstance(story, InboundMessage)
    assert isinstance(reply, InboundMessage)
    assert story.text == f"nice\n[reply to your story: {CDN}?asset_id=5]"
    assert (reply.reply_to, reply.text) == ("m0", "yes")


def test_reactions_reads_and_deletions(receive: Receive) -> None:
    """The smaller events keep their targets; a taken back reaction has an empty emoji."""
    react, unreact, read, deleted = receive(SHAPES[3], SHAPES[4], SHAPES[5], SHAPES[7])
    assert isinstance(react, Reaction)
    assert isinstance(unreact, Reaction)
    assert (react.target, react.emoji, react.contact) == ("m1", "\u2764\ufe0f", Contact("IGSID"))
    assert (unreact.target, unreact.emoji) == ("m1", "")
    assert react.dedupe != unreact.dedupe
    assert react.at == unreact.at == AT
    assert read == StatusUpdate("m0", Status.READ, AT)
    assert deleted == Deletion("m4", "m4")


def test_a_reaction_without_an_emoji_keeps_its_name(receive: Receive) -> None:
    """Only ``unreact`` may give an empty emoji."""
    (event,) = receive(HEAD | {"reaction": {"mid": "m1", "action": "react", "reaction": "other"}})
    assert isinstance(event, Reaction)
    assert event.emoji == "other"


def test_an_echo_belongs_to_the_customers_conversation(receive: Receive) -> None:
    """What the business wrote elsewhere names the customer it went to."""
    (event,) = receive(SHAPES[10])
    assert event == InboundMessage("m7", Contact("IGSID"), "from the app", sent_at=AT, echo=True)


def test_view_once_and_unsupported_are_shown_as_such(receive: Receive) -> None:
    """A message whose content Meta withholds still arrives, with Meta's word for it."""
    once, other = receive(SHAPES[6], SHAPES[2])
    assert isinstance(once, InboundMessage)
    assert isinstance(other, InboundMessage)
    assert (once.unsupported, other.unsupported) == ("ephemeral", "unsupported")


def test_a_post_shared_twice_is_one_file(said: Callable[..., InboundMessage]) -> None:
    """``share`` and ``ig_post`` of one asset, and equal addresses, are fetched once."""
    items = [
        {"type": kind, "payload": {"url": f"{CDN}?asset_id=9&signature={number}"}}
        for number, kind in enumerate(["share", "ig_post"])
    ]
    event = said(attachments=[*items, {"type": "image", "payload": {"url": f"{CDN}?asset_id=10"}}])
    assert [r.ref for r in event.remotes] == [f"{CDN}?asset_id=9&signature=0", f"{CDN}?asset_id=10"]
    assert event.unsupported == ""


def test_a_sticker_is_one_file_whichever_way_it_comes(said: Callable[..., InboundMessage]) -> None:
    """Alone, or as an image as well: by the same address, or under two with one sticker's id."""
    url = {"url": f"{CDN}?asset_id=9"}
    two = {"url": f"{CDN}?signature=a", "sticker_id": "7"}, {"url": f"{CDN}?signature=b", "sticker_id": "7"}
    for first, second in ((url, url), two):
        both = said(attachments=[{"type": "sticker", "payload": first}, {"type": "image", "payload": second}])
        assert ([r.sort for r in both.remotes], both.unsupported) == (["sticker"], "")
    alone = said(attachments=[{"type": "sticker", "payload": url}])
    assert ([r.sort for r in alone.remotes], alone.unsupported) == (["sticker"], "")


def test_a_new_kind_beside_its_image_adds_nothing(said: Callable[..., InboundMessage]) -> None:
    """An unknown kind beside a known one of the same address is shown; alone it is named, and still fetched."""
    url = {"url": f"{CDN}?asset_id=9"}
    both = said(attachments=[{"type": "hologram", "payload": url}, {"type": "image", "payload": url}])
    assert (len(both.remotes), both.unsupported) == (1, "")
    alone = said(attachments=[{"type": "hologram", "payload": url}])
    assert (len(alone.remotes), alone.unsupported) == (1, "hologram")


def test_a_share_outside_metas_hosts_is_a_link(said: Callable[..., InboundMessage]) -> None:
    """Nothing is fetched from addresses that only look like Meta's; they are shown instead."""
    for url in ("https://www.instagram.com/p/1/", "https://fbcdn.net.evil.com/x", "http://x.fbcdn.net/x", "https://[/"):
        event = said(attachments=[{"type": "share", "payload": {"url": url}}])
        assert event.remotes == ()
        assert event.text == f"[share: {url}]"
    inside = said(attachments=[{"type": "share", "payload": {"url": "https://scontent.x.fbcdn.net/x"}}])
    assert len(inside.remotes) == 1


@pytest.mark.parametrize(
    "item",
    [
        {"type": "template", "payload": {"generic": {}}},
        {"type": "fallback"},
        {"type": "unsupported_type"},
        {"type": "image", "payload": {"url": 5}},
        {"type": "image", "payload": None},
        {"type": None},
        {},
        "image",
        None,
    ],
)
def test_an_odd_attachment_costs_neither_the_text_nor_its_neighbours(
    said: Callable[..., InboundMessage], item: object
) -> None:
    """The words and the good file arrive; the odd one is named."""
    event = said(text="words", attachments=[item, {"type": "image", "payload": {"url": f"{CDN}?asset_id=1"}}])
    assert event.text == "words"
    assert len(event.remotes) == 1
    assert event.unsupported


def test_odd_events_leave_their_neighbours_alone(receive: Receive) -> None:
    """Unknown events and broken ones become unsupported events between the good ones."""
    odd: list[Any] = [
        None,
        7,
        [],
        HEAD | {"postback": {"payload": "x"}},
        {},
        HEAD | {"reaction": {}},
        {"message": {"mid": "x"}},
    ]
    for each in odd:
        first, middle, last = receive(SHAPES[0], each, SHAPES[5])
        assert isinstance(first, InboundMessage)
        assert isinstance(middle, Unsupported)
        assert isinstance(last, StatusUpdate)
        assert middle.source_id
    (postback,) = receive(odd[3])
    assert isinstance(postback, Unsupported)
    assert (postback.kind, postback.contact) == ("postback", Contact("IGSID"))


def test_a_message_of_an_unknown_sort_is_shown_by_its_name(said: Callable[..., InboundMessage]) -> None:
    """A message with nothing that can be shown is named by what is in it."""
    assert said(poll={"question": "?"}).unsupported == "poll"
    assert said().unsupported == "empty"


def test_another_accounts_delivery_is_not_mixed_in(receive: Receive) -> None:
    """A customer of another account never lands in this inbox; the admin is told whose it is."""
    (event,) = receive(SHAPES[0], account="OTHER")
    assert isinstance(event, Unsupported)
    assert event.kind == "account"
    assert "OTHER" in event.reason


def test_other_objects_and_changes_are_unsupported(inbox: Inbox, signed: Callable[..., Request]) -> None:
    """Deliveries about other things are told apart and lose nobody."""
    (page,) = inbox.receive(signed({"object": "page", "entry": []}))
    assert isinstance(page, Unsupported)
    entry = {"id": "IGID", "changes": [{"field": "comments", "value": {}}], "messaging": [SHAPES[0]]}
    message, comment = inbox.receive(signed({"object": "instagram", "entry": [entry]}))
    assert isinstance(message, InboundMessage)
    assert isinstance(comment, Unsupported)
    assert comment.kind == "comments"


def test_the_same_event_twice_has_one_key(receive: Receive) -> None:
    """An account connected through both products delivers twice: the second is recognised."""
    for shape in [*SHAPES, HEAD | {"postback": {}}]:
        assert receive(shape)[0].dedupe == receive(shape, place="standby")[0].dedupe


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (1569262485349, AT),
        ("1569262485349", AT),
        (1569262485, AT.replace(microsecond=0)),
        (10**30, AT.replace(second=46, microsecond=134000)),
        (None, AT.replace(second=46, microsecond=134000)),
        (True, AT.replace(second=46, microsecond=134000)),
        (-5, AT.replace(second=46, microsecond=134000)),
    ],
)
def test_times(receive: Receive, stamp: object, expected: datetime) -> None:
    """Milliseconds are the rule; nonsense falls back to the entry's own time."""
    (event,) = receive(HEAD | {"timestamp": stamp, "message": {"mid": "m", "text": "x"}})
    assert isinstance(event, InboundMessage)
    assert event.sent_at == expected


def test_text_that_no_store_takes_is_mended(said: Callable[..., InboundMessage]) -> None:
    """Half a surrogate pair and NULs are replaced; the words around them stay."""
    assert said(text="a\ud83db\x00c").text == "a\ufffdbc"


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[]", b"null", b'"x"', b"[" * 100_000])
def test_a_body_that_is_no_object_is_malformed(inbox: Inbox, signed: Callable[..., Request], body: bytes) -> None:
    """Only when nothing can be parsed is the delivery refused, with 400."""
    with pytest.raises(Refused) as caught:
        inbox.receive(signed(body))
    assert (caught.value.status, caught.value.code) == (400, "malformed")


def test_a_forged_delivery_is_refused(inbox: Inbox, signed: Callable[..., Request]) -> None:
    """A wrong secret gets 403, before anything is parsed."""
    with pytest.raises(Refused) as caught:
        inbox.receive(signed(b"not json", "not-our-secret"))
    assert (caught.value.status, caught.value.code) == (403, "signature")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(body=st.binary() | JSON.map(lambda v: json.dumps(v).encode()))
@settings(max_examples=150, deadline=None)
def test_arbitrary_bytes_are_refused_or_parsed(inbox: Inbox, signed: Callable[..., Request], body: bytes) -> None:
    """Whatever is signed and sent, nothing but Refused comes out."""
    with suppress(Refused):
        assert isinstance(inbox.receive(signed(body)), list)


def _places(value: object) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    keys: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [place for key in keys for place in ((value, key), *_places(value[key]))]  # type: ignore[index]  # a container


@given(data=st.data())
@settings(max_examples=250, deadline=None)
def test_mutated_payloads_are_refused_or_parsed(
    inbox: Inbox, signed: Callable[..., Request], data: st.DataObject
) -> None:
    """Any part of a real payload may turn into anything: the other messages of its batch still arrive."""
    payload = wrap({"untouched": 1} | SHAPES[0], copy.deepcopy(data.draw(st.sampled_from(SHAPES))), SHAPES[5])
    middle = payload["entry"][0]["messaging"][1:2]
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(_places(middle)))
        if data.draw(st.booleans()) or container is middle:
            container[key] = data.draw(JSON)
        elif isinstance(container, dict):
            del container[key]
    payload["entry"][0]["messaging"][1:2] = middle
    events = inbox.receive(signed(payload))
    assert len(events) == 3
    assert isinstance(events[0], InboundMessage)
    assert events[2] == StatusUpdate("m0", Status.READ, AT)
    hash(events[1].dedupe)
    events[1].dedupe.encode()
