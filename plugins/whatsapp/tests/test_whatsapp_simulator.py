"""The plugin against the simulator: both directions, statuses, and everything that goes wrong on the way."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from attrs import evolve
from mediacore_whatsapp.graph import Graph
from mediacore_whatsapp.simulator import WhatsAppSimulator
from mediacore_whatsapp.simulator_clock import Clock
from mediacore_whatsapp.simulator_customers import TOO_LARGE, UNAVAILABLE
from mediacore_whatsapp.simulator_pacing import Pacing
from mediacore_whatsapp.simulator_rules import Fault
from starlette.applications import Starlette
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route

from mediacore import (
    AuthNeeded,
    Contact,
    Deletion,
    Edit,
    InboundMessage,
    Inbox,
    InDoubt,
    Mark,
    Permanent,
    Reaction,
    Remote,
    Request,
    Retry,
    Status,
    StatusUpdate,
    Unsupported,
)
from mediacore.testkit import Act, Server

ME = "+16505551234"
POST = Request("POST", "https://desk.example/hook")


@pytest.fixture
def fetch(inbox: Inbox, tmp_path: Path) -> Any:
    """Fetch one remote and give its bytes."""

    def bring(remote: Any) -> Any:
        into = tmp_path / "fetched"
        into.write_bytes(b"")
        return inbox.fetch(remote, POST, into).type, into.read_bytes()

    return bring


def test_text_and_its_statuses(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, outgoing: Any) -> None:
    """A text arrives, and its statuses come back with our key."""
    simulator.reads = True
    receipt = inbox.send(outgoing("Grüße 😀 a/b <%@>", reply_to="wamid.Q"))
    (got,) = simulator.devices.wait(1)
    assert (got.to, got.text, dict(got.extra)["reply_to"]) == (ME, "Grüße 😀 a/b <%@>", "wamid.Q")
    statuses = webhook.wait(3, StatusUpdate)
    assert [s.status for s in statuses] == [Status.SENT, Status.DELIVERED, Status.READ]
    assert {(s.source_id, s.key) for s in statuses} == {(receipt.source_id, "key-1")}
    assert set(simulator.answers) == {200}


@pytest.mark.parametrize(
    "kind",
    [
        "image/jpeg", "image/png", "application/pdf", "text/plain", "application/msword", "video/mp4",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ],
)  # fmt: skip
def test_files_with_captions(
    simulator: WhatsAppSimulator, inbox: Inbox, attach: Any, outgoing: Any, samples: dict[str, bytes], kind: Any
) -> None:
    """Every captioned sort arrives with its bytes, its type, its caption and, as a document, its name."""
    inbox.send(outgoing("a word", attach(kind, "Ünï.dat")))
    (got,) = simulator.devices.wait(1)
    (file,) = got.files
    assert (got.text, file.type, file.data) == ("a word", kind, samples[kind])
    assert file.name == ("Ünï.dat" if dict(got.extra)["type"] == "document" else "")


@pytest.mark.parametrize("kind", ["audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/amr", "image/webp"])
def test_files_without_captions(
    simulator: WhatsAppSimulator, inbox: Inbox, attach: Any, outgoing: Any, samples: dict[str, bytes], kind: Any
) -> None:
    """Sounds and stickers arrive with their bytes."""
    inbox.send(outgoing("", attach(kind)))
    assert simulator.devices.wait(1)[0].files[0].data == samples[kind]


def test_an_upload_ahead_is_used_and_renewed(
    simulator: WhatsAppSimulator, inbox: Inbox, attach: Any, outgoing: Any
) -> None:
    """A file uploaded ahead is not uploaded again, unless Meta has lost it."""
    picture = attach("image/png")
    uploaded = inbox.upload(picture)
    assert 28 * 86400 < uploaded.seconds < 30 * 86400
    ahead = type(picture)(picture.media, picture.name, uploaded=uploaded.id)
    simulator.mischief.plan(Act.ERROR, where="upload")
    inbox.send(outgoing("", ahead))
    simulator.files.forget(uploaded.id)
    with pytest.raises(Retry):
        inbox.send(outgoing("", ahead))
    inbox.send(outgoing("", ahead))
    elsewhere = simulator.files.keep("999", "image/png", "image.png", picture.media.path.read_bytes())
    inbox.send(outgoing("", evolve(ahead, uploaded=elsewhere.id)))
    assert len(simulator.devices.all()) == 3


@pytest.mark.parametrize(
    "sample",
    ["grey", "cmyk", "palette", "stereo", "small-webp", "hevc", "mp3-sound", "two-sounds", "broken", "late-index"],
)
def test_what_whatsapp_cannot_use_fails_later(
    webhook: Any, simulator: WhatsAppSimulator, inbox: Inbox, attach: Any, outgoing: Any, sample: Any
) -> None:
    """Media that breaks a rule is accepted first and fails by status, in words."""
    kinds = {"stereo": "audio/ogg", "small-webp": "image/webp", "palette": "image/png", "grey": "image/jpeg"}
    kinds["cmyk"] = "image/jpeg"
    inbox.send(outgoing("", attach(kinds.get(sample, "video/mp4"), sample=sample)))
    (failed,) = webhook.wait(1, StatusUpdate)
    assert (failed.status, failed.code, failed.key) == (Status.FAILED, "131053", "key-1")
    assert failed.message.startswith("WhatsApp could not use the file, so the customer has not got it (")
    assert failed.message.endswith("): send it again in another form (JPEG, PDF, MP4, MP3) or as a link")
    assert simulator.devices.all() == []


def test_too_large_and_mislabelled_images_fail_later(
    webhook: Any, inbox: Inbox, attach: Any, outgoing: Any, samples: dict[str, bytes]
) -> None:
    """Five decimal megabytes are the most, and the bytes must be what the type says."""
    inbox.send(outgoing("", attach("image/jpeg", data=samples["image/jpeg"].ljust(5_000_001, b"\0"))))
    inbox.send(outgoing("", attach("image/png", sample="image/jpeg")))
    assert [s.code for s in webhook.wait(2, StatusUpdate)] == ["131053", "131053"]


def test_unlisted_types_are_refused_by_both_sides(
    simulator: WhatsAppSimulator, inbox: Inbox, attach: Any, outgoing: Any
) -> None:
    """The plugin refuses a type before any call, and the simulator refuses it with Meta's list."""
    with pytest.raises(Permanent) as caught:
        inbox.send(outgoing("", attach("application/zip", data=b"PK\x03\x04")))
    assert caught.value.code == "type"
    answer = httpx.post(
        f"{simulator.url}/v25.0/{simulator.phone_number_id}/media",
        headers={"Authorization": f"Bearer {simulator.token}"},
        data={"messaging_product": "whatsapp", "type": "application/zip"},
        files={"file": ("a.zip", b"PK\x03\x04", "application/zip")},
    )
    assert answer.json()["error"]["code"] == 100
    assert "must be a file with one of the following types" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"messaging_product": "x"}, 100),
        ({"to": None}, 131009),
        ({"recipient": "US.1"}, 131008),
        ({"to": "+15550783881"}, 131021),
        ({"type": "text", "text": {"body": "x" * 4097}}, 100),
        ({"type": "text", "text": {"body": " "}}, 131008),
        ({"type": "audio", "audio": {"id": "1", "caption": "x"}}, 100),
        ({"type": "image", "image": {"id": "1", "caption": "x" * 1025}}, 100),
        ({"type": "image", "image": {"id": "1", "filename": "x.png"}}, 100),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "image", "image": {"id": "404"}}, 100),
        ({"type": ["odd"]}, 100),
        ({"biz_opaque_callback_data": "x" * 513}, 100),
    ],
)
def test_the_simulator_refuses_what_meta_refuses(simulator: WhatsAppSimulator, change: Any, code: Any) -> None:
    """Faulty messages get Meta's own error at once."""
    body = {"messaging_product": "whatsapp", "to": ME, "type": "text", "text": {"body": "x"}, **change}
    answer = httpx.post(
        f"{simulator.url}/v25.0/{simulator.phone_number_id}/messages",
        headers={"Authorization": f"Bearer {simulator.token}"},
        json=body,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_number_without_its_plus_is_misdelivered(simulator: WhatsAppSimulator) -> None:
    """As at Meta, a number without a plus sign is dialled in the business's own country."""
    answer = httpx.post(
        f"{simulator.url}/v25.0/{simulator.phone_number_id}/messages",
        headers={"Authorization": f"Bearer {simulator.token}"},
        json={"messaging_product": "whatsapp", "to": "4915112345678", "type": "text", "text": {"body": "x"}},
    )
    assert answer.status_code == 200
    assert simulator.devices.all()[0].to == "+14915112345678"


def test_links_are_fetched(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox) -> None:
    """A link is fetched by the provider, and one that brings no picture fails later."""
    simulator.inbound(ME, files=[("a.png", "image/png", b"\x89PNG")])
    address = webhook.wait(1, InboundMessage)[0].remotes[0].extra["url"]
    for link in (address, "http://127.0.0.1:9/none"):
        httpx.post(
            f"{simulator.url}/v25.0/{simulator.phone_number_id}/messages",
            headers={"Authorization": f"Bearer {simulator.token}"},
            json={"messaging_product": "whatsapp", "to": ME, "type": "image", "image": {"link": link}},
        )
    assert [s.code for s in webhook.wait(2, StatusUpdate)] == ["131053", "131053"]


def test_the_window_closes_and_opens_again(
    simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, outgoing: Any
) -> None:
    """Outside 24 hours a text fails with its reason; a new message of the customer opens the window."""
    simulator.pacing.lapse(ME)
    inbox.send(outgoing("late"))
    (failed,) = webhook.wait(1, StatusUpdate)
    assert failed.code == "131047"
    assert "another channel" in failed.message
    simulator.inbound(ME, "I am here")
    inbox.send(outgoing("now"))
    assert [d.text for d in simulator.devices.wait(1)] == ["now"]


def test_the_pair_rate(webhook: Any, mount_inbox: Any, outgoing: Any) -> None:
    """After the burst, one customer's messages wait and another's go on."""
    with WhatsAppSimulator(pacing=Pacing(burst=2, gap=0.2)) as simulator:
        inbox = mount_inbox(simulator.settings())
        inbox.send(outgoing("1"))
        inbox.send(outgoing("2"))
        with pytest.raises(Retry) as caught:
            inbox.send(outgoing("3"))
        assert (caught.value.code, caught.value.after) == ("131056", 6.0)
        inbox.send(outgoing("4", to="+16505550000"))
        assert [d.text for d in simulator.devices.all()] == ["1", "2", "4"]


@pytest.mark.parametrize(
    ("act", "error", "code"),
    [(Act.ERROR, Retry, "131016"), (Act.THROTTLE, Retry, "130429"), (Act.UNAUTHORIZED, AuthNeeded, "190")],
)
@pytest.mark.parametrize("where", ["send", "upload"])
def test_refused_calls_send_nothing(
    simulator: WhatsAppSimulator, inbox: Inbox, attach: Any, outgoing: Any, act: Any, error: Any, code: Any, where: Any
) -> None:
    """Overload, rate limits and a bad token take nothing, and the next try goes through."""
    simulator.mischief.plan(act, where=where)
    with pytest.raises(error) as caught:
        inbox.send(outgoing("x", attach("image/png")))
    assert (type(caught.value), caught.value.code) == (error, code)
    assert simulator.devices.all() == []
    inbox.send(outgoing("x", attach("image/png")))
    assert len(simulator.devices.all()) == 1


@pytest.mark.parametrize("act", [Act.HANG_AFTER, Act.DROP_AFTER])
def test_a_lost_answer_is_in_doubt_after_the_message_only(
    simulator: WhatsAppSimulator, webhook: Any, mount_inbox: Any, attach: Any, outgoing: Any, act: Any
) -> None:
    """A lost answer to an upload may be tried again; one to a message is in doubt, and the status settles it."""
    inbox = webhook.inbox = mount_inbox(simulator.settings(), timeout=0.7)
    simulator.mischief.plan(act, where="upload")
    with pytest.raises(Retry):
        inbox.send(outgoing("x", attach("image/png")))
    assert simulator.devices.all() == []
    simulator.mischief.plan(act, where="send")
    with pytest.raises(InDoubt):
        inbox.send(outgoing("x", attach("image/png"), key="lost"))
    assert len(simulator.devices.all()) == 1
    assert webhook.wait(2, StatusUpdate)[0].key == "lost"
    assert inbox.reconcile(outgoing("x", key="lost")) is None


def test_nobody_there_is_a_retry(mount_inbox: Any, simulator: WhatsAppSimulator, outgoing: Any) -> None:
    """A refused connection took nothing."""
    inbox = mount_inbox(simulator.settings(), api_url="http://127.0.0.1:9")
    with pytest.raises(Retry):
        inbox.send(outgoing("x"))


def test_duplicate_and_reordered_callbacks(
    simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, outgoing: Any
) -> None:
    """Doubled callbacks have one key to know them by, and a wrong order comes as it is."""
    simulator.mischief.plan(Act.DUPLICATE)
    simulator.inbound(ME, "once")
    assert len({e.dedupe for e in webhook.wait(2, InboundMessage)}) == 1
    simulator.mischief.plan(Act.REORDER)
    inbox.send(outgoing("x"))
    assert [s.status for s in webhook.wait(2, StatusUpdate)] == [Status.DELIVERED, Status.SENT]


def test_a_customer_sends_files(
    simulator: WhatsAppSimulator, webhook: Any, fetch: Any, samples: dict[str, bytes]
) -> None:
    """Several files come as several messages, the words on the first, and each can be fetched."""
    files = [("a.jpg", "image/jpeg", samples["image/jpeg"]), ("Rechnung ä.pdf", "application/pdf", b"%PDF-1.4 x")]
    simulator.inbound(ME, "two files", files)
    first, second = webhook.wait(2, InboundMessage)
    assert (first.text, second.text, first.contact) == ("two files", "", Contact(ME, "Sheena Nelson"))
    assert second.remotes[0].name == "Rechnung ä.pdf"
    for message, (_, kind, data) in zip((first, second), files, strict=True):
        assert message.remotes[0].sha256 == hashlib.sha256(data).hexdigest()
        assert fetch(message.remotes[0]) == (kind, data)


def test_a_batch_in_one_delivery(
    simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, samples: dict[str, bytes]
) -> None:
    """Several messages in one call all arrive."""
    simulator.inbound(ME, "hi", [("v.ogg", "audio/ogg; codecs=opus", samples["audio/ogg"])], batch=True, voice=True)
    voice, text = webhook.wait(2, InboundMessage)
    assert (voice.remotes[0].sort, text.text) == ("voice", "hi")
    assert len(webhook.requests) == 1


@pytest.mark.parametrize("urls", [True, False])
def test_late_media_is_found_again(simulator: WhatsAppSimulator, webhook: Any, fetch: Any, urls: Any) -> None:
    """A 404 on the webhook's address is healed by the id at once; on a fresh address it asks for another try."""
    simulator.urls = urls
    simulator.inbound(ME, files=[("a.png", "image/png", b"\x89PNG data")])
    remote = webhook.wait(1, InboundMessage)[0].remotes[0]
    simulator.mischief.plan(Act.LATE_MEDIA)
    if not urls:
        with pytest.raises(Retry):
            fetch(remote)
    assert fetch(remote) == ("image/png", b"\x89PNG data")


def test_addresses_run_out_but_ids_last(simulator: WhatsAppSimulator, webhook: Any, fetch: Any) -> None:
    """After five minutes the id brings a fresh address; after seven days the file is gone for good."""
    simulator.inbound(ME, files=[("a.png", "image/png", b"\x89PNG data")])
    remote = webhook.wait(1, InboundMessage)[0].remotes[0]
    simulator.files.life = 0.0
    with pytest.raises(Retry):
        fetch(remote)
    simulator.files.life = 300.0
    assert fetch(remote)[1] == b"\x89PNG data"
    simulator.files.forget(remote.ref)
    with pytest.raises(Permanent) as caught:
        fetch(remote)
    assert caught.value.code == "expired"


def test_wrong_type_is_reported_as_it_came(simulator: WhatsAppSimulator, webhook: Any, fetch: Any) -> None:
    """The Content-Type that came is handed on, for the sniffer to judge."""
    simulator.mischief.plan(Act.WRONG_TYPE)
    simulator.inbound(ME, files=[("a.png", "image/png", b"\x89PNG data")])
    assert fetch(webhook.wait(1, InboundMessage)[0].remotes[0]) == ("text/html", b"\x89PNG data")


@pytest.mark.parametrize(("act", "error"), [(Act.UNAUTHORIZED, AuthNeeded), (Act.ERROR, Retry), (Act.THROTTLE, Retry)])
def test_fetch_faults(
    simulator: WhatsAppSimulator, inbox: Inbox, webhook: Any, fetch: Any, act: Any, error: Any
) -> None:
    """A bad token stops the inbox; overload asks for another try."""
    simulator.urls = False
    simulator.inbound(ME, files=[("a.png", "image/png", b"\x89PNG data")])
    remote = webhook.wait(1, InboundMessage)[0].remotes[0]
    simulator.mischief.plan(act, where="media")
    with pytest.raises(error):
        fetch(remote)
    assert fetch(remote)[1] == b"\x89PNG data"


def test_a_digest_that_never_fits_does_not_lose_the_file(
    simulator: WhatsAppSimulator, inbox: Inbox, fetch: Any
) -> None:
    """Bytes that come the same twice are taken although the declared digest is another."""
    kept = simulator.files.keep(simulator.phone_number_id, "image/png", "a.png", b"\x89PNG data")
    assert fetch(Remote(kept.id, sha256="ab" * 32))[1] == b"\x89PNG data"
    assert fetch(Remote(kept.id, sha256="ab" * 32, extra={"url": simulator.address(kept)}))[1] == b"\x89PNG data"


def test_files_come_from_allowed_hosts_only(
    inbox: Inbox, simulator: WhatsAppSimulator, fetch: Any, mount_inbox: Any, tmp_path: Path
) -> None:
    """A foreign address in a webhook is not called; the id is used in its place."""
    kept = simulator.files.keep(simulator.phone_number_id, "image/png", "a.png", b"\x89PNG data")
    for url in ("https://lookaside.fbsbx.com.evil.example/x", "http://169.254.169.254/", "file:///etc/passwd", "x"):
        assert fetch(Remote(kept.id, extra={"url": url}))[1] == b"\x89PNG data"
    other = simulator.files.keep("999", "image/png", "a.png", b"\x89PNG data")
    with pytest.raises(Permanent) as caught:
        fetch(Remote(other.id))
    assert caught.value.code == "expired"
    strict = mount_inbox(simulator.settings(), media_hosts=["lookaside.fbsbx.com"])
    with pytest.raises(Permanent) as caught:
        strict.fetch(Remote(kept.id), POST, tmp_path / "x")
    assert caught.value.code == "host"


@pytest.mark.parametrize("urls", [True, False])
def test_files_above_the_bound_are_refused(simulator: WhatsAppSimulator, tmp_path: Path, urls: bool) -> None:
    """A file larger than the inbound limit is given up while it streams, whichever address served it."""
    kept = simulator.files.keep(simulator.phone_number_id, "image/png", "a.png", b"x" * 1001)
    with httpx.Client() as client:
        settings = simulator.settings()
        graph = Graph(client, settings["api_url"], simulator.phone_number_id, simulator.token, (simulator.url,), 1000)
        with pytest.raises(Permanent) as caught:
            graph.fetch(Remote(kept.id, extra={"url": simulator.address(kept)} if urls else {}), tmp_path / "x")
    assert caught.value.code == "too-large"


def test_changes_of_mind(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox) -> None:
    """Reactions, edits, revocations, unsupported kinds and too large files all arrive as what they are."""
    first = simulator.inbound(ME, "hello")
    simulator.react(ME, first, "😮")
    simulator.react(ME, first, None)
    simulator.edit(ME, first, "hello!")
    simulator.revoke(ME, first)
    simulator.unsupported(ME)
    simulator.unsupported(ME, "", TOO_LARGE)
    simulator.unsupported(ME, "", UNAVAILABLE)
    simulator.say(ME, "location", {"latitude": 1.5, "longitude": 2.5})
    events = webhook.wait(9)
    assert [type(e) for e in events[1:5]] == [Reaction, Reaction, Edit, Deletion]
    assert {e.target for e in events[1:5]} == {first}
    assert [e.kind for e in events if isinstance(e, Unsupported)] == ["poll_creation", *["unsupported"] * 2]
    assert "phone app" in events[7].reason
    assert events[8].text == "Location:\n1.5, 2.5\nhttps://maps.google.com/?q=1.5,2.5"


def test_other_shapes_of_delivery(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, outgoing: Any) -> None:
    """Echoes, hidden numbers, answers, advertisements and other numbers of the app."""
    simulator.inbound(ME, "typed in the app", echo=True)
    simulator.inbound(ME, "hidden", user_id="US.1349", hidden=True)
    simulator.inbound(ME, "answer", reply_to="wamid.Q")
    simulator.inbound(ME, "ad", referral={"headline": "Sale"})
    simulator.inbound(ME, "not for us", number="999")
    simulator.raw({"object": "whatsapp_business_account", "entry": []})
    echo, hidden, answer, advert, other, empty = webhook.wait(6)
    assert (echo.echo, echo.contact.address) == (True, ME)
    assert (hidden.contact.address, answer.reply_to) == ("US.1349", "wamid.Q")
    assert advert.text == "ad\n(came through an advertisement: Sale)"
    assert (other.kind, empty.kind) == ("other-number", "delivery")
    inbox.send(outgoing("to a username", to="US.1349"))
    assert simulator.devices.wait(1)[0].to == "US.1349"


def test_handshake_over_http(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox) -> None:
    """The verification call gets its challenge back, and a wrong token a 403."""
    assert simulator.handshake("42") == (200, "42")
    simulator.verify_token = "another"
    assert simulator.handshake()[0] == 403


def test_forged_and_broken_deliveries_over_http(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox) -> None:
    """A wrong secret is answered with 403, broken JSON with 400, and neither leaves an event."""
    simulator.raw(b"{")
    simulator.app_secret = "another"
    simulator.inbound(ME, "forged")
    end = time.monotonic() + 5
    while not simulator.answers and time.monotonic() < end:
        time.sleep(0.01)
    assert simulator.answers[0] == 400
    assert webhook.events == []


def test_check_names_what_is_wrong(simulator: WhatsAppSimulator, inbox: Inbox, mount_inbox: Any) -> None:
    """A working account has no findings; a wrong token and a wrong number have one with a remedy."""
    assert inbox.check() == []
    for change in ({"token": "wrong"}, {"phone_number_id": "1"}, {"api_url": "http://127.0.0.1:9"}):
        (finding,) = mount_inbox(simulator.settings(), **change).check()
        assert finding.remedy


def test_deleting_an_upload(simulator: WhatsAppSimulator) -> None:
    """An upload can be deleted once, and its id is gone then."""
    kept = simulator.files.keep(simulator.phone_number_id, "image/png", "a.png", b"x")
    headers = {"Authorization": f"Bearer {simulator.token}"}
    url = f"{simulator.url}/v25.0/{kept.id}"
    assert httpx.delete(url, headers=headers).json() == {"success": True}
    assert httpx.delete(url, headers=headers).json()["error"]["error_subcode"] == 33
    assert httpx.get(url).status_code == 401


@pytest.mark.parametrize(
    ("sample", "trouble"),
    [("video/mp4", ""), ("silent", ""), ("b-frames", "does not play on Android")],
)
def test_what_meta_takes_and_phones_cannot_play(
    simulator: WhatsAppSimulator, inbox: Inbox, attach: Any, outgoing: Any, sample: str, trouble: str
) -> None:
    """B-frames are no media error at Meta; the customer's phone has the trouble, and the simulator says so."""
    inbox.send(outgoing("", attach("video/mp4", sample=sample)))
    told = dict(simulator.devices.wait(1)[0].extra).get("trouble", "")
    assert (trouble in told) if trouble else not told


def test_voice_notes_and_stickers(
    simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, attach: Any, outgoing: Any, samples: dict[str, bytes]
) -> None:
    """A voice note is shown as one and can be played; above 512 KB it loses its play button."""
    note = evolve(attach("audio/ogg"), sort="voice")
    receipt = inbox.send(outgoing("", note))
    assert dict(simulator.devices.wait(1)[0].extra) == {"type": "audio", "voice": "true"}
    simulator.play(receipt.source_id)
    assert webhook.wait(3, StatusUpdate)[2].status == Status.READ
    large = evolve(attach("audio/ogg", data=samples["audio/ogg"].ljust(512_001, b"\0")), sort="voice")
    inbox.send(outgoing("", large))
    assert "play button" in dict(simulator.devices.wait(2)[1].extra)["trouble"]
    receipt = inbox.send(outgoing("", evolve(attach("image/webp"), sort="sticker")))
    assert dict(simulator.devices.wait(3)[2].extra) == {"type": "sticker"}
    with pytest.raises(ValueError, match="no voice note"):
        simulator.play(receipt.source_id)


def test_read_at_once_skips_delivered(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, outgoing: Any) -> None:
    """A customer with the chat open reads at once, and no status says delivered."""
    simulator.watching = True
    inbox.send(outgoing("x"))
    assert [s.status for s in webhook.wait(2, StatusUpdate)] == [Status.SENT, Status.READ]


def test_time_passes(
    simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, attach: Any, outgoing: Any, fetch: Any
) -> None:
    """After five minutes an address is gone, after 24 hours the window, after 7 and 30 days the ids."""
    simulator.inbound(ME, files=[("a.png", "image/png", b"\x89PNG data")])
    remote = webhook.wait(1, InboundMessage)[0].remotes[0]
    uploaded = inbox.upload(attach("image/png"))
    simulator.clock.forward(301)
    assert httpx.get(remote.extra["url"], headers={"Authorization": f"Bearer {simulator.token}"}).status_code == 404
    assert fetch(remote)[1] == b"\x89PNG data"
    simulator.clock.forward(86_400)
    inbox.send(outgoing("late"))
    assert webhook.wait(1, StatusUpdate)[0].code == "131047"
    simulator.clock.forward(6 * 86_400)
    with pytest.raises(Permanent) as caught:
        fetch(remote)
    assert caught.value.code == "expired"
    simulator.clock.forward(uploaded.seconds - 7 * 86_400 - 400)
    assert simulator.files.find(uploaded.id)
    simulator.clock.forward(86_500)
    assert simulator.files.find(uploaded.id) is None


def test_the_numbers_throughput(mount_inbox: Any, outgoing: Any) -> None:
    """Above the number's messages a second all customers wait."""

    class Stopped(Clock):
        def now(self) -> float:
            return 0.0

    with WhatsAppSimulator(pacing=Pacing(second=2, clock=Stopped())) as simulator:
        inbox = mount_inbox(simulator.settings())
        inbox.send(outgoing("1"))
        inbox.send(outgoing("2", to="+16505550000"))
        with pytest.raises(Retry) as caught:
            inbox.send(outgoing("3", to="+16505550001"))
        assert caught.value.code == "130429"


def test_any_later_failure_can_be_had(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, outgoing: Any) -> None:
    """For QA: the next message is accepted and fails a moment later, with any code."""
    simulator.doom(Fault(131026, "Message undeliverable"))
    inbox.send(outgoing("x"))
    inbox.send(outgoing("y"))
    assert webhook.wait(1, StatusUpdate)[0].message.endswith("use another channel")
    assert [d.text for d in simulator.devices.wait(1)] == ["y"]


def test_strangers_get_a_page(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, fetch: Any) -> None:
    """Whoever names no program gets a page; a page in place of the file is never taken for the file."""
    simulator.inbound(ME, files=[("a.png", "image/png", b"\x89PNG data")])
    remote = webhook.wait(1, InboundMessage)[0].remotes[0]
    headers = {"Authorization": f"Bearer {simulator.token}", "User-Agent": ""}
    assert b"<html>" in httpx.get(remote.extra["url"], headers=headers).content
    for unsure in (remote, evolve(remote, sha256="")):
        simulator.mischief.plan(Act.WRONG_TYPE, where="page")
        assert fetch(unsure)[1] == b"\x89PNG data"
    simulator.mischief.plan(Act.WRONG_TYPE, times=3, where="page")
    with pytest.raises(Retry) as caught:
        fetch(evolve(remote, sha256=""))
    assert caught.value.code == "page"


def test_links_are_cached_by_their_text(simulator: WhatsAppSimulator, samples: dict[str, bytes]) -> None:
    """What lay behind a link is kept for ten minutes, whatever lies there by then; another query is another link."""
    served = [samples["image/jpeg"]]

    async def picture(request: Any) -> Any:
        return StarletteResponse(served[0], media_type="image/jpeg")

    with Server(Starlette(routes=[Route("/a.jpg", picture)])) as server:

        def get(query: str = "") -> bytes:
            httpx.post(
                f"{simulator.url}/v25.0/{simulator.phone_number_id}/messages",
                headers={"Authorization": f"Bearer {simulator.token}"},
                json={
                    "messaging_product": "whatsapp",
                    "to": ME,
                    "type": "image",
                    "image": {"link": f"{server.url}/a.jpg{query}"},
                },
            )
            return simulator.devices.all()[-1].files[0].data

        assert get() == samples["image/jpeg"]
        served[0] = changed = samples["image/jpeg"] + b"later"
        assert get() == samples["image/jpeg"]
        assert get("?v=2") == changed
        simulator.clock.forward(601)
        assert get() == changed


def test_contacts_are_shared(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, tmp_path: Path) -> None:
    """A shared contact can be fetched from the delivery that brought it."""
    simulator.share(ME, {"name": {"formatted_name": "Ada"}, "phones": [{"phone": "+1 555"}]})
    remote = webhook.wait(1, InboundMessage)[0].remotes[0]
    into = tmp_path / "card"
    into.touch()
    assert inbox.fetch(remote, webhook.requests[0], into).type == "text/vcard"
    assert b"FN:Ada\r\nTEL:+1 555\r\n" in into.read_bytes()


def test_customers_files_above_a_hundred_megabytes(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox) -> None:
    """What WhatsApp does not forward comes as a notice that says so."""
    simulator.inbound(ME, "look", [("film.mp4", "video/mp4", bytes(104_857_601))])
    (notice,) = webhook.wait(1, Unsupported)
    assert "smaller file" in notice.reason
    assert webhook.wait(1, InboundMessage)[0].text == "look"


def test_marks_reach_the_customer(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox) -> None:
    """A customer's message is marked as read, and as being answered; one that is none is refused in words."""
    id_ = simulator.inbound(ME, "hello")
    (came,) = webhook.wait(1, InboundMessage)
    assert inbox.mark(Mark(came.contact, came.source_id))
    assert inbox.mark(Mark(came.contact, came.source_id, typing=True))
    assert simulator.marks == [(id_, False), (id_, True)]
    with pytest.raises(Permanent, match="faulty"):
        inbox.mark(Mark(came.contact, "wamid.nobody"))


def test_a_lost_mark_may_be_asked_for_again(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox) -> None:
    """Nothing about a mark is in doubt, since it may happen twice."""
    mark = Mark(Contact(ME), simulator.inbound(ME, "hello"))
    simulator.mischief.plan(Act.DROP_AFTER, 1, "send")
    with pytest.raises(Retry):
        inbox.mark(mark)
    assert inbox.mark(mark)
