"""Who is calling: Meta's webhook signature and verification handshake. Pure.

Rules: https://developers.facebook.com/docs/graph-api/webhooks/getting-started (as of 2026-09-11).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from mediacore import Refused, Request, Response

HEADER = "X-Hub-Signature-256"


def verify(request: Request, secrets: Iterable[str]) -> None:
    """Check the signature on the bytes as they came.

    An Instagram Login app has an Instagram app secret beside the Meta app secret and it is not written which of them
    signs, so any of the secrets may match. All of them are tried, whichever matches.

    Raises:
        Refused: no signature, or one that no secret makes.
    """
    given = (request.header(HEADER) or "").encode("utf-8", "replace")
    matches = [hmac.compare_digest(given, _expected(secret, request.body)) for secret in secrets]
    if not any(matches):
        raise Refused("the webhook's signature is missing or wrong", code="signature", status=403)


def _expected(secret: str, body: bytes) -> bytes:
    return b"sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


def handshake(url: str, verify_token: str) -> Response:
    """Answer Meta's verification call: the challenge, word for word.

    Raises:
        Refused: the token is not ours.
    """
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    token = query.get("hub.verify_token", "").encode("utf-8", "replace")
    if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(token, verify_token.encode()):
        raise Refused("the verification token is not the one in the settings", code="handshake", status=403)
    return Response(body=query.get("hub.challenge", "").encode("utf-8", "replace"))
