"""Twilio's webhook signature: which string it covers, and whether a delivery bears it. Pure.

Sources: https://www.twilio.com/docs/usage/webhooks/webhooks-security (the algorithm),
https://github.com/twilio/twilio-python/blob/main/twilio/request_validator.py (ports, repeated names, the body's hash),
https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys (keys of one's own and SHA-256).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote_to_bytes

from mediacore import Refused, Request

HEADER = "X-Twilio-Signature"
ALGORITHM_HEADER = "X-Twilio-Webhooks-Signature-Settings"
FORM = "application/x-www-form-urlencoded"
_ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_PORTS = {"http": "80", "https": "443"}

Pairs = list[tuple[bytes, bytes]]


def form_pairs(body: bytes) -> Pairs:
    """The decoded names and values of a form post, in order.

    As bytes, with blank values kept and nothing trimmed: the signature covers them exactly so.
    """
    pieces = [piece.replace(b"+", b" ").partition(b"=") for piece in body.split(b"&") if piece]
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in pieces]


def sign(url: str, pairs: Iterable[tuple[bytes, bytes]], secret: str, algorithm: str = "sha1") -> str:
    """The signature of one address and form.

    Args:
        url: the full address, without a fragment.
        pairs: decoded names and values; doubled pairs count once, names and values are sorted.
        secret: the account's primary auth token, or a shared key.
        algorithm: ``sha1`` or ``sha256``.
    """
    signed = url.encode("utf-8", "surrogateescape") + b"".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.digest(secret.encode(), signed, algorithm)).decode()


def verify(request: Request, public_url: str, secrets: Sequence[str]) -> Pairs:
    """Check a delivery and give back its form; an empty list when the body is something else than a form.

    Args:
        request: the raw delivery; only its query string is taken from its address.
        public_url: the address as Twilio knows it.
        secrets: auth tokens and shared keys, any of which may have signed.

    Raises:
        Refused: code ``signature``; missing, wrong, or the body is not covered by it.
    """
    given = (request.header(HEADER) or "").encode("utf-8", "replace")
    algorithm = _algorithm(request.header(ALGORITHM_HEADER) or "")
    if not given or not algorithm:
        raise Refused("the delivery is not signed in a way that Twilio uses", code="signature")
    _, mark, query = request.url.partition("#")[0].partition("?")
    form = _is_form(request)
    pairs = form_pairs(request.body) if form else []
    known = False
    for url in addresses(public_url, mark + query):
        for secret in filter(None, secrets):
            # every candidate is computed, so that the time taken tells nothing
            known |= hmac.compare_digest(sign(url, pairs, secret, algorithm).encode(), given)
    if not known or not (form or _covered(request.body, query)):
        raise Refused("the delivery does not bear this account's signature", code="signature")
    return pairs


def addresses(public_url: str, query: str) -> list[str]:
    """Every way in which Twilio may have written the address before signing it.

    Its documentation keeps an explicit port for messages and drops it for calls, and its libraries accept either;
    user and password are dropped by its documentation and kept by its libraries' vectors.

    Args:
        public_url: as configured; its own query string is replaced, its fragment is never signed.
        query: the query string of the call with its question mark, byte for byte, or an empty string.
    """
    scheme, _, rest = public_url.partition("#")[0].partition("?")[0].partition("://")
    authority, slash, path = rest.partition("/")
    userinfo, at, place = authority.rpartition("@")
    hosts = list(_ports(scheme.lower(), place))
    users = (userinfo + at, "") if at else ("",)
    return [f"{scheme}://{user}{host}{slash}{path}{query}" for user in users for host in hosts]


def _ports(scheme: str, place: str) -> Iterator[str]:
    yield place
    host, colon, port = place.rpartition(":")
    if colon and port.isdigit():
        yield host
    elif scheme in _PORTS:
        yield f"{place}:{_PORTS[scheme]}"


def _algorithm(header: str) -> str:
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return _ALGORITHMS.get(value.strip().upper(), "")
    return "sha1"


def _is_form(request: Request) -> bool:
    declared = (request.header("Content-Type") or "").partition(";")[0].strip().lower()
    return declared == FORM or (not declared and "bodySHA256=" not in request.url)


def _covered(body: bytes, query: str) -> bool:
    """Whether the signed address carries this body's hash, as it does for JSON."""
    hashes = [piece.partition("=")[2] for piece in query.split("&") if piece.startswith("bodySHA256=")]
    expected = hashlib.sha256(body).hexdigest().encode()
    return bool(hashes) and hmac.compare_digest(hashes[0].encode("utf-8", "replace"), expected)
