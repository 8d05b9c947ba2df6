"""The suite that every channel passes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from attrs import evolve
from mediacore_whatsapp import WhatsAppChannel
from mediacore_whatsapp import simulator_shapes as shapes
from mediacore_whatsapp.signature import sign

from mediacore import Attachment, Contact, Header, Media, Outgoing, Remote, Request
from mediacore.testkit.conformance import Samples, conformance

HOOK = "https://desk.example.com/hooks/whatsapp"
NUMBER, CUSTOMER = "106540352242922", "16505551234"
SETTINGS: dict[str, Any] = {
    "phone_number_id": NUMBER,
    "token": "system-user-token",
    "app_secrets": ["app-secret-1", "app-secret-2"],
    "verify_token": "verify-me",
}
FILE = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=133"
IMAGE = {"caption": "Grüße", "mime_type": "image/jpeg", "id": "1003383421387256", "url": FILE}
PERSON = {"profile": {"name": "Sheena Nelson"}, "wa_id": CUSTOMER}


def message(id_: str, kind: str, content: object) -> dict[str, Any]:
    return {"from": CUSTOMER, "id": id_, "timestamp": "1697043666", "type": kind, kind: content}


MESSAGES = (
    message("wamid.A", "text", {"body": "hello"}),
    message("wamid.B", "image", IMAGE),
    message("wamid.C", "reaction", {"message_id": "wamid.Z", "emoji": "\U0001f600"}),
    message("wamid.D", "location", {"latitude": 52.5, "longitude": 13.4, "name": "Berlin"}),
    message("wamid.E", "revoke", {"original_message_id": "wamid.A"}),
    message("wamid.F", "never-heard-of", {}),
)
FAILED = {
    "id": "wamid.Z",
    "status": "failed",
    "timestamp": "1697043667",
    "recipient_id": CUSTOMER,
    "biz_opaque_callback_data": "k1",
    "errors": [{"code": 131053, "title": "Media upload error"}],
}


def signed(request: Request) -> Request:
    """The same delivery with a signature that holds."""
    signature = sign(SETTINGS["app_secrets"][1], request.body)
    return evolve(
        request,
        headers=(Header("Content-Type", "application/json"), Header("X-Hub-Signature-256", signature)),
    )


def delivery(value: dict[str, Any]) -> Request:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": NUMBER}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    change = {"field": "messages", "value": whole}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [change]}]}
    return signed(Request("POST", HOOK, body=shapes.escaped(body)))


def make() -> WhatsAppChannel:
    return WhatsAppChannel(**SETTINGS)


HERE = Path(__file__)
DOCUMENT = Attachment(
    Media(HERE, "text/plain", HERE.stat().st_size, hashlib.sha256(HERE.read_bytes()).hexdigest()), "notes.txt"
)
WRITTEN = delivery({"contacts": [PERSON], "messages": list(MESSAGES)})

TestWhatsApp = conformance(
    make,
    Samples(
        requests=(WRITTEN, delivery({"statuses": [FAILED]})),
        signature="X-Hub-Signature-256",
        sign=signed,
        secrets=(SETTINGS["token"], *SETTINGS["app_secrets"], SETTINGS["verify_token"]),
        settings=SETTINGS,
        remotes=((Remote(IMAGE["id"], type="image/jpeg", extra={"url": FILE}), WRITTEN),),
        outgoing=(
            Outgoing("k1", Contact(f"+{CUSTOMER}"), "Hello"),
            Outgoing("k2", Contact(f"+{CUSTOMER}"), "Read this", (DOCUMENT,)),
        ),
    ),
)
