"""What one message of a webhook says: its words and its files, type by type.

Shapes: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image and
its neighbours, and the recorded updates of https://github.com/david-lev/pywa/tree/master/tests/data/updates
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from attrs import frozen

from mediacore import Remote
from mediacore_whatsapp import answers, cards
from mediacore_whatsapp.errors import told
from mediacore_whatsapp.fields import code, digest, moment, rows, table, words

KEPT = timedelta(days=7)
"""How long the media id of a webhook works:
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media"""
MEDIA = ("image", "video", "document", "audio", "sticker")
REASONS = {"request_welcome": "The customer opened the chat for the first time"}
"""What happened, for types that bear no content:
https://github.com/david-lev/pywa/blob/master/pywa/types/chat_opened.py"""


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


def kind_of(message: Mapping[str, Any]) -> str:
    """The type of a message; where it is not told, the first content that is there."""
    return words(message.get("type")) or next((k for k in (*MEDIA, *_TEXTS) if k in message), "")


def content(message: Mapping[str, Any]) -> Content:
    """Read one message; an unknown type is a content that cannot be shown, never an error."""
    kind = kind_of(message)
    inner = table(message.get(kind))
    unknown = kind not in MEDIA and kind not in _TEXTS
    if kind in MEDIA or (unknown and words(inner.get("id")) and words(inner.get("mime_type"))):
        text, remotes = words(inner.get("caption")), _media(kind, message, inner)
    else:
        text = _TEXTS[kind](message) if kind in _TEXTS else ""
        remotes = _enclosed(kind, message)
    if not (text or remotes):
        return _unshown(kind, message)
    if not remotes and kind in MEDIA:
        return Content(text, (), kind, _unshown(kind, message).reason)
    notes = (_product(table(message.get("context"))), _advert(table(message.get("referral"))))
    return Content("\n".join(filter(None, (text, *notes))), remotes, kind if unknown else "")


def caption(message: Mapping[str, Any]) -> str:
    """The words of a message that may be text or media; of an edit, what they are now."""
    inner = table(message.get(kind_of(message)))
    return words(inner.get("body")) or words(inner.get("caption"))


def _enclosed(kind: str, message: Mapping[str, Any]) -> tuple[Remote, ...]:
    """Files of a message that is none itself: shared contacts, and what was put into a form."""
    if kind == "contacts":
        return cards.remotes(message)
    put = answers.files(message) if kind == "interactive" else []
    return tuple(remote for file in put for remote in _media("form", message, file))


def _media(kind: str, message: Mapping[str, Any], media: Mapping[str, Any]) -> tuple[Remote, ...]:
    if not (ref := words(media.get("id"))):
        return ()
    url = words(media.get("url"))
    remote = Remote(
        ref=ref,
        name=words(media.get("filename")) or words(media.get("file_name")),
        type=words(media.get("mime_type")),
        sha256=digest(media.get("sha256")),
        expires=_later(moment(message.get("timestamp"))),
        sort="voice" if media.get("voice") is True else kind if kind == "sticker" else "",
        extra={"kind": kind, **({"url": url} if url else {})},
    )
    return (remote,)


def _later(sent: datetime | None) -> datetime | None:
    try:
        return sent + KEPT if sent else None
    except OverflowError:
        return None


def _unshown(kind: str, message: Mapping[str, Any]) -> Content:
    """A message whose content WhatsApp keeps back or this channel does not know."""
    word = words(table(message.get("unsupported")).get("type")) or kind or "message"
    if kind in ("system", "interactive"):
        inner = table(message.get(kind))
        word = words(inner.get("type")) or kind
        if kind == "system":
            return Content(kind=word, reason=words(inner.get("body")) or f"WhatsApp reports {word}")
    for entry in rows(message.get("errors")):
        error = table(entry)
        return Content(kind=word, reason=told(code(error.get("code")), error))
    otherwise = f"The customer sent a message of the type {word}, which cannot be shown here"
    return Content(kind=word, reason=REASONS.get(kind, otherwise))


def _location(message: Mapping[str, Any]) -> str:
    place = table(message.get("location"))
    pair = [words(place.get("latitude")), words(place.get("longitude"))]
    at, link = ", ".join(filter(None, pair)), words(place.get("url"))
    if all(pair) and not link:
        link = f"https://maps.google.com/?q={quote(','.join(pair), safe=',')}"
    lines = (words(place.get("name")), words(place.get("address")), at, link)
    return "\n".join(("Location:", *filter(None, lines))) if any(lines) else ""


def _contacts(message: Mapping[str, Any]) -> str:
    return "\n\n".join(filter(None, (_person(table(each)) for each in rows(message.get("contacts")))))


def _person(person: Mapping[str, Any]) -> str:
    lines = (cards.shown_name(person), cards.firm(person), *cards.numbers(person), *cards.mails(person))
    told_once = list(dict.fromkeys(filter(None, lines)))
    return "\n".join(("Contact:", *told_once)) if told_once else ""


def _order(message: Mapping[str, Any]) -> str:
    order = table(message.get("order"))
    items = [table(item) for item in rows(order.get("product_items"))]
    lines = [
        " ".join(filter(None, (f"{words(i.get('quantity')) or '1'} x", words(i.get("product_retailer_id")), _price(i))))
        for i in items
    ]
    said = [line for line in (words(order.get("text")), *lines) if line]
    return "\n".join(("Order:", *said)) if said else ""


def _price(item: Mapping[str, Any]) -> str:
    price = words(item.get("item_price"))
    return f"at {price} {words(item.get('currency'))}".rstrip() if price else ""


def _product(context: Mapping[str, Any]) -> str:
    """The product of the catalogue that the customer asks about."""
    named = words(table(context.get("referred_product")).get("product_retailer_id"))
    return f"(about the product {named})" if named else ""


def _advert(referral: Mapping[str, Any]) -> str:
    """The advertisement through which the customer came."""
    said = [words(referral.get(name)) for name in ("headline", "body", "source_url")]
    return "(came through an advertisement: " + ", ".join(filter(None, said)) + ")" if any(said) else ""


_TEXTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "text": caption,
    "button": answers.tap,
    "interactive": answers.answer,
    "location": _location,
    "contacts": _contacts,
    "order": _order,
}
