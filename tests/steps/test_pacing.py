"""The provider's pace and its window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mediacore import Figure, Limits, Pace, Template, Window
from mediacore.steps import pacing, preparing

PACE = Pace(contact_seconds=Figure(6, "x"), contact_burst=Figure(45, "x"))


def test_a_burst_may_go_and_then_one_message_at_a_time() -> None:
    """Forty-five messages go at once, the next one waits for the cost of one, and waiting pays it off."""
    assert pacing.owed([0.0] * 44, PACE, 0.0) == 0.0
    assert pacing.owed([0.0] * 45, PACE, 0.0) == pytest.approx(6.0)
    assert pacing.owed([0.0] * 45, PACE, 6.0) == pytest.approx(0.0)


@given(st.lists(st.floats(0, 1000), max_size=60).map(sorted), st.integers(1, 20), st.integers(1, 30))
def test_who_waits_as_told_keeps_to_the_rate(moments: list[float], burst: int, cost: int) -> None:
    """Messages sent no earlier than told never pass the burst plus what leaked since, over any stretch of time."""
    pace = Pace(contact_seconds=Figure(cost, "x"), contact_burst=Figure(burst, "x"))
    sent: list[float] = []
    for wished in moments:
        moment = max(wished, sent[-1] if sent else 0.0)
        moment += pacing.owed(sent, pace, moment)
        sent.append(moment)
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + (sent[last] - sent[first]) / cost + 1e-6


def paced(limits: Limits, **pace: int) -> Limits:
    """These limits with a pace."""
    return evolve(limits, pace=Pace(**{name: Figure(value, "x") for name, value in pace.items()}))


def test_the_story_waits_for_the_customer_s_turn(staged: Callable[..., Any], limits: Limits) -> None:
    """The second message to one customer is not handed over before its time, and nothing of it is lost."""
    stage = staged(limits=paced(limits, contact_seconds=3600))
    first, second = stage.ask("one"), stage.ask("two")
    stage.work()
    stage.later(3)
    assert [m.text for m in stage.provider.taken] == ["one"]
    assert stage.message(first)["status"] == "sent"
    assert stage.message(second)["status"] == "queued"
    assert stage.message(second)["parts"][0]["attempts"] == 0, "waiting is no try"


def test_the_account_s_pace_counts_all_customers(
    staged: Callable[..., Any], limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages to different customers share the account's second; when it is over, the next one goes."""
    start, later = pacing.now(), [0]
    monkeypatch.setattr(pacing, "now", lambda: start + later[0])
    stage = staged(limits=paced(limits, second=1))
    stage.ask("one")
    stage.ask("two", contact="+1666", conversation="+1666")
    stage.work()
    stage.later(2)
    assert [m.text for m in stage.provider.taken] == ["one"]
    later[0] = 3600 * 1_000_000
    stage.settle()
    assert [m.text for m in stage.provider.taken] == ["one", "two"]


@pytest.mark.parametrize(
    ("hours", "automatic", "noted"), [(23, False, False), (25, False, False), (25, True, True), (169, False, True)]
)
def test_a_closed_window_is_noted(
    staged: Callable[..., Any], limits: Limits, hours: int, automatic: bool, noted: bool
) -> None:
    """People are allowed longer than machines; whoever is too late reads it in the plan, before sending."""
    stage = staged(limits=evolve(limits, window=Window(Figure(24, "x"), Figure(168, "x"))))
    stage.deliver(stage.writes("hello", sent_at=datetime.now(UTC) - timedelta(hours=hours)))
    stage.work()
    with stage.house.ledger.begin() as connection:
        note = pacing.window_note(connection, stage.house.inbox("line"), "+1555", automatic)
    assert bool(note) is noted
    id_ = stage.ask("answer", automatic=automatic)
    stage.work()
    assert bool(stage.message(id_)["plan"]["notes"]) is noted
    assert stage.message(id_)["status"] == "sent", "the provider has the last word"


@pytest.mark.parametrize("heading", [True, False])
def test_a_closed_window_names_the_way_out(staged: Callable[..., Any], limits: Limits, heading: bool) -> None:
    """Where the channel has templates, the note says to send one; for a template itself nothing is noted."""
    accept = tuple(evolve(a, heading=heading) for a in limits.accept)
    stage = staged(limits=evolve(limits, window=Window(Figure(24, "x")), accept=accept))
    stage.deliver(stage.writes("hello", sent_at=datetime.now(UTC) - timedelta(hours=25)))
    inbox = stage.house.inbox("line")
    (note,) = preparing.make_plan(stage.house, inbox, [], "hello", "+1555").notes
    assert note.endswith(": send a template instead") is heading
    if heading:
        assert preparing.make_plan(stage.house, inbox, [], "", "+1555", template=Template("a", "en")).notes == ()
