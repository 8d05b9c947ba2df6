"""The whole story over loopback: a customer writes, the desk sees, an agent answers, the customer's phone shows it."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from mediacore_sms.simulator import TwilioSimulator
from PIL import Image

from mediacore.desk import CallbackDesk
from mediacore.house import Notice
from mediacore.runner.config import SiteSettings, from_tables
from mediacore.runner.edge import application
from mediacore.runner.site import FileToSend, Site
from mediacore.testkit import Act, Received, Server, builders

CUSTOMER = "+14155550123"
PHOTO = builders.photo(640, 480)


@attrs.define(eq=False)
class Town:
    """A provider, a site with its web edge and jobs, and a desk that remembers what it was told."""

    site: Site
    provider: TwilioSimulator
    told: list[Notice]
    changed: threading.Condition = attrs.field(factory=threading.Condition)

    def hear(self, notice: Notice) -> None:
        with self.changed:
            self.told.append(notice)
            self.changed.notify_all()

    def wait(self, look: Callable[[], Any], seconds: float = 40) -> Any:
        end = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < end, self.site.messages()
            with self.changed:
                self.changed.wait(0.05)
        return found

    def notice(self, kind: str, fits: Callable[[dict[str, Any]], bool]) -> Notice:
        def look() -> Notice | None:
            return next((n for n in list(self.told) if n.kind == kind and fits(dict(n.message))), None)

        found = self.wait(look)
        assert isinstance(found, Notice)
        return found

    def received(self, count: int) -> list[Received]:
        return self.provider.devices.wait(count, CUSTOMER, timeout=40)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with TwilioSimulator(webhook=f"{url}/hooks/sms") as provider:
        settings = SiteSettings(public_url=url, ocr=False, secret="a secret of this test")
        config = from_tables(settings, {"sms": {**provider.settings(), "policy": {"redact_outbound": []}}}, tmp_path)
        site = Site(config, CallbackDesk(lambda notice: built.hear(notice)))
        built = Town(site, provider, [])
        with Server(application(site), port):
            yield built
        site.house.inbox("sms")._plugin._api.client.close()  # type: ignore[attr-defined]  # no hook ends a plugin


def test_there_and_back(town: Town) -> None:
    """Photo and words reach the desk; the answer's photo reaches the phone without its place; the status rises."""
    town.provider.inbound(CUSTOMER, "it came broken", [("IMG_1.jpg", "image/jpeg", PHOTO)])
    notice = town.notice("message", lambda m: m["text"] == "it came broken")
    (file,) = notice.message["files"]
    assert (file["state"], file["type"]) == ("ready", "image/jpeg")
    assert town.site.path(file["sha256"]).read_bytes() == PHOTO
    assert file["thumbnail"]

    source = town.site.config.folder / "replacement.jpg"
    source.write_bytes(builders.photo(1600, 1200, seed=5))
    files = [FileToSend(source, "your new one")]
    plan = town.site.explain("sms", files, "sorry!")
    id_ = town.site.send("sms", "", "sorry!", files, answer=notice.message["id"], key="answer-1")
    (message,) = town.received(1)
    assert "sorry!" in message.text
    assert "your new one" in message.text
    (arrived,) = message.files
    with Image.open(io.BytesIO(arrived.data)) as picture:
        assert picture.size[0] / picture.size[1] == pytest.approx(4 / 3, abs=0.02)
        assert not picture.getexif()
    town.notice("status", lambda m: m["id"] == id_ and m["status"] == "delivered")
    assert [s["action"] for s in town.site.message(id_)["plan"]["steps"]] == [s.action for s in plan.steps]
    assert town.site.send("sms", CUSTOMER, "twice?", key="answer-1") == id_
    assert len(town.received(1)) == 1


def test_a_bad_day(town: Town) -> None:
    """A provider that throttles, fails, loses its answer and delivers twice changes nothing of what arrives."""
    mischief = town.provider.mischief
    mischief.plan(Act.LATE_MEDIA)
    mischief.plan(Act.DUPLICATE)
    town.provider.inbound(CUSTOMER, "again", [("a.jpg", "image/jpeg", PHOTO)])
    town.wait(lambda: [f for m in town.site.messages(inbox="sms") for f in m["files"] if f["state"] == "ready"])
    assert len(town.site.messages(direction="inbound")) == 1
    mischief.plan(Act.ERROR, where="send")
    mischief.plan(Act.DROP_AFTER, where="send")
    first = town.site.send("sms", CUSTOMER, "one")
    second = town.site.send("sms", CUSTOMER, "two")
    for id_ in (first, second):
        town.notice("status", lambda m, id_=id_: m["id"] == id_ and m["status"] == "delivered")  # type: ignore[misc]
    assert [m.text for m in town.received(2)] == ["one", "two"]
