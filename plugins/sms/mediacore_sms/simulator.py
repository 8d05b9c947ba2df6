"""Twilio's messaging on loopback: takes messages, fetches their files, calls back, and lets customers write.

Every rule names its source; what a file may be is in ``simulator_rules``, the HTTP side in ``simulator_web``.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import attrs
import httpx2 as httpx

from mediacore.testkit import Callback, Callbacks, Devices, Mischief, Received, ReceivedFile, Running, Server
from mediacore_sms.signature import FORM, HEADER, form_pairs, sign
from mediacore_sms.simulator_rules import MAX_TOTAL, REACH, filename, objection
from mediacore_sms.simulator_shapes import VERSION, inbound_form, resource_of, sid, status_form
from mediacore_sms.simulator_web import api, cdn


@attrs.define
class Job:
    """One message on its way: its resource as the API shows it, and what is needed to deliver it."""

    resource: dict[str, Any]
    urls: tuple[str, ...] = ()
    callback: str = ""


class TwilioSimulator(Running):
    """One account at a Twilio of its own.

    Args:
        port, cdn_port: where the API and the store of media files listen; 0 for any free port.
        account, token: the account's SID and auth token.
        api_key, api_secret: an API key that signs in as well; none when empty.
        sender: the account's number.
        webhook: our runner's public webhook address; may be set later.
        profile: whose carrier limit holds, as in the plugin's limits.
        patience: seconds for which a file is asked for again while our server is down.
        confirms: carriers report ``delivered``; many stop at ``sent`` for MMS.

    Attributes:
        troubles: a customer's number to the error code that each message to it meets.
        answers: the HTTP statuses that our webhook gave.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        cdn_port: int = 0,
        account: str = "AC" + "0" * 31 + "1",
        token: str = "simulated-token",  # noqa: S107 - a made-up secret of a simulator
        api_key: str = "",
        api_secret: str = "",
        sender: str = "+14155550199",
        webhook: str = "",
        profile: str = "default",
        patience: float = 15.0,
        confirms: bool = True,
    ) -> None:
        self.account, self.token, self.sender = account, token, sender
        self.credentials = {f"{account}:{token}", *([f"{api_key}:{api_secret}"] if api_key else [])}
        self.webhook, self.profile = webhook, profile
        self.patience, self.confirms = patience, confirms
        self.mischief, self.devices = Mischief(), Devices()
        self.answers: list[int] = []
        self.troubles: dict[str, str] = {}
        self.jobs: dict[str, Job] = {}
        self.media: dict[str, ReceivedFile] = {}
        self.closing = threading.Event()
        self._server, self._cdn = Server(api(self), port), Server(cdn(self), cdn_port)
        self.url, self.cdn_url = self._server.url, self._cdn.url
        self._callbacks = Callbacks(self.mischief, on_answer=lambda _, status: self.answers.append(status))
        self._queue: queue.Queue[Job | None] = queue.Queue()
        self._worker = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Serve and deliver; returns once connections are taken."""
        self._server.start()
        self._cdn.start()
        self._worker.start()

    def close(self) -> None:
        """Stop everything; what was not delivered is dropped."""
        self.closing.set()
        self._queue.put(None)
        self._worker.join(timeout=30)
        self._callbacks.close()
        self._server.close()
        self._cdn.close()

    def settings(self) -> dict[str, Any]:
        """The inbox settings that make the plugin talk to this simulator."""
        return {
            "channel": "sms",
            "account": self.account,
            "token": self.token,
            "sender": self.sender,
            "public_url": self.webhook,
            "profile": self.profile,
            "api_url": self.url,
            "media_hosts": [self.cdn_url],
            "timeout": 3.0,
        }

    def inbound(
        self,
        sender: str,
        text: str = "",
        files: Iterable[tuple[str, str, bytes]] = (),
        **options: Any,  # noqa: ANN401
    ) -> str:
        """Let a customer write.

        Args:
            sender: their number.
            text: their words.
            files: name, MIME type and bytes of each file.
            options: ``smil=True`` adds the presentation that some carriers pass on; ``opt_out="STOP"`` is a keyword
                that Twilio answers itself, after which nothing reaches this customer until ``"START"``;
                ``num_media`` says another count than there are files; ``extra`` holds more parameters.

        Returns:
            The message's SID.
        """
        sent = list(files)
        if options.get("smil"):
            sent.append(("smil.xml", "application/smil", b"<smil/>"))
        message, word = sid("MM" if sent else "SM"), options.get("opt_out")
        if word == "STOP":
            self.troubles[sender] = "21610"
        elif word == "START" and self.troubles.get(sender) == "21610":
            del self.troubles[sender]
        form = inbound_form(self.account, sender, self.sender, text, message, options)
        form["NumMedia"] = str(options.get("num_media", len(sent)))
        for number, (name, mime, data) in enumerate(sent):
            media = sid("ME")
            self.media[media] = ReceivedFile(name, mime, data)
            form[f"MediaUrl{number}"] = f"{self.url}/{VERSION}/Accounts/{self.account}/Messages/{message}/Media/{media}"
            form[f"MediaContentType{number}"] = mime
        self.raw(form)
        return message

    def status(self, source_id: str, word: str, code: str = "") -> None:
        """Report a status of one message, in any order: ``read``, ``failed``, one that nobody knows ..."""
        job = self.jobs[source_id]
        sent = job.resource["date_sent"] or (format_datetime(datetime.now(UTC)) if word == "sent" else None)
        job.resource |= {"status": word, "error_code": int(code) if code else None, "date_sent": sent}
        self._report(job, word, code)

    def raw(
        self, payload: bytes | Mapping[str, str] | Sequence[tuple[str, str]], content_type: str = FORM, url: str = ""
    ) -> None:
        """Post any body to the webhook, correctly signed; a body that is no form is covered by its hash.

        Args:
            payload: bytes, or a form as a mapping or pairs.
            content_type: what it is said to be.
            url: where to, when it is not the webhook.
        """
        body = payload if isinstance(payload, bytes) else urlencode(payload).encode()
        # the fragment holds connection overrides and is neither sent nor signed:
        # https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
        address = (url or self.webhook).partition("#")[0]
        if content_type != FORM:
            mark = "&" if "?" in address else "?"
            address += f"{mark}bodySHA256={sha256(body).hexdigest()}"
        pairs = form_pairs(body) if content_type == FORM else []
        headers = {
            HEADER: sign(address, pairs, self.token),
            "Content-Type": content_type,
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        self._callbacks.add(Callback(address, headers, body))

    def take(self, form: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Take a message whose form was found good; returns its resource."""
        resource = resource_of(form, self.account, self.sender)
        job = Job(resource, tuple(form.get("MediaUrl", ())), form.get("StatusCallback", [""])[0])
        self.jobs[str(resource["sid"])] = job
        answer = dict(resource)
        self._queue.put(job)
        return answer

    def _work(self) -> None:
        with httpx.Client(timeout=15, trust_env=False, follow_redirects=True) as client:
            while (job := self._queue.get()) is not None:
                self._deliver(client, job)

    def _deliver(self, client: httpx.Client, job: Job) -> None:
        message, to, text = (str(job.resource[name]) for name in ("sid", "to", "body"))
        self._report(job, str(job.resource["status"]))
        fetched = [self._fetch(client, url) for url in job.urls]
        files = [file for file in fetched if isinstance(file, ReceivedFile)]
        fault = next((code for code in fetched if isinstance(code, str)), "") or objection(text, files, self.profile)
        fault = fault or ("30011" if files and not to.startswith(REACH) else self.troubles.get(to, ""))
        if fault:
            self.status(message, "undelivered" if fault.startswith("3") else "failed", fault)
            return
        self.status(message, "sent")
        self.devices.deliver(Received(message, to, text, tuple(files)))
        if self.confirms:
            self.status(message, "delivered")

    def _fetch(self, client: httpx.Client, url: str) -> ReceivedFile | str:
        """One file, or the error code; asked for twice: https://www.twilio.com/docs/sms/accepted-mime-types."""
        end = time.monotonic() + self.patience
        while (found := self._ask(client, url)) is None and time.monotonic() < end and not self.closing.wait(0.25):
            pass
        if found is None:
            return "11200"
        head, answer = found
        if head.status_code != 200 or answer.status_code != 200:
            return "11200"
        if head.headers.get("content-type") != answer.headers.get("content-type"):
            return "12300"
        if len(answer.content) > MAX_TOTAL:
            return "11751"
        name = filename(answer.headers.get("content-disposition", ""))
        return ReceivedFile(name, answer.headers.get("content-type", ""), answer.content)

    def _ask(self, client: httpx.Client, url: str) -> tuple[httpx.Response, httpx.Response] | None:
        """What our server says to HEAD and to GET; None when it is down or failing, and may be up again soon."""
        try:
            found = client.head(url), client.get(url)
        except httpx.HTTPError:
            return None
        return None if any(answer.status_code >= 500 for answer in found) else found

    def _report(self, job: Job, word: str, code: str = "") -> None:
        if job.callback:
            self.raw(status_form(job.resource, word, code), url=job.callback)
