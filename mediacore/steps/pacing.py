"""When the provider will take the next message: its pace, and the window in which the business may write freely."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from mediacore.inbox import Inbox
from mediacore.limits import Limits, Pace
from mediacore.stores import outbox
from mediacore.stores.ledger import now


def pause_for(connection: sa.Connection, inbox: Inbox, contact: str) -> float:
    """Seconds before the inbox may hand over another message to this customer; 0 for at once.

    Counted in the ledger, so that every process that sends for the inbox keeps to one pace.
    """
    pace, moment = inbox.limits.pace, now() / 1e6
    waits = [0.0]
    if pace.second is not None:
        recent = outbox.handed_over(connection, inbox.name, moment - 1.0)
        if len(recent) >= pace.second.value:
            waits.append(recent[-pace.second.value] + 1.0 - moment)
    if pace.contact_seconds is not None:
        since = moment - span(pace)
        waits.append(owed(outbox.handed_over(connection, inbox.name, since, contact), pace, moment))
    return max(waits)


def span(pace: Pace) -> float:
    """Seconds after which a message to a customer no longer counts."""
    cost = pace.contact_seconds.value if pace.contact_seconds else 0
    return float(cost * (pace.contact_burst.value if pace.contact_burst else 1))


def owed(moments: Sequence[float], pace: Pace, moment: float) -> float:
    """Seconds to wait so that one more message keeps to the customer's rate: a bucket that leaks one message a cost.

    Args:
        moments: when earlier messages were handed over, in seconds, oldest first.
        pace: the provider's figures.
        moment: now, in seconds.
    """
    if pace.contact_seconds is None or not moments:
        return 0.0
    cost = float(pace.contact_seconds.value)
    room = float(pace.contact_burst.value if pace.contact_burst else 1)
    level, before = 0.0, moments[0]
    for each in moments:
        level = max(0.0, level - (each - before) / cost) + 1.0
        before = each
    level = max(0.0, level - (moment - before) / cost)
    return max(0.0, (level + 1.0 - room) * cost)


def closes(limits: Limits, wrote: datetime, automatic: bool) -> datetime | None:
    """When the window for free answers closes that a customer's message opened; None where there is no window."""
    hours = limits.window.hours
    if not automatic and limits.window.person_hours is not None:
        hours = limits.window.person_hours
    return None if hours is None else wrote + timedelta(hours=hours.value)


def window_note(connection: sa.Connection, inbox: Inbox, contact: str, automatic: bool) -> str:
    """What an agent should know of the window before sending; empty while it is open, or where there is none.

    The provider has the last word: a call opens the window as well, and is not known here.
    """
    wrote = outbox.last_written(connection, inbox.name, contact)
    if wrote is None or (end := closes(inbox.limits, datetime.fromtimestamp(wrote, UTC), automatic)) is None:
        return ""
    if end > datetime.now(UTC):
        return ""
    instead = ": send a template instead" if inbox.limits.headings().accept else ""
    return (
        f"the customer's last message is too old: {inbox.limits.title} took free answers until"
        f" {end:%Y-%m-%d %H:%M} UTC, and will probably refuse this one{instead}"
    )
