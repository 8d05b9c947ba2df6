"""A plan that was tried before it is shown, so that nothing is promised that cannot be carried out.

Facts tell what a file is; whether a damaged one can be taken apart is known once it was tried. So each file that is to
go as it is, or as a link, is cleaned right away, and each picture and page is made what the plan says. What fails is
written into the file's facts, and the planner is asked again. Coding a recording anew takes minutes, so of one that is
to be coded anew it is tried whether it can be taken apart and something of it be seen or heard.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from attrs import evolve

from mediacore.engines.operation import Unusable
from mediacore.errors import Permanent
from mediacore.kinds import Kind
from mediacore.messages import Attachment
from mediacore.plan import Action, Plan, Step
from mediacore.sandbox.bench import Bench
from mediacore.values import Media

Planner: TypeAlias = Callable[[Sequence[Attachment]], Plan]
Looker: TypeAlias = Callable[[Media], object]
Maker: TypeAlias = Callable[[int, Step], list[Media]]
Made: TypeAlias = dict[tuple[int, Step], list[Media]]
"""By attachment and step, the files that it became."""
SMALL = 64
"""Pixels of a likeness that only shows that there is one."""


def proven(attachments: Sequence[Attachment], planner: Planner, maker: Maker, looker: Looker) -> tuple[Plan, Made]:
    """A plan of which every step was tried.

    Args:
        attachments: the files with their facts.
        planner: plans for them.
        maker: makes an attachment's files as a step says; raises ``Permanent`` or ``Unusable`` when it cannot.
        looker: looks at a recording, and raises ``Unusable`` when nothing of it can be seen or heard.

    Returns:
        The plan, and what was made on the way; of which the files of other steps are left over from earlier tries.
    """
    files = list(attachments)
    made: Made = {}
    while True:
        planned = planner(files)
        failed = False
        for step in planned.steps:
            key = (step.attachment, _tried(files[step.attachment].media, step))
            if step.action is Action.REFUSE or key in made:
                continue
            trial = key[1]
            try:
                made[key] = maker(*key)
                if trial is not step:
                    trial = step
                    looker(files[step.attachment].media)
            except (Permanent, Unusable) as error:
                files[step.attachment] = _flawed(files[step.attachment], trial, error.message)
                failed = True
        if not failed:
            return planned, made


def look(bench: Bench, media: Media, folder: Path) -> None:
    """Show a film's picture, or a sound's bars, too small for anybody.

    Raises:
        Unusable: there is nothing to be seen or heard.
    """
    form = "picture" if media.kind is Kind.VIDEO and media.facts.width else "wave"
    bench.preview(media, SMALL, 0, folder, form).path.unlink()


def _tried(media: Media, step: Step) -> Step:
    """What is tried of a step: all of it, but of a recording that is coded anew only whether it can be taken apart."""
    if step.fit is None or media.kind not in (Kind.AUDIO, Kind.VIDEO):
        return step
    return evolve(step, action=Action.LINK, fit=None)


def _flawed(attachment: Attachment, step: Step, told: str) -> Attachment:
    """The attachment, and in its facts what cannot be done with it; a second time, nothing of the sort can."""
    facts = attachment.media.facts
    words = told.rstrip(".")
    changed = evolve(facts, unclean=words) if step.fit is None else evolve(facts, unmade=words)
    if changed == facts:
        changed = evolve(facts, unclean=words, unmade=words)
    return evolve(attachment, media=evolve(attachment.media, facts=changed))
