"""What an event says beside a customer's own words and files, as words for the desk. Pure.

Shapes: https://developers.facebook.com/documentation/instagram-platform/webhooks/examples (2025-11-24) and
https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messaging_referrals
(2025-07-01).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mediacore_instagram.fields import table, text


def story(reply: Mapping[str, Any]) -> str:
    """A note for an answer to a story of ours, whose address dies with the story; empty for another answer."""
    told = reply.get("story")
    if not isinstance(told, dict):
        return ""
    return f"[reply to your story: {text(told.get('url')) or text(told.get('id'))}]"


def referral(told: object) -> str:
    """Where the customer came from: an advertisement, a product, a link; empty when that is not told."""
    came = table(told)
    product = text(table(came.get("product")).get("id"))
    if product:
        return f"[about your product {product}]"
    advert = table(came.get("ads_context_data"))
    if text(came.get("source")) == "ADS" or advert:
        return f"[came through an advertisement: {text(advert.get('ad_title')) or text(came.get('ad_id'))}]"
    ref = text(came.get("ref"))
    return f"[came through a link: {ref}]" if ref else ""


def change(field: str, value: object) -> str:
    """Why a change is no message, with what somebody wrote in it."""
    told = table(value)
    who, said = text(table(told.get("from")).get("username")), text(told.get("text"))
    if said:
        return f"{who or 'somebody'} wrote in public ({field}): {said}"
    return "this is not a message"
