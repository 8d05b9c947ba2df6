"""Visitors whom the site knows: its backend signs who they are, as a JSON Web Token (RFC 7519) with HS256 (RFC 7518).

Only that one algorithm is taken, whatever the token's header says.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import math
from collections.abc import Sequence
from typing import Any

from mediacore import Refused
from mediacore_webchat.passes import Pass
from mediacore_webchat.wire import words

LONGEST_SECONDS = 24 * 3600
"""The furthest that ``exp`` may lie ahead: a page signs a fresh identity each time it is shown."""
LEEWAY_SECONDS = 60
"""How far the clocks of the site and of this machine may differ."""
TOKEN_BYTES = 8 * 1024
LONGEST_SUBJECT = 128


def identified(token: str, secrets: Sequence[str], now: float) -> Pass:
    """The pass of a visitor for whom the site vouches.

    Args:
        token: the JWT; claims ``sub`` (the visitor's id at the site) and ``exp`` are needed, ``name`` is welcome.
        secrets: shared with the site's backend; any of them may have signed.
        now: Unix seconds.

    Raises:
        Refused: status 401, code ``identity`` when it is forged or unfit, ``expired`` when its time is over.
    """
    claims = _claims(token, secrets)
    subject, until = claims.get("sub"), claims.get("exp")
    subject = str(subject) if isinstance(subject, int) and not isinstance(subject, bool) else subject
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise _unfit(f"sub is a text of 1 to {LONGEST_SUBJECT} printable characters")
    if isinstance(until, bool) or not isinstance(until, int | float) or not math.isfinite(until):
        raise _unfit("exp is needed, in Unix seconds")
    if until + LEEWAY_SECONDS < now:
        raise Refused("this visitor's identity has run out: ask the site for a new one", code="expired", status=401)
    if until > now + LONGEST_SECONDS + LEEWAY_SECONDS:
        raise _unfit(f"exp lies more than {LONGEST_SECONDS // 3600} hours ahead")
    return Pass(f"user:{subject}", words(claims.get("name"), 100), int(until) + LEEWAY_SECONDS)


def _claims(token: str, secrets: Sequence[str]) -> dict[str, Any]:
    """What a token says, once its signature is proven."""
    pieces = token.encode("utf-8", "replace").split(b".")
    if len(pieces) != 3 or len(token) > TOKEN_BYTES:
        raise _unfit("it is no JSON Web Token")
    signed, given = b".".join(pieces[:2]), _bytes(pieces[2])
    fitting = [hmac.compare_digest(hmac.digest(s.encode(), signed, "sha256"), given) for s in secrets]
    if True not in fitting:
        raise _unfit("its signature does not fit")
    header, claims = _object(pieces[0]), _object(pieces[1])
    if header.get("alg") != "HS256" or "crit" in header:
        raise _unfit("its algorithm is not HS256")
    return claims


def _object(piece: bytes) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(piece))
    except (ValueError, RecursionError) as error:
        raise _unfit("it holds no JSON") from error
    if not isinstance(found, dict):
        raise _unfit("it holds no JSON object")
    return found


def _bytes(piece: bytes) -> bytes:
    try:
        return base64.b64decode(piece + b"=" * (-len(piece) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unfit("it is not base64url") from error


def _unfit(reason: str) -> Refused:
    return Refused(f"the visitor's identity is not accepted: {reason}", code="identity", status=401)
