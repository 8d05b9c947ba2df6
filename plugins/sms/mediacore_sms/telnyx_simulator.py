"""Telnyx's messaging on loopback: takes messages, fetches their files, calls back, and lets customers write.

It signs as Telnyx does and so needs the extra ``mediacore-sms[telnyx]``. What a message may be is in ``telnyx_rules``.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import queue
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import httpx2 as httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mediacore.testkit import Act, Callback, Callbacks, Devices, Mischief, Received, ReceivedFile, Running, Server
from mediacore_sms import telnyx_shapes as shapes
from mediacore_sms.simulator_rules import REACH, filename
from mediacore_sms.simulator_web import Dropped
from mediacore_sms.telnyx_rules import objection, refusal
from mediacore_sms.telnyx_signature import HEADER, STAMP, library, message


class TelnyxSimulator(Running):
    """One account at a Telnyx of its own.

    Args:
        port: where the API and the media files are; 0 for any free port.
        api_key: what signs in.
        seed: 32 bytes from which the key pair is made that signs deliveries.
        sender: the account's number.
        webhook: our runner's public webhook address; may be set later.
        profile: whose carrier limit holds, as in the plugin's limits.
        patience: seconds for which a file is asked for again while our server is down.
        confirms: carriers report ``delivered``; else the last word is ``delivery_unconfirmed``.

    Attributes:
        troubles: a customer's number to the error code that each message to it meets.
        answers: the HTTP statuses that our webhook gave.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        api_key: str = "KEYsimulated",
        seed: bytes = b"the seed of a simulated account.",
        sender: str = "+14155550199",
        webhook: str = "",
        profile: str = "telnyx",
        patience: float = 15.0,
        confirms: bool = True,
    ) -> None:
        self.api_key, self.sender, self.webhook, self.profile = api_key, sender, webhook, profile
        self.patience, self.confirms = patience, confirms
        self._key = library().Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()
        self.mischief, self.devices = Mischief(), Devices()
        self.answers: list[int] = []
        self.troubles: dict[str, str] = {}
        self.messages: dict[str, dict[str, Any]] = {}
        self.media: dict[str, ReceivedFile] = {}
        self.closing = threading.Event()
        self._server = Server(Starlette(routes=self._routes()), port)
        self.url = self._server.url
        self._callbacks = Callbacks(self.mischief, on_answer=lambda _, status: self.answers.append(status))
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._worker = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Serve and deliver; returns once connections are taken."""
        self._server.start()
        self._worker.start()

    def close(self) -> None:
        """Stop everything; what was not delivered is dropped."""
        self.closing.set()
        self._queue.put(None)
        self._worker.join(timeout=30)
        self._callbacks.close()
        self._server.close()

    def settings(self) -> dict[str, Any]:
        """The inbox settings that make the plugin talk to this simulator."""
        return {
            "channel": "sms",
            "provider": "telnyx",
            "api_key": self.api_key,
            "public_keys": [self.public_key],
            "sender": self.sender,
            "public_url": self.webhook,
            "profile": self.profile,
            "api_url": self.url,
            "media_hosts": [self.url],
            "timeout": 3.0,
        }

    def inbound(
        self,
        sender: str,
        text: str = "",
        files: Iterable[tuple[str, str, bytes]] = (),
        **options: Any,  # noqa: ANN401 - options of several types
    ) -> str:
        """Let a customer write.

        Args:
            sender: their number.
            text: their words.
            files: name, MIME type and bytes of each file.
            options: ``smil=True`` adds the presentation that some carriers pass on; ``opt_out="STOP"`` is a keyword
                that Telnyx answers itself, after which nothing reaches this customer until ``"START"``;
                ``extra`` holds more fields of the message.

        Returns:
            The message's id.
        """
        word = options.get("opt_out")
        if word == "STOP":
            self.troubles[sender] = "40300"
        elif word == "START" and self.troubles.get(sender) == "40300":
            del self.troubles[sender]
        smil = [("smil.xml", "application/smil", b"<smil/>")] if options.get("smil") else []
        media = [self._keep(ReceivedFile(*file)) for file in (*files, *smil)]
        payload = shapes.inbound(sender, self.sender, text, media) | {"autoresponse_type": word}
        payload |= dict(options.get("extra", {}))
        self.raw(shapes.event("message.received", payload))
        return str(payload["id"])

    def status(self, source_id: str, word: str, code: str = "") -> None:
        """Report a status of one message, in any order; ``message.sent`` for sent, else ``message.finalized``."""
        told = self.messages[source_id]
        told["to"] = [told["to"][0] | {"status": word}]
        told["errors"] = [shapes.fault(code, "as the simulator was told")] if code else []
        told["sent_at"] = told["sent_at"] or shapes.now()
        told["completed_at"] = None if word == "sent" else shapes.now()
        kind = "message.sent" if word == "sent" else "message.finalized"
        if told["webhook_url"]:
            self.raw(shapes.event(kind, told), str(told["webhook_url"]))

    def raw(self, payload: bytes | Mapping[str, Any], url: str = "") -> None:
        """Post any body to the webhook, correctly signed.

        Args:
            payload: bytes, or what becomes JSON.
            url: where to, when it is not the webhook.
        """
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        stamp = str(int(time.time()))
        signature = base64.b64encode(self._key.sign(message(stamp, body))).decode()
        headers = {HEADER: signature, STAMP: stamp, "Content-Type": "application/json"}
        self._callbacks.add(Callback(url or self.webhook, headers, body))

    def _keep(self, file: ReceivedFile) -> dict[str, Any]:
        name = uuid.uuid4().hex
        self.media[name] = file
        digest = hashlib.sha256(file.data).hexdigest()
        return {
            "url": f"{self.url}/media/{name}",
            "content_type": file.type,
            "size": len(file.data),
            "sha256": digest,
        }

    def _work(self) -> None:
        with httpx.Client(timeout=15, trust_env=False, follow_redirects=True) as client:
            while (told := self._queue.get()) is not None:
                self._deliver(client, told)

    def _deliver(self, client: httpx.Client, told: dict[str, Any]) -> None:
        source, to, text = str(told["id"]), str(told["to"][0]["phone_number"]), str(told["text"])
        fetched = [self._fetch(client, str(item["url"])) for item in told["media"]]
        files = [file for file in fetched if file is not None]
        # "if the URL ... returns an error, the message will fail":
        # https://developers.telnyx.com/docs/messaging/messages/send-receive-mms/index
        fault = "40317" if len(files) < len(fetched) else objection(text, files, self.profile)
        if fault:
            self.status(source, "sending_failed", fault)
            return
        self.status(source, "sent")
        # Telnyx does not tell which code a number abroad gets; of its list this is the nearest
        trouble = "40301" if files and not to.startswith(REACH) else self.troubles.get(to, "")
        if trouble:
            self.status(source, "delivery_failed", trouble)
            return
        self.devices.deliver(Received(source, to, text, tuple(files)))
        self.status(source, "delivered" if self.confirms else "delivery_unconfirmed")

    def _fetch(self, client: httpx.Client, url: str) -> ReceivedFile | None:
        end = time.monotonic() + self.patience
        while True:
            try:
                answer = client.get(url)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code < 500:
                break
            if time.monotonic() > end or self.closing.wait(0.25):
                return None
        if answer.status_code != 200:
            return None
        name = filename(answer.headers.get("content-disposition", ""))
        return ReceivedFile(name, answer.headers.get("content-type", ""), answer.content)

    # The API

    def _routes(self) -> list[Route]:
        return [
            Route("/v2/messages", self._create, methods=["POST"]),
            Route("/v2/messaging_profiles", self._profiles, methods=["GET"]),
            Route("/media/{name}", self._serve, methods=["GET"]),
        ]

    async def _create(self, request: Request) -> Response:
        if (refused := self._refused(request, "send")) is not None:
            return refused
        try:
            asked = json.loads(await request.body())
        except ValueError:
            return _error(400, "10023", "Invalid JSON")
        if not isinstance(asked, dict):
            return _error(400, "10015", "Bad Request")
        code, title = refusal(asked, self.sender, self.troubles)
        if code:
            return _error(400, code, title)
        told = shapes.outbound(asked)
        answer = json.loads(json.dumps(told))
        self.messages[told["id"]] = told
        self._queue.put(told)
        if self.mischief.take(Act.DROP_AFTER, "send"):
            return Dropped()
        if self.mischief.take(Act.HANG_AFTER, "send"):
            while not (self.closing.is_set() or await request.is_disconnected()):
                await asyncio.sleep(0.05)
            return Dropped()
        return JSONResponse({"data": answer})

    async def _profiles(self, request: Request) -> Response:
        return self._refused(request, "account") or JSONResponse({"data": [], "meta": {"total_results": 0}})

    async def _serve(self, request: Request) -> Response:
        """A media file; its address is the permission, and a key beside it would be a leak."""
        file = self.media.get(request.path_params["name"])
        if "authorization" in request.headers:
            return Response("InvalidArgument", 400)
        if file is None or self.mischief.take(Act.LATE_MEDIA, "media"):
            return Response("NoSuchKey", 404)
        wrong = self.mischief.take(Act.WRONG_TYPE, "media")
        return Response(file.data, headers={"Content-Type": "application/octet-stream" if wrong else file.type})

    def _refused(self, request: Request, place: str) -> Response | None:
        """What comes before any call is looked at: https://developers.telnyx.com/development/api-fundamentals/api-errors."""
        given = request.headers.get("authorization", "")
        if self.mischief.take(Act.UNAUTHORIZED, place) or given != f"Bearer {self.api_key}":
            return _error(401, "10009", "Authentication failed")
        if self.mischief.take(Act.ERROR, place):
            return _error(503, "10007", "Unexpected error")
        if self.mischief.take(Act.THROTTLE, place):
            return _error(429, "10011", "Too many requests", {"Retry-After": "1"})
        return None


def _error(status: int, code: str, title: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"errors": [shapes.fault(code, title)]}, status, headers)
