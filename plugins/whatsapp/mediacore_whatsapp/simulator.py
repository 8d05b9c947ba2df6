"""WhatsApp on this machine: a Cloud API that keeps to Meta's documented rules, and the customers behind it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2 as httpx
from attrs import frozen

from mediacore.testkit import Callback, Callbacks, Devices, Mischief, Received, ReceivedFile, Running, Server
from mediacore_whatsapp import simulator_shapes as shapes
from mediacore_whatsapp.fields import table
from mediacore_whatsapp.signature import sign
from mediacore_whatsapp.simulator_customers import Customers
from mediacore_whatsapp.simulator_files import Files, Kept
from mediacore_whatsapp.simulator_pacing import Pacing
from mediacore_whatsapp.simulator_rules import GONE, LIMIT, PAIR, WINDOW, Fault, late_fault, trouble
from mediacore_whatsapp.simulator_templates import TEMPLATES, Approved, filled
from mediacore_whatsapp.simulator_web import app

UNFETCHED = Fault(131053, "Media upload error", "the link could not be fetched")
UNMARKED = Fault(131009, "Parameter value is not valid", "message_id is no message of a customer, or typing no text")
"""That a mark is refused is certain, by which code is written nowhere; this one says what is wrong."""
CACHED = 600.0
"""Seconds for which Meta keeps what lay behind a link, by its exact text:
https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages"""


@frozen
class _Sent:
    """A message of the business: to whom, with which key, and whether it is a voice note."""

    to: str
    key: str
    voice: bool


class WhatsAppSimulator(Customers, Running):
    """Meta's Cloud API for one number, on loopback.

    Customers are named by their number with a plus sign, or by a business-scoped user id. ``clock.forward(seconds)``
    lets time pass for them all.

    Args:
        port: 0 for any free port.
        phone_number_id, token, app_secret, verify_token: the account.
        display: the business's own number; its country code is what a number without a plus sign gets.
        country: that country code.
        webhook: the full address of the webhook; empty until it is known.
        reads: customers read whatever arrives.
        watching: customers have the chat open, so ``delivered`` is skipped and ``read`` comes at once.
        pacing: throughput, pair rate and 24-hour window.
        life: seconds that a file's address works.
        urls: webhooks carry a file's address beside its id.
        templates: those that Meta has approved.

    Attributes:
        wrote: ids of the customers' messages.
        marks: which of them the business marked as read, in order, and whether it was shown to be writing then.
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
        watching: bool = False,
        pacing: Pacing | None = None,
        life: float = 300.0,
        urls: bool = True,
        templates: Sequence[Approved] = TEMPLATES,
    ) -> None:
        self.phone_number_id, self.token, self.app_secret = phone_number_id, token, app_secret
        self.verify_token, self.display, self.country = verify_token, display, country
        self.webhook, self.reads, self.watching, self.urls = webhook, reads, watching, urls
        self.templates = tuple(templates)
        self.pacing = pacing or Pacing()
        self.clock = self.pacing.clock
        self.files = Files(life, self.clock)
        self.mischief, self.devices = Mischief(), Devices()
        self.answers: list[int] = []
        self.wrote: list[str] = []
        self.marks: list[tuple[str, bool]] = []
        self.closing = threading.Event()
        self._sent: dict[str, _Sent] = {}
        self._doomed: list[Fault] = []
        self._cached: dict[str, tuple[Kept, float]] = {}
        self._server = Server(app(self), port)
        self._callbacks = Callbacks(self.mischief, on_answer=lambda _, status: self.answers.append(status))
        self.url = self._server.url

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

    # What happens to what the business sent

    def read(self, source_id: str) -> None:
        """The customer reads a message that was delivered."""
        self._status(source_id, "read")

    def play(self, source_id: str) -> None:
        """The customer listens to a voice note.

        Raises:
            ValueError: the message is none.
        """
        if not self._sent[source_id].voice:
            raise ValueError(f"{source_id} is no voice note, and only those are played")
        self._status(source_id, "played")

    def doom(self, fault: Fault, times: int = 1) -> None:
        """Let the next messages be accepted and fail a moment later."""
        self._doomed += [fault] * times

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
        form, inner = body.get("type", "text"), dict(body[body.get("type", "text")])
        if template := form == "template":
            shown = filled(inner, self.templates)
            if isinstance(shown, Fault):
                return shown
            form, inner = _shown(*shown)
        given = str(body.get("to") or body.get("recipient"))
        # Without a plus sign Meta dials the number in the business's own country.
        to = given if "recipient" in body or given.startswith("+") else f"+{self.country}{given}"
        kept = self._file(inner) if form != "text" else None
        if "id" in inner and kept is None:
            return GONE
        if not self.pacing.flow():
            return LIMIT
        if not self.pacing.take(to):
            return PAIR
        source_id = shapes.wamid()
        self._sent[source_id] = _Sent(to, str(body.get("biz_opaque_callback_data", "")), bool(inner.get("voice")))
        late = self._doomed.pop(0) if self._doomed else None
        late = late or (None if template or self.pacing.open(to) else WINDOW)
        if form != "text":
            late = late or (late_fault(form, inner, kept) if kept else UNFETCHED)
        self._settle(_received(source_id, to, {**body, "type": form}, inner, kept), late)
        known = {"wa_id": to.lstrip("+")} if to.startswith("+") else {"user_id": to}
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": given, **known}],
            "messages": [{"id": source_id}],
        }

    def mark(self, body: Mapping[str, Any]) -> Fault | None:
        """A customer sees that their message was read, and perhaps that an answer is being written."""
        id_, typing = str(body.get("message_id", "")), body.get("typing_indicator")
        if id_ not in self.wrote or typing not in (None, {"type": "text"}):
            return UNMARKED
        self.marks.append((id_, typing is not None))
        return None

    def _settle(self, got: Received, late: Fault | None) -> None:
        if late is not None:
            self._status(got.source_id, "failed", late)
            return
        self._status(got.source_id, "sent")
        self.devices.deliver(got)
        if self.watching:
            self._status(got.source_id, "read")
            return
        self._status(got.source_id, "delivered")
        if self.reads:
            self._status(got.source_id, "read")

    def _file(self, inner: Mapping[str, Any]) -> Kept | None:
        """The uploaded file, or the one behind a link, which Meta fetches itself."""
        if "id" in inner:
            return self.files.find(str(inner["id"]), self.phone_number_id)
        link = str(inner["link"])
        kept, since = self._cached.get(link, (None, 0.0))
        if kept is not None and self.clock.now() - since < CACHED:
            return kept
        try:
            answer = httpx.get(link, trust_env=False, timeout=10, follow_redirects=True)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        if answer.status_code != 200:
            return None
        declared = answer.headers.get("content-type", "").partition(";")[0]
        kept = self.files.keep(self.phone_number_id, declared, "", answer.content)
        self._cached[link] = (kept, self.clock.now())
        return kept

    def _status(self, source_id: str, word: str, failure: Fault | None = None) -> None:
        sent = self._sent[source_id]
        number = sent.to.startswith("+")
        user_id = shapes.scoped(sent.to) if number else sent.to
        person = shapes.person(sent.to, "", user_id, not number)
        people = [] if word == "failed" else [person]  # Meta names nobody beside a failure
        value = shapes.value(people, "statuses", [shapes.status(source_id, word, sent.to, sent.key, failure)])
        self.raw(shapes.envelope(self.account, self.phone_number_id, self.display, "messages", value))


def _shown(form: str, file: dict[str, Any], words: str) -> tuple[str, dict[str, Any]]:
    """A filled template as the message that it looks like: a text, or a file with a caption."""
    return (form, {**file, "caption": words}) if form else ("text", {"body": words})


def _received(
    source_id: str, to: str, body: Mapping[str, Any], inner: Mapping[str, Any], kept: Kept | None
) -> Received:
    """What the customer holds in hand; ``trouble`` says what the phone cannot do with a file that Meta took.

    Args:
        source_id, to: the message's id and the customer.
        body: the request.
        inner: the text or the media object in it.
        kept: the file.
    """
    form = body.get("type", "text")
    files = (ReceivedFile(inner.get("filename", ""), kept.type, kept.data),) if kept else ()
    extra = {
        "type": form,
        "template": table(body.get("template")).get("name", ""),
        "reply_to": table(body.get("context")).get("message_id", ""),
        "voice": "true" if inner.get("voice") else "",
        "trouble": trouble(form, inner, kept),
    }
    text = inner.get("body", "") or inner.get("caption", "")
    return Received(source_id, to, text, files, tuple((name, value) for name, value in extra.items() if value))
