"""Errors: grouped by what the caller does next."""

from __future__ import annotations

import pytest

from mediacore import (
    AuthNeeded,
    ConfigError,
    ContractError,
    InDoubt,
    MediacoreError,
    Permanent,
    PluginError,
    Refused,
    Retry,
    errors,
)


@pytest.mark.parametrize("kind", [Retry, InDoubt, Permanent, Refused, AuthNeeded, PluginError])
def test_operational_errors_share_a_base(kind: type[Exception]) -> None:
    """One ``except MediacoreError`` sees everything that goes wrong while working."""
    assert issubclass(kind, MediacoreError)


@pytest.mark.parametrize("kind", [ConfigError, ContractError])
def test_setup_errors_stand_outside(kind: type[Exception]) -> None:
    """No retry loop that catches operational errors can swallow a wrong configuration."""
    assert not issubclass(kind, MediacoreError)


def test_no_group_is_part_of_another() -> None:
    """Catching one group never catches a neighbour, so the next step is never mistaken."""
    groups = [Retry, InDoubt, Permanent, Refused, AuthNeeded, PluginError]
    assert all(not issubclass(a, b) for a in groups for b in groups if a is not b)


def test_the_code_stands_behind_the_words() -> None:
    """A person reads the sentence first and can search for the provider's code."""
    assert str(Permanent("the number is blocked", code="21610")) == "the number is blocked [21610]"
    assert str(Retry("busy", after=3.0)) == "busy"
    assert Retry("busy", after=3.0).after == 3.0


def test_a_refusal_is_a_403_unless_it_says_otherwise() -> None:
    """Forged is the usual reason."""
    assert Refused("forged").status == 403
    assert Refused("too large", status=413).status == 413


def test_a_plugin_error_names_inbox_hook_and_plugin() -> None:
    """Whoever reads the log knows where to look."""
    error = PluginError("support", "send", "sms", "raised KeyError: 'x'")
    assert str(error) == "inbox 'support': hook send() of plugin 'sms': raised KeyError: 'x' [plugin]"
    assert (error.inbox, error.hook, error.plugin) == ("support", "send", "sms")


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every error class stands in the module's picture of them."""
    own = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(own) == 9
    assert all(name in (errors.__doc__ or "") for name in own)
