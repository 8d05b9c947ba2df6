"""What every test here shares: a channel's limits to plan with."""

from __future__ import annotations

import pytest

from mediacore import Accept, Figure, Kind, Limits, Message, Text

SOURCE = "https://provider.example/limits"


@pytest.fixture
def phone() -> Limits:
    """A channel like MMS: small, one text beside all files, pictures rather than documents."""
    return Limits(
        channel="phone",
        title="Phone",
        profile="default",
        accept=(
            Accept("image", Kind.IMAGE, ("image/jpeg", "image/png"), Figure(1_000_000, SOURCE), modes=("RGB", "L")),
            Accept("pdf", Kind.PDF, ("application/pdf",), Figure(500_000, SOURCE), as_images=True),
            Accept("contact", Kind.CONTACT, ("text/vcard",), Figure(100_000, SOURCE)),
        ),
        text=Text(max=Figure(1600, SOURCE)),
        message=Message(files=Figure(10, SOURCE), total_bytes=Figure(600_000, SOURCE), overhead=5_000, fetched=True),
    )


@pytest.fixture
def chat() -> Limits:
    """A channel like WhatsApp: one file a message, captions on pictures, documents taken."""
    return Limits(
        channel="chat",
        title="Chat",
        profile="default",
        accept=(
            Accept("image", Kind.IMAGE, ("image/jpeg", "image/png"), Figure(5_000_000, SOURCE), animated=False),
            Accept("sticker", Kind.IMAGE, ("image/webp",), Figure(100_000, SOURCE), exact_side=512, explicit=True),
            Accept("audio", Kind.AUDIO, ("audio/ogg",), codecs=("opus",), channels=1, caption=False),
            Accept("pdf", Kind.PDF, ("application/pdf",), Figure(100_000_000, SOURCE)),
        ),
        text=Text(max=Figure(4096, SOURCE), place="caption", caption_max=Figure(1024, SOURCE)),
        message=Message(files=Figure(1, SOURCE)),
    )
