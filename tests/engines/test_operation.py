"""How an engine says how far it is, and learns that nobody waits."""

from __future__ import annotations

import pytest

from mediacore.engines.operation import Stopped, report, reporting


def test_nobody_listens() -> None:
    """Outside of a run, a report goes nowhere and hurts nothing."""
    report(0.5)


def test_shares_are_heard_within_their_bounds() -> None:
    """Who listens hears each share, kept between 0 and 1, and only while listening."""
    heard: list[float] = []
    with reporting(heard.append):
        report(0.25)
        report(-3)
        report(7)
    report(0.5)
    assert heard == [0.25, 0.0, 1.0]


def test_called_off() -> None:
    """What calls the work off passes an engine that catches every error."""

    def enough(_: float) -> None:
        raise Stopped

    with reporting(enough), pytest.raises(Stopped):
        _careless()


def _careless() -> None:
    try:
        report(0.1)
    except Exception:
        pytest.fail("an engine must not be able to swallow it")
