"""How long customers' files are kept: for good, for a term, or not at all, by the inbox's policy."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from mediacore.errors import MediacoreError
from mediacore.events import Remote
from mediacore.house import House, Job, Policy
from mediacore.messages import AttachmentState
from mediacore.steps.telling import tell
from mediacore.stores import conversation, intake
from mediacore.stores.ledger import now

OVER = "it was kept only for a time, by this inbox's policy"


def term(policy: Policy, remote: Remote) -> float:
    """Seconds after which a file that was just settled goes again; 0 for never."""
    if policy.media == "copy":
        return 0.0
    if policy.media == "reference" and remote.expires is not None:
        return max(1.0, (remote.expires - datetime.now(UTC)).total_seconds())
    return policy.media_ttl


def set_term(house: House, connection: sa.Connection, attachment: str, seconds: float) -> None:
    """Note when a file goes, with the job that sees to it."""
    if seconds:
        conversation.change_attachment(connection, attachment, until=now() + int(seconds * 1e6))
        house.enqueue(connection, Job("expire", f"expire:{attachment}:0", attachment, delay=seconds))


def expire(house: House, attachment: str) -> float | None:
    """A file's term is over: its bytes go with every rendition, and the desk hears of it.

    Returns:
        None when it is gone, or the seconds that are left.
    """
    with house.ledger.begin() as connection:
        row = conversation.attachment(connection, attachment)
        if row is None or row["state"] not in (AttachmentState.READY, AttachmentState.REDACTED):
            return None
        if row["until"] > now():
            return float((row["until"] - now()) / 1e6)
        forget(house, connection, attachment, AttachmentState.EXPIRED, OVER)
        owner = conversation.message(connection, row["message"])
        conversation.change(connection, owner["id"])
        tell(house, connection, owner["inbox"], "update", owner["id"], f"expired:{attachment}")
    return None


def forget(
    house: House, connection: sa.Connection, attachment: str,
    state: AttachmentState = AttachmentState.DELETED, why: str = "",
) -> None:  # fmt: skip
    """Take an attachment's bytes away, with every file derived from it, unless another message has the same file."""
    digests = conversation.forget(connection, attachment)
    conversation.change_attachment(connection, attachment, state=state, sha256="", remote=None, error=why)
    for sha256 in digests:
        if not conversation.in_use(connection, sha256):
            house.blobs.delete(sha256)


def forget_delivery(house: House, connection: sa.Connection, id_: str) -> None:
    """Take away a delivery as it came whose only event is a message that the customer took back.

    One that told of others as well stays, since their files may still have to be fetched by it.
    """
    row = intake.delivery(connection, id_)
    try:
        body = house.blobs.path(row["body"]).read_bytes()
        events = house.inbox(row["inbox"]).receive(intake.request_of(row, body))
    except (KeyError, MediacoreError):  # gone already, or no longer readable under today's settings
        return
    digest = intake.let_go(connection, id_) if len(events) == 1 else ""
    if digest and not conversation.in_use(connection, digest):
        house.blobs.delete(digest)
