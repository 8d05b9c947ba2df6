"""How far a message's files are made, and calling it off: before, meanwhile, and too late."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy.exc import OperationalError

from mediacore import Accept, Figure, InDoubt, Kind, Limits, MediacoreError, Permanent, Retry
from mediacore.sandbox import Sandbox
from mediacore.steps import again, preparing, progress, sending
from mediacore.steps.calling_off import CALLED_OFF, call_off
from mediacore.steps.progress import Making
from mediacore.stores import conversation
from mediacore.testkit import builders

PHOTO = builders.photo(320, 240)
LONG = "one two three four five six seven eight nine ten eleven twelve"
"""Becomes two messages on this channel."""


@pytest.fixture(scope="module")
def film() -> bytes:
    """A film whose conversion takes some seconds."""
    pytest.importorskip("av")
    from tests.engines.av_builders import clip

    return clip(size=(640, 360), rate=30, seconds=4)


@pytest.fixture
def cinema(staged: Callable[..., Any], limits: Limits, film: bytes, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stage whose channel carries films of a third of that film's bytes, and which notes whatever it hears."""
    source = "https://provider.example/limits"
    accept = Accept("video", Kind.VIDEO, ("video/mp4",), Figure(len(film) // 3, source), codecs=("h264", "aac"))
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    return staged(limits=evolve(limits, accept=(*limits.accept, accept)))


def hearing(monkeypatch: pytest.MonkeyPatch, listener: Callable[[], None]) -> None:
    """Have something done after each report that the story hears."""
    before = Making.hear

    def hear(self: Making, share: float = 0.0) -> None:
        before(self, share)
        listener()

    monkeypatch.setattr(Making, "hear", hear)


def once_before(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, act: Callable[[], None]) -> None:
    """Have something done just before a step of the story, the first time that it is taken."""
    acts, step = [act], getattr(module, name)

    def taken(*arguments: Any) -> Any:
        if acts:
            acts.pop()()
        return step(*arguments)

    monkeypatch.setattr(module, name, taken)


def assert_called_off(stage: Any, id_: str) -> None:
    """It failed for that reason, nothing went out, and the desk was told once."""
    shown = stage.message(id_)
    assert (shown["status"], shown["error"]) == ("failed", CALLED_OFF)
    assert stage.provider.taken == []
    assert [(n.kind, n.message["error"]) for n in stage.notices] == [("status", CALLED_OFF)]


def test_the_desk_sees_how_far_a_film_is(cinema: Any, film: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message's share rises while the jail works on the film, to 1 when it is made; no notice tells of it."""
    id_ = cinema.ask("look", ("film.mp4", film), ("a.jpg", PHOTO))
    seen: list[float] = []
    hearing(monkeypatch, lambda: seen.append(cinema.message(id_)["progress"]))
    assert cinema.message(id_)["progress"] == 0.0
    cinema.work()
    assert seen == sorted(seen)
    assert len({share for share in seen if 0 < share < 0.9}) > 2
    assert cinema.message(id_)["progress"] == 1.0
    assert cinema.message(id_)["status"] == "sent"
    assert len(cinema.notices) == 1


def test_called_off_while_a_film_is_converted(
    cinema: Any, film: bytes, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first report after it stops the child; nothing is sent, and a retry makes and sends the film after all."""
    id_ = cinema.ask("look", ("film.mp4", film))
    workers: list[int] = []
    heard = 0

    def listen() -> None:
        nonlocal heard
        heard += 1
        if heard == 3:
            workers.append(busiest_child(sandbox))
            call_off(cinema.house, id_)

    with monkeypatch.context() as patch:
        hearing(patch, listen)
        cinema.work()
    assert heard == 3
    assert_called_off(cinema, id_)
    assert cinema.message(id_)["plan"] is None
    assert is_gone(workers[0])
    again.again(cinema.house, id_)
    assert cinema.message(id_)["progress"] == 0.0
    cinema.work()
    assert len(cinema.provider.taken) == 1
    assert cinema.message(id_)["status"] == "sent"


def busiest_child(sandbox: Sandbox) -> int:
    """The process that works on the film: the zygote's child that has used the processor most."""
    zygote = sandbox._handles["media"].pid
    children = Path(f"/proc/{zygote}/task/{zygote}/children").read_text(encoding="ascii").split()
    return int(max(children, key=_used))


def _used(pid: str) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def is_gone(pid: int) -> bool:
    """Whether a process ends, if need be after a moment."""
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def test_notes_are_a_second_apart(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often an engine reports, the ledger is asked once a second, and never by what is made sooner."""
    id_, clock, noted = stage.ask("x", ("a.jpg", PHOTO)), [100.0], list[float]()
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    note = conversation.note_progress
    monkeypatch.setattr(conversation, "note_progress", lambda c, m, share: (noted.append(share), note(c, m, share))[1])
    with stage.house.ledger.begin() as connection:
        row = conversation.message(connection, id_)
    making = Making(stage.house, row, [300, 100], noted=clock[0])
    with making.next():
        for tick in range(1, 10):
            clock[0] += 0.25
            making.hear(tick / 10)
    assert noted == pytest.approx([0.3, 0.6])
    assert making.share == 0.75
    clock[0] = time.monotonic()
    stage.work()
    assert len(noted) == 2


def test_a_ledger_that_is_away_for_a_moment(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note that cannot be written costs the note, not the message."""

    def away(*_: object) -> bool:
        raise OperationalError("update", {}, Exception("database is locked"))

    monkeypatch.setattr(progress, "SECONDS", 0.0)
    monkeypatch.setattr(conversation, "note_progress", away)
    id_ = stage.ask("x", ("a.jpg", PHOTO))
    stage.work()
    assert stage.message(id_)["status"] == "sent"


def test_called_off_before_it_began(stage: Any) -> None:
    """A message that only waited is never made; twice is once; a retry sends it; what stood behind it goes out."""
    id_ = stage.ask("hello", ("a.jpg", PHOTO))
    call_off(stage.house, id_)
    call_off(stage.house, id_)
    stage.settle()
    assert_called_off(stage, id_)
    stage.ask("next")
    stage.settle()
    again.again(stage.house, id_)
    stage.settle()
    assert [m.text for m in stage.provider.taken] == ["next", "hello"]


@pytest.mark.parametrize(("module", "name"), [(preparing, "_write"), (sending, "build"), (sending, "expect_wanted")])
def test_called_off_between_the_files_and_the_claim(
    stage: Any, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    """Nothing is sent when it is called off after the files are made, up to the moment of the claim."""
    id_ = stage.ask(LONG, ("a.jpg", PHOTO))
    once_before(monkeypatch, module, name, lambda: call_off(stage.house, id_))
    stage.settle()
    assert_called_off(stage, id_)
    again.again(stage.house, id_)
    stage.settle()
    assert len({m.key for m in stage.provider.taken}) == len(stage.provider.taken) == len(stage.message(id_)["parts"])


def test_tried_again_while_the_first_telling_still_works(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called off and tried again at once: the first telling writes nothing any more, and it goes out once."""
    id_ = stage.ask("hello", ("a.jpg", PHOTO))

    def change_of_mind() -> None:
        call_off(stage.house, id_)
        again.again(stage.house, id_)

    once_before(monkeypatch, preparing, "_write", change_of_mind)
    stage.settle()
    assert [m.text for m in stage.provider.taken] == ["hello"]
    assert stage.message(id_)["status"] == "sent"


def test_a_fault_after_it_was_called_off(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong with the files afterwards does not take the reason's place."""
    id_ = stage.ask("hello", ("a.jpg", PHOTO))

    def fault() -> None:
        call_off(stage.house, id_)
        raise Permanent("the file is damaged")

    once_before(monkeypatch, preparing, "_write", fault)
    stage.settle()
    assert_called_off(stage, id_)


def test_called_off_while_the_provider_is_busy(stage: Any) -> None:
    """A part that the provider did not take can still be called off, and is not tried again."""
    stage.provider.acts.append(Retry("busy"))
    id_ = stage.ask("hello")
    stage.work()
    call_off(stage.house, id_)
    stage.settle()
    assert_called_off(stage, id_)
    assert len(stage.provider.tries) == 1


@pytest.mark.parametrize("acts", [["take", "take"], ["take", Retry("busy")], ["lost"], [InDoubt("no answer")]])
def test_too_late(stage: Any, acts: list[Any]) -> None:
    """What was sent in whole or in part, or may have been, cannot be called off, and goes on as if nobody had asked."""
    stage.provider.acts.extend(acts)
    id_ = stage.ask(LONG)
    stage.work()
    with pytest.raises(MediacoreError) as caught:
        call_off(stage.house, id_)
    assert caught.value.code == "sent"
    stage.settle()
    assert stage.message(id_)["status"] == "sent"
    assert len(stage.provider.taken) == 2


def test_called_off_while_it_is_handed_over(stage: Any) -> None:
    """While the provider is being asked it is too late."""
    codes: list[str] = []

    def busy(message: Any) -> Any:
        try:
            call_off(stage.house, id_)
        except MediacoreError as error:
            codes.append(error.code)
        return stage.provider.take(message)

    stage.provider.acts.append(busy)
    id_ = stage.ask("hello")
    stage.work()
    assert codes == ["sent"]
    assert stage.message(id_)["status"] == "sent"


def test_nothing_to_call_off(stage: Any) -> None:
    """A customer's message, one that failed by itself, and one that is not there are told apart."""
    stage.deliver(stage.writes())
    failed = stage.ask("   ")
    stage.settle()
    for id_ in (stage.messages()[0]["id"], failed):
        with pytest.raises(MediacoreError) as caught:
            call_off(stage.house, id_)
        assert caught.value.code == "nothing"
    with pytest.raises(KeyError):
        call_off(stage.house, "nobody")


@pytest.mark.parametrize("after", [False, True])
def test_killed_while_calling_off(stage: Any, killed: type[BaseException], after: bool) -> None:
    """A process that dies over it has called it off or has not, and then it is sent."""
    id_ = stage.ask("hello")
    stage.ledger.die_at, stage.ledger.after = stage.ledger.passed + 1, after
    with pytest.raises(killed):
        call_off(stage.house, id_)
    stage.settle()
    assert stage.message(id_)["status"] == ("failed" if after else "sent")
    assert len(stage.provider.taken) == (0 if after else 1)
