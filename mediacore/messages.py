"""Messages and what happens to them: values that cross every seam, frozen, comparable, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from mediacore.values import Media


class Status(StrEnum):
    """How far an outbound message came; callbacks raise it along this order and never lower it."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class AttachmentState(StrEnum):
    """Where an attachment stands on its way to the desk."""

    PENDING = "pending"
    READY = "ready"
    QUARANTINED = "quarantined"
    EXPIRED = "expired"
    REDACTED = "redacted"
    DELETED = "deleted"


@frozen
class Contact:
    """The customer as the channel knows them.

    Args:
        address: phone number, e-mail address, scoped user id or visitor id.
        name: a display name if the provider gave one.
    """

    address: str
    name: str = ""


@frozen
class Attachment:
    """Media as part of a message.

    Args:
        media: the bytes to send.
        name: the file name to show, already safe.
        caption: the text that stands with it; also its alternative text where a channel has one.
        url: where the provider may fetch it, signed and expiring; empty when the runner has no public address.
        inline_id: the Content-ID when the message text refers to it; empty for an ordinary attachment.
        uploaded: the provider's id of the file, from ``upload``; empty where files are not uploaded ahead.
        sort: the sort of file that it travels as, by its name in the limits (``voice``, ``sticker``): before planning
            what the desk asks for, empty to leave it to the plan; in what ``upload`` and ``send`` get, what was chosen.
    """

    media: Media
    name: str
    caption: str = ""
    url: str = ""
    inline_id: str = ""
    uploaded: str = ""
    sort: str = ""


@frozen
class Template:
    """Words that the provider approved beforehand; some take nothing else long after a customer's last message.

    Args:
        name: what it is called at the provider.
        language: its language there, such as ``en_US``.
        values: what stands in the gaps of its words, by what a gap is called: ``{"1": "Ada"}`` for ``{{1}}``.
    """

    name: str
    language: str
    values: Mapping[str, str] = field(factory=dict, hash=False)


@frozen
class Outgoing:
    """One provider message: what a single call of ``send`` hands over.

    Args:
        key: idempotency key of this part, the same on every try; at most 64 ASCII characters.
        to: the customer.
        text: the message text or the caption of the single attachment; may be empty.
        attachments: files that travel in this one provider message.
        conversation: the desk's conversation id.
        subject: for channels that have one.
        reply_to: provider id of the message answered; empty for none.
        references: provider ids of the thread so far, oldest first.
        tried: when it was first handed to the provider, in UTC; None on the first try.
        retried: when it was handed over last, in UTC; None on the first try.
        automatic: a machine wrote it; some providers allow less to machines than to people.
        template: what goes in place of a text, headed by the single attachment where there is one; None for a text.
    """

    key: str
    to: Contact
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    conversation: str = ""
    subject: str = ""
    reply_to: str = ""
    references: tuple[str, ...] = ()
    tried: datetime | None = None
    retried: datetime | None = None
    automatic: bool = False
    template: Template | None = None


@frozen
class Receipt:
    """What the provider answered to one ``send``.

    Args:
        source_id: the provider's message id; status callbacks name it.
        status: how far it is already.
        detail: the provider's own word for it.
    """

    source_id: str
    status: Status = Status.SENT
    detail: str = ""


@frozen
class Uploaded:
    """A file that lies at the provider, ready to be named in a message.

    Args:
        id: the provider's id for it.
        seconds: how long the id may be used again; 0 for this one message only.
    """

    id: str
    seconds: int = 0


@frozen
class Mark:
    """A sign to a customer that somebody is there; it is no message and nobody keeps it.

    Args:
        to: the customer.
        source_id: provider id of a message of theirs; what they wrote before it is meant too.
        typing: somebody writes an answer to it; otherwise it was read.
    """

    to: Contact
    source_id: str
    typing: bool = False


@frozen
class Absent:
    """The answer of ``reconcile`` when the provider can say for certain that it never took the message."""
