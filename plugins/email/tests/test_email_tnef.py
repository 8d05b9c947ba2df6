"""winmail.dat: its files and words come out, and no such file, however broken, does harm."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mediacore_email import rich, tnef, winmail, wire_in

from mediacore import InboundMessage, Permanent, Remote, Request

US = "help@shop.example"
STRING, UNICODE, BINARY, OBJECT = 0x1E, 0x1F, 0x102, 0x0D
NAME, CID, MIME, DATA = 0x3707, 0x3712, 0x370E, 0x3701


def item(level: int, kind: int, data: bytes) -> bytes:
    """One attribute with its checksum."""
    return struct.pack("<BHHI", level, kind, 6, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def properties(*values: tuple[int, int, bytes]) -> bytes:
    """MAPI properties, each with one value of a length of its own."""
    packed = b"".join(
        struct.pack("<HHII", kind, name, 1, len(data)) + data + bytes(-len(data) % 4) for kind, name, data in values
    )
    return struct.pack("<I", len(values)) + packed


def attached(name: str, data: bytes, *more: tuple[int, int, bytes]) -> bytes:
    named = properties((UNICODE, NAME, (name + "\0").encode("utf-16-le")), *more)
    return item(2, 0x9002, b"") + item(2, 0x8010, b"SHORT~1.TXT\0") + item(2, 0x800F, data) + item(2, 0x9005, named)


def container(*items: bytes) -> bytes:
    return tnef.SIGNATURE + b"\1\0" + b"".join(items)


def polled(content: bytes, text: str = "", name: str = "winmail.dat", kind: str = "application/ms-tnef") -> Request:
    words = f"--B\r\nContent-Type: text/plain\r\n\r\n{text}\r\n" if text else ""
    body = base64.encodebytes(content).decode().replace("\n", "\r\n")
    raw = (
        f"From: kim@x.example\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n{words}--B\r\n"
        f'Content-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}--B--\r\n'
    )
    return Request("POLL", "imap://INBOX/7/42", body=raw.encode())


def message(request: Request) -> InboundMessage:
    (event,) = wire_in.events(request, US)
    assert isinstance(event, InboundMessage)
    return event


def data(request: Request, remotes: Sequence[Remote]) -> list[bytes]:
    return [b"".join(wire_in.file(request.body, remote.ref)) for remote in remotes]


def test_files_come_out() -> None:
    """Each enclosed file is one of its own, with its long name, its exact bytes and a name that no other has."""
    request = polled(
        container(
            attached("Föto.png", b"PNG\0\0", (STRING, MIME, b"image/png\0")),
            attached("C:\\temp\\föto.PNG", b"two"),
            attached("../../etc/passwd", b"three"),
        ),
        "See below",
    )
    found = message(request)
    assert found.text == "See below"
    assert [(r.ref, r.name, r.type, r.size) for r in found.remotes] == [
        ("2/tnef/1", "Föto.png", "image/png", 5),
        ("2/tnef/2", "föto (2).PNG", "application/octet-stream", 3),
        ("2/tnef/3", "passwd", "application/octet-stream", 5),
    ]
    assert data(request, found.remotes) == [b"PNG\0\0", b"two", b"three"]


def test_names_without_properties() -> None:
    """An old program's short title is the name, in its code page; without any it is made up."""
    old = item(2, 0x9002, b"") + item(2, 0x8010, b"\xcf.txt\0") + item(2, 0x800F, b"x")
    nameless = item(2, 0x9002, b"") + item(2, 0x800F, b"y")
    found = message(polled(container(item(1, 0x9007, struct.pack("<II", 1251, 0)), old, nameless), "Hi"))
    assert [r.name for r in found.remotes] == ["П.txt", "part-2.bin"]


def test_words_are_kept_where_the_mail_has_none() -> None:
    """Its words are the message's when the mail itself says nothing, and pictures in them are inline."""
    plain = container(item(1, 0x9003, properties((STRING, 0x1000, b"Gr\xfc\xdfe\r\nKim\0"))))
    assert message(polled(plain)).text == "Grüße\nKim"
    assert message(polled(plain)).remotes == ()
    assert message(polled(plain, "Mine")).text == "Mine"
    rich = container(
        item(1, 0x9003, properties((BINARY, 0x1013, b"<p>Hello <img src='cid:a@b'></p>"))),
        attached("a.png", b"PNG", (UNICODE, CID, "a@b\0".encode("utf-16-le"))),
    )
    found = message(polled(rich))
    assert (found.text, [r.inline_id for r in found.remotes]) == ("Hello", ["a@b"])


@pytest.mark.parametrize(
    "content",
    [
        b"no container",
        tnef.SIGNATURE,
        container(),
        container(item(1, 0x9003, properties((BINARY, 0x1009, b"LZFu")))),
        container(*[attached("a.txt", b"x")] * (tnef.FILES + 1)),
    ],
)
def test_what_cannot_be_opened_is_kept_whole(content: bytes) -> None:
    """A container that hides something, encloses nothing or too much, or is none, stays one file with its bytes."""
    request = polled(content)
    (remote,) = message(request).remotes
    assert (remote.name, data(request, [remote])) == ("winmail.dat", [content])


def packed(*pieces: bytes | tuple[int, int], size: int = 0) -> bytes:
    """Compressed RTF: bytes as they are, and references as how far back and how many."""
    ring, out, items = 207, b"", list[bytes]()
    flags = list[bool]()
    for piece in pieces:
        if isinstance(piece, bytes):
            items += [bytes([byte]) for byte in piece]
            flags += [False] * len(piece)
            ring += len(piece)
        else:
            items.append(((((ring - piece[0]) % 4096) << 4) | (piece[1] - 2)).to_bytes(2, "big"))
            flags.append(True)
            ring += piece[1]
    for at in range(0, len(items), 8):
        out += bytes([sum(flag << bit for bit, flag in enumerate(flags[at : at + 8]))]) + b"".join(items[at : at + 8])
    return struct.pack("<IIII", len(out) + 12, size or ring - 207, 0x75465A4C, 0) + out


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ((b"{\\rtf1 Hi}",), b"{\\rtf1 Hi}"),
        (((207, 6), b"\\ansi Hi}"), b"{\\rtf1\\ansi Hi}"),
        ((b"ab", (2, 7), b"!"), b"ababababa!"),
        ((b"ab", (0, 2), b"lost"), b"ab"),
        ((b"ab", (3000, 2), b"lost"), b"ab"),
    ],
    ids=["literal", "common words", "overlap", "end", "never written"],
)
def test_words_in_rich_text(pieces: tuple[bytes | tuple[int, int], ...], text: bytes) -> None:
    """Words that are there as compressed RTF alone become a document that anybody can open."""
    request = polled(container(item(1, 0x9003, properties((BINARY, 0x1009, packed(*pieces))))))
    (remote,) = message(request).remotes
    assert (remote.name, remote.type) == ("message.rtf", "application/rtf")
    assert data(request, [remote]) == [text]


def test_rich_text_is_bounded(steps: Callable[..., int]) -> None:
    """A few bytes that claim much give what they pay for, and what claims too much stays where it is."""
    assert rich.unpacked(packed(b"ab", *[(2, 17)] * 50, size=rich.MOST)).startswith(b"abab")
    assert steps(rich.unpacked, packed(b"ab", *[(2, 17)] * 20_000)) < 1_000_000
    assert rich.unpacked(packed(b"ab", size=rich.MOST + 1)) == b""
    assert rich.unpacked(struct.pack("<IIII", 15, 3, 0x414C454D, 0) + b"abc") == b"abc"


@given(st.binary(max_size=80))
def test_rich_text_is_total(noise: bytes) -> None:
    """Whatever the bytes are, unpacking ends with no more than the size that was claimed."""
    assert len(rich.unpacked(struct.pack("<IIII", 0, 500, 0x75465A4C, 0) + noise)) <= 500


def test_a_message_inside() -> None:
    """A forwarded message in the same format is a file that can be read as one; an OLE object is without its prefix."""
    inner = container(attached("deep.txt", b"deep"))
    request = polled(
        container(
            attached("Re: hello", b"", (OBJECT, DATA, bytes(16) + inner)),
            attached("sheet.xls", b"", (OBJECT, DATA, bytes(16) + b"\xd0\xcf\x11\xe0")),
        ),
        "Hi",
        kind="application/octet-stream",
    )
    first, second = message(request).remotes
    assert (first.name, first.type) == ("Re: hello.dat", "application/ms-tnef")
    assert data(request, (first, second)) == [inner, b"\xd0\xcf\x11\xe0"]


def test_a_file_that_is_not_there() -> None:
    """A ref that names no enclosed file is gone for good, not a crash."""
    request = polled(container(attached("a.txt", b"x")), "Hi")
    for ref in ("2/tnef/2", "2/tnef/0", "2/tnef/x", "1/tnef/1", "9/tnef/1"):
        with pytest.raises(Permanent):
            data(request, [Remote(ref)])


@pytest.mark.parametrize(
    "block",
    [
        struct.pack("<IHHI", 1, 0x1002, 1, 2**32 - 1),  # keeps tnefparse 1.4 busy for an hour
        struct.pack("<I", 2**32 - 1) + bytes(8),
        struct.pack("<IHHI", 1, 0x101E, 1, 2**32 - 1) + bytes(400_000),
        struct.pack("<IHHII", 1, STRING, 0x1000, 1, 2**32 - 1) + b"x",
        struct.pack("<IHH16sII", 1, STRING, 0x8000, bytes(16), 1, 2**32 - 1),
    ],
)
def test_counts_that_lie(block: bytes, steps: Callable[..., int]) -> None:
    """No count in the file makes work that its bytes do not pay for."""
    data = container(*[item(1, 0x9003, block)] * 20)
    assert tnef.read(data) is not None
    assert steps(tnef.read, data) < 10_000


def test_only_some_are_opened() -> None:
    """Of many containers in one mail the first few are opened, and the others are kept whole."""
    part = b"--B\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    part += base64.encodebytes(container(attached("a.txt", b"x")))
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
    found = message(Request("POLL", "u", body=head + part * (winmail.OPENED + 2) + b"--B--\r\n"))
    assert [r.name for r in found.remotes][-3:] == ["a (5).txt", "winmail.dat", "winmail.dat"]


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=60),
    st.integers(0, 400),
    st.lists(st.tuples(st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1), st.binary(max_size=12)), max_size=4),
)
def test_nothing_raises(noise: bytes, at: int, values: list[tuple[int, int, bytes]]) -> None:
    """Whatever is written over a container, it is read or kept, and each file that it names can be fetched."""
    whole = container(item(1, 0x9003, properties(*values)), attached("a.txt", b"x" * 50), item(2, 0x9005, noise))
    request = polled(whole[:at] + noise + whole[at + len(noise) :])
    found = message(request)
    assert len(data(request, found.remotes)) == len(found.remotes)
    tnef.read(tnef.SIGNATURE + noise)


def test_real_containers(corpus: list[Path]) -> None:
    """Real ones give the names and the files that tnefparse finds, and the zero bytes at their ends, which it loses."""
    other = pytest.importorskip("tnefparse")
    seen = 0
    for path in sorted((corpus[0].parents[2] / "tnef").glob("*.tnef")):
        content = path.read_bytes()
        expected = [(a.long_filename(), a.data.rstrip(b"\0")) for a in other.TNEF(content).attachments]
        letter = tnef.read(content)
        assert letter is not None
        ours = [(f.name, content[f.start : f.end].rstrip(b"\0")) for f in letter.files]
        if path.name != "MAPI_OBJECT.tnef":  # there it keeps the interface's id before the file
            assert ours == expected, path.name
        request = polled(content, "Hi")
        enclosed = [r for r in message(request).remotes if winmail.MARK in r.ref and r.name != "message.rtf"]
        assert [d.rstrip(b"\0") for d in data(request, enclosed)] == [d for _, d in ours]
        seen += len(enclosed)
    assert seen > 20
