"""The calls to Twilio's REST API that this channel makes."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs
import httpx2 as httpx

from mediacore import AuthNeeded, Fetched, InDoubt, Outgoing, Permanent, Receipt, Retry, call, download
from mediacore_sms import wire_out
from mediacore_sms.settings import origin


@attrs.frozen(eq=False)
class Api:
    """One account at Twilio.

    Args:
        account: its SID.
        auth: user and password: the account and its token, or an API key and its secret.
        url: where the API is.
        timeout: seconds to wait for an answer.
    """

    account: str
    auth: tuple[str, str] = attrs.field(repr=False)
    url: str
    timeout: float
    client: httpx.Client = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(lambda self: httpx.Client(timeout=self.timeout, trust_env=False), takes_self=True),
    )

    def __attrs_post_init__(self) -> None:
        """Close the connections once the account is no longer used."""
        weakref.finalize(self, self.client.close)

    def create(self, fields: Mapping[str, str | list[str]]) -> Receipt:
        """Create one message.

        Raises:
            MediacoreError: by what to do next.
        """
        answer = call(self.client, "POST", self._address("/Messages.json"), data=dict(fields), auth=self.auth)
        return wire_out.receipt(answer.status_code, answer.headers, answer.content)

    def find(self, message: Outgoing, tried: datetime, others: Collection[str]) -> Receipt | None:
        """The one listed message that must be this one, made since it was first tried; else None.

        Raises:
            Retry: the list could not be read. AuthNeeded.
        """
        # by the day in GMT, and by when it was sent: what still waits may not be listed
        day = f"{(tried - wire_out.SLACK).astimezone(UTC):%Y-%m-%d}"
        query = {"To": message.to.address, "DateSent>": day, "PageSize": "1000"}
        try:
            answer = call(self.client, "GET", self._address("/Messages.json"), params=query, auth=self.auth)
            if answer.status_code != 200:
                raise wire_out.refusal(answer.status_code, answer.headers, answer.content)
        except InDoubt as error:  # reading changes nothing, so it can simply be asked again
            raise Retry(error.message, code=error.code) from error
        except Permanent:  # the account may send but not list
            return None
        return wire_out.find(answer.content, message, tried, others)

    def media(self, url: str, into: Path, hosts: Sequence[str], max_bytes: int) -> Fetched:
        """Bring one media file: signed in here, and without credentials where Twilio redirects to.

        Args:
            url: the file's address at the API.
            into: the file to write.
            hosts: host names, or whole origins, that it may redirect to.
            max_bytes: the most that is taken.

        Returns:
            The type and the name that came with it; Twilio's form carries no name.

        Raises:
            Retry: not there yet; Twilio announces a message before its files are stored. Permanent. AuthNeeded.
        """
        whole = tuple(host for host in hosts if "://" in host)
        try:
            return download(
                self.client,
                url,
                into,
                hosts=(origin(self.url), *whole),
                redirect_hosts=hosts,
                max_bytes=max_bytes,
                auth=self.auth,
            )
        except Permanent as error:
            if error.code == "401":
                raise AuthNeeded("Twilio refused the account's credentials for a media file", code="401") from error
            raise

    def answers(self) -> int:
        """The HTTP status with which the account answers for itself."""
        return call(self.client, "GET", self._address(".json"), auth=self.auth).status_code

    def _address(self, tail: str) -> str:
        return f"{self.url.rstrip('/')}/2010-04-01/Accounts/{self.account}{tail}"
