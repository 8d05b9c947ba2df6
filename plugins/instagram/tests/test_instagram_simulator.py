"""The plugin and the simulated Instagram, end to end over real HTTP."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mediacore_instagram import simulator_rules as rules
from mediacore_instagram.simulator import InstagramSimulator

from mediacore import (
    Attachment,
    AuthNeeded,
    Contact,
    Deletion,
    InboundMessage,
    Inbox,
    InDoubt,
    Mark,
    MediacoreError,
    Outgoing,
    Permanent,
    Reaction,
    Remote,
    Request,
    Retry,
    Status,
    StatusUpdate,
    plan,
)
from mediacore.testkit import Act

Attach = Callable[..., Attachment]
Out = Callable[..., Outgoing]
HOOK = Request("POST", "https://desk.example/hook")


def message(event: object) -> InboundMessage:
    assert isinstance(event, InboundMessage), event
    return event


def answer_of(simulator: InstagramSimulator) -> int:
    """What our webhook answered to the first call."""
    deadline = time.monotonic() + 10
    while not simulator.answers and time.monotonic() < deadline:
        time.sleep(0.01)
    return simulator.answers[0]


def test_a_text_reaches_the_customer_and_comes_back_as_an_echo(
    simulator: InstagramSimulator, live: Inbox, hook: Any, outgoing: Out
) -> None:
    """The receipt's id is the one on the device and in the echo, which is marked as one."""
    receipt = live.send(outgoing("hällo \U0001f600 a/b <c> 50% @d", reply_to="m0"))
    assert receipt.status is Status.SENT
    (got,) = simulator.devices.wait(1, "42")
    assert (got.source_id, got.text) == (receipt.source_id, "hällo \U0001f600 a/b <c> 50% @d")
    assert dict(got.extra) == {"reply_to": "m0"}
    echo = message(hook.next())
    assert (echo.echo, echo.source_id, echo.text) == (True, receipt.source_id, got.text)
    assert echo.contact.address == "42"


@pytest.mark.parametrize(
    "mime",
    [
        *("image/png", "image/jpeg", "application/pdf", "audio/mp4", "audio/x-m4a", "audio/aac", "audio/wav"),
        *("video/mp4", "video/quicktime", "video/webm", "video/ogg", "video/x-msvideo"),
    ],
)
def test_every_sort_of_file_is_taken(
    simulator: InstagramSimulator,
    mounting: Callable[[dict[str, Any]], Inbox],
    outgoing: Out,
    attach: Attach,
    samples: dict[str, bytes],
    mime: str,
) -> None:
    """What the limits take as it is arrives on the device byte for byte."""
    live = mounting(simulator.settings())
    file = attach(samples[mime], mime, "datei.bin")
    assert [step.action for step in plan([file], "", live.limits).steps] == ["as is"]
    live.send(outgoing("", file))
    (got,) = simulator.devices.wait(1)
    assert [f.data for f in got.files] == [samples[mime]]
    assert got.text == ""


def test_ten_images_travel_together(simulator: InstagramSimulator, live: Inbox, outgoing: Out, attach: Attach) -> None:
    """One message holds ten pictures, in order; the eleventh is refused by the provider."""
    files = [attach(b"\xff\xd8\xff" + bytes([n]), "image/jpeg") for n in range(11)]
    live.send(outgoing("", *files[:10]))
    (got,) = simulator.devices.wait(1)
    assert [f.data[-1] for f in got.files] == list(range(10))
    with pytest.raises(Permanent, match="100-2534015"):
        live.send(outgoing("", *files))


@pytest.mark.parametrize("kind", ["image", "audio", "video", "file"])
def test_sizes_are_enforced_to_the_byte(
    simulator: InstagramSimulator, live: Inbox, outgoing: Out, attach: Attach, samples: dict[str, bytes], kind: str
) -> None:
    """The largest file passes plan and provider; one byte more is refused by both."""
    mime = {"image": "image/png", "audio": "audio/wav", "video": "video/mp4", "file": "application/pdf"}[kind]
    bound = 8_000_000 if kind == "image" else 25_000_000
    data = samples[mime].ljust(bound, b"\0")
    live.send(outgoing("", attach(data, mime)))
    simulator.devices.wait(1)
    large = attach(data + b"\0", mime)
    assert plan([large], "", live.limits).steps[0].action != "as is"
    with pytest.raises(Permanent, match="100-2018109"):
        live.send(outgoing("", large))


@pytest.mark.parametrize(
    ("mime", "kind", "served"),
    [
        ("image/gif", "image/gif", ""),
        ("image/webp", "image/webp", ""),
        ("image/png", "image/png", "text/html"),
        ("image/png", "image/jpeg", "image/jpeg"),
        ("application/pdf", "image/png", "image/png"),
        ("audio/mpeg", "audio/mpeg", ""),
        ("audio/ogg", "audio/ogg", ""),
        ("text/plain", "application/pdf", "application/pdf"),
    ],
)
def test_wrong_types_are_refused(
    live: Inbox, outgoing: Out, attach: Attach, samples: dict[str, bytes], mime: str, kind: str, served: str
) -> None:
    """What Instagram does not take, or what is not what its Content-Type says, gets Meta's own code."""
    with pytest.raises(Permanent, match="100-2018047"):
        live.send(outgoing("", attach(samples[mime], kind, served=served)))


def test_a_file_that_cannot_be_fetched_is_tried_again(
    simulator: InstagramSimulator, live: Inbox, outgoing: Out, attach: Attach, samples: dict[str, bytes], shop: Any
) -> None:
    """A missing file, a redirect and a dead server are 100-2018008; nothing reaches the customer."""
    file = attach(samples["image/png"], "image/png")
    shop.redirect = "/1/elsewhere"
    with pytest.raises(Retry, match="100-2018008"):
        live.send(outgoing("", file))
    shop.redirect = ""
    shop.files.clear()
    with pytest.raises(Retry, match="100-2018008"):
        live.send(outgoing("", file))
    for url in ("http://127.0.0.1:9/x", "http://desk.example/x", "https://", "nonsense", "ftp://127.0.0.1/x"):
        with pytest.raises(Retry, match="100-2018008"):
            live.send(outgoing("", Attachment(file.media, "x", url=url)))
    assert simulator.devices.all() == []


def test_the_window_closes_after_a_day(simulator: InstagramSimulator, live: Inbox, outgoing: Out) -> None:
    """After 24 hours an answer is refused, in words that say why."""
    simulator.wrote("42", timedelta(hours=23, minutes=59))
    live.send(outgoing("in time"))
    simulator.wrote("42", timedelta(hours=24, minutes=1))
    with pytest.raises(Permanent, match="24 hours") as caught:
        live.send(outgoing("late"))
    assert caught.value.code == "10-2534022"


def test_a_persons_answer_may_take_a_week(
    simulator: InstagramSimulator, mounting: Callable[[dict[str, Any]], Inbox], outgoing: Out
) -> None:
    """With the tag configured it is used only once the window is closed, and not after seven days."""
    live = mounting(simulator.settings() | {"human_agent": True})
    live.send(outgoing("in time"))
    simulator.wrote("42", timedelta(days=6))
    live.send(outgoing("late"))
    first, second = simulator.devices.wait(2)
    assert (first.extra, second.extra) == ((), (("tag", "HUMAN_AGENT"),))
    simulator.wrote("42", timedelta(days=8))
    with pytest.raises(Permanent, match="10-2534022"):
        live.send(outgoing("too late"))
    simulator.graph.human_agent = False
    simulator.wrote("42", timedelta(days=2))
    with pytest.raises(Permanent, match="10-2534022"):
        live.send(outgoing("not approved"))


def test_a_machine_never_uses_the_tag(
    simulator: InstagramSimulator, mounting: Callable[[dict[str, Any]], Inbox], outgoing: Out
) -> None:
    """What a machine wrote is refused after 24 hours, although people may answer for a week."""
    live = mounting(simulator.settings() | {"human_agent": True})
    simulator.wrote("42", timedelta(days=2))
    with pytest.raises(Permanent, match="10-2534022"):
        live.send(outgoing("by a machine", automatic=True))
    assert simulator.devices.all() == []


def test_nobody_of_that_id(simulator: InstagramSimulator, live: Inbox, outgoing: Out) -> None:
    """A person who does not exist gets nothing."""
    simulator.graph.strangers.add("42")
    with pytest.raises(Permanent, match="100-2534014"):
        live.send(outgoing("x"))


@pytest.mark.parametrize(
    ("act", "kind", "code"),
    [(Act.ERROR, Retry, "2"), (Act.THROTTLE, Retry, "613"), (Act.UNAUTHORIZED, AuthNeeded, "190")],
)
def test_mischief_before_the_message_is_taken(
    simulator: InstagramSimulator, live: Inbox, outgoing: Out, act: Act, kind: type[MediacoreError], code: str
) -> None:
    """Nothing was taken, the error says what to do, and the next try works."""
    simulator.mischief.plan(act, where="send")
    with pytest.raises(kind) as caught:
        live.send(outgoing("x"))
    assert caught.value.code == code
    assert simulator.devices.all() == []
    live.send(outgoing("x"))
    assert len(simulator.devices.all()) == 1


def test_a_dropped_answer_is_in_doubt(simulator: InstagramSimulator, live: Inbox, hook: Any, outgoing: Out) -> None:
    """The message was taken and its answer lost: it is not sent again, and the echo tells its id."""
    simulator.mischief.plan(Act.DROP_AFTER)
    with pytest.raises(InDoubt):
        live.send(outgoing("once"))
    (got,) = simulator.devices.wait(1)
    assert message(hook.next()).source_id == got.source_id


def test_a_hanging_answer_is_in_doubt(simulator: InstagramSimulator, live: Inbox, hook: Any, outgoing: Out) -> None:
    """The same when no answer comes within the time."""
    plugin: Any = live._plugin
    plugin._client.timeout = 0.5
    simulator.mischief.plan(Act.HANG_AFTER)
    started = time.monotonic()
    with pytest.raises(InDoubt):
        live.send(outgoing("once"))
    assert time.monotonic() - started < 5
    assert len(simulator.devices.wait(1)) == 1
    assert message(hook.next()).text == "once"


def test_an_echo_may_overtake_the_answer(simulator: InstagramSimulator, live: Inbox, hook: Any, outgoing: Out) -> None:
    """The worst order of the two can be had, and both still name the same message."""
    simulator.graph.echo_first = True
    receipt = live.send(outgoing("x"))
    assert message(hook.next()).source_id == receipt.source_id


def test_an_unreachable_provider_took_nothing(
    mounting: Callable[[dict[str, Any]], Inbox], settings: dict[str, Any], outgoing: Out
) -> None:
    """A refused connection is safe to retry."""
    with pytest.raises(Retry):
        mounting(settings | {"api_url": "http://127.0.0.1:9"}).send(outgoing("x"))


def test_any_error_can_be_simulated(simulator: InstagramSimulator, live: Inbox, outgoing: Out) -> None:
    """``refuse`` answers with any code of Meta's table."""
    simulator.refuse(1, 1357046, status=500)
    with pytest.raises(InDoubt, match="1-1357046"):
        live.send(outgoing("x"))


def test_a_slow_file_is_given_up(
    outgoing: Out, attach: Attach, samples: dict[str, bytes], shop: Any, mounting: Callable[[dict[str, Any]], Inbox]
) -> None:
    """A video that does not come within Meta's patience is 100-2018294."""
    with InstagramSimulator(patience=0.0001) as simulator, pytest.raises(Retry, match="100-2018294"):
        mounting(simulator.settings()).send(outgoing("", attach(samples["video/mp4"], "video/mp4")))


@pytest.fixture(scope="module")
def idle() -> Iterator[InstagramSimulator]:
    """A simulator that is only asked what it refuses."""
    with InstagramSimulator() as simulator:
        yield simulator


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"recipient":{"id":"42"},"message":{}}',
        b'{"recipient":{"id":""},"message":{"text":"x"}}',
        b'{"recipient":{"id":"42"},"message":{"text":""}}',
        b'{"recipient":{"id":"42"},"message":{"text":"x","attachment":{"type":"image","payload":{"url":"u"}}}}',
        b'{"recipient":{"id":"42"},"message":{"attachment":{"type":"sticker","payload":{"url":"u"}}}}',
        b'{"recipient":{"id":"42"},"message":{"attachments":[]}}',
        b'{"recipient":{"id":"42"},"message":{"attachments":[{"type":"file","payload":{"url":"u"}}]}}',
        b'{"recipient":{"id":"42"},"message":{"text":"x"},"tag":"HUMAN_AGENT"}',
        b'{"recipient":{"id":"42"},"message":{"text":"%s"}}' % ("ä" * 501).encode(),
    ],
)
def test_the_simulator_refuses_wrong_bodies(idle: InstagramSimulator, body: bytes) -> None:
    """Wrong forms get Meta's code in the Graph API's error form."""
    headers = {"Authorization": f"Bearer {idle.graph.token}"}
    answer = httpx2.post(f"{idle.url}/v25.0/me/messages", content=body, headers=headers, trust_env=False)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["error_subcode"], error["type"]) == (100, 2534015, "OAuthException")
    assert error["fbtrace_id"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic IGtoken"}])
def test_the_simulator_checks_the_token(idle: InstagramSimulator, headers: dict[str, str]) -> None:
    """Without the right bearer token nothing is looked at."""
    answer = httpx2.post(f"{idle.url}/v25.0/me/messages", content=b"", headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)


def test_check_tells_whether_the_account_works(simulator: InstagramSimulator, live: Inbox) -> None:
    """A good account has no finding; a missing subscription and a dead token each have one, with a remedy."""
    assert live.check() == []
    simulator.graph.subscribed = False
    assert [f.code for f in live.check()] == ["not-subscribed"]
    simulator.mischief.plan(Act.UNAUTHORIZED, where="check")
    (finding,) = live.check()
    assert (finding.code, bool(finding.remedy)) == ("account", True)


def test_the_handshake(simulator: InstagramSimulator, hook: Any) -> None:
    """The webhook answers Meta's challenge, and nobody else's."""
    assert simulator.handshake()
    simulator.verify_token = "another"
    assert not simulator.handshake()


@pytest.mark.parametrize("octet", [False, True])
def test_a_customers_files_arrive(
    simulator: InstagramSimulator, live: Inbox, hook: Any, samples: dict[str, bytes], tmp_path: Path, octet: bool
) -> None:
    """Text, picture and PDF come in one message, and their bytes without any token."""
    files = [("a.png", "image/png", samples["image/png"]), ("b.pdf", "application/pdf", samples["application/pdf"])]
    mid = simulator.inbound("42", "my papers ä/\U0001f600", files, octet=octet)
    event = message(hook.next())
    assert (event.source_id, event.contact.address, event.text) == (mid, "42", "my papers ä/\U0001f600")
    assert [r.extra["kind"] for r in event.remotes] == ["image", "file"]
    for remote, (_, mime, data) in zip(event.remotes, files, strict=True):
        into = tmp_path / "file"
        assert live.fetch(remote, HOOK, into).type == ("application/octet-stream" if octet else mime)
        assert into.read_bytes() == data


def test_late_and_mistyped_media(
    simulator: InstagramSimulator, live: Inbox, hook: Any, samples: dict[str, bytes], tmp_path: Path
) -> None:
    """A file that is not there yet is tried again, so is a failing host; a wrong Content-Type costs nothing."""
    simulator.mischief.plan(Act.LATE_MEDIA)
    simulator.mischief.plan(Act.ERROR, where="media")
    simulator.mischief.plan(Act.WRONG_TYPE)
    simulator.inbound("42", files=[("a.png", "image/png", samples["image/png"])])
    (remote,) = message(hook.next()).remotes
    for _ in range(2):
        with pytest.raises(Retry):
            live.fetch(remote, HOOK, tmp_path / "x")
    assert live.fetch(remote, HOOK, tmp_path / "x").type.startswith("text/html")
    assert (tmp_path / "x").read_bytes() == samples["image/png"]


def test_expired_and_foreign_media(
    simulator: InstagramSimulator, live: Inbox, hook: Any, samples: dict[str, bytes], tmp_path: Path
) -> None:
    """A dead address is expired for good; an address elsewhere is never called."""
    files = [("a.png", "image/png", samples["image/png"])]
    simulator.inbound("42", files=files, kinds=["story_mention"], lives=timedelta())
    (remote,) = message(hook.next()).remotes
    assert remote.expires is not None
    with pytest.raises(Permanent) as caught:
        live.fetch(remote, HOOK, tmp_path / "x")
    assert caught.value.code == "expired"
    for url in (
        "https://fbcdn.net.evil.example/x",
        "http://lookaside.fbsbx.com/x",
        "http://127.0.0.1:9/x",
        "file:///x",
    ):
        with pytest.raises(Permanent) as caught:
            live.fetch(Remote(url), HOOK, tmp_path / "x")
        assert caught.value.code == "host"


def test_a_file_beyond_the_inbound_bound_is_given_up(
    simulator: InstagramSimulator,
    mounting: Callable[[dict[str, Any]], Inbox],
    live: Inbox,
    hook: Any,
    tmp_path: Path,
) -> None:
    """The download stops at the limit."""
    simulator.inbound("42", files=[("a.png", "image/png", bytes(104_857_601))])
    (remote,) = message(hook.next()).remotes
    with pytest.raises(Permanent) as caught:
        live.fetch(remote, HOOK, tmp_path / "x")
    assert caught.value.code == "too-large"


def test_the_options_of_a_customers_message(
    simulator: InstagramSimulator, hook: Any, samples: dict[str, bytes]
) -> None:
    """Each shape of the webhook page can be made and is understood."""
    post = [("p.jpg", "image/jpeg", samples["image/jpeg"])]
    simulator.inbound("42", files=post, kinds=["share"], also="ig_post")
    assert len(message(hook.next()).remotes) == 1
    simulator.inbound("42", "nice", story=f"{simulator.url}/story")
    assert "reply to your story" in message(hook.next()).text
    simulator.inbound("42", "yes", reply_to="m0")
    assert message(hook.next()).reply_to == "m0"
    simulator.inbound("42", link="https://www.instagram.com/p/1/")
    assert message(hook.next()).text == "[share: https://www.instagram.com/p/1/]"
    simulator.inbound("42", ephemeral=True)
    assert message(hook.next()).unsupported == "ephemeral"
    simulator.inbound("42", unsupported=True)
    assert message(hook.next()).unsupported == "unsupported"
    simulator.inbound("42", files=post, kinds=["sticker"])
    assert message(hook.next()).remotes[0].sort == "sticker"
    simulator.inbound("42", "waiting", standby=True)
    assert message(hook.next()).text == "waiting"
    mid = simulator.inbound("42", "twice", twice=True)
    assert [message(hook.next()).source_id for _ in range(2)] == [mid, mid]
    mid = simulator.typed("42", "from the app")
    assert message(hook.next()).echo


def test_reactions_reads_and_deletions_arrive(simulator: InstagramSimulator, hook: Any) -> None:
    """The smaller events, as Meta sends them."""
    simulator.react("42", "m1")
    simulator.react("42", "m1", "")
    simulator.read("42", "m1")
    simulator.delete("42", "m2")
    first, second, third, fourth = (hook.next() for _ in range(4))
    assert isinstance(first, Reaction)
    assert isinstance(second, Reaction)
    assert isinstance(third, StatusUpdate)
    assert (first.emoji, second.emoji) == ("\u2764\ufe0f", "")
    assert (third.source_id, third.status) == ("m1", Status.READ)
    assert fourth == Deletion("m2", "m2")


def test_a_batch_arrives_whole(simulator: InstagramSimulator, hook: Any) -> None:
    """Several messages in one call, an unknown event among them, are several events."""
    odd = {"sender": {"id": "42"}, "recipient": {"id": simulator.account}, "timestamp": 1, "novelty": {}}
    simulator.post([simulator.message("42", "one"), odd, simulator.message("43", "two")])
    assert [type(hook.next()).__name__ for _ in range(3)] == ["InboundMessage", "Unsupported", "InboundMessage"]
    assert answer_of(simulator) == 200


def test_callbacks_are_repeated_doubled_and_reordered(simulator: InstagramSimulator, hook: Any) -> None:
    """A webhook that fails is called again; mischief doubles one callback and swaps two."""
    hook.failures = 2
    simulator.inbound("42", "a")
    assert message(hook.next()).text == "a"
    assert simulator.answers[:2] == [503, 503]
    simulator.mischief.plan(Act.DUPLICATE)
    simulator.inbound("42", "b")
    assert [message(hook.next()).text for _ in range(2)] == ["b", "b"]
    simulator.mischief.plan(Act.REORDER)
    simulator.inbound("42", "c")
    simulator.inbound("42", "d")
    assert [message(hook.next()).text for _ in range(2)] == ["d", "c"]


@pytest.mark.parametrize(("secret", "status"), [("app-secret", 400), ("another", 403)])
def test_malformed_and_forged_bodies_are_answered_so(
    simulator: InstagramSimulator, hook: Any, secret: str, status: int
) -> None:
    """A signed body that is no JSON gets 400; one signed with another secret 403."""
    simulator.app_secret = secret
    simulator.raw(b"no json")
    assert answer_of(simulator) == status


def test_a_webhook_must_be_set(simulator: InstagramSimulator) -> None:
    """The simulator says what is missing instead of losing a message."""
    with pytest.raises(ValueError, match="webhook"):
        simulator.inbound("42", "x")


def test_a_dropped_channel_closes_its_connections(
    simulator: InstagramSimulator, mounting: Callable[[dict[str, Any]], Inbox]
) -> None:
    """When nobody holds the inbox any more, its connections are closed and nothing warns."""
    inbox = mounting(simulator.settings())
    plugin: Any = inbox._plugin
    client = plugin._client
    inbox.check()
    del inbox, plugin
    gc.collect()
    assert client.is_closed


def test_sniffing_tells_the_samples_apart(samples: dict[str, bytes]) -> None:
    """The simulator's magic bytes know every type that it takes, and a few that it does not."""
    same = {"audio/x-m4a": "audio/mp4", "audio/ogg": "video/ogg"}
    unknown = {"application/zip", "text/plain"}
    for mime, data in samples.items():
        assert rules.sniff(data) == ("application/octet-stream" if mime in unknown else same.get(mime, mime))
    assert rules.sniff(b"\0\0\0\x18ftypheic") == "image/heic"


def test_pain_11_a_site_may_take_less(
    simulator: InstagramSimulator,
    mounting: Callable[[dict[str, Any]], Inbox],
    hook: Any,
    samples: dict[str, bytes],
    tmp_path: Path,
) -> None:
    """The site's own bound on what customers send holds, and the refusal says how much it is."""
    narrow = mounting(simulator.settings() | {"limits": {"inbound": {"max_bytes": 50}}})
    simulator.inbound("42", files=[("a.png", "image/png", samples["image/png"])])
    (remote,) = message(hook.next()).remotes
    with pytest.raises(Permanent, match="larger than 50 bytes") as caught:
        narrow.fetch(remote, HOOK, tmp_path / "x")
    assert caught.value.code == "too-large"


def test_marks_reach_the_customer(simulator: InstagramSimulator, live: Inbox) -> None:
    """The customer sees that they were read, and that an answer is being written; nobody of that id sees nothing."""
    assert live.mark(Mark(Contact("42"), "m1"))
    assert live.mark(Mark(Contact("42"), "m1", typing=True))
    assert simulator.graph.marks == [("42", "mark_seen"), ("42", "typing_on")]
    simulator.graph.strangers.add("43")
    with pytest.raises(Permanent):
        live.mark(Mark(Contact("43"), "m1"))
    simulator.refuse(1, 1357046)  # in doubt for a message; a mark may happen twice
    with pytest.raises(Retry):
        live.mark(Mark(Contact("42"), "m1"))


@pytest.mark.parametrize("more", [{"message": {"text": "x"}}, {"recipient": {"id": ""}}, {"sender_action": "dance"}])
def test_a_mark_stands_alone(more: dict[str, Any]) -> None:
    """Meta takes a sender action beside nothing but its recipient."""
    with pytest.raises(rules.GraphError, match="sender_action"):
        rules.read_mark(json.dumps({"recipient": {"id": "42"}, "sender_action": "mark_seen", **more}).encode())
