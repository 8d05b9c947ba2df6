"""Bodies, answers and the error table of the Send API."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from mediacore_instagram import wire_out
from mediacore_instagram.faults import TABLE, fault

from mediacore import Attachment, AuthNeeded, InDoubt, MediacoreError, Outgoing, Permanent, Receipt, Retry

Attach = Callable[..., Attachment]
Out = Callable[..., Outgoing]

# Every row of https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes that
# concerns sending: code, subcode and what follows from it.
ROWS: list[tuple[int, int | None, type[MediacoreError]]] = [
    (1, 1357046, InDoubt),
    (1200, None, Retry),
    (2, None, Retry),
    (4, None, Retry),
    (613, None, Retry),
    (613, 2534040, Retry),
    (613, 2018338, Permanent),
    (10, 2534022, Permanent),
    (10, 2018278, Permanent),
    (10, 2018108, Permanent),
    (551, None, Permanent),
    (551, 1545041, Permanent),
    (200, 1545041, Permanent),
    (10, 2534077, AuthNeeded),
    (100, 2534013, AuthNeeded),
    (200, 2534041, AuthNeeded),
    (190, None, AuthNeeded),
    (190, 463, AuthNeeded),
    (100, 2018001, Permanent),
    (100, 2534014, Permanent),
    (100, 2018008, Retry),
    (100, 2018047, Permanent),
    (100, 2018109, Permanent),
    (100, 2018294, Retry),
    (100, 2018074, Permanent),
    (100, 2534015, Permanent),
    (100, 2534029, AuthNeeded),
    (100, 2534037, Permanent),
    (100, 2018300, Permanent),
    (9000001, None, Permanent),
]


def told(code: object, sub: object = None, message: str = "words") -> bytes:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "x"}
    return json.dumps({"error": error | ({"error_subcode": sub} if sub is not None else {})}).encode()


@pytest.mark.parametrize(("code", "sub", "kind"), ROWS)
@pytest.mark.parametrize("status", [400, 403, 500])
def test_every_documented_code_has_its_group(code: int, sub: int | None, kind: type, status: int) -> None:
    """The code decides, whatever the HTTP status; the error names the code and speaks to an agent."""
    error = fault(status, told(code, sub))
    assert type(error) is kind
    assert error.code == (f"{code}-{sub}" if sub else str(code))
    assert len(error.message) > 20
    assert "words" not in error.message


def test_the_table_has_no_row_that_is_not_tested() -> None:
    """Each row of the table is reached by one of the documented codes."""
    reached = {key for code, sub, _ in ROWS for key in ((code, sub), (None, sub), (code, None)) if key in TABLE}
    assert reached == set(TABLE)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, told(100, 1), Permanent),
        (400, told(99999), Permanent),
        (401, b"", AuthNeeded),
        (404, b"<html>", Permanent),
        (429, b"", Retry),
        (500, told(99999), InDoubt),
        (502, b"<html>Bad gateway", InDoubt),
        (503, b"", InDoubt),
        (504, b"[]", InDoubt),
        (500, b'{"error":"x"}', InDoubt),
        (500, told("2"), InDoubt),
        (500, told(True), InDoubt),
        (302, b"", InDoubt),
        (204, b"", InDoubt),
        (500, b"[" * 100_000, InDoubt),
    ],
)
def test_unknown_answers_are_sorted_by_status(status: int, body: bytes, kind: type) -> None:
    """Without a known code, a refusal is permanent and everything that may have been sent is in doubt."""
    assert type(fault(status, body)) is kind


def test_an_unknown_refusal_keeps_the_providers_words() -> None:
    """An agent sees what Meta said when we know nothing better."""
    error = fault(400, told(99999, None, "Something new"))
    assert "Something new" in error.message
    assert error.code == "99999"


def test_a_receipt() -> None:
    """The message id of the answer is the receipt's."""
    assert wire_out.receipt(200, b'{"recipient_id":"42","message_id":"mid1"}') == Receipt("mid1", detail="accepted")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"message_id":""}', b'{"message_id":5}', b"\xff"])
def test_success_without_an_id_is_in_doubt(body: bytes) -> None:
    """A 200 that names no message may have been taken."""
    with pytest.raises(InDoubt):
        wire_out.receipt(200, body)


def test_a_text_body(outgoing: Out) -> None:
    """Text alone, a reply and the tag of a person's answer have the documented form."""
    assert wire_out.send_body(outgoing("hi"), human=False) == {"recipient": {"id": "42"}, "message": {"text": "hi"}}
    assert wire_out.send_body(outgoing("hi", reply_to="m0"), human=True) == {
        "recipient": {"id": "42"},
        "message": {"text": "hi"},
        "reply_to": {"mid": "m0"},
        "messaging_type": "MESSAGE_TAG",
        "tag": "HUMAN_AGENT",
    }


@pytest.mark.parametrize(
    ("mime", "kind"),
    [("image/png", "image"), ("audio/mp4", "audio"), ("video/mp4", "video"), ("application/pdf", "file")],
)
def test_one_file_is_an_object(outgoing: Out, attach: Attach, mime: str, kind: str) -> None:
    """A single file of any sort is the object ``attachment``."""
    file = attach(b"x", mime)
    body = wire_out.send_body(outgoing("", file), human=False)
    assert body["message"] == {"attachment": {"type": kind, "payload": {"url": file.url}}}


def test_several_images_are_an_array(outgoing: Out, attach: Attach) -> None:
    """Two and more images share one message."""
    files = [attach(bytes([n]), "image/png") for n in range(3)]
    message = wire_out.send_body(outgoing("", *files), human=False)["message"]
    assert [a["payload"]["url"] for a in message["attachments"]] == [f.url for f in files]
    assert {a["type"] for a in message["attachments"]} == {"image"}


def test_impossible_shapes_are_permanent(outgoing: Out, attach: Attach) -> None:
    """Text beside a file, other files together, an unknown type, no address and nothing at all are never tried."""
    image, pdf, archive = attach(b"i", "image/png"), attach(b"p", "application/pdf"), attach(b"z", "application/zip")
    bare = Attachment(image.media, "x")
    for message in (
        outgoing("t", image),
        outgoing("", image, pdf),
        outgoing("", archive),
        outgoing("", bare),
        outgoing(),
    ):
        with pytest.raises(Permanent):
            wire_out.send_body(message, human=False)
