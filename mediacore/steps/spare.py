"""Bytes that a message has left once all its files are made go to the pictures that had to be made smaller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import evolve

from mediacore.kinds import Kind
from mediacore.limits import Limits
from mediacore.packing import capacity
from mediacore.plan import Plan, Step, bytes_beside
from mediacore.values import Fit, Media

FULL = 0.8
"""A picture that used at least this share of its budget would look better with more."""
WORTH = 0.15
"""Less than this share more is not worth another encoding."""


def use_spare(plan: Plan, made: Sequence[list[Media]], limits: Limits, remake: Callable[[int, Fit], Media]) -> None:
    """Give each message's spare bytes to the pictures in it that were squeezed.

    The planner shares a message's bytes before it knows what a page or a screenshot really takes, so there is often
    room left. What was planned stays as it was: the same files in the same messages, only better to look at.

    Args:
        plan: what was planned.
        made: the results of each attachment, changed in place.
        limits: what the channel carries.
        remake: makes an attachment's single result anew for another order.
    """
    steps: Mapping[int, Step] = {s.attachment: s for s in plan.steps}
    for part in plan.parts:
        room = capacity(limits.message, bytes_beside(part.text, len(part.links), limits))
        if room is None:
            continue
        squeezed = [i for i, _ in part.files if _squeezed(steps[i], made[i])]
        for place, index in enumerate(squeezed):
            used = sum(limits.message.wire(made[i][n].size) for i, n in part.files)
            share = (room - used) // (len(squeezed) - place)
            fit = steps[index].fit
            spare = share if limits.message.encoding == "raw" else share * 57 // 78 - 57
            if fit is not None and spare > fit.max_bytes * WORTH:
                made[index][0] = remake(
                    index, evolve(fit, max_bytes=_most(limits, steps[index], fit.max_bytes + spare))
                )


def _squeezed(step: Step, results: Sequence[Media]) -> bool:
    fit = step.fit
    return (
        fit is not None
        and fit.max_bytes > 0
        and len(results) == 1
        and results[0].kind is Kind.IMAGE
        and results[0].size > fit.max_bytes * FULL
    )


def _most(limits: Limits, step: Step, wanted: int) -> int:
    accept = next(a for a in limits.accept if a.name == step.accept)
    return min(wanted, accept.max_bytes.value) if accept.max_bytes else wanted
