"""What will happen to each file on a channel, before it happens; the same plan is what send carries out.

Pure: facts of the files, the text and the limits in, a plan out.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from attrs import evolve, frozen

from mediacore.choice import Choice
from mediacore.choosing import choose
from mediacore.limits import Limits
from mediacore.messages import Attachment
from mediacore.obstacles import size_word
from mediacore.packing import Unit, pack, travels_with
from mediacore.segments import segments
from mediacore.values import Fit
from mediacore.wording import accompany, chunks, joined

LINK_ROOM = 370
"""Characters and bytes kept free for one link line: a file's name and a signed address."""
LINK_LABEL = 60
"""Bytes of the file's name in it."""


class Action(StrEnum):
    """What happens to an attachment."""

    AS_IS = "as is"
    CONVERT = "convert"
    SHRINK = "shrink"
    SPLIT = "split"
    LINK = "link"
    REFUSE = "refuse"


@frozen
class Step:
    """What happens to one attachment.

    Args:
        attachment: its index in the message.
        action: what is done.
        reason: why, in words that an agent understands.
        accept: the sort of file it becomes, by its name in the limits; empty when linked or refused.
        fit: the order for ``convert``; None when it goes as it is, is linked or refused.
        count: how many files it becomes.
    """

    attachment: int
    action: Action
    reason: str
    accept: str = ""
    fit: Fit | None = None
    count: int = 1


@frozen
class Part:
    """One provider message of the plan.

    Args:
        files: (attachment, number of its result) for each file, in order.
        text: the words that travel with them.
        links: attachments whose address is written below the text.
    """

    files: tuple[tuple[int, int], ...] = ()
    text: str = ""
    links: tuple[int, ...] = ()


@frozen
class Plan:
    """Everything that one outbound message becomes on one channel.

    Args:
        channel, profile: which limits it was made for.
        steps: one for each attachment, in order.
        parts: the provider messages, in order.
        notes: what else the agent should know.
    """

    channel: str
    profile: str
    steps: tuple[Step, ...]
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    @property
    def refused(self) -> tuple[Step, ...]:
        """The steps that keep the whole message from being sent."""
        return tuple(s for s in self.steps if s.action is Action.REFUSE)


def plan(attachments: Sequence[Attachment], text: str, limits: Limits, link: bool = False) -> Plan:
    """Plan one outbound message.

    Args:
        attachments: the files with their facts, names and captions.
        text: the agent's words; may be empty.
        limits: what the channel carries.
        link: whether a file that cannot be carried may become a link.

    Returns:
        The plan. When a step says ``refuse``, the message must not be sent.
    """
    words = accompany(text, attachments)
    choices = [choose(a, limits, link) for a in attachments]
    units = [
        Unit(i, number, choice.accept, choice.least, choice.most)
        for i, choice in enumerate(choices)
        if choice.accept is not None
        for number in range(choice.count)
    ]
    links = tuple(i for i, choice in enumerate(choices) if choice.action == Action.LINK)
    place = limits.text.place
    body = joined(words, *(a.caption for a in attachments)) if place == "body" else words
    beside = bytes_beside(body, len(links), limits)
    fits = limits.text.max is None or limits.text.length(body) + LINK_ROOM * len(links) <= limits.text.max.value
    fits = fits and all(travels_with(unit, limits.message, beside) for unit in units[:1])
    groups = pack(units, limits.message, beside if place == "body" and fits else 0)
    steps = tuple(
        _step(i, choice, attachments[i].media.size, [u for g in groups for u in g if u.step == i], limits)
        for i, choice in enumerate(choices)
    )
    if place == "body":
        parts = _body_parts(groups, body, links, limits, fits)
    else:
        parts = _captioned_parts(groups, words, attachments, links, limits)
    notes = (*_notes(text, words, parts, groups), *_charged(parts, limits))
    return Plan(limits.channel, limits.profile, steps, parts, notes)


def plan_template(attachments: Sequence[Attachment], limits: Limits) -> Plan:
    """Plan a template: one message, whose words are the provider's, headed by one file or by none.

    What cannot head it is refused; a link would have no place there.
    """
    heading = limits.headings()
    made = plan(attachments, "", heading)
    files = [place for part in made.parts for place in part.files]
    if len(files) == len(attachments) <= 1 and not made.refused:
        return evolve(made, parts=(Part(tuple(files)),), notes=())
    sorts = ", ".join(a.name for a in heading.accept)
    reason = f"a template on {limits.title} bears one file that goes in one piece ({sorts})"
    return evolve(
        made, steps=tuple(Step(i, Action.REFUSE, reason) for i in range(len(attachments))), parts=(), notes=()
    )


def bytes_beside(body: str, links: int, limits: Limits) -> int:
    """Bytes on the wire that a text and so many links take beside the files of one message, at most."""
    return limits.message.wire(len(body.encode(errors="surrogatepass"))) + LINK_ROOM * links


def _step(index: int, choice: Choice, size: int, units: Sequence[Unit], limits: Limits) -> Step:
    action, reason, fit = Action(choice.action), choice.reason, choice.fit
    if units:
        budget = min(u.budget for u in units)
        if fit is None and budget < choice.most and choice.shrink is not None:
            action, fit = Action.SHRINK, choice.shrink
        total = limits.message.total_bytes
        if action is Action.SHRINK and total is not None and budget < min(size, choice.most):
            reason = f"it has {size_word(size)} and a whole message may have {size_word(total.value)}"
        if fit is not None:
            fit = evolve(fit, max_bytes=min(budget, fit.max_bytes) if fit.max_bytes else budget)
    return Step(index, action, reason, choice.accept.name if choice.accept else "", fit, choice.count)


def _body_parts(
    groups: Sequence[Sequence[Unit]], body: str, links: tuple[int, ...], limits: Limits, fits: bool
) -> tuple[Part, ...]:
    files = [_files(group) for group in groups]
    if fits:
        first, rest = (files[0], files[1:]) if files else ((), [])
        if not (first or body or links):
            return ()
        return (Part(first, body, links), *(Part(f) for f in rest))
    texts = [Part(text=piece) for piece in chunks(body, limits.text)]
    return (*texts, *(Part(f) for f in files), *(Part(links=(i,)) for i in links))


def _captioned_parts(
    groups: Sequence[Sequence[Unit]],
    words: str,
    attachments: Sequence[Attachment],
    links: tuple[int, ...],
    limits: Limits,
) -> tuple[Part, ...]:
    parts: list[Part] = []
    waiting = words
    for group in groups:
        captions = [attachments[i].caption for i in dict.fromkeys(u.step for u in group if u.number == 0)]
        text, waiting = joined(waiting, *captions), ""
        if limits.text.place == "caption" and len(group) == 1 and _bears(group[0], text, limits):
            parts.append(Part(_files(group), text))
        else:
            parts.append(Part(_files(group)))
            parts.extend(Part(text=piece) for piece in chunks(text, limits.text))
    parts.extend(Part(text=piece) for piece in chunks(waiting, limits.text))
    for i in links:
        parts.extend(_linked(i, attachments[i].caption, limits))
    return tuple(parts)


def _linked(index: int, caption: str, limits: Limits) -> list[Part]:
    most = limits.text.max
    if most is None or limits.text.length(caption) + LINK_ROOM <= most.value:
        return [Part(text=caption.strip(), links=(index,))]
    return [*(Part(text=piece) for piece in chunks(caption, limits.text)), Part(links=(index,))]


def _bears(unit: Unit, text: str, limits: Limits) -> bool:
    most = limits.text.caption_max
    return unit.accept.caption and (most is None or limits.text.length(text) <= most.value)


def _files(group: Sequence[Unit]) -> tuple[tuple[int, int], ...]:
    return tuple((u.step, u.number) for u in group)


def _notes(text: str, words: str, parts: Sequence[Part], groups: Sequence[Sequence[Unit]]) -> tuple[str, ...]:
    notes = []
    if words != text:
        notes.append("no text was written, so the files' names go with them")
    texts = sum(bool(p.text) and not p.files for p in parts)
    if len(groups) > 1:
        notes.append(f"the files travel in {len(groups)} messages, since one cannot hold them all")
    if texts and groups:
        notes.append("the text is a message of its own beside the files")
    return tuple(notes)


def _charged(parts: Sequence[Part], limits: Limits) -> tuple[str, ...]:
    """What a long text costs where each short message of it is charged."""
    alone = [p for p in parts if not p.files]
    if not limits.text.segmented or not alone:
        return ()
    cut = [segments(p.text + "x" * LINK_ROOM * len(p.links)) for p in alone]
    count, foreign = sum(each.count for each in cut), next((each.foreign for each in cut if each.foreign), "")
    if count < 2:
        return ()
    most = "up to " if any(p.links for p in alone) else ""
    why = f", since {foreign!r} is no character of theirs" if foreign else ""
    return (f"the text is charged as {most}{count} SMS{why}",)
