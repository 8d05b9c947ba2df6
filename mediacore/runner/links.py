"""Signed, expiring addresses of stored files."""

from __future__ import annotations

import time
from urllib.parse import quote

from attrs import frozen
from itsdangerous import BadSignature, URLSafeSerializer

SALT = "mediacore-file"


@frozen
class Linked:
    """What a valid address stands for.

    Args:
        sha256: the file.
        type: its MIME type.
        name: what to call it.
        inline: to be fetched by a provider, rather than saved by a person.
    """

    sha256: str
    type: str
    name: str
    inline: bool


class Links:
    """Makes and reads addresses.

    Args:
        public_url: where this runner is reached; empty for no links.
        secret: the signing key.
    """

    def __init__(self, public_url: str, secret: str) -> None:
        self._base = public_url.rstrip("/")
        self._signer = URLSafeSerializer(secret, salt=SALT)

    def link(self, sha256: str, mime: str, name: str, seconds: int, inline: bool) -> str:
        """An address that works for that many seconds; empty without a public address.

        The expiry is rounded up to the hour, so that a provider's retry meets the same address.
        """
        if not self._base:
            return ""
        until = (int(time.time()) + seconds) // 3600 + 1
        token = self._signer.dumps([sha256, mime, until, int(inline)])
        text = token if isinstance(token, str) else token.decode()
        return f"{self._base}/media/{text}/{quote(name)}"

    def read(self, token: str, name: str) -> Linked | None:
        """What an address stands for; None when it is forged or over."""
        try:
            sha256, mime, until, inline = self._signer.loads(token)
        except (BadSignature, ValueError, TypeError):
            return None
        if int(until) * 3600 < time.time():
            return None
        return Linked(str(sha256), str(mime), name, bool(inline))
