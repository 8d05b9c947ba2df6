"""One mounted channel: a typed method for each hook, and the only place that touches pluggy's relay.

Every inbox has a PluginManager of its own, so a plugin never checks a channel name, one channel's fault cannot reach
another, and two accounts of one channel are two mounts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, get_args

import pluggy

from mediacore.apart import Apart, Here
from mediacore.errors import ConfigError, ContractError, MediacoreError, PluginError
from mediacore.events import Batch, Event, Fetched, Remote, Request, Response
from mediacore.hookspecs import HOOKS, PROJECT, Hooks
from mediacore.hosting import Host, Route
from mediacore.limits import Limits
from mediacore.limits_file import override_limits
from mediacore.messages import Absent, Attachment, Mark, Outgoing, Receipt, Uploaded
from mediacore.values import Finding, Fit, Media, Region, Severity

T = TypeVar("T")
REQUIRED = ("limits",)


class Inbox:
    """A channel mounted with one account's settings.

    Args:
        name: the inbox's own name, unique on the site.
        channel: the channel's name.
        manager: a PluginManager that holds exactly this inbox's plugins.
        plugin: the channel's own plugin object.
        overrides: the site's own numbers, laid over the channel's limits.
        apart: where strangers' files are taken apart for the plugin.
    """

    def __init__(
        self,
        name: str,
        channel: str,
        manager: pluggy.PluginManager,
        plugin: object,
        overrides: Mapping[str, Any],
        apart: Apart | None = None,
    ) -> None:
        self.name = name
        self.channel = channel
        self._manager = manager
        self._plugin = plugin
        self._apart = apart or Here()
        self.limits: Limits = override_limits(self._first("limits", Limits), overrides)

    @classmethod
    def mount(
        cls,
        name: str,
        channel: str,
        plugin: object,
        shared: Sequence[tuple[str, object]] = (),
        overrides: Mapping[str, Any] | None = None,
        apart: Apart | None = None,
    ) -> Inbox:
        """Build an inbox: the shared plugins are registered first, so that the channel's own is asked first.

        Args:
            name: the inbox's name.
            channel: the channel's name.
            plugin: an instance of the channel's class.
            shared: name and object of each plugin that every inbox gets (defaults, antivirus, audit).
            overrides: the site's own limits.
            apart: where strangers' files are taken apart; in this process when None.

        Raises:
            ContractError: a misspelt hook, a wrong argument, a missing required hook, or two plugins of one name.
            ConfigError: an override that the limits do not have.
        """
        if isinstance(plugin, type):
            raise ContractError(f"inbox {name!r}: {plugin.__name__} is a class; a plugin is an instance of it")
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(Hooks)
        try:
            for label, each in (*shared, (channel, plugin)):
                manager.register(each, label)
            manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise ContractError(f"inbox {name!r}: {error}") from error
        own = {impl.name for impl in manager.get_hookcallers(plugin) or ()}
        missing = [hook for hook in REQUIRED if hook not in own]
        if missing:
            raise ContractError(f"inbox {name!r}: channel {channel!r} does not implement {', '.join(missing)}()")
        return cls(name, channel, manager, plugin, overrides or {}, apart)

    @property
    def hooks(self) -> tuple[str, ...]:
        """Names of the hooks that the channel's own plugin implements, in the contract's order."""
        own = {caller.name for caller in self._manager.get_hookcallers(self._plugin) or ()}
        return tuple(name for name in HOOKS if name in own)

    @property
    def detectors(self) -> tuple[str, ...]:
        """Names of the plugins that are asked what to hide; files searched by the same need no second search."""
        return tuple(sorted(i.plugin_name for i in self._manager.hook.redact.get_hookimpls()))

    def receive(self, request: Request) -> list[Event]:
        """Verify and parse one delivery.

        Raises:
            Refused: forged or malformed. PluginError: the plugin broke the contract.
        """
        events: list[Event] = self._first("receive", list, request=request, apart=self._apart)
        for event in events:
            if not isinstance(event, get_args(Event)):
                raise self._broken("receive", f"answered with a {type(event).__name__} where an event belongs")
        return list(events)

    def reply(self, request: Request) -> Response:
        """What to answer the provider; an empty 200 when the plugin has no word of its own."""
        return self._maybe("reply", Response, request=request) or Response()

    def poll(self, cursor: str) -> Batch | None:
        """New deliveries of a pull channel; None when the channel is not one."""
        return self._maybe("poll", Batch, cursor=cursor, limits=self.limits)

    def wait(self, cursor: str, seconds: float) -> bool | None:
        """Whether there may be news, listened for at most so long; None when that is not to be heard."""
        return self._maybe("wait", bool, cursor=cursor, seconds=seconds)

    def fetch(self, remote: Remote, request: Request, into: Path) -> Fetched:
        """Bring one attachment's bytes into the file; returns the type and the name that came with them."""
        asked = {"remote": remote, "request": request, "into": into, "limits": self.limits, "apart": self._apart}
        return self._first("fetch", Fetched, **asked)

    def validate(self, media: Media) -> list[Finding]:
        """Everyone's findings on a file to send; a validator that raises is itself a refusing finding."""
        return self._validate(media, self.limits)

    def validate_inbound(self, media: Media) -> list[Finding]:
        """Everyone's findings on a file that came in, which need not fit what the channel carries outwards."""
        return self._validate(media, self.limits.for_inbound())

    def _validate(self, media: Media, limits: Limits) -> list[Finding]:
        try:
            return self._all("validate", Finding, media=media, limits=limits)
        except MediacoreError as error:
            return [Finding("validator-failed", Severity.REFUSE, f"A check could not be completed: {error}")]

    def convert(self, media: Media, fit: Fit, out: Path) -> list[Path]:
        """Make a file fit; one file in, one or more out."""
        made: list[Path] = self._first("convert", list, media=media, fit=fit, out=out)
        if not made or not all(isinstance(path, Path) for path in made):
            raise self._broken("convert", "answered with something else than a list of one or more paths")
        return list(made)

    def preview(self, media: Media, side: int, page: int, out: Path) -> Path | None:
        """A safe small likeness, or None where the kind has none; raises why there is none of this file."""
        return self._maybe("preview", Path, media=media, side=side, page=page, out=out)

    def redact(self, media: Media, kinds: Sequence[str]) -> list[Region]:
        """The union of what every detector wants hidden; an error here must stop the send."""
        return self._all("redact", Region, media=media, kinds=kinds) if kinds else []

    def upload(self, attachment: Attachment) -> Uploaded | None:
        """Bring a file to the provider ahead of its message; None when this channel does not work that way."""
        return self._maybe("upload", Uploaded, attachment=attachment)

    def send(self, message: Outgoing) -> Receipt:
        """Hand one part to the provider; raises by what to do next."""
        return self._first("send", Receipt, message=message)

    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:
        """Whether the provider took a part whose answer was lost; None when it cannot be told."""
        answer: Receipt | Absent | None = self._call("reconcile", message=message)
        if answer is None or isinstance(answer, (Receipt, Absent)):
            return answer
        raise self._broken("reconcile", f"answered with a {type(answer).__name__}")

    def mark(self, mark: Mark) -> bool:
        """Show the customer that they were read or get an answer; False when this channel shows nothing of the kind."""
        return self._maybe("mark", bool, mark=mark) or False

    def routes(self, host: Host) -> list[Route]:
        """The web endpoints that the plugins need."""
        return self._all("routes", Route, host=host)

    def check(self) -> list[Finding]:
        """What is wrong with the account's settings, asked over the network."""
        try:
            return self._all("check", Finding)
        except MediacoreError as error:
            return [Finding("check-failed", Severity.REFUSE, str(error))]

    def close(self) -> None:
        """Let every plugin give back its connections; what one of them raises keeps no other from it."""
        for implementation in reversed(self._manager.hook.close.get_hookimpls()):
            with contextlib.suppress(Exception):
                implementation.function()

    def _call(self, hook: str, **arguments: object) -> Any:  # noqa: ANN401 - pluggy's relay is untyped
        try:
            return getattr(self._manager.hook, hook)(**arguments)
        except (MediacoreError, ConfigError):
            raise
        except Exception as error:
            guilty = self._guilty(hook, error.__traceback__)
            raise self._broken(hook, f"raised {type(error).__name__}: {error}", guilty) from error

    def _maybe(self, hook: str, kind: Callable[..., T], **arguments: object) -> T | None:
        answer = self._call(hook, **arguments)
        if answer is None or isinstance(answer, kind):  # type: ignore[arg-type]  # kind is always a class
            return answer
        raise self._broken(hook, f"answered with a {type(answer).__name__}")

    def _first(self, hook: str, kind: Callable[..., T], **arguments: object) -> T:
        answer = self._maybe(hook, kind, **arguments)
        if answer is None:
            raise self._broken(hook, "no plugin answered; this channel cannot do it")
        return answer

    def _all(self, hook: str, kind: type[T], **arguments: object) -> list[T]:
        gathered: list[T] = []
        answers = self._call(hook, **arguments)
        for place, answer in enumerate(answers):
            if not isinstance(answer, list) or not all(isinstance(item, kind) for item in answer):
                asked = self._asked(hook)
                name = asked[place] if len(asked) == len(answers) else ""
                raise self._broken(hook, f"answered with something else than a list of {kind.__name__}", name)
            gathered.extend(answer)
        return gathered

    def _asked(self, hook: str) -> list[str]:
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        return [i.plugin_name for i in reversed(implementations) if not (i.wrapper or i.hookwrapper)]

    def _broken(self, hook: str, reason: str, plugin: str = "") -> PluginError:
        return PluginError(self.name, hook, plugin or " or ".join(self._asked(hook)) or self.channel, reason)

    def _guilty(self, hook: str, trace: TracebackType | None) -> str:
        codes = set()
        while trace is not None:
            codes.add(trace.tb_frame.f_code)
            trace = trace.tb_next
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        return next((i.plugin_name for i in implementations if getattr(i.function, "__code__", None) in codes), "")
