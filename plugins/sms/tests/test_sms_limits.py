"""The limits, and that the planner never lets through what the simulated Twilio refuses."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mediacore_sms
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mediacore_sms import telnyx_rules
from mediacore_sms.simulator_rules import ACCEPTED, CARRIER, MAX_BODY, MAX_MEDIA, agrees, mms_size, objection

from mediacore import Action, Attachment, Facts, Limits, Media, Plan, plan, read_limits
from mediacore.testkit import ReceivedFile

FILE = Path(mediacore_sms.__file__).with_name("limits.toml")
HEADS = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/gif": b"GIF89a",
    "application/pdf": b"%PDF-1.7",
    "text/vcard": b"BEGIN:VCARD",
    "text/x-vcard": b"BEGIN:VCARD",
    "text/calendar": b"BEGIN:VCALENDAR",
    "text/rtf": b"{\\rtf",
    "text/directory": b"BEGIN:VCARD",
    "application/msword": b"\xd0\xcf\x11\xe0",
    "application/vnd.ms-excel": b"\xd0\xcf\x11\xe0",
    "application/vnd.ms-powerpoint": b"\xd0\xcf\x11\xe0",
    "application/vnd.apple.pkpass": b"PK\x03\x04",
    "audio/mpeg": b"ID3",
    "audio/amr": b"#!AMR\n",
    "audio/amr-nb": b"#!AMR\n",
    "audio/aac": b"\xff\xf1",
    "audio/mp4": b"\0\0\0\x18ftypM4A ",
    "video/mp4": b"\0\0\0\x18ftypisom",
    "audio/3gpp": b"\0\0\0\x18ftyp3gp5",
    "video/3gpp": b"\0\0\0\x18ftyp3gp5",
    "audio/3gpp2": b"\0\0\0\x18ftyp3g2a",
    "video/3gpp2": b"\0\0\0\x18ftyp3g2a",
}


def content(mime: str, size: int) -> bytes:
    head = b"PK\x03\x04" if "openxmlformats" in mime else HEADS.get(mime, b"")
    return head + bytes(max(0, size - len(head)))


def sourced(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for value in table.values():
        if isinstance(value, dict):
            if "value" in value:
                yield value
            else:
                yield from sourced(value)


def test_every_number_has_a_source_and_a_date() -> None:
    """Each figure names a public page and the day it was read."""
    figures = list(sourced(tomllib.loads(FILE.read_text())))
    assert len(figures) > 10
    for figure in figures:
        assert set(figure) == {"value", "source", "as_of"}
        assert figure["source"].startswith("https://")


@pytest.mark.parametrize("profile", CARRIER)
def test_profiles_agree_with_the_carriers(profile: str) -> None:
    """Every profile reads, and its total is the carrier's, told here and in the simulator from the same pages."""
    limits = read_limits(FILE, profile)
    assert limits.message.total_bytes is not None
    assert limits.message.total_bytes.value == CARRIER[profile]
    assert limits.message.files is not None
    assert limits.message.files.value == MAX_MEDIA
    assert limits.text.max is not None
    assert limits.text.max.value == MAX_BODY
    assert limits.message.fetched


def test_every_type_of_ours_is_on_twilios_list() -> None:
    """No sort of file lets a type through that Twilio does not accept; WebP and HEIC are not taken as they are."""
    types = {mime for accept in read_limits(FILE).accept for mime in accept.types}
    assert types <= ACCEPTED
    assert not types & {"image/webp", "image/heic", "image/heif", "image/tiff", "image/bmp", "text/plain"}
    assert all(agrees(mime, content(mime, 500)) for mime in types)


def test_overhead_covers_the_structure() -> None:
    """The room kept free holds the presentation and header lines of ten files with the longest names."""
    files = [
        ReceivedFile("a" * 20, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"")
    ] * 10
    assert mms_size("", files) <= read_limits(FILE).message.overhead


@pytest.mark.parametrize(
    ("mime", "size", "facts", "action"),
    [
        ("image/jpeg", 300_000, {"width": 2000, "height": 1500}, Action.AS_IS),
        ("image/jpeg", 3_000_000, {"width": 2000, "height": 1500}, Action.SHRINK),
        ("image/jpeg", 300_000, {"width": 4000, "height": 3000}, Action.SHRINK),
        ("image/jpeg", 300_000, {"width": 20, "height": 30, "mode": "CMYK"}, Action.SHRINK),
        ("image/webp", 30_000, {"width": 20, "height": 30}, Action.CONVERT),
        ("image/heic", 30_000, {"width": 20, "height": 30}, Action.CONVERT),
        ("image/gif", 30_000, {"width": 20, "height": 30, "frames": 5}, Action.AS_IS),
        ("application/pdf", 30_000, {"pages": 3}, Action.SPLIT),
        ("application/pdf", 30_000, {"pages": 60}, Action.AS_IS),
        ("application/pdf", 600_000, {"pages": 60}, Action.REFUSE),
        ("text/vcard", 500, {}, Action.AS_IS),
        ("text/calendar", 500, {}, Action.AS_IS),
        ("text/csv", 500, {}, Action.AS_IS),
        ("text/csv", 500_001, {}, Action.REFUSE),
        ("text/plain", 500, {}, Action.REFUSE),
        ("application/msword", 40_000, {}, Action.AS_IS),
        ("application/zip", 500, {}, Action.REFUSE),
        ("audio/amr", 40_000, {"codecs": ("amr_nb",)}, Action.AS_IS),
        ("audio/ogg", 40_000, {"codecs": ("opus",)}, Action.CONVERT),
        ("video/3gpp", 400_000, {"codecs": ("h263", "amr_nb")}, Action.AS_IS),
        ("video/mp4", 400_000, {"codecs": ("hevc", "aac")}, Action.CONVERT),
        ("video/mp4", 501_000, {"codecs": ("h264", "aac")}, Action.SHRINK),
    ],
)
def test_what_becomes_of_a_file(
    mime: str, size: int, facts: dict[str, Any], action: Action, described: Callable[..., Attachment]
) -> None:
    """Each sort of file goes, changes or stays as the provider's pages say."""
    (step,) = plan([described("file", mime, size, **facts)], "Hello", read_limits(FILE)).steps
    assert step.action is action


def made_of(made: Plan, attachments: list[Attachment]) -> Iterator[tuple[str, list[ReceivedFile]]]:
    """The words and files of each part of a plan, when every converted file just fits its order."""
    for part in made.parts:
        files = []
        for index, _ in part.files:
            step, media = made.steps[index], attachments[index].media
            mime, size = (step.fit.types[0], step.fit.max_bytes) if step.fit else (media.type, media.size)
            files.append(ReceivedFile("a" * 16 + ".ext", mime, content(mime, size)))
        yield part.text, files


def outcome(made: Plan, attachments: list[Attachment], limits: Limits) -> list[str]:
    """What the simulator says to each part of a plan."""
    verdicts = []
    for text, files in made_of(made, attachments):
        verdicts.append(objection(text, files, limits.profile))
        assert limits.text.length(text) <= MAX_BODY
        assert len(files) <= MAX_MEDIA
    return verdicts


TYPES = sorted(ACCEPTED | {"image/webp", "text/plain", "application/zip", "text/html", "application/octet-stream"})
FILES = st.builds(
    lambda mime, size, side, pages, frames, codecs: Attachment(
        Media(Path("f"), mime, size, "0" * 64, Facts(side, side, pages=pages, frames=frames, codecs=codecs)), "f", "c"
    ),
    st.sampled_from(TYPES),
    st.integers(20, 2_000_000) | st.sampled_from([500_000, 500_001, 592_000, 600_000]),
    st.integers(1, 6000),
    st.integers(0, 14),
    st.integers(1, 3),
    st.sampled_from([(), ("h264", "aac"), ("hevc",)]),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(FILES, max_size=14), st.text(max_size=40) | st.just("\U0001f600" * 900), st.sampled_from(list(CARRIER)))
def test_nothing_planned_is_refused(attachments: list[Attachment], text: str, profile: str) -> None:
    """Whatever files and words are planned under whatever profile, Twilio and the carriers take every part."""
    limits = read_limits(FILE, profile)
    made = plan(attachments, text, limits)
    assert set(outcome(made, attachments, limits)) <= {""}


@pytest.mark.parametrize("profile", telnyx_rules.CARRIER)
def test_profiles_agree_with_telnyx(profile: str) -> None:
    """Telnyx's profiles hold its own figures, told here and in its simulator from the same pages."""
    limits = read_limits(FILE, profile)
    assert limits.message.total_bytes is not None
    assert limits.message.total_bytes.value == telnyx_rules.CARRIER[profile] <= telnyx_rules.MAX_TOTAL
    assert limits.message.files is not None
    assert limits.message.files.value == telnyx_rules.MAX_MEDIA
    assert {mime for accept in limits.accept for mime in accept.types} <= telnyx_rules.ACCEPTED
    (step,) = plan([Attachment(Media(Path("a.doc"), "application/msword", 9, "0" * 64), "a.doc")], "", limits).steps
    assert step.action is Action.REFUSE


def test_profiles_belong_to_one_provider_each() -> None:
    """Every profile of the file is offered by exactly one provider, whose default is its narrowest carrier."""
    offered = [profile for offer in mediacore_sms.PROVIDERS.values() for profile in offer.profiles]
    assert sorted(offered) == sorted(read_limits(FILE).profiles)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 1530, 10),
        ("x" * 1531, 11),
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("\u4f60" * 70, 1),
        ("\U0001f600" * 335, 10),
        ("\U0001f600" * 336, 11),
    ],
)
def test_parts_of_a_text(text: str, parts: int) -> None:
    """A text is divided as Telnyx's page says, by the encoding that it needs."""
    assert telnyx_rules.parts(text) == parts


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(FILES, max_size=14),
    st.text(max_size=40) | st.just("\U0001f600" * 900) | st.just("[" * 2000),
    st.sampled_from(list(telnyx_rules.CARRIER)),
)
def test_nothing_planned_is_refused_by_telnyx(attachments: list[Attachment], text: str, profile: str) -> None:
    """Whatever files and words are planned under Telnyx's profiles, Telnyx and the carriers take every part."""
    limits = read_limits(FILE, profile)
    made = plan(attachments, text, limits)
    for told, files in made_of(made, attachments):
        assert telnyx_rules.objection(told, files, profile) == ""
        assert len(files) <= telnyx_rules.MAX_MEDIA
        assert files or telnyx_rules.parts(told) <= telnyx_rules.MAX_PARTS


@pytest.mark.parametrize(
    ("to", "action"), [("+14155550100", Action.AS_IS), ("", Action.AS_IS), ("+491711234567", Action.LINK)]
)
def test_files_become_links_where_no_mms_goes(to: str, action: Action, described: Callable[..., Attachment]) -> None:
    """A number outside the countries with MMS gets a link in a text, and the agent is told why beforehand."""
    picture = described("a.jpg", "image/jpeg", 30_000, width=20, height=30)
    made = plan([picture], "Look", read_limits(FILE).toward(to), link=True)
    assert made.steps[0].action is action
    assert bool(made.parts[0].links) == (action is Action.LINK)
    if action is Action.LINK:
        assert "only to addresses that begin with +1" in made.steps[0].reason
    (refused,) = plan([picture], "Look", read_limits(FILE).toward("+49")).steps
    assert refused.action is Action.REFUSE
    assert read_limits(FILE, "telnyx").toward("+49").accept == ()
