"""What goes wrong elsewhere with SMS, MMS and Instagram, from the provider to the desk and back."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import httpx2 as httpx
import pytest

from mediacore.plan import Action
from mediacore.runner.site import FileToSend
from mediacore.testkit import Act, builders
from tests.promise_stage import Town

ANN = "+14155550100"
INBOXES = ("sms", "instagram", "instagram-page")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town"), INBOXES) as town:
        yield town


@pytest.fixture
def photo() -> bytes:
    return builders.photo(320, 240)


def settled(town: Town, inbox: str, contact: str, done: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """A customer's messages, once they are as wanted; jobs are done meanwhile."""
    end = time.monotonic() + 20
    while True:
        town.work()
        found = town.site.messages(inbox=inbox, conversation=contact)
        if done(found):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.02)


def ready(messages: list[dict[str, Any]]) -> bool:
    """Whether something came, and each of its files is settled."""
    return bool(messages) and all(f["state"] != "pending" for m in messages for f in m["files"])


def came(town: Town, inbox: str, contact: str) -> dict[str, Any]:
    """The one message of a customer."""
    (message,) = settled(town, inbox, contact, ready)
    return message


def blobs(town: Town) -> set[Path]:
    """Every stored file; what is being written lies elsewhere."""
    root = town.site.config.data / "blobs"
    return {p for p in root.rglob("*") if p.is_file() and "tmp" not in p.relative_to(root).parts}


def film() -> bytes:
    """A short MP4."""
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=5)
        stream.width, stream.height = 64, 48
        for _ in range(5):
            out.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(stream.encode())
    return sink.getvalue()


def sent(shelf: Path, data: bytes, name: str) -> FileToSend:
    """A file on the agent's disk."""
    path = shelf / name
    path.write_bytes(data)
    return FileToSend(path, name=name)


# Instagram


def test_pain_3_a_file_that_is_gone_costs_neither_the_message_nor_its_neighbour(town: Town, photo: bytes) -> None:
    """When Meta no longer serves one file, words, customer and the other file are there, and the file says why."""
    simulator, who = town.simulators["instagram"], town.customer("instagram")
    lost = simulator.message(who, "", [("a.jpg", "image/jpeg", b"\xff\xd8\xff gone")], lives=timedelta())
    kept = simulator.message(who, "my papers", [("b.jpg", "image/jpeg", photo)])
    kept["message"]["attachments"] = lost["message"]["attachments"] + kept["message"]["attachments"]
    simulator.post([kept])
    message = came(town, "instagram", who)
    assert (message["text"], message["contact"]) == ("my papers", who)
    assert [f["state"] for f in message["files"]] == ["expired", "ready"]
    assert "no longer serves" in message["files"][0]["error"]


def test_pain_18_what_a_customer_takes_back_leaves_no_file(town: Town) -> None:
    """An unsent message loses its words and every file, thumbnails and other renditions among them."""
    simulator, who = town.simulators["instagram"], town.customer("instagram")
    before, files = (
        blobs(town),
        [
            ("a.jpg", "image/jpeg", builders.photo(300, 200, seed=18)),
            ("b.pdf", "application/pdf", builders.pdf(seed=18)),
        ],
    )
    mid = simulator.inbound(who, "please delete this", files)
    message = came(town, "instagram", who)
    digests = {f["sha256"] for f in message["files"]}
    digests |= {r["sha256"] for f in message["files"] for r in f["renditions"]}
    assert len(digests) > 2
    assert len(blobs(town) - before) >= len(digests)
    simulator.delete(who, mid)
    (gone,) = settled(town, "instagram", who, lambda found: found[0]["files"][0]["state"] == "deleted")
    assert (gone["text"], [f["state"] for f in gone["files"]]) == ("", ["deleted", "deleted"])
    (left,) = (p.read_bytes() for p in blobs(town) - before)
    assert b'"is_deleted":true' in left, "only what says that it was taken back remains"
    assert not {p.name for p in blobs(town)} & digests


def test_pain_18_a_delivery_and_its_withdrawal_may_change_places(town: Town, photo: bytes) -> None:
    """A message that is taken back before it is delivered never shows."""
    simulator, who = town.simulators["instagram"], town.customer("instagram")
    simulator.mischief.plan(Act.REORDER)
    written = simulator.message(who, "never mind", [("a.jpg", "image/jpeg", photo)])
    simulator.post([written])
    simulator.delete(who, written["message"]["mid"])
    mid = simulator.inbound(who, "hello")
    (message,) = settled(town, "instagram", who, ready)
    assert (message["source_id"], message["text"]) == (mid, "hello")


def test_pain_19_new_kinds_take_nobody_along(town: Town, photo: bytes) -> None:
    """Kinds that no page lists, in a batch with ordinary messages: each neighbour arrives, each novelty is named."""
    simulator = town.simulators["instagram"]
    first, odd, last = (town.customer("instagram") for _ in range(3))
    novel = simulator.message(odd, "", [("x", "application/octet-stream", b"??")], kinds=["hologram"])
    ids = {"sender": {"id": odd}, "recipient": {"id": simulator.account}, "timestamp": 1}
    events = [{**ids, key: {"payload": "P"}} for key in ("postback", "referral", "handover", "never_heard_of")]
    simulator.post([simulator.message(first, "one"), novel, *events, {**ids, "message": 7}])
    simulator.post([simulator.message(last, "two", [("a.jpg", "image/jpeg", photo)]), *events], "standby")
    assert came(town, "instagram", first)["text"] == "one"
    assert came(town, "instagram", last)["files"][0]["state"] == "ready"
    shown = settled(town, "instagram", odd, lambda found: len(found) >= 6)
    assert {m["unsupported"] for m in shown} >= {"hologram", "postback", "referral", "handover", "never_heard_of"}


def test_pain_12_both_products_deliver_one_message_once(town: Town, photo: bytes) -> None:
    """An account that is connected twice gets every delivery twice; the desk sees it once."""
    simulator, who = town.simulators["instagram"], town.customer("instagram")
    simulator.inbound(who, "twice", [("a.jpg", "image/jpeg", photo)], twice=True)
    simulator.inbound(who, "after it")
    messages = settled(town, "instagram", who, lambda found: ready(found) and len(found) > 1)
    assert sorted(m["text"] for m in messages) == ["after it", "twice"]


def test_a_post_that_is_shared_twice_over_is_one_file(town: Town, photo: bytes) -> None:
    """``share`` and ``ig_post`` of one post, each signed for itself, are one file at the desk."""
    simulator, who = town.simulators["instagram"], town.customer("instagram")
    simulator.inbound(who, "look", [("p.jpg", "image/jpeg", photo)], kinds=["share"], also="ig_post")
    (file,) = came(town, "instagram", who)["files"]
    assert (file["state"], file["type"]) == ("ready", "image/jpeg")


def test_an_image_that_is_a_film_is_known_by_its_bytes(town: Town) -> None:
    """Meta calls some shared films ``image``, and its host serves them as text: the type is read from the content."""
    simulator, who = town.simulators["instagram"], town.customer("instagram")
    simulator.mischief.plan(Act.WRONG_TYPE)
    simulator.inbound(who, "", [("x", "image/jpeg", film())], kinds=["image"])
    (file,) = came(town, "instagram", who)["files"]
    assert (file["type"], file["state"]) == ("video/mp4", "ready")
    assert file["name"].endswith(".mp4")


def test_a_storys_file_goes_when_the_story_is_over(town: Town) -> None:
    """A mention in a story whose day is over is shown as expired, with its note; it is not asked for for ever."""
    simulator, who = town.simulators["instagram"], town.customer("instagram")
    written = simulator.message(who, "", [("s.jpg", "image/jpeg", b"x")], kinds=["story_mention"])
    written["timestamp"] -= 25 * 3600 * 1000
    simulator.mischief.plan(Act.LATE_MEDIA)
    simulator.post([written])
    message = came(town, "instagram", who)
    assert (message["text"], message["files"][0]["state"]) == ("[mentioned you in their story]", "expired")


@pytest.mark.parametrize("inbox", ["instagram", "instagram-page"])
def test_our_own_echo_is_not_another_message(town: Town, inbox: str, photo: bytes, tmp_path: Path) -> None:
    """Words and pictures that we sent come back as echoes and are known as ours; what a colleague typed is added."""
    simulator, who = town.simulators[inbox], town.customer(inbox)
    simulator.graph.echo_first = True
    id_ = town.site.send(inbox, who, "your papers", [sent(tmp_path, photo, "a.jpg")])
    town.work()
    simulator.devices.wait(2, who)
    simulator.typed(who, "typed in the app")
    messages = settled(town, inbox, who, lambda found: len(found) >= 2)
    time.sleep(0.1)
    messages = settled(town, inbox, who, lambda found: all(m["status"] == "sent" for m in found))
    assert sorted(m["text"] for m in messages) == ["typed in the app", "your papers"]
    assert id_ in {m["id"] for m in messages}


def test_a_page_needs_no_public_address(town: Town, photo: bytes, tmp_path: Path) -> None:
    """Files go to Meta by bytes where a Page is linked, so nobody has to reach us; by Instagram Login they cannot."""
    files = [sent(tmp_path, photo, "\u8acb\u6c42 b.jpg")]
    with town.unreachable():
        carried = town.carry("instagram-page", files, "here")
        refused = town.carry("instagram", files, "here")
    assert carried.shown["status"] == "sent"
    assert [(len(r.files), r.text) for r in carried.received] == [(1, ""), (0, "here")]
    assert refused.refused


@pytest.mark.parametrize("number", range(6))
def test_whatever_goes_through_a_page_is_taken(town: Town, tmp_path: Path, number: int) -> None:
    """Files of every sort, uploaded or linked, alone and together: Meta refuses none of them."""
    files = builders.ordinary(number)
    chosen = [sent(tmp_path, f.data, f.name) for f in (files[number % len(files)], *files[:number])]
    carried = town.carry("instagram-page", chosen, "here " * 120 * number)
    assert carried.shown["status"] == "sent", carried.shown["error"]
    assert not carried.refused
    assert sum(len(r.files) for r in carried.received) == sum(len(p.files) for p in carried.explained.parts)


# SMS and MMS


def test_pain_8_and_10_every_file_of_an_mms_arrives_through_its_redirect(town: Town, photo: bytes) -> None:
    """All files come, whatever NumMedia says, from a second host that refuses credentials, under their own names."""
    simulator, who = town.simulators["sms"], town.customer("sms")
    files = [
        ("IMG 1.jpg", "image/jpeg", photo),
        ("ada.vcf", "text/x-vcard", builders.vcard()),
        ("note.txt", "text/plain", b"the rest of my words"),
    ]
    simulator.inbound(who, "Look", files, smil=True, num_media=1)
    message = came(town, "sms", who)
    assert message["text"] == "Look\nthe rest of my words"
    assert [(f["name"], f["state"]) for f in message["files"]] == [
        ("IMG 1.jpg", "ready"),
        ("ada.vcf", "ready"),
        ("note.txt", "ready"),
    ]


def test_pain_9_a_first_message_may_be_a_file(town: Town, photo: bytes, tmp_path: Path) -> None:
    """The first thing a customer gets from us is a picture without words, delivered under a name that Twilio takes."""
    carried = town.carry("sms", [sent(tmp_path, photo, "a very long name (with things) \u00e4.jpg")])
    assert carried.shown["status"] == "delivered"
    (file,) = carried.received[0].files
    assert (file.type, len(file.name) <= 20, file.name.endswith(".jpg")) == ("image/jpeg", True, True)


def test_pain_11_a_file_that_is_too_large_says_so(town: Town, tmp_path: Path) -> None:
    """An agent hears before sending that a photo is made smaller for MMS, and it arrives within the carriers' bytes."""
    large = builders.photo(2400, 1800)
    assert len(large) > 600_000
    carried = town.carry("sms", [sent(tmp_path, large, "large.jpg")], "the damage")
    assert not isinstance(carried.explained, Exception)
    (step,) = carried.explained.steps
    assert step.action is Action.SHRINK
    assert "KB" in step.reason or "MB" in step.reason
    assert sum(len(f.data) for f in carried.received[0].files) < 600_000


def test_pain_12_a_delivery_that_is_repeated_is_one_message(town: Town) -> None:
    """Twilio's retries carry a token of their own and the same message, which is taken once."""
    simulator, who = town.simulators["sms"], town.customer("sms")
    simulator.mischief.plan(Act.DUPLICATE)
    simulator.inbound(who, "once")
    simulator.inbound(who, "after it")
    messages = settled(town, "sms", who, lambda found: ready(found) and len(found) > 1)
    assert sorted(m["text"] for m in messages) == ["after it", "once"]


def test_statuses_in_any_order_are_never_lowered(town: Town) -> None:
    """``sent`` after ``delivered`` changes nothing."""
    simulator, who = town.simulators["sms"], town.customer("sms")
    id_ = town.site.send("sms", who, "hello")
    town.work()
    (got,) = simulator.devices.wait(1, who)
    settled(town, "sms", who, lambda found: found[0]["status"] == "delivered")
    answers = len(simulator.answers)
    for word in ("sent", "queued", "sending"):
        simulator.status(got.source_id, word)
    end = time.monotonic() + 10
    while len(simulator.answers) < answers + 3 and time.monotonic() < end:
        time.sleep(0.02)
    assert town.site.message(id_)["status"] == "delivered"


def test_files_to_a_country_without_mms_are_a_link(town: Town, photo: bytes, tmp_path: Path) -> None:
    """A customer abroad gets a text with a link that opens; the plan said so before."""
    who, files = "+491711234567", [sent(tmp_path, photo, "a.jpg")]
    explained = town.site.explain("sms", files, "Look", who)
    assert [s.action for s in explained.steps] == [Action.LINK]
    town.site.send("sms", who, "Look", files)
    town.work()
    (got,) = town.simulators["sms"].devices.wait(1, who)
    assert got.files == ()
    link = next(word for word in got.text.split() if "/media/" in word)
    assert httpx.get(link, trust_env=False).content[:3] == b"\xff\xd8\xff"


def test_pain_25_a_provider_that_asks_for_a_file_gets_the_file(town: Town, photo: bytes, tmp_path: Path) -> None:
    """HEAD and GET say the same true type, size and name, nothing redirects, and a forged address shows nothing."""
    town.carry("sms", [sent(tmp_path, photo, "a.jpg")], "here")
    url = str(next(reversed(town.simulators["sms"].jobs.values())).urls[0])
    head, got = httpx.head(url, trust_env=False), httpx.get(url, trust_env=False)
    assert (head.status_code, got.status_code, head.content) == (200, 200, b"")
    for name in ("content-type", "content-length", "content-disposition"):
        assert head.headers[name] == got.headers[name]
    assert (got.headers["content-type"], int(got.headers["content-length"])) == ("image/jpeg", len(got.content))
    assert got.headers["content-disposition"].startswith('inline; filename="a.jpg"')
    assert got.headers["x-content-type-options"] == "nosniff"
    token = url.rpartition("/")[0]
    for forged in (f"{token}x/a.jpg", url.replace("/media/", "/media/x")):
        assert httpx.head(forged, trust_env=False).status_code == httpx.get(forged, trust_env=False).status_code == 403


# Both


@pytest.mark.parametrize(
    ("inbox", "headers"),
    [
        ("sms", {}),
        ("sms", {"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}),
        ("instagram", {}),
        ("instagram", {"X-Hub-Signature": "sha1=00", "X-Hub-Signature-256": "sha256=" + "0" * 64}),
    ],
)
def test_pain_20_a_forged_webhook_is_refused_and_stores_nothing(
    town: Town, inbox: str, headers: Mapping[str, str]
) -> None:
    """Without the provider's signature nothing is read, kept or fetched."""
    before = blobs(town), len(town.site.messages(inbox=inbox))
    body = f"MessageSid=SM1&From={ANN}&Body=pay+me".encode() if inbox == "sms" else b'{"object":"instagram"}'
    kind = "application/x-www-form-urlencoded" if inbox == "sms" else "application/json"
    url = f"{town.simulators[inbox].webhook}"
    answer = httpx.post(url, content=body, headers={"Content-Type": kind, **headers}, trust_env=False)
    assert answer.status_code == 403
    assert (blobs(town), len(town.site.messages(inbox=inbox))) == before


@pytest.mark.parametrize("inbox", ["sms", "instagram"])
def test_pain_21_an_address_that_leads_elsewhere_is_never_called(town: Town, inbox: str) -> None:
    """A signed delivery that names a file on another host, or inside our network, fetches nothing; the words arrive."""
    simulator, who = town.simulators[inbox], town.customer(inbox)
    urls = (
        f"{town.simulators['instagram-page'].url}/secret",
        "http://169.254.169.254/latest",
        "https://fbcdn.net.evil.example/x",
    )
    if inbox == "sms":
        media = {f"MediaUrl{n}": url for n, url in enumerate(urls)}
        simulator.inbound(who, "look", extra=media)
    else:
        written = simulator.message(who, "look")
        written["message"]["attachments"] = [{"type": "image", "payload": {"url": url}} for url in urls]
        simulator.post([written])
    message = came(town, inbox, who)
    assert message["text"] == "look"
    assert [f["state"] for f in message["files"]] == ["quarantined"] * 3
    assert all("not the provider's" in f["error"] for f in message["files"])
