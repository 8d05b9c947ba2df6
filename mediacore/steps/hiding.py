"""Painting personal data out of a file, and looking again whether it is gone."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from mediacore.engines.operation import Unusable
from mediacore.errors import Permanent
from mediacore.house import House
from mediacore.inbox import Inbox
from mediacore.kinds import Kind
from mediacore.redaction.prove import leaks
from mediacore.redaction.reach import unseen
from mediacore.steps.files import examine, store
from mediacore.stores.coding import from_json, to_json
from mediacore.stores.ledger import put
from mediacore.stores.schema import regions as table
from mediacore.values import Fit, Media, Region

SEARCH = "2"
"""Raised when the built-in detectors look into more than before, so that no older answer is taken for theirs."""
UNREAD = ("unsupported", "truncated", "damaged")
"""What a picture is that no detector can read."""
DRAWN = ("image/jpeg", "image/png")
"""What such a one is drawn as."""


def hide(
    house: House, inbox: Inbox, media: Media, kinds: Sequence[str], marked: Sequence[Region], folder: Path
) -> Media | None:
    """The file with every region painted over.

    Args:
        house: the parts to work with.
        inbox: whose detectors are asked.
        media: the file.
        kinds: sorts of personal data that the policy hides.
        marked: regions that an agent marked.
        folder: for files on their way.

    Returns:
        The redacted file, stored; None when there is nothing to hide.

    Raises:
        Permanent: it cannot be hidden for certain, so the file must not go on.
    """
    told = unseen(media, kinds, house.reads)
    if told and house.policies[inbox.name].unsearched == "refuse":
        raise Permanent(f"it was kept back: {told}", code="not-searched")
    regions = [*marked, *found(house, inbox, media, kinds)]
    if not regions:
        return None
    try:
        painted, _ = examine(house, house.bench.paint(media, regions, folder))
        readable = leaks(house.bench.words(painted), regions)
    except Unusable as error:
        raise Permanent(
            f"what must be hidden in it could not be painted over: {error.message}", code=error.code
        ) from error
    left = readable or found(house, inbox, painted, kinds)
    if left:
        what = ", ".join(sorted({r.kind for r in left}))
        raise Permanent(f"after painting over, {what} could still be read in it", code="still-readable")
    return store(house, painted.path, painted)


def searchable(house: House, inbox: Inbox, media: Media, kinds: Sequence[str], folder: Path) -> Media:
    """The file itself; of a picture that cannot be read for personal data, one with all that can be seen of it.

    That are damaged ones, rare formats, and drawings of lines (SVG).
    """
    try:
        found(house, inbox, media, kinds)
    except Permanent as error:
        if media.kind is not Kind.IMAGE or error.code not in UNREAD:
            raise
        with contextlib.suppress(Unusable):
            if error.code == "unsupported":
                (path,) = house.bench.fit(media, Fit(types=DRAWN), folder)
            else:
                path = house.bench.strip(media, folder)  # which draws what is damaged anew
            return store(house, path, examine(house, path)[0])
        raise
    return media


def found(house: House, inbox: Inbox, media: Media, kinds: Sequence[str]) -> list[Region]:
    """What the detectors want hidden; asked once for one file and remembered, whichever inbox sends it."""
    if not kinds:
        return []
    asked = (SEARCH, *inbox.detectors, house.policies[inbox.name].region, *sorted(kinds))
    key = {"sha256": media.sha256, "kinds": ",".join(asked)[:200]}
    where = (table.c.sha256 == key["sha256"]) & (table.c.kinds == key["kinds"])
    with house.ledger.begin() as connection:
        known = connection.execute(sa.select(table.c.regions).where(where)).first()
    if known is not None:
        return [from_json(r, Region) for r in known[0]]
    regions = inbox.redact(media, kinds)
    with house.ledger.begin() as connection:
        put(connection, table, {**key, "regions": to_json(regions)})
    return regions
