"""What a mail carries: the figures, the plan made from them, and that the provider refuses nothing of that plan."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import attrs
import mediacore_email
import pytest
from mediacore_email import EmailChannel
from mediacore_email.simulator import SIZE as TAKEN
from mediacore_email.simulator import MailSimulator
from mediacore_email.wire_out import Sender, mail

from mediacore import Action, Attachment, ConfigError, Facts, Inbox, Media, Outgoing, kind_of, mount, plan

FILE = Path(mediacore_email.__file__).with_name("limits.toml")


def limits(profile: str = "default") -> Any:
    return EmailChannel("help@shop.example", "localhost", profile=profile).limits()


def media(size: int, mime: str = "application/pdf", frames: int = 1) -> Media:
    return Media(Path("x"), mime, size, "0" * 64, Facts(frames=frames, width=100, height=100))


def figures(table: Any) -> list[dict[str, Any]]:
    if not isinstance(table, dict):
        return []
    return [table] if "value" in table else [f for value in table.values() for f in figures(value)]


def test_every_figure_says_where_it_was_read() -> None:
    """No number stands without an address and a date."""
    found = figures(tomllib.loads(FILE.read_text(encoding="utf-8")))
    assert len(found) >= 8
    assert all(f["source"].startswith("https://") and f["as_of"].year == 2026 for f in found)


def test_types_belong_to_their_kinds() -> None:
    """Every type that is taken is listed under the kind under which the planner looks for it, and only once."""
    every = [(a.kind, t) for a in limits().accept for t in a.types]
    assert [(kind, t) for kind, t in every if kind_of(t) is not kind] == []
    assert len(every) == len({t for _, t in every})


@pytest.mark.parametrize(
    ("profile", "most"),
    [
        ("default", 18_000_000),
        ("gmail", 18_000_000),
        ("exchange", 25_000_000),
        ("ses", 29_000_000),
        ("postmark", 7_000_000),
    ],
)
def test_raw_sizes(profile: str, most: int) -> None:
    """One file of the most raw bytes goes as it is, and one of more than the provider's rule does not."""
    rule = limits(profile)
    (fits,) = plan([Attachment(media(most), "a.pdf")], "", rule).steps
    (over,) = plan([Attachment(media(most + 400_000), "a.pdf")], "", rule).steps
    assert (fits.action, over.action) == (Action.AS_IS, Action.REFUSE)


def test_the_default_ends_at_18_megabytes() -> None:
    """The safest reading of all receivers is 18,000,000 bytes of files, to the byte."""
    rule = limits().message
    room = rule.total_bytes.value - rule.overhead
    assert rule.wire(18_000_000) <= room < rule.wire(18_000_003)


def test_two_files_that_do_not_fit_together_travel_in_two_mails() -> None:
    """Files that are too many for one mail are spread over several."""
    two = [Attachment(media(10_000_000), "a.pdf"), Attachment(media(10_000_000), "b.pdf")]
    assert [len(p.files) for p in plan(two, "both", limits()).parts] == [1, 1]


@pytest.mark.parametrize(
    ("mime", "action"),
    [
        ("image/jpeg", Action.AS_IS),
        ("image/gif", Action.AS_IS),
        ("image/webp", Action.CONVERT),
        ("image/heic", Action.CONVERT),
        ("image/tiff", Action.CONVERT),
        ("image/svg+xml", Action.AS_IS),
        ("application/zip", Action.AS_IS),
        ("video/quicktime", Action.AS_IS),
        ("audio/amr", Action.AS_IS),
        ("application/octet-stream", Action.AS_IS),
        ("message/rfc822", Action.AS_IS),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", Action.AS_IS),
        ("application/x-msdownload", Action.REFUSE),
    ],
)
def test_what_happens_to_types(mime: str, action: Action) -> None:
    """Pictures that mail programs cannot show become JPEG; everything else goes as it is, but programs."""
    (step,) = plan([Attachment(media(1000, mime), "file")], "x", limits()).steps
    assert step.action is action
    if step.fit:
        assert step.fit.types[0] == "image/jpeg"


@pytest.mark.parametrize("name", ["a.exe", "b.JS", "c.pdf.scr", "d.msi", "e.py", "f.lnk"])
def test_blocked_extensions(name: str) -> None:
    """What Gmail or Outlook throws away is refused before it is sent."""
    (step,) = plan([Attachment(media(1000), name)], "x", limits()).steps
    assert step.action is Action.REFUSE
    assert "throw away" in step.reason


def test_the_list_of_extensions_is_clean() -> None:
    """Each extension stands once, in lower case, with its dot, and ordinary files are not among them."""
    found = limits().blocked.extensions
    assert len(found) == len(set(found)) > 100
    assert all(e == e.lower() and e.startswith(".") for e in found)
    assert not {".pdf", ".zip", ".docx", ".jpg", ".eml", ".csv", ".html"} & set(found)


def test_the_fullest_mail_that_a_plan_allows_is_taken(
    attach: Callable[..., Attachment], outgoing: Callable[..., Outgoing]
) -> None:
    """The most files with the longest names and the most bytes are still within what the provider takes."""
    count = limits().message.files.value
    each = (18_000_000 - 60 * count) // count
    files = [
        attach(f"{'ü' * 120}{i}.pdf", "application/pdf", b"%PDF" + i.to_bytes(2, "big") + bytes(each - 6))
        for i in range(count)
    ]
    (part,) = plan(files, "x", limits()).parts
    assert len(part.files) == count
    assert mail(outgoing("x", *files), Sender("help@shop.example"), datetime.now(UTC)).size <= TAKEN


def test_profiles_and_settings_are_checked(provider: MailSimulator, available: dict[str, EntryPoint]) -> None:
    """A wrong profile, an unknown or missing setting, a bad address, a password in the clear: each is said at mount."""
    good = provider.settings()
    assert isinstance(mount("mail", good, available=available), Inbox)
    for change, word in [
        ({"profile": "yahoo"}, "postmark"),
        ({"smtp_hots": "x"}, "unknown: smtp_hots"),
        ({"address": "nobody"}, "mail address"),
        ({"address": "a@b.de\r\nBcc: x@y"}, "mail address"),
        ({"smtp_host": "mail.example.com"}, "in the clear"),
        ({"imap_host": "mail.example.com"}, "in the clear"),
        ({"smtp_security": "ssl"}, "smtp_security"),
    ]:
        with pytest.raises(ConfigError, match=word):
            mount("mail", {**good, **change}, available=available)
    with pytest.raises(ConfigError, match="missing: address, smtp_host"):
        mount("mail", {"channel": "email"}, available=available)


def test_secrets_are_not_shown() -> None:
    """No password and no token stands in what a log would print."""
    channel = EmailChannel("a@b.de", "h", smtp_password="s3cret", imap_password="s3cret", oauth_token="s3cret")
    assert "s3cret" not in repr(channel)
    assert "s3cret" not in repr(channel._smtp())
    assert {a.name for a in attrs.fields(EmailChannel) if not a.repr} == {
        "smtp_password",
        "imap_password",
        "oauth_token",
    }


@pytest.mark.parametrize(
    ("to", "goes", "stays"),
    [
        ("kim@gmail.com", "notes.url", "disk.img"),
        ("Kim@GoogleMail.com", "macro.bas", "page.mjs"),
        ("kim@outlook.com", "disk.img", "notes.url"),
        ("kim@hotmail.com", "app.apk", "macro.bas"),
    ],
)
def test_blocked_by_receiver(to: str, goes: str, stays: str) -> None:
    """A receiver that the address tells has its own list; anybody else may be either of them."""
    limits = EmailChannel("a@b.de", "h").limits().toward(to)
    assert not goes.endswith(limits.blocked.extensions)
    assert stays.endswith(limits.blocked.extensions)
    everybody = EmailChannel("a@b.de", "h").limits().toward("kim@shop.example")
    assert goes.endswith(everybody.blocked.extensions)
    assert stays.endswith(everybody.blocked.extensions)


def test_the_receivers_lists_make_the_whole(available: dict[str, EntryPoint]) -> None:
    """What anybody throws away is what one of those does whose lists are known, under a site's own numbers too."""
    blocked = EmailChannel("a@b.de", "h").limits().blocked
    assert {e for r in blocked.receivers for e in r.extensions} == set(blocked.extensions)
    own = {"channel": "email", "address": "a@b.de", "smtp_host": "h", "limits": {"inbound": {"max_body": 1}}}
    assert mount("mail", own, available=available).limits.blocked == blocked
