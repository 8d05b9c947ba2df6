"""A child's answer is judged as if a stranger had written it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediacore.engines.operation import Made, Unusable
from mediacore.sandbox.wire import answer_of, excuse_of, read_answer

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["facts", "sizes", "code", "message", "x"]), inner)
    ),
    max_leaves=12,
)


def test_round_trip() -> None:
    """An honest answer arrives as it was."""
    raw = answer_of(Made({"a": 1}, (b"abc", b"")))
    assert read_answer(raw, 1000, 3)[:2] == ({"a": 1}, [3, 0])


def test_excuse() -> None:
    """An engine's excuse keeps its code, and its words lose what could harm a terminal."""
    with pytest.raises(Unusable) as caught:
        read_answer(excuse_of(Unusable("encrypted", "locked\x1b[31m\n" + "x" * 900)), 9000, 0)
    assert caught.value.code == "encrypted"
    assert caught.value.message.startswith("locked[31mx")
    assert len(caught.value.message) <= 500


@given(_JSON)
def test_any_json(value: object) -> None:
    """Whatever JSON comes, the answer is sound or an Unusable."""
    try:
        facts, sizes, _ = read_answer(json.dumps(value).encode(), 10_000, 100)
    except Unusable:
        return
    assert isinstance(facts, dict)
    assert 0 <= sum(sizes) <= 100


@given(st.binary(max_size=60))
def test_any_bytes(raw: bytes) -> None:
    """Whatever bytes come, the answer is sound or an Unusable."""
    with pytest.raises(Unusable):
        read_answer(raw, 50, 0)


@pytest.mark.parametrize("sizes", [[-1], [True], [5], [1.0], ["1"], [0] * 1000, {"a": 1}])
def test_sizes(sizes: object) -> None:
    """Sizes that do not add up are refused."""
    with pytest.raises(Unusable):
        read_answer(json.dumps({"facts": {}, "sizes": sizes}).encode(), 10_000, 4)
