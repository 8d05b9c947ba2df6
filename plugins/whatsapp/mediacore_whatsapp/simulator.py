"""WhatsApp on this machine: a Cloud API that keeps to Meta's documented rules, and the customers behind it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx2 as httpx

from mediacore.testkit import Callback, Callbacks, Devices, Mischief, Received, ReceivedFile, Server
from mediacore_whatsapp import simulator_shapes as shapes
from mediacore_whatsapp.signature import sign
from mediacore_whatsapp.simulator_files import Files, Kept
from mediacore_whatsapp.simulator_pacing import Pacing
from mediacore_whatsapp.simulator_rules import GONE, PAIR, WINDOW, Fault, late_fault
from mediacore_whatsapp.simulator_web import app

TOO_LARGE = Fault(131052, "Media download error", "Media file size too big. Max file size we currently support: 100MB.")
"""What a webhook says of a customer's file above 100 MB:
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media"""
UNKNOWN = Fault(131051, "Message type unknown", "Message type is currently not supported.")


class WhatsAppSimulator:
    """Meta's Cloud API for one number, on loopback.

    Customers are named by their number with a plus sign, or by a business-scoped user id.

    Args:
        port: 0 for any free port.
        phone_number_id, token, app_secret, verify_token: the account.
        display: the business's own number; its country code is what a number without a plus sign gets.
        country: that country code.
        webhook: the full address of the webhook; empty until it is known.
        reads: customers read whatever arrives.
        pacing: pair rate and 24-hour window.
        life: seconds that a file's address works.
        urls: webhooks carry a file's address beside its id.
    """

    account = "102290129340398"

    def __init__(
        self,
        *,
        port: int = 0,
        phone_number_id: str = "106540352242922",
        token: str = "simulated-token",  # noqa: S107 - a simulated account's
        app_secret: str = "simulated-app-secret",  # noqa: S107 - a simulated account's
        verify_token: str = "simulated-verify-token",  # noqa: S107 - a simulated account's
        display: str = "+15550783881",
        country: str = "1",
        webhook: str = "",
        reads: bool = False,
        pacing: Pacing | None = None,
        life: float = 300.0,
        urls: bool = True,
    ) -> None:
        self.phone_number_id, self.token, self.app_secret = phone_number_id, token, app_secret
        self.verify_token, self.display, self.country = verify_token, display, country
        self.webhook, self.reads, self.urls = webhook, reads, urls
        self.pacing = pacing or Pacing()
        self.files = Files(life)
        self.mischief, self.devices = Mischief(), Devices()
        self.answers: list[int] = []
        self.closing = threading.Event()
        self._sent: dict[str, tuple[str, str]] = {}
        self._server = Server(app(self), port)
        self._callbacks = Callbacks(self.mischief, on_answer=lambda _, status: self.answers.append(status))
        self.url = self._server.url

    def __enter__(self) -> WhatsAppSimulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start serving."""
        self._server.start()

    def close(self) -> None:
        """Stop; callbacks that were not delivered are dropped."""
        self.closing.set()
        self._callbacks.close()
        self._server.close()

    def settings(self) -> dict[str, Any]:
        """An inbox's table that talks to this simulator."""
        return {
            "channel": "whatsapp",
            "phone_number_id": self.phone_number_id,
            "token": self.token,
            "app_secrets": [self.app_secret],
            "verify_token": self.verify_token,
            "api_url": f"{self.url}/v25.0",
            "media_hosts": [self.url],
        }

    def address(self, kept: Kept) -> str:
        """A fresh address of a file, short-lived and good only with the token."""
        return f"{self.url}/whatsapp_business/attachments/?mid={self.files.address(kept.id)}"

    # What customers do

    def inbound(self, sender: str, text: str = "", files: Sequence[tuple[str, str, bytes]] = (), **options: Any) -> str:  # noqa: ANN401 - keyword options of several types
        """A customer writes; WhatsApp has one file a message, so several files are several messages.

        Args:
            sender: the customer.
            text: their words; the caption of the first file that can bear one.
            files: name, MIME type and bytes of each.
            options: ``batch`` puts all messages into one delivery; ``voice``, ``animated`` mark the files;
                ``reply_to``, ``forwarded``, ``referral`` and ``echo`` (the business wrote it in the phone app) mark
                the messages; ``name``, ``user_id``, ``hidden`` (no number) describe the customer; ``number`` is
                another phone number id of the same app.

        Returns:
            The id of the first message.
        """
        batch = options.pop("batch", False)
        flags = {name for name in ("voice", "animated") if options.pop(name, False)}
        left, pieces = text, []
        for name, declared, data in files:
            form = shapes.form_of(declared)
            bears = form in ("image", "video", "document")
            kept = self.files.keep(self.phone_number_id, declared.partition(";")[0], name, data)
            content = shapes.media(kept, form, declared, left if bears else "", self.address(kept) if self.urls else "")
            mark = {"audio": "voice", "sticker": "animated"}.get(form, "")
            if mark:
                content[mark] = mark in flags
            left = "" if bears else left
            pieces.append(shapes.message(form, content))
        if left or not pieces:
            pieces.append(shapes.message("text", {"body": left}))
        for group in [pieces] if batch else [[piece] for piece in pieces]:
            self.post(sender, group, **options)
        return str(pieces[0]["id"])

    def say(self, sender: str, kind: str, content: object, **options: Any) -> str:  # noqa: ANN401 - as for post
        """A customer sends a message of any type, such as ``location``, ``contacts``, ``order`` or ``system``."""
        piece = shapes.message(kind, content)
        self.post(sender, [piece], **options)
        return str(piece["id"])

    def react(self, sender: str, target: str, emoji: str | None) -> str:
        """A customer reacts; None takes the reaction back by leaving the emoji out, an empty one does the same."""
        return self.say(sender, "reaction", {"message_id": target, **({} if emoji is None else {"emoji": emoji})})

    def edit(self, sender: str, target: str, text: str) -> str:
        """A customer changes a message's words."""
        new = {"type": "text", "text": {"body": text}}
        return self.say(sender, "edit", {"original_message_id": target, "message": new})

    def revoke(self, sender: str, target: str) -> str:
        """A customer takes a message back."""
        return self.say(sender, "revoke", {"original_message_id": target})

    def unsupported(self, sender: str, kind: str = "poll_creation", fault: Fault = UNKNOWN) -> str:
        """A customer sends what WhatsApp does not forward; with ``TOO_LARGE``, a file above 100 MB."""
        piece = shapes.message("unsupported", {"type": kind} if kind else None, errors=shapes.errors(fault))
        self.post(sender, [piece])
        return str(piece["id"])

    def post(
        self,
        sender: str,
        pieces: Sequence[dict[str, Any]],
        *,
        name: str = "Sheena Nelson",
        user_id: str = "",
        hidden: bool = False,
        reply_to: str = "",
        forwarded: bool = False,
        referral: Mapping[str, Any] | None = None,
        echo: bool = False,
        number: str = "",
    ) -> None:
        """Deliver messages of one customer in one webhook call; the options are those of ``inbound``."""
        side = "to" if echo else "from"
        if not sender.startswith("+"):
            user_id, hidden = sender, True
        context: dict[str, Any] = {"from": self.display.lstrip("+"), "id": reply_to} if reply_to else {}
        context |= {"forwarded": True} if forwarded else {}
        for piece in pieces:
            piece |= {} if hidden else {side: sender.lstrip("+")}
            piece |= {f"{side}_user_id": user_id} if user_id else {}
            piece |= {"from": self.display.lstrip("+")} if echo else {}
            piece |= {"context": context} if context else {}
            piece |= {"referral": dict(referral)} if referral else {}
        if not echo:
            self.pacing.wrote(user_id if hidden else sender)
        people = [shapes.person(sender, name, user_id, hidden)]
        field, listed = ("smb_message_echoes", "message_echoes") if echo else ("messages", "messages")
        value = shapes.value(people, listed, pieces)
        self.raw(shapes.envelope(self.account, number or self.phone_number_id, self.display, field, value))

    def read(self, source_id: str) -> None:
        """The customer reads a message that was delivered."""
        self._status(source_id, "read")

    def raw(self, payload: object) -> None:
        """Post anything, escaped and signed as Meta does; bytes go as they are."""
        body = payload if isinstance(payload, bytes) else shapes.escaped(payload)
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign(self.app_secret, body)}
        if self.webhook:
            self._callbacks.add(Callback(self.webhook, headers, body))

    def handshake(self, challenge: str = "1158201444") -> tuple[int, str]:
        """Verify the webhook as Meta does when its address is saved; status and body of the answer."""
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": self.verify_token}
        answer = httpx.get(self.webhook, params=query, trust_env=False, timeout=10)
        return answer.status_code, answer.text

    # What the business does

    def take(self, body: Mapping[str, Any]) -> dict[str, Any] | Fault:
        """Accept a message that is well formed; what is wrong with its file or its time shows later, as a status."""
        form = body.get("type", "text")
        inner: Mapping[str, Any] = body[form]
        given = str(body.get("to") or body.get("recipient"))
        # Without a plus sign Meta dials the number in the business's own country.
        to = given if "recipient" in body or given.startswith("+") else f"+{self.country}{given}"
        kept = self._file(inner) if form != "text" else None
        if "id" in inner and kept is None:
            return GONE
        if not self.pacing.take(to):
            return PAIR
        source_id = shapes.wamid()
        self._sent[source_id] = (to, str(body.get("biz_opaque_callback_data", "")))
        late = None if self.pacing.open(to) else WINDOW
        if form != "text":
            broken = Fault(131053, "Media upload error", "the link could not be fetched")
            late = late or (late_fault(form, inner, kept) if kept else broken)
        self._settle(source_id, to, body, kept, late)
        known = {"wa_id": to.lstrip("+")} if to.startswith("+") else {"user_id": to}
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": given, **known}],
            "messages": [{"id": source_id}],
        }

    def _settle(self, source_id: str, to: str, body: Mapping[str, Any], kept: Kept | None, late: Fault | None) -> None:
        if late is not None:
            self._status(source_id, "failed", late)
            return
        self._status(source_id, "sent")
        form = body.get("type", "text")
        inner = body[form]
        files = (ReceivedFile(inner.get("filename", ""), kept.type, kept.data),) if kept else ()
        reply_to = (body.get("context") or {}).get("message_id", "")
        extra = [("type", form), ("reply_to", reply_to), ("voice", "true" if inner.get("voice") else "")]
        text = inner.get("body", "") or inner.get("caption", "")
        self.devices.deliver(Received(source_id, to, text, files, tuple(pair for pair in extra if pair[1])))
        self._status(source_id, "delivered")
        if self.reads:
            self._status(source_id, "read")

    def _file(self, inner: Mapping[str, Any]) -> Kept | None:
        """The uploaded file, or the one behind a link, which Meta fetches itself."""
        if "id" in inner:
            return self.files.find(str(inner["id"]), self.phone_number_id)
        try:
            answer = httpx.get(str(inner["link"]), trust_env=False, timeout=10, follow_redirects=True)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        declared = answer.headers.get("content-type", "").partition(";")[0]
        if answer.status_code != 200:
            return None
        return self.files.keep(self.phone_number_id, declared, "", answer.content)

    def _status(self, source_id: str, word: str, failure: Fault | None = None) -> None:
        to, key = self._sent[source_id]
        value = shapes.value([], "statuses", [shapes.status(source_id, word, to, key, failure)])
        self.raw(shapes.envelope(self.account, self.phone_number_id, self.display, "messages", value))
