"""The suite that every channel passes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlencode

from attrs import evolve
from mediacore_sms import SmsChannel
from mediacore_sms.signature import FORM, form_pairs, sign

from mediacore import Attachment, Contact, Header, Media, Outgoing, Remote, Request
from mediacore.testkit.conformance import Samples, conformance

HOOK = "https://desk.example.com/hooks/sms"
SETTINGS = {"account": "AC1", "token": "auth-token", "sender": "+14155550199", "public_url": HOOK}
MEDIA = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
MESSAGE = {
    "MessageSid": "MM1",
    "From": "+14155550100",
    "To": "+14155550199",
    "Body": "Gr\u00fc\u00dfe",
    "NumMedia": "1",
    "MediaUrl0": MEDIA,
    "MediaContentType0": "image/jpeg",
    "FromState": "",
}
STATUS = {"MessageSid": "SM2", "MessageStatus": "failed", "ErrorCode": "30019"}


def signed(request: Request) -> Request:
    """The same delivery with a signature that holds."""
    form = (request.header("Content-Type") or "").startswith(FORM)
    url = HOOK + (f"?part=k1&bodySHA256={hashlib.sha256(request.body).hexdigest()}")
    signature = sign(url, form_pairs(request.body) if form else [], SETTINGS["token"])
    others = tuple(h for h in request.headers if h.name != "X-Twilio-Signature")
    return evolve(request, url=url, headers=(Header("X-Twilio-Signature", signature), *others))


def delivery(fields: dict[str, str]) -> Request:
    return signed(Request("POST", HOOK, (Header("Content-Type", FORM),), urlencode(fields).encode()))


def make() -> SmsChannel:
    return SmsChannel(**SETTINGS)


PICTURE = Attachment(
    Media(Path("a.jpg"), "image/jpeg", 9, "0" * 64), "a.jpg", url="https://desk.example.com/media/a.jpg"
)

TestSms = conformance(
    make,
    Samples(
        requests=(delivery(MESSAGE), delivery(STATUS)),
        signature="X-Twilio-Signature",
        sign=signed,
        secrets=(SETTINGS["token"],),
        settings=SETTINGS,
        remotes=((Remote(MEDIA, type="image/jpeg"), delivery(MESSAGE)),),
        outgoing=(Outgoing("k1", Contact("+14155550100"), "Hello", (PICTURE,)),),
    ),
)
