"""Settings of a mail account: the two servers, how to sign in, and the checks made when the inbox is mounted."""

from __future__ import annotations

import ipaddress
import ssl
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

Security: TypeAlias = Literal["starttls", "tls", "none"]
"""``starttls`` (RFC 3207), ``tls`` from the first byte, or ``none``: with a password only on this machine."""


@frozen
class Server:
    """One mail server and how to sign in there.

    Args:
        host, port: where it is.
        security: how the connection is protected.
        user: the account's name; empty when the server wants no sign-in.
        password, token: what proves it; a token signs in by XOAUTH2 and goes before the password.
        ca_file: a PEM file of authorities to trust instead of the system's.
        timeout: seconds to wait for each answer.
        name: how we call ourselves there (EHLO); this machine's name when empty.
    """

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    ca_file: str = ""
    timeout: float = 60.0
    name: str = ""

    def context(self) -> ssl.SSLContext:
        """A TLS context that checks the server's certificate and name."""
        return ssl.create_default_context(cafile=self.ca_file or None)

    def xoauth2(self) -> str:
        """What XOAUTH2 says: https://developers.google.com/workspace/gmail/imap/xoauth2-protocol."""
        return f"user={self.user}\x01auth=Bearer {self.token}\x01\x01"


def mail_address(_channel: object, attribute: Any, value: str) -> None:  # noqa: ANN401 - attrs types it so
    """A validator for the inbox's own address.

    Raises:
        ValueError: it cannot stand in a mail.
    """
    local, _, domain = value.rpartition("@")
    if not local or not domain or not value.isascii() or set(value) & set(' \t\r\n<>,;:"()[]\\'):
        raise ValueError(f"{attribute.name} must be a mail address such as help@example.com")


def safe(channel: Any, attribute: Any, value: Security) -> None:  # noqa: ANN401 - attrs types it so
    """A validator for ``..._security``: a password never crosses a network in the clear.

    Raises:
        ValueError: it would, or the value is unknown.
    """
    kind = attribute.name.partition("_")[0]
    if value not in ("starttls", "tls", "none"):
        raise ValueError(f"{attribute.name} must be starttls, tls or none")
    secret = getattr(channel, f"{kind}_password") or channel.oauth_token or channel.oauth_token_file
    if value == "none" and secret and not _local(getattr(channel, f"{kind}_host")):
        raise ValueError(f"{attribute.name} = none would send the password in the clear; use starttls or tls")


def _local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "")
