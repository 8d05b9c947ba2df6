"""Who a visitor is: signed passes that expire, and short-lived tickets for single files."""

from __future__ import annotations

import hashlib
import secrets as randomness
import time
from collections.abc import Sequence
from typing import Any

from attrs import frozen
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from mediacore import Refused

SESSION_SECONDS = 30 * 24 * 3600
"""How long a visitor is known without coming back; each visit renews it."""
TICKET_SECONDS = 30 * 60
"""How long a file's address works: that of Intercom's visitors, https://www.intercom.com/help/en/articles/2339426 ."""


@frozen
class Pass:
    """Whose request it is.

    Args:
        visitor: their id, which is also the conversation's.
        name: what the site says they are called; empty when nobody vouches for it.
        until: Unix seconds to which the site vouches for them; 0 for a visitor whom nobody knows.
    """

    visitor: str
    name: str = ""
    until: int = 0


class Passes:
    """Issues and checks tokens of one inbox.

    Args:
        secrets: signing secrets, the one in use last; older ones are still accepted.
        inbox: the inbox's name; a token of another inbox is worth nothing here even under the same secret.
    """

    def __init__(self, secrets: Sequence[str], inbox: str) -> None:
        def signer(purpose: str) -> URLSafeTimedSerializer:
            salt = f"mediacore web chat {purpose} {inbox}"
            return URLSafeTimedSerializer(list(secrets), salt=salt, signer_kwargs={"digest_method": hashlib.sha256})

        self._sessions = signer("session")
        self._tickets = signer("file")

    def new(self) -> Pass:
        """A pass for somebody new, under an id that nobody can guess."""
        return Pass(f"v{randomness.token_hex(16)}")

    def token(self, holder: Pass) -> str:
        """A token that proves to be this visitor."""
        return str(self._sessions.dumps([holder.visitor, holder.name, holder.until]))

    def holder(self, token: str) -> Pass:
        """Whose token this is.

        Raises:
            Refused: status 401, code ``expired`` or ``token``.
        """
        visitor, name, until = _load(self._sessions, token, SESSION_SECONDS)
        holder = Pass(visitor, name, until)
        if holder.until and holder.until < time.time():
            raise Refused("this visitor's identity has run out: ask the site for a new one", code="expired", status=401)
        return holder

    def ticket(self, visitor: str, sha256: str) -> str:
        """A token that opens one file of this visitor and nothing else, so that a copied address gives nothing away."""
        return str(self._tickets.dumps([visitor, sha256]))

    def bearer(self, ticket: str, sha256: str) -> str:
        """Which visitor's ticket for this file it is.

        Raises:
            Refused: status 401, code ``expired`` or ``token``.
        """
        visitor, named = _load(self._tickets, ticket, TICKET_SECONDS)
        if named != sha256:
            raise Refused("this ticket is for another file", code="token", status=401)
        return str(visitor)


def _load(signer: URLSafeTimedSerializer, token: str, seconds: int) -> Any:  # noqa: ANN401 - what dumps was given
    try:
        return signer.loads(token, max_age=seconds)
    except SignatureExpired as error:
        raise Refused("this token has expired: start a new session", code="expired", status=401) from error
    except BadData as error:
        raise Refused("this is not a token of this chat", code="token", status=401) from error
