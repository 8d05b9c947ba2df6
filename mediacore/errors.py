"""The error tree, grouped by what the caller does next.

::

    MediacoreError            something went wrong while working; the job engine reads the class
    ├── Retry                 try again later, nothing was taken (``after`` seconds)
    ├── InDoubt               the provider may have taken it: reconcile before any resend
    ├── Permanent             never try again; ``code`` and words for the agent
    ├── Refused               the sender is at fault: forged, oversized, malformed
    ├── AuthNeeded            stop the inbox and tell the admin
    └── PluginError           a plugin broke the contract; names inbox, hook and plugin
    ConfigError               settings are wrong: fix them and start again
    ContractError             a plugin cannot be mounted at all

The last two stand outside ``MediacoreError`` on purpose: no retry loop that catches operational
errors can swallow them.
"""

from __future__ import annotations


class MediacoreError(Exception):
    """Base of all operational errors.

    Args:
        message: what happened and what to do about it, in words for a person.
        code: the provider's or our own short code, for tables and logs.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]" if self.code else self.message


class Retry(MediacoreError):
    """Nothing was taken; try again.

    Args:
        message: what happened.
        code: the provider's code.
        after: seconds to wait at least; None lets the job engine back off.
    """

    def __init__(self, message: str, *, code: str = "", after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.after = after


class InDoubt(MediacoreError):
    """The request may have reached the provider and no answer came back.

    A blind resend could deliver twice, so the story asks ``reconcile`` and the status callbacks first.
    """


class Permanent(MediacoreError):
    """The provider will never take this; the message for the agent says why."""


class Refused(MediacoreError):
    """The sender of a delivery is at fault.

    Args:
        message: what was wrong with it; never echoes a secret.
        code: our own short code, such as ``signature``.
        status: the HTTP status to answer: 403 forged, 413 oversized, 400 malformed.
    """

    def __init__(self, message: str, *, code: str = "", status: int = 403) -> None:
        super().__init__(message, code=code)
        self.status = status


class AuthNeeded(MediacoreError):
    """The account's credentials no longer work; the inbox stops until an admin reconnects it."""


class PluginError(MediacoreError):
    """A plugin raised what the contract does not allow, or answered with the wrong kind of value."""

    def __init__(self, inbox: str, hook: str, plugin: str, reason: str) -> None:
        super().__init__(f"inbox {inbox!r}: hook {hook}() of plugin {plugin!r}: {reason}", code="plugin")
        self.inbox = inbox
        self.hook = hook
        self.plugin = plugin


class ConfigError(Exception):
    """Settings are missing, unknown, doubled or of the wrong kind; every fault is named at once."""


class ContractError(Exception):
    """A plugin cannot be mounted: a misspelt hook, a wrong argument, two plugins of one name."""
