"""Signed and encrypted mails: what is signed is read, the signature is a file of its own sort, seals are kept whole."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_email import cms, wire_in

from mediacore import InboundMessage, Request

CONTENT = (
    b"Content-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    b"--C\r\nContent-Type: image/png; name=p.png\r\n\r\nPNG\r\n--C--\r\n"
)
DATA, ENVELOPED = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010703")


def message(raw: bytes) -> InboundMessage:
    (event,) = wire_in.events(Request("POLL", "imap://INBOX/7/42", body=raw), "help@shop.example")
    assert isinstance(event, InboundMessage)
    return event


def files(raw: bytes) -> dict[str, tuple[str, bytes]]:
    """Each file's sort and bytes by its name."""
    return {r.name: (r.sort, b"".join(wire_in.file(raw, r.ref))) for r in message(raw).remotes}


def der(tag: int, *content: bytes) -> bytes:
    """An element with its length before it."""
    body = b"".join(content)
    size = len(body).to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([128 | len(size)]) + size) + body


def ber(tag: int, *content: bytes) -> bytes:
    """An element that a mark ends."""
    return bytes([tag, 128]) + b"".join(content) + b"\0\0"


def signed(content: bytes, form: str = "der") -> bytes:
    """A signed message (RFC 5652 5) without signers, which nobody asks here."""
    if form == "der":
        inner = der(0x30, DATA, der(0xA0, der(0x04, content)))
        return der(0x30, cms.SIGNED, der(0xA0, der(0x30, b"\x02\x01\x01", der(0x31), inner, der(0x31))))
    halves = (der(0x04, content[:40]), der(0x04, content[40:]))
    inner = ber(0x30, DATA, ber(0xA0, ber(0x24, *halves) if form == "ber" else der(0x24, *halves)))
    return ber(0x30, cms.SIGNED, ber(0xA0, ber(0x30, b"\x02\x01\x01", ber(0x31), inner, ber(0x31))))


def smime(data: bytes, more: str = "; name=smime.p7m", kind: str = "application/pkcs7-mime") -> bytes:
    head = f"From: kim@x.example\r\nContent-Type: {kind}{more}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + base64.encodebytes(data)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("application/pgp-signature; name=OpenPGP_signature.asc", "OpenPGP_signature.asc"),
        ("application/pgp-signature", "signature.asc"),
        ("application/pkcs7-signature", "smime.p7s"),
        ("application/octet-stream; name=smime.p7s", "smime.p7s"),
    ],
)
def test_signatures_beside_the_text(kind: str, name: str) -> None:
    """The signed text is read, and the signature is a file that says what it is."""
    raw = (
        b"From: a@b\r\nContent-Type: multipart/signed; protocol=x; boundary=S\r\n\r\n--S\r\n\r\nHello\r\n--S\r\n"
        b"Content-Type: %s\r\n\r\nPROOF\r\n--S--\r\n" % kind.encode()
    )
    assert (message(raw).text, message(raw).unsupported) == ("Hello", "")
    assert files(raw) == {name: ("signature", b"PROOF")}


@pytest.mark.parametrize("form", ["der", "ber", "mixed"])
@pytest.mark.parametrize("kind", ["application/pkcs7-mime", "application/x-pkcs7-mime", "application/octet-stream"])
def test_a_signature_around_the_mail_is_opened(form: str, kind: str) -> None:
    """What is only signed is no secret: its text and files are the mail's, however the lengths are written."""
    proof = signed(CONTENT, form)
    raw = smime(proof, kind=kind)
    assert (message(raw).text, message(raw).unsupported) == ("Hello", "")
    assert files(raw) == {"smime.p7m": ("signature", proof), "p.png": ("", b"PNG")}


def test_signatures_around_signatures() -> None:
    """A mail that was signed again on its way is opened twice, and not a third time."""
    once = smime(signed(CONTENT))
    twice = smime(signed(once))
    assert message(twice).text == "Hello"
    assert [(r.name, r.sort) for r in message(twice).remotes] == [
        ("smime.p7m", "signature"),
        ("smime.p7m", "signature"),
        ("p.png", ""),
    ]
    thrice = message(smime(signed(twice)))
    assert (thrice.text, [r.name for r in thrice.remotes]) == ("", ["smime.p7m"] * 3)


def test_encrypted_inside_a_signature() -> None:
    """What cannot be read inside a signature is said to be that."""
    found = message(smime(signed(smime(der(0x30, ENVELOPED, b"secret")))))
    assert found.unsupported == "encrypted or sealed mail"
    assert [r.sort for r in found.remotes] == ["signature", "encrypted"]


def test_signed_documents() -> None:
    """A signed document is a file beside the signed file, which stays what it was: an ordinary attachment."""
    proof = signed(b"<?xml version='1.0'?><invoice/>")
    for name, inner in (("invoice.xml.p7m", "invoice.xml"), ("invoice.P7M", "signed.bin")):
        raw = smime(proof, f"; name={name}")
        assert files(raw) == {name: ("", proof), inner: ("", b"<?xml version='1.0'?><invoice/>")}
        assert message(raw).unsupported == ""


@pytest.mark.parametrize(
    ("data", "sort"),
    [
        (der(0x30, cms.SIGNED, der(0xA0, der(0x30, b"\x02\x01\x01", der(0x31), der(0x30, DATA), der(0xA0, b"C")))), ""),
        (der(0x30, ENVELOPED, der(0xA0, b"secret")), "encrypted"),
        (b"no such thing", "encrypted"),
        (signed(CONTENT)[:20], "encrypted"),
        (b"\x30\x80" * 200_000, "encrypted"),
        (der(0x30, cms.SIGNED, der(0xA0, der(0x30, b"\x31\x80" + b"\x30\x80\0\0" * 200_000))), "encrypted"),
        (signed(b"Content-Type: text/plain\r\n" + b"A: b\r\n" * 2000), "signature"),
    ],
    ids=["certificates", "encrypted", "nothing", "cut off", "endless", "endless inside", "beyond the bounds"],
)
def test_what_cannot_be_opened_is_kept(data: bytes, sort: str) -> None:
    """Certificates, seals and what is broken are files as they came, and only seals are said to be sealed."""
    raw = smime(data)
    assert files(raw) == {"smime.p7m": (sort, data)}
    assert bool(message(raw).unsupported) == (sort != "")


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(1, 40))
def test_reading_is_total(noise: bytes, at: int, lost: int) -> None:
    """Whatever the bytes are, reading ends, and what it finds lies within them."""
    whole = signed(CONTENT, "ber")
    for data in (noise, whole[:at] + noise + whole[at + lost :]):
        found = cms.read(data)
        assert found is None or len(found.content(data)) <= len(data)
