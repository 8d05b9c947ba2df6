"""What the tests of the e-mail channel share: a provider, an inbox that uses it, files to send, mails to read."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from mediacore_email.simulator import MailSimulator

from mediacore import Attachment, Contact, Inbox, Media, Outgoing, Request, mount

ADDRESS = "help@shop.example"


@pytest.fixture
def provider() -> Iterator[MailSimulator]:
    """A mail provider on loopback."""
    with MailSimulator() as simulator:
        yield simulator


@pytest.fixture
def available() -> dict[str, EntryPoint]:
    """The channel as an installed distribution offers it."""
    return {"email": EntryPoint("email", "mediacore_email:EmailChannel", "mediacore.channels")}


@pytest.fixture
def inbox(provider: MailSimulator, available: dict[str, EntryPoint]) -> Inbox:
    """An inbox mounted on the provider's account."""
    return mount("mail", provider.settings(), available=available)


@pytest.fixture
def attach(tmp_path: Path) -> Callable[..., Attachment]:
    """Make an attachment of some bytes."""

    def make(name: str, mime: str, data: bytes, **fields: Any) -> Attachment:
        digest = hashlib.sha256(data).hexdigest()
        path = tmp_path / digest
        path.write_bytes(data)
        return Attachment(Media(path, mime, len(data), digest), name, **fields)

    return make


@pytest.fixture
def outgoing() -> Callable[..., Outgoing]:
    """Make a message to a customer."""

    def make(text: str = "Hello", *attachments: Attachment, key: str = "k-1", **fields: Any) -> Outgoing:
        to = fields.pop("to", Contact("kim@customer.example", "Kim"))
        return Outgoing(key, to, text, attachments, **fields)

    return make


@pytest.fixture(scope="session")
def steps() -> Callable[..., int]:
    """Count the calls, Python's and C's, that some work costs: the same on every machine, however busy it is."""

    def counted(work: Callable[..., object], *arguments: object) -> int:
        count = 0

        def note(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            work(*arguments)
        finally:
            sys.setprofile(before)
        return count

    return counted


@pytest.fixture(scope="session")
def polled() -> Callable[..., Request]:
    """A mail as the poller brings it."""

    def make(raw: bytes, url: str = "imap://INBOX/7/42") -> Request:
        return Request("POLL", url, body=raw)

    return make


@pytest.fixture(scope="session")
def corpus() -> list[Path]:
    """Real odd mails, where they lie beside the repository."""
    folder = Path(__file__).parents[4] / "shared" / "corpus" / "mail"
    if not folder.is_dir():
        pytest.skip("the corpus of real mails is not here")
    return sorted(p for p in folder.glob("*/*") if p.is_file())
