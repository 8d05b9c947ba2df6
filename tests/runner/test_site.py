"""The site, as a host embeds it: one call in, one call out, and the plan shown is the plan carried out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mediacore import AuthNeeded, Batch, ConfigError, Header, Inbox, MediacoreError, Permanent, Region, Request, Retry
from mediacore.pipeline import outbound
from mediacore.runner.config import SiteSettings, from_tables
from mediacore.runner.site import FileToSend, Site
from mediacore.sandbox import Level, Sandbox
from mediacore.steps import polling
from mediacore.stores import intake
from mediacore.stores.coding import to_json
from mediacore.testkit import builders, builders_hostile


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "big photo.jpg"
    path.write_bytes(builders.photo(1600, 1200, quality=98))
    return path


def test_plan_is_carried_out(site: Any, photo: Path, tmp_path: Path) -> None:
    """What explain shows is, step for step and part for part, what sending does."""
    page = tmp_path / "doc.pdf"
    page.write_bytes(builders.pdf(2))
    files = [FileToSend(photo, "the caption"), FileToSend(page, name="Etikett.pdf")]
    plan = site.explain("line", files, "hello")
    id_ = site.send("line", "+1", "hello", files)
    assert outbound(site.house, id_, 0) is not None
    shown = site.message(id_)
    assert shown["plan"] == json.loads(json.dumps(to_json(plan)))
    assert [len(p["files"]) for p in shown["parts"]] == [len(p.files) for p in plan.parts]
    actions = [r["how"] for f in shown["files"] for r in f["renditions"] if r["kind"] == "converted"]
    assert actions == [s.action for s in plan.steps for _ in range(s.count)]


def test_explain_refuses(site: Any, tmp_path: Path) -> None:
    """A file that must not go at all is refused while it is explained, with the reason."""
    path = tmp_path / "cat.gif"
    path.write_bytes(builders_hostile.polyglot().data)
    with pytest.raises(Permanent, match="same time"):
        site.explain("line", [FileToSend(path)])


def test_idempotency_key(site: Any, photo: Path) -> None:
    """The same key asks once, also from several threads; another key or none asks again."""
    first = site.send("line", "+1", "hello", key="order-1")
    assert site.send("line", "+1", "something else", [FileToSend(photo)], key="order-1") == first
    assert site.send("line", "+1", "hello", key="order-2") != first
    assert site.send("line", "+1", "hello") != site.send("line", "+1", "hello")
    found: list[str] = []
    barrier = threading.Barrier(4)

    def ask() -> None:
        barrier.wait()
        found.append(site.send("line", "+1", "hello", key="race"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert len(site.messages(direction="outbound")) == 5


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"inbox": "nobody", "to": "+1", "text": "x"}, ConfigError),
        ({"inbox": "line", "to": "+1", "text": "  "}, MediacoreError),
        ({"inbox": "line", "to": "", "text": "x"}, MediacoreError),
        ({"inbox": "line", "to": "", "text": "x", "answer": "nobody"}, KeyError),
    ],
)
def test_cannot_be_asked(site: Any, arguments: dict[str, str], fault: type[Exception]) -> None:
    """What cannot be sent is refused at once and leaves no message."""
    with pytest.raises(fault):
        site.send(**arguments)
    assert site.messages() == []


def test_answer(site: Any) -> None:
    """An answer goes to whom the message came from, in its thread, and names what it answers."""
    site.accept("line", Request("POST", "https://x/", (Header("X-Sign", "good"),), b'{"id": "c-1", "text": "hi"}'))
    (message,) = site.messages()
    id_ = site.send("line", "", "hello", answer=message["id"])
    shown = site.message(id_)
    assert (shown["contact"], shown["conversation"]) == ("+1", message["conversation"])
    with site.house.ledger.begin() as connection:
        from mediacore.stores.conversation import message as row

        assert (row(connection, id_)["reply_to"], row(connection, id_)["references"]) == ("c-1", ["c-1"])
    again = site.send("line", "", "and this", answer=id_)
    with site.house.ledger.begin() as connection:
        assert row(connection, again)["references"] == ["c-1"]


def test_file_is_copied(site: Any, photo: Path) -> None:
    """What an agent picked is copied when it is asked for, and may change or go away afterwards."""
    data = photo.read_bytes()
    id_ = site.send("line", "+1", "", [FileToSend(photo, regions=(Region(0, (1, 1, 9, 9), "manual"),))])
    photo.unlink()
    (file,) = site.message(id_)["files"]
    assert site.path(file["sha256"]).read_bytes() == data
    outbound(site.house, id_, 0)
    assert "redacted" in {r["kind"] for r in site.message(id_)["files"][0]["renditions"]}


def test_faulty_settings_leave_nothing_open(tmp_path: Path, fake: None) -> None:
    """A site that cannot be built says why and holds nothing open."""
    config = from_tables(SiteSettings(), {"line": {"channel": "fake", "tokn": "x"}}, tmp_path)
    with pytest.raises(ConfigError, match=r"missing: token; unknown: tokn"):
        Site(config)


def test_jail_too_weak(sites: Callable[..., Any]) -> None:
    """A site does not begin to work below the confinement that it asks for."""
    site = sites(SiteSettings(min_jail=4))
    with pytest.raises(ConfigError, match="min_jail"):
        site.start()


@pytest.mark.parametrize(("most", "least", "starts"), [(Level.LIMITS, 2, False), (Level.LIMITS, 1, True)])
def test_jail_at_its_lower_levels(
    sites: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, most: Level, least: int, starts: bool
) -> None:
    """Where less of the jail is to be had, a site works only if its settings are content with that."""
    monkeypatch.setattr("mediacore.runner.site.Sandbox", partial(Sandbox, most=most))
    site = sites(SiteSettings(min_jail=least, ocr=False))
    with nullcontext() if starts else pytest.raises(ConfigError, match="min_jail"):
        site.start()
    assert site.confinement == most


def test_jail_with_a_gap(sites: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A site whose jail fails its self-test does not begin to work."""
    site = sites()
    if site.confinement < Level.CALLS:
        pytest.skip(site.confinement.description)
    monkeypatch.setattr(Sandbox, "self_test", lambda _: ("execute",))
    with pytest.raises(ConfigError, match=r"gap.*execute"):
        site.start()


class Mailbox:
    """Stands in for a pull channel's poll."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.acts: list[Any] = []
        self.asked: list[str] = []
        monkeypatch.setattr(Inbox, "poll", self.poll)

    def poll(self, cursor: str) -> Batch | None:
        self.asked.append(cursor)
        act = self.acts.pop(0) if self.acts else None
        if isinstance(act, Exception):
            raise act
        assert act is None or isinstance(act, Batch)
        return act


def mail(number: int, sign: str = "good") -> Request:
    body = b'{"id": "m-%d", "text": "mail"}' % number
    return Request("POLL", f"imap://INBOX/1/{number}", (Header("X-Sign", sign),), body)


def test_polling(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """New mails are stored before the cursor moves, and looks go on from there."""
    box = Mailbox(monkeypatch)
    box.acts = [Batch((mail(1), mail(2)), "2"), Batch((), "2")]
    assert [polling.look(site.house, "line", 2.0) for _ in range(2)] == [polling.Next(2.0, listen=True)] * 2
    assert box.asked == ["", "2"]
    assert len(site.messages()) == 2


def test_more_mails(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll that could not bring everything is followed by the next one at once."""
    box = Mailbox(monkeypatch)
    box.acts = [Batch((mail(1),), "1", more=True)]
    assert polling.look(site.house, "line", 2.0) == polling.Next(0.0)


@pytest.mark.parametrize(("answers", "asked"), [([False, False, True], 3), ([None], 1), ([Retry("lost")], 1)])
def test_listening(site: Any, monkeypatch: pytest.MonkeyPatch, answers: list[Any], asked: int) -> None:
    """Between two looks the provider is listened to, until it tells of news or cannot be listened to."""
    cursors: list[str] = []

    def wait(_self: Inbox, cursor: str, _seconds: float) -> bool | None:
        cursors.append(cursor)
        act = answers.pop(0)
        if isinstance(act, Exception):
            raise act
        return bool(act) if act is not None else None

    monkeypatch.setattr(Inbox, "wait", wait)
    monkeypatch.setattr(Inbox, "hooks", ("poll", "wait"))
    monkeypatch.setattr(polling, "BRIEFEST", 0.0)
    polling.rest(site.house, "line", polling.Next(0.0, listen=True), threading.Event())
    assert cursors == [""] * asked


def test_no_listening_after_a_fault(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a look that went wrong the clock decides, whatever the provider would tell."""
    monkeypatch.setattr(Inbox, "hooks", ("poll", "wait"))
    asked: list[str] = []
    monkeypatch.setattr(Inbox, "wait", lambda _self, cursor, _seconds: asked.append(cursor))
    monkeypatch.setattr(polling, "BRIEFEST", 0.0)
    polling.rest(site.house, "line", polling.Next(0.0), threading.Event())
    assert asked == []


def test_poison_mail(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail that is refused or cannot be read is kept raw and does not stop the mailbox."""
    box = Mailbox(monkeypatch)
    broken = Request("POLL", "imap://INBOX/1/9", (Header("X-Sign", "good"),), b"{")
    box.acts = [Batch((mail(1, sign="bad"), broken, mail(2)), "3")]
    polling.look(site.house, "line", 2.0)
    assert len(site.messages()) == 1
    with site.house.ledger.begin() as connection:
        assert len(intake.kept(connection)) == 2
        assert intake.cursor(connection, "line") == "3"


@pytest.mark.parametrize(
    "fault", [Retry("down"), OSError("full"), RuntimeError("a fault")], ids=lambda f: type(f).__name__
)
def test_mailbox_that_fails(site: Any, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    """Whatever a look fails with, the next one comes, a little later, from the same place."""
    box = Mailbox(monkeypatch)
    box.acts = [fault, Batch((mail(1),), "1")]
    assert polling.look(site.house, "line", 2.0) == polling.Next(5.0)
    assert polling.look(site.house, "line", 2.0) == polling.Next(2.0, listen=True)
    assert box.asked == ["", ""]
    assert len(site.messages()) == 1


def test_mailbox_without_credentials(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost credentials stop the looks until the inbox is resumed."""
    box = Mailbox(monkeypatch)
    box.acts = [AuthNeeded("sign in again")]
    for _ in range(3):
        polling.look(site.house, "line", 2.0)
    assert len(box.asked) == 1
    site.resume("line")
    polling.look(site.house, "line", 2.0)
    assert len(box.asked) == 2


def test_full_disk_keeps_the_place(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full in the middle of a batch does not move the cursor, so nothing is passed over."""
    box = Mailbox(monkeypatch)
    box.acts = [Batch((mail(1), mail(2)), "2")] * 2
    put, calls = type(site.house.blobs).put, list[int]()

    def brittle(blobs: Any, chunks: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, "no space left on device")
        return put(blobs, chunks)

    monkeypatch.setattr(type(site.house.blobs), "put", brittle)
    assert polling.look(site.house, "line", 2.0) == polling.Next(5.0)
    polling.look(site.house, "line", 2.0)
    assert box.asked == ["", ""]
    assert len(site.messages()) == 2
