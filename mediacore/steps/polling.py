"""Looking into a mailbox: what is new is taken in, only then the cursor moves, and then the next look is waited for."""

from __future__ import annotations

import logging
import threading
import time

from attrs import frozen

from mediacore.errors import AuthNeeded, MediacoreError
from mediacore.house import House
from mediacore.steps.intake import accept
from mediacore.stores import intake

LOG = logging.getLogger("mediacore")
PAUSE = 5.0
"""Seconds at least before the next look when one went wrong."""
LONGEST = 300.0
"""Seconds after which there is a look even when the provider, which would tell, told of nothing new."""
GLANCE = 5.0
"""Seconds for which a plugin is asked to listen at once, so that the runner stops when it is told to."""
BRIEFEST = 1.0
"""Seconds at least between two looks, however often the provider tells of news."""


@frozen
class Next:
    """When to look again.

    Args:
        seconds: to wait by the clock.
        listen: the provider may be listened to instead, since this look went well.
    """

    seconds: float
    listen: bool = False


def follow(house: House, name: str, pause: float, stop: threading.Event) -> None:
    """Look into one inbox again and again, until told to stop.

    Args:
        house: the parts to work with.
        name: the inbox.
        pause: seconds between two looks.
        stop: set by whoever wants this to end.
    """
    while not stop.is_set():
        rest(house, name, look(house, name, pause), stop)


def look(house: House, name: str, pause: float) -> Next:
    """Look once.

    Args:
        house: the parts to work with.
        name: the inbox.
        pause: seconds between two looks.
    """
    try:
        return Next(0.0) if _take(house, name) else Next(pause, listen=True)
    except (MediacoreError, OSError) as error:
        LOG.warning("inbox %s: %s", name, error)
    except Exception:
        LOG.exception("inbox %s could not be looked into and is tried again", name)
    return Next(max(pause, PAUSE))


def rest(house: House, name: str, following: Next, stop: threading.Event) -> None:
    """Wait for the next look: until the provider tells of news, where it does that, else by the clock.

    Args:
        house: the parts to work with.
        name: the inbox.
        following: what the last look answered.
        stop: set by whoever wants this to end.
    """
    began = time.monotonic()
    if not (following.listen and "wait" in house.inbox(name).hooks):
        stop.wait(following.seconds)
        return
    try:
        while not stop.is_set() and time.monotonic() - began < max(following.seconds, LONGEST):
            news = _listen(house, name)
            if news is None:
                stop.wait(following.seconds)
            if news is not False:
                break
    except (MediacoreError, OSError) as error:
        LOG.warning("inbox %s cannot be listened to, so it is looked into by the clock: %s", name, error)
        stop.wait(following.seconds)
    stop.wait(max(0.0, BRIEFEST - (time.monotonic() - began)))


def _listen(house: House, name: str) -> bool | None:
    with house.ledger.begin() as connection:
        if intake.halted(connection, name):
            return None
        cursor = intake.cursor(connection, name)
    return house.inbox(name).wait(cursor, GLANCE)


def _take(house: House, name: str) -> bool:
    """Take in what is new; whether there is more of it."""
    with house.ledger.begin() as connection:
        if intake.halted(connection, name):
            return False
        cursor = intake.cursor(connection, name)
    try:
        batch = house.inbox(name).poll(cursor)
    except AuthNeeded as error:
        with house.ledger.begin() as connection:
            intake.halt(connection, name, error.message)
        return False
    if batch is None:
        return False
    for request in batch.requests:
        accept(house, name, request)
    if batch.cursor != cursor:
        with house.ledger.begin() as connection:
            intake.move_cursor(connection, name, batch.cursor)
    return batch.more
