"""A message as a mail: what the standard library reads out of it, and what can never get into it."""

from __future__ import annotations

import base64
import email
import email.policy
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mediacore_email.wire_out import Sender, mail, subject

from mediacore import Attachment, Contact, Media, Outgoing, Permanent

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHOP = Sender("help@shop.example", "The Shop")


def built(message: Outgoing, sender: Sender = SHOP) -> bytes:
    return b"".join(mail(message, sender, NOW).chunks())


def read(raw: bytes) -> Any:
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_text_alone_is_one_plain_part(outgoing: Callable[..., Outgoing]) -> None:
    """A message without files is a single text part with every header that a thread needs."""
    raw = built(outgoing("Grüße\n.", subject="Question", reply_to="<b@x>", references=("<a@x>",)))
    parsed = read(raw)
    assert parsed.get_content_type() == "text/plain"
    assert parsed.get_content().replace("\r\n", "\n") == "Grüße\n.\n"
    assert parsed["Subject"] == "Re: Question"
    assert parsed["In-Reply-To"] == "<b@x>"
    assert parsed["References"].split() == ["<a@x>", "<b@x>"]
    assert parsed["Message-ID"] == "<mc.k-1@shop.example>"
    assert parsed["Date"].datetime == NOW
    assert (parsed["From"], parsed["To"]) == ("The Shop <help@shop.example>", "Kim <kim@customer.example>")


@pytest.mark.parametrize(
    "name",
    [
        "invoice.pdf",
        "Ré sumé.pdf",
        'we"ird;na\\me.pdf',
        "100% *done* 'now'.pdf",
        "ファイル名がとても長いのでいくつかに分けて書かなければならないもの.pdf",
        "=?utf-8?B?eA==?=.pdf",
        "a" * 140 + ".pdf",
        "😀" * 30 + ".pdf",
    ],
)
def test_names_arrive_as_they_are(
    name: str, attach: Callable[..., Attachment], outgoing: Callable[..., Outgoing]
) -> None:
    """A file's name is read back exactly from Content-Disposition, and is in Content-Type for old receivers."""
    raw = built(outgoing("x", attach(name, "application/pdf", b"%PDF-1.7")))
    part = next(read(raw).iter_attachments())
    assert part.get_filename() == name
    assert part.get_content() == b"%PDF-1.7"
    assert b"name=" in raw.split(b"Content-Type: application/pdf")[1].split(b"Content-Disposition")[0]


def test_pictures_in_the_text(attach: Callable[..., Attachment], outgoing: Callable[..., Outgoing]) -> None:
    """A picture with a Content-ID stands in the HTML where the text names it; other files are beside it."""
    picture = attach("logo.png", "image/png", b"PNG1", inline_id="logo@shop", caption="Our <logo>")
    second = attach("two.png", "image/png", b"PNG2", inline_id="two@shop")
    report = attach("r.pdf", "application/pdf", b"%PDF")
    parsed = read(built(outgoing("See [cid:logo@shop] & more", picture, second, report)))
    assert parsed.get_content_type() == "multipart/mixed"
    html = parsed.get_body(("html",)).get_content()
    assert '<img src="cid:logo@shop" alt="Our &lt;logo&gt;"> &amp; more' in html
    assert '<img src="cid:two@shop" alt="two.png">' in html
    related = next(p for p in parsed.walk() if p.get_content_type() == "multipart/related")
    assert [p["Content-ID"] for p in related.iter_attachments()] == ["<logo@shop>", "<two@shop>"]
    assert [p.get_filename() for p in parsed.iter_attachments()] == ["r.pdf"]


def test_attached_mail_is_never_base64(attach: Callable[..., Attachment], outgoing: Callable[..., Outgoing]) -> None:
    """An attached mail travels as message/rfc822 only when it is seven-bit; else it is a file with its exact bytes."""
    plain = b"From: a@b\r\nSubject: inner\r\n\r\nHello\r\n"
    odd = b"From: a@b\nSubject: \xff\n\nHello\n"
    parsed = read(
        built(outgoing("x", attach("a.eml", "message/rfc822", plain), attach("b.eml", "message/rfc822", odd)))
    )
    first, second = parsed.iter_attachments()
    assert (first.get_content_type(), first["Content-Transfer-Encoding"]) == ("message/rfc822", "7bit")
    assert first.get_content()["Subject"] == "inner"
    assert second.get_content_type() == "application/octet-stream"
    assert second.get_content() == odd


def test_sizes_are_exact_and_lines_short(attach: Callable[..., Attachment], outgoing: Callable[..., Outgoing]) -> None:
    """The size said to the server is the size sent, and no line is longer than the rule."""
    message = outgoing(
        "é" * 5000 + "\n" + "word " * 3000, attach("x.bin", "application/octet-stream", bytes(1_000_003))
    )
    made = mail(message, SHOP, NOW)
    chunks = list(made.chunks())
    raw = b"".join(chunks)
    assert made.size == len(raw)
    assert all(chunk.endswith(b"\r\n") for chunk in chunks)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert read(raw).get_body().get_content().startswith("é" * 5000)
    assert next(read(raw).iter_attachments()).get_content() == bytes(1_000_003)


def test_sizes_of_every_form(attach: Callable[..., Attachment], outgoing: Callable[..., Outgoing]) -> None:
    """The size is known without encoding, whatever the files are: empty, inline, a mail, around the ends of lines."""
    files = [attach(f"{n}.bin", "application/octet-stream", bytes(n)) for n in (0, 1, 2, 3, 56, 57, 58, 57 * 8192 + 1)]
    shown = attach("a.png", "image/png", b"PNG", inline_id="a@b")
    as_mail = attach("a.eml", "message/rfc822", b"From: a@b\r\n\r\nHello\r\n")
    for message in (outgoing("x"), outgoing("", *files), outgoing("x", shown), outgoing("x", shown, as_mail, *files)):
        made = mail(message, SHOP, NOW)
        assert made.size == len(b"".join(made.chunks()))


def test_base64_is_what_everybody_writes(attach: Callable[..., Attachment], outgoing: Callable[..., Outgoing]) -> None:
    """The encoder for whole pieces writes the same lines as the standard library."""
    content = bytes(range(256)) * 4000
    raw = built(outgoing("x", attach("x.bin", "application/octet-stream", content)))
    assert base64.encodebytes(content).replace(b"\n", b"\r\n") in raw


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({}, None), ({"automatic": True}, "auto-generated"), ({"automatic": True, "reply_to": "<a@b>"}, "auto-replied")],
)
def test_machines_say_so(outgoing: Callable[..., Outgoing], fields: dict[str, Any], expected: str | None) -> None:
    """What a machine wrote is marked, so that no other machine answers it (RFC 3834)."""
    assert read(built(outgoing("x", **fields)))["Auto-Submitted"] == expected


def test_the_same_every_time(attach: Callable[..., Attachment], outgoing: Callable[..., Outgoing]) -> None:
    """A second try of one message is the same mail byte for byte, and its id follows from the key alone."""
    message = outgoing("x", attach("x.pdf", "application/pdf", b"%PDF"), key="tenant:1/part 2")
    assert built(message) == built(message)
    assert re.fullmatch(r"<mc\.x\.[0-9a-f]{40}@shop\.example>", mail(message, SHOP, NOW).message_id)


@pytest.mark.parametrize(
    ("given", "reply", "expected"),
    [
        ("Order 7", "", "Order 7"),
        ("Order 7", "<a@b>", "Re: Order 7"),
        ("RE: Order 7", "<a@b>", "RE: Order 7"),
        ("Aw: Order 7", "<a@b>", "Aw: Order 7"),
        ("", "<a@b>", "Re: Message from The Shop"),
        ("x" * 999, "", "x" * 250),
    ],
)
def test_subjects(given: str, reply: str, expected: str, outgoing: Callable[..., Outgoing]) -> None:
    """A reply says so once, and a message without a subject says who writes."""
    assert subject(outgoing(subject=given, reply_to=reply), SHOP) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "kim",
        "kim@",
        "@x.de",
        "a b@x.de",
        "a@x.de\r\nBcc: c@d",
        "a@b,c@d",
        "<a@b>",
        "k\u00a0m@x.de",
        "k\u2028@x.de",
        "ï" * 33 + "@x.de",
    ],
)
def test_bad_addresses_are_refused(address: str, outgoing: Callable[..., Outgoing]) -> None:
    """What is no single address never comes near an envelope."""
    with pytest.raises(Permanent, match="no e-mail address"):
        mail(outgoing(to=Contact(address)), SHOP, NOW)


def test_international_domain(outgoing: Callable[..., Outgoing]) -> None:
    """A domain in another script is written in its DNS form."""
    assert mail(outgoing(to=Contact("kim@bücher.example")), SHOP, NOW).to == "kim@xn--bcher-kva.example"


NASTY = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n\0\x85\u2028=?<>\"';,:\\"), max_size=120)


@given(NASTY, NASTY, NASTY, NASTY, NASTY, NASTY)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_nothing_gets_into_the_headers(
    tmp_path: Path, title: str, name: str, caption: str, shown: str, reply: str, words: str
) -> None:
    """Whatever a subject, a name or an id holds, the mail has exactly our headers and is ASCII."""
    path = tmp_path / "file"
    path.write_bytes(b"%PDF")
    attachment = Attachment(Media(path, "application/pdf", 4, "0" * 64), name, caption)
    message = Outgoing(
        "k",
        Contact("kim@customer.example", shown),
        words,
        (attachment,),
        subject=title,
        reply_to=reply,
        references=(reply,),
    )
    raw = built(message)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not re.search(rb"[^\r]\n|\r[^\n]", raw)
    parsed = read(raw)
    names = [key.lower() for key in parsed]
    allowed = [
        "date",
        "from",
        "to",
        "subject",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "content-type",
    ]
    assert [n for n in names if n not in allowed] == []
    assert len(names) == len(set(names))
    assert parsed["To"].addresses[0].addr_spec == "kim@customer.example"
    (part,) = parsed.iter_attachments()
    assert part.get_content() == b"%PDF"
    assert sorted(k.lower() for k in part if k.lower() != "content-description") == [
        "content-disposition",
        "content-transfer-encoding",
        "content-type",
    ]
