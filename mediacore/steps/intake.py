"""Taking a delivery in: verified, parsed, written down with its jobs in one transaction, and only then acknowledged."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from mediacore.errors import MediacoreError, PluginError, Refused
from mediacore.events import Deletion, Edit, Event, InboundMessage, Reaction, Request, StatusUpdate, Unsupported
from mediacore.house import House, Job
from mediacore.inbox import Inbox
from mediacore.messages import Contact, Status
from mediacore.names import safe_name
from mediacore.steps.keeping import forget, forget_delivery
from mediacore.steps.telling import tell
from mediacore.stores import conversation, intake, outbox
from mediacore.stores.coding import to_json
from mediacore.stores.ledger import count

LATER = 5.0
"""Seconds after which what could not be decided is looked at again."""


def accept(house: House, name: str, request: Request) -> int:
    """Take one delivery; durable on return.

    Args:
        house: the parts to work with.
        name: the inbox.
        request: the raw delivery.

    Returns:
        How many of its events were new.

    Raises:
        Refused: it is forged or too large; counted, never stored. What was fetched from a mailbox is kept raw instead,
            since nobody would send it again.
        OSError: it could not be written down, so the provider must send it again.
    """
    inbox = house.inbox(name)
    try:
        events, note = _parsed(inbox, request), ""
    except Refused as refusal:
        if refusal.status != 400:
            with house.ledger.begin() as connection:
                count(connection, name, f"refused-{refusal.code or refusal.status}"[:60])
            if request.method != "POLL":
                raise
        events, note = [], str(refusal)
    except PluginError as error:
        events, note = [], str(error)
    body = house.blobs.put([request.body])
    with house.ledger.begin() as connection:
        new = [e for e in events if intake.first_time(connection, name, e.dedupe)]
        if note:
            intake.add_delivery(connection, name, request, body, "kept", note)
            count(connection, name, "kept-raw")
        elif new:
            delivery = intake.add_delivery(connection, name, request, body, "taken")
            for event in new:
                apply(house, connection, name, event, delivery)
    return len(new)


def _parsed(inbox: Inbox, request: Request) -> list[Event]:
    if len(request.body) > inbox.limits.inbound.max_body.value:
        raise Refused("the delivery is larger than this inbox takes", code="oversized", status=413)
    return inbox.receive(request)


def apply(house: House, connection: sa.Connection, inbox: str, event: Event, delivery: str) -> None:
    """Write one new event down, with the job that follows from it."""
    match event:
        case InboundMessage(echo=True):
            _echo(house, connection, inbox, event, delivery)
        case InboundMessage():
            _message(house, connection, inbox, event, delivery)
        case StatusUpdate():
            part = outbox.note_status(connection, inbox, event)
            if part is not None:
                tell(house, connection, inbox, "status", part["message"], event.dedupe)
        case Unsupported():
            who = event.contact or Contact("")
            shown = InboundMessage(event.source_id, who, event.reason, unsupported=event.kind)
            _message(house, connection, inbox, shown, delivery)
        case Edit() | Deletion() | Reaction():
            known = _change(house, connection, inbox, event)
            if not known and not isinstance(event, Deletion):
                house.enqueue(connection, Job("later", f"later:{delivery}:0", delivery, delay=LATER))


def _message(house: House, connection: sa.Connection, inbox: str, event: InboundMessage, delivery: str) -> None:
    if intake.was_seen(connection, inbox, f"gone:{event.source_id}"):
        return
    id_ = _write(connection, inbox, "inbound", event, delivery, status=Status.DELIVERED)
    house.enqueue(connection, Job("inbound", f"in:{id_}:0", id_))


def _write(
    connection: sa.Connection, inbox: str, direction: str, event: InboundMessage, delivery: str, status: Status
) -> str:
    at = {"at": _moment(event.sent_at)} if event.sent_at else {}
    source_id = event.source_id
    if conversation.taken(connection, inbox, direction, source_id):  # something unsupported came under the same id
        source_id = f"{source_id}:{delivery}"
    id_ = conversation.add_message(
        connection, inbox=inbox, direction=direction, source_id=source_id, delivery=delivery, status=status,
        conversation=_thread(connection, inbox, event), contact=event.contact.address, contact_name=event.contact.name,
        subject=event.subject, text=event.text, reply_to=event.reply_to, references=list(event.references),
        unsupported=event.unsupported, automatic=event.automatic, forwarded=event.forwarded, **at,
    )  # fmt: skip
    for position, remote in enumerate(event.remotes):
        conversation.add_attachment(
            connection, id_, position, name=safe_name(remote.name, remote.type, f"file-{position + 1}"),
            caption=remote.caption, inline_id=remote.inline_id, sort=remote.sort[:60],
            remote=to_json(remote), type=remote.type, size=remote.size,
        )  # fmt: skip
    return id_


def _thread(connection: sa.Connection, inbox: str, event: InboundMessage) -> str:
    """The conversation a message belongs to: the channel's own key, the thread it answers, or its writer."""
    if event.conversation:
        return event.conversation
    for source_id in (event.reply_to, *reversed(event.references)):
        known = conversation.by_source(connection, inbox, source_id)
        if known is not None:
            return str(known["conversation"])
    return event.contact.address


def _echo(house: House, connection: sa.Connection, inbox: str, event: InboundMessage, delivery: str) -> None:
    """Something the business wrote: one of our own parts coming back, or a message typed in the provider's app."""
    if conversation.by_source(connection, inbox, event.source_id) is not None:
        return
    doubtful = outbox.doubtful(connection, inbox, event.contact.address)
    same = [p for p in doubtful if p["text"] == event.text and len(p["files"]) == len(event.remotes)]
    if same:
        key = same[0]["key"]
        outbox.note_status(connection, inbox, StatusUpdate(event.source_id, Status.SENT, key=key))
        return
    if outbox.under_way(connection, inbox, event.contact.address):
        # The answer to our own send may still be on its way, so this is decided when that send is settled.
        house.enqueue(connection, Job("later", f"later:{delivery}:0", delivery, delay=LATER))
        return
    id_ = _write(connection, inbox, "outbound", event, delivery, status=Status.SENT)
    house.enqueue(connection, Job("inbound", f"in:{id_}:0", id_))


def later(house: House, delivery: str, last: bool = False) -> bool:
    """Look again at what could not be decided when a delivery came.

    That are echoes while a send of ours was under way, and changes of messages that had not come yet, since providers
    deliver out of order.

    Args:
        house: the parts to work with.
        delivery: the ledger's id of the delivery.
        last: what is still unknown now is let go.

    Returns:
        Whether all is decided.
    """
    with house.ledger.begin() as connection:
        row = intake.delivery(connection, delivery)
    events = house.inbox(row["inbox"]).receive(intake.request_of(row, house.blobs.path(row["body"]).read_bytes()))
    decided = True
    with house.ledger.begin() as connection:
        for event in events:
            if isinstance(event, InboundMessage) and event.echo:
                if outbox.under_way(connection, row["inbox"], event.contact.address):
                    decided = False
                else:
                    _echo(house, connection, row["inbox"], event, delivery)
            elif isinstance(event, (Edit, Reaction)) and not _change(house, connection, row["inbox"], event):
                decided = decided and last
    return decided


def _change(house: House, connection: sa.Connection, inbox: str, event: Edit | Deletion | Reaction) -> bool:
    """Change the message that it is about; False when that is not known, or not yet."""
    gone = f"gone:{event.target}"
    if isinstance(event, Deletion):
        intake.first_time(connection, inbox, gone)
    elif intake.was_seen(connection, inbox, gone):  # what was taken back does not come again with a late edit
        return True
    row = conversation.by_source(connection, inbox, event.target)
    if row is None:
        return False
    if isinstance(event, (Edit, Reaction)):
        at = _moment(event.at) if event.at else 0
        what, when = ("text", "edited_at") if isinstance(event, Edit) else ("reaction", "reacted_at")
        if at and at < row[when]:
            return True
        said = event.text if isinstance(event, Edit) else event.emoji
        conversation.change(connection, row["id"], **{what: said, when: max(at, row[when])})
    else:
        conversation.change(connection, row["id"], text="")
        for item in conversation.attachments_of(connection, row["id"]):
            forget(house, connection, item["id"])
        if row["delivery"]:
            forget_delivery(house, connection, row["delivery"])
    kind = "deletion" if isinstance(event, Deletion) else "update"
    tell(house, connection, inbox, kind, row["id"], event.dedupe)
    return True


def _moment(at: datetime) -> int:
    """Microseconds since 1970, as the ledger counts."""
    return int(at.timestamp() * 1e6)


def replay(house: House, delivery: str) -> int:
    """Try a delivery again that could only be kept raw; returns how many of its events were new.

    Raises:
        MediacoreError: nothing can be made of it still.
    """
    with house.ledger.begin() as connection:
        row = intake.delivery(connection, delivery)
    events = house.inbox(row["inbox"]).receive(intake.request_of(row, house.blobs.path(row["body"]).read_bytes()))
    if not events:
        raise MediacoreError("the delivery holds no event", code="empty")
    with house.ledger.begin() as connection:
        new = [e for e in events if intake.first_time(connection, row["inbox"], e.dedupe)]
        for event in new:
            apply(house, connection, row["inbox"], event, delivery)
        intake.taken(connection, delivery)
    return len(new)
