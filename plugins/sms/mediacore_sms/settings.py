"""Checks of settings, made when the inbox is mounted."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from mediacore import ConfigError


def absolute(_channel: object, attribute: Any, value: str) -> None:  # noqa: ANN401 - attrs types it so
    """A validator for addresses; an empty one stands for the provider's own where that is the default.

    Raises:
        ConfigError: it is not an absolute web address.
    """
    parts = urlsplit(value)
    if (value or attribute.default != "") and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ConfigError(f"{attribute.name} must be a whole address such as https://desk.example.com/...")


def callable_by_twilio(url: str) -> None:
    """Check the webhook's address against what the message resource refuses as a StatusCallback.

    Raises:
        ConfigError: Twilio would not call it.
    """
    host = urlsplit(url).hostname or ""
    if "_" in host:
        raise ConfigError(f"public_url: Twilio does not call host names with an underscore ({host})")


def paired(key: str, secret: str) -> None:
    """Check that an API key has its secret, and the other way round.

    Raises:
        ConfigError: only one of the two is there.
    """
    if bool(key) != bool(secret):
        raise ConfigError("api_key and api_secret belong together: set both or neither")


def origin(url: str) -> str:
    """How ``download`` is told of this host: its name when it is HTTPS, else the whole origin."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.port in (None, 443):
        return parts.hostname or ""
    return f"{parts.scheme}://{parts.netloc}"
