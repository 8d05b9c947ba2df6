"""How often the account may call: the simulator's count, and that our own calls keep within it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mediacore_instagram import lookup
from mediacore_instagram.simulator import InstagramSimulator
from mediacore_instagram.simulator_pace import Pace
from mediacore_instagram.simulator_rules import GraphError, Order, Piece

from mediacore import Inbox, Outgoing, Retry

FILM = Order("42", files=(Piece("video", "https://x/v.mp4"),))
WORDS = Order("42", text="hello")
PICTURE = Order("42", files=(Piece("image", "https://x/p.jpg"),))


def refused(act: Callable[[], Any]) -> bool:
    try:
        act()
    except GraphError as error:
        return (error.code, error.status) == (613, 400)
    return False


def test_the_figures_of_the_page_hold_for_any_second() -> None:
    """300 messages and 10 recordings in a second are taken, one more is not; a second later there is room again."""
    now = [100.0]
    pace = Pace(clock=lambda: now[0])
    assert [refused(lambda: pace.send(FILM)) for _ in range(11)] == [False] * 10 + [True]
    assert not refused(lambda: pace.send(PICTURE))  # on neither list of the page, so not held to the lower figure
    now[0] += 0.999
    assert refused(lambda: pace.send(FILM))
    now[0] += 0.001
    assert not refused(lambda: pace.send(FILM))
    now[0] += 2
    assert [refused(lambda: pace.send(WORDS)) for _ in range(301)] == [False] * 300 + [True]


def test_too_many_sends_are_refused_as_the_code_table_has_it(
    simulator: InstagramSimulator, live: Inbox, outgoing: Callable[..., Outgoing]
) -> None:
    """A refusal for the rate is one to try again, and nothing was sent."""
    simulator.graph.pace.sends = 1
    live.send(outgoing("one"))
    with pytest.raises(Retry) as refusal:
        live.send(outgoing("two"))
    assert refusal.value.code == "613"
    assert [got.text for got in simulator.devices.wait(1)] == ["one"]


def test_look_ups_take_turns() -> None:
    """Look-ups that come at once are let through one after the other, so slowly that Meta takes each of them."""
    now, waits = [100.0], list[float]()
    turns = lookup.Turns(lambda: now[0], waits.append)
    for _ in range(4):
        turns.wait()
    assert waits == pytest.approx([0.0, lookup.GAP, 2 * lookup.GAP, 3 * lookup.GAP])
    pace = Pace(clock=lambda: now[0])
    for wait in waits:
        now[0] = 100.0 + wait
        assert not refused(pace.look)
    assert refused(pace.look)  # a third within the second
