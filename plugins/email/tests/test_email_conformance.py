"""The suite that every channel passes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from mediacore_email import EmailChannel, wire_in

from mediacore import Attachment, Contact, InboundMessage, Media, Outgoing, Remote, Request
from mediacore.testkit.conformance import Samples, conformance

ADDRESS = "help@shop.example"
SETTINGS: dict[str, Any] = {
    "address": ADDRESS,
    "smtp_host": "smtp.shop.example",
    "smtp_user": ADDRESS,
    "smtp_password": "smtp-password",
    "imap_host": "imap.shop.example",
    "imap_user": ADDRESS,
    "imap_password": "imap-password",
    "oauth_token": "oauth-token",
}
WRITTEN = b"""\
Return-Path: <ada@customer.example>
From: =?utf-8?q?Ada_L=C3=B6vel?= <ada@customer.example>
To: help@shop.example
Subject: =?utf-8?b?R3LDvMOfZQ==?=
Date: Thu, 17 May 2024 09:41:00 +0200
Message-ID: <1@customer.example>
In-Reply-To: <0@shop.example>
References: <0@shop.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="cut"

--cut
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe
--cut
Content-Type: image/png; name="a.png"
Content-Disposition: attachment; filename="a.png"
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==
--cut--
""".replace(b"\n", b"\r\n")
BOUNCED = b"""\
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@customer.example>
To: help@shop.example
Subject: Delivery Status Notification (Failure)
Date: Thu, 17 May 2024 09:41:00 +0200
Message-ID: <2@customer.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain

It could not be delivered.
--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; customer.example

Final-Recipient: rfc822; ada@customer.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--cut
Content-Type: text/rfc822-headers

Message-ID: <0@shop.example>
From: help@shop.example
To: ada@customer.example

--cut--
""".replace(b"\n", b"\r\n")


def polled(raw: bytes, number: int) -> Request:
    return Request("POLL", f"imap://INBOX/7/{number}", body=raw)


def unchanged(request: Request) -> Request:
    """Mails bear no signature of ours, so a damaged one needs none."""
    return request


def files(request: Request) -> tuple[Remote, ...]:
    """What a mail names to fetch."""
    (message,) = wire_in.events(request, ADDRESS)
    assert isinstance(message, InboundMessage)
    return message.remotes


def make() -> EmailChannel:
    return EmailChannel(**SETTINGS)


HERE = Path(__file__)
NOTES = Attachment(
    Media(HERE, "text/plain", HERE.stat().st_size, hashlib.sha256(HERE.read_bytes()).hexdigest()), "notes.txt"
)
LETTER = polled(WRITTEN, 42)

TestEmail = conformance(
    make,
    Samples(
        requests=(LETTER, polled(BOUNCED, 43)),
        unsigned="mails are polled over IMAP; DKIM is the receiving server's to check",
        sign=unchanged,
        secrets=(SETTINGS["smtp_password"], SETTINGS["imap_password"], SETTINGS["oauth_token"]),
        settings=SETTINGS,
        remotes=tuple((remote, LETTER) for remote in files(LETTER)),
        outgoing=(
            Outgoing("k1", Contact("ada@customer.example", "Ada"), "Hello", subject="Your order"),
            Outgoing("k2", Contact("ada@customer.example"), "Read this", (NOTES,)),
        ),
    ),
)
