"""A simulated Instagram: Meta's Send and Conversations APIs, its webhooks and its file host, on loopback.

It refuses what Meta refuses, with Meta's codes (``simulator_rules``), remembers what was written
(``simulator_threads``), signs and escapes webhooks as Meta does (``simulator_shapes``) and serves customers' files from
signed addresses (``simulator_cdn``).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import httpx2
from starlette.applications import Starlette
from starlette.routing import Route

from mediacore.testkit import Callback, Callbacks, Devices, Mischief, ReceivedFile, Running, Server
from mediacore_instagram import simulator_rules as rules
from mediacore_instagram import simulator_shapes as shapes
from mediacore_instagram.simulator_cdn import Cdn
from mediacore_instagram.simulator_graph import Graph, new_mid

PAGE: Final = "1098765432100"
"""The Page that the account is linked to."""
_KINDS: Final = {"image": "image", "audio": "audio", "video": "video"}


class InstagramSimulator(Running):
    """Meta and its customers.

    Customers count as having just written unless ``wrote`` says otherwise.

    Args:
        port: 0 for any free port.
        account, token, app_secret, verify_token: the business's account as Meta knows it.
        product: ``login`` or ``page``: which of Meta's products the account is connected through.
        webhook: the full public address of our runner's webhook; can be set later.
        echoes: call back each sent message as an echo, as Meta does for apps that subscribe to echoes.
        human_agent: Meta has approved the HUMAN_AGENT tag for this app.
        patience: seconds until Meta gives up fetching a file.

    Attributes:
        url: where it serves. mischief: what goes wrong next (places ``send``, ``upload``, ``check``, ``look``,
        ``media``). devices: what customers received. answers: the statuses our webhook gave. graph: the account's state
        at Meta.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        account: str = "17841400000000001",
        token: str = "IGtoken",  # noqa: S107 - a simulated account's
        app_secret: str = "app-secret",  # noqa: S107 - the same
        verify_token: str = "verify",  # noqa: S107 - the same
        product: Literal["login", "page"] = "login",
        webhook: str = "",
        echoes: bool = True,
        human_agent: bool = True,
        patience: float = 75.0,
    ) -> None:
        self.account, self.app_secret, self.verify_token = account, app_secret, verify_token
        self.webhook, self.echoes, self.product = webhook, echoes, product
        self.mischief, self.devices = Mischief(), Devices()
        self.answers: list[int] = []
        page = PAGE if product == "page" else ""
        self.graph = Graph(account, token, page, human_agent, patience, self.mischief, self.devices, self._call_back)
        self._cdn = Cdn(self.mischief)
        self._callbacks = Callbacks(self.mischief, on_answer=lambda _, status: self.answers.append(status))
        self._server = Server(Starlette(routes=self._routes()), port)
        self.url = self._cdn.origin = self._server.url

    def start(self) -> None:
        """Start serving."""
        self._server.start()

    def close(self) -> None:
        """Stop serving, and let go of calls that hang."""
        self.graph.closing.set()
        self._callbacks.close()
        self._server.close()
        self.graph.close()

    def settings(self) -> dict[str, Any]:
        """The inbox settings that make the plugin talk to this simulator."""
        return {
            "channel": "instagram",
            "account": self.account,
            "token": self.graph.token,
            "product": self.product,
            "app_secrets": [self.app_secret],
            "verify_token": self.verify_token,
            "api_url": self.url,
            "media_hosts": [self.url],
        }

    def handshake(self) -> bool:
        """Verify the webhook as Meta's dashboard does; whether it answered with the challenge, word for word."""
        challenge = str(secrets.randbelow(10**10))
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": self.verify_token}
        answer = httpx2.get(self.webhook, params=query, trust_env=False)
        return answer.status_code == 200 and answer.text == challenge

    def wrote(self, customer: str, ago: timedelta) -> None:
        """Set when a customer wrote last, for the window of 24 hours."""
        self.graph.last[customer] = datetime.now(UTC) - ago

    def refuse(self, code: int, sub: int = 0, status: int = 400, message: str = "simulated") -> None:
        """Answer the next send with this error."""
        self.graph.errors.append(rules.GraphError(status, code, sub, message))

    def inbound(
        self,
        sender: str,
        text: str = "",
        files: Sequence[tuple[str, str, bytes]] = (),
        *,
        standby: bool = False,
        twice: bool = False,
        **options: Any,  # noqa: ANN401 - handed on to ``message``, which names and types them
    ) -> str:
        """Let a customer write.

        Args:
            sender: their Instagram-scoped id.
            text: the words.
            files: name (not transmitted), type and bytes of each.
            standby: deliver it as to an app that does not hold the thread.
            twice: the account is connected through both products, and both deliver it.
            options: see ``message``.

        Returns:
            The message's id.
        """
        written = self.message(sender, text, files, **options)
        for _ in range(2 if twice else 1):
            self.post([written], "standby" if standby else "messaging")
        return str(written["message"]["mid"])

    def message(
        self,
        sender: str,
        text: str = "",
        files: Sequence[tuple[str, str, bytes]] = (),
        *,
        kinds: Sequence[str] = (),
        also: str = "",
        reply_to: str = "",
        story: str = "",
        link: str = "",
        ephemeral: bool = False,
        unsupported: bool = False,
        octet: bool = False,
        lives: timedelta | None = None,
    ) -> dict[str, Any]:
        """Build a customer's message without delivering it; several of them make a batch for ``post``.

        Args:
            sender, text, files: as for ``inbound``.
            kinds: attachment types in place of those that the files' types tell (``story_mention``, ``ig_reel`` ...).
            also: repeat the last attachment under this type with another signature, as a shared post comes twice.
            reply_to, story: the message it answers, or the address of the story.
            link: an attachment of type ``share`` that leads to this address.
            ephemeral, unsupported: it was to be viewed once; Meta says only that it exists.
            octet, lives: files are served as application/octet-stream; how long they are served.
        """
        self.wrote(sender, timedelta())
        content: dict[str, Any] = {"mid": new_mid()} | ({"text": text} if text else {})
        items = self._served(files, kinds, "application/octet-stream" if octet else "", lives)
        if also:
            items.append(shapes.attachment(also, self._cdn.again(items[-1]["payload"]["url"])))
        items += [shapes.attachment("share", link)] * bool(link) + [shapes.attachment("ephemeral")] * ephemeral
        content |= {"attachments": items} if items else {}
        content |= {"is_unsupported": True} if unsupported else {}
        if reply_to or story:
            content["reply_to"] = {"mid": reply_to} if reply_to else {"story": {"url": story, "id": "1"}}
        shown = [(item["type"], item.get("payload", {}).get("url", "")) for item in items]
        self.graph.threads.write(sender, content["mid"], text, shown)
        return shapes.event(sender, self.account, message=content)

    def _served(
        self, files: Sequence[tuple[str, str, bytes]], kinds: Sequence[str], served_as: str, lives: timedelta | None
    ) -> list[dict[str, Any]]:
        told = (*kinds, *(_KINDS.get(mime.partition("/")[0], "file") for _, mime, _ in files[len(kinds) :]))
        urls = [self._cdn.put(data, served_as or mime, lives) for _, mime, data in files]
        return [shapes.attachment(kind, url) for kind, url in zip(told, urls, strict=True)]

    def react(self, sender: str, mid: str, emoji: str = "\u2764\ufe0f", reaction: str = "love") -> None:
        """A customer reacts; with an empty emoji they take it back."""
        content = {"action": "react", "reaction": reaction, "emoji": emoji} if emoji else {"action": "unreact"}
        self.post([shapes.event(sender, self.account, reaction={"mid": mid, **content})])

    def read(self, sender: str, mid: str) -> None:
        """A customer has seen a message."""
        self.post([shapes.event(sender, self.account, read={"mid": mid})])

    def delete(self, sender: str, mid: str) -> None:
        """A customer takes a message back."""
        self.post([shapes.event(sender, self.account, message={"mid": mid, "is_deleted": True})])

    def typed(self, customer: str, text: str) -> str:
        """Somebody at the business writes in the Instagram app; only an echo tells. Returns the message's id."""
        mid = new_mid()
        self.graph.threads.write(customer, mid, text, mine=True)
        self.post([self._echo(mid, customer, {"text": text})])
        return mid

    def post(self, events: Sequence[Mapping[str, Any]], place: str = "messaging") -> None:
        """Deliver events in one webhook call."""
        self.raw(shapes.delivery(self.account, [dict(e) for e in events], place))

    def raw(self, payload: object) -> None:
        """Deliver any body, signed as Meta signs; bytes go as they are."""
        if not self.webhook:
            raise ValueError("the simulator has no webhook to call: set its attribute webhook")
        body = payload if isinstance(payload, bytes) else shapes.dump(payload)
        self._callbacks.add(Callback(self.webhook, shapes.headers(body, self.app_secret), body))

    def _routes(self) -> list[Route]:
        return [
            Route("/ig_messaging_cdn/", self._cdn.serve),
            Route("/{version}/{node}/messages", self.graph.messages, methods=["POST"]),
            Route("/{version}/{node}/message_attachments", self.graph.attachments, methods=["POST"]),
            Route("/{version}/{node}/subscribed_apps", self.graph.subscriptions),
            Route("/{version}/{node}/conversations", self.graph.conversations),
            Route("/{version}/{object}", self.graph.read),
        ]

    def _call_back(self, mid: str, order: rules.Order, files: Sequence[ReceivedFile]) -> None:
        if not (self.echoes and self.webhook):
            return
        urls = [self._cdn.put(file.data, file.type) for file in files]
        items = [shapes.attachment(piece.kind, url) for piece, url in zip(order.files, urls, strict=True)]
        self.post([self._echo(mid, order.to, {"attachments": items} if items else {"text": order.text})])

    def _echo(self, mid: str, customer: str, content: Mapping[str, Any]) -> dict[str, Any]:
        return shapes.event(self.account, customer, message={"mid": mid, "is_echo": True, **content})


def page(**settings: Any) -> InstagramSimulator:  # noqa: ANN401 - handed on, named and typed there
    """The same through a linked Page; arguments as for ``InstagramSimulator``."""
    return InstagramSimulator(product="page", **settings)
