"""Which files share a provider message, and how many bytes each of them may have there."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from mediacore.limits import Accept, Message


@frozen
class Unit:
    """One file that will travel: an attachment, or one page image of it.

    Args:
        step: index of the attachment.
        number: which of the attachment's results, from 0.
        accept: the sort of file that it will be.
        least: bytes below which it would no longer be legible.
        most: bytes that it would have without any pressure.
        budget: bytes that it may have; set by ``allot``.
    """

    step: int
    number: int
    accept: Accept
    least: int
    most: int
    budget: int = 0


def pack(units: Sequence[Unit], message: Message, first_text: int) -> list[list[Unit]]:
    """Group units into messages, in order, so that each group can fit even when every file is shrunk.

    Args:
        units: the files, in the order in which the customer should see them.
        message: the channel's rule for one message.
        first_text: bytes of the text that shares the first message.

    Returns:
        Groups of units with their budgets set.
    """
    groups: list[list[Unit]] = []
    for unit in units:
        text = first_text if len(groups) <= 1 else 0
        if groups and _fits([*groups[-1], unit], message, text):
            groups[-1].append(unit)
        else:
            groups.append([unit])
    return [allot(group, message, first_text if i == 0 else 0) for i, group in enumerate(groups)]


def travels_with(unit: Unit, message: Message, text: int) -> bool:
    """Whether a text of so many bytes leaves room for this file, as small as it can be, in one message."""
    return _fits([unit], message, text)


def capacity(message: Message, text: int) -> int | None:
    """Bytes on the wire that the files of one message may take together; None for no bound."""
    if message.total_bytes is None:
        return None
    return max(0, message.total_bytes.value - message.overhead - text)


def allot(group: Sequence[Unit], message: Message, text: int) -> list[Unit]:
    """Share a message's bytes: everyone has the least that is legible, and an equal share of the rest.

    Those who need less than their share leave what is over to the others.
    """
    room = capacity(message, text)
    if room is None:
        return [evolve(u, budget=u.most) for u in group]
    raw = room if message.encoding == "raw" else max(0, room * 57 // 78 - 57 * len(group))
    budgets = [u.least for u in group]
    left = max(0, raw - sum(budgets))
    for place, index in enumerate(sorted(range(len(group)), key=lambda i: group[i].most - group[i].least)):
        share = min(group[index].most - group[index].least, left // (len(group) - place))
        budgets[index] += share
        left -= share
    return [evolve(u, budget=budget) for u, budget in zip(group, budgets, strict=True)]


def _fits(group: Sequence[Unit], message: Message, text: int) -> bool:
    if message.files is not None and len(group) > message.files.value:
        return False
    sorts = {u.accept.name for u in group}
    if len(sorts) > 1 and not message.mixed:
        return False
    for accept in {u.accept.name: u.accept for u in group}.values():
        count = sum(u.accept.name == accept.name for u in group)
        if accept.together is not None and count > accept.together.value:
            return False
    room = capacity(message, text)
    return room is None or sum(message.wire(u.least) for u in group) <= room
