"""The promises, tried on every channel at once: real files through a real site to a simulator of each provider.

Whatever an agent picks, the provider never refuses it: what the plan lets through arrives, whole and once, and what it
does not let through is refused with a reason before anything is sent.
"""

from __future__ import annotations

import io
import random
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mediacore.limits import Limits
from mediacore.plan import Action, Plan
from mediacore.runner.site import FileToSend
from mediacore.stores.coding import from_json
from mediacore.testkit import Received, ReceivedFile, strategies
from mediacore.testkit.builders import File
from tests.promise_files import CATALOGUE, SOUND, file_of
from tests.promise_stage import INBOXES, Sent, Town

CAMERA = (b"Exif\x00\x00", b"Pocket 7", b"Acme", b"GPSLatitude", b"http://ns.adobe.com/xap/")
"""Bytes that only a picture's hidden data holds."""
TEXTS = (
    "",
    "Here is what you asked for.",
    "Grüße aus Köln \U0001f468\u200d\U0001f469\u200d\U0001f467 \u05e9\u05dc\u05d5\u05dd",
    "Line one\r\nline two\n\n.\nFrom the last line",
    "long words " * 200,
    "x" * 5000,
)
CAPTIONS = ("", "A caption", "\U0001f600" * 520, "two\nlines", "c" * 1100)
NAMES = (
    "",
    "Résumé (final) ~ 2024!.pdf",
    "../../etc/passwd",
    "photo\u202egpj.exe",
    "a" * 300 + ".jpg",
    'quote"; x=1.png',
    "line\r\nX-Evil: 1.png",
    "run.exe",
)
CHANNELS = ("email", "sms", "whatsapp", "instagram", "webchat")
HEAVY = ("big.jpg", "large.zip", "scan.pdf", "invoice 10.pdf", "panorama.jpg")
VARIANTS = (
    *("IMG_1.JPG", "IMG_3.JPG", "IMG_5.JPG", "IMG_8.JPG", "l.jpeg", "progressive.jpg", "1.png", "la.png", "p.png"),
    *("rgb.png", "still.gif", "rgb.webp", "1.tif", "rgb.tif", "f.tif", "la.tif", "fax.tiff", "invoice 2.pdf"),
    *("umlaut.txt", "table.xlsx", "stereo.ogg", "silent.mp4", "camera.avi", "record.mkv", "memo.flac", "memo.aac"),
)
SOME = [sample.name for sample in SOUND if sample.name not in (*HEAVY, *VARIANTS)]
"""What every run tries on every channel; the others go to WhatsApp, the strictest, and to one more."""
LINK = re.compile(r"http://127\.0\.0\.1:\d+/media/\S+")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the agents keep their files."""
    return tmp_path_factory.mktemp("shelf")


def picked(shelf: Path, file: File, caption: str = "", name: str = "") -> FileToSend:
    """A file on the agent's disk."""
    path = shelf / f"{hash(file.data):x}"
    if not path.exists():
        new = shelf / f"{uuid4()}"
        new.write_bytes(file.data)
        new.rename(path)
    return FileToSend(path, caption, name or file.name)


def bare(text: str) -> str:
    """A text by which it is recognised wherever it was cut, and whatever a provider did to its line ends."""
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cc")


def faults(town: Town, sent: Sent, files: Sequence[FileToSend], text: str, sound: bool) -> Iterator[str]:
    """What of the promises was broken for one message, in words."""
    shown, limits = sent.shown, town.site.house.inbox(sent.inbox).limits
    if sent.refused or (shown["status"] == "failed" and not sound and not shown["parts"]):
        yield from (f"{fault} ({sent.explained})" for fault in _not_refused_well(sent))
        return
    assert not isinstance(sent.explained, Exception)
    if shown["plan"] is None or from_json(shown["plan"], Plan) != sent.explained:
        yield f"shown was {sent.explained} and carried out {shown['plan']}"
    if shown["status"] not in ("sent", "delivered", "read"):
        yield f"it is {shown['status']}: {shown['error']} {[p['error'] for p in shown['parts']]}"
        return
    planned = list(sent.explained.parts)
    told = bare("".join(r.text for r in sent.received))
    words = [text, *(f.caption for f in files)]
    yield from (f"lost words: {word[:40]!r}" for word in words if bare(word) not in told)
    if sent.inbox == "webchat":  # one entry, whatever the parts
        parts = [[place for part in planned for place in part.files]]
    else:
        parts = [list(part.files) for part in planned]
    if [len(part) for part in parts] != [len(r.files) for r in sent.received]:
        yield f"{[len(p) for p in parts]} files were planned and {[len(r.files) for r in sent.received]} arrived"
    made = {r["id"]: r["sha256"] for f in shown["files"] for r in f["renditions"]}
    stored = sorted(town.site.path(made[id_]).read_bytes() for part in shown["parts"] for id_ in part["files"])
    if sorted(f.data for r in sent.received for f in r.files) != stored:
        yield "other bytes arrived than were made"
    links = [url for r in sent.received for url in LINK.findall(r.text)]
    if len(links) != sum(s.action is Action.LINK for s in sent.explained.steps):
        yield f"{len(links)} links arrived"
    for received in sent.received:
        yield from _misfits(received, limits)
    yield from _traces([*(f for r in sent.received for f in r.files), *map(_opened, links)])
    if sent.inbox == "webchat":
        yield from town.complaints()


def _not_refused_well(sent: Sent) -> Iterator[str]:
    if sent.shown["status"] != "failed" or not sent.shown["error"]:
        yield f"refused, and yet it is {sent.shown['status']}: {sent.shown['error']!r}"
    if sent.received or sent.shown["parts"]:
        yield "refused, and yet something was sent"


def _misfits(received: Received, limits: Limits) -> Iterator[str]:
    most = limits.message.total_bytes
    size = sum(limits.message.wire(len(f.data)) for f in received.files) + len(received.text.encode())
    if most is not None and size > most.value:
        yield f"a message of {size:,} bytes, where {most.value:,} is the most"


def _traces(files: Sequence[ReceivedFile]) -> Iterator[str]:
    for file in files:
        found = [t for t in CAMERA if t in file.data]
        if found:
            yield f"{file.name} ({file.type}) still says {found}"
        if not file.type.startswith("image/") or "svg" in file.type:
            continue
        with Image.open(io.BytesIO(file.data)) as image:
            image.load()
            if image.getexif() and image.format != "TIFF":
                yield f"{file.name} has EXIF: {dict(image.getexif())}"


def _opened(url: str) -> ReceivedFile:
    """What a customer gets behind a link."""
    answer = httpx.get(url, trust_env=False)
    assert answer.status_code == 200, url
    assert answer.headers["content-disposition"].startswith("attachment")
    return ReceivedFile(url.rpartition("/")[2], answer.headers["content-type"], answer.content)


def check(town: Town, inbox: str, files: Sequence[FileToSend], text: str, sound: bool = True) -> Sent:
    """Carry a message and look at everything that was promised about it."""
    sent = town.carry(inbox, files, text)
    broken = list(faults(town, sent, files, text, sound))
    assert not broken, f"{inbox}: {[f.name[:40] for f in files]}: {'; '.join(broken)}"
    return sent


def every(inboxes: Sequence[str], carry: Callable[[str], object]) -> None:
    """Do the same on several inboxes at once, and tell of all that failed."""
    with ThreadPoolExecutor(len(inboxes)) as pool:
        done = [pool.submit(carry, inbox) for inbox in inboxes]
    failed = [str(error) for error in (each.exception() for each in done) if error is not None]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_file_on_every_channel(town: Town, shelf: Path, name: str) -> None:
    """A file of each sort arrives on each channel, as itself, as something else or as a link."""
    sound, file = CATALOGUE[name].sound, file_of(name)

    def carry(inbox: str) -> None:
        dice = random.Random(f"{inbox} {name}")
        files = [picked(shelf, file, dice.choice(CAPTIONS), dice.choice(NAMES))]
        sent = check(town, inbox, files, dice.choice(TEXTS), sound)
        assert not (sound and sent.refused), f"{inbox}: {sent.explained}"

    every(CHANNELS if name in SOME else (CHANNELS[zlib.crc32(name.encode()) % len(CHANNELS)], "whatsapp"), carry)


@pytest.mark.parametrize("name", ["wave.gif", "moving.webp"])
def test_what_moves_arrives_moving(town: Town, shelf: Path, name: str) -> None:
    """A moving picture is a film where no picture may move, and a moving picture elsewhere."""

    def carry(inbox: str) -> None:
        sent = check(town, inbox, [picked(shelf, file_of(name))], "Look")
        (file,) = (f for received in sent.received for f in received.files)
        if inbox in ("whatsapp", "instagram"):
            assert file.data[4:8] == b"ftyp", inbox
        else:
            with Image.open(io.BytesIO(file.data)) as image:
                assert getattr(image, "n_frames", 1) > 1, inbox

    every(CHANNELS, carry)


@pytest.mark.parametrize("inbox", INBOXES)
def test_many_files_with_words_on_every_profile(town: Town, shelf: Path, inbox: str) -> None:
    """Several files travel together, in as many messages as the profile needs, each within its bounds."""
    dice = random.Random(inbox)
    names = [sample.name for sample in SOUND if sample.name not in HEAVY]
    for count in (2, 7):
        picks = [picked(shelf, file_of(n), dice.choice(CAPTIONS)) for n in dice.sample(names, count)]
        sent = check(town, inbox, picks, dice.choice(TEXTS))
        assert not sent.refused, sent.explained


@pytest.mark.parametrize("inbox", INBOXES)
def test_what_is_large_is_made_to_fit(town: Town, shelf: Path, inbox: str) -> None:
    """A photo of twelve megapixels, a long document and twenty megabytes of noise fit, or become links."""
    files = [picked(shelf, file_of(n), n) for n in ("big.jpg", "invoice 11.pdf", "large.zip")]
    assert not check(town, inbox, files, "All of it").refused


@pytest.mark.parametrize("inbox", CHANNELS)
def test_without_a_public_address_nothing_is_promised_that_needs_one(town: Town, shelf: Path, inbox: str) -> None:
    """Where a file needs a link, or is fetched, the agent reads the reason and the customer gets nothing."""
    fetched = town.site.house.inbox(inbox).limits.message.fetched
    with town.unreachable():
        for name in ("IMG_6.JPG", "invoice 1.pdf", "odd.bin", "drawing.svg"):
            sent = check(town, inbox, [picked(shelf, file_of(name), "Look")], "long " * 500)
            assert sent.refused or not fetched
            assert not sent.refused or "public_url" in sent.shown["error"]
        assert not check(town, inbox, [], "Words need no address").refused


@pytest.mark.parametrize("name", ["empty", "locked_pdf", "polyglot", "zipped_picture"])
def test_what_can_never_be_sent_is_said_beforehand(town: Town, shelf: Path, name: str) -> None:
    """The agent is shown the reason in place of a plan, whatever the channel, and not only after sending."""
    every(CHANNELS, lambda inbox: _refused(check(town, inbox, [picked(shelf, file_of(name))], "", sound=False)))


def _refused(sent: Sent) -> None:
    assert sent.refused, f"{sent.inbox}: {sent.explained}"


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("inbox", INBOXES)
def test_every_file_on_every_profile(town: Town, shelf: Path, inbox: str) -> None:
    """Each file with other words and another name, on every channel and every profile."""
    dice = random.Random(f"long {inbox}")
    for name, sample in CATALOGUE.items():
        files = [picked(shelf, file_of(name), dice.choice(CAPTIONS), dice.choice(NAMES))]
        sent = check(town, inbox, files, dice.choice(TEXTS), sample.sound)
        assert not (sample.sound and sent.refused), f"{name}: {sent.explained}"


whole_files = st.one_of(strategies.ordinary_files, st.sampled_from([sample.name for sample in SOUND]).map(file_of))
bad_files = st.one_of(strategies.hostile_files, strategies.damaged_files())
picks = st.lists(
    st.tuples(st.one_of(whole_files, whole_files, bad_files), strategies.texts, strategies.names), max_size=4
)
fine_picks = st.lists(st.tuples(whole_files, strategies.texts, strategies.names), max_size=6)


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data(), inbox=st.sampled_from(INBOXES), text=strategies.texts, sound=st.booleans())
def test_whatever_people_pick(town: Town, shelf: Path, data: st.DataObject, inbox: str, text: str, sound: bool) -> None:
    """Any files, whole, hostile or damaged, under any name, with any words, on any channel."""
    drawn = data.draw(fine_picks if sound else picks)
    if drawn or text.strip():
        files = [picked(shelf, file, caption, name) for file, caption, name in drawn]
        sent = check(town, inbox, files, text, sound)
        assert not (sound and sent.refused), sent.explained
