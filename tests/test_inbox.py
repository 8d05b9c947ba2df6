"""The inbox: one typed method for each hook, and the plugin that broke the contract is named."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from mediacore import (
    HOOKS,
    Absent,
    Attachment,
    AuthNeeded,
    ConfigError,
    Contact,
    ContractError,
    Event,
    Finding,
    Fit,
    Host,
    Inbox,
    Limits,
    Mark,
    Media,
    Outgoing,
    PluginError,
    Receipt,
    Refused,
    Region,
    Remote,
    Request,
    Response,
    Route,
    Severity,
    Unsupported,
    hookimpl,
)

REQUEST = Request("POST", "https://desk.example/hook")
MESSAGE = Outgoing("k", Contact("+1555"))
MARK = Mark(Contact("+1555"), "m1")
MEDIA = Media(Path("a"), "image/png", 1, "ff")


@frozen(eq=False)
class Bare:
    """A channel that can do nothing but say what it carries."""

    given: Limits

    @hookimpl
    def limits(self) -> Limits:
        return self.given


def channel(limits: Limits, **hooks: Any) -> Bare:
    """A bare channel with more hooks; each is given as a function without ``self``."""
    members = {name: hookimpl(_method(name, function)) for name, function in hooks.items()}
    kind: type[Bare] = type("Sample", (Bare,), members)
    return kind(limits)


def _method(name: str, function: Any) -> Any:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    space: dict[str, Any] = {"function": function}
    source = f"def {name}(self, {', '.join(names)}):\n    return function({', '.join(names)})"
    exec(source, space)  # pluggy reads argument names, so each method needs its function's own
    return space[name]


def shared(**hooks: Any) -> object:
    """A shared plugin with these hooks."""
    return type("Shared", (), {name: hookimpl(_method(name, function)) for name, function in hooks.items()})()


def inbox(plugin: object, *others: tuple[str, object]) -> Inbox:
    """The plugin mounted as ``sms``."""
    return Inbox.mount("support", "sms", plugin, others)


def raising(error: Exception) -> Any:
    """A hook that raises."""

    def hook() -> None:
        raise error

    return hook


def test_the_channel_is_asked_before_the_shared_plugins(phone: Limits) -> None:
    """The most specific answer wins, and a channel without a word leaves it to the others."""
    default = shared(preview=lambda media: Path("default"))
    assert inbox(channel(phone), ("defaults", default)).preview(MEDIA, 9, 0, Path()) == Path("default")
    own = channel(phone, preview=lambda media: Path("own"))
    assert inbox(own, ("defaults", default)).preview(MEDIA, 9, 0, Path()) == Path("own")
    silent = channel(phone, preview=lambda media: None)
    assert inbox(silent, ("defaults", default)).preview(MEDIA, 9, 0, Path()) == Path("default")


def test_an_empty_list_is_an_answer(phone: Limits) -> None:
    """First-answer hooks stop at the first answer that is not None: no events is an answer, and the others rest."""
    other = shared(receive=lambda request: [Unsupported("1", "x", "y")])
    assert inbox(channel(phone, receive=lambda request: []), ("other", other)).receive(REQUEST) == []


def test_everyone_s_findings_and_regions_count(phone: Limits) -> None:
    """Collecting hooks bring all answers, and nobody can approve over another."""
    finding, region = Finding("virus", Severity.REFUSE, "no"), Region(0, (0, 0, 1, 1), "card")
    guard = shared(validate=lambda media: [finding], redact=lambda media, kinds: [region])
    mounted = inbox(channel(phone, validate=lambda media: [], redact=lambda media: [region]), ("guard", guard))
    assert mounted.validate(MEDIA) == [finding]
    assert mounted.redact(MEDIA, ("card",)) == [region, region]
    assert mounted.redact(MEDIA, ()) == []


def test_validate_gets_the_site_s_own_limits(phone: Limits) -> None:
    """What a validator is shown are the limits with the site's numbers laid over, or without sorts for inbound."""
    seen: list[Limits] = []
    plugin = channel(phone, validate=lambda media, limits: seen.append(limits) or [])  # type: ignore[func-returns-value]
    mounted = Inbox.mount("support", "sms", plugin, overrides={"text": {"max": 7}})
    mounted.validate(MEDIA)
    mounted.validate_inbound(MEDIA)
    assert [limits.text.max.value for limits in seen if limits.text.max] == [7, 7]
    assert [bool(limits.accept) for limits in seen] == [True, False]


def test_a_validator_that_crashes_is_a_refusal(phone: Limits) -> None:
    """Fail closed: what could not be checked does not pass."""
    mounted = inbox(channel(phone), ("antivirus", shared(validate=lambda media: 1 / 0)))
    (finding,) = mounted.validate(MEDIA)
    assert finding.severity is Severity.REFUSE
    assert "antivirus" in finding.message


def test_a_detector_that_crashes_stops_the_send(phone: Limits) -> None:
    """What could not be searched must not leave as if it were clean."""
    with pytest.raises(PluginError, match="'detector'"):
        inbox(channel(phone), ("detector", shared(redact=lambda media: 1 / 0))).redact(MEDIA, ("card",))


def test_a_check_that_crashes_is_a_finding(phone: Limits) -> None:
    """The doctor goes on to the next inbox."""
    (finding,) = inbox(channel(phone, check=raising(AuthNeeded("token expired")))).check()
    assert "token expired" in finding.message


def test_errors_of_the_contract_pass_as_they_are(phone: Limits) -> None:
    """The job engine reads the class, so it is not wrapped."""
    for error in (Refused("forged"), AuthNeeded("x"), ConfigError("y")):
        with pytest.raises(type(error)):
            inbox(channel(phone, receive=raising(error))).receive(REQUEST)


def test_any_other_error_names_inbox_hook_and_plugin(phone: Limits) -> None:
    """The guilty plugin is found in the traceback, be it the channel or a shared one."""
    with pytest.raises(PluginError, match=r"'support'.*send\(\) of plugin 'sms'.*KeyError"):
        inbox(channel(phone, send=lambda message: {"a": 1}["x"])).send(MESSAGE)
    late = shared(preview=lambda media: Path(), convert=lambda media: [][0])
    with pytest.raises(PluginError, match=r"'support'.*convert\(\) of plugin 'late'.*IndexError"):
        inbox(channel(phone), ("late", late)).convert(MEDIA, Fit(()), Path())


@pytest.mark.parametrize(
    ("hook", "answer", "ask"),
    [
        ("receive", ("no", "list"), lambda i: i.receive(REQUEST)),
        ("receive", ["no event"], lambda i: i.receive(REQUEST)),
        ("reply", "ok", lambda i: i.reply(REQUEST)),
        ("poll", [], lambda i: i.poll("")),
        ("fetch", b"image/png", lambda i: i.fetch(Remote("x"), REQUEST, Path())),
        ("convert", [], lambda i: i.convert(MEDIA, Fit(()), Path())),
        ("convert", ["a.png"], lambda i: i.convert(MEDIA, Fit(()), Path())),
        ("redact", "nothing", lambda i: i.redact(MEDIA, ("card",))),
        ("redact", [(0, 0, 1, 1)], lambda i: i.redact(MEDIA, ("card",))),
        ("upload", "id", lambda i: i.upload(Attachment(MEDIA, "a"))),
        ("send", "id", lambda i: i.send(MESSAGE)),
        ("mark", "seen", lambda i: i.mark(MARK)),
        ("reconcile", False, lambda i: i.reconcile(MESSAGE)),
        ("routes", None.__class__, lambda i: i.routes(None)),
    ],
)
def test_a_wrong_answer_names_the_plugin(phone: Limits, hook: str, answer: object, ask: Any) -> None:
    """An answer of the wrong kind never gets further than the inbox."""
    with pytest.raises(PluginError, match=rf"'support': hook {hook}\(\) of plugin 'sms'"):
        ask(inbox(channel(phone, **{hook: lambda: answer})))


def test_a_wrong_answer_among_many_names_its_plugin(phone: Limits) -> None:
    """Of three detectors exactly the one that answered wrongly is named."""
    good, bad = shared(redact=lambda media: []), shared(redact=lambda media: [1])
    with pytest.raises(PluginError, match="of plugin 'bad'"):
        inbox(channel(phone, redact=lambda media: []), ("good", good), ("bad", bad)).redact(MEDIA, ("card",))


def test_a_generator_is_a_wrong_answer(phone: Limits) -> None:
    """An implementation that yields would run outside of every guard, so its answer is refused."""

    def lazily(request: Request) -> Generator[Event, None, None]:
        yield Unsupported("1", "x", "y")

    with pytest.raises(PluginError, match="generator"):
        inbox(channel(phone, receive=lazily)).receive(REQUEST)


@pytest.mark.parametrize("hook", ["receive", "fetch", "convert", "send"])
def test_what_nobody_implements_refuses_loudly(phone: Limits, hook: str) -> None:
    """A missing hook is never a silent nothing."""
    asks: dict[str, Any] = {
        "receive": lambda i: i.receive(REQUEST),
        "fetch": lambda i: i.fetch(Remote("x"), REQUEST, Path()),
        "convert": lambda i: i.convert(MEDIA, Fit(()), Path()),
        "send": lambda i: i.send(MESSAGE),
    }
    with pytest.raises(PluginError, match=rf"hook {hook}\(\) of plugin 'sms': no plugin answered"):
        asks[hook](inbox(channel(phone)))


def test_what_need_not_be_there_has_a_quiet_answer(phone: Limits) -> None:
    """Optional hooks have a sensible nothing."""
    bare = inbox(channel(phone))
    assert bare.reply(REQUEST) == Response()
    assert bare.poll("") is None
    assert bare.preview(MEDIA, 9, 0, Path()) is None
    assert bare.upload(Attachment(MEDIA, "a")) is None
    assert bare.reconcile(MESSAGE) is None
    assert bare.mark(MARK) is False
    assert (bare.validate(MEDIA), bare.check()) == ([], [])


def test_reconcile_tells_taken_from_absent(phone: Limits) -> None:
    """Both answers pass as they are."""
    assert inbox(channel(phone, reconcile=lambda: Absent())).reconcile(MESSAGE) == Absent()
    assert inbox(channel(phone, reconcile=lambda: Receipt("1"))).reconcile(MESSAGE) == Receipt("1")


def test_wrappers_see_the_question_and_the_answer(phone: Limits) -> None:
    """A shared plugin may observe every call, errors included, without changing it."""
    seen: list[str] = []

    class Audit:
        @hookimpl(wrapper=True)
        def send(self, message: Outgoing) -> Generator[None, Receipt, Receipt]:
            seen.append(f"ask {message.key}")
            try:
                receipt = yield
            except Exception as error:
                seen.append(type(error).__name__)
                raise
            seen.append(receipt.source_id)
            return receipt

    assert inbox(channel(phone, send=lambda: Receipt("7")), ("audit", Audit())).send(MESSAGE) == Receipt("7")
    with pytest.raises(PluginError, match="of plugin 'sms'"):
        inbox(channel(phone, send=lambda: 1 / 0), ("audit", Audit())).send(MESSAGE)
    assert seen == ["ask k", "7", "ask k", "ZeroDivisionError"]


def test_a_misspelt_hook_is_refused_at_mount(phone: Limits) -> None:
    """Pluggy alone would ignore it in silence."""
    with pytest.raises(ContractError, match="recieve"):
        inbox(channel(phone, recieve=lambda request: [request]))


def test_an_argument_that_the_contract_has_not_is_refused_at_mount(phone: Limits) -> None:
    """It is named with the hook."""
    with pytest.raises(ContractError, match="payload"):
        inbox(channel(phone, receive=lambda payload: []))


def test_two_plugins_of_one_name_are_refused(phone: Limits) -> None:
    """Which of them would have answered?"""
    with pytest.raises(ContractError, match="guard"):
        inbox(channel(phone), ("guard", shared()), ("guard", shared()))


def test_a_channel_without_limits_is_refused() -> None:
    """Nothing can be planned for it; a shared plugin's limits do not count."""
    with pytest.raises(ContractError, match=r"limits\(\)"):
        inbox(object(), ("other", shared(limits=lambda: None)))


def test_limits_of_the_wrong_kind_are_found_at_mount(phone: Limits) -> None:
    """Not at the first message."""
    with pytest.raises(PluginError, match=r"limits\(\) of plugin 'sms'.*dict"):
        inbox(Bare({}))  # type: ignore[arg-type]  # that is the fault


def test_two_accounts_of_one_channel_know_nothing_of_each_other(phone: Limits) -> None:
    """One plugin object may even stand in two inboxes, each with its own overrides."""
    plugin = channel(phone, send=lambda: Receipt("1"))
    one = Inbox.mount("one", "sms", plugin, overrides={"text": {"max": 1}})
    two = Inbox.mount("two", "sms", plugin)
    assert one.limits.text.max != two.limits.text.max
    assert two.limits == phone


def test_a_class_is_not_a_plugin() -> None:
    """Pluggy alone would take it and fail at the first call."""
    with pytest.raises(ContractError, match="is a class"):
        inbox(Bare)


def test_hooks_are_listed_in_the_contract_s_order(phone: Limits) -> None:
    """Only the channel's own."""
    mounted = inbox(
        channel(phone, send=lambda: None, receive=lambda request: [request]),
        ("x", shared(validate=lambda media: [media])),
    )
    assert mounted.hooks == ("limits", "receive", "send")


def test_the_inbox_has_a_method_for_every_hook(phone: Limits) -> None:
    """A hook that nobody can ask would be dead."""
    assert [hook for hook in HOOKS if not hasattr(Inbox, hook) and not hasattr(inbox(Bare(phone)), hook)] == []


def test_routes_are_collected(phone: Limits) -> None:
    """Web endpoints of the channel and of shared plugins."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Nothing."""

    def routes(host: Host) -> Sequence[Route]:
        return [Route("/socket", app)]

    assert inbox(channel(phone, routes=routes)).routes(None) == [Route("/socket", app)]  # type: ignore[arg-type]


def test_closing_reaches_every_plugin(phone: Limits) -> None:
    """A plugin that fails to close keeps no other from it."""
    closed: list[str] = []

    def failing() -> None:
        closed.append("channel")
        raise ValueError("no")

    class Shared:
        @hookimpl
        def close(self) -> None:
            closed.append("shared")

    Inbox.mount("loft", "pigeon", channel(phone, close=failing), [("shared", Shared())]).close()
    assert sorted(closed) == ["channel", "shared"]
