"""The suite that every channel passes, on Telnyx; and its signature against another's implementation."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from mediacore_sms import SmsChannel
from mediacore_sms.telnyx_signature import HEADER, STAMP, message

from mediacore import Attachment, Contact, Header, InboundMessage, Media, Outgoing, Refused, Remote, Request
from mediacore.testkit.conformance import Samples, conformance

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")

HOOK = "https://desk.example.com/hooks/sms"
# the first key pair of https://www.rfc-editor.org/rfc/rfc8032#section-7.1
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
PUBLIC = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
SETTINGS = {
    "provider": "telnyx",
    "api_key": "KEYsecret",
    "public_keys": (PUBLIC,),
    "sender": "+14155550199",
    "public_url": HOOK,
}
MEDIA = "https://media.telnyx.com/abc/image.jpg"


def delivery(kind: str, payload: dict[str, object]) -> Request:
    data = {"event_type": kind, "id": "e1", "occurred_at": "2026-01-23T18:10:02Z", "payload": payload}
    return signed(Request("POST", HOOK, body=json.dumps({"data": data}).encode()))


def signed(request: Request) -> Request:
    """The same delivery with a signature that holds."""
    signature = base64.b64encode(KEY.sign(message("1700000000", request.body))).decode()
    others = tuple(h for h in request.headers if h.name not in (HEADER, STAMP))
    return evolve(request, headers=(Header(HEADER, signature), Header(STAMP, "1700000000"), *others))


def make() -> SmsChannel:
    return SmsChannel(**SETTINGS)


MESSAGE = delivery(
    "message.received",
    {
        "id": "m1",
        "from": {"phone_number": "+14155550100"},
        "text": "Gr\u00fc\u00dfe",
        "media": [{"url": MEDIA, "content_type": "image/jpeg"}],
    },
)
STATUS = delivery(
    "message.finalized",
    {"id": "m2", "to": [{"status": "delivery_failed"}], "errors": [{"code": "40300"}], "webhook_url": HOOK + "?part=k"},
)
PICTURE = Attachment(
    Media(Path("a.jpg"), "image/jpeg", 9, "0" * 64), "a.jpg", url="https://desk.example.com/media/a.jpg"
)

TestTelnyx = conformance(
    make,
    Samples(
        requests=(MESSAGE, STATUS),
        signature=HEADER,
        sign=signed,
        secrets=(SETTINGS["api_key"],),
        settings=SETTINGS,
        remotes=((Remote(MEDIA, type="image/jpeg"), MESSAGE),),
        outgoing=(Outgoing("k1", Contact("+14155550100"), "Hello", (PICTURE,)),),
    ),
)


def test_signature_of_another_implementation() -> None:
    """A delivery signed by OpenSSL with a key of RFC 8032 is taken, and with another public key it is forged."""
    payload = '{"id":"m1","from":{"phone_number":"+14155550100"},"text":"Gr\u00fc\u00dfe \U0001f600 "}'
    body = f'{{"data":{{"event_type":"message.received","id":"e1","payload":{payload}}}}}'.encode()
    signature = "cziyqOz2nJ0uDpH+sLVOccejEAnNtPZifHBDcBqAAEAf2FmMTmh8FDZsljMMX/VaD+lVqxrDVd5w3OHShTNvCw=="
    request = Request("POST", HOOK, (Header(HEADER, signature), Header(STAMP, "1700000000")), body)
    (event,) = make().receive(request)
    assert isinstance(event, InboundMessage)
    other = base64.b64encode(KEY.sign(b"")[:32]).decode()
    assert SmsChannel(**SETTINGS | {"public_keys": (PUBLIC, PUBLIC)}).receive(request) == [event]
    with pytest.raises(Refused):
        SmsChannel(**SETTINGS | {"public_keys": (other,)}).receive(request)


@pytest.mark.parametrize(
    ("late", "taken"), [(0, True), (299, True), (-299, True), (301, False), (-301, False), (86_400, False)]
)
def test_pain_20_a_delivery_that_somebody_repeats_later_is_refused(late: int, taken: bool) -> None:
    """Signed more than five minutes before or after it came here, a delivery is refused; read again later it is not."""
    request = evolve(MESSAGE, at=datetime.fromtimestamp(1_700_000_000, UTC) + timedelta(seconds=late))
    if taken:
        assert make().receive(request) == make().receive(MESSAGE)
        return
    with pytest.raises(Refused) as refused:
        make().receive(request)
    assert (refused.value.code, refused.value.status) == ("stale", 403)


@pytest.mark.parametrize("stamp", ["soon", "", "1" * 40, "-1", "\u0661"])
def test_a_time_that_is_none_is_stale(stamp: str) -> None:
    """A signed delivery whose time cannot be read is refused, and nothing else happens."""
    signature = base64.b64encode(KEY.sign(message(stamp, MESSAGE.body))).decode()
    headers = (Header(HEADER, signature), Header(STAMP, stamp))
    with pytest.raises(Refused):
        make().receive(evolve(MESSAGE, headers=headers, at=datetime.now(UTC)))
