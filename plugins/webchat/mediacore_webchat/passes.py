"""Who a visitor is: signed tokens that expire, and short-lived tickets for single files."""

from __future__ import annotations

import hashlib
import secrets as randomness
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from mediacore import Refused

SESSION_SECONDS = 30 * 24 * 3600
"""How long a visitor is known without coming back; each visit renews it."""
TICKET_SECONDS = 30 * 60
"""How long a file's address works: that of Intercom's visitors, https://www.intercom.com/help/en/articles/2339426 ."""


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

    def new(self) -> str:
        """A visitor id that nobody can guess."""
        return f"v{randomness.token_hex(16)}"

    def token(self, visitor: str) -> str:
        """A token that proves to be this visitor."""
        return str(self._sessions.dumps(visitor))

    def visitor(self, token: str) -> str:
        """Whose token this is.

        Raises:
            Refused: status 401, code ``expired`` or ``token``.
        """
        return str(_load(self._sessions, token, SESSION_SECONDS))

    def ticket(self, visitor: str, sha256: str) -> str:
        """A token that opens one file of this visitor and nothing else, so that a copied address gives nothing away."""
        return str(self._tickets.dumps([visitor, sha256]))

    def holder(self, ticket: str, sha256: str) -> str:
        """Whose ticket for this file it is.

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
