"""Outbound: what an agent sends arrives as planned, in order, and never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from mediacore import (
    Absent,
    AuthNeeded,
    Contact,
    InboundMessage,
    InDoubt,
    Limits,
    MediacoreError,
    Permanent,
    Receipt,
    Refused,
    Region,
    Remote,
    Retry,
    Status,
    StatusUpdate,
)
from mediacore.house import Policy
from mediacore.steps import again, preparing
from mediacore.stores import intake as ledger
from mediacore.stores.ledger import now
from mediacore.testkit import builders, builders_hostile
from mediacore.values import Media
from tests.engines import av_builders

PHOTO = builders.photo(320, 240)
LONG = "one two three four five six seven eight nine ten eleven twelve"
"""Becomes two messages on this channel."""


def sent(stage: Any) -> list[tuple[str, int]]:
    return [(m.text, len(m.attachments)) for m in stage.provider.taken]


def as_media(stage: Any, sha256: str, type_: str) -> Media:
    path = stage.house.blobs.path(sha256)
    return Media(path, type_, path.stat().st_size, sha256)


def test_text(stage: Any) -> None:
    """A text goes out once, its receipt is kept, and the desk hears that it is sent."""
    id_ = stage.ask("hello")
    stage.work()
    assert sent(stage) == [("hello", 0)]
    (part,) = stage.message(id_)["parts"]
    assert (part["state"], part["source_id"], part["status"]) == ("accepted", "p-1", "sent")
    assert [(n.kind, n.message["status"]) for n in stage.notices] == [("status", "sent")]


def test_photo_is_clean(stage: Any) -> None:
    """A photo leaves upright and without its place, under a safe name, and its caption travels with it."""
    id_ = stage.ask("look here", ("../IMG\u202e.jpg", PHOTO))
    stage.work()
    ((message),) = stage.provider.taken
    (attachment,) = message.attachments
    data = attachment.media.path.read_bytes()
    assert b"Exif" not in data
    assert (attachment.name, message.text) == ("IMG.jpg", "look here")
    assert hashlib.sha256(data).hexdigest() == attachment.media.sha256
    kinds = {r["kind"] for r in stage.message(id_)["files"][0]["renditions"]}
    assert kinds == {"converted", "thumbnail", "preview"}


def test_parts_in_order(stage: Any) -> None:
    """What needs several messages goes in the plan's order, each part with a key and a receipt of its own."""
    id_ = stage.ask(LONG, ("a.jpg", PHOTO), ("b.pdf", builders.pdf(1)))
    stage.work()
    shown = stage.message(id_)
    assert len(shown["parts"]) == len(stage.provider.taken) == len(shown["plan"]["parts"]) > 2
    assert [p["key"] for p in shown["parts"]] == [m.key for m in stage.provider.taken]
    assert [p["source_id"] for p in shown["parts"]] == [f"p-{n + 1}" for n in range(len(shown["parts"]))]
    assert shown["status"] == "sent"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.png", b"", "empty"),
        ("cat.gif", builders_hostile.polyglot().data, "same time"),
        ("archive.zip", builders.archive({"a": b"x"}), "archive"),
    ],
)
def test_refusal(stage: Any, name: str, data: bytes, words: str) -> None:
    """A file that cannot go is refused with the reason in words, and nothing at all is sent."""
    id_ = stage.ask("with this", (name, data), ("good.jpg", PHOTO))
    stage.work()
    shown = stage.message(id_)
    assert shown["status"] == "failed"
    assert words in shown["error"]
    assert stage.provider.tries == []
    assert [n.message["status"] for n in stage.notices] == ["failed"]


def test_unusable_to_look_at(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that not even the first look survives is refused, and does not hold up the conversation."""
    from mediacore.engines.operation import Unusable
    from mediacore.sandbox import Bench

    def crash(*_: object) -> None:
        raise Unusable("crashed", "The file stopped the worker.")

    with monkeypatch.context() as patch:
        patch.setattr(Bench, "sniff", crash)
        bad = stage.ask("x", ("a.jpg", PHOTO))
        stage.work()
    assert "stopped the worker" in stage.message(bad)["error"]
    stage.ask("next")
    stage.work()
    assert sent(stage) == [("next", 0)]


def test_linked(staged: Callable[..., Any]) -> None:
    """A file that the channel does not carry goes as a signed address when there is a public one."""
    stage = staged(link=lambda sha, mime, name, seconds, inline: f"https://here.example/media/{sha[:6]}/{name}")
    id_ = stage.ask("see", ("archive.zip", builders.archive({"a": b"x"})))
    stage.work()
    shown = stage.message(id_)
    assert shown["plan"]["steps"][0]["action"] == "link"
    assert any("https://here.example/media/" in text for text, _ in sent(stage))
    assert all(files == 0 for _, files in sent(stage))


def test_marked(stage: Any) -> None:
    """What a detector or an agent marks is painted over in the bytes that leave, and the original stays inside."""
    data = builders.screenshot(("Card 4111", "x"))
    digest = hashlib.sha256(data).hexdigest()
    stage.provider.secrets = {digest: [Region(0, (5, 30, 200, 60), "card")]}
    id_ = stage.ask("here", ("shot.png", data))
    stage.work()
    (message,) = stage.provider.taken
    assert message.attachments[0].media.sha256 != digest
    file = stage.message(id_)["files"][0]
    assert "redacted" in {r["kind"] for r in file["renditions"]}


def test_card_in_a_document(stage: Any) -> None:
    """A card number in a PDF's own text is gone from what the provider gets."""
    stage.ask("invoice", ("invoice.pdf", builders.pdf(1, lines=("Paid with 4111 1111 1111 1111", "Thank you"))))
    stage.work()
    (message,) = stage.provider.taken
    media = message.attachments[0].media
    words = " ".join(w.text for w in stage.house.bench.words(as_media(stage, media.sha256, media.type)))
    assert "1111" not in words
    assert stage.house.bench.probe(media.path, media.type).pages == 1


def test_retry(stage: Any) -> None:
    """A passing fault is tried again after a pause, and the parts before it are not sent again."""
    stage.provider.acts.extend(["take", Retry("busy", after=7.0), Retry("busy")])
    id_ = stage.ask(LONG)
    stage.work()
    assert len(stage.provider.taken) == 1
    assert stage.message(id_)["status"] == "queued"
    stage.settle()
    assert len(stage.provider.taken) == 2
    assert len({m.key for m in stage.provider.taken}) == 2
    assert stage.message(id_)["status"] == "sent"


def test_patience(staged: Callable[..., Any]) -> None:
    """When the inbox's patience is over, retrying ends and the agent reads why."""
    stage = staged(Policy(give_up_after=0.0))
    stage.provider.acts.append(Retry("busy", code="429"))
    id_ = stage.ask("hello")
    stage.work()
    shown = stage.message(id_)
    assert (shown["status"], shown["parts"][0]["state"], shown["parts"][0]["code"]) == ("failed", "rejected", "429")
    assert "given up after 1 tries: busy" in shown["error"]


@pytest.mark.parametrize("fault", [Permanent("no such number", code="21211"), ValueError("a fault of the plugin")])
def test_permanent(stage: Any, fault: Exception) -> None:
    """A refusal for good fails the message, sends none of the parts behind it, and is told with its words."""
    stage.provider.acts.append(fault)
    id_ = stage.ask(LONG)
    stage.settle()
    shown = stage.message(id_)
    assert shown["status"] == "failed"
    assert [p["state"] for p in shown["parts"]] == ["rejected", "new"]
    assert str(fault.args[0]) in shown["error"]
    assert len(stage.provider.tries) == 1
    assert stage.notices[-1].message["status"] == "failed"


@pytest.mark.parametrize("fault", [Refused("odd"), MediacoreError("odd")])
def test_error_out_of_place(stage: Any, fault: Exception) -> None:
    """An error that has no meaning for sending is tried again rather than leaving the message lying."""
    stage.provider.acts.append(fault)
    id_ = stage.ask("hello")
    stage.settle()
    assert stage.message(id_)["status"] == "sent"


def test_auth_needed(stage: Any) -> None:
    """Lost credentials stop the inbox; after the admin resumed it, everything goes out once and in order."""
    stage.provider.acts.append(AuthNeeded("the token ran out"))
    first, second = stage.ask("one"), stage.ask("two")
    stage.later(3)
    assert sent(stage) == []
    assert {stage.message(i)["status"] for i in (first, second)} == {"queued"}
    with stage.house.ledger.begin() as connection:
        assert ledger.halted(connection, "line") == "the token ran out"
        ledger.resume(connection, "line")
    stage.settle()
    assert sent(stage) == [("one", 0), ("two", 0)]


def test_doubt_resolved_by_asking(stage: Any) -> None:
    """An answer that was lost is asked for; what the provider took is not sent again."""
    stage.provider.acts.append("lost")
    id_ = stage.ask("hello")
    stage.work()
    assert stage.message(id_)["parts"][0]["state"] == "in_doubt"
    stage.settle()
    assert sent(stage) == [("hello", 0)]
    assert stage.message(id_)["parts"][0]["source_id"] == "p-1"


def test_doubt_resolved_by_absence(stage: Any) -> None:
    """What the provider certainly never took is sent again, under the same key."""
    stage.provider.acts.append(InDoubt("no answer"))
    stage.ask("hello")
    stage.settle()
    assert sent(stage) == [("hello", 0)]
    assert len(stage.provider.tries) == 2
    assert len(set(stage.provider.tries)) == 1


@pytest.mark.parametrize(
    "memory", [None, Permanent("not my job"), ValueError("broken"), Retry("down")], ids=lambda m: type(m).__name__
)
def test_doubt_stays(stage: Any, memory: Any) -> None:
    """When nobody can tell, nothing is ever sent again by itself, and the message stays visibly in doubt."""
    stage.provider.acts.append("lost")
    stage.provider.memory = memory
    id_ = stage.ask("hello")
    stage.later(8)
    assert len(stage.provider.tries) == 1
    shown = stage.message(id_)
    assert (shown["status"], shown["parts"][0]["state"]) == ("queued", "in_doubt")


def test_doubt_resolved_by_status(stage: Any) -> None:
    """A status callback that bears our key settles a part in doubt."""
    stage.provider.acts.append("lost")
    stage.provider.memory = None
    id_ = stage.ask("hello")
    stage.later(2)
    key = stage.message(id_)["parts"][0]["key"]
    stage.deliver(StatusUpdate("p-1", Status.DELIVERED, key=key))
    stage.settle()
    shown = stage.message(id_)
    assert (shown["status"], shown["parts"][0]["source_id"]) == ("delivered", "p-1")
    assert len(stage.provider.tries) == 1


def test_doubt_resolved_by_early_status(stage: Any, killed: type[BaseException]) -> None:
    """A callback that came while the process was dead settles the part when it is back."""
    stage.provider.acts.append("die-after")
    stage.provider.memory = None
    id_ = stage.ask("hello")
    with pytest.raises(killed):
        stage.work()
    stage.deliver(StatusUpdate("p-1", Status.SENT, key=stage.message(id_)["parts"][0]["key"]))
    stage.settle()
    assert stage.message(id_)["status"] == "sent"
    assert len(stage.provider.tries) == 1


def test_resend_after_silence(staged: Callable[..., Any]) -> None:
    """Only where the policy says so does silence count as an answer."""
    stage = staged(Policy(resend_after=0.000001))
    stage.provider.acts.append(InDoubt("no answer"))
    stage.provider.memory = None
    stage.ask("hello")
    stage.settle()
    assert sent(stage) == [("hello", 0)]
    assert len(stage.provider.tries) == 2


def test_person_resolves_doubt(stage: Any) -> None:
    """A person who asks for another try gets exactly one, and the job that was waiting ends."""
    stage.provider.acts.append(InDoubt("no answer"))
    stage.provider.memory = None
    id_ = stage.ask("hello")
    stage.later(2)
    again.again(stage.house, id_)
    stage.settle()
    assert sent(stage) == [("hello", 0)]
    assert stage.message(id_)["status"] == "sent"


def test_try_again_after_failure(stage: Any) -> None:
    """A failed message that is tried again sends only what failed, and the desk hears of it."""
    stage.provider.acts.extend(["take", Permanent("blocked")])
    id_ = stage.ask(LONG)
    stage.settle()
    assert stage.message(id_)["status"] == "failed"
    again.again(stage.house, id_)
    stage.settle()
    assert stage.message(id_)["status"] == "sent"
    assert len(stage.provider.taken) == 2
    assert [n.message["status"] for n in stage.notices] == ["failed", "sent"]


def test_try_again_after_late_failure(stage: Any) -> None:
    """A part that the provider took and then failed is sent again, and what was said of the first try is over."""
    id_ = stage.ask("hello")
    stage.settle()
    stage.deliver(StatusUpdate("p-1", Status.FAILED, code="30003", message="unreachable"))
    assert stage.message(id_)["status"] == "failed"
    again.again(stage.house, id_)
    stage.settle()
    shown = stage.message(id_)
    assert (shown["status"], shown["error"], shown["parts"][0]["source_id"]) == ("sent", "", "p-2")
    stage.deliver(StatusUpdate("p-2", Status.DELIVERED))
    assert stage.message(id_)["status"] == "delivered"


def test_nothing_to_try_again(stage: Any) -> None:
    """Asking for another try of what went well changes nothing and says so."""
    id_ = stage.ask("hello")
    stage.settle()
    with pytest.raises(MediacoreError, match="nothing of this message failed"):
        again.again(stage.house, id_)
    assert stage.message(id_)["status"] == "sent"
    stage.deliver(stage.writes("text only"))
    stage.work()
    with pytest.raises(MediacoreError, match="every file of this message is here"):
        again.again(stage.house, stage.messages()[0]["id"])


def test_try_again_inbound(stage: Any) -> None:
    """A file that had expired is fetched when a person asks for it, and the desk is told."""
    stage.provider.files = {"a": [Permanent("gone", code="expired"), PHOTO]}
    stage.deliver(stage.writes("hi", Remote("a")))
    stage.work()
    again.again(stage.house, stage.messages()[0]["id"])
    stage.settle()
    assert stage.messages()[0]["files"][0]["state"] == "ready"
    assert stage.notices[-1].message["files"][0]["state"] == "ready"


@pytest.mark.parametrize("when", ["die-before", "die-after"])
def test_killed_in_the_call(stage: Any, killed: type[BaseException], when: str) -> None:
    """A process that dies inside the provider's call, before or after it took the message, delivers once."""
    stage.provider.acts.append(when)
    id_ = stage.ask("hello")
    with pytest.raises(killed):
        stage.work()
    assert stage.message(id_)["parts"][0]["state"] == "claimed"
    stage.settle()
    assert sent(stage) == [("hello", 0)]
    assert stage.message(id_)["status"] == "sent"


@pytest.mark.parametrize("after", [False, True], ids=["before-commit", "after-commit"])
@pytest.mark.parametrize("photo", [False, True], ids=["texts", "photo"])
def test_killed_at_every_step(stage: Any, killed: type[BaseException], after: bool, photo: bool) -> None:
    """A crash before or after any transaction delivers each part exactly once, in order, and tells the desk."""
    for step in range(1, 90):
        before = len(stage.provider.taken)
        stage.notices.clear()
        # a new picture each time, so that nothing of it is known from before
        id_ = stage.ask(LONG, *([("a.jpg", builders.photo(160, 120, seed=step))] if photo else []))
        stage.ledger.die_at, stage.ledger.after = stage.ledger.passed + step, after
        died = False
        try:
            stage.settle()
        except killed:
            died = True
            stage.settle()
        stage.ledger.die_at = 0
        shown = stage.message(id_)
        assert shown["status"] == "sent", step
        assert [m.key for m in stage.provider.taken[before:]] == [p["key"] for p in shown["parts"]], step
        assert {n.message["status"] for n in stage.notices} == {"sent"}, step
        if not died:
            return
    raise AssertionError("the story never ended before the crash")


def test_two_processes_at_once(stage: Any) -> None:
    """Of two that want to send one part only the first gets it."""
    from mediacore.stores import outbox

    stage.provider.acts.append(Retry("busy"))
    id_ = stage.ask("hello")
    stage.work()
    with stage.house.ledger.begin() as connection:
        (part,) = outbox.parts_of(connection, id_)
        assert outbox.claim_part(connection, part)
        assert not outbox.claim_part(connection, part)


def own(stage: Any, source_id: str, text: str = "hello", *remotes: Remote) -> InboundMessage:
    return InboundMessage(source_id, Contact("+1555"), text, remotes, echo=True)


def test_echo_after_the_receipt(stage: Any) -> None:
    """Our own message that the provider shows us again is not a second message."""
    stage.ask("hello")
    stage.settle()
    stage.deliver(own(stage, "p-1"))
    stage.settle()
    assert len(stage.messages("outbound")) == 1


def test_echo_before_the_receipt(stage: Any) -> None:
    """An echo that overtakes the answer of our own send is recognised once that send is settled."""

    def slow(message: Any) -> Receipt:
        receipt = stage.provider.take(message)
        stage.deliver(own(stage, receipt.source_id))
        assert isinstance(receipt, Receipt)
        return receipt

    stage.provider.acts.append(slow)
    stage.ask("hello")
    stage.settle()
    assert len(stage.messages("outbound")) == 1
    assert len(stage.provider.tries) == 1


def test_echo_settles_doubt(stage: Any) -> None:
    """An echo with our words settles a part whose answer was lost."""
    stage.provider.acts.append("lost")
    stage.provider.memory = None
    id_ = stage.ask("hello")
    stage.later()
    stage.deliver(own(stage, "p-1"))
    stage.settle()
    assert len(stage.messages("outbound")) == 1
    assert stage.message(id_)["parts"][0]["source_id"] == "p-1"


def test_echo_typed_elsewhere(stage: Any) -> None:
    """What the business typed in the provider's own app is shown to the desk, with its files, and not sent again."""
    stage.provider.files = {"a": PHOTO}
    stage.deliver(own(stage, "app-1", "typed on the phone", Remote("a")))
    stage.deliver(own(stage, "app-1", "typed on the phone", Remote("a")))
    stage.settle()
    (message,) = stage.messages("outbound")
    assert (message["text"], message["status"], message["files"][0]["state"]) == ("typed on the phone", "sent", "ready")
    assert stage.provider.tries == []
    assert [n.kind for n in stage.notices] == ["message"]


def test_echo_typed_meanwhile(stage: Any) -> None:
    """Something typed elsewhere while a send of ours is under way is shown once that send is settled."""

    def slow(message: Any) -> Receipt:
        stage.deliver(own(stage, "app-1", "typed on the phone"))
        found = stage.provider.take(message)
        assert isinstance(found, Receipt)
        return found

    stage.provider.acts.append(slow)
    stage.ask("hello")
    stage.settle()
    assert sorted(m["text"] for m in stage.messages("outbound")) == ["hello", "typed on the phone"]


def test_status_overtakes_the_receipt(stage: Any) -> None:
    """Statuses that come before the answer of the send are kept and applied with it."""

    def slow(message: Any) -> Receipt:
        receipt = stage.provider.take(message)
        stage.deliver(StatusUpdate("p-1", Status.READ))
        stage.deliver(StatusUpdate("p-1", Status.SENT))
        assert isinstance(receipt, Receipt)
        return receipt

    stage.provider.acts.append(slow)
    id_ = stage.ask("hello")
    stage.settle()
    assert stage.message(id_)["status"] == "read"


def test_statuses_rise(stage: Any) -> None:
    """Callbacks in any order raise the status and never lower it; each change is told once."""
    id_ = stage.ask("hello")
    stage.settle()
    for status in (Status.DELIVERED, Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED):
        stage.deliver(StatusUpdate("p-1", status))
    stage.settle()
    assert stage.message(id_)["status"] == "read"
    assert stage.deliver(StatusUpdate("unknown", Status.READ)) == 1


def test_order_in_a_conversation(stage: Any) -> None:
    """A later message of the same conversation waits for the earlier one; other conversations do not."""
    stage.provider.acts.extend([Retry("busy")])
    stage.ask("first")
    stage.ask("second")
    stage.work()
    stage.ask("elsewhere", conversation="+1666", contact="+1666")
    stage.work()
    assert sent(stage) == [("elsewhere", 0)]
    stage.settle()
    assert sent(stage) == [("elsewhere", 0), ("first", 0), ("second", 0)]


def test_failure_lets_the_next_go(stage: Any) -> None:
    """A message that failed for good does not hold up the conversation."""
    stage.provider.acts.append(Permanent("blocked"))
    stage.ask("first")
    stage.ask("second")
    stage.settle()
    assert sent(stage) == [("second", 0)]


def test_uploads(staged: Callable[..., Any]) -> None:
    """A file that lies at the provider is named again instead of being uploaded again, until a refusal."""
    stage = staged()
    stage.provider.upload_seconds = 3600
    stage.provider.acts.append(Retry("busy"))
    stage.ask("one", ("a.jpg", PHOTO))
    stage.settle()
    stage.ask("two", ("a.jpg", PHOTO))
    stage.settle()
    assert len(stage.provider.uploads) == 1
    assert [m.attachments[0].uploaded for m in stage.provider.taken] == ["u-1", "u-1"]
    stage.provider.acts.append(Permanent("the media is gone"))
    failed = stage.ask("three", ("a.jpg", PHOTO))
    stage.settle()
    again.again(stage.house, failed)
    stage.settle()
    assert len(stage.provider.uploads) == 2


@pytest.mark.parametrize("seconds", [0, 1])
def test_uploads_for_once(stage: Any, seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that the provider takes only once, or not for long, is not used beyond that."""
    from mediacore.stores import outbox

    stage.provider.upload_seconds = seconds
    stage.ask("one", ("a.jpg", PHOTO))
    stage.settle()
    monkeypatch.setattr(outbox, "now", lambda: now() + 2_000_000)
    stage.ask("two", ("a.jpg", PHOTO))
    stage.settle()
    assert len(stage.provider.uploads) == 2


def test_smaller_than_asked(staged: Callable[..., Any], limits: Limits) -> None:
    """A photo above the channel's bound becomes one within it, and is validated again before it leaves."""
    from mediacore import Figure

    image = evolve(limits.accept[0], max_bytes=Figure(60_000, "test"))
    stage = staged(limits=evolve(limits, accept=(image, *limits.accept[1:])))
    id_ = stage.ask("big", ("big.jpg", builders.photo(1600, 1200)))
    stage.work()
    (message,) = stage.provider.taken
    assert message.attachments[0].media.size <= 60_000
    assert stage.message(id_)["plan"]["steps"][0]["action"] == "shrink"


def test_receipt_is_absent(stage: Any) -> None:
    """A provider that forgot a message it never took says so once, and the message goes out once."""
    stage.provider.acts.append(InDoubt("no answer"))
    stage.provider.memory = Absent()
    stage.ask("hello")
    stage.settle()
    assert len(stage.provider.taken) == 1


def test_only_blank(stage: Any) -> None:
    """A message in which nothing is left to send fails at once instead of waiting for ever."""
    id_ = stage.ask("   ")
    stage.settle()
    assert stage.message(id_)["status"] == "failed"


def test_the_agent_is_told_of_what_is_missing(stage: Any, tmp_path: Path) -> None:
    """The plan says that a photo's end is missing, and that nobody looked into a film for what the policy hides."""
    photo = builders.photo(320, 240)
    files = {"half.jpg": photo[: len(photo) // 2], "film.mp4": av_builders.clip()}
    items = []
    for name, data in files.items():
        path = tmp_path / name
        path.write_bytes(data)
        items.append(preparing.ready(stage.house, stage.house.inbox("line"), path, name, "", (), tmp_path))
    planned = preparing.make_plan(stage.house, stage.house.inbox("line"), items, "hello")
    half, film = (next(note for note in planned.notes if note.startswith(name)) for name in files)
    assert "cut off" in half
    assert "was not searched for card numbers" in film
