"""Plugins' readers in the jail: the same answers as outside, nothing believed, nothing imported behind the lock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, field, frozen
from mediacore_email.simulator_mails import compose

from mediacore import Header, InboundMessage, Permanent, Remote, Request, Retry, mount
from mediacore.apart import Apart, Here
from mediacore.engines.operation import Unusable
from mediacore.reading import MANY, Away
from mediacore.sandbox import InProcess, Outcome, Sandbox
from mediacore.stores.coding import to_json

READER = "mediacore_email.reading"
SETTINGS = {"address": "help@shop.example"}
MAIL = Request(
    "POLL",
    "imap://INBOX/7/42",
    (Header("X", "é"),),
    compose(
        "kim@x.example",
        "help@shop.example",
        "Hi",
        [("p.png", "image/png", b"PNG\0\xff"), ("e.txt", "text/plain", b"")],
        message_id="<1@x.example>",
        subject="Hello",
    ),
    datetime(2026, 1, 2, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def jail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Away]:
    with Sandbox() as sandbox:
        yield Away(sandbox, tmp_path_factory.mktemp("reading") / "scratch")


@frozen
class Answers:
    """A runner whose child answers what a broken reader might."""

    facts: dict[str, Any] = field(factory=dict)
    files: tuple[Path, ...] = ()
    error: Exception | None = None
    well: bool = True

    def run(self, _operation: str, path: Path, *_: object) -> Outcome:
        if self.error and not path.stat().st_size and self.well:
            raise Unusable("part", "There is nothing in it.")
        if self.error:
            raise self.error
        return Outcome(self.facts, self.files)


def test_the_same_inside_and_outside(jail: Away, tmp_path: Path) -> None:
    """A mail tells the same in the jail as here, and its files are the same, the empty one too."""
    for apart in (jail, Away(InProcess(), tmp_path)):
        told = apart.events(READER, MAIL, SETTINGS)
        assert told == Here().events(READER, MAIL, SETTINGS)
        (event,) = told
        assert isinstance(event, InboundMessage)
        assert [r.name for r in event.remotes] == ["p.png", "e.txt"]
        for remote in event.remotes:
            written = []
            for where in (apart, Here()):
                where.file(READER, MAIL, remote.ref, tmp_path / "file", 100)
                written.append((tmp_path / "file").read_bytes())
            assert written[0] == written[1]
    assert list(jail.scratch.iterdir()) == []


@pytest.mark.parametrize(("ref", "most", "code"), [("9", 100, "part"), ("2", 3, "too-large")])
def test_files_that_are_not_there_or_too_large(jail: Away, tmp_path: Path, ref: str, most: int, code: str) -> None:
    """What the reader says of a file is said outside in the same words, by the same code."""
    said = set()
    for apart in (jail, Here()):
        with pytest.raises(Permanent) as caught:
            apart.file(READER, MAIL, ref, tmp_path / "file", most)
        said.add((caught.value.code, caught.value.message))
    assert {each for each, _ in said} == {code}
    assert len(said) == 1


def test_a_locked_jail_imports_nothing(jail: Away) -> None:
    """A reader that no installed channel brought was not imported in time, and is not imported later."""
    with pytest.raises(Permanent) as caught:
        jail.events("mediacore.testkit.builders", MAIL, SETTINGS)
    assert caught.value.code == "damaged"


GOOD = {"kind": "InboundMessage", "event": to_json(Here().events(READER, MAIL, SETTINGS)[0])}


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"events": "many"},
        {"events": [GOOD] * (MANY + 1)},
        {"events": [GOOD, {"kind": "Site", "event": {}}]},
        {"events": [{"kind": "InboundMessage"}]},
        {"events": [{"kind": "InboundMessage", "event": {**GOOD["event"], "remotes": 7}}]},
        {"events": [{"kind": "InboundMessage", "event": {**GOOD["event"], "sent_at": "soon"}}]},
    ],
    ids=["nothing", "text", "flood", "another kind", "no event", "no list", "no time"],
)
def test_answers_are_not_believed(tmp_path: Path, facts: dict[str, Any]) -> None:
    """What comes out of the jail is built into events by their types, or it is nothing."""
    assert Away(Answers({"events": [GOOD]}), tmp_path).events(READER, MAIL, SETTINGS)
    with pytest.raises(Permanent) as caught:
        Away(Answers(facts), tmp_path).events(READER, MAIL, SETTINGS)
    assert caught.value.code == "crashed"
    with pytest.raises(Permanent):
        Away(Answers(), tmp_path).file(READER, MAIL, "1", tmp_path / "file", 9)


@pytest.mark.parametrize(
    ("error", "well", "raised"),
    [
        (Unusable("timeout", "Too long."), True, Permanent),
        (Unusable("damaged", "It is damaged."), True, Permanent),
        (Unusable("timeout", "Too long."), False, Retry),
        (Unusable("crashed", "It ended again and again."), False, Retry),
        (Unusable("library-missing", "A library is not installed."), True, Retry),
        (OSError("disk full"), True, Retry),
        (Retry("too many jobs wait"), True, Retry),
    ],
)
def test_faults_say_what_to_do_next(tmp_path: Path, error: Exception, well: bool, raised: type[Exception]) -> None:
    """A mail that kills its reader is final; what is the machine's fault, as one that kills every reader, is not."""
    with pytest.raises(raised):
        Away(Answers(error=error, well=well), tmp_path).events(READER, MAIL, SETTINGS)


def test_a_mail_that_kills_its_reader_is_kept_whole(tmp_path: Path) -> None:
    """The channel shows such a mail as one file, under an id of its own, and believes not one word of it."""
    dead: Apart = Away(Answers(error=Unusable("timeout", "Working on this file takes too long.")), tmp_path)
    table = {"channel": "email", "address": "help@shop.example", "smtp_host": "127.0.0.1"}
    inbox = mount("mail", table, apart=dead)
    (event,) = inbox.receive(MAIL)
    assert isinstance(event, InboundMessage)
    assert event.unsupported == "a mail that is kept whole: Working on this file takes too long."
    assert (event.text, event.contact.address) == ("", "unknown@sender.invalid")
    assert event.remotes == (Remote("raw", "message.eml", "message/rfc822", len(MAIL.body)),)
    assert event.dedupe != inbox.receive(evolve(MAIL, body=b"another"))[0].dedupe
    inbox.fetch(event.remotes[0], MAIL, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == MAIL.body
