"""The suite that every channel passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import evolve
from mediacore_instagram import InstagramChannel
from mediacore_instagram.simulator_shapes import attachment, delivery, dump, event, headers

from mediacore import Attachment, Contact, Header, Media, Outgoing, Remote, Request
from mediacore.testkit.conformance import Samples, conformance

HOOK = "https://desk.example.com/hooks/instagram"
ME, CUSTOMER, AT = "17841400000000001", "7720001112223334", 1569262485349
SETTINGS: dict[str, Any] = {
    "account": ME,
    "token": "IG-access-token",
    "app_secrets": ["app-secret-1", "app-secret-2"],
    "verify_token": "verify-me",
}
MEDIA = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=17891480018194744&signature=s"
PHOTO = event(CUSTOMER, ME, AT, message={"mid": "m1", "text": "Grüße", "attachments": [attachment("image", MEDIA)]})
OTHERS = (
    event(CUSTOMER, ME, AT, message={"mid": "m2", "text": "yes", "reply_to": {"mid": "m0"}}),
    event(ME, CUSTOMER, AT, message={"mid": "m3", "text": "from the app", "is_echo": True}),
    event(CUSTOMER, ME, AT, message={"mid": "m4", "is_deleted": True}),
    event(CUSTOMER, ME, AT, message={"mid": "m5", "attachments": [attachment("ephemeral")]}),
    event(CUSTOMER, ME, AT, reaction={"mid": "m3", "action": "react", "reaction": "love", "emoji": "\u2764\ufe0f"}),
    event(CUSTOMER, ME, AT, read={"mid": "m3"}),
    event(CUSTOMER, ME, AT, optin={"ref": "unheard of"}),
)


def signed(request: Request) -> Request:
    """The same delivery with a signature that holds."""
    pairs = headers(request.body, SETTINGS["app_secrets"][1])
    return evolve(request, headers=tuple(Header(name, value) for name, value in pairs.items()))


def delivered(*events: dict[str, Any]) -> Request:
    return signed(Request("POST", HOOK, body=dump(delivery(ME, events))))


def make() -> InstagramChannel:
    return InstagramChannel(**{**SETTINGS, "app_secrets": tuple(SETTINGS["app_secrets"])})


PICTURE = Attachment(
    Media(Path("a.jpg"), "image/jpeg", 9, "0" * 64), "a.jpg", url="https://desk.example.com/media/a.jpg"
)

TestInstagram = conformance(
    make,
    Samples(
        requests=(delivered(PHOTO), delivered(*OTHERS)),
        signature="X-Hub-Signature-256",
        sign=signed,
        secrets=(SETTINGS["token"], *SETTINGS["app_secrets"], SETTINGS["verify_token"]),
        settings=SETTINGS,
        remotes=((Remote(MEDIA), delivered(PHOTO)),),
        outgoing=(Outgoing("k1", Contact(CUSTOMER), "Hello"), Outgoing("k2", Contact(CUSTOMER), "", (PICTURE,))),
    ),
)
