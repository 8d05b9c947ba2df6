"""The contract: every hook a channel or a shared plugin may implement.

Each hook asks one question. *First answer wins* hooks stop at the first answer that is not None, and the channel's own
plugin is asked before the built-in defaults. *Everyone is asked* hooks collect all answers. Implementations name only
the arguments they need, take plain positional arguments without defaults, and return lists, never generators.

Errors (see ``mediacore.errors``) say what to do next: ``Retry``, ``InDoubt``, ``Permanent``, ``Refused``,
``AuthNeeded``. Anything else that escapes an implementation is a ``PluginError`` that names inbox, hook and plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pluggy

from mediacore.apart import Apart
from mediacore.events import Batch, Event, Fetched, Remote, Request, Response
from mediacore.hosting import Host, Route
from mediacore.limits import Limits
from mediacore.messages import Absent, Attachment, Mark, Outgoing, Receipt, Uploaded
from mediacore.values import Finding, Fit, Media, Region

PROJECT = "mediacore"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """All hooks, in the order in which a message meets them."""

    @hookspec(firstresult=True)
    def limits(self) -> Limits:  # type: ignore[empty-body]  # a spec has no body
        """What can you carry?

        First answer wins; every channel must answer. Called once at mount.

        Returns:
            The channel's limits under the profile that this inbox's settings name.
        """

    @hookspec(firstresult=True)
    def receive(self, request: Request, apart: Apart) -> list[Event]:  # type: ignore[empty-body]  # a spec has no body
        """What happened, according to this delivery?

        First answer wins. Pure: no I/O, no clock. Verify the signature on the raw bytes, then parse everything in it.

        Args:
            request: the raw delivery.
            apart: takes a stranger's file apart in the jail, for plugins whose deliveries are that.

        Returns:
            Every event in it, in order. An unknown type becomes ``Unsupported``; it never hides its neighbours.

        Raises:
            Refused: the signature is missing or wrong, or the body is not what this provider sends.
        """

    @hookspec(firstresult=True)
    def reply(self, request: Request) -> Response | None:
        """What does the provider want to hear?

        First answer wins; None is an empty 200. Asked for a GET (the provider's verification handshake), and for a
        POST after its events are safely stored.

        Args:
            request: the raw delivery.

        Raises:
            Refused: the handshake's token is wrong.
        """

    @hookspec(firstresult=True)
    def poll(self, cursor: str, limits: Limits) -> Batch | None:
        """What is new since the cursor?

        First answer wins; I/O. For pull channels; others do not implement it.

        Args:
            cursor: what the last poll returned; empty at first.
            limits: what this inbox carries, with the site's own numbers.

        Returns:
            New deliveries, oldest first, and the next cursor. It is stored only after they are.

        Raises:
            Retry, AuthNeeded.
        """

    @hookspec(firstresult=True)
    def wait(self, cursor: str, seconds: float) -> bool | None:
        """Will there be news before it is time to look again?

        First answer wins; I/O. For pull channels whose provider tells of news over a connection that is kept; others do
        not implement it and are looked into by the clock. Asked again and again between two looks. A hint only: what is
        new is for ``poll`` to say.

        Args:
            cursor: what the last poll returned.
            seconds: listen for so long at most.

        Returns:
            True as soon as there may be news, False when there was none in that time, None when this provider does not
            tell.

        Raises:
            Retry, AuthNeeded: then the next look comes by the clock.
        """

    @hookspec(firstresult=True)
    def fetch(self, remote: Remote, request: Request, into: Path, limits: Limits, apart: Apart) -> Fetched | None:
        """Bring the bytes of one attachment.

        First answer wins; I/O. Stream into the file, stop at the inbound limit, send credentials only to the
        provider's own hosts.

        Args:
            remote: which attachment.
            request: the delivery that named it, for channels whose files travel inside.
            into: an empty file to write to.
            limits: what this inbox carries, with the site's own numbers.
            apart: takes a stranger's file apart in the jail, as for ``receive``.

        Returns:
            The type and the name that came with the bytes, as far as any did.

        Raises:
            Retry: not there yet, or a passing fault. Permanent: it is gone (code ``expired``) or too large.
            AuthNeeded.
        """

    @hookspec
    def validate(self, media: Media, limits: Limits) -> list[Finding]:  # type: ignore[empty-body]  # a spec has no body
        """What is wrong with this file for this channel?

        Everyone is asked and every objection counts. A validator that raises is itself a refusing finding.

        Args:
            media: the file with its facts.
            limits: what the channel carries.

        Returns:
            Findings; an empty list when it can go as it is.
        """

    @hookspec(firstresult=True)
    def convert(self, media: Media, fit: Fit, out: Path) -> list[Path] | None:
        """How does this file become one that fits?

        First answer wins; the built-in engine answers last.

        Args:
            media: the file.
            fit: what the results must satisfy.
            out: a folder for the results.

        Returns:
            One or more files, in order; None to leave it to the next.

        Raises:
            Permanent: it cannot be done, with the reason in words.
        """

    @hookspec(firstresult=True)
    def preview(self, media: Media, side: int, page: int, out: Path) -> Path | None:
        """What is a safe small likeness of this file?

        First answer wins; the built-in engine answers last. A failure costs the preview, nothing else.

        Args:
            media: the file.
            side: the most pixels on the longer side.
            page: which page of a document, from 0.
            out: a folder for the result.

        Returns:
            A JPEG or PNG without metadata, or None when this kind has no likeness.

        Raises:
            Permanent: why this file has none, in words for the agent.
        """

    @hookspec
    def redact(self, media: Media, kinds: Sequence[str]) -> list[Region]:  # type: ignore[empty-body]  # no body
        """What in this file must be hidden?

        Everyone is asked. The answer is a plan, never bytes: the engine paints the union once.

        Args:
            media: the file.
            kinds: which sorts of personal data the inbox's policy hides.

        Returns:
            Regions; never the secret itself.
        """

    @hookspec(firstresult=True)
    def upload(self, attachment: Attachment) -> Uploaded | None:
        """Where does this file lie at the provider, ahead of the message that names it?

        First answer wins; I/O. Only for providers that take files first and messages after. It may happen twice
        without harm, unlike a message; that is why it is a step of its own.

        Args:
            attachment: the file to bring to the provider.

        Returns:
            The provider's id, which ``send`` then finds in ``Attachment.uploaded``; None when files travel otherwise.

        Raises:
            Retry, Permanent, AuthNeeded.
        """

    @hookspec(firstresult=True)
    def send(self, message: Outgoing) -> Receipt:  # type: ignore[empty-body]  # a spec has no body
        """Will you take this message?

        First answer wins; I/O. Called once for each part, in order; the receipt is stored before the next part.

        Args:
            message: one provider message. Its ``key`` is the same on every try.

        Returns:
            The provider's id and how far it is.

        Raises:
            Retry: nothing was taken. InDoubt: it may have been. Permanent: never. AuthNeeded.
        """

    @hookspec(firstresult=True)
    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:
        """Did you take this message, whose answer was lost?

        First answer wins; I/O. Asked after ``InDoubt`` and before any resend.

        Args:
            message: the same value that ``send`` got.

        Returns:
            A receipt when it was taken, ``Absent()`` when it certainly was not, None when this cannot be told: then
            the status callbacks decide, and after them a person.
        """

    @hookspec(firstresult=True)
    def mark(self, mark: Mark) -> bool | None:
        """Will you show the customer that they were read, or that an answer is being written?

        First answer wins; I/O. A courtesy: it may happen twice without harm, and what fails is not tried again.

        Args:
            mark: what to show, and beside which message of theirs.

        Returns:
            True when the provider took it; None when it shows nothing of the kind.

        Raises:
            Retry, Permanent, AuthNeeded.
        """

    @hookspec
    def routes(self, host: Host) -> list[Route]:  # type: ignore[empty-body]  # a spec has no body
        """Which web endpoints do you need beside the webhook?

        Everyone is asked, once, when the web edge starts.

        Args:
            host: what the runner offers to them.
        """

    @hookspec
    def check(self) -> list[Finding]:  # type: ignore[empty-body]  # a spec has no body
        """Do your settings work?

        Everyone is asked; I/O with short timeouts. For ``mediacore doctor``.

        Returns:
            What is wrong, each with a remedy; an empty list when the account answers.
        """

    @hookspec
    def close(self) -> None:
        """Are you done with your connections?

        Everyone is told, once, when the site stops; nothing is asked of the plugin afterwards. No I/O that can wait.
        """


HOOKS: Iterable[str] = tuple(name for name in vars(Hooks) if not name.startswith("_"))
"""Every hook's name, in order."""
