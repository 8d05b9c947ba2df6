"""The ledger's tables. Times are integer microseconds since 1970 (UTC), so that every database agrees on them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

Big = BigInteger().with_variant(Integer, "sqlite")

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("inbox", String(100), nullable=False, index=True),
    Column("method", String(10), nullable=False),
    Column("url", Text, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", String(64), nullable=False, comment="SHA-256 of the raw bytes in the blob store"),
    Column("state", String(20), nullable=False, comment="taken, or kept raw because it could not be parsed"),
    Column("note", Text, nullable=False, default=""),
    Column("at", Big, nullable=False),
)

seen = Table(
    "seen",
    metadata,
    Column("inbox", String(100), primary_key=True),
    Column("key", String(400), primary_key=True),
    Column("at", Big, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("seq", Big, nullable=False, index=True, comment="grows with every change"),
    Column("inbox", String(100), nullable=False),
    Column("direction", String(10), nullable=False),
    Column("source_id", String(400), nullable=False, default=""),
    Column("key", String(200), nullable=False, default="", comment="the desk's idempotency key"),
    Column("conversation", String(400), nullable=False),
    Column("contact", String(400), nullable=False),
    Column("contact_name", Text, nullable=False, default=""),
    Column("subject", Text, nullable=False, default=""),
    Column("text", Text, nullable=False, default=""),
    Column("reply_to", String(400), nullable=False, default=""),
    Column("references", JSON, nullable=False),
    Column("status", String(20), nullable=False),
    Column("error", Text, nullable=False, default=""),
    Column("unsupported", String(100), nullable=False, default=""),
    Column("automatic", Boolean, nullable=False, default=False),
    Column("forwarded", String(10), nullable=False, default="", comment="yes, often, or empty"),
    Column("template", JSON, nullable=True, comment="words that the provider approved, in place of a text"),
    Column("reaction", Text, nullable=False, default=""),
    Column("edited_at", Big, nullable=False, default=0, comment="by the provider's clock; older ones are too late"),
    Column("reacted_at", Big, nullable=False, default=0, comment="the same of the reaction"),
    Column("delivery", String(40), nullable=False, default=""),
    Column("plan", JSON, nullable=True),
    Column("progress", Float, nullable=False, default=0.0, comment="how far its files are made, 0 to 1"),
    Column("told", Boolean, nullable=False, default=False, comment="the desk knows of it"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("at", Big, nullable=False),
    UniqueConstraint("inbox", "direction", "source_id", "key", name="one_message"),
    Index("conversation_order", "inbox", "conversation", "seq"),
    Index("sender_order", "inbox", "contact", "at"),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("message", String(40), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("caption", Text, nullable=False, default=""),
    Column("inline_id", Text, nullable=False, default=""),
    Column("sort", String(60), nullable=False, default="", comment="what the desk asks for, or the channel says"),
    Column("until", Big, nullable=False, default=0, comment="when its bytes are to go; 0 for never"),
    Column("state", String(20), nullable=False),
    Column("remote", JSON, nullable=True),
    Column("regions", JSON, nullable=True, comment="what the agent marked, for outbound files"),
    Column("sha256", String(64), nullable=False, default=""),
    Column("type", String(200), nullable=False, default=""),
    Column("size", Big, nullable=False, default=0),
    Column("facts", JSON, nullable=True),
    Column("findings", JSON, nullable=False),
    Column("error", Text, nullable=False, default=""),
)

renditions = Table(
    "renditions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("attachment", String(40), nullable=False, index=True),
    Column("kind", String(20), nullable=False, comment="thumbnail, preview, converted, redacted, original"),
    Column("number", Integer, nullable=False, comment="which result of the conversion, or which page"),
    Column("name", Text, nullable=False, default=""),
    Column("sha256", String(64), nullable=False),
    Column("type", String(200), nullable=False),
    Column("size", Big, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("how", Text, nullable=False),
    UniqueConstraint("attachment", "kind", "number", name="one_rendition"),
)

parts = Table(
    "parts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("message", String(40), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("files", JSON, nullable=False, comment="rendition ids, in order"),
    Column("state", String(20), nullable=False, comment="new, claimed, accepted, in_doubt, rejected"),
    Column("source_id", String(400), nullable=False, default="", index=True),
    Column("status", String(20), nullable=False),
    Column("code", String(60), nullable=False, default=""),
    Column("error", Text, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("tried", Big, nullable=False, default=0, comment="when it was first handed over; 0 for never"),
    Column("retried", Big, nullable=False, default=0, comment="when it was handed over last; 0 for never"),
    Column("at", Big, nullable=False, comment="when its state last changed"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("inbox", String(100), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("id", Text, nullable=False),
    Column("until", Big, nullable=False),
)

statuses = Table(
    "statuses",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("inbox", String(100), nullable=False),
    Column("source_id", String(400), nullable=False, index=True),
    Column("key", String(64), nullable=False, default="", index=True),
    Column("status", String(20), nullable=False),
    Column("code", String(60), nullable=False, default=""),
    Column("error", Text, nullable=False, default=""),
    Column("at", Big, nullable=False),
)

regions = Table(
    "regions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("kinds", String(200), primary_key=True),
    Column("regions", JSON, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("stable", String(200), nullable=False, unique=True),
    Column("inbox", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("message", String(40), nullable=False),
    Column("told", Boolean, nullable=False, default=False, index=True),
    Column("at", Big, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("inbox", String(100), primary_key=True),
    Column("cursor", Text, nullable=False),
)

halts = Table(
    "halts",
    metadata,
    Column("inbox", String(100), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Big, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("inbox", String(100), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("count", Big, nullable=False),
)

ticks = Table(
    "ticks",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("value", Big, nullable=False),
)
