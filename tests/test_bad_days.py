"""Bad days at every provider at once: faults before and after it took a message, callbacks twice and in disorder.

Whatever goes wrong on the way, each message arrives exactly once, in both directions, and its status ends right.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mediacore.plan import Plan
from mediacore.runner.site import FileToSend
from mediacore.steps import polling
from mediacore.testkit import Act
from mediacore.testkit.builders import pdf, photo
from tests.promise_stage import FINAL, Town

CHANNELS = ("email", "sms", "whatsapp", "instagram")
BEFORE = (Act.ERROR, Act.THROTTLE)
AFTER = (Act.DROP_AFTER,)
CALLBACKS = (Act.DUPLICATE, Act.REORDER)
SEEDS = range(2)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A photo and a document."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "IMG_1.jpg").write_bytes(photo(640, 480))
    (folder / "offer.pdf").write_bytes(pdf(2))
    return [folder / "IMG_1.jpg", folder / "offer.pdf"]


def calm(simulator: Any) -> None:
    """Use up what has not happened, so that the next test has a day of its own."""
    for act in Act:
        while simulator.mischief.take(act, "send") or simulator.mischief.take(act, "media"):
            pass


def eventually(look: Any, seconds: float = 40.0) -> bool:
    """Whether something becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if look():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("inbox", CHANNELS)
def test_what_we_send_arrives_once(town: Town, files: list[Path], inbox: str, seed: int) -> None:
    """Refusals, throttling, answers lost after the message was taken: the customer has every part once, in order."""
    dice = random.Random(f"{inbox} {seed}")
    simulator = town.simulators[inbox]
    for act in dice.sample((*BEFORE, *AFTER), 2):
        simulator.mischief.plan(act, dice.randint(1, 2), "send")
    if inbox != "email":
        simulator.mischief.plan(dice.choice(CALLBACKS))
    try:
        text = f"Your order {inbox} {seed}"
        sent = town.carry(inbox, [FileToSend(path, path.stem) for path in files], text)
        wanted = (*FINAL.get(inbox, ()), "delivered", "read")
        assert eventually(lambda: town.site.message(sent.shown["id"])["status"] in wanted), sent.shown
        shown = town.site.message(sent.shown["id"])
        received = town.received(inbox, sent.to, shown["id"])
    finally:
        calm(simulator)
    assert isinstance(sent.explained, Plan)
    assert [len(p.files) for p in sent.explained.parts] == [len(r.files) for r in received]
    assert [p["state"] for p in shown["parts"]] == ["accepted"] * len(shown["parts"])
    assert len({p["source_id"] for p in shown["parts"]}) == len(shown["parts"])
    assert sum(r.text.count(text) for r in received) == 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("inbox", CHANNELS)
def test_what_customers_send_arrives_once(town: Town, files: list[Path], inbox: str, seed: int) -> None:
    """Deliveries twice and in disorder, files that come late or fail at first: each message once, each file whole."""
    dice = random.Random(f"in {inbox} {seed}")
    simulator, customer = town.simulators[inbox], town.customer(inbox)
    types = {".jpg": "image/jpeg", ".pdf": "application/pdf"}
    given = [(p.name, types[p.suffix], p.read_bytes()) for p in files]
    for act in dice.sample((Act.DUPLICATE, Act.REORDER, Act.LATE_MEDIA), 2):
        simulator.mischief.plan(act, where="media" if act is Act.LATE_MEDIA else "")
    before = {m["id"] for m in town.site.messages(inbox=inbox, direction="inbound", most=10_000)}

    def arrived() -> list[dict[str, Any]]:
        if inbox == "email":
            polling.look(town.site.house, inbox, 0.0)
        town.work()
        found = town.site.messages(inbox=inbox, direction="inbound", most=10_000)
        return [m for m in found if m["id"] not in before]

    def settled() -> bool:
        states = [f["state"] for m in arrived() for f in m["files"]]
        return len(states) >= 4 and "pending" not in states

    try:
        for number in (1, 2):
            simulator.inbound(customer, f"message {number} of {seed}", given)
        assert eventually(settled), arrived()
        time.sleep(0.3)  # whatever else would come twice comes now
    finally:
        calm(simulator)
    texts = sorted(m["text"].strip() for m in arrived() if m["text"].strip())
    assert texts == [f"message {number} of {seed}" for number in (1, 2)]
    stored = sorted(town.site.path(f["sha256"]).read_bytes() for m in arrived() for f in m["files"])
    assert stored == sorted([data for _, _, data in given] * 2)
