"""Meta's Graph API as one WhatsApp number sees it: uploads, messages, and the two steps to a customer's file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
from attrs import frozen

from mediacore import (
    Attachment,
    AuthNeeded,
    Fetched,
    InDoubt,
    Outgoing,
    Permanent,
    Receipt,
    Remote,
    Retry,
    Uploaded,
    call,
    download,
)
from mediacore_whatsapp import wire_out
from mediacore_whatsapp.errors import GONE, problem
from mediacore_whatsapp.fields import digest

UNKNOWN_UPLOAD = (GONE, "100", "131009")
"""Codes that may mean that an upload ran out or lies at another number; nothing was sent then, so it is made anew."""


@frozen(eq=False)
class Graph:
    """The calls of one number.

    Args:
        client: the HTTP client.
        url: the API's address with its version.
        number: the phone number id.
        token: the bearer token.
        hosts: where files may be fetched from.
        max_bytes: the largest file that is fetched.
    """

    client: httpx.Client
    url: str
    number: str
    token: str
    hosts: tuple[str, ...]
    max_bytes: int

    def upload(self, attachment: Attachment) -> Uploaded:
        """Bring a file to Meta; whatever goes wrong, no message was sent, so it may be tried again."""
        media = attachment.media
        kind = wire_out.declared(media.type)
        fields = {"messaging_product": "whatsapp", "type": kind}
        try:
            with media.path.open("rb") as source:
                file = (wire_out.upload_name(media.type), source, kind)
                answer = self._call("POST", f"{self.number}/media", data=fields, files={"file": file})
            return wire_out.uploaded(answer.status_code, answer.content)
        except InDoubt as error:
            raise Retry(f"The upload did not come through: {error.message}", code=error.code) from error

    def send(self, body: dict[str, Any]) -> Receipt:
        """Hand one message over."""
        answer = self._call("POST", f"{self.number}/messages", json=body)
        return wire_out.receipt(answer.status_code, answer.content)

    def send_media(self, message: Outgoing, attachment: Attachment) -> Receipt:
        """Send a file, uploading it first unless it was, and once more when Meta no longer has that upload."""
        wire_out.payload(message)  # objections come before the upload
        if attachment.uploaded:
            try:
                return self.send(wire_out.payload(message, attachment.uploaded))
            except Permanent as error:
                if error.code not in UNKNOWN_UPLOAD:
                    raise
        return self.send(wire_out.payload(message, self.upload(attachment).id))

    def mark(self, body: dict[str, Any]) -> None:
        """Mark a customer's message; it may happen twice, so nothing about it is in doubt."""
        try:
            answer = self._call("POST", f"{self.number}/messages", json=body)
            if answer.status_code != 200:
                raise problem(answer.status_code, answer.content)
        except InDoubt as error:
            raise Retry(f"The mark did not come through: {error.message}", code=error.code) from error

    def fetch(self, remote: Remote, into: Path) -> Fetched:
        """Bring a customer's file: by the webhook's own address while that lives (5 minutes), then by its id.

        The digest is declared in an encoding that Meta documents nowhere. Bytes that differ from it are fetched once
        more; when they come the same again they are taken, since losing the customer's file would be worse, and the
        caller compares with ``Remote.sha256`` for itself.

        https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media

        Raises:
            Retry: not there now; an id lives for 7 days, so there is time. Permanent: gone (``expired``) or too large.
            AuthNeeded: the token is refused.
        """
        url = remote.extra.get("url", "")
        came = self._by_webhook(url, into) if url else None
        seen = _sha256(into) if came is not None else ""
        if came is not None and (seen == remote.sha256 or not (remote.sha256 or _is_page(came, remote, into))):
            return came
        came, told = self._by_id(remote.ref, into)
        wanted = remote.sha256 or told
        found = _sha256(into)
        if wanted and found not in (wanted, seen):
            came, _ = self._by_id(remote.ref, into)
            if _sha256(into) != found:
                raise Retry("The file came differently each time", code="digest")
        if found != wanted and _is_page(came, remote, into):
            raise Retry("WhatsApp answered with a web page in place of the file", code="page")
        return came

    def check(self) -> None:
        """Ask for the number itself.

        Raises:
            MediacoreError: what is wrong, by Meta's code.

        https://github.com/david-lev/pywa/blob/master/pywa/api.py (``get_business_phone_number``)
        """
        answer = self._call("GET", self.number)
        if answer.status_code != 200:
            raise problem(answer.status_code, answer.content)

    def _by_webhook(self, url: str, into: Path) -> Fetched | None:
        """What came, or None when the address no longer works, which is all that a 4xx here says."""
        try:
            return self._download(url, into)
        except AuthNeeded:
            return None
        except Permanent as error:
            if error.code == "too-large":
                raise
        except Retry as error:
            if error.code != "404":
                raise
        return None

    def _by_id(self, media_id: str, into: Path) -> tuple[Fetched, str]:
        try:
            query = {"phone_number_id": self.number}
            answer = self._call("GET", quote(media_id, safe=""), params=query)
            url, told = wire_out.located(answer.status_code, answer.content)
        except InDoubt as error:
            raise Retry(f"The file's address did not come: {error.message}", code=error.code) from error
        except Permanent as error:
            if error.code != GONE:
                raise
            raise Permanent("WhatsApp no longer has this file: ask for it again", code="expired") from error
        try:
            return self._download(url, into), digest(told)
        except (Permanent, Retry) as error:
            # The id still works, so a fresh address that is refused says nothing about the file: Meta's page names 404
            # as what an address answers that ran out or was asked with another token.
            if error.code not in ("404", "expired"):
                raise
            told = "WhatsApp does not hand the file out yet; if this stays, the token is not this app's"
            raise Retry(told, code="404") from error

    def _download(self, url: str, into: Path) -> Fetched:
        return download(self.client, url, into, hosts=self.hosts, max_bytes=self.max_bytes, bearer=self.token)

    def _call(self, method: str, path: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        headers = {"Authorization": f"Bearer {self.token}"}
        return call(self.client, method, f"{self.url.rstrip('/')}/{path}", headers=headers, **arguments)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_page(came: Fetched, remote: Remote, into: Path) -> bool:
    """Whether a web page came where a file was announced, as Meta's file hosts answer whom they do not know."""
    with into.open("rb") as file:
        start = file.read(64).lstrip().lower()
    announced = remote.type.startswith("text/html") or not remote.type
    return came.type.startswith("text/html") and not announced and start.startswith((b"<!doctype html", b"<html"))
