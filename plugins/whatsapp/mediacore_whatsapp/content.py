"""What one message of a webhook says: its words and its files, type by type.

Shapes: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image and
its neighbours, and the recorded updates of https://github.com/david-lev/pywa/tree/master/tests/data/updates
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from mediacore import Remote
from mediacore_whatsapp.errors import told
from mediacore_whatsapp.fields import code, digest, moment, rows, table, words

KEPT = timedelta(days=7)
"""How long the media id of a webhook works:
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media"""
MEDIA = ("image", "video", "document", "audio", "sticker")


@frozen
class Content:
    """What a message holds.

    Args:
        text: the customer's words, or a fact they sent in words.
        remotes: their files.
        kind: the provider's word for what cannot be shown; empty when all of it can.
        reason: why it cannot be shown.
    """

    text: str = ""
    remotes: tuple[Remote, ...] = ()
    kind: str = ""
    reason: str = ""


def content(message: Mapping[str, Any]) -> Content:
    """Read one message; an unknown type is a content that cannot be shown, never an error."""
    kind = words(message.get("type"))
    if kind in MEDIA:
        read = _media(kind, table(message.get(kind)), moment(message.get("timestamp")))
    else:
        text = _TEXTS[kind](message) if kind in _TEXTS else ""
        read = Content(text)
    if not (read.text or read.remotes):
        return _unshown(kind, message)
    if not read.remotes and kind in MEDIA:
        return Content(read.text, (), kind, _unshown(kind, message).reason)
    return Content("\n".join(filter(None, (read.text, _advert(table(message.get("referral")))))), read.remotes)


def caption(message: Mapping[str, Any]) -> str:
    """The words of a message that may be text or media; of an edit, what they are now."""
    kind = words(message.get("type"))
    inner = table(message.get(kind))
    return words(inner.get("body")) or words(inner.get("caption"))


def _media(kind: str, media: Mapping[str, Any], sent: datetime | None) -> Content:
    ref = words(media.get("id"))
    text = words(media.get("caption"))
    if not ref:
        return Content(text)
    url = words(media.get("url"))
    flags = {name: "true" for name in ("voice", "animated") if media.get(name) is True}
    remote = Remote(
        ref=ref,
        name=words(media.get("filename")),
        type=words(media.get("mime_type")),
        sha256=digest(media.get("sha256")),
        expires=_later(sent),
        extra={"kind": kind, **({"url": url} if url else {}), **flags},
    )
    return Content(text, (remote,))


def _later(sent: datetime | None) -> datetime | None:
    try:
        return sent + KEPT if sent else None
    except OverflowError:
        return None


def _unshown(kind: str, message: Mapping[str, Any]) -> Content:
    """A message whose content WhatsApp keeps back or this channel does not know."""
    word = words(table(message.get("unsupported")).get("type")) or kind or "message"
    if kind == "system":
        system = table(message.get("system"))
        word = words(system.get("type")) or kind
        return Content(kind=word, reason=words(system.get("body")) or f"WhatsApp reports {word}")
    for entry in rows(message.get("errors")):
        error = table(entry)
        return Content(kind=word, reason=told(code(error.get("code")), error))
    return Content(kind=word, reason=f"The customer sent a message of the type {word}, which cannot be shown here")


def _location(message: Mapping[str, Any]) -> str:
    place = table(message.get("location"))
    at = ", ".join(filter(None, (words(place.get("latitude")), words(place.get("longitude")))))
    lines = (words(place.get("name")), words(place.get("address")), at, words(place.get("url")))
    return "\n".join(("Location:", *filter(None, lines))) if any(lines) else ""


def _contacts(message: Mapping[str, Any]) -> str:
    return "\n\n".join(filter(None, (_person(table(each)) for each in rows(message.get("contacts")))))


def _person(person: Mapping[str, Any]) -> str:
    name = table(person.get("name"))
    shown = words(name.get("formatted_name")) or " ".join(
        filter(None, (words(name.get("first_name")), words(name.get("last_name"))))
    )
    phones = [words(table(p).get("phone")) or words(table(p).get("wa_id")) for p in rows(person.get("phones"))]
    mails = [words(table(m).get("email")) for m in rows(person.get("emails"))]
    firm = words(table(person.get("org")).get("company"))
    card = "(a vCard came with it)" if words(person.get("vcard")) else ""
    lines = [line for line in (shown, firm, *phones, *mails, card) if line]
    return "\n".join(("Contact:", *lines)) if lines else ""


def _order(message: Mapping[str, Any]) -> str:
    order = table(message.get("order"))
    items = [table(item) for item in rows(order.get("product_items"))]
    lines = [
        " ".join(filter(None, (f"{words(i.get('quantity')) or '1'} x", words(i.get("product_retailer_id")), _price(i))))
        for i in items
    ]
    return "\n".join(("Order:", *filter(None, (words(order.get("text")), *lines)))) if items else ""


def _price(item: Mapping[str, Any]) -> str:
    price = words(item.get("item_price"))
    return f"at {price} {words(item.get('currency'))}".rstrip() if price else ""


def _answer(message: Mapping[str, Any]) -> str:
    """A tap on a button or a list; it may arrive with no body at all."""
    answer = table(message.get("interactive"))
    chosen = table(answer.get(words(answer.get("type"))))
    said = (words(chosen.get("title")), words(chosen.get("description")), words(chosen.get("body")))
    return "\n".join(filter(None, said))


def _advert(referral: Mapping[str, Any]) -> str:
    """The advertisement through which the customer came."""
    said = [words(referral.get(name)) for name in ("headline", "body", "source_url")]
    return "(came through an advertisement: " + ", ".join(filter(None, said)) + ")" if any(said) else ""


_TEXTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "text": caption,
    "button": lambda message: words(table(message.get("button")).get("text")),
    "interactive": _answer,
    "location": _location,
    "contacts": _contacts,
    "order": _order,
}
