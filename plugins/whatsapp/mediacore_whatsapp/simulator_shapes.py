"""Webhook payloads as Meta writes, escapes and signs them.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image and the
recorded updates of https://github.com/david-lev/pywa/tree/master/tests/data/updates
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from mediacore_whatsapp.simulator_files import Kept
from mediacore_whatsapp.simulator_rules import TYPES, Fault


def escaped(payload: object) -> bytes:
    r"""JSON as Meta sends and signs it: ``\u00e4``, ``\/``, ``\u003C``, ``\u0025`` and ``\u0040``.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started
    """
    plain = json.dumps(payload, separators=(",", ":"))
    for character, escape in (("/", "\\/"), ("<", "\\u003C"), ("%", "\\u0025"), ("@", "\\u0040")):
        plain = plain.replace(character, escape)
    return plain.encode()


def wamid() -> str:
    """A fresh message id."""
    return "wamid." + base64.b64encode(secrets.token_bytes(24)).decode()


def envelope(account: str, number: str, display: str, field: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """One entry with one change."""
    metadata = {"display_phone_number": display, "phone_number_id": number}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": account, "changes": [{"value": whole, "field": field}]}],
    }


def scoped(number: str) -> str:
    """The business-scoped user id of a number; Meta tells one of every customer since April 2026.

    https://github.com/david-lev/pywa/blob/master/pywa/types/user.py
    """
    return f"US.{int.from_bytes(hashlib.sha256(number.encode()).digest()[:8])}"


def person(sender: str, name: str, user_id: str, hidden: bool) -> dict[str, Any]:
    """An entry of ``contacts``; a customer with a username may hide the number."""
    known = {} if hidden or not sender else {"wa_id": sender.lstrip("+")}
    profile = {"profile": {"name": name}} if name else {}
    return {**profile, **known, **({"user_id": user_id} if user_id else {})}


def message(kind: str, content: object, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - further JSON fields
    """A message of a customer; ``content`` is what stands under the type's name."""
    base = {"id": wamid(), "timestamp": str(int(time.time())), "type": kind}
    return {**base, **({kind: content} if content is not None else {}), **more}


def form_of(media_type: str) -> str:
    """Which media object a customer's file becomes; anything unknown is a document."""
    bare = media_type.partition(";")[0].strip()
    if bare in TYPES["sticker"]:
        return "sticker"
    family = bare.partition("/")[0]
    return family if family in ("audio", "video") or bare in TYPES["image"] else "document"


def media(kept: Kept, form: str, declared: str, caption: str, url: str) -> dict[str, Any]:
    """A media object; the digest is base64 in webhooks."""
    content: dict[str, Any] = {"mime_type": declared, "sha256": base64.b64encode(kept.sha256).decode(), "id": kept.id}
    if url:
        content["url"] = url
    if caption:
        content["caption"] = caption
    if form == "document":
        content["filename"] = kept.name
    return content


def errors(fault: Fault) -> list[dict[str, Any]]:
    """Errors in their webhook form."""
    href = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
    error = {"code": fault.code, "title": fault.title, "message": fault.title, "href": href}
    return [{**error, "error_data": {"details": fault.details or fault.title}}]


def status(source_id: str, word: str, recipient: str, key: str, failure: Fault | None = None) -> dict[str, Any]:
    """A status object."""
    found: dict[str, Any] = {"id": source_id, "status": word, "timestamp": str(int(time.time()))}
    if recipient.startswith("+"):
        found["recipient_id"] = recipient.lstrip("+")
    found["recipient_user_id"] = scoped(recipient) if recipient.startswith("+") else recipient
    if key:
        found["biz_opaque_callback_data"] = key
    if failure is not None:
        found["errors"] = errors(failure)
    return found


def value(people: Sequence[Mapping[str, Any]], listed: str, pieces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A change's value with some contacts and one list."""
    return {**({"contacts": list(people)} if people else {}), listed: list(pieces)}
