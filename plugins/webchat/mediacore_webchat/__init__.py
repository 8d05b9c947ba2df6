"""Our own web chat: uploads that resume, a socket, a widget. It is its own provider.

The ledger is the conversation's store: a message is delivered once the visitor's browser has shown it. So ``send`` only
says yes, and the socket (see ``live``) shows what the ledger holds.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from attrs import field, frozen

from mediacore import (
    Event,
    Fetched,
    Finding,
    Host,
    Limits,
    Outgoing,
    Permanent,
    Receipt,
    Remote,
    Request,
    Retry,
    Route,
    Severity,
    hookimpl,
    override_limits,
    read_limits,
)
from mediacore_webchat import settings, wire

__all__ = ["WebChatChannel"]


@frozen(eq=False)
class WebChatChannel:
    """One web chat.

    Args:
        secret: signs visitors' tokens and the edge's own deliveries; 16 characters or more.
        origins: sites whose pages may embed the chat (``https://shop.example.com``); ``*`` for any. Pages of the
            runner itself always may.
        title: the chat's heading.
        max_bytes: the largest file, both ways; 0 for 40 MiB.
        profile: which profile of the limits holds.
        old_secrets: earlier secrets, oldest first: visitors keep their conversations while a secret is changed.
        identity_secrets: shared with the site's backend, which signs with one of them who a visitor is; 32 characters
            or more each.
        anonymous: whether visitors for whom no site vouches may write.
        sessions_per_minute: new visitors from one network address; 0 for no bound.
        messages_per_minute: messages of one visitor; 0 for no bound.
        uploads_per_hour: files of one visitor; 0 for no bound.
    """

    secret: str = field(repr=False, validator=settings.long_enough)
    origins: tuple[str, ...] = field(default=(), validator=settings.sites)
    title: str = "Chat with us"
    max_bytes: int = field(default=0, validator=settings.not_negative)
    profile: str = "default"
    old_secrets: tuple[str, ...] = field(default=(), repr=False, validator=settings.long_enough)
    identity_secrets: tuple[str, ...] = field(default=(), repr=False, validator=settings.long_enough_to_share)
    anonymous: bool = True
    sessions_per_minute: int = field(default=60, validator=settings.not_negative)
    messages_per_minute: int = field(default=60, validator=settings.not_negative)
    uploads_per_hour: int = field(default=300, validator=settings.not_negative)

    @hookimpl
    def limits(self) -> Limits:
        """The limits of ``limits.toml``, under the setting ``max_bytes`` where it is given."""
        found = read_limits(Path(__file__).with_name("limits.toml"), self.profile)
        if not self.max_bytes:
            return found
        sorts = {a.name: {"max_bytes": self.max_bytes} for a in found.accept}
        return override_limits(found, {"accept": sorts, "inbound": {"max_bytes": self.max_bytes}})

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        """Verify and parse a delivery of our own edge."""
        return wire.parse(request, (self.secret, *self.old_secrets))

    @hookimpl
    def fetch(self, remote: Remote, into: Path) -> Fetched:
        """Copy an upload from where the edge stored it; a copy, since whoever gets ``into`` may write to it."""
        stored = Path(remote.extra.get("path", ""))
        digest = hashlib.sha256()
        try:
            with stored.open("rb") as source, into.open("wb") as sink:
                while chunk := source.read(1024 * 1024):
                    digest.update(chunk)
                    sink.write(chunk)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise Permanent("the uploaded file is no longer stored", code="expired") from error
        except OSError as error:
            raise Retry(f"the uploaded file could not be copied: {error.strerror}", code="storage") from error
        if digest.hexdigest() != remote.sha256:
            raise Permanent("the uploaded file is not what was uploaded", code="corrupt")
        return Fetched(remote.type)

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        """Say yes: the ledger's own row is what the socket shows, so nothing can be lost or come twice."""
        return Receipt(source_id=message.key)

    @hookimpl
    def reconcile(self, message: Outgoing) -> Receipt:
        """The same yes."""
        return Receipt(source_id=message.key)

    @hookimpl
    def routes(self, host: Host) -> list[Route]:
        """Everything below the inbox's prefix."""
        from mediacore_webchat.edge import Edge  # the web framework, only where a web edge runs
        from mediacore_webchat.terms import Terms

        terms = Terms(
            secret=self.secret,
            secrets=(*self.old_secrets, self.secret),
            origins=self.origins,
            title=self.title,
            limits=self.limits(),
            identity_secrets=self.identity_secrets,
            anonymous=self.anonymous,
            sessions_per_minute=self.sessions_per_minute,
            messages_per_minute=self.messages_per_minute,
            uploads_per_hour=self.uploads_per_hour,
        )
        return [Route("/", Edge(host, terms).app())]

    @hookimpl
    def check(self) -> list[Finding]:
        """Nothing to call; says which pages may show the chat, and whether anybody can write at all."""
        found = []
        if not self.origins:
            message = "only pages of this server may show the chat"
            found.append(Finding("no-origins", Severity.NOTE, message, "list the sites that embed it under origins"))
        if not self.anonymous and not self.identity_secrets:
            message = "nobody can write: anonymous visitors may not, and no site can say who a visitor is"
            found.append(Finding("nobody", Severity.REFUSE, message, "set identity_secrets, or anonymous = true"))
        return found
