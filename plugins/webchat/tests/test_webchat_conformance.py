"""The suite that every channel passes; the web chat is its own provider, so its live checks need no other."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from attrs import evolve
from mediacore_webchat import WebChatChannel, wire

from mediacore import Attachment, Contact, Header, Json, Media, Outgoing, Remote, Request
from mediacore.testkit.conformance import Samples, conformance

URL = "https://desk.example.com/inbox/chat/messages"
SETTINGS: dict[str, Any] = {
    "secret": "the secret of this web chat",
    "old_secrets": ["the secret that it had before"],
    "origins": ["https://shop.example.com"],
}
HERE = Path(__file__)
DIGEST = hashlib.sha256(HERE.read_bytes()).hexdigest()
FILE: dict[str, Json] = {
    "sha256": DIGEST,
    "path": str(HERE),
    "name": "notes.txt",
    "type": "text/plain",
    "size": HERE.stat().st_size,
}


def signed(request: Request) -> Request:
    """The same delivery with a signature that holds."""
    signature = wire.sign(request.body, SETTINGS["secret"])
    return evolve(request, headers=(Header(wire.SIGNATURE, signature),))


def make() -> WebChatChannel:
    return WebChatChannel(SETTINGS["secret"], tuple(SETTINGS["origins"]), old_secrets=tuple(SETTINGS["old_secrets"]))


WRITTEN = wire.delivery(
    URL,
    [
        wire.message("visitor-1", "c1", "Grüße", [{**FILE, "caption": "my notes"}], 1_700_000_000.5, "Ada"),
        wire.status("k1", "delivered", 1_700_000_001),
        {"kind": "never-heard-of"},
    ],
    SETTINGS["secret"],
)
NOTES = Attachment(Media(HERE, "text/plain", HERE.stat().st_size, DIGEST), "notes.txt")

TestWebChat = conformance(
    make,
    Samples(
        requests=(
            WRITTEN,
            wire.delivery(URL, [wire.status("k2", "read", 1_700_000_002)], SETTINGS["old_secrets"][0]),
        ),
        signature=wire.SIGNATURE,
        sign=signed,
        secrets=(SETTINGS["secret"], *SETTINGS["old_secrets"]),
        settings=SETTINGS,
        remotes=((Remote(f"blob:{DIGEST}", sha256=DIGEST, extra={"path": str(HERE)}), WRITTEN),),
        outgoing=(
            Outgoing("k1", Contact("visitor-1"), "Hello"),
            Outgoing("k2", Contact("visitor-1"), "Look", (NOTES,)),
        ),
        live=True,
    ),
)
