"""What the planner lets through, WhatsApp takes: the plan's parts are sent as they are and none is refused."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mediacore_whatsapp.simulator import WhatsAppSimulator
from mediacore_whatsapp.simulator_pacing import Pacing
from PIL import Image

from mediacore import Action, Attachment, Contact, Facts, Inbox, Media, Outgoing, mount, plan

MODES = {"PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), "JPEG": ("L", "RGB", "CMYK"), "WEBP": ("RGB", "RGBA")}
PLENTY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def line() -> Iterator[tuple[WhatsAppSimulator, Inbox]]:
    with WhatsAppSimulator(pacing=Pacing(burst=10**6, second=10**6)) as simulator:
        point = EntryPoint("whatsapp", "mediacore_whatsapp:WhatsAppChannel", "mediacore.channels")
        inbox = mount("wa", simulator.settings(), available={"whatsapp": point})
        yield simulator, inbox
        inbox._plugin._client.close()  # type: ignore[attr-defined]  # the plugin's own client


def carry(line: tuple[WhatsAppSimulator, Inbox], files: list[Attachment], text: str) -> list[str]:
    """Send everything that is planned to go as it is; the texts that arrived."""
    simulator, inbox = line
    made = plan(files, text, inbox.limits, link=True)
    before = len(simulator.devices.all())
    sent = 0
    for number, part in enumerate(made.parts):
        whole = [files[i] for i, _ in part.files if made.steps[i].action is Action.AS_IS]
        if len(whole) == len(part.files) and (whole or part.text):
            inbox.send(Outgoing(f"key-{number}", Contact("+16505551234"), part.text, tuple(whole)))
            sent += 1
    arrived = simulator.devices.all()[before:]
    assert len(arrived) == sent
    return [a.text for a in arrived]


@PLENTY
@given(st.text(min_size=1, max_size=60), st.integers(1, 200))
def test_any_text_arrives_whole(line: tuple[WhatsAppSimulator, Inbox], text: str, times: int) -> None:
    """Texts of any length and alphabet arrive in pieces that WhatsApp takes, with every word."""
    arrived = carry(line, [], text * times)
    assert "".join("".join(arrived).split()) == "".join((text * times).split())


@PLENTY
@given(st.sampled_from([(f, m) for f, modes in MODES.items() for m in modes]), st.text(max_size=1100))
def test_no_planned_picture_is_refused(
    line: tuple[WhatsAppSimulator, Inbox], tmp_path: Path, drawn: tuple[str, str], caption: str
) -> None:
    """Pictures of every mode either need converting or are taken, with captions of any length."""
    form, mode = drawn
    out = io.BytesIO()
    Image.new(mode, (20, 10)).save(out, form)
    path = tmp_path / "picture"
    path.write_bytes(out.getvalue())
    digest = hashlib.sha256(out.getvalue()).hexdigest()
    media = Media(path, f"image/{form.lower()}", len(out.getvalue()), digest, Facts(20, 10, mode=mode))
    files = [Attachment(media, "picture", caption=caption)]
    action = plan(files, "", line[1].limits).steps[0].action
    assert (action is Action.AS_IS) == (mode in ("RGB", "RGBA") and form != "WEBP")
    carry(line, files, "")


def test_sizes_end_where_whatsapp_ends(line: tuple[WhatsAppSimulator, Inbox], tmp_path: Path) -> None:
    """Exactly five decimal megabytes go as they are, and a byte more is made smaller."""
    out = io.BytesIO()
    Image.new("RGB", (20, 10)).save(out, "JPEG")
    path = tmp_path / "picture"
    path.write_bytes(out.getvalue().ljust(5_000_000, b"\0"))
    media = Media(path, "image/jpeg", 5_000_000, "00" * 32, Facts(20, 10, mode="RGB"))
    assert carry(line, [Attachment(media, "picture.jpg")], "full") == ["full"]
    above = Attachment(evolve(media, size=5_000_001), "picture.jpg")
    assert plan([above], "full", line[1].limits).steps[0].action is Action.SHRINK
