"""Values that are stored come back as they were."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mediacore import Action, Facts, Finding, Fit, Part, Plan, Region, Remote, Severity, Step, override_limits
from mediacore.stores.coding import from_json, to_json
from mediacore.testkit import strategies

WORDS = st.text(max_size=20)
SOME = {
    Remote: st.builds(
        Remote,
        ref=WORDS,
        name=WORDS,
        type=WORDS,
        size=st.integers(0, 2**40),
        expires=st.none() | st.datetimes(timezones=st.timezones()),
        extra=st.dictionaries(WORDS, WORDS, max_size=3),
    ),
    Region: st.builds(
        Region, page=st.integers(0, 99), box=st.tuples(*[st.floats(-1e6, 1e6)] * 4), kind=WORDS, score=st.floats(0, 1)
    ),
    Finding: st.builds(Finding, code=WORDS, severity=st.sampled_from(Severity), message=WORDS, remedy=WORDS),
    Facts: st.builds(
        Facts,
        width=st.integers(0, 99),
        duration=st.floats(0, 1e6),
        codecs=st.lists(WORDS, max_size=3).map(tuple),
        encrypted=st.booleans(),
        metadata=st.lists(WORDS, max_size=3).map(tuple),
    ),
    Plan: st.builds(
        Plan,
        channel=WORDS,
        profile=WORDS,
        steps=st.lists(
            st.builds(
                Step,
                attachment=st.integers(0, 9),
                action=st.sampled_from(Action),
                reason=WORDS,
                fit=st.none() | st.builds(Fit, types=st.lists(WORDS, max_size=2).map(tuple)),
            ),
            max_size=3,
        ).map(tuple),
        parts=st.lists(
            st.builds(
                Part, files=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3).map(tuple), text=WORDS
            ),
            max_size=3,
        ).map(tuple),
        notes=st.lists(WORDS, max_size=2).map(tuple),
    ),
}


@given(value=st.one_of(*SOME.values()))
def test_there_and_back(value: Any) -> None:
    """Every value class that the ledger keeps survives JSON."""
    assert from_json(json.loads(json.dumps(to_json(value))), type(value)) == value


@given(limits=strategies.limits())
def test_limits_as_json(limits: Any) -> None:
    """Limits, which the command line prints, are plain JSON, and a site can still lay its numbers over them."""
    assert json.loads(json.dumps(to_json(limits), default=str))["channel"] == limits.channel
    assert override_limits(limits, {"inbound": {"max_body": 7}}).inbound.max_body.value == 7


def test_lists_and_the_rest() -> None:
    """Lists are coded item by item; what is JSON already stays."""
    assert to_json([Region(0, (1.0, 2.0, 3.0, 4.0), "card")])[0]["kind"] == "card"
    assert to_json({"a": 1}) == {"a": 1}
    assert to_json("word") == "word"
