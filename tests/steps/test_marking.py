"""A customer sees that somebody is there: what the desk asks for reaches the channel, once and without a trace."""

from __future__ import annotations

from typing import Any

import pytest

from mediacore import Contact, Mark, MediacoreError
from mediacore.steps.marking import mark


def test_a_mark_reaches_the_channel(stage: Any) -> None:
    """The channel is told which message of whom was read, or is being answered; the ledger does not change."""
    stage.deliver(stage.writes("hello", source_id="c-1"))
    (before,) = stage.messages()
    assert mark(stage.house, before["id"], typing=False)
    assert mark(stage.house, before["id"], typing=True)
    customer = Contact("+1555", "Ada")
    assert stage.provider.marks == [Mark(customer, "c-1"), Mark(customer, "c-1", typing=True)]
    assert stage.messages() == [before]


def test_only_a_customer_s_message_can_be_marked(stage: Any) -> None:
    """One of ours is refused in words, and one that does not exist is a KeyError; the channel hears of neither."""
    with pytest.raises(MediacoreError, match="customer"):
        mark(stage.house, stage.ask("ours"), typing=False)
    with pytest.raises(KeyError):
        mark(stage.house, "nobody's", typing=False)
    assert stage.provider.marks == []
