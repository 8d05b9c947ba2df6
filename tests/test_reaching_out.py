"""Beside plain answers: approved words to a customer who wrote long ago, and signs that somebody is there."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mediacore import MediacoreError, Permanent, Template
from mediacore.runner.site import FileToSend
from mediacore.testkit import builders
from tests.promise_stage import Town

PICTURE = Template("your_picture", "en_US", {"name": "Ada"})


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town"), ("whatsapp", "instagram", "sms")) as town:
        yield town


def settled(town: Town, id_: str) -> dict[str, Any]:
    """A message of ours, once it is delivered or failed."""
    end = time.monotonic() + 20
    while (shown := town.site.message(id_))["status"] not in ("delivered", "failed"):
        town.work()
        assert time.monotonic() < end, shown
        time.sleep(0.02)
    return shown


def test_a_picture_reaches_a_customer_who_wrote_days_ago(town: Town, tmp_path: Path) -> None:
    """A scan becomes what WhatsApp takes at the head of a template; the same picture with free words is refused."""
    whatsapp, who = town.simulators["whatsapp"], town.customer("whatsapp")
    whatsapp.pacing.lapse(who)
    scan = io.BytesIO()
    Image.effect_noise((300, 200), 40).convert("CMYK").save(scan, "TIFF")
    path = tmp_path / "scan.tiff"
    path.write_bytes(scan.getvalue())
    files = [FileToSend(path)]
    plan = town.site.explain("whatsapp", files, to=who, template=PICTURE)
    assert [(s.action, s.accept) for s in plan.steps] == [("convert", "image")]
    assert (len(plan.parts), plan.parts[0].text, plan.notes) == (1, "", ())
    shown = settled(town, town.site.send("whatsapp", who, files=files, template=PICTURE))
    assert (shown["status"], shown["template"]["values"]) == ("delivered", {"name": "Ada"})
    (got,) = whatsapp.devices.all(who)
    assert (got.text, [f.type for f in got.files]) == ("Hello Ada, here is your picture.", ["image/png"])
    assert "templates only" in settled(town, town.site.send("whatsapp", who, "look", files))["error"]


def test_a_wrong_template_fails_in_words(town: Town) -> None:
    """What Meta has not approved, or not in this language, is told to the agent."""
    who = town.customer("whatsapp")
    shown = settled(town, town.site.send("whatsapp", who, template=Template("your_picture", "de")))
    assert (shown["status"], "no template of this name in this language" in shown["error"]) == ("failed", True)


def test_channels_without_templates_say_so_before_anything_is_sent(town: Town) -> None:
    """The plan that the agent asks for is the place."""
    for inbox in ("instagram", "sms"):
        with pytest.raises(Permanent, match="has no templates"):
            town.site.explain(inbox, [], template=PICTURE)


@pytest.mark.parametrize("inbox", ["whatsapp", "instagram", "sms"])
def test_a_customer_sees_that_somebody_is_there(town: Town, inbox: str) -> None:
    """Read, then writing, where the channel shows it; a text message shows neither, and our own bear no such marks."""
    simulator, who = town.simulators[inbox], town.customer(inbox)
    simulator.inbound(who, "hello", [("a.jpg", "image/jpeg", builders.photo(80, 60))])
    end = time.monotonic() + 20
    while not (came := town.site.messages(inbox=inbox, conversation=who)) and time.monotonic() < end:
        town.work()
        time.sleep(0.02)
    id_ = came[0]["id"]
    assert [town.site.mark(id_), town.site.mark(id_, typing=True)] == [inbox != "sms"] * 2
    if inbox == "whatsapp":
        assert simulator.marks == [(came[0]["source_id"], False), (came[0]["source_id"], True)]
    if inbox == "instagram":
        assert simulator.graph.marks == [(who, "mark_seen"), (who, "typing_on")]
    ours = town.site.send(inbox, who, "hi")
    with pytest.raises(MediacoreError, match="what a customer wrote"):
        town.site.mark(ours)
