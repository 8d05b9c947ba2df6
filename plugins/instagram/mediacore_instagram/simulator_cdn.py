"""Meta's file host, for the simulator: signed addresses that die, and types that may be wrong.

What is observed: addresses of the form ``/ig_messaging_cdn/?asset_id=..&signature=..`` that need no token
(https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks, 2026-09-11) and that no
longer work after some time (https://github.com/ryanlua/instawebhooks/issues/3).
"""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime, timedelta

from attrs import frozen
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mediacore.testkit import Act, Mischief


@frozen
class _Asset:
    data: bytes
    type: str
    expires: datetime | None
    signatures: set[str]


class Cdn:
    """Files by asset id.

    Args:
        mischief: ``WRONG_TYPE``, ``LATE_MEDIA`` and ``ERROR`` happen here, at the place ``media``.
    """

    def __init__(self, mischief: Mischief) -> None:
        self._mischief = mischief
        self._lock = threading.Lock()
        self._assets: dict[str, _Asset] = {}
        self.origin = ""

    def put(self, data: bytes, kind: str, lives: timedelta | None = None) -> str:
        """Keep a file.

        Args:
            data: its bytes.
            kind: the Content-Type to serve it with.
            lives: how long; for ever when None.

        Returns:
            Its address.
        """
        asset_id = str(17_000_000_000_000_000 + secrets.randbelow(10**15))
        expires = datetime.now(UTC) + lives if lives is not None else None
        with self._lock:
            self._assets[asset_id] = _Asset(data, kind, expires, set())
        return self.address(asset_id)

    def again(self, url: str) -> str:
        """Another address of the same asset, signed afresh, as Meta gives one post twice."""
        return self.address(url.partition("asset_id=")[2].partition("&")[0])

    def address(self, asset_id: str) -> str:
        """A newly signed address of an asset."""
        signature = secrets.token_urlsafe(32)
        with self._lock:
            self._assets[asset_id].signatures.add(signature)
        return f"{self.origin}/ig_messaging_cdn/?asset_id={asset_id}&signature={signature}"

    def serve(self, request: Request) -> Response:
        """Answer a GET; an unknown, wrongly signed or dead address is refused."""
        with self._lock:
            asset = self._assets.get(request.query_params.get("asset_id", ""))
        if asset is None or request.query_params.get("signature") not in asset.signatures:
            return PlainTextResponse("URL signature mismatch", 403)
        if asset.expires is not None and asset.expires <= datetime.now(UTC):
            return PlainTextResponse("URL signature expired", 403)
        if self._mischief.take(Act.ERROR, "media"):
            return PlainTextResponse("try again", 503)
        if self._mischief.take(Act.LATE_MEDIA, "media"):
            return PlainTextResponse("not there yet", 404)
        wrong = self._mischief.take(Act.WRONG_TYPE, "media")
        return Response(asset.data, media_type="text/html" if wrong else asset.type)
