"""One look into a mailbox: what is new is taken in, and only then the cursor moves."""

from __future__ import annotations

import logging

from mediacore.errors import AuthNeeded, MediacoreError
from mediacore.house import House
from mediacore.steps.intake import accept
from mediacore.stores import intake

LOG = logging.getLogger("mediacore")
PAUSE = 5.0
"""Seconds at least before the next look when one went wrong."""


def look(house: House, name: str, pause: float) -> float:
    """Look once.

    Args:
        house: the parts to work with.
        name: the inbox.
        pause: seconds between two looks.

    Returns:
        Seconds to wait before the next look.
    """
    try:
        _take(house, name)
    except (MediacoreError, OSError) as error:
        LOG.warning("inbox %s: %s", name, error)
        return max(pause, PAUSE)
    except Exception:
        LOG.exception("inbox %s could not be looked into and is tried again", name)
        return max(pause, PAUSE)
    return pause


def _take(house: House, name: str) -> None:
    with house.ledger.begin() as connection:
        if intake.halted(connection, name):
            return
        cursor = intake.cursor(connection, name)
    try:
        batch = house.inbox(name).poll(cursor)
    except AuthNeeded as error:
        with house.ledger.begin() as connection:
            intake.halt(connection, name, error.message)
        return
    if batch is None:
        return
    for request in batch.requests:
        accept(house, name, request)
    if batch.cursor != cursor:
        with house.ledger.begin() as connection:
            intake.move_cursor(connection, name, batch.cursor)
