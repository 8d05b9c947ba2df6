"""What one file would become on a channel, before it is known what shares its message."""

from __future__ import annotations

from collections.abc import Container

from attrs import frozen

from mediacore.limits import Accept
from mediacore.values import Fit

NO_LINKS = ", and links need public_url in the configuration"
"""Why a file that cannot be carried is no link."""


@frozen
class Choice:
    """What one file would become.

    Args:
        action: the planner's word for it.
        reason: why, in words for an agent.
        accept: the sort of file it becomes; None when it is linked or refused.
        fit: the order for converting; None when it goes as it is.
        shrink: the order to use if the message as a whole proves too large; None if it cannot be made smaller.
        count: how many files it becomes.
        least, most: bytes of one result at the smallest legible and without pressure.
    """

    action: str
    reason: str
    accept: Accept | None = None
    fit: Fit | None = None
    shrink: Fit | None = None
    count: int = 1
    least: int = 0
    most: int = 0


def fallback(reason: str, link: bool) -> Choice:
    """A link where one can be made, else a refusal."""
    if link:
        return Choice("link", f"{reason}: the customer gets a link to it instead")
    return Choice("refuse", f"{reason}{NO_LINKS}")


def order(accept: Accept, writable: Container[str]) -> Fit:
    """The order to make a file fit a sort, as one of the types that can be written."""
    return Fit(
        types=tuple(t for t in accept.types if t in writable),
        max_bytes=accept.max_bytes.value if accept.max_bytes else 0,
        max_side=accept.max_side.value if accept.max_side else 0,
        max_pixels=accept.max_pixels.value if accept.max_pixels else 0,
        modes=accept.modes,
        exact_side=accept.exact_side,
        animated=accept.animated,
        channels=accept.channels,
    )
