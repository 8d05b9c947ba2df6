"""Fixtures: an inbox on a simulator, a webhook that keeps what it gets, and small files of every sort."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import threading
import time
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from mediacore_whatsapp.signature import sign
from mediacore_whatsapp.simulator import WhatsAppSimulator
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

import mediacore
from mediacore import Attachment, Contact, Facts, Header, Media, Outgoing, Request
from mediacore.testkit import Server

POINT = EntryPoint("whatsapp", "mediacore_whatsapp:WhatsAppChannel", "mediacore.channels")
ME = "+16505551234"


def box(name: str, *parts: bytes) -> bytes:
    """One box of an MP4 file."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name.encode()) + body


def track(kind: str, entry: bytes, *more: bytes) -> bytes:
    """One track, with its handler, its sample entry and further tables."""
    table = box("stbl", box("stsd", bytes(4), struct.pack(">I", 1), entry), *more)
    return box("trak", box("mdia", box("hdlr", bytes(8), kind.encode(), bytes(13)), box("minf", table)))


def picture_track(codec: str = "avc1", profile: int = 77, reordered: bool = False) -> bytes:
    """A track of pictures."""
    entry = box(codec, bytes(78), box("avcC", bytes([1, profile, 0, 31])))
    return track("vide", entry, *([box("ctts", bytes(8))] if reordered else []))


def sound_track(object_type: int = 0x40) -> bytes:
    """A track of sound."""
    inner = bytes([0x04, 15, object_type]) + bytes(14)
    descriptor = bytes([0x03, 3 + len(inner), 0, 0, 0]) + inner
    return track("soun", box("mp4a", bytes(28), box("esds", bytes(4), descriptor)))


def movie(*tracks: bytes, index_first: bool = True, brand: bytes = b"isom") -> bytes:
    """An MP4 file of some tracks."""
    index, data = box("moov", *tracks), box("mdat", bytes(16))
    return box("ftyp", brand, bytes(4), brand) + (index + data if index_first else data + index)


class Webhook:
    """The runner's webhook in small: every delivery goes through ``receive`` and its events are kept."""

    def __init__(self) -> Any:
        self.inbox = None
        self.events, self.requests = [], []
        self._changed = threading.Condition()

        async def hook(request: Any) -> Any:
            body = await request.body()
            headers = tuple(Header(k, v) for k, v in request.headers.items())
            delivery = Request(request.method, str(request.url), headers, body)
            try:
                events = [] if request.method == "GET" else self.inbox.receive(delivery)
                answer = self.inbox.reply(delivery)
            except mediacore.Refused as error:
                return Response(status_code=error.status)
            with self._changed:
                self.requests.append(delivery)
                self.events.extend(events)
                self._changed.notify_all()
            return Response(answer.body, answer.status, media_type=answer.type)

        self.server = Server(Starlette(routes=[Route("/hook", hook, methods=["GET", "POST"])]))
        self.server.start()
        self.url = f"{self.server.url}/hook"

    def wait(self, count: Any, kind: Any = object, timeout: Any = 10.0) -> Any:
        """Wait for that many events of a kind."""
        end = time.monotonic() + timeout
        with self._changed:
            while len(found := [e for e in self.events if isinstance(e, kind)]) < count:
                if not self._changed.wait(max(0.0, end - time.monotonic())):
                    raise TimeoutError(f"{len(found)} of {count} events came: {self.events}")
            return found


@pytest.fixture
def simulator() -> Any:
    with WhatsAppSimulator() as running:
        yield running


@pytest.fixture(scope="session")
def hook() -> Any:
    running = Webhook()
    yield running
    running.server.close()


@pytest.fixture
def webhook(simulator: WhatsAppSimulator, hook: Any) -> Any:
    hook.inbox, hook.events, hook.requests = None, [], []
    simulator.webhook = hook.url
    return hook


@pytest.fixture
def mount_inbox() -> Any:
    """Mount an inbox from a settings table, found through a real entry point; its connections are closed at the end."""
    mounted = []

    def mount(table: Any, **more: Any) -> Any:
        inbox = mediacore.mount("wa", {**table, **more}, available={"whatsapp": POINT})
        mounted.append(inbox)
        return inbox

    yield mount
    for inbox in mounted:
        inbox._plugin._client.close()


@pytest.fixture
def inbox(simulator: WhatsAppSimulator, webhook: Any, mount_inbox: Any) -> Any:
    """An inbox on the simulator, whose webhook calls come back to it."""
    webhook.inbox = mount_inbox(simulator.settings(), timeout=5.0)
    return webhook.inbox


@pytest.fixture(scope="session")
def samples() -> Any:
    """Small valid files by type."""

    def picture(form: Any, mode: Any = "RGB", size: Any = (64, 48), **options: Any) -> Any:
        out = io.BytesIO()
        Image.effect_noise(size, 40).convert(mode).save(out, form, **options)
        return out.getvalue()

    opus = b"OggS" + bytes(24) + b"OpusHead\x01\x01" + bytes(9)
    return {
        "image/jpeg": picture("JPEG"),
        "image/png": picture("PNG", "RGBA"),
        "grey": picture("JPEG", "L"),
        "cmyk": picture("JPEG", "CMYK"),
        "palette": picture("PNG", "P"),
        "image/webp": picture("WEBP", size=(512, 512), quality=1),
        "small-webp": picture("WEBP", size=(96, 96)),
        "application/pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
        "text/plain": "Grüße\n".encode(),
        "application/msword": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": b"PK\x03\x04" + bytes(64),
        "audio/ogg": opus,
        "stereo": opus.replace(b"OpusHead\x01\x01", b"OpusHead\x01\x02"),
        "audio/mpeg": b"ID3\x04" + bytes(64),
        "audio/mp4": movie(sound_track(), brand=b"M4A "),
        "audio/aac": b"\xff\xf1" + bytes(64),
        "audio/amr": b"#!AMR\n" + bytes(64),
        "video/mp4": movie(picture_track(), sound_track()),
        "hevc": movie(picture_track("hvc1"), sound_track()),
        "mp3-sound": movie(picture_track(), sound_track(0x6B)),
        "two-sounds": movie(picture_track(), sound_track(), sound_track()),
        "broken": movie(picture_track())[:40],
        "b-frames": movie(picture_track(profile=100, reordered=True), sound_track()),
        "late-index": movie(picture_track(), sound_track(), index_first=False),
        "silent": movie(picture_track("avc3")),
    }


@pytest.fixture
def attach(tmp_path: Path, samples: dict[str, bytes]) -> Any:
    """An attachment of a sample."""

    def make(kind: Any, name: Any = "file", sample: Any = "", facts: Any = None, data: Any = None) -> Any:
        data = samples[sample or kind] if data is None else data
        path = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(data)
        media = Media(path, kind, len(data), hashlib.sha256(data).hexdigest(), facts or Facts())
        return Attachment(media, name)

    return make


@pytest.fixture
def outgoing() -> Any:
    """A message to the usual customer."""

    def make(text: Any = "", *attachments: Any, key: Any = "key-1", to: Any = ME, **more: Any) -> Any:
        return Outgoing(key=key, to=Contact(to), text=text, attachments=attachments, **more)

    return make


@pytest.fixture
def signed() -> Any:
    """A signed delivery of anything."""

    def make(payload: Any, secret: Any = "simulated-app-secret") -> Any:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = (Header("Content-Type", "application/json"), Header("x-hub-signature-256", sign(secret, body)))
        return Request("POST", "https://desk.example/hook", headers, body)

    return make


@pytest.fixture
def delivery() -> Any:
    """An envelope around one change's value."""

    def make(value: Any, field: Any = "messages", number: Any = "106540352242922") -> Any:
        metadata = {"display_phone_number": "15550783881", "phone_number_id": number}
        whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": "102290129340398", "changes": [{"value": whole, "field": field}]}],
        }

    return make
