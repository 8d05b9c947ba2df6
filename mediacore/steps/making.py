"""Files made as a plan says, each proven to fit by validating it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from mediacore.engines.operation import Unusable
from mediacore.errors import Permanent
from mediacore.house import House
from mediacore.inbox import Inbox
from mediacore.messages import Attachment
from mediacore.plan import Action, Plan, Step
from mediacore.steps.files import examine, store
from mediacore.steps.proving import Made, Planner, look, proven
from mediacore.steps.spare import use_spare
from mediacore.values import Fit, Media, Severity


def prove(
    house: House, inbox: Inbox, attachments: Sequence[Attachment], planner: Planner, folder: Path
) -> tuple[Plan, Made]:
    """A plan for examined files of which every step was tried; see ``mediacore.steps.proving``."""
    return proven(
        attachments,
        planner,
        lambda index, step: _make(house, inbox, attachments[index], step, folder),
        lambda media: look(house.bench, media, folder),
    )


def make(
    house: House,
    inbox: Inbox,
    attachments: Sequence[Attachment],
    planned: Plan,
    folder: Path,
    turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    known: Made | None = None,
) -> list[list[Media]]:
    """Each attachment's files as the plan says, stored, and proven to fit by validating again.

    Args:
        house, inbox: what to work with.
        attachments: the files that were planned for.
        planned: the plan, in which nothing is refused.
        folder: for files on their way.
        turn: entered while one attachment's files are made.
        known: what was made by trying the plan.

    Raises:
        Permanent: one cannot be made as planned.
    """
    made: list[list[Media]] = []
    for index, (attachment, step) in enumerate(zip(attachments, planned.steps, strict=True)):
        with turn():
            made.append((known or {}).get((index, step)) or _make(house, inbox, attachment, step, folder))

    def remake(index: int, fit: Fit) -> Media:
        return _converted(house, inbox, attachments[index].media, fit, folder)[0]

    use_spare(planned, made, inbox.limits, remake)
    return [[store(house, media.path, media) for media in results] for results in made]


def _make(house: House, inbox: Inbox, attachment: Attachment, step: Step, folder: Path) -> list[Media]:
    """The files that one attachment becomes, proven to be what the plan said."""
    media = attachment.media
    if step.action is Action.LINK:
        return [_stripped(house, attachment, folder)]
    if step.fit is not None:
        results = _converted(house, inbox, media, step.fit, folder)
    else:
        results = [_stripped(house, attachment, folder)]
    if len(results) != step.count:
        raise Permanent(f"it became {len(results)} files where {step.count} were planned", code="plan-broken")
    for number, result in enumerate(results):
        findings = [f for f in inbox.validate(result) if f.severity is not Severity.NOTE]
        if findings:
            # taking metadata out made it larger, or a damaged recording shows only now what it is coded as
            source, order = (media, as_planned(inbox, step)) if step.fit is None else (result, step.fit)
            results[number : number + 1] = _converted(house, inbox, source, order, folder)
            findings = [f for f in inbox.validate(results[number]) if f.severity is not Severity.NOTE]
        if findings:
            raise Permanent(f"{attachment.name}: {findings[0].message}", code=findings[0].code)
    return results


def _converted(house: House, inbox: Inbox, media: Media, fit: Fit, folder: Path) -> list[Media]:
    return [examine(house, path)[0] for path in inbox.convert(media, fit, folder)]


def as_planned(inbox: Inbox, step: Step) -> Fit:
    """The order that makes a file fit its own sort, when taking its metadata out made it break a bound."""
    accept = next(a for a in inbox.limits.accept if a.name == step.accept)
    most = accept.max_bytes.value if accept.max_bytes else 0
    side = accept.max_side.value if accept.max_side else 0
    return Fit(types=accept.types, max_bytes=most, max_side=side, modes=accept.modes)


def _stripped(house: House, attachment: Attachment, folder: Path) -> Media:
    try:
        path = house.bench.strip(attachment.media, folder)
    except Unusable as error:
        raise Permanent(f"its hidden data could not be taken out: {error.message}", code=error.code) from error
    # a table of values is one by its name alone
    return examine(house, path, attachment.name)[0]
