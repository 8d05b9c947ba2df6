"""Mail servers' answers as what to do next: every row of the table is reached, and the class decides the rest."""

from __future__ import annotations

import pytest
from mediacore_email import errors

from mediacore import AuthNeeded, MediacoreError, Permanent, Retry

ANSWERS = [
    (421, "4.7.0 Try again later, closing connection", Retry, "4.7.0", "slow down"),
    (421, "Service not available", Retry, "421", "closing"),
    (451, "4.3.0 Mail server temporarily rejected message", Retry, "4.3.0", "passing"),
    (451, "4.4.1 timeout", Retry, "4.4.1", "passing"),
    (450, "4.2.1 The user you are trying to contact is receiving mail too quickly", Retry, "4.2.1", "no more mail"),
    (452, "4.2.2 The email account is over quota", Retry, "4.2.2", "full"),
    (452, "4.3.1 Insufficient system storage", Retry, "4.3.1", "no room"),
    (452, "4.5.3 too many recipients", Retry, "4.5.3", "recipients"),
    (451, "4.7.1 Greylisted", Retry, "4.7.1", "slow down"),
    (450, "mailbox busy", Retry, "450", "at the moment"),
    (454, "4.7.0 Temporary authentication failure", Retry, "4.7.0", "password"),
    (552, "5.3.4 Message size exceeds fixed limit", Permanent, "5.3.4", "too large"),
    (554, "5.3.4 too big", Permanent, "5.3.4", "too large"),
    (552, "5.2.3 Your message exceeded Google's message size limits", Permanent, "5.2.3", "too large"),
    (550, "5.2.3 RESOLVER.RST.RecipSizeLimit; message too large", Permanent, "5.2.3", "too large"),
    (550, "5.2.12 RESOLVER.RST.SendSizeLimit.Org; message too large", Permanent, "5.2.12", "too large"),
    (552, "Error: message size exceeds fixed maximum message size", Permanent, "552", "too large"),
    (523, "Message too long", Permanent, "523", "too large"),
    (552, "5.2.2 mailbox full", Retry, "5.2.2", "full"),
    (550, "5.2.2 over quota", Retry, "5.2.2", "full"),
    (552, "Requested mail action aborted: quota exceeded", Retry, "552", "full"),
    (
        552,
        "5.7.0 This message was blocked because its content presents a potential security issue",
        Permanent,
        "5.7.0",
        "type",
    ),
    (552, "5.7.0 illegal attachment", Permanent, "5.7.0", "type"),
    (550, "5.1.1 no such user", Permanent, "5.1.1", "no such address"),
    (550, "5.1.10 RESOLVER.ADR.RecipientNotFound", Permanent, "5.1.10", "no such address"),
    (553, "mailbox name not allowed", Permanent, "553", "address"),
    (550, "5.2.1 account disabled", Permanent, "5.2.1", "switched off"),
    (550, "5.7.1 Unauthenticated email is not accepted due to DMARC", Permanent, "5.7.1", "policy"),
    (554, "5.7.1 spam", Permanent, "5.7.1", "policy"),
    (554, "5.6.0 Message is malformed", Permanent, "5.6.0", "report"),
    (553, "5.6.7 Non-ASCII addresses not permitted for that recipient", Permanent, "5.6.7", "letters"),
    (535, "5.7.8 Username and Password not accepted", AuthNeeded, "5.7.8", "sign in"),
    (530, "5.7.0 Authentication Required", AuthNeeded, "5.7.0", "sign in"),
    (538, "5.7.11 Encryption required", AuthNeeded, "5.7.11", "sign in"),
    (555, "MAIL FROM parameters not recognized", Permanent, "555", "understand"),
    (501, "5.5.4 Syntax", Permanent, "5.5.4", "understand"),
    (503, "Bad sequence", Permanent, "503", "understand"),
    (554, "no reason", Permanent, "554", "for good"),
    (550, "5.9.9 whatever", Permanent, "5.9.9", "for good"),
    (550, "4.9.9 mixed up, the class of the second decides", Retry, "4.9.9", "mixed up"),
    (499, "4.9.9 unknown", Retry, "4.9.9", "at the moment"),
    (250, "what", Retry, "250", "250"),
]


@pytest.mark.parametrize(("digits", "said", "group", "code", "word"), ANSWERS)
def test_answers(digits: int, said: str, group: type[MediacoreError], code: str, word: str) -> None:
    """A server's answer becomes the right group, with its own code and words that an agent understands."""
    error = errors.refusal(digits, said.encode())
    assert type(error) is group
    assert error.code == code
    assert word in error.message
    assert said in error.message


def test_every_row_is_reached() -> None:
    """No row of the table is dead, and each names its source."""
    found = [errors.find(digits, errors.enhanced(said), said) for digits, said, *_ in ANSWERS]
    assert [rule for rule in errors.TABLE if rule not in found] == []
    assert all(rule.source.startswith("https://") for rule in errors.TABLE)


def test_waiting_times() -> None:
    """A full mailbox is tried again hours later, a busy one minutes later."""
    full, busy = errors.refusal(452, "4.2.2 full"), errors.refusal(450, "4.2.1 busy")
    assert isinstance(full, Retry)
    assert isinstance(busy, Retry)
    assert full.after is not None
    assert busy.after is not None
    assert full.after > 3600 > busy.after > 60


@pytest.mark.parametrize(
    ("code", "said", "word"),
    [
        ("5.1.1", "550 5.1.1 no such user", "no such address"),
        ("5.3.4", "", "too large"),
        ("5.2.2", "552 mailbox full", "mailbox is full"),
        ("5.7.0", "552 5.7.0 illegal attachment", "link"),
        ("", "", "refuses"),
        ("garbage", "\x00\r\n", "refuses"),
    ],
)
def test_words_of_bounces(code: str, said: str, word: str) -> None:
    """A bounce days later is told in the same words, and never as something that is tried again."""
    told = errors.words(code, said)
    assert word in told
    assert "tried again" not in told
