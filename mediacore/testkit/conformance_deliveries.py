"""Conformance, second part: what providers, and those who pretend to be one, deliver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from attrs import evolve
from hypothesis import strategies as st

from mediacore import Event, Header, InboundMessage, Inbox, Refused, Request, Response, StatusUpdate
from mediacore.testkit.conformance_subject import Subject, no_network

_junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
    st.just("\ud800"),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just({"type": "never-heard-of"}),
)


def valid_deliveries_yield_events(subject: Subject) -> None:
    """Each sample delivery has at least one event in it."""
    inbox = subject.mount()
    for number, request in enumerate(subject.samples.requests):
        assert inbox.receive(request), f"request {number} yields nothing"


def events_are_whole(subject: Subject) -> None:
    """Events name who and what, hash, and give times with their zone."""
    inbox = subject.mount()
    for request in subject.samples.requests:
        for event in inbox.receive(request):
            hash(event)
            times = [getattr(event, "sent_at", None), getattr(event, "at", None)]
            if isinstance(event, InboundMessage):
                assert event.contact.address, "a message without an address"
                times += [remote.expires for remote in event.remotes]
                assert all(remote.ref for remote in event.remotes), "a remote without a ref"
            assert event.source_id or (isinstance(event, StatusUpdate) and event.key), "an event without an id"
            assert all(time is None or time.tzinfo is not None for time in times), "a time without its zone"


def receiving_is_pure(subject: Subject) -> None:
    """The same delivery twice gives equal events, even for a second plugin, and nobody is called for it."""
    first, second = subject.mount(), subject.mount()
    with no_network() as asked:
        for request in subject.samples.requests:
            events = first.receive(request)
            assert first.receive(request) == events
            assert second.receive(request) == events
    assert not asked, f"receive() must do no I/O, and called {asked}"


def duplicates_share_their_keys(subject: Subject) -> None:
    """A second delivery has the same dedupe keys, and siblings in one delivery have different ones."""
    inbox = subject.mount()
    for request in subject.samples.requests:
        found = [event.dedupe for event in inbox.receive(request)]
        assert found == [event.dedupe for event in inbox.receive(request)]
        assert len(found) == len(set(found)), f"siblings would be dropped as duplicates: {found}"


def replies_are_answers(subject: Subject) -> None:
    """A valid delivery is answered with a 2xx, and a strange GET with an answer or a refusal."""
    inbox = subject.mount()
    for request in subject.samples.requests:
        answer = inbox.reply(request)
        assert 200 <= answer.status < 300, f"a valid delivery is answered with {answer.status}"
        try:
            strange = inbox.reply(Request("GET", request.url.partition("?")[0] + "?a=%ff&hub.mode=subscribe"))
        except Refused:
            continue
        assert isinstance(strange, Response)


def forged_deliveries_are_refused(subject: Subject) -> None:
    """A delivery whose signature is changed, cut, missing or another's is refused, and no secret is in the refusal."""
    inbox = subject.mount()
    for request in subject.samples.requests:
        for what, forged in _forgeries(request, subject.samples.signature):
            refusal = _refusal(inbox, forged)
            assert refusal is not None, f"accepted with {what}"
            assert not [s for s in subject.samples.secrets if s in str(refusal)], "the refusal tells a secret"


def changed_bodies_are_refused(subject: Subject) -> None:
    """A signed delivery with another body is refused, or is read as exactly the same events."""
    inbox = subject.mount()
    for request in subject.samples.requests:
        for changed in _changed(request.body):
            try:
                events = inbox.receive(evolve(request, body=changed))
            except Refused:
                continue
            assert events == inbox.receive(request), "a changed body passed under the old signature"


def any_bytes_are_survived(subject: Subject, inbox: Inbox, data: st.DataObject) -> None:
    """Whatever the bytes are, there are events or a refusal; anything else would be a crash."""
    request = data.draw(st.sampled_from(subject.samples.requests))
    forged = evolve(request, body=data.draw(st.binary(max_size=300)))
    if data.draw(st.booleans()):
        named = [Header(h.name, data.draw(st.text(st.characters(codec="utf-8"), max_size=40))) for h in request.headers]
        forged = evolve(forged, headers=tuple(named))
    _only_refused(inbox, forged)


def signed_damage_is_survived(subject: Subject, inbox: Inbox, data: st.DataObject) -> None:
    """A delivery that is rightly signed and strangely made still gives events or a refusal."""
    assert subject.samples.sign is not None
    request = data.draw(st.sampled_from(subject.samples.requests))
    damaged = evolve(request, body=data.draw(_damage(request.body)))
    _only_refused(inbox, subject.samples.sign(damaged))


def _refusal(inbox: Inbox, request: Request) -> Refused | None:
    try:
        inbox.receive(request)
    except Refused as refusal:
        return refusal
    return None


def _only_refused(inbox: Inbox, request: Request) -> None:
    try:
        events = inbox.receive(request)
    except Refused:
        return
    assert all(isinstance(event, get_args(Event)) for event in events)
    assert all(isinstance(event.dedupe, str) for event in events)


def _forgeries(request: Request, signature: str) -> Iterator[tuple[str, Request]]:
    name = signature.lower()
    kept = tuple(h for h in request.headers if h.name.lower() != name)
    value = request.header(signature)
    assert value, f"a sample delivery has no header {signature}"
    middle = len(value) // 2
    other = "0" if value[middle].lower() != "0" else "1"
    for what, forged in (
        ("an empty signature", ""),
        ("a changed signature", value[:middle] + other + value[middle + 1 :]),
        ("a cut signature", value[:middle]),
        ("a signature of other letters", "".join("q" if c.isalnum() else c for c in value)),
        ("a signature beyond ASCII", "\u00e4" * len(value)),
    ):
        yield what, evolve(request, headers=(*kept, Header(signature, forged)))
    yield "no signature", evolve(request, headers=kept)


def _changed(body: bytes) -> Iterator[bytes]:
    yield body + b" "
    yield body[:-1]
    for place in range(0, len(body), max(1, len(body) // 40)):
        yield body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def _damage(body: bytes) -> st.SearchStrategy[bytes]:
    try:
        tree = json.loads(body)
    except ValueError:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True) if b"=" in body[:200] else []
        torn = st.tuples(st.integers(0, len(body)), st.binary(max_size=20)).map(lambda cut: body[: cut[0]] + cut[1])
        return st.one_of(torn, _damaged_form(pairs)) if pairs else torn
    places = list(_places(tree))
    changes = st.lists(st.tuples(st.sampled_from(places), st.one_of(_junk, st.just(...))), min_size=1, max_size=3)
    return changes.map(lambda picked: json.dumps(_with(tree, picked)).encode())


def _damaged_form(pairs: list[tuple[str, str]]) -> st.SearchStrategy[bytes]:
    values = st.one_of(st.text(st.characters(codec="utf-8"), max_size=12), st.integers(-9, 10**9).map(str))
    changed = st.dictionaries(st.sampled_from([key for key, _ in pairs]), st.one_of(st.none(), values), max_size=4)
    return changed.map(
        lambda over: urlencode([(k, over.get(k) or v) for k, v in pairs if over.get(k, v) is not None]).encode()
    )


def _places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - any JSON
    yield path
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _places(value, (*path, key))


def _with(tree: Any, changes: list[tuple[tuple[Any, ...], Any]]) -> Any:  # noqa: ANN401 - any JSON
    """The tree with values replaced at these places; ``...`` takes the key out."""
    tree = deepcopy(tree)
    for path, shared in changes:
        value = deepcopy(shared)
        if not path:
            return None if value is ... else value
        here = tree
        try:
            for key in path[:-1]:
                here = here[key]
            if value is ...:
                del here[path[-1]]
            else:
                here[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    return tree


CHECKS = (
    valid_deliveries_yield_events,
    events_are_whole,
    receiving_is_pure,
    duplicates_share_their_keys,
    replies_are_answers,
)
SIGNED = (forged_deliveries_are_refused, changed_bodies_are_refused)
PROPERTIES = (any_bytes_are_survived,)
RESIGNED = (signed_damage_is_survived,)
