"""The Page's attachment upload, for the simulator.

UPLOAD (2026-06-30)
https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/attachment-upload
"""

from __future__ import annotations

import json
import secrets
import threading
from typing import Final

from starlette.datastructures import FormData, UploadFile

from mediacore.testkit import ReceivedFile
from mediacore_instagram.simulator_rules import TAKEN, GraphError, look_at, weigh

_UNKNOWN: Final = GraphError(400, 100, 2018074, "The attachment_id is invalid or of another account")  # CODES


class Uploads:
    """Files that lie at Meta.

    Attributes:
        by_bytes: the API takes bytes; older copies of UPLOAD say that pictures go by address only.
    """

    def __init__(self) -> None:
        self.by_bytes = True
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, ReceivedFile]] = {}

    async def keep(self, form: FormData) -> str:
        """Look at an upload and keep it; returns its id.

        Raises:
            GraphError: 100-2534015 its form is not right, 100-2018047 or 100-2018109 the file is not.
        """
        file = form.get("filedata")
        try:
            told = json.loads(str(form.get("message")))["attachment"]
            kind, reusable = told["type"], told["payload"]["is_reusable"]
        except (ValueError, TypeError, KeyError) as error:
            raise GraphError(400, 100, 2534015, "Invalid message data") from error
        right = form.get("platform") == "instagram" and kind in TAKEN and reusable in ("true", True)
        if not (right and self.by_bytes and isinstance(file, UploadFile)):
            raise GraphError(400, 100, 2534015, "Invalid message data")
        name, data = file.filename or "", await file.read()
        if not (name and name.isascii()):  # UPLOAD states the rule and names no code for breaking it
            raise GraphError(400, 100, 2018047, "Upload attachment failure: the file name is not ASCII")
        weigh(kind, len(data))
        kept = ReceivedFile(name, look_at(kind, file.content_type or "", data), data)
        id_ = str(10**15 + secrets.randbelow(10**15))
        with self._lock:
            self._kept[id_] = (kind, kept)
        return id_

    def find(self, id_: str, kind: str) -> ReceivedFile:
        """An uploaded file, by its id and the sort that it was uploaded as.

        Raises:
            GraphError: 100-2018074.
        """
        with self._lock:
            known, file = self._kept.get(id_, ("", None))
        if file is None or known != kind:
            raise _UNKNOWN
        return file
