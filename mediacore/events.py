"""Deliveries and the events in them: what a provider tells us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

from attrs import field, frozen
from attrs.validators import in_

from mediacore.messages import Contact, Status


@frozen
class Header:
    """One header line of a delivery, as received."""

    name: str
    value: str


@frozen
class Request:
    """One raw delivery, exactly as it came: a webhook call or a polled message.

    Args:
        method: ``GET`` or ``POST``; ``POLL`` for pull channels.
        url: the public URL the provider called, with its query string byte for byte; for pull channels the item's
            own address, such as ``imap://INBOX/7/42``.
        headers: in order, names as received.
        body: raw bytes; signatures are verified on these.
        at: when it came here, in UTC, so that a signature's age can be told without a clock; None if that is unknown.
    """

    method: str
    url: str
    headers: tuple[Header, ...] = ()
    body: bytes = field(default=b"", repr=False)
    at: datetime | None = field(default=None, eq=False)

    def header(self, name: str) -> str | None:
        """The first header of that name in any letter case, or None."""
        wanted = name.lower()
        return next((h.value for h in self.headers if h.name.lower() == wanted), None)


@frozen
class Response:
    """What to answer a provider's call.

    Args:
        status: HTTP status.
        type: the Content-Type.
        body: the bytes.
    """

    status: int = 200
    type: str = "text/plain; charset=utf-8"
    body: bytes = b""


@frozen
class Batch:
    """What one poll brought.

    Args:
        requests: new deliveries, oldest first.
        cursor: hand this to the next poll, once all of these are stored.
        more: there is more to bring; poll again at once.
    """

    requests: tuple[Request, ...]
    cursor: str
    more: bool = False


@frozen
class Remote:
    """An attachment that is not here yet.

    Args:
        ref: how ``fetch`` finds it: a URL, a provider's media id, or a part number inside the delivery.
        name: the customer's name for it, unsafe; empty if none came.
        type: the declared MIME type, parameters kept; a claim, not a fact.
        size: the declared bytes; 0 if unknown.
        sha256: the declared digest, hex; empty if unknown.
        caption: text that came with this one file.
        inline_id: Content-ID when the message text refers to it.
        expires: when the provider stops serving it; None if never or unknown.
        sort: what the channel says that it is beyond its type: ``voice`` for what was spoken into the chat,
            ``sticker``, ``story``, ``signature`` for a proof of who wrote, ``encrypted`` for what cannot be read,
            ``words`` for a piece of the customer's text, which joins the message's own; empty for an ordinary file.
        extra: what else the plugin needs to fetch it.
    """

    ref: str
    name: str = ""
    type: str = ""
    size: int = 0
    sha256: str = ""
    caption: str = ""
    inline_id: str = ""
    expires: datetime | None = None
    sort: str = ""
    extra: Mapping[str, str] = field(factory=dict, hash=False)


@frozen
class Fetched:
    """What the provider said of a file while it handed over the bytes.

    Args:
        type: the Content-Type that came with them; a claim, not a fact; empty if none came.
        name: the file name that came with them, unsafe; empty if none came. The delivery's own name comes before it.
    """

    type: str = ""
    name: str = ""


@frozen
class InboundMessage:
    """A message of a customer, or one that the business wrote elsewhere on the same account (``echo``).

    Args:
        source_id: the provider's id; duplicates are dropped by it.
        contact: who wrote it (for an echo: to whom).
        text: what they wrote; arrives even when every file fails.
        remotes: files to fetch.
        sent_at: when, by the provider's clock, in UTC.
        conversation: the channel's own thread key; empty lets the contact's address be the key.
        subject: for channels that have one.
        reply_to: provider id of the message it answers.
        references: provider ids of the thread, oldest first.
        echo: the business itself wrote it, outside this runner.
        unsupported: the provider's name of a kind that cannot be shown; the desk shows it with this word.
        automatic: an auto-reply or a bulk mail; must not be answered by a machine.
        forwarded: ``yes`` where the customer passed on another's message, ``often`` where it has gone through many
            hands; empty where they wrote it themselves, or the channel does not say.
    """

    source_id: str
    contact: Contact
    text: str = ""
    remotes: tuple[Remote, ...] = ()
    sent_at: datetime | None = None
    conversation: str = ""
    subject: str = ""
    reply_to: str = ""
    references: tuple[str, ...] = ()
    echo: bool = False
    unsupported: str = ""
    automatic: bool = False
    forwarded: Literal["", "yes", "often"] = field(default="", validator=in_(("", "yes", "often")))

    @property
    def dedupe(self) -> str:
        """The key by which a second delivery of the same event is recognised."""
        return f"message:{self.source_id}"


@frozen
class StatusUpdate:
    """The provider says how far one of our messages came.

    Args:
        source_id: the provider's message id.
        status: the new status.
        at: when, in UTC.
        code: the provider's error code when it failed.
        message: words for the agent when it failed.
        key: our own ``Outgoing.key`` where the provider echoes it; this is how a lost answer is reconciled.
    """

    source_id: str
    status: Status
    at: datetime | None = None
    code: str = ""
    message: str = ""
    key: str = ""

    @property
    def dedupe(self) -> str:
        """The key by which a second delivery of the same event is recognised."""
        return f"status:{self.source_id or self.key}:{self.status}:{self.code}"


@frozen
class Edit:
    """The customer changed a message's text or caption.

    Args:
        source_id: the provider's id of the change.
        target: the provider's id of the message.
        text: its words from then on.
        at: when, by the provider's clock, in UTC; an edit that was overtaken by a newer one changes nothing.
    """

    source_id: str
    target: str
    text: str
    at: datetime | None = None

    @property
    def dedupe(self) -> str:
        """The key by which a second delivery of the same event is recognised."""
        return f"edit:{self.source_id}"


@frozen
class Deletion:
    """The customer took a message back; stored copies must go."""

    source_id: str
    target: str

    @property
    def dedupe(self) -> str:
        """The key by which a second delivery of the same event is recognised."""
        return f"deletion:{self.source_id}"


@frozen
class Reaction:
    """The customer reacted to a message; an empty emoji takes the reaction back.

    Args:
        source_id: the provider's id of the reaction.
        target: the provider's id of the message.
        contact: who reacted.
        emoji: what is shown beside the message from then on.
        at: when, as for an edit.
    """

    source_id: str
    target: str
    contact: Contact
    emoji: str
    at: datetime | None = None

    @property
    def dedupe(self) -> str:
        """The key by which a second delivery of the same event is recognised."""
        return f"reaction:{self.source_id}"


@frozen
class Unsupported:
    """Something arrived that this plugin does not know; it is kept and shown as such, never dropped.

    Args:
        source_id: the provider's id, or a digest of the raw piece when it has none.
        kind: the provider's word for it.
        reason: words for a person.
        contact: who it is from, when that can be told.
    """

    source_id: str
    kind: str
    reason: str
    contact: Contact | None = None

    @property
    def dedupe(self) -> str:
        """The key by which a second delivery of the same event is recognised."""
        return f"unsupported:{self.source_id}"


Event: TypeAlias = InboundMessage | StatusUpdate | Edit | Deletion | Reaction | Unsupported
