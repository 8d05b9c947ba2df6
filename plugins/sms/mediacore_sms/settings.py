"""Checks of settings, made when the inbox is mounted."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from mediacore import ConfigError


def absolute(_channel: object, attribute: Any, value: str) -> None:  # noqa: ANN401 - attrs types it so
    """A validator for addresses.

    Raises:
        ConfigError: it is not an absolute web address, or Twilio would not call it.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{attribute.name} must be a whole address such as https://desk.example.com/...")
    # the message resource refuses a StatusCallback whose host name has an underscore
    if "_" in parts.hostname:
        raise ConfigError(f"{attribute.name}: Twilio does not call host names with an underscore ({parts.hostname})")


def paired(channel: Any, attribute: Any, value: str) -> None:  # noqa: ANN401 - attrs types it so
    """A validator for the secret of an API key.

    Raises:
        ConfigError: only one of the two is there.
    """
    if bool(channel.api_key) != bool(value):
        raise ConfigError(f"api_key and {attribute.name} belong together: set both or neither")


def origin(url: str) -> str:
    """How ``download`` is told of this host: its name when it is HTTPS, else the whole origin."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.port in (None, 443):
        return parts.hostname or ""
    return f"{parts.scheme}://{parts.netloc}"
