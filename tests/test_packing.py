"""Packing: which files share a message, and how its bytes are shared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mediacore import Accept, Figure, Kind, Message
from mediacore.packing import Unit, allot, capacity, pack, travels_with
from mediacore.testkit import strategies

IMAGE = Accept("image", Kind.IMAGE, ("image/jpeg",))


@st.composite
def units(draw: st.DrawFn) -> list[Unit]:
    """Files of one or two sorts, each of which fits into a message of 100 000 bytes."""
    sorts = [IMAGE, Accept("pdf", Kind.PDF, ("application/pdf",), together=Figure(2, "x"))]
    count = draw(st.integers(1, 12))
    least = [draw(st.integers(1, 40_000)) for _ in range(count)]
    return [Unit(i, 0, draw(st.sampled_from(sorts)), n, n + draw(st.integers(0, 900_000))) for i, n in enumerate(least)]


@given(units(), strategies.message_rules, st.integers(0, 20_000))
def test_budgets_fit_and_stay_legible(files: list[Unit], rule: Message, text: int) -> None:
    """In each message the budgets together stay within its bytes, none is below the least nor above the need."""
    for place, group in enumerate(pack(files, rule, text)):
        assert all(u.least <= u.budget <= u.most for u in group)
        room = capacity(rule, text if place == 0 else 0)
        if room is not None:
            assert sum(rule.wire(u.budget) for u in group) <= room


@given(units(), strategies.message_rules, st.integers(0, 20_000))
def test_packing_keeps_the_order(files: list[Unit], rule: Message, text: int) -> None:
    """The customer sees the files in the agent's order, each once."""
    assert [u.step for group in pack(files, rule, text) for u in group] == list(range(len(files)))


@given(units())
def test_a_message_without_a_bound_puts_no_pressure(files: list[Unit]) -> None:
    """Where nothing is scarce everyone gets what it needs, and everyone travels together."""
    groups = pack(files, Message(), 0)
    assert all(u.budget == u.most for group in groups for u in group)


def test_who_needs_little_leaves_the_rest() -> None:
    """Two small files take what they need, and the large ones share what is over."""
    group = [Unit(0, 0, IMAGE, 10, 20), Unit(1, 0, IMAGE, 10, 900), Unit(2, 0, IMAGE, 10, 900)]
    assert [u.budget for u in allot(group, Message(total_bytes=Figure(620, "x")), 0)] == [20, 300, 300]


def test_a_large_least_is_not_paid_by_the_limit() -> None:
    """A page that must stay large takes from the photo beside it, not from beyond the message's end."""
    group = [Unit(0, 0, IMAGE, 10, 100), Unit(1, 0, IMAGE, 150, 300)]
    assert [u.budget for u in allot(group, Message(total_bytes=Figure(200, "x")), 0)] == [30, 170]


@given(st.integers(0, 30_000_000))
def test_base64_is_counted_with_its_line_ends(size: int) -> None:
    """The wire size is that of base64 in lines of 76 characters with CRLF."""
    assert Message().wire(size) == size
    encoded = (size + 2) // 3 * 4
    assert Message(encoding="base64").wire(size) == encoded + 2 * ((encoded + 75) // 76)


def test_capacity_counts_overhead_and_text_and_never_falls_below_zero() -> None:
    """None means that nothing is scarce."""
    rule = Message(total_bytes=Figure(1000, "x"), overhead=100)
    assert capacity(rule, 50) == 850
    assert capacity(rule, 5000) == 0
    assert capacity(Message(), 5000) is None


def test_a_text_may_leave_no_room_for_a_file() -> None:
    """The planner asks before it puts words beside a file."""
    rule = Message(total_bytes=Figure(1000, "x"))
    assert travels_with(Unit(0, 0, IMAGE, 900, 900), rule, 100)
    assert not travels_with(Unit(0, 0, IMAGE, 900, 900), rule, 101)
