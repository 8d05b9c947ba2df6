"""Mails as programs really write them: each habit in one small mail, and whole collections where they are at hand."""

from __future__ import annotations

import base64
import tomllib
from pathlib import Path

import pytest
from mediacore_email import wire_in

from mediacore import InboundMessage, Request

US = "help@shop.example"
PNG = base64.b64encode(b"PNG bytes")
UU = b"begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n"


def message(raw: bytes) -> InboundMessage:
    (event,) = wire_in.events(Request("POLL", "imap://INBOX/7/42", body=raw), US)
    assert isinstance(event, InboundMessage)
    return event


def contents(raw: bytes, found: InboundMessage) -> list[bytes]:
    request = Request("POLL", "imap://INBOX/7/42", body=raw)
    return [b"".join(wire_in.file(request.body, remote.ref)) for remote in found.remotes]


def named(found: InboundMessage) -> list[str]:
    return [("~" if r.inline_id else "") + r.name for r in found.remotes]


def part(head: str, body: bytes = b"x") -> bytes:
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body + b"\r\n"


def multi(kind: str, *parts: bytes, boundary: str = "B", more: str = "") -> bytes:
    head = f"Content-Type: multipart/{kind}; boundary={boundary}{more}\r\n\r\n".encode()
    mark = b"--" + boundary.encode()
    return head + b"".join(mark + b"\r\n" + each for each in parts) + mark + b"--\r\n"


TEXT = part("Content-Type: text/plain", b"Hello")
PICTURE = "Content-Type: image/png; name=p.png\nContent-ID: <1@x>"
PDF = part("Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64", b"JVBERg==")

HABITS: dict[str, tuple[bytes, list[str], str]] = {
    "a text with a name is a file": (
        multi("mixed", TEXT, part('Content-Type: text/plain\nContent-Disposition: inline; filename="log.txt"')),
        ["log.txt"],
        "Hello",
    ),
    "the body is text although it has a name": (
        multi(
            "alternative",
            part('Content-Type: text/plain; name="body.txt"', b"Hello"),
            part('Content-Type: text/html; name="body.html"', b"<p>Hello</p>"),
        ),
        [],
        "Hello",
    ),
    "Apple Mail: a picture between two texts is a file": (
        multi(
            "mixed",
            TEXT,
            part("Content-Type: image/png\nContent-Disposition: inline; filename=p.png", PNG),
            part("Content-Type: text/plain", b"Bye"),
        ),
        ["p.png"],
        "Hello\n\nBye",
    ),
    "Apple Mail: files inside the HTML alternative": (
        multi(
            "alternative",
            TEXT,
            multi("mixed", part("Content-Type: text/html", b"<p>Hello"), PDF, boundary="C"),
        ),
        ["a.pdf"],
        "Hello",
    ),
    "AppleDouble: the data fork alone": (
        multi(
            "mixed", TEXT, multi("appledouble", part("Content-Type: application/applefile; name=a"), PDF, boundary="C")
        ),
        ["a.pdf"],
        "Hello",
    ),
    "Outlook: a Content-ID that nothing refers to": (
        multi(
            "related",
            part("Content-Type: text/html", b"<p>Hello<img src='cid:1@x'>"),
            part("Content-Type: image/png; name=shown.png\nContent-ID: <1@x>", PNG),
            part("Content-Type: image/png; name=logo.png\nContent-ID: <2@x>", PNG),
        ),
        ["~shown.png", "logo.png"],
        "Hello",
    ),
    "a picture known by its location": (
        multi(
            "related",
            part("Content-Type: text/html", b"<p>Hello<img src='http://x/p.png'>"),
            part("Content-Type: image/png\nContent-Location: http://x/p.png", PNG),
        ),
        ["~p.png"],
        "Hello",
    ),
    "another rendering of the text is no file": (
        multi("alternative", TEXT, part("Content-Type: text/enriched", b"<bold>Hello</bold>")),
        [],
        "Hello",
    ),
    "an unknown kind of text is read": (
        multi("mixed", TEXT, part("Content-Type: text/x-diff", b"+ line")),
        [],
        "Hello\n\n+ line",
    ),
    "an invitation among the alternatives is a file": (
        multi("alternative", TEXT, part("Content-Type: text/calendar; method=REQUEST", b"BEGIN:VCALENDAR")),
        ["invite.ics"],
        "Hello",
    ),
    "the same invitation twice is one file": (
        multi(
            "mixed",
            multi("alternative", TEXT, part("Content-Type: text/calendar", b"BEGIN:VCALENDAR"), boundary="C"),
            part("Content-Type: application/ics; name=meet.ics", b"BEGIN:VCALENDAR"),
        ),
        ["meet.ics"],
        "Hello",
    ),
    "a digest": (
        multi("digest", b"\r\nSubject: One\r\n\r\nx\r\n", b"\r\nSubject: Two\r\n\r\ny\r\n"),
        ["One.eml", "Two.eml"],
        "",
    ),
    "a mail in a mail is one file with all that is in it": (
        multi(
            "mixed", TEXT, part("Content-Type: message/rfc822", b"Subject: Old\r\n" + multi("mixed", PDF, boundary="C"))
        ),
        ["Old.eml"],
        "Hello",
    ),
    "a mail in a mail with an address beyond ASCII": (
        multi("mixed", TEXT, part("Content-Type: message/global", "From: ü@x\r\nSubject: Grüße\r\n\r\nx".encode())),
        ["Grüße.eml"],
        "Hello",
    ),
    "uuencoded in the text": (part("Content-Type: text/plain", b"Hello\r\n" + UU + b"Bye"), ["cat.txt"], "Hello\nBye"),
    "prose that only begins like a file": (
        part("Content-Type: text/plain", b"begin 644 words\r\nand so on\r\nend\r\n"),
        [],
        "begin 644 words\nand so on\nend",
    ),
    "no last delimiter": (multi("mixed", TEXT, PDF).removesuffix(b"--B--\r\n"), ["a.pdf"], "Hello"),
    "the last delimiter without its dashes": (multi("mixed", TEXT, PDF).replace(b"--B--", b"--B"), ["a.pdf"], "Hello"),
    "no boundary in the header": (multi("mixed", TEXT, PDF).replace(b"; boundary=B", b""), ["a.pdf"], "Hello"),
    "another boundary in the header": (
        multi("mixed", TEXT, PDF).replace(b"boundary=B", b"boundary=B_"),
        ["a.pdf"],
        "Hello",
    ),
    "a boundary in RFC 2231 form": (
        multi("mixed", TEXT, PDF).replace(b"boundary=B", b"boundary*=us-ascii''%42"),
        ["a.pdf"],
        "Hello",
    ),
    "a multipart in another with the same boundary": (
        multi(
            "mixed",
            part("Content-Type: multipart/alternative; boundary=B", b""),
            TEXT,
            part("Content-Type: text/html", b"<p>Hello"),
            PDF,
        ),
        ["a.pdf"],
        "Hello",
    ),
    "multiparts with our boundary that close themselves alone": (
        multi(
            "mixed",
            multi("alternative", TEXT, part("Content-Type: text/html", b"<p>Hello")),
            multi("related", part("Content-Type: text/html", b"<img src=cid:1@x>"), part(PICTURE, PNG)),
            PDF,
        ),
        ["~p.png", "a.pdf"],
        "Hello",
    ),
    "a closing delimiter after each file": (
        multi("mixed", TEXT, PDF).replace(b"\r\n--B\r\n", b"\r\n--B--\r\n--B\r\n"),
        ["a.pdf"],
        "Hello",
    ),
    "a file that lies elsewhere": (
        multi(
            "mixed",
            TEXT,
            part(
                "Content-Type: message/external-body; access-type=URL; url=x; name=a.txt", b"Content-Type: text/plain"
            ),
        ),
        ["a.txt"],
        "Hello",
    ),
    "rubbish before the headers": (b"Good day\r\n" + multi("mixed", TEXT, PDF), ["a.pdf"], "Hello"),
    "rubbish among the headers": (b"Subject: x\r\nGood day\r\n" + multi("mixed", TEXT, PDF), ["a.pdf"], "Hello"),
    "a forgotten empty line": (b"Subject: x\r\nGood day\r\nto: you\r\n\r\nBye", [], "Good day\nto: you\n\nBye"),
    "a mail of words alone": (b"Good day\r\nto: you\r\n\r\nBye", [], "Good day\nto: you\n\nBye"),
    "only line feeds": (multi("mixed", TEXT, PDF).replace(b"\r\n", b"\n"), ["a.pdf"], "Hello"),
    "only carriage returns": (multi("mixed", TEXT, PDF).replace(b"\r\n", b"\r"), ["a.pdf"], "Hello"),
    "a parameter on a line that was not indented": (
        multi(
            "mixed",
            TEXT,
            part("Content-Type: application/zip; x=0600;\nname=a.zip\nContent-Transfer-Encoding: base64", b"UEsDBAA="),
        ),
        ["a.zip"],
        "Hello",
    ),
    "the first header indented": (b" " + multi("mixed", TEXT, PDF), ["a.pdf"], "Hello"),
    "a type that is none": (
        multi("alternative", part("Content-Type: <html>", b"<p>Hello</p>")),
        [],
        "Hello",
    ),
    "a name and a type that is none": (part('Content-Type: unknown; name="a.bin"', b"x"), ["a.bin"], ""),
    "a page that nobody declared": (b"Subject: x\r\n\r\n<!DOCTYPE html><p>Hello</p>", [], "Hello"),
    "base64 with rubbish in it": (
        multi(
            "mixed",
            TEXT,
            part("Content-Type: image/png; name=p.png\nContent-Transfer-Encoding: base64", b"UE*5H IGJ5\r\n dGVz"),
        ),
        ["p.png"],
        "Hello",
    ),
    "an encrypted text": (
        part("Content-Type: text/plain", b"-----BEGIN PGP MESSAGE-----"),
        [],
        "-----BEGIN PGP MESSAGE-----",
    ),
}

NAMES = {
    "Content-Disposition: attachment; filename*=UTF-8''R%C3%A9.pdf": "Ré.pdf",
    "Content-Disposition: attachment; filename*0*=euc-kr''%C7; filename*1*=%D1.pdf": "한.pdf",
    "Content-Disposition: attachment; filename*1=a; filename*2=b.pdf": "ab.pdf",
    'Content-Disposition: attachment; filename="=?utf-8?Q?R=C3=A9?=\n =?utf-8?Q?_2.pdf?="': "Ré 2.pdf",
    'Content-Disposition: attachment; filename="=?utf-8?B?UsM=?= =?utf-8?B?qS5wZGY=?="': "Ré.pdf",
    "Content-Disposition: attachment; filename=Ré.pdf": "Ré.pdf",
    "Content-Disposition: attachment; filename=My new car.pdf": "My new car.pdf",
    'Content-Disposition: attachment; filename="My "new" car.pdf"; size=3': 'My "new" car.pdf',
    'Content-Disposition: attachment; filename="a;b.pdf"': "a;b.pdf",
    'Content-Disposition: attachment; filename="a.pdf" size=3': "a.pdf",
    'Content-Disposition: attachment filename="a.pdf"': "a.pdf",
    "Content-Disposition: attachment; filename=a.pdf size=3": "a.pdf",
    'Content-Disposition: attachment; filename="a.pdf size=3"': "a.pdf size=3",
    'Content-Type: application/pdf; charset=x name="my c.pdf"': "my c.pdf",
    "Content-Disposition: attachment; filename=my size.pdf": "my size.pdf",
    'Content-Disposition: attachment; filename="unclosed.pdf': "unclosed.pdf",
    'Content-Disposition: attachment; filename=""\nContent-Type: application/pdf; name="b.pdf"': "b.pdf",
    'Content-Disposition: attachment; filename="."\nContent-Type: application/pdf': "part-1.pdf",
    'Content-Type: application/pdf name="c.pdf"': "c.pdf",
    'Content-Type: application/octet-stream; file="D.EXE"': "D.EXE",
    "Content-Type: application/pdf\nContent-Location: e.pdf": "e.pdf",
    "Content-Type: image/jpeg": "part-1.jpg",
}


@pytest.mark.parametrize("habit", HABITS)
def test_habits(habit: str) -> None:
    """A careful reader's files and text come out of each habit of mail programs."""
    raw, files, text = HABITS[habit]
    found = message(raw)
    assert (named(found), found.text) == (files, text)
    assert all(contents(raw, found))


@pytest.mark.parametrize("header", NAMES)
def test_names(header: str) -> None:
    """A name is found wherever and however a mail program wrote it; without one, the type makes one up."""
    found = message(multi("mixed", TEXT, part(header)))
    assert named(found) == [NAMES[header]]


@pytest.mark.parametrize(
    ("more", "body", "text"),
    [
        ("", b"One \r\ntwo \r\nthree", "One \ntwo \nthree"),
        ("; format=fixed", b"One \r\ntwo", "One \ntwo"),
        ("; format=flowed", b"One \r\ntwo \r\nthree\r\nfour", "One two three\nfour"),
        ("; format=Flowed; delsp=yes", b"One \r\ntwo \r\nthree", "Onetwothree"),
        ("; format=flowed", b"Hi\r\n-- \r\nKim \r\nShop", "Hi\n-- \nKim Shop"),
        ("; format=flowed", b"> One \r\n> two\r\n>> deep \r\n> back\r\n>", "> One two\n>> deep \n> back\n>"),
        ("; format=flowed", b" From here\r\n  two spaces", "From here\n two spaces"),
    ],
)
def test_flowed_text(more: str, body: bytes, text: str) -> None:
    """What a mail program wrapped for the wire is one paragraph again; quotes and the signature keep their lines."""
    assert message(part(f"Content-Type: text/plain{more}", body)).text == text


def test_uuencoded_bytes() -> None:
    """What was uuencoded in the text comes out as it was."""
    raw = part("Content-Type: text/plain", b"Hello\r\n" + UU)
    assert contents(raw, message(raw)) == [b"Cat"]


def test_encrypted_text_is_said_to_be_that() -> None:
    """Text that only a key can open is shown with a word for the agent."""
    assert message(HABITS["an encrypted text"][0]).unsupported == "encrypted or sealed mail"


def test_real_mails(corpus: list[Path]) -> None:
    """Each real odd mail of the corpus gives the files and the text that a careful reader finds in it."""
    expected = tomllib.loads(Path(__file__).with_name("corpus_files.toml").read_text("utf-8"))
    assert {f"{p.parent.name}/{p.name}" for p in corpus} == set(expected)
    for path in corpus:
        wanted = expected[f"{path.parent.name}/{path.name}"]
        found = message(path.read_bytes())
        assert named(found) == wanted.get("files", []), path.name
        assert found.text[:30] == wanted["text"], path.name
