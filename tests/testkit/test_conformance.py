"""The conformance suite: a right channel passes it, and each wrong one is caught by the check that is for it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar

import attrs
import httpx2 as httpx
import pytest

from mediacore import (
    Accept,
    Contact,
    Event,
    Fetched,
    Figure,
    Header,
    InboundMessage,
    Kind,
    Limits,
    Outgoing,
    Receipt,
    Refused,
    Remote,
    Request,
    Response,
    Unsupported,
    call,
    download,
    hookimpl,
)
from mediacore.testkit.conformance import Samples, conformance

SECRET = "open sesame"
SOURCED = Figure(1000, "https://paper.example/limits", date(2026, 5, 1))
LIMITS = Limits("paper", "Paper", "default", (Accept("image", Kind.IMAGE, ("image/png",), SOURCED),))


def signature(secret: str, body: bytes) -> str:
    """The provider's way of signing."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@attrs.frozen(eq=False)
class Paper:
    """A right channel."""

    account: str
    secret: str = attrs.field(repr=False)
    client: httpx.Client = attrs.field(
        factory=lambda: httpx.Client(trust_env=False), repr=False, metadata={"setting": False}
    )

    @hookimpl
    def limits(self) -> Limits:
        return LIMITS

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        told = (request.header("X-Paper") or "").encode()
        if not hmac.compare_digest(told, signature(self.secret, request.body).encode()):
            raise Refused("the signature is wrong", code="signature")
        return self.parse(request.body)

    def parse(self, body: bytes) -> list[Event]:
        try:
            items = json.loads(body)["items"]
            return [self.event(item) for item in items]
        except (ValueError, KeyError, TypeError) as error:
            raise Refused("not a delivery of Paper", status=400) from error

    def event(self, item: Mapping[str, Any]) -> Event:
        number = str(item["id"])
        if item.get("type") != "note":
            return Unsupported(number, str(item.get("type")), "this kind is not known")
        remotes = tuple(Remote(str(url)) for url in item.get("files", []) if url)
        contact = Contact(str(item["from"]) or "unknown")
        return InboundMessage(number, contact, str(item.get("text")), remotes, datetime(2026, 5, 1, tzinfo=UTC))

    @hookimpl
    def fetch(self, remote: Remote, into: Path) -> Fetched:
        return download(self.client, remote.ref, into, hosts=("paper.example",), max_bytes=1000)

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        answer = call(self.client, "POST", "https://api.paper.example/send", json={"to": message.to.address})
        return Receipt(answer.json()["id"])


def signed(request: Request) -> Request:
    """The delivery, rightly signed."""
    return attrs.evolve(request, headers=(Header("X-Paper", signature(SECRET, request.body)),))


ITEMS = {
    "items": [
        {"id": 1, "type": "note", "from": "ada", "text": "hi", "files": ["https://paper.example/a.png"]},
        {"id": 2, "type": "dance", "from": "ada"},
    ]
}
DELIVERY = signed(Request("POST", "https://desk.example/hook", (), json.dumps(ITEMS).encode()))
SAMPLES = Samples(
    requests=(DELIVERY,),
    signature="X-Paper",
    sign=signed,
    secrets=(SECRET,),
    settings={"account": "a", "secret": SECRET},
    remotes=((Remote("https://paper.example/a.png"), DELIVERY),),
    outgoing=(Outgoing("key-1", Contact("ada"), "hello"),),
    examples=12,
)


def make(kind: type = Paper) -> Callable[[], object]:
    """A factory of configured plugins."""
    return lambda: kind("a", SECRET)


TestPaper = conformance(make(), SAMPLES)


@attrs.frozen(eq=False)
class Silent:
    """A right channel that only tells what it carries."""

    @hookimpl
    def limits(self) -> Limits:
        return LIMITS


TestSilent = conformance(Silent, Samples())


def provider(request: httpx.Request) -> httpx.Response:
    """A provider that takes everything and has every file."""
    number = hashlib.sha256(request.content).hexdigest()
    return httpx.Response(200, json={"id": number})


@attrs.frozen(eq=False)
class Connected(Paper):
    """A right channel with a provider behind it."""

    client: httpx.Client = attrs.field(
        factory=lambda: httpx.Client(transport=httpx.MockTransport(provider)), repr=False, metadata={"setting": False}
    )


TestConnected = conformance(make(Connected), attrs.evolve(SAMPLES, live=True))


def caught(kind: type, samples: Samples = SAMPLES) -> set[str]:
    """The checks that a channel fails."""
    suite = conformance(make(kind), samples)
    failed = set()
    for name in [n for n in vars(suite) if n.startswith("test_")]:
        try:
            getattr(suite(), name)()
        except (Exception, pytest.fail.Exception):
            failed.add(name.removeprefix("test_"))
    return failed


@attrs.frozen(eq=False)
class Misspelt(Paper):
    """A hook is misspelt."""

    expected: ClassVar = {"mounts_cleanly"}

    @hookimpl
    def validat(self) -> list[Any]:
        return []


@attrs.frozen(eq=False)
class Unsourced(Paper):
    """A number without its date."""

    expected: ClassVar = {"limits_tell_their_sources"}

    @hookimpl
    def limits(self) -> Limits:
        return attrs.evolve(LIMITS, accept=(attrs.evolve(LIMITS.accept[0], max_bytes=Figure(9, "heard it")),))


@attrs.frozen(eq=False)
class Muddled(Paper):
    """A PDF among the images."""

    expected: ClassVar = {"limits_make_sense"}

    @hookimpl
    def limits(self) -> Limits:
        return attrs.evolve(LIMITS, accept=(Accept("image", Kind.IMAGE, ("application/pdf",)),))


@attrs.frozen(eq=False)
class Trusting(Paper):
    """No signature is ever checked."""

    expected: ClassVar = {"forged_deliveries_are_refused", "changed_bodies_are_refused"}

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        return self.parse(request.body)


@attrs.frozen(eq=False)
class HalfTrusting(Paper):
    """The signature is checked when there is one."""

    expected: ClassVar = {"forged_deliveries_are_refused"}

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        if request.header("X-Paper") and request.header("X-Paper") != signature(self.secret, request.body):
            raise Refused("the signature is wrong")
        return self.parse(request.body)


@attrs.frozen(eq=False)
class Brittle(Paper):
    """The parser believes in the provider."""

    expected: ClassVar = {"signed_damage_is_survived"}

    def parse(self, body: bytes) -> list[Event]:
        return [self.event(item) for item in json.loads(body)["items"]]


@attrs.frozen(eq=False)
class AsciiOnly(Paper):
    """Comparing signatures as text breaks on one that is not ASCII."""

    expected: ClassVar = {"forged_deliveries_are_refused", "any_bytes_are_survived"}

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        if not hmac.compare_digest(request.header("X-Paper") or "", signature(self.secret, request.body)):
            raise Refused("the signature is wrong")
        return self.parse(request.body)


@attrs.frozen(eq=False)
class Forgetful(Paper):
    """Events are numbered as they come, so a second delivery looks new."""

    counter: list[int] = attrs.field(factory=list, metadata={"setting": False})
    expected: ClassVar = {"duplicates_share_their_keys", "receiving_is_pure"}

    def event(self, item: Mapping[str, Any]) -> Event:
        self.counter.append(1)
        return Unsupported(f"{item['id']}-{len(self.counter)}", "x", "y")


@attrs.frozen(eq=False)
class Lossy(Paper):
    """All events of a delivery have one id, so siblings would be dropped."""

    expected: ClassVar = {"duplicates_share_their_keys"}

    def event(self, item: Mapping[str, Any]) -> Event:
        return Unsupported("1", str(item["id"]), "y")


@attrs.frozen(eq=False)
class Calling(Paper):
    """The provider is asked while a delivery is parsed."""

    expected: ClassVar = {"receiving_is_pure"}

    def event(self, item: Mapping[str, Any]) -> Event:
        with suppress(httpx.HTTPError):
            self.client.get("http://127.0.0.1:9/", timeout=0.2)
        return Paper.event(self, item)


@attrs.frozen(eq=False)
class Zoneless(Paper):
    """A time of no zone."""

    expected: ClassVar = {"events_are_whole"}

    def event(self, item: Mapping[str, Any]) -> Event:
        return InboundMessage(str(item["id"]), Contact("ada"), sent_at=datetime(2026, 5, 1))  # noqa: DTZ001 - the fault


@attrs.frozen(eq=False, repr=False)
class Talkative(Paper):
    """The secret stands in the repr."""

    expected: ClassVar = {"secrets_stay_out_of_sight"}

    def __repr__(self) -> str:
        return f"Talkative({self.account}, {self.secret})"


@attrs.frozen
class Alike(Paper):
    """Two accounts of equal settings are one plugin."""

    expected: ClassVar = {"two_accounts_stand_side_by_side"}


@attrs.define(eq=False)
class Changing:
    """The class is not frozen."""

    account: str
    secret: str = attrs.field(repr=False)
    expected: ClassVar = {"two_accounts_stand_side_by_side", "samples_cover_the_channel"}

    @hookimpl
    def limits(self) -> Limits:
        return LIMITS


@attrs.frozen(eq=False)
class Unannotated(Paper):
    """An argument without its type, and an answer of another."""

    expected: ClassVar = {"hooks_are_annotated_as_the_contract"}

    @hookimpl
    def reply(self, request) -> str | None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - the fault
        return None


@attrs.frozen(eq=False)
class Impatient(Paper):
    """A provider that cannot be reached is a permanent failure."""

    expected: ClassVar = {"a_dead_network_means_retry"}

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        return Receipt(self.client.post("https://api.paper.example/send").json()["id"])


@attrs.frozen(eq=False)
class Gullible(Paper):
    """Files are fetched from wherever a delivery says."""

    expected: ClassVar = {"foreign_addresses_are_not_fetched", "a_dead_network_means_retry"}

    @hookimpl
    def fetch(self, remote: Remote, into: Path) -> Fetched:
        into.write_bytes(self.client.get(remote.ref).content)
        return Fetched()


@attrs.frozen(eq=False)
class Rude(Paper):
    """A valid delivery is answered with an error."""

    expected: ClassVar = {"replies_are_answers"}

    @hookimpl
    def reply(self, request: Request) -> Response | None:
        return Response(500)


@attrs.frozen(eq=False)
class Deaf(Paper):
    """A valid delivery yields nothing."""

    expected: ClassVar = {"valid_deliveries_yield_events"}

    def parse(self, body: bytes) -> list[Event]:
        return []


BROKEN = [
    *(Misspelt, Unsourced, Muddled, Trusting, HalfTrusting, Brittle, AsciiOnly, Forgetful, Lossy, Calling, Zoneless),
    *(Talkative, Alike, Changing, Unannotated, Impatient, Gullible, Rude, Deaf),
]


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_channel_is_caught(kind: Any) -> None:
    """The check that is for this fault fails; where the channel mounts at all, no other does."""
    failed = caught(kind)
    assert kind.expected <= failed
    assert kind is Misspelt or kind is Changing or failed == kind.expected


def test_missing_samples_are_caught() -> None:
    """A check does not vanish because nobody thought of a sample for it."""
    for change in ({"requests": ()}, {"remotes": ()}, {"outgoing": ()}, {"signature": ""}, {"unsigned": "why not"}):
        suite: Any = conformance(make(), attrs.evolve(SAMPLES, **change))
        with pytest.raises(AssertionError, match=r"must be there|say which"):
            suite().test_samples_cover_the_channel()


def test_a_provider_without_ids_is_caught() -> None:
    """Status callbacks name the id; without one they would be lost."""

    def nameless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"id": ""})

    def make_nameless() -> object:
        return Paper("a", SECRET, httpx.Client(transport=httpx.MockTransport(nameless)))

    suite = conformance(make_nameless, attrs.evolve(SAMPLES, live=True))
    with pytest.raises(AssertionError, match="without the provider's id"):
        suite().test_messages_are_taken()


def test_every_check_says_what_it_shows() -> None:
    """A failing check is read by an author who does not know the suite."""
    tests = {name: test for name, test in vars(TestConnected).items() if name.startswith("test_")}
    assert len(tests) >= 20
    assert all(test.__doc__ for test in tests.values())


def test_the_class_is_a_new_one_each_time() -> None:
    """Nothing is shared between two channels' suites."""
    first, second = conformance(make(), SAMPLES), conformance(make(), SAMPLES)
    assert first is not second
    assert vars(first)["test_mounts_cleanly"] is not vars(second)["test_mounts_cleanly"]
