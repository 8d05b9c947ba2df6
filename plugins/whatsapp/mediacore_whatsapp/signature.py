"""Meta's signature of a delivery, and its handshake.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from mediacore import Refused, Request, Response


def sign(secret: str, body: bytes) -> str:
    """The value of ``X-Hub-Signature-256`` for a body, byte for byte as it is sent."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the signature against every secret, in constant time; one must fit.

    Raises:
        Refused: it is missing or fits none (403, ``signature``).
    """
    given = (request.header("X-Hub-Signature-256") or "").strip().encode("utf-8", "surrogatepass")
    fits = [hmac.compare_digest(sign(secret, request.body).encode(), given) for secret in secrets]
    if not any(fits):
        raise Refused("the delivery does not bear this app's signature", code="signature", status=403)


def handshake(request: Request, verify_token: str) -> Response:
    """The answer to Meta's verification call: the challenge, word for word.

    Raises:
        Refused: the mode or the token is wrong (403, ``verify-token``).
    """
    query = parse_qs(urlsplit(request.url).query, keep_blank_values=True)
    mode, token, challenge = (query.get(f"hub.{name}", [""])[0] for name in ("mode", "verify_token", "challenge"))
    right = hmac.compare_digest(token.encode("utf-8", "surrogatepass"), verify_token.encode())
    if mode != "subscribe" or not right:
        raise Refused("the verify token is not the one of this inbox", code="verify-token", status=403)
    return Response(200, "text/plain; charset=utf-8", challenge.encode("utf-8", "replace"))
