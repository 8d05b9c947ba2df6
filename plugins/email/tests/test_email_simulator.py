"""The channel against the simulated provider, through a mounted inbox: both directions, statuses and every bad day."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from mediacore_email import imap
from mediacore_email.settings import Server
from mediacore_email.simulator import MailSimulator

from mediacore import (
    Attachment,
    AuthNeeded,
    Contact,
    InboundMessage,
    Inbox,
    InDoubt,
    Outgoing,
    Permanent,
    Receipt,
    Refused,
    Request,
    Retry,
    StatusUpdate,
    mount,
)
from mediacore.testkit import Act


def news(inbox: Inbox, cursor: str = "") -> tuple[list[Any], str]:
    """Events and cursor of one poll."""
    batch = inbox.poll(cursor)
    assert batch is not None
    return [event for request in batch.requests for event in inbox.receive(request)], batch.cursor


def test_text_and_files_reach_the_customer(
    provider: MailSimulator, inbox: Inbox, attach: Callable[..., Attachment], outgoing: Callable[..., Outgoing]
) -> None:
    """Words, pictures, a PDF, a document and an attached mail arrive byte for byte with their names, in one mail."""
    files = [
        attach("foto.jpg", "image/jpeg", b"\xff\xd8\xff" + bytes(range(256)) * 700),
        attach("Réchnung «7».pdf", "application/pdf", b"%PDF-1.7\r\n.\r\n..\n"),
        attach("plan.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\3\4"),
        attach("old.eml", "message/rfc822", b"From: a@b\r\nSubject: old\r\n\r\n.hidden\r\n"),
        attach("empty.txt", "text/plain", b"x"),
    ]
    receipt = inbox.send(outgoing("Grüße\n.\n..two dots", *files, subject="Order", reply_to="<q@customer.example>"))
    assert (receipt.source_id, receipt.status) == ("<mc.k-1@shop.example>", "sent")
    (got,) = provider.devices.wait(1)
    assert (got.source_id, got.to, got.text) == (receipt.source_id, "kim@customer.example", "Grüße\n.\n..two dots")
    assert [f.name for f in got.files] == [f.name for f in files]
    assert [f.data for f in got.files] == [f.media.path.read_bytes() for f in files]
    extra = dict(got.extra)
    assert (extra["subject"], extra["in-reply-to"], extra["from"]) == (
        "Re: Order",
        "<q@customer.example>",
        "The Shop <help@shop.example>",
    )


def test_customers_write_and_files_are_fetched(provider: MailSimulator, inbox: Inbox, tmp_path: Path) -> None:
    """A customer's mail comes once, with its words, and each file can be fetched from the stored delivery alone."""
    content = bytes(range(256)) * 5000
    source_id = provider.inbound(
        "kim@customer.example",
        "See photo",
        [("Fötö.png", "image/png", content), ("a.pdf", "application/pdf", b"%PDF")],
        subject="Broken",
        name="Kim",
    )
    batch = inbox.poll("")
    assert batch is not None
    (request,) = batch.requests
    assert request.url.startswith("imap://INBOX/")
    (event,) = inbox.receive(request)
    assert isinstance(event, InboundMessage)
    assert (event.source_id, event.contact, event.text) == (
        source_id,
        Contact("kim@customer.example", "Kim"),
        "See photo",
    )
    provider.close = lambda: None  # type: ignore[method-assign]  # nothing below needs the provider
    for remote, expected in zip(event.remotes, (content, b"%PDF"), strict=True):
        into = tmp_path / "into"
        into.touch()
        assert inbox.fetch(remote, request, into).type == remote.type
        assert into.read_bytes() == expected
    assert news(inbox, batch.cursor)[0] == []


def test_bounces_and_read_receipts(provider: MailSimulator, inbox: Inbox, outgoing: Callable[..., Outgoing]) -> None:
    """Mails that tell of ours are statuses: delivered, come back with words, read."""
    receipt = inbox.send(outgoing("Hi"))
    provider.bounce(receipt.source_id)
    provider.read(receipt.source_id)
    events, _ = news(inbox)
    assert [(e.source_id, e.status, e.key) for e in events if isinstance(e, StatusUpdate)] == [
        (receipt.source_id, "delivered", "k-1"),
        (receipt.source_id, "failed", "k-1"),
        (receipt.source_id, "read", "k-1"),
    ]


@pytest.mark.parametrize(
    ("act", "where", "group"),
    [
        (Act.ERROR, "send", Retry),
        (Act.THROTTLE, "send", Retry),
        (Act.UNAUTHORIZED, "auth", AuthNeeded),
        (Act.DROP_AFTER, "send", InDoubt),
    ],
)
def test_bad_days_of_sending(
    provider: MailSimulator,
    inbox: Inbox,
    outgoing: Callable[..., Outgoing],
    act: Act,
    where: str,
    group: type[Exception],
) -> None:
    """Every fault says what to do next: before the final dot nothing was taken, after it nobody knows."""
    provider.mischief.plan(act, where=where)
    with pytest.raises(group):
        inbox.send(outgoing("Hi"))
    assert len(provider.devices.all()) == (1 if group is InDoubt else 0)
    found = inbox.reconcile(outgoing("Hi"))
    assert isinstance(found, Receipt) if group is InDoubt else found is None
    inbox.send(outgoing("Again", key="k-2"))
    assert provider.devices.all()[-1].text == "Again"


def test_a_server_that_never_answers(
    provider: MailSimulator, available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing]
) -> None:
    """Silence after the whole mail was given is doubt, after the timeout and no later."""
    inbox = mount("mail", {**provider.settings(), "timeout": 0.5}, available=available)
    provider.mischief.plan(Act.HANG_AFTER)
    begun = time.monotonic()
    with pytest.raises(InDoubt):
        inbox.send(outgoing("Hi"))
    assert time.monotonic() - begun < 5
    assert len(provider.devices.all()) == 1


def test_refused_recipients(provider: MailSimulator, inbox: Inbox, outgoing: Callable[..., Outgoing]) -> None:
    """One recipient's refusal is sorted by its code."""
    provider.refuse["full@x.example"] = "452 4.2.2 The email account is over quota"
    with pytest.raises(Retry, match="full"):
        inbox.send(outgoing(to=Contact("full@x.example")))
    with pytest.raises(Permanent, match="no such address"):
        inbox.send(outgoing(to=Contact("ghost@nowhere.invalid")))
    assert provider.devices.all() == []


def test_blocked_and_oversized_mails(
    attach: Callable[..., Attachment], outgoing: Callable[..., Outgoing], available: dict[str, EntryPoint]
) -> None:
    """A mail beyond the announced size is not even begun, and a blocked type is refused with a remedy."""
    with MailSimulator(size=100_000) as provider:
        inbox = mount("mail", provider.settings(), available=available)
        with pytest.raises(Permanent) as large:
            inbox.send(outgoing("x", attach("a.bin", "application/octet-stream", bytes(200_000))))
        assert large.value.code == "5.3.4"
        with pytest.raises(Permanent, match="link"):
            inbox.send(outgoing("x", attach("a.exe", "application/octet-stream", b"MZ")))
        assert provider.devices.all() == []


def test_tokens_instead_of_passwords(available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing]) -> None:
    """XOAUTH2 signs in with the right token, and with a wrong one an admin is asked for."""
    with MailSimulator(token="ya29.good") as provider:
        good = {**provider.settings(), "imap_host": ""}
        inbox = mount("mail", good, available=available)
        inbox.send(outgoing("Hi"))
        assert inbox.poll("") is None
        stale = mount("mail", {**good, "oauth_token": "ya29.stale"}, available=available)
        with pytest.raises(AuthNeeded, match=r"refused the sign-in: .*\"status\":\"401\""):
            stale.send(outgoing("Hi"))


def test_renewed_tokens(available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing], tmp_path: Path) -> None:
    """A token in a file is read at each sign-in, so that whoever renews it need not restart anything."""
    file = tmp_path / "token"
    with MailSimulator(token="ya29.good") as provider:
        settings = {**provider.settings(), "imap_host": "", "oauth_token": "", "oauth_token_file": str(file)}
        inbox = mount("mail", settings, available=available)
        with pytest.raises(AuthNeeded, match="oauth_token_file"):
            inbox.send(outgoing("Hi"))
        file.write_text("ya29.stale\n")
        with pytest.raises(AuthNeeded, match="refused the sign-in"):
            inbox.send(outgoing("Hi"))
        file.write_text("ya29.good\n")
        inbox.send(outgoing("Hi"))
        assert len(provider.devices.all()) == 1


def test_addresses_in_every_script(available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing]) -> None:
    """A mail to an address beyond ASCII goes where the server carries it; elsewhere it is refused with words."""
    to = Contact("kïm@bücher.example", "Kïm")
    with MailSimulator(international=True) as provider:
        inbox = mount("mail", provider.settings(), available=available)
        inbox.send(outgoing("Hi", to=to))
        (received,) = provider.devices.all()
        assert (received.to, received.text) == ("kïm@xn--bcher-kva.example", "Hi")
        assert inbox.reconcile(outgoing("Hi", to=to)) is not None
    with MailSimulator() as provider:
        inbox = mount("mail", provider.settings(), available=available)
        with pytest.raises(Permanent, match="SMTPUTF8") as refused:
            inbox.send(outgoing("Hi", to=to))
        assert refused.value.code == "5.6.7"
        assert provider.devices.all() == []


def test_nobody_there(
    provider: MailSimulator, available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing]
) -> None:
    """Servers that cannot be reached are a passing fault in both directions, and the doctor names them."""
    nowhere = {**provider.settings(), "smtp_port": 1, "imap_port": 1}
    inbox = mount("mail", nowhere, available=available)
    with pytest.raises(Retry):
        inbox.send(outgoing("Hi"))
    with pytest.raises(Retry):
        inbox.poll("")
    assert [f.code for f in inbox.check()] == ["smtp", "imap"]


def test_the_doctor_is_content(provider: MailSimulator, inbox: Inbox) -> None:
    """Settings that work give no finding."""
    assert inbox.check() == []
    provider.mischief.plan(Act.UNAUTHORIZED, where="imap")
    assert [f.code for f in inbox.check()] == ["imap"]


def test_posted_mails_are_refused(inbox: Inbox) -> None:
    """Nobody can put a mail into the inbox through the webhook's address."""
    with pytest.raises(Refused) as refused:
        inbox.receive(Request("POST", "https://desk.example/hooks/mail", body=b"From: a@b\r\n\r\nx"))
    assert (refused.value.status, refused.value.code) == (403, "signature")


def test_cursor_over_folders(provider: MailSimulator, available: dict[str, EntryPoint]) -> None:
    """Several folders, one with a name in another script, are read each from where it was left."""
    settings = {**provider.settings(), "imap_folders": ["INBOX", "Anfragen & Bücher"]}
    provider.inbound("a@x.example", "one")
    provider.inbound("b@x.example", "two", folder="Anfragen & Bücher")
    inbox = mount("mail", settings, available=available)
    events, cursor = news(inbox)
    assert [e.text for e in events] == ["one", "two"]
    provider.inbound("c@x.example", "three", folder="Anfragen & Bücher")
    events, cursor = news(inbox, cursor)
    assert [e.text for e in events] == ["three"]
    assert set(json.loads(cursor)["folders"]) == {"INBOX", "Anfragen & Bücher"}
    assert news(inbox, "garbage")[0] != []


def test_a_folder_that_is_not_there(provider: MailSimulator, available: dict[str, EntryPoint]) -> None:
    """A wrong folder name stops the inbox with its name, not silently."""
    inbox = mount("mail", {**provider.settings(), "imap_folders": ["Nowhere"]}, available=available)
    with pytest.raises(AuthNeeded, match="Nowhere"):
        inbox.poll("")


def test_new_uidvalidity_reads_again_without_new_ids(provider: MailSimulator, inbox: Inbox) -> None:
    """After the server renumbered its mails they come again, with the ids by which the core drops duplicates."""
    provider.inbound("a@x.example", "one")
    provider.raw(b"From: b@x.example\r\n\r\nwithout an id\r\n")
    before, cursor = news(inbox)
    provider.renumber()
    after, cursor = news(inbox, cursor)
    assert [e.dedupe for e in after] == [e.dedupe for e in before]
    assert news(inbox, cursor)[0] == []


def test_history_can_be_left_out(provider: MailSimulator, available: dict[str, EntryPoint]) -> None:
    """An inbox may begin with what comes after it was set up."""
    provider.inbound("a@x.example", "old")
    inbox = mount("mail", {**provider.settings(), "imap_history": False}, available=available)
    events, cursor = news(inbox)
    assert events == []
    provider.inbound("a@x.example", "new")
    assert [e.text for e in news(inbox, cursor)[0]] == ["new"]


def test_many_mails_come_in_batches(provider: MailSimulator, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full mailbox is read piece by piece, in order, nothing twice, each but the last with word of more."""
    monkeypatch.setattr(imap, "BATCH_MAILS", 4)
    monkeypatch.setattr(imap, "_UIDS_AT_ONCE", 3)
    monkeypatch.setattr(imap, "_WINDOW", 5)
    for number in range(11):
        provider.inbound("a@x.example", str(number))
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        batch = inbox.poll(cursor)
        assert batch is not None
        events: list[Any] = [event for request in batch.requests for event in inbox.receive(request)]
        cursor, more = batch.cursor, batch.more
        assert len(events) <= 4
        assert more == (len(seen) < 8)
        seen += [e.text for e in events]
    assert seen == [str(n) for n in range(11)]


def test_a_broken_connection_keeps_what_came(provider: MailSimulator, inbox: Inbox) -> None:
    """Mails before the break are kept, and the next poll goes on behind them."""
    for number in range(6):
        provider.inbound("a@x.example", str(number), [("x.bin", "application/octet-stream", bytes(4000))])
    provider.mischief.plan(Act.DROP_AFTER, where="imap")
    first, cursor = news(inbox)
    assert 0 < len(first) < 6
    rest, _ = news(inbox, cursor)
    assert [e.text for e in first + rest] == [str(n) for n in range(6)]
    provider.mischief.plan(Act.ERROR, where="imap")
    with pytest.raises(Retry):
        inbox.poll(cursor)
    provider.mischief.plan(Act.UNAUTHORIZED, where="imap")
    with pytest.raises(AuthNeeded):
        inbox.poll(cursor)


def test_the_site_decides_what_is_large(
    provider: MailSimulator, available: dict[str, EntryPoint], tmp_path: Path
) -> None:
    """A site's own numbers hold: a mail above its bound comes as a header, a file above it is not fetched."""
    provider.inbound("a@x.example", "hello", [("x.bin", "application/octet-stream", bytes(60_000))])
    small = {"max_body": 20_000, "max_bytes": 30_000}
    inbox = mount("mail", {**provider.settings(), "limits": {"inbound": small}}, available=available)
    batch = inbox.poll("")
    assert batch is not None
    assert "?size=" in batch.requests[0].url
    assert b"hello" not in batch.requests[0].body
    roomy = mount("mail", {**provider.settings(), "limits": {"inbound": {"max_bytes": 30_000}}}, available=available)
    batch = roomy.poll("")
    assert batch is not None
    (request,) = batch.requests
    (event,) = roomy.receive(request)
    assert isinstance(event, InboundMessage)
    with pytest.raises(Permanent, match="30,000"):
        roomy.fetch(event.remotes[0], request, tmp_path / "into")


def test_large_mails_by_the_poller_itself(provider: MailSimulator, tmp_path: Path) -> None:
    """The same at the poller's own seam: header first, then the bytes in pieces, bounded."""
    server = Server("127.0.0.1", provider.settings()["imap_port"], "none", provider.address, provider.password)
    raw = b"From: a@x.example\r\nMessage-ID: <big@x>\r\n\r\n" + (b"x" * 70 + b"\r\n") * 40_000
    provider.raw(raw)
    batch = imap.poll(server, ["INBOX"], "", max_bytes=50_000)
    (request,) = batch.requests
    assert request.url.endswith(f"?size={len(raw)}")
    assert len(request.body) < 1000
    into = tmp_path / "big.eml"
    imap.fetch(server, request.url, into, max_bytes=10_000_000)
    assert into.read_bytes() == raw
    with pytest.raises(Permanent) as over:
        imap.fetch(server, request.url, into, max_bytes=1_000_000)
    assert over.value.code == "too-large"
    with pytest.raises(Permanent) as gone:
        imap.fetch(server, request.url.replace("/101?", "/999?"), into, max_bytes=10_000_000)
    assert gone.value.code == "expired"
    provider.renumber()
    with pytest.raises(Permanent, match="renumbered"):
        imap.fetch(server, request.url, into, max_bytes=10_000_000)


def test_duplicates_order_and_wrong_types(provider: MailSimulator, inbox: Inbox) -> None:
    """A mail that lies there twice has one id, mails may change places, and a wrong type is only a claim."""
    provider.mischief.plan(Act.DUPLICATE)
    provider.inbound("a@x.example", "twice")
    twice, cursor = news(inbox)
    assert len(twice) == 2
    assert len({e.dedupe for e in twice}) == 1
    provider.mischief.plan(Act.REORDER)
    provider.inbound("a@x.example", "first")
    provider.inbound("a@x.example", "second")
    assert [e.text for e in news(inbox, cursor)[0]] == ["second", "first"]
    provider.mischief.plan(Act.WRONG_TYPE)
    provider.inbound("a@x.example", "x", [("a.png", "image/png", b"\x89PNG")])
    assert news(inbox)[0][-1].remotes[0].type == "application/x-wrong"


def test_real_odd_mails_through_a_real_server(provider: MailSimulator, inbox: Inbox, corpus: list[Path]) -> None:
    """Real odd mails come through IMAP one by one; none stops the mailbox."""
    for path in corpus:
        provider.raw(path.read_bytes())
    seen, cursor = [], ""
    while True:
        batch = inbox.poll(cursor)
        assert batch is not None
        if not batch.requests:
            break
        seen += [inbox.receive(request) for request in batch.requests]
        cursor = batch.cursor
    assert len(seen) == len(corpus)
    assert all(len(events) == 1 for events in seen)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to make a certificate")
def test_tls(tmp_path: Path, available: dict[str, EntryPoint], outgoing: Callable[..., Outgoing]) -> None:
    """STARTTLS and TLS work with a certificate that is trusted, and nothing is said to a server that is not."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with MailSimulator(tls=context) as provider:
        trusted = mount("mail", {**provider.settings(), "ca_file": str(certificate)}, available=available)
        trusted.send(outgoing("Hi"))
        provider.inbound("a@x.example", "hello")
        assert [e.text for e in news(trusted)[0] if isinstance(e, InboundMessage)] == ["hello"]
        stranger = mount("mail", provider.settings(), available=available)
        with pytest.raises(Retry) as refused:
            stranger.send(outgoing("Hi"))
        assert refused.value.code == "tls"
        with pytest.raises(Retry):
            stranger.poll("")
    with MailSimulator() as plain:
        settings = {**plain.settings(), "smtp_security": "starttls", "imap_security": "starttls"}
        downgraded = mount("mail", settings, available=available)
        with pytest.raises(AuthNeeded, match="STARTTLS"):
            downgraded.send(outgoing("Hi"))
        with pytest.raises(AuthNeeded, match="STARTTLS"):
            downgraded.poll("")
