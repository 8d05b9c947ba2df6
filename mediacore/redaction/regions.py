"""The union of regions: nothing twice, nothing lost, nothing grown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from attrs import evolve

from mediacore.redaction.words import Box
from mediacore.values import Region


def union(regions: Iterable[Region]) -> list[Region]:
    """The fewest regions that this rule finds for exactly the same area, by page and kind, in reading order.

    Regions of one kind that stand side by side on the same height and overlap or touch become one; those inside
    another are left out. What remains has the highest score of what it stands for. The area covered is that of the
    regions given, no more and no less, in whatever order they come.
    """
    rows: dict[tuple[int, str, float, float], list[Region]] = defaultdict(list)
    for region in regions:
        rows[region.page, region.kind, region.box[1], region.box[3]].append(region)
    joined = [region for row in rows.values() for region in _joined(row)]
    return sorted(_outermost(joined), key=lambda r: (r.page, r.box[1], r.box[0], r.box[3], r.box[2], r.kind))


def inside(inner: Box, outer: Box) -> bool:
    """Whether the first box lies in the second."""
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def _joined(row: list[Region]) -> list[Region]:
    """Regions of one height, page and kind, those that overlap or touch made one."""
    done: list[Region] = []
    for region in sorted(row, key=lambda r: r.box):
        last = done[-1] if done else None
        if last is not None and region.box[0] <= last.box[2]:
            left, top, right, bottom = last.box
            box = (left, top, max(right, region.box[2]), bottom)
            done[-1] = evolve(last, box=box, score=max(last.score, region.score))
        else:
            done.append(region)
    return done


def _outermost(regions: list[Region]) -> list[Region]:
    """Regions of which none lies in another of its page and kind; no two given are equal."""
    groups: dict[tuple[int, str], list[Region]] = defaultdict(list)
    for region in regions:
        groups[region.page, region.kind].append(region)
    return [region for group in groups.values() for region in _outermost_of_group(group)]


def _outermost_of_group(group: list[Region]) -> list[Region]:
    """A sweep from top to bottom: what can hold a region begins no lower and has not ended where it begins."""
    kept: list[Region] = []
    active: list[int] = []
    for region in sorted(group, key=lambda r: (r.box[1], -r.box[3], r.box[0])):
        active = [place for place in active if kept[place].box[3] >= region.box[1]]
        holders = [place for place in active if inside(region.box, kept[place].box)]
        for place in holders:
            kept[place] = evolve(kept[place], score=max(kept[place].score, region.score))
        if not holders:
            active.append(len(kept))
            kept.append(region)
    return kept
