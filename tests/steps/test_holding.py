"""Files without a likeness say why, and senders whose files stop their readers are held."""

from __future__ import annotations

from typing import Any, cast

import pytest

from mediacore import Contact, InboundMessage, Permanent, Remote, Retry
from mediacore.house import Policy
from mediacore.sandbox import BUDGETS, Budget
from mediacore.steps import again
from mediacore.steps.holding import STOPS
from mediacore.testkit import builders
from mediacore.testkit.builders_bombs_pdf import form_bomb, group_bomb

PHOTO = builders.photo(64, 48)
BOMB = form_bomb()


def arrives(stage: Any, data: bytes, source_id: str, sender: str = "+1555") -> Any:
    """The file of a message that this sender sent, as the desk has it, and the message."""
    stage.provider.files = {"a": data}
    stage.deliver(InboundMessage(source_id, Contact(sender), "look", (Remote("a", "a"),)))
    stage.work()
    message = next(m for m in stage.messages() if m["source_id"] == source_id)
    return message["files"][0], message


def codes(file: Any) -> list[str]:
    return [finding["code"] for finding in file["findings"]]


def test_a_bomb_says_so_once(stage: Any) -> None:
    """A file whose drawing was stopped arrives with a sheet in place of a preview and one sentence that says why."""
    file, _ = arrives(stage, BOMB.data, "c-1")
    assert (file["state"], codes(file)) == ("ready", ["too-much-memory"])
    assert [r["kind"] for r in file["renditions"]] == ["placeholder"]
    assert stage.house.blobs.path(file["sha256"]).read_bytes() == BOMB.data


@pytest.mark.parametrize(
    ("fault", "code", "told"),
    [
        (Permanent("it is a secret", code="secret"), "secret", "it is a secret"),
        (ZeroDivisionError("oh"), "plugin", "ZeroDivisionError"),
    ],
)
def test_a_failing_preview_costs_the_preview(stage: Any, fault: Exception, code: str, told: str) -> None:
    """Whatever a plugin raises when it is asked for a likeness stands on the file, and the file is there."""
    stage.provider.blind.append(fault)
    file, _ = arrives(stage, PHOTO, "c-1")
    assert (file["state"], codes(file)) == ("ready", [code])
    assert told in file["findings"][0]["message"]
    assert [r["kind"] for r in file["renditions"]] == ["placeholder"]


def test_a_busy_moment_costs_no_preview(stage: Any) -> None:
    """A file that could not be shown because too much was going on is shown a little later."""
    stage.provider.blind.append(Retry("busy"))
    assert arrives(stage, PHOTO, "c-1")[0]["state"] == "pending"
    stage.later()
    (file,) = stage.messages()[0]["files"]
    assert (file["state"], file["findings"]) == ("ready", [])
    assert {r["kind"] for r in file["renditions"]} == {"thumbnail", "preview"}


def test_senders_of_bombs_are_held(stage: Any) -> None:
    """After three stopped readers a sender's next file is kept and not opened, unless somebody asks for it."""
    for number in range(STOPS):
        assert arrives(stage, BOMB.data, f"c-{number}")[0]["state"] == "ready"
    file, message = arrives(stage, PHOTO, "c-9")
    assert (file["state"], codes(file)) == ("quarantined", ["sender-held"])
    assert (file["type"], file["renditions"]) == ("image/jpeg", [])
    assert stage.house.blobs.path(file["sha256"]).read_bytes() == PHOTO
    assert message["text"] == "look"
    assert arrives(stage, PHOTO, "d-1", sender="+1777")[0]["state"] == "ready"
    stage.provider.files = {"a": PHOTO}
    again.again(stage.house, message["id"])
    stage.work()
    opened = next(m for m in stage.messages() if m["id"] == message["id"])["files"][0]
    assert (opened["state"], opened["findings"]) == ("ready", [])


def test_what_cannot_be_searched_counts_as_well(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where personal data is looked for, a file that stops the search is kept back and noted, like one not shown."""
    monkeypatch.setitem(cast("dict[str, Budget]", BUDGETS), "words", Budget(cpu=1))
    stage.house.policies["line"] = Policy(redact_inbound=("card",))
    file, _ = arrives(stage, BOMB.data, "c-1")
    assert (file["state"], codes(file)[-1]) == ("quarantined", "timeout")


def test_damaged_files_hold_nobody(stage: Any) -> None:
    """A scanner that writes broken files is no attacker: only stopped readers count."""
    for number in range(STOPS + 1):
        file, _ = arrives(stage, group_bomb().data, f"c-{number}")
        assert (file["state"], codes(file)) == ("ready", ["damaged"])
