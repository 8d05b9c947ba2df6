"""Every webhook shape that Meta documents, parsed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from mediacore_whatsapp.wire_in import events

from mediacore import Contact, Deletion, Edit, InboundMessage, Reaction, Refused, Status, StatusUpdate, Unsupported

NUMBER = "106540352242922"
SHEENA = {"profile": {"name": "Sheena Nelson"}, "wa_id": "16505551234", "user_id": "US.13491208655302741918"}
ME = Contact("+16505551234", "Sheena Nelson")
AT = datetime(2023, 10, 11, 17, 1, 6, tzinfo=UTC)
B64 = "SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI="


@pytest.fixture
def one(delivery: Any) -> Any:
    """The single event of a message with some content."""

    def parse(kind: Any, content: Any = None, **more: Any) -> Any:
        piece = {"from": "16505551234", "id": "wamid.A", "timestamp": "1697043666", "type": kind}
        piece |= ({kind: content} if content is not None else {}) | more
        value = {"contacts": [SHEENA], "messages": [piece]}
        (event,) = events(json.dumps(delivery(value)).encode(), NUMBER)
        return event

    return parse


def test_image_with_caption(one: Any) -> None:
    """A picture brings its caption as text and its file with digest, address and expiry."""
    url = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=133"
    media = {"caption": "Taj Mahal", "mime_type": "image/jpeg", "sha256": B64, "id": "1003383421387256", "url": url}
    event = one("image", media)
    assert (event.text, event.contact, event.source_id) == ("Taj Mahal", ME, "wamid.A")
    assert event.sent_at == AT
    (remote,) = event.remotes
    assert remote.ref == "1003383421387256"
    assert remote.sha256 == "49f2276348062 93b0995459bc310b593e1400f41591efcf07e9bced335f41942".replace(" ", "")
    assert remote.expires == datetime(2023, 10, 18, 17, 1, 6, tzinfo=UTC)
    assert remote.extra == {"kind": "image", "url": url}


def test_hex_digest_is_read_and_nonsense_is_none(one: Any) -> None:
    """Hex works as well as base64, and anything else counts as no digest."""
    assert one("image", {"id": "1", "sha256": "AB" * 32}).remotes[0].sha256 == "ab" * 32
    for odd in ("grwf…18SY=", "zz" * 32, 7, None, "YWJj"):
        assert one("image", {"id": "1", "sha256": odd}).remotes[0].sha256 == ""


def test_document_audio_video_sticker(one: Any) -> None:
    """The other media types bring name, flags and types."""
    document = one(
        "document", {"caption": "c", "filename": "filename.pdf", "mime_type": "application/pdf", "id": "123"}
    )
    assert (document.text, document.remotes[0].name, document.remotes[0].type) == (
        "c",
        "filename.pdf",
        "application/pdf",
    )
    voice = one("audio", {"mime_type": "audio/ogg; codecs=opus", "id": "124", "voice": True}).remotes[0]
    assert (voice.type, voice.sort) == ("audio/ogg; codecs=opus", "voice")
    assert one("audio", {"mime_type": "audio/mpeg", "id": "124", "voice": False}).remotes[0].sort == ""
    assert one("video", {"caption": "c", "mime_type": "video/mp4", "id": "125"}).text == "c"
    sticker = one("sticker", {"mime_type": "image/webp", "id": "126", "animated": True}).remotes[0]
    assert (sticker.sort, sticker.extra) == ("sticker", {"kind": "sticker"})


def test_text_reply_and_forward(one: Any) -> None:
    """A text keeps what it answers; a forward answers nothing."""
    reply = one("text", {"body": "hello"}, context={"from": "15550783881", "id": "wamid.Z"})
    assert (reply.text, reply.reply_to) == ("hello", "wamid.Z")
    assert one("text", {"body": "hello"}, context={"forwarded": True}).reply_to == ""


@pytest.mark.parametrize(("content", "emoji"), [({"emoji": "😮"}, "😮"), ({"emoji": ""}, ""), ({}, "")])
def test_reactions(one: Any, content: Any, emoji: Any) -> None:
    """A reaction, and both ways of taking it back."""
    assert one("reaction", {"message_id": "wamid.Q", **content}) == Reaction("wamid.A", "wamid.Q", ME, emoji, AT)


def test_location_and_contacts_become_words(one: Any) -> None:
    """A place and a shared contact are told in words."""
    place = {"latitude": 37.4611978, "longitude": -122.2164385, "name": "Facebook HQ", "url": "https://maps.example/2"}
    assert one("location", place).text.split("\n") == [
        "Location:",
        "Facebook HQ",
        "37.4611978, -122.2164385",
        "https://maps.example/2",
    ]
    name = {"first_name": "Chandler", "last_name": "Bing", "formatted_name": "Chandler Bing"}
    shared = [{"name": name, "phones": [{"phone": "+1 555-555-5555", "wa_id": "972987654321", "type": "CELL"}]}]
    assert one("contacts", shared).text == "Contact:\nChandler Bing\n+1 555-555-5555"
    assert one("location", {"latitude": 1.5, "longitude": -2}).text.endswith("https://maps.google.com/?q=1.5,-2")


def test_order_button_and_interactive(one: Any) -> None:
    """Orders and taps are told in words; a tap without a body is shown as unsupported."""
    items = [{"product_retailer_id": "cat", "quantity": 2, "item_price": 9.5, "currency": "EUR"}, {"quantity": 1}]
    assert one("order", {"text": "please", "product_items": items}).text == "Order:\nplease\n2 x cat at 9.5 EUR\n1 x"
    assert one("button", {"payload": "p", "text": "Yes"}).text == "Yes"
    choice = {"type": "list_reply", "list_reply": {"id": "1", "title": "Title", "description": "More"}}
    assert one("interactive", choice).text == "Title\nMore"
    bare = one("interactive")
    assert (type(bare), bare.kind, bare.contact) == (Unsupported, "interactive", ME)
    call = {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}
    assert one("interactive", call).text == "(may we call: accept)"
    assert one("order", {"text": "only words", "product_items": []}).text == "Order:\nonly words"
    assert one("button", {"payload": "p"}).text == "p"


def test_a_filled_form_is_told(one: Any) -> None:
    """What a customer filled into a WhatsApp form arrives field by field, without the form's own token."""
    filled = {"rating": "4", "wishes": ["a", "b"], "ok": True, "flow_token": "secret"}
    reply = {"name": "flow", "body": "Sent", "response_json": json.dumps(filled)}
    text = one("interactive", {"type": "nfm_reply", "nfm_reply": reply}).text
    assert text.split("\n") == ["Sent", "rating: 4", 'wishes: ["a", "b"]', "ok: true"]
    for odd in ("{", "[]", 7, None, '{"a":' * 2000, '{"a":1' + "0" * 5000 + "}"):
        assert one("interactive", {"type": "nfm_reply", "nfm_reply": {**reply, "response_json": odd}}).text == "Sent"


def test_files_in_a_form_are_fetched(one: Any) -> None:
    """What a customer put into a form arrives as files under their names, beside the form's words."""
    photo = {"file_name": "IMG_5237.jpg", "mime_type": "image/jpeg", "sha256": B64, "id": "756080246556612"}
    filled = {"damage": [photo, {**photo, "id": "9"}], "where": "left door", "flow_token": "t"}
    reply = {"name": "flow", "body": "Sent", "response_json": json.dumps(filled)}
    event = one("interactive", {"type": "nfm_reply", "nfm_reply": reply})
    assert event.text == "Sent\nwhere: left door"
    assert [(r.ref, r.name, r.type) for r in event.remotes] == [
        ("756080246556612", "IMG_5237.jpg", "image/jpeg"),
        ("9", "IMG_5237.jpg", "image/jpeg"),
    ]
    assert event.remotes[0].expires == datetime(2023, 10, 18, 17, 1, 6, tzinfo=UTC)


def test_the_product_a_customer_asks_about_is_told(one: Any) -> None:
    """A question from a product of the catalogue says which."""
    product = {"catalog_id": "C", "product_retailer_id": "SKU-7"}
    event = one("text", {"body": "In blue?"}, context={"from": "1", "id": "wamid.Q", "referred_product": product})
    assert (event.text, event.reply_to) == ("In blue?\n(about the product SKU-7)", "wamid.Q")


def test_a_message_without_its_type_is_read_by_its_content(one: Any) -> None:
    """Where the type is not told, what is there tells it."""
    assert one(None, text={"body": "hello"}).text == "hello"
    assert one("", image={"id": "5", "mime_type": "image/png"}).remotes[0].ref == "5"


def test_what_is_said_in_a_group_is_a_conversation_of_its_own(one: Any) -> None:
    """A group's messages stand apart from what its members write to the business alone."""
    event = one("text", {"body": "hello all"}, group_id="Y2FwaV9ncm91cDo")
    assert (event.contact, event.conversation) == (ME, "Y2FwaV9ncm91cDo")
    assert one("text", {"body": "hello"}).conversation == ""


def test_a_new_type_with_a_file_still_brings_the_file(one: Any) -> None:
    """A type that does not exist yet is named as such, and its file is fetched when it has one."""
    event = one("video_note", {"id": "9", "mime_type": "video/mp4", "caption": "look", "sha256": B64})
    assert (event.unsupported, event.text, event.remotes[0].ref) == ("video_note", "look", "9")
    assert one("video_note", {"id": "9"}).kind == "video_note"


def test_forwarded_messages_are_marked(one: Any) -> None:
    """A forwarded message says so, and says when it was forwarded many times."""
    image, text = {"id": "1", "mime_type": "image/jpeg"}, {"body": "x"}
    assert one("image", image, context={"forwarded": True}).forwarded == "yes"
    assert one("text", text, context={"frequently_forwarded": True}).forwarded == "often"
    assert one("text", text, context={"id": "wamid.Q"}).forwarded == ""
    assert one("text", text, context={"forwarded": "yes"}).forwarded == ""


def test_unsupported_kinds_say_why(one: Any) -> None:
    """What WhatsApp keeps back comes with its own word and a reason for the agent."""
    error = {"code": 131051, "title": "Message type unknown", "error_data": {"details": "currently not supported."}}
    event = one("unsupported", {"type": "poll_creation"}, errors=[error])
    assert (event.kind, event.contact) == ("poll_creation", ME)
    assert "does not forward" in event.reason
    assert "currently not supported." in event.reason
    large = one("unsupported", errors=[{"code": 131052, "title": "Media download error"}])
    assert "100 MB" in large.reason
    assert one("ephemeral").kind == "ephemeral"


def test_media_without_an_id_keeps_its_caption(one: Any) -> None:
    """A caption arrives even when WhatsApp could not take the file."""
    event = one("image", {"caption": "my bill"}, errors=[{"code": 131052}])
    assert (event.text, event.remotes, event.unsupported) == ("my bill", (), "image")


def test_edits_and_revocations(one: Any) -> None:
    """Edits name their target and the new words, of texts and of captions; revocations become deletions."""
    image = {"type": "image", "image": {"caption": "Updated", "id": "1234567890"}}
    assert one("edit", {"original_message_id": "wamid.C", "message": image}) == Edit(
        "wamid.A", "wamid.C", "Updated", AT
    )
    text = {"type": "text", "text": {"body": "Text was edited"}}
    assert one("edit", {"original_message_id": "wamid.C", "message": text}).text == "Text was edited"
    for odd in ({}, {"type": "poll", "poll": {}}, None):
        assert one("edit", {"original_message_id": "wamid.C", "message": odd}).kind == "edit"
    assert one("revoke", {"original_message_id": "wamid.C"}) == Deletion("wamid.A", "wamid.C")


def test_system_messages_are_shown(one: Any) -> None:
    """A changed number is shown with Meta's own sentence."""
    system = {"body": "User A changed from 1 to 2", "wa_id": "2", "type": "user_changed_number"}
    event = one("system", system)
    assert (event.kind, event.reason) == ("user_changed_number", "User A changed from 1 to 2")
    assert one("system", {"body": "User identity changed", "type": "customer_identity_changed"}).contact == ME


def test_a_new_user_id_is_shown_to_the_old_one(delivery: Any) -> None:
    """A customer who gets a new scoped id, and sends no number along, is still told who it was."""
    system = {"body": "User changed", "user_id": "MX.2", "previous_user_id": "CO.1", "type": "user_changed_user_id"}
    piece = {"id": "wamid.S", "timestamp": "1753851315", "type": "system", "system": system}
    (event,) = events(json.dumps(delivery({"messages": [piece]})).encode(), NUMBER)
    assert (event.kind, event.contact) == ("user_changed_user_id", Contact("CO.1"))


def test_advertisement_is_told(one: Any) -> None:
    """A customer who came through an advertisement brings its headline."""
    event = one("text", {"body": "hi"}, referral={"headline": "Sale", "source_url": "https://fb.example/1"})
    assert event.text == "hi\n(came through an advertisement: Sale, https://fb.example/1)"


def test_customer_without_a_number(delivery: Any) -> None:
    """A customer behind a username is known by the scoped user id."""
    person = {"profile": {"name": "Kim", "username": "kim"}, "user_id": "US.1349"}
    piece = {"from_user_id": "US.1349", "id": "wamid.A", "timestamp": "1", "type": "text", "text": {"body": "x"}}
    (event,) = events(json.dumps(delivery({"contacts": [person], "messages": [piece]})).encode(), NUMBER)
    assert event.contact == Contact("US.1349", "Kim")


def test_echoes_of_the_phone_app(delivery: Any) -> None:
    """What the business typed into its phone is an echo to the customer."""
    piece = {"from": "15550783881", "to": "16505551234", "id": "wamid.E", "timestamp": "1697043223", "type": "text"}
    piece["text"] = {"body": "Test message"}
    value = {"contacts": [SHEENA], "message_echoes": [piece]}
    (event,) = events(json.dumps(delivery(value, "smb_message_echoes")).encode(), NUMBER)
    assert (event.echo, event.contact, event.text) == (True, ME, "Test message")


@pytest.mark.parametrize(
    ("word", "status"),
    [("sent", Status.SENT), ("delivered", Status.DELIVERED), ("read", Status.READ), ("played", Status.READ)],
)
def test_statuses_bring_our_key_back(delivery: Any, word: Any, status: Any) -> None:
    """Every status carries the key that the message was sent with."""
    piece = {"id": "wamid.x", "status": word, "timestamp": "1689380458", "recipient_id": "16505551234"}
    piece["biz_opaque_callback_data"] = "key-1"
    (event,) = events(json.dumps(delivery({"statuses": [piece]})).encode(), NUMBER)
    assert event == StatusUpdate("wamid.x", status, datetime(2023, 7, 15, 0, 20, 58, tzinfo=UTC), key="key-1")


def test_failed_status_tells_code_and_words(delivery: Any) -> None:
    """A failure has Meta's code, words for the agent and Meta's details."""
    error = {"code": 131053, "title": "Media upload error", "error_data": {"details": "bad image"}}
    piece = {"id": "wamid.x", "status": "failed", "timestamp": "1689380458", "errors": [error]}
    (event,) = events(json.dumps(delivery({"statuses": [piece]})).encode(), NUMBER)
    assert (event.status, event.code) == (Status.FAILED, "131053")
    assert event.message == (
        "WhatsApp could not use the file, so the customer has not got it (bad image): "
        "send it again in another form (JPEG, PDF, MP4, MP3) or as a link"
    )


def test_unknown_status_is_kept(delivery: Any) -> None:
    """A status that does not exist yet is shown, and two of one message are told apart."""
    pieces = [{"id": "wamid.x", "status": word} for word in ("deleted", "warned")]
    found = events(json.dumps(delivery({"statuses": pieces})).encode(), NUMBER)
    assert [e.kind for e in found] == ["status:deleted", "status:warned"]
    assert len({e.dedupe for e in found}) == 2


def test_a_batch_keeps_every_neighbour(delivery: Any) -> None:
    """Entries, changes, messages, statuses and errors are all read, and odd ones hide none of the others."""
    text = {"from": "16505551234", "timestamp": "1", "type": "text", "text": {"body": "x"}}
    pieces = [
        {**text, "id": "wamid.1"},
        7,
        None,
        {"type": []},
        {"id": "wamid.2", "type": "newest"},
        {**text, "id": "3"},
    ]
    whole = delivery({"contacts": [SHEENA], "messages": pieces, "errors": [{"code": 131000, "title": "oops"}]})
    whole["entry"] += delivery({"statuses": [{"id": "wamid.1", "status": "read"}]})["entry"]
    whole["entry"][0]["changes"].append({"field": "account_update", "value": {"event": "X"}})
    found = events(json.dumps(whole).encode(), NUMBER)
    kinds = [type(e).__name__ for e in found]
    assert kinds == [*["InboundMessage", "Unsupported", "Unsupported", "Unsupported", "Unsupported", "InboundMessage"],
                     "Unsupported", "Unsupported", "StatusUpdate"]  # fmt: skip
    assert [e.source_id for e in found if isinstance(e, InboundMessage)] == ["wamid.1", "3"]


def test_another_number_of_the_app_is_named(delivery: Any) -> None:
    """What is for another number is not lost silently: it says which inbox is missing."""
    value = {"messages": [{"from": "1", "id": "wamid.1", "type": "text", "text": {"body": "x"}}]}
    (event,) = events(json.dumps(delivery(value, number="999")).encode(), NUMBER)
    assert event.kind == "other-number"
    assert "phone_number_id 999" in event.reason


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": 1' + b"0" * 5000 + b"}"])
def test_no_json_is_malformed(body: Any) -> None:
    """Bytes that are no JSON are refused as malformed."""
    with pytest.raises(Refused) as caught:
        events(body, NUMBER)
    assert (caught.value.status, caught.value.code) == (400, "malformed")


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b"{}", b'{"entry": {}}', b'{"entry": [{"changes": [{}]}]}'])
def test_odd_json_is_shown(body: Any) -> None:
    """JSON of another form becomes one event that says so, since a refusal would have Meta send it for days."""
    (event,) = events(body, NUMBER)
    assert isinstance(event, Unsupported)


def test_half_characters_and_nul_are_taken_out(one: Any) -> None:
    """Text that no database stores is mended."""
    assert one("text", {"body": "a\ud83d\x00b😀"}).text == "a\ufffdb😀"


def test_the_same_error_on_another_day_is_new(delivery: Any) -> None:
    """An error without an id is a duplicate only when its delivery is."""
    error = {"code": 131000, "title": "Something went wrong"}
    bodies = [
        json.dumps(
            delivery({"messages": [{"from": "1", "id": f"wamid.{n}", "type": "interactive"}], "errors": [error]})
        )
        for n in (1, 1, 2)
    ]
    first, again, later = (events(body.encode(), NUMBER)[1].dedupe for body in bodies)
    assert first == again != later
