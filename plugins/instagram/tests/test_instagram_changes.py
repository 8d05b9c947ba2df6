"""Events that come another way than as messages: in ``changes``, as taps, as edits, with where a customer came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from mediacore_instagram import wire_in

from mediacore import Contact, Edit, Event, InboundMessage, Reaction, StatusUpdate, Unsupported

CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/"
HEAD = {"sender": {"id": "IGSID"}, "recipient": {"id": "IGID"}, "timestamp": 1569262485349}
ACCOUNT = wire_in.Account("IGID", ("lookaside.fbsbx.com",))
Change = Callable[..., Event]


def parse(entry: dict[str, Any]) -> list[Event]:
    return wire_in.parse(json.dumps({"object": "instagram", "entry": [entry]}).encode(), ACCOUNT)


@pytest.fixture
def changed() -> Change:
    """The event of one change."""

    def build(field: str, value: Any, account: str = "IGID") -> Event:
        (event,) = parse({"id": account, "time": 1, "changes": [{"field": field, "value": value}]})
        return event

    return build


def said(**event: Any) -> Event:
    (found,) = parse({"id": "IGID", "time": 1, "messaging": [HEAD | event]})
    return found


def test_a_change_may_hold_what_messaging_holds(changed: Change) -> None:
    """Messages, taps, reactions, reads and edits are the same in a change: nothing of them is lost there."""
    files = [{"type": "image", "payload": {"url": f"{CDN}?asset_id=1"}}]
    message = changed("messages", HEAD | {"message": {"mid": "m1", "text": "hi", "attachments": files}})
    assert isinstance(message, InboundMessage)
    assert (message.source_id, message.text, len(message.remotes)) == ("m1", "hi", 1)
    assert isinstance(changed("messaging_postbacks", HEAD | {"postback": {"title": "Yes"}}), InboundMessage)
    assert isinstance(changed("message_reactions", HEAD | {"reaction": {"mid": "m", "emoji": "x"}}), Reaction)
    assert isinstance(changed("messaging_seen", HEAD | {"read": {"mid": "m"}}), StatusUpdate)
    assert isinstance(changed("message_edit", HEAD | {"message_edit": {"mid": "m", "text": "new"}}), Edit)


def test_a_sample_from_the_dashboard_is_known(changed: Change) -> None:
    """Who tests the webhook in Meta's dashboard sees that it arrives, and is not told to make another inbox."""
    sample = {"sender": {"id": "12334"}, "recipient": {"id": "23245"}, "timestamp": "1527459824"}
    event = changed("messages", sample | {"message": {"mid": "random_mid", "text": "random_text"}}, "0")
    assert isinstance(event, Unsupported)
    assert (event.kind, event.contact) == ("sample", None)


def test_a_public_comment_shows_what_was_written(changed: Change) -> None:
    """Comments are no messages to answer here; who wrote what is told all the same."""
    comment = {"id": "1", "from": {"id": "2", "username": "ada"}, "media": {"id": "3"}, "text": "How much?"}
    event = changed("comments", comment)
    assert isinstance(event, Unsupported)
    assert (event.kind, event.reason) == ("comments", "ada wrote in public (comments): How much?")
    mention = changed("mentions", {"media_id": "1", "comment_id": "2"})
    assert isinstance(mention, Unsupported)
    assert mention.reason == "this is not a message"


def test_a_tap_is_what_the_customer_says() -> None:
    """The words on a button or an ice breaker are shown, once, with the advertisement behind it."""
    advert = {"source": "ADS", "type": "OPEN_THREAD", "ads_context_data": {"ad_title": "Summer sale"}}
    event = said(postback={"mid": "m1", "title": "Track my order", "payload": "TRACK", "referral": advert})
    assert isinstance(event, InboundMessage)
    assert (event.source_id, event.contact) == ("m1", Contact("IGSID"))
    assert event.text == "Track my order\n[came through an advertisement: Summer sale]"
    again = {"title": "Track my order", "payload": "TRACK"}
    assert said(postback=again).dedupe == said(postback=again).dedupe  # it may come without an id


def test_an_edit_changes_the_words_and_never_wipes_them() -> None:
    """Each edit of a message is an event; one that came without its words stays a note."""
    first, second = (said(message_edit={"mid": "m1", "text": t, "num_edit": n}) for n, t in ((1, "a"), (2, "b")))
    assert isinstance(first, Edit)
    assert isinstance(second, Edit)
    assert ((first.target, first.text), second.text) == (("m1", "a"), "b")
    assert first.dedupe != second.dedupe
    assert isinstance(said(message_edit={"mid": "m1", "num_edit": 0}), Unsupported)


@pytest.mark.parametrize(
    ("referral", "words"),
    [
        ({"product": {"id": "P-1"}}, "[about your product P-1]"),
        ({"source": "ADS", "ad_id": "9"}, "[came through an advertisement: 9]"),
        ({"ads_context_data": {"ad_title": "T"}, "ad_id": "9"}, "[came through an advertisement: T]"),
        ({"ref": "promo", "source": "IGME", "type": "OPEN_THREAD"}, "[came through a link: promo]"),
    ],
)
def test_where_a_customer_came_from_is_told(referral: dict[str, Any], words: str) -> None:
    """Beside a message, and alone when the customer has said nothing yet."""
    event = said(message={"mid": "m", "text": "hi", "referral": referral})
    assert isinstance(event, InboundMessage)
    assert event.text == f"hi\n{words}"
    alone = said(referral=referral)
    assert isinstance(alone, Unsupported)
    assert (alone.kind, alone.reason, alone.contact) == ("referral", words, Contact("IGSID"))


def test_shared_things_keep_their_titles() -> None:
    """A reel's caption, a link's title and a product's card are words that a person wants to see."""
    reel = {"reel_video_id": "17", "title": "How to sew", "url": f"{CDN}?asset_id=17&signature=s"}
    link = {"type": "fallback", "title": "A page", "url": "https://example.com/x", "payload": None}
    card = {"product": {"elements": [{"title": "Shoes", "subtitle": "$10"}]}}
    files = [{"type": "ig_reel", "payload": reel}, link, {"type": "template", "payload": card}]
    event = said(message={"mid": "m", "attachments": files})
    assert isinstance(event, InboundMessage)
    assert event.text.split("\n") == [
        "[ig_reel: How to sew]",
        "[fallback: A page https://example.com/x]",
        "[template: Shoes, $10]",
    ]
    assert [r.extra["kind"] for r in event.remotes] == ["ig_reel"]


def test_one_post_under_two_addresses_is_one_file() -> None:
    """A share and its post name the same media, each with an address of its own, or the share without any."""
    post = {"type": "ig_post", "payload": {"ig_post_media_id": "5", "url": f"{CDN}?signature=b"}}
    for share in ({"ig_post_media_id": "5", "url": f"{CDN}?signature=a"}, {"ig_post_media_id": "5"}):
        event = said(message={"mid": "m", "attachments": [{"type": "share", "payload": share}, post]})
        assert isinstance(event, InboundMessage)
        assert (len(event.remotes), event.unsupported) == (1, "")


def test_an_echo_from_the_customers_side_stays_with_the_customer() -> None:
    """Whatever the mark says, the conversation is never one with ourselves."""
    event = said(message={"mid": "m", "text": "x", "is_echo": True})
    assert isinstance(event, InboundMessage)
    assert (event.contact, event.echo) == (Contact("IGSID"), True)


@pytest.mark.parametrize("body", [{}, {"entry": []}, {"entry": [{"id": "IGID"}]}])
def test_an_empty_delivery_is_told(body: dict[str, Any]) -> None:
    """A delivery without events is shown as such, so that it is not taken for none."""
    (event,) = wire_in.parse(json.dumps({"object": "instagram", **body}).encode(), ACCOUNT)
    assert isinstance(event, Unsupported)
    assert event.kind == "delivery"
