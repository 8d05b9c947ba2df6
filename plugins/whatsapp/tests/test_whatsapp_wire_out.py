"""What is sent to Meta, and what its answers mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from mediacore_whatsapp import LIMITS, wire_out
from mediacore_whatsapp.simulator_rules import SIZES, TYPES

from mediacore import Facts, Inbox, InDoubt, Media, Permanent, Status, plan

HERE = Path(__file__)
SHORT = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+16505551234"}


def test_text(outgoing: Any) -> None:
    """A text with its key and what it answers."""
    body = wire_out.payload(outgoing("hello", reply_to="wamid.Q"))
    assert body == {
        **SHORT,
        "biz_opaque_callback_data": "key-1",
        "context": {"message_id": "wamid.Q"},
        "type": "text",
        "text": {"body": "hello"},
    }


@pytest.mark.parametrize(
    ("kind", "form", "extra"),
    [
        ("image/jpeg", "image", {"caption": "c"}),
        ("video/mp4", "video", {"caption": "c"}),
        ("application/pdf", "document", {"caption": "c", "filename": "bill.pdf"}),
        ("text/plain", "document", {"caption": "c", "filename": "bill.pdf"}),
        ("application/msword", "document", {"caption": "c", "filename": "bill.pdf"}),
    ],
)
def test_media_with_captions(attach: Any, outgoing: Any, kind: Any, form: Any, extra: Any) -> None:
    """Every sort of file goes under its own name, documents with their file name."""
    body = wire_out.payload(outgoing("c", attach(kind, "bill.pdf")), "42")
    assert body[form] == {"id": "42", **extra}
    assert body["type"] == form
    if form == "document":
        nameless = wire_out.payload(outgoing("", evolve(attach(kind), name="")), "42")
        assert nameless["document"]["filename"].startswith("document.")


@pytest.mark.parametrize(("kind", "form"), [("audio/ogg", "audio"), ("image/webp", "sticker")])
def test_audio_and_stickers_bear_no_words(attach: Any, outgoing: Any, kind: Any, form: Any) -> None:
    """A caption on them is refused before anything is sent."""
    assert wire_out.payload(outgoing("", attach(kind)), "42")[form] == {"id": "42"}
    with pytest.raises(Permanent) as caught:
        wire_out.payload(outgoing("c", attach(kind)), "42")
    assert caught.value.code == "caption"


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("+16505551234", {"to": "+16505551234"}),
        ("16505551234", {"to": "+16505551234"}),
        ("+1 (650) 555-1234", {"to": "+16505551234"}),
        ("US.13491208655302741918", {"recipient": "US.13491208655302741918"}),
        ("US.ENT.11815799212886844830", {"recipient": "US.ENT.11815799212886844830"}),
    ],
)
def test_recipients(outgoing: Any, address: Any, sent: Any) -> None:
    """Numbers always get their plus sign; scoped user ids go another way."""
    body = wire_out.payload(outgoing("x", to=address))
    assert {k: body[k] for k in ("to", "recipient") if k in body} == sent


@pytest.mark.parametrize(
    "address", ["", "030 123456", "+0301234567", "sheena@example.org", "+1650555123456789", "١٦٥٠٥٥٥"]
)
def test_addresses_that_are_none(outgoing: Any, address: Any) -> None:
    """An address that Meta could misdial is refused."""
    with pytest.raises(Permanent) as caught:
        wire_out.payload(outgoing("x", to=address))
    assert caught.value.code == "recipient"


def test_nothing_and_too_much(attach: Any, outgoing: Any) -> None:
    """An empty message and one with two files are refused."""
    for message in (outgoing("  "), outgoing("x", attach("image/png"), attach("image/png"))):
        with pytest.raises(Permanent):
            wire_out.payload(message)


def test_uploads_declare_what_meta_wants() -> None:
    """Ogg says its codec, and every upload's name fits its type."""
    assert wire_out.declared("audio/ogg") == "audio/ogg; codecs=opus"
    assert wire_out.declared("audio/mpeg") == "audio/mpeg"
    assert {wire_out.upload_name(t) for names in TYPES.values() for t in names}
    with pytest.raises(Permanent):
        wire_out.upload_name("application/zip")


def test_answers() -> None:
    """An id makes a receipt; a 200 without one leaves it in doubt."""
    receipt = wire_out.receipt(200, b'{"messages":[{"id":"wamid.1"}]}')
    assert (receipt.source_id, receipt.status) == ("wamid.1", Status.SENT)
    assert wire_out.uploaded(200, b'{"id":"1037543291543636"}').id == "1037543291543636"
    for content in (b"", b"{}", b'{"messages":[]}', b'{"messages":{}}', b"[]"):
        with pytest.raises(InDoubt):
            wire_out.receipt(200, content)
        with pytest.raises(InDoubt):
            wire_out.uploaded(200, content)


def test_limits_agree_with_the_simulator(inbox: Inbox, attach: Any) -> None:
    """Each sort of the limits has the types, and at most the size, that the simulator takes."""
    for accept in inbox.limits.accept:
        for kind in accept.types:
            form = wire_out.form_of(evolve(attach("text/plain"), media=Media(HERE, kind, 1, ""), sort=accept.name))
            assert kind in TYPES[form]
            assert accept.max_bytes.value <= SIZES[form]


def test_pace_and_window_are_metas(inbox: Inbox) -> None:
    """80 messages a second, one in six seconds to a customer after a burst of 45, and 24 hours to answer in."""
    pace = inbox.limits.pace
    figures = (pace.second, pace.contact_seconds, pace.contact_burst, inbox.limits.window.hours)
    assert [figure and figure.value for figure in figures] == [80, 6, 45, 24]


def test_a_voice_note_is_asked_for(attach: Any, outgoing: Any) -> None:
    """Ogg with Opus is a voice note only where the desk asked for one, and nothing else can be one."""
    assert wire_out.payload(outgoing("", attach("audio/ogg")), "42")["audio"] == {"id": "42"}
    note = evolve(attach("audio/ogg"), sort="voice")
    assert wire_out.payload(outgoing("", note), "42")["audio"] == {"id": "42", "voice": True}
    with pytest.raises(Permanent) as caught:
        wire_out.payload(outgoing("", evolve(attach("audio/mpeg"), sort="voice")), "42")
    assert caught.value.code == "type"


@pytest.mark.parametrize("sort", ["sticker", "animated_sticker"])
def test_stickers_are_asked_for(attach: Any, outgoing: Any, sort: str) -> None:
    """Both sorts of sticker go as a sticker, without words."""
    body = wire_out.payload(outgoing("", evolve(attach("image/webp"), sort=sort)), "42")
    assert (body["type"], body["sticker"]) == ("sticker", {"id": "42"})


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("bill.pdf", "bill.pdf"),
        ("bill", "bill.pdf"),
        ("bill.", "bill.pdf"),
        ("", "document.pdf"),
        (" ", "document.pdf"),
    ],
)
def test_documents_have_an_extension(attach: Any, outgoing: Any, name: str, shown: str) -> None:
    """The customer's phone picks icon and program by the extension, so there is always one."""
    attachment = evolve(attach("application/pdf"), name=name)
    assert wire_out.payload(outgoing("", attachment), "42")["document"]["filename"] == shown


@pytest.mark.parametrize(
    ("sort", "kind", "facts", "action"),
    [
        ("sticker", "image/png", Facts(900, 300, mode="RGBA"), "convert"),
        ("sticker", "image/webp", Facts(512, 512, mode="RGBA"), "as is"),
        ("sticker", "image/webp", Facts(512, 512, mode="RGBA", frames=9), "shrink"),
        ("animated_sticker", "image/webp", Facts(512, 512, mode="RGBA", frames=9), "as is"),
        ("voice", "audio/ogg", Facts(codecs=("opus",), channels=1), "as is"),
        ("sticker", "text/plain", Facts(), "refuse"),
        ("spoon", "image/png", Facts(9, 9, mode="RGB"), "refuse"),
    ],
)
def test_plans_of_what_is_asked_for(attach: Any, inbox: Inbox, sort: str, kind: str, facts: Facts, action: str) -> None:
    """A sticker is made of any picture; what cannot become what was asked for is refused and never sent otherwise."""
    attachment = evolve(attach(kind, facts=facts, data=b"x" * 100), sort=sort)
    (step,) = plan([attachment], "", inbox.limits, link=True).steps
    assert step.action == action
    assert step.accept == (sort if action != "refuse" else "")


def test_every_figure_has_a_source() -> None:
    """Every number of the limits names a public page and a day."""
    text = LIMITS.read_text()
    figures = [line for line in text.splitlines() if "value =" in line]
    assert len(figures) >= 14
    assert all('source = "https://' in line and "as_of = 20" in line for line in figures)


@pytest.mark.parametrize(
    ("kind", "facts", "action"),
    [
        ("image/jpeg", Facts(100, 100, mode="RGB"), "as is"),
        ("image/png", Facts(100, 100, mode="RGBA"), "as is"),
        ("image/jpeg", Facts(100, 100, mode="CMYK"), "shrink"),
        ("image/jpeg", Facts(100, 100, mode="L"), "shrink"),
        ("image/png", Facts(100, 100, mode="RGBA", frames=4), "convert"),
        ("image/heic", Facts(100, 100, mode="RGB"), "convert"),
        ("image/webp", Facts(512, 512, mode="RGB"), "convert"),
        ("application/pdf", Facts(pages=3), "as is"),
        ("application/pdf", Facts(pages=300, encrypted=True), "as is"),
        ("text/plain", Facts(), "as is"),
        ("text/csv", Facts(), "link"),
        ("application/zip", Facts(), "link"),
        ("application/vnd.oasis.opendocument.text", Facts(), "link"),
        ("audio/ogg", Facts(codecs=("opus",), channels=1), "as is"),
        ("audio/ogg", Facts(codecs=("opus",), channels=2), "convert"),
        ("audio/ogg", Facts(codecs=("vorbis",), channels=1), "convert"),
        ("audio/mpeg", Facts(codecs=("mp3",), channels=2), "as is"),
        ("audio/wav", Facts(codecs=("pcm",)), "convert"),
        ("video/mp4", Facts(codecs=("h264", "aac")), "as is"),
        ("video/mp4", Facts(codecs=("h264",)), "as is"),
        ("video/mp4", Facts(codecs=("hevc", "aac")), "convert"),
        ("video/quicktime", Facts(codecs=("h264", "aac")), "convert"),
    ],
)
def test_plans(attach: Any, inbox: Inbox, kind: Any, facts: Any, action: Any) -> None:
    """The planner carries what WhatsApp takes, converts pictures, and links the rest."""
    attachment = attach(kind, facts=facts, data=b"x" * 100)
    (step,) = plan([attachment], "hello", inbox.limits, link=True).steps
    assert step.action == action
    assert plan([attachment], "hello", inbox.limits).refused or action != "link"


def test_captions_and_files_are_parted(attach: Any, inbox: Inbox) -> None:
    """A short text is the first picture's caption; audio has it apart, and so has a long one; one file a message."""
    picture = attach("image/png", facts=Facts(9, 9, mode="RGB"))
    sound = attach("audio/mpeg", facts=Facts(codecs=("mp3",)))
    parts = plan([picture, picture], "hello", inbox.limits).parts
    assert [(len(p.files), p.text) for p in parts] == [(1, "hello"), (1, "")]
    assert [(len(p.files), p.text) for p in plan([sound], "hello", inbox.limits).parts] == [(1, ""), (0, "hello")]
    long = "😀" * 600
    assert [(len(p.files), p.text) for p in plan([picture], long, inbox.limits).parts] == [(1, ""), (0, long)]
    assert [len(p.text) for p in plan([], "x" * 5000, inbox.limits).parts] == [4096, 904]
