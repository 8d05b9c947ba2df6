"""What became of a message whose answer was lost: the decision by itself, and asked of the simulated Instagram."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_instagram import lookup
from mediacore_instagram.lookup import Likeness
from mediacore_instagram.simulator import InstagramSimulator

from mediacore import Absent, Attachment, AuthNeeded, Inbox, InDoubt, Outgoing, Receipt, Retry
from mediacore.testkit import Act

Attach = Callable[..., Attachment]
Out = Callable[..., Outgoing]
START = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch, simulator: InstagramSimulator) -> None:
    """The simulator takes any number of calls a second."""
    monkeypatch.setattr(lookup, "GAP", 0.0)
    simulator.graph.pace.looks = 1_000


def ago(**time: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time)


def lost(live: Inbox, simulator: InstagramSimulator, message: Outgoing, act: Act = Act.DROP_AFTER) -> None:
    """Let Instagram take a message and lose the answer."""
    simulator.mischief.plan(act, where="send")
    with pytest.raises(InDoubt):
        live.send(message)


@pytest.mark.parametrize("act", [Act.DROP_AFTER, Act.HANG_AFTER])
@pytest.mark.parametrize("product", ["login", "page"])
def test_a_lost_answer_is_found(
    simulator: InstagramSimulator, mounting: Callable[..., Inbox], outgoing: Out, act: Act, product: str
) -> None:
    """The message that was taken is found by its words, also by a process that knows of no send."""
    live = mounting(simulator.settings() | {"product": product})
    plugin: Any = live._plugin
    plugin._client.timeout = 0.5
    message = outgoing("Grüße \U0001f600", tried=ago(seconds=0))
    lost(live, simulator, message, act)
    (got,) = simulator.devices.wait(1)
    for inbox in (live, live, mounting(simulator.settings() | {"product": product})):
        receipt = inbox.reconcile(message)
        assert isinstance(receipt, Receipt)
        assert receipt.source_id == got.source_id


@pytest.mark.parametrize("mimes", [["image/png"], ["image/png", "image/jpeg"], ["application/pdf"], ["video/mp4"]])
def test_lost_files_are_found(
    simulator: InstagramSimulator,
    live: Inbox,
    outgoing: Out,
    attach: Attach,
    samples: dict[str, bytes],
    mimes: list[str],
) -> None:
    """Files are told by their number and sort, and from an equal part sent just before by its known id."""
    files = [attach(samples[mime], mime) for mime in mimes]
    before = live.send(outgoing("", *files))
    message = Outgoing("key-2", outgoing().to, "", tuple(files), tried=ago(seconds=0))
    lost(live, simulator, message)
    _, second = simulator.devices.wait(2)
    receipt = live.reconcile(message)
    assert isinstance(receipt, Receipt)
    assert receipt.source_id == second.source_id != before.source_id


def test_what_was_never_sent_is_absent(simulator: InstagramSimulator, live: Inbox, outgoing: Out) -> None:
    """A part that was claimed and then lost with the process is certainly not there; at once it is not certain yet."""
    simulator.graph.threads.write("42", "m1", "a question", ago=timedelta(minutes=5))
    simulator.graph.threads.write("42", "m2", "another answer", mine=True, ago=timedelta(seconds=20))
    assert live.reconcile(outgoing("x")) is None
    assert live.reconcile(outgoing("x", tried=ago(seconds=3))) is None
    assert live.reconcile(outgoing("x", tried=ago(seconds=30))) == Absent()


def test_files_may_still_be_on_their_way(
    simulator: InstagramSimulator, live: Inbox, outgoing: Out, attach: Attach, samples: dict[str, bytes]
) -> None:
    """Meta fetches files for up to 75 seconds, so only after that is their absence certain."""
    simulator.graph.threads.write("42", "m1", "a question", ago=timedelta(minutes=5))
    file = attach(samples["image/png"], "image/png")
    assert live.reconcile(outgoing("", file, tried=ago(seconds=80))) is None
    assert live.reconcile(outgoing("", file, tried=ago(seconds=100))) == Absent()


def test_a_later_try_counts_from_its_own_end(simulator: InstagramSimulator, live: Inbox, outgoing: Out) -> None:
    """When the first try is long past, a second one that was lost just now may still be on its way."""
    simulator.graph.threads.write("42", "m1", "a question", ago=timedelta(minutes=5))
    message = outgoing("x", tried=ago(minutes=1))
    simulator.refuse(1, 1357046, status=500)
    with pytest.raises(InDoubt):
        live.send(message)
    assert live.reconcile(message) is None


def test_older_equal_text_is_not_the_lost_one(simulator: InstagramSimulator, live: Inbox, outgoing: Out) -> None:
    """The same words sent before, or written by the customer, do not pass for the message."""
    simulator.graph.threads.write("42", "m1", "yes", mine=True, ago=timedelta(minutes=1))
    simulator.graph.threads.write("42", "m2", "yes", ago=timedelta(seconds=20))
    assert live.reconcile(outgoing("yes", tried=ago(seconds=30))) == Absent()


def test_two_candidates_are_no_evidence(simulator: InstagramSimulator, live: Inbox, outgoing: Out) -> None:
    """Of two equal messages, neither known as another one's, none is chosen."""
    message = outgoing("same", tried=ago(seconds=30))
    simulator.graph.threads.write("42", "m1", "same", mine=True)
    lost(live, simulator, message)
    assert live.reconcile(message) is None


def test_a_listing_that_is_too_short_tells_nothing(simulator: InstagramSimulator, live: Inbox, outgoing: Out) -> None:
    """Neither absence nor presence is read from a page that ends too early, or from more than twenty messages."""
    message = outgoing("x", tried=ago(seconds=30))
    assert live.reconcile(message) is None
    simulator.graph.threads.write("42", "m1", "a question", ago=timedelta(minutes=5))
    for number in range(20):
        simulator.graph.threads.write("42", f"n{number}", f"{number}", ago=timedelta(seconds=10))
    assert live.reconcile(message) == Absent()
    simulator.graph.threads.page = 20
    assert live.reconcile(message) is None
    simulator.graph.threads.page = 0
    simulator.graph.threads.write("42", "n20", "one too many")
    assert live.reconcile(message) is None
    simulator.graph.threads.hidden.add("42")
    assert live.reconcile(message) is None


def test_faults_of_the_look_up(simulator: InstagramSimulator, live: Inbox, outgoing: Out) -> None:
    """Passing faults are asked again, a dead token stops the inbox, and nothing is concluded from either."""
    message = outgoing("x", tried=ago(seconds=30))
    for act in (Act.ERROR, Act.THROTTLE, Act.DROP_AFTER):
        simulator.mischief.plan(act, where="look")
        with pytest.raises(Retry):
            live.reconcile(message)
    simulator.mischief.plan(Act.UNAUTHORIZED, where="look")
    with pytest.raises(AuthNeeded):
        live.reconcile(message)


def detail(**changes: object) -> dict[str, Any]:
    told = {"from": {"id": "IGID"}, "to": {"data": [{"id": "42"}]}, "message": "Hello  there\n"} | changes
    return {key: value for key, value in told.items() if value is not None}


@pytest.mark.parametrize(
    ("told", "likeness"),
    [
        (detail(), Likeness.SAME),
        (detail(to=None), Likeness.SAME),
        (detail(**{"from": None}), Likeness.SAME),
        (detail(message="hello there!"), Likeness.UNCLEAR),
        (detail(message="Hello"), Likeness.OTHER),
        (detail(message=None), Likeness.OTHER),
        (detail(message=7), Likeness.UNCLEAR),
        (detail(**{"from": {"id": "42"}}), Likeness.OTHER),
        (detail(**{"from": {"id": "9"}, "to": {"data": [{"id": "IGID"}]}}), Likeness.UNCLEAR),
        (detail(**{"from": None, "to": {"data": 7}}), Likeness.UNCLEAR),
        ({}, Likeness.UNCLEAR),
    ],
)
def test_how_texts_compare(outgoing: Out, told: dict[str, Any], likeness: Likeness) -> None:
    """Ours by sender or receiver; the same but for spacing is the same, but for punctuation it cannot be told."""
    assert lookup.compare(told, "IGID", outgoing("Hello there")) is likeness


@pytest.mark.parametrize(
    ("told", "likeness"),
    [
        ({"data": [{"id": "1", "image_data": {"url": "u"}}]}, Likeness.SAME),
        ({"data": [{"id": "1"}]}, Likeness.SAME),
        ({"data": [{"id": "1", "video_data": {"url": "u"}}]}, Likeness.OTHER),
        ({"data": [{"id": "1"}, {"id": "2"}]}, Likeness.OTHER),
        (None, Likeness.UNCLEAR),
        ({"data": 7}, Likeness.UNCLEAR),
        ({"data": [7]}, Likeness.UNCLEAR),
    ],
)
def test_how_files_compare(
    outgoing: Out, attach: Attach, samples: dict[str, bytes], told: object, likeness: Likeness
) -> None:
    """By number and sort where Instagram tells them; a message with text is never one with files."""
    message = outgoing("", attach(samples["image/png"], "image/png"))
    assert lookup.compare(detail(message=None, attachments=told), "IGID", message) is likeness
    assert lookup.compare(detail(attachments=told), "IGID", message) is Likeness.OTHER


def test_a_file_that_seems_older_is_not_taken_for_the_lost_one(
    simulator: InstagramSimulator, live: Inbox, outgoing: Out, attach: Attach, samples: dict[str, bytes]
) -> None:
    """After a crash the part before, with a file of the same sort, may lie within the clocks' slack: no evidence."""
    simulator.graph.threads.write("42", "m1", files=[("image", "u")], mine=True, ago=timedelta(seconds=103))
    message = outgoing("", attach(samples["image/png"], "image/png"), tried=ago(seconds=100))
    assert live.reconcile(message) is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-22T10:00:00+0000", START),
        (1795341600, START),
        ("1795341600", START),
        ("2026-11-22T10:00:00", None),
        ("soon", None),
        (None, None),
        (10**30, None),
        ("²", None),
    ],
)
def test_times_as_the_pages_show_them(written: object, read: datetime | None) -> None:
    """Unix time and ISO 8601 are read; anything else is no time."""
    assert lookup.moment(written) == read


def test_an_unreadable_time_counts_as_late() -> None:
    """A listed message whose time cannot be read is looked at, and hides nothing."""
    data = [{"id": "a", "created_time": "?"}, {"id": "b", "created_time": 1}]
    listed = lookup.since(json.dumps({"messages": {"data": data}}).encode(), START)
    assert listed == [lookup.Listed("a", None)]
    for odd in ([7, *data], [{"id": 7}, *data], data[:1], []):
        assert lookup.since(json.dumps({"messages": {"data": odd}}).encode(), START) is None


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "id", "messages", "created_time", "from", "to", "message"]), inner)
    ),
    max_leaves=12,
)


@given(ANY)
def test_odd_answers_are_never_evidence_and_never_crash(odd: object) -> None:
    """Whatever JSON comes back, nothing is concluded from what has not the documented shape."""
    body = json.dumps(odd).encode()
    assert isinstance(lookup.conversation(body), str)
    listed = lookup.since(body, START)
    assert listed is None or all(isinstance(each.mid, str) for each in listed)
