"""What is said to Twilio, and what its answers mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from mediacore_sms import wire_out
from mediacore_sms.errors import TABLE, failure, words

from mediacore import (
    Attachment,
    AuthNeeded,
    Contact,
    InDoubt,
    Media,
    MediacoreError,
    Outgoing,
    Permanent,
    Receipt,
    Retry,
    Status,
)

HOOK = "https://hooks.example.com/sms/in"
TO = Contact("+14155550100")
SINCE = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def file(url: str) -> Attachment:
    return Attachment(Media(Path("a.jpg"), "image/jpeg", 9, "0" * 64), "a.jpg", url=url)


def test_form_of_a_message() -> None:
    """A message names both ends, its words, every file as a parameter of its own, and where statuses go."""
    urls = ["https://files.example.com/1", "https://files.example.com/2?x=,"]
    message = Outgoing("key 1/\u00fc", TO, "Hello", tuple(map(file, urls)))
    fields = wire_out.form(message, "+14155550199", HOOK)
    assert fields["MediaUrl"] == urls
    assert (fields["To"], fields["From"], fields["Body"]) == (TO.address, "+14155550199", "Hello")
    callback = urlsplit(str(fields["StatusCallback"]))
    assert parse_qs(callback.query) == {"part": ["key 1/\u00fc"]}
    assert callback.fragment == "rc=5&rp=all"


def test_form_of_a_messaging_service() -> None:
    """A sender that is a messaging service goes under its own name, and a picture alone has no body."""
    fields = wire_out.form(Outgoing("k", TO, " ", (file("https://f/1"),)), "MG1", HOOK)
    assert fields["MessagingServiceSid"] == "MG1"
    assert not {"From", "Body"} & set(fields)


def test_callback_keeps_what_was_configured() -> None:
    """A query string and overrides that the webhook's address already has stay in it."""
    assert wire_out.callback(HOOK + "?acct=7#rc=1", "k") == HOOK + "?acct=7&part=k#rc=1"


def test_nothing_to_send_and_nowhere_to_fetch() -> None:
    """A file without an address and an empty message are refused before Twilio is asked, with what to do."""
    with pytest.raises(Permanent, match="set public_url") as refused:
        wire_out.form(Outgoing("k", TO, "x", (file("https://f/1"), file(""))), "+1", HOOK)
    assert refused.value.code == "no-url"
    with pytest.raises(Permanent, match="neither"):
        wire_out.form(Outgoing("k", TO, "  "), "+1", HOOK)


def test_receipt() -> None:
    """A created message answers with its SID and how far it is; an unknown word counts as queued."""
    body = json.dumps({"sid": "SM1", "status": "accepted"}).encode()
    assert wire_out.receipt(201, {}, body) == Receipt("SM1", Status.QUEUED, "accepted")
    assert wire_out.receipt(201, {}, b'{"sid": "SM1", "status": "flying"}').status is Status.QUEUED
    with pytest.raises(Permanent, match="opted out"):
        wire_out.receipt(201, {}, b'{"sid": "SM1", "status": "failed", "error_code": 21610}')


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"sid": 7}', b'{"sid": null}', b"[" * 99_999])
def test_success_without_a_message_is_in_doubt(body: bytes) -> None:
    """A success whose body names no message may have made one."""
    with pytest.raises(InDoubt):
        wire_out.receipt(201, {}, body)


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_code_has_its_group_and_words(code: str) -> None:
    """Every code of the table raises its group with its words and its own code, whatever the HTTP status."""
    body = json.dumps({"code": int(code), "message": "provider's words", "status": 400}).encode()
    group, told = TABLE[code]
    with pytest.raises(MediacoreError) as raised:
        wire_out.receipt(400, {}, body)
    assert type(raised.value) is group
    assert (raised.value.code, raised.value.message) == (code, told)
    assert words(code, "provider's words") == told
    assert told[0].isupper()
    assert len(told) < 140


# every code that https://www.twilio.com/docs/api/errors lists for messages and that we know to arise here
DOCUMENTED = """
11200 11205 11751 12300 12400 20003 20429 20503 21211 21408 21606 21610 21611 21612 21614 21617 21619 21620 21623
21658 30001 30002 30003 30004 30005 30006 30007 30008 30010 30011 30019 30020 30021 30022 30027 30032 30034 30036
30037 30410 30450 63001 63003 63005 63006 63007 63009 63011 63016 63018 63019 63021 63023 63024 63032 63034 63038
63049 63051
"""


# the classes that the providers' pages give them, told here a second time
TRANSIENT = "12400 20429 20503 21611 30001 30020 30021 30022 30027 30036 63009 63018 63038"
STOPPING = "20003 30002 30032 30034 30037 63001"
ADMINS = "21408 21606 21612 63007"


@pytest.mark.parametrize("code", DOCUMENTED.split())
def test_every_code_says_what_to_do_next(code: str) -> None:
    """What passes is tried again, what an administrator must mend stops the inbox or says so, all else is permanent."""
    group, told = TABLE[code]
    if code in TRANSIENT.split():
        assert group is Retry
    elif code in STOPPING.split():
        assert group is AuthNeeded
    elif code == "30410":
        assert group is InDoubt
    else:
        assert group is Permanent
    assert ("administrator" in told or "credentials" in told) >= (code in f"{STOPPING} {ADMINS}".split())


def test_table_is_complete() -> None:
    """No documented code is missing from the table, and none stands in it that is not documented."""
    assert set(TABLE) == set(DOCUMENTED.split())


@pytest.mark.parametrize(
    ("status", "group"),
    [
        (400, Permanent),
        (401, AuthNeeded),
        (403, Permanent),
        (404, Permanent),
        (429, Retry),
        (500, InDoubt),
        (502, InDoubt),
        (503, Retry),
        (504, InDoubt),
        (302, Permanent),
    ],
)
def test_answer_without_a_code(status: int, group: type[MediacoreError]) -> None:
    """An answer without a code of Twilio's is judged by its HTTP status, since messages have no idempotency key."""
    with pytest.raises(MediacoreError) as raised:
        wire_out.receipt(status, {"retry-after": "7"}, b"<html>busy</html>")
    assert type(raised.value) is group
    assert raised.value.code == str(status)
    if isinstance(raised.value, Retry):
        assert raised.value.after == 7.0


def test_unknown_code_says_what_twilio_said() -> None:
    """A code that the table does not know shows Twilio's own words; an odd Retry-After is ignored."""
    error = failure(400, "29999", "Strange", None)
    assert str(error) == "Twilio answered 400: Strange [29999]"
    assert "no reason" in words("", "")
    with pytest.raises(Retry) as raised:
        wire_out.receipt(429, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"{}")
    assert raised.value.after is None


def listed(**changes: Any) -> dict[str, Any]:
    return {
        "sid": "MM1",
        "to": TO.address,
        "body": "Hello ",
        "num_media": "1",
        "direction": "outbound-api",
        "status": "sent",
        "date_created": "Sun, 22 Nov 2026 10:00:00 +0000",
    } | changes


def found(*entries: Any, others: tuple[str, ...] = (), **more: Any) -> Receipt | None:
    message = Outgoing("k", TO, "Hello", (file("https://f/1"),))
    return wire_out.find(json.dumps({"messages": entries} | more).encode(), message, SINCE, others)


def test_lost_answer_is_found() -> None:
    """Exactly one listed message with the same words, files and customer since the first try is ours."""
    assert found(listed()) == Receipt("MM1", Status.SENT, "sent")
    assert found(listed(sid="MM0"), listed(), others=("MM0",)) == Receipt("MM1", Status.SENT, "sent")


@pytest.mark.parametrize(
    "entry",
    [
        listed(body="Hullo"),
        listed(num_media="0"),
        listed(num_media=None),
        listed(to="+1"),
        listed(direction="inbound"),
        listed(date_created="Sun, 22 Nov 2026 09:59:59 +0000"),
        listed(date_created="Sun, 22 Nov 2026 10:00:00 -0000"),
        listed(date_created=None),
        listed(date_created="soon"),
        listed(sid=None),
        "odd",
        None,
        7,
    ],
)
def test_anything_else_is_no_evidence(entry: Any) -> None:
    """A message that differs, is older, or cannot be read is no evidence; neither are two that fit."""
    assert found(entry) is None
    assert found(listed(), listed(sid="MM2")) is None
    assert found(listed(), others=("MM1",)) is None
    assert found(listed(), next_page_uri="/2010-04-01/more") is None
    assert wire_out.find(b'{"messages": 7}', Outgoing("k", TO, "Hello"), SINCE, ()) is None


def test_clocks_may_differ_a_little() -> None:
    """A text from five seconds before the first try is ours; with a file it may as well be the part before."""
    early = listed(date_created="Sun, 22 Nov 2026 09:59:55 +0000", num_media="0")
    text = Outgoing("k", TO, "Hello")
    assert wire_out.find(json.dumps({"messages": [early]}).encode(), text, SINCE, ()) is not None
    assert found(listed(date_created="Sun, 22 Nov 2026 09:59:55 +0000")) is None
    older = early | {"date_created": "Sun, 22 Nov 2026 09:59:54 +0000"}
    assert wire_out.find(json.dumps({"messages": [older]}).encode(), text, SINCE, ()) is None
