"""Mails as events: names, texts, pictures and nested mails by the rules, and hostile mails within bounds."""

from __future__ import annotations

import base64
import email
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mediacore_email import bodies, mime, wire_in
from mediacore_email.headers import Headers
from mediacore_email.mime import Part, TooMuch, parse
from mediacore_email.simulator_mails import bounce, compose, receipt

from mediacore import Contact, InboundMessage, Permanent, Remote, Request, StatusUpdate, Unsupported

US = "help@shop.example"


def message(raw: bytes) -> InboundMessage:
    (event,) = wire_in.events(Request("POLL", "imap://INBOX/7/42", body=raw), US)
    assert isinstance(event, InboundMessage)
    return event


def data(raw: bytes, remote: Remote) -> bytes:
    return b"".join(wire_in.file(raw, remote.ref))


def mixed(*parts: bytes, head: bytes = b"") -> bytes:
    body = b"".join(b"--B\r\n" + part + b"\r\n" for part in parts)
    return (
        b"From: kim@x.example\r\n" + head + b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + body + b"--B--\r\n"
    )


def test_a_whole_mail() -> None:
    """Sender, words, thread, time and every file of an ordinary mail come out, with pictures known by their cid."""
    raw = compose(
        "Kim@Customer.Example",
        US,
        "Hi there",
        [("Ré.pdf", "application/pdf", b"%PDF-1.7")],
        message_id="<7@customer.example>",
        subject="Broken lämp",
        name="Kim Ünter",
        html="<p>Hi <img src='cid:shot.png'></p>",
        inline=[("shot.png", "image/png", b"PNG")],
        headers={"In-Reply-To": "<mc.k1@shop.example>", "References": "<root@x> <mc.k1@shop.example>"},
    )
    found = message(raw)
    assert found.contact == Contact("kim@customer.example", "Kim Ünter")
    assert (found.subject, found.text) == ("Broken lämp", "Hi there")
    assert (found.source_id, found.conversation) == ("<7@customer.example>", "<root@x>")
    assert (found.reply_to, found.references) == ("<mc.k1@shop.example>", ("<root@x>", "<mc.k1@shop.example>"))
    assert [(r.name, r.type, r.inline_id) for r in found.remotes] == [
        ("shot.png", "image/png", "shot.png"),
        ("Ré.pdf", "application/pdf", ""),
    ]
    assert [data(raw, r) for r in found.remotes] == [b"PNG", b"%PDF-1.7"]
    assert found.sent_at is not None
    assert abs(found.sent_at - datetime.now(UTC)).total_seconds() < 60
    assert not found.automatic


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Content-Disposition: attachment; filename*=UTF-8''R%C3%A9.pdf", "Ré.pdf"),
        (b"Content-Disposition: attachment; filename=x.pdf; filename*=UTF-8''R%C3%A9.pdf", "Ré.pdf"),
        (
            b"Content-Disposition: attachment; filename*0*=UTF-8''R%C3%A9; filename*1=\"sum\"; filename*2*=%C3%A9",
            "Résumé",
        ),
        (b'Content-Disposition: attachment; filename*1="b.pdf"; filename*0="a"', "ab.pdf"),
        (b'Content-Disposition: attachment; filename="=?utf-8?B?UsOpLnBkZg==?="', "Ré.pdf"),
        (b'Content-Disposition: attachment; filename="=?utf-8?Q?R=C3?=\r\n =?utf-8?Q?=A9.pdf?="', "Ré.pdf"),
        (b"Content-Disposition: attachment; filename==?iso-8859-1?Q?R=E9.pdf?=", "Ré.pdf"),
        (b'Content-Disposition: attachment; filename="R\xc3\xa9.pdf"', "Ré.pdf"),
        (b'Content-Disposition: attachment; filename="R\xe9.pdf"', "Ré.pdf"),
        (b'Content-Disposition: attachment; filename="a \\"b\\"; c.pdf"; size=4', 'a "b"; c.pdf'),
        (b"Content-Disposition: attachment; filename=two words (1).pdf", "two words (1).pdf"),
        (b"Content-Disposition: ATTACHMENT;FILENAME=a.pdf", "a.pdf"),
        (b'Content-Type: application/pdf; name="only here.pdf"', "only here.pdf"),
        (b"Content-Type: application/pdf; name*=iso-8859-1'de'R%E9.pdf", "Ré.pdf"),
        (b"Content-Type: application/pdf", "part-1.pdf"),
        (b"Content-Type: application/ms-tnef", "winmail.dat"),
        (b"Content-Type: text/calendar; method=REQUEST", "invite.ics"),
        (b"Content-Type: nonsense\r\nContent-Disposition: attachment", "part-1.bin"),
        (
            b"Content-Disposition: attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd%0D%0AX: y",
            "../../etc/passwd X: y",
        ),
        (b"Content-Disposition: attachment; filename*=no-such-charset''R%C3%A9.pdf", "Ré.pdf"),
        (b"Content-Disposition: attachment; filename*0*=UTF-8''%zz; filename*999=x", "%zz"),
    ],
)
def test_names(header: bytes, expected: str) -> None:
    """Every way in which mail programs write a file's name gives that name, on one line."""
    raw = mixed(header + b"\r\n\r\nx")
    (remote,) = message(raw).remotes
    assert remote.name == expected


def test_inline_only_where_the_html_refers_to_it() -> None:
    """Disposition and Content-ID alone make nothing inline; a reference by cid or by location does."""
    html = b'Content-Type: text/html\r\n\r\n<img src="cid:a%40x"><img src=pic/b.png>'
    referred = (
        b"Content-Type: image/png\r\nContent-ID: <a@x>\r\nContent-Disposition: attachment; filename=a.png\r\n\r\nA"
    )
    located = b"Content-Type: image/png\r\nContent-Location: pic/b.png\r\n\r\nB"
    apple = b"Content-Type: image/png\r\nContent-Disposition: inline; filename=c.png\r\n\r\nC"
    outlook = b"Content-Type: image/png; name=d.png\r\nContent-ID: <d@x>\r\n\r\nD"
    found = message(mixed(html, referred, located, apple, outlook))
    assert [(r.name, r.inline_id) for r in found.remotes] == [
        ("a.png", "a@x"),
        ("b.png", "pic/b.png"),
        ("c.png", ""),
        ("d.png", ""),
    ]


def test_alternatives_give_one_text_and_all_files() -> None:
    """The plain text counts and the HTML one only without it; a file inside an alternative is not lost (Apple Mail)."""
    inner = (
        b"Content-Type: multipart/alternative; boundary=C\r\n\r\n--C\r\n\r\n%s\r\n--C\r\n"
        b"Content-Type: multipart/mixed; boundary=D\r\n\r\n--D\r\nContent-Type: text/html\r\n\r\n"
        b"<p>Rich<br>text</p>\r\n"
        b"--D\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%%PDF\r\n--D--\r\n--C--"
    )
    assert message(mixed(inner % b"Plain")).text == "Plain"
    rich = message(mixed(inner % b"  "))
    assert rich.text == "Rich\ntext"
    assert [r.name for r in rich.remotes] == ["a.pdf"]


INNER = b"Content-Type: multipart/mixed; boundary=Z\r\n\r\n--Z\r\n\r\nx\r\n--Z--"


def test_nested_mail_is_one_attachment() -> None:
    """A forwarded mail is one file called by its subject, byte for byte as it came, also in illegal base64."""
    inner = b"From: a@b\r\nSubject: =?utf-8?Q?R=C3=A9?=\r\n" + INNER
    raw = mixed(
        b"Content-Type: message/rfc822\r\n\r\n" + inner,
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(inner),
    )
    found = message(raw)
    assert [(r.name, r.type) for r in found.remotes] == [("Ré.eml", "message/rfc822")] * 2
    assert [data(raw, r) for r in found.remotes] == [inner, inner]


def test_sealed_mails() -> None:
    """A sealed part is kept whole, as a file of its own sort, and said to be sealed."""
    sealed = (
        b"Content-Type: multipart/encrypted; protocol=y; boundary=E\r\n\r\n--E\r\n"
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--E\r\n\r\nPGP MESSAGE\r\n--E--"
    )
    raw = mixed(b"\r\nsee inside", sealed)
    found = message(raw)
    assert (found.text, found.unsupported) == ("see inside", "encrypted or sealed mail")
    assert [(r.name, r.sort) for r in found.remotes] == [("encrypted.eml", "encrypted")]
    assert data(raw, found.remotes[0]) == sealed
    alone = b"From: a@b\r\n" + sealed
    assert data(alone, message(alone).remotes[0]) == alone
    smime = message(b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx")
    assert (smime.remotes[0].name, smime.remotes[0].sort) == ("smime.p7m", "encrypted")
    assert smime.unsupported == "encrypted or sealed mail"


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        ("base64", b"SGVsbG8=\r\n", b"Hello"),
        ("base64", b"SGV!!sb\r\nG8", b"Hello"),
        ("base64", b"SGVsbG8=SGVsbG8=", b"HelloHello"),
        ("base64", b"SGVsbG8====\r\nSGVs", b"HelloHel"),
        ("BASE64 ; x", b"SGVsbG8", b"Hello"),
        ("base64", b"S", b""),
        ("quoted-printable", b"H=65llo=\r\n!=C3=A9 =  \r\n.", "Hello!é .".encode()),
        ("quoted-printable", b"50% =zz", b"50% =zz"),
        ("x-uuencode", b"begin 644 x\r\n%2&5L;&\\\r\n`\r\nend\r\n", b"Hello"),
        ("x-uuencode", b"%2&5L;&\\\r\n`\r\n", b"Hello"),
        ("x-uuencode", b"nothing", b""),
        ("8bit", b"H\xe9\r\n", b"H\xe9\r\n"),
        ("binary", b"\0\1", b"\0\1"),
        ("nonsense", b"as it is", b"as it is"),
    ],
)
def test_transfer_encodings(encoding: str, body: bytes, expected: bytes) -> None:
    """Every transfer encoding is undone as far as it can be, and never more than the mail holds."""
    raw = mixed(
        b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + body
    )
    assert data(raw, message(raw).remotes[0]) == expected


def test_large_base64_is_decoded_exactly() -> None:
    """Chunks that end anywhere between the lines give the same bytes."""
    content = bytes(range(256)) * 20_000
    raw = mixed(b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content))
    assert data(raw, message(raw).remotes[0]) == content


@pytest.mark.parametrize(
    ("header", "body", "text"),
    [
        (b"text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        (b"text/plain; charset=utf-8", b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
        (b"text/plain; charset=utf-8", b"Gr\xfc\xdfe", "Grüße"),
        (b"text/plain; charset=us-ascii", b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
        (b'text/plain; charset="no-such"', b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
        (b"text/plain; charset=zlib", b"x", "x"),
        (b"text/plain; charset=gb2312", "你好".encode("gb18030"), "你好"),
        (b"text/plain; charset=iso-2022-jp", "こん".encode("iso2022_jp"), "こん"),
        (b"text/plain; charset=punycode", b"a-b", "a-b"),
        (b"", b"line\rline\nline\r\n\0", "line\nline\nline"),
        (b"text/html; charset=utf-8", b"<style>x</style><p>A &amp; B</p><p>C</p>", "A & B\n\nC"),
        (b"multipart/mixed", b"no boundary at all", "no boundary at all"),
        (b"multipart/mixed; boundary=Q", b"--other\r\nshown", "--other\r\nshown".replace("\r", "")),
    ],
)
def test_texts(header: bytes, body: bytes, text: str) -> None:
    """The words of a single part come out whatever charset it has, declares or mistakes."""
    assert message(b"From: a@b\r\nContent-Type: " + header + b"\r\n\r\n" + body).text == text


def test_a_long_text_is_also_a_file() -> None:
    """A text beyond a megabyte is cut in the message and kept whole as a file."""
    raw = b"From: a@b\r\n\r\n" + b"0123456789abcde\n" * 100_000
    found = message(raw)
    assert len(found.text) <= 1024 * 1024
    assert len(data(raw, found.remotes[0])) == 1_600_000


@pytest.mark.parametrize(
    ("header", "contact"),
    [
        (b"From: Kim <Kim@X.example>", Contact("kim@x.example", "Kim")),
        (b'From: "Kim, the \\"K\\"" <kim@x.example>', Contact("kim@x.example", 'Kim, the "K"')),
        (b'From: "boss@bank.example <boss@bank.example>" <evil@x.example>', None),
        (b"From: =?utf-8?Q?K=C3=AFm?= <kim@x.example>", Contact("kim@x.example", "Kïm")),
        (b"From: kim@x.example (Kim)", Contact("kim@x.example", "Kim")),
        (b"From: kim@x.example, other@x.example", Contact("kim@x.example")),
        (b"From: Kim <kim@x.example>\r\nReply-To: form@y.example", Contact("form@y.example", "Kim")),
        (b"From: nobody at all\r\nSender: s@x.example", Contact("s@x.example")),
        (b"From: nobody at all", Contact("unknown@sender.invalid", "nobody at all")),
        (b"X: y", Contact("unknown@sender.invalid")),
    ],
)
def test_who_wrote(header: bytes, contact: Contact | None) -> None:
    """The answer goes to Reply-To or From, and a name that looks like an address deceives nobody."""
    found = message(header + b"\r\n\r\nx").contact
    assert found == contact if contact else found.address == "evil@x.example"


def test_our_own_mails_are_echoes() -> None:
    """A mail that a colleague sent from the same account belongs to the customer it went to."""
    found = message(b"From: Shop <HELP@shop.example>\r\nTo: Kim <kim@x.example>\r\n\r\nx")
    assert (found.echo, found.contact) == (True, Contact("kim@x.example", "Kim"))
    assert not message(b"From: help@shop.example\r\nTo: help@shop.example\r\n\r\nx").echo


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        (b"Auto-Submitted: auto-replied", True),
        (b"Auto-Submitted: no", False),
        (b"Precedence: Bulk", True),
        (b"X-Auto-Response-Suppress: All", True),
        (b"List-Id: <news.x.example>", True),
        (b"Return-Path: <>", True),
        (b"Return-Path: <kim@x.example>", False),
        (b"X-Failed-Recipients: kim@x.example", True),
        (b"Content-Type: multipart/report; boundary=B", True),
        (b"From: MAILER-DAEMON@mx.example (Mail Delivery System)", True),
        (b"From: No-Reply <do-not-reply+42@x.example>", True),
        (b"From: Norah Eply <noreen@x.example>", False),
    ],
)
def test_automatic_mails(header: bytes, automatic: bool) -> None:
    """Mails of machines are marked, so that no machine answers them."""
    assert message(header + b"\r\nFrom: a@b\r\n\r\nx").automatic is automatic


def test_ids() -> None:
    """Duplicates are known by the message id, or by the raw bytes where there is none."""
    assert message(b"Message-ID:  <a@b> \r\n\r\nx").source_id == "<a@b>"
    without = message(b"From: a@b\r\n\r\nx")
    assert without.source_id.startswith("sha256:")
    assert without.source_id == message(b"From: a@b\r\n\r\nx").source_id != message(b"From: a@b\r\n\r\ny").source_id
    assert without.conversation == without.source_id


@pytest.mark.parametrize(("code", "status"), [("5.1.1", "failed"), ("2.0.0", "delivered"), ("4.4.7", "sent")])
@pytest.mark.parametrize("head", [True, False])
def test_bounces(code: str, status: str, head: bool) -> None:
    """A delivery report is the status of our message, found by its header or by the envelope id alone."""
    raw = bounce(US, "<mc.k-1@shop.example>", "kim@x.example", code, "550 5.1.1 no such user", head)
    (event,) = wire_in.events(Request("POLL", "imap://INBOX/7/1", body=raw), US)
    assert isinstance(event, StatusUpdate)
    assert (event.source_id, event.key, event.status, event.code) == ("<mc.k-1@shop.example>", "k-1", status, code)
    assert ("no such address" in event.message) == (status == "failed")


def test_read_receipts_and_foreign_reports() -> None:
    """A read receipt says read; a report about a mail that is not ours is an automatic mail with its parts as files."""
    (event,) = wire_in.events(Request("POLL", "u", body=receipt(US, "<mc.k-1@shop.example>", "kim@x.example")), US)
    assert isinstance(event, StatusUpdate)
    assert (event.status, event.key) == ("read", "k-1")
    foreign = message(bounce(US, "<other@elsewhere.example>", "kim@x.example", "5.1.1", "550", True))
    assert foreign.automatic
    assert [r.name for r in foreign.remotes] == ["delivery-status.txt", "headers.txt"]


def test_an_empty_mail_is_said_to_be_one() -> None:
    """A server that gives nothing for a mail is reported, not passed over."""
    (event,) = wire_in.events(Request("POLL", "imap://INBOX/7/1", body=b"\r\n"), US)
    assert isinstance(event, Unsupported)


def test_a_large_mail_comes_as_its_header(polled: Callable[..., Request]) -> None:
    """The header of a mail too large to be polled gives a message whose one file is fetched from the server."""
    request = polled(b"From: kim@x.example\r\nSubject: Film\r\n\r\n", "imap://INBOX/7/1?size=73000000")
    (event,) = wire_in.events(request, US)
    assert isinstance(event, InboundMessage)
    assert (event.subject, event.unsupported) == ("Film", "a mail of 73 MB")
    assert event.remotes == (Remote("server", "message.eml", "message/rfc822", 73_000_000),)


NESTED = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (i, i) for i in range(10_000))
BOMBS = {
    "100k parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
    "500k parts by carriage returns": b"Content-Type: multipart/mixed; boundary=b\r\r" + b"--b\r\rx\r" * 500_000,
    "giant boundary": b'Content-Type: multipart/mixed; boundary="' + b"b" * 5_000_000 + b'"\r\n\r\nx',
    "boundary of 300": b'Content-Type: multipart/mixed; boundary="' + b"b" * 300 + b'"\r\n\r\nx',
    "a million headers": b"X: y\r\n" * 1_000_000 + b"\r\nx",
    "20k parameters": b"Content-Type: text/plain" + b"; a=b" * 12_000 + b"\r\n\r\nx",
    "20k addresses": b"From: " + b"a@b.example, " * 20_000 + b"\r\n\r\nx",
    "50k encoded words": b"Subject: " + b"=?utf-8?Q?x?= " * 50_000 + b"\r\n\r\nx",
    "encoded words just below the bound": b"Subject: " + b"=?utf-8?Q?x?= " * 4_000 + b"\r\n\r\nx",
    "10k deep": NESTED,
    "5 MB of near delimiters": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bx\r\n" * 800_000,
    "20 MB of dashes": b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"-" * 20_000_000,
    "one endless header": b"Subject: " + b"x" * 5_000_000,
    "folded without end": b"Subject: x\r\n" + b" y\r\n" * 200_000,
    "HTML of tags": b"Content-Type: text/html\r\n\r\n" + b"<p" * 2_000_000,
    "HTML of comments": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 1_000_000,
    "HTML of references": b"Content-Type: text/html\r\n\r\n" + b"cid:" * 1_000_000,
    "HTML of numbers": b"Content-Type: text/html\r\n\r\n&#" + b"9" * 1_000_000,
    "base64 of padding": b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=a" * 2_000_000,
    "many pages": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + (b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p class=a>" * 60_000 + b"\r\n") * 30,
    "many invitations": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + (b"--b\r\nContent-Type: text/calendar\r\n\r\n" + b"x " * 10_000 + b"\r\n") * 300
    + (b"--b\r\nContent-Type: text/calendar; name=a.ics\r\n\r\n" + b"y " * 10_000 + b"\r\n") * 300,
    "lost boundaries": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + (b"--b\r\nContent-Type: multipart/mixed\r\n\r\n" + (b"--" + b" " * 190 + b"x\r\n") * 250) * 300,
    "uuencoded without end": b"\r\n" + b"begin 644 x\r\n#0V%T\r\n" * 40_000,
    "quotes in quotes": b'Content-Type: text/plain; name="' + b'" ' * 30_000 + b"\r\n\r\nx",
    "1000 small files": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n" * 990,
}


STEPS, FILE_STEPS, MEMORY = 2_000_000, 200_000, 64 * 1024 * 1024
"""Calls that a mail and one of its files may cost, and bytes that may be held beside the mail itself."""


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str, steps: Callable[..., int]) -> None:
    """A mail built to exhaust a parser costs a bounded number of steps and bytes, and is still a message."""
    raw = BOMBS[name]
    assert steps(message, raw) < STEPS
    tracemalloc.start()
    try:
        found = message(raw)
        for remote in found.remotes[:1]:
            assert sum(map(len, wire_in.file(raw, remote.ref))) <= len(raw)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    assert found.source_id
    assert all(steps(data, raw, remote) < FILE_STEPS for remote in found.remotes[-1:])


def test_endless_text_is_also_a_file() -> None:
    """A mail whose texts together are longer than a message is shown up to there, and is kept whole beside it."""
    raw = mixed(*[b"Content-Type: text/plain\r\n\r\n" + b"word " * 60_000] * 5)
    found = message(raw)
    assert len(found.text) == bodies.TEXT
    assert [(r.ref, r.name) for r in found.remotes] == [("raw", "message.eml")]


@pytest.mark.parametrize(
    "name", ["100k parts", "giant boundary", "a million headers", "10k deep", "5 MB of near delimiters"]
)
def test_beyond_the_bounds_the_raw_mail_is_the_file(name: str) -> None:
    """What is not taken apart is kept whole, under one name, with the reason in words."""
    raw = b"From: kim@x.example\r\nSubject: Boo\r\n" + BOMBS[name]
    with pytest.raises(TooMuch):
        parse(raw)
    found = message(raw)
    assert (found.contact.address, found.subject) == ("kim@x.example", "Boo")
    assert [(r.ref, r.name) for r in found.remotes] == [("raw", "message.eml")]
    assert found.unsupported.startswith("a mail that is kept whole: ")
    assert data(raw, found.remotes[0]) == raw


SEEDS = [
    compose(
        "kim@x.example", US, "Hi", [("a.pdf", "application/pdf", b"%PDF")], message_id="<1@x>", subject="é", html="<p>"
    ),
    bounce(US, "<mc.k-1@shop.example>", "kim@x.example", "5.1.1", "550", True),
    receipt(US, "<mc.k-1@shop.example>", "kim@x.example"),
    NESTED[:3000],
    mixed(b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny", b"Content-ID: <a>\r\n\r\n"),
]
PIECES = [
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"--B",
        b"--",
        b"=?utf-8?B?",
        b"?=",
        b";",
        b'"',
        b"\\",
        b"*0*=",
        b"''%",
        b"\0",
        b"\xff",
        b"<",
    ),
    *(b"@", b"charset=utf-16", b"=", b"&#x", b"filename*=", b"<a b='", b"begin 6\n", b"charset=idna", b"cid:"),
    b"Content-Type: multipart/mixed; boundary=B\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n",
    b"Content-Type: text/html\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"From: <@>\r\n",
    b"Date: Mon, 99 Foo 99999 99:99:99 +9999\r\n",
    b"Date: Mon, 1 Jan 0001 00:00:00 +2300\r\n",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    raw = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(raw)))
        length = draw(st.integers(0, 40))
        raw[at : at + length] = draw(st.sampled_from(PIECES) | st.binary(max_size=8))
    return bytes(raw)


@given(st.binary(max_size=2000) | mutated() | st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
@settings(max_examples=600, deadline=None)
def test_receive_is_total(raw: bytes) -> None:
    """Any bytes give events, and every file that they name can be read or is said to be gone."""
    request = Request("POLL", "imap://INBOX/7/42", body=raw)
    events = wire_in.events(request, US)
    assert events == wire_in.events(request, US)
    for event in events:
        assert event.dedupe
        for remote in getattr(event, "remotes", ()):
            assert sum(map(len, wire_in.file(raw, remote.ref))) <= max(len(raw), 1)
            assert not set(remote.name) & set("\r\n\0")


def test_a_part_that_is_not_there() -> None:
    """A number that the mail does not have is a permanent fault, not a crash."""
    with pytest.raises(Permanent):
        data(b"From: a@b\r\n\r\nx", Remote("9.9"))


def leaves(part: Message) -> Iterator[Message]:
    if part.get_content_maintype() == "message":
        return
    if not part.is_multipart():
        yield part
    for child in part.get_payload() if part.is_multipart() else ():
        yield from leaves(child)  # type: ignore[arg-type]  # parts of a multipart are messages


def test_real_mails_against_the_standard_library(corpus: list[Path]) -> None:
    """Every attachment that the standard library finds in a real odd mail is among our files, byte for byte."""
    compared = 0
    for path in corpus:
        raw = path.read_bytes()
        (event,) = wire_in.events(Request("POLL", "u", body=raw), US)
        ours = {data(raw, r) for r in getattr(event, "remotes", ())}
        for part in leaves(email.message_from_bytes(raw)):
            content = part.get_payload(decode=True)
            if content and str(part.get("content-disposition", "")).lower().startswith("attachment"):
                compared += 1
                assert content in ours or part.get_content_type().endswith("signature"), path.name
    assert compared > 20


@pytest.mark.parametrize(
    ("action", "code", "status", "words"),
    [
        ("delivered", "2.1.5", "delivered", ""),
        ("relayed", "2.0.0", "sent", ""),
        ("expanded", "2.0.0", "sent", ""),
        ("delayed", "4.4.7", "sent", "the customer's mail server has not taken it yet; it is still being tried"),
        ("failed", "5.1.1", "failed", "there is no such address: check it with the customer (the server said: told)"),
        (
            "Failed (no such box)",
            "5.1.1",
            "failed",
            "there is no such address: check it with the customer (the server said: told)",
        ),
        ("failure", "5.1.1", "failed", "there is no such address: check it with the customer (the server said: told)"),
        (
            "failed",
            "4.4.7",
            "failed",
            "it was tried in vain until its time was over: the mail server has a passing fault (the server said: told)",
        ),
        ("", "5.1.1", "failed", "there is no such address: check it with the customer (the server said: told)"),
        ("puzzled", "4.4.7", "sent", ""),
        ("", "2.0.0", "sent", ""),
    ],
)
def test_actions_of_reports(action: str, code: str, status: str, words: str) -> None:
    """Every action of RFC 3464 has its status, and without one the code's class tells.

    Relayed is not delivered, for nobody will tell more.
    """
    raw = bounce(US, "<mc.k1@shop.example>", "kim@x.example", code, "told").replace(
        b"Action: " + {"2": b"delivered", "4": b"delayed", "5": b"failed"}[code[0]], b"Action: " + action.encode()
    )
    (event,) = wire_in.events(Request("POLL", "u", body=raw), US)
    assert isinstance(event, StatusUpdate)
    assert (event.status, event.message, event.key) == (status, words, "k1")


def test_reports_that_came_through_a_gateway() -> None:
    """A report inside another multipart counts when a machine sent it, not when a customer passes it on."""
    raw = bounce(US, "<mc.k1@shop.example>", "kim@x.example", "5.1.1", "told")
    moved = raw.replace(b"multipart/report; report-type=delivery-status", b"multipart/mixed")
    assert moved != raw
    (event,) = wire_in.events(Request("POLL", "u", body=moved), US)
    assert isinstance(event, StatusUpdate)
    head, _, rest = moved.partition(b"\r\n\r\n")
    mime = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Type"))
    passed_on = message(b"From: kim@x.example\r\n" + mime + b"\r\n\r\n" + rest)
    assert passed_on.remotes


def test_a_code_in_words() -> None:
    """Where the field of the code is empty, the server's own words tell it."""
    raw = bounce(US, "<mc.k1@shop.example>", "kim@x.example", "5.1.1", "550 5.2.2 full").replace(
        b"Status: 5.1.1", b"Status: "
    )
    (event,) = wire_in.events(Request("POLL", "u", body=raw), US)
    assert isinstance(event, StatusUpdate)
    assert (event.status, event.code) == ("failed", "5.2.2")


def test_reports_with_a_replaced_id() -> None:
    """Where Microsoft's servers replaced our id, the header that keeps it is believed."""
    raw = bounce(US, "<1@prod.outlook.example>", "kim@x.example", "5.1.1", "told").replace(
        b"Subject: lost", b"X-Microsoft-Original-Message-ID: <mc.k1@shop.example>"
    )
    (event,) = wire_in.events(Request("POLL", "u", body=raw), US)
    assert isinstance(event, StatusUpdate)
    assert event.source_id == "<mc.k1@shop.example>"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(min_size=200, max_size=900),
    st.integers(1, 100),
    st.sampled_from([b"\r\n", b"\n", b" \r\n"]),
    st.integers(0, 400),
    st.sampled_from([b"", b"=", b"!", b"A", b"\r\n", b"====", b"\xff "]),
)
def test_even_and_odd_lines_of_base64(
    monkeypatch: pytest.MonkeyPatch, content: bytes, width: int, end: bytes, at: int, noise: bytes
) -> None:
    """The quick way for even lines gives what the careful one gives, whatever stands between them."""
    packed = base64.b64encode(content)
    lines = end.join(packed[i : i + width] for i in range(0, len(packed), width)) + end
    raw = lines[:at] + noise + lines[at:]
    monkeypatch.setattr(bodies, "CHUNK", 256)
    part = Part("1", Headers((("content-transfer-encoding", b"base64"),)), "", {}, 0, 0, len(raw))
    quick = b"".join(bodies.chunks(raw, part))
    assert quick == b"".join(bodies._odd_base64(raw, 0, len(raw)))
    if not noise.strip(b"!\r\n\xff "):
        assert quick == content


@given(st.text("-a\n", max_size=60), st.text("-a", max_size=4), st.integers(0, 60), st.integers(0, 60))
def test_a_delimiter_is_found_wherever_it_stands(text: str, boundary: str, start: int, end: int) -> None:
    """The search that skips from dash to dash finds what a plain one does, over the edges of its steps as well."""
    raw, delimiter = text.encode(), f"--{boundary}".encode()
    with patch.object(mime, "STRIDE", 3):
        assert mime._find(raw, delimiter, start, end) == raw.find(delimiter, start, end)
