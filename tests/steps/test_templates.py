"""Templates from the desk's request to the channel: planned, shown, sent, and refused where there are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from mediacore import Limits, Permanent, Template
from mediacore.steps import preparing
from mediacore.stores.coding import to_json
from mediacore.testkit import builders

BILL = Template("your_bill", "en_US", {"1": "Ada", "2": "May"})
PHOTO = builders.photo(320, 240)


@pytest.fixture
def office(staged: Callable[..., Any], limits: Limits) -> Any:
    """A stage whose channel has templates that pictures can head."""
    return staged(limits=evolve(limits, accept=tuple(evolve(a, heading=a.name == "image") for a in limits.accept)))


@pytest.mark.parametrize("files", [(), (("photo of a bill.jpg", PHOTO),)])
def test_a_template_reaches_the_channel(office: Any, files: tuple[tuple[str, bytes], ...]) -> None:
    """It goes as one message with its values and its file, without a word of ours, and the desk can see what it was."""
    id_ = office.ask("", *files, template=to_json(BILL))
    office.settle()
    (taken,) = office.provider.taken
    assert (taken.template, taken.text, [a.sort for a in taken.attachments]) == (BILL, "", ["image"] * len(files))
    shown = office.message(id_)
    assert (shown["status"], shown["template"], shown["text"]) == ("sent", to_json(BILL), "")


def test_a_text_has_no_template(office: Any) -> None:
    """Neither for the channel nor for the desk."""
    id_ = office.ask("hello")
    office.settle()
    assert office.provider.taken[0].template is None
    assert office.message(id_)["template"] is None


@pytest.mark.parametrize(
    ("text", "files", "told"),
    [
        ("words", (), "its own words"),
        ("", (("notes.txt", b"words"),), "bears one file that goes in one piece (image)"),
        ("", (("a.jpg", PHOTO), ("b.jpg", PHOTO)), "bears one file"),
    ],
)
def test_what_fits_no_template_is_refused_in_words(
    office: Any, text: str, files: tuple[tuple[str, bytes], ...], told: str
) -> None:
    """Nothing is sent, and the reason stands beside the message."""
    id_ = office.ask(text, *files, template=to_json(BILL))
    office.settle()
    shown = office.message(id_)
    assert shown["status"] == "failed"
    assert told in shown["error"]
    assert office.provider.taken == []


def test_a_channel_without_templates_says_so(stage: Any) -> None:
    """So does the plan that the agent is shown first."""
    with pytest.raises(Permanent, match="Line has no templates"):
        preparing.make_plan(stage.house, stage.house.inbox("line"), [], "", template=BILL)
    id_ = stage.ask("", template=to_json(BILL))
    stage.settle()
    assert "Line has no templates" in stage.message(id_)["error"]
