"""Signed, expiring addresses of stored files."""

from __future__ import annotations

import base64
import time
from collections import Counter
from urllib.parse import quote

from attrs import frozen
from itsdangerous import BadSignature, URLSafeSerializer

from mediacore.errors import ConfigError
from mediacore.names import EXTENSION, EXTENSIONS

SALT = "mediacore-file"
LONGEST_BASE, LONGEST_NAME = 80, 90
"""Characters of a public address, and of a name in an address: with them a link line is never above ``LINK_ROOM``."""
_COUNTS = Counter(EXTENSIONS.values())
_SHORT = {mime: extension for mime, extension in EXTENSIONS.items() if _COUNTS[extension] == 1}
_LONG = {extension: mime for mime, extension in _SHORT.items()}


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

    Raises:
        ConfigError: the public address is too long to stand in a short message.
    """

    def __init__(self, public_url: str, secret: str) -> None:
        self._base = public_url.rstrip("/")
        if len(self._base) > LONGEST_BASE:
            told = f"links stand in short messages, so {LONGEST_BASE} is the most"
            raise ConfigError(f"public_url has {len(self._base)} characters; {told}")
        self._signer = URLSafeSerializer(secret, salt=SALT)

    def link(self, sha256: str, mime: str, name: str, seconds: int, inline: bool) -> str:
        """An address that works for that many seconds; empty without a public address.

        The expiry is rounded up to the hour, so that a provider's retry meets the same address. It is as short as can
        be, since messages are charged by their length: the digest in base64, a known type as its extension.
        """
        if not self._base:
            return ""
        until = (int(time.time()) + seconds) // 3600 + 1
        digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
        token = self._signer.dumps([digest, _SHORT.get(mime, mime), until, int(inline)])
        text = token if isinstance(token, str) else token.decode()
        return f"{self._base}/media/{text}/{_quoted(name)}"

    def read(self, token: str, name: str) -> Linked | None:
        """What an address stands for; None when it is forged or over."""
        try:
            digest, mime, until, inline = self._signer.loads(token)
            sha256 = base64.urlsafe_b64decode(f"{digest}=").hex()
        except (BadSignature, ValueError, TypeError):
            return None
        if int(until) * 3600 < time.time():
            return None
        return Linked(sha256, _LONG.get(mime, mime), name, bool(inline))


def _quoted(name: str) -> str:
    """A name as an address holds it, cut before its extension where it would be too long."""
    found = EXTENSION.search(name)
    extension = found.group() if found else ""
    stem = name.removesuffix(extension)
    while stem and len(quote(stem + extension)) > LONGEST_NAME:
        stem = stem[:-1]
    return quote(stem + extension)
