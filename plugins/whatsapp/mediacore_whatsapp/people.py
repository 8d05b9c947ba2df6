"""Who a message, a call or a report is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mediacore import Contact
from mediacore_whatsapp.fields import table, words


def contact_of(piece: Mapping[str, Any], people: Sequence[Mapping[str, Any]], side: str = "from") -> Contact:
    """Who it is: by phone number, or by scoped user id where the customer hides the number behind a username.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image

    Args:
        piece: what names the person.
        people: the ``contacts`` beside it.
        side: the field with the number; its user id stands in the field of that name with ``_user_id``.
    """
    phone, user = words(piece.get(side)), words(piece.get(f"{side}_user_id"))
    ids = {phone, user} - {""}
    known = (p for p in people if ids & {words(p.get("wa_id")), words(p.get("user_id"))})
    person = next(known, people[0] if len(people) == 1 and not ids else {})
    name = words(table(person.get("profile")).get("name"))
    phone, user = phone or words(person.get("wa_id")), user or words(person.get("user_id"))
    system = table(piece.get("system"))  # who gets a new id is known by the old one
    user = user or words(system.get("previous_user_id")) or words(system.get("user_id"))
    # Without the plus sign an answer would be dialled as a number of the business's own country.
    return Contact(f"+{phone}" if phone.isascii() and phone.isdigit() else phone or user, name)
