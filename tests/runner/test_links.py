"""Addresses of files: valid for their time, for their file, and for nobody who makes them up."""

from __future__ import annotations

import time
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediacore.errors import ConfigError
from mediacore.names import EXTENSIONS, safe_name
from mediacore.plan import LINK_LABEL, LINK_ROOM
from mediacore.runner.links import LONGEST_BASE, LONGEST_NAME, Linked, Links

DIGEST = "ab" * 32


def token_of(url: str) -> tuple[str, str]:
    token, _, name = url.removeprefix("https://h.example/media/").partition("/")
    return token, unquote(name)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1)


@given(name=NAMES, mime=st.sampled_from([*EXTENSIONS, "application/x-thing"]), inline=st.booleans())
def test_there_and_back(name: str, mime: str, inline: bool) -> None:
    """What is put into an address comes out of it, whatever the file is called; a long name is cut in the middle."""
    links = Links("https://h.example/", "secret")
    url = links.link(DIGEST, mime, name, 60, inline)
    assert url.isascii()
    token, told = token_of(url)
    assert links.read(token, told) == Linked(DIGEST, mime, told, inline)
    assert told == name or (len(quote(name)) > LONGEST_NAME and name.startswith(told.rpartition(".")[0]))


@given(name=NAMES, mime=st.sampled_from(list(EXTENSIONS)), digest=st.binary(min_size=32, max_size=32))
def test_a_link_line_has_its_room(name: str, mime: str, digest: bytes) -> None:
    """The planner keeps room free for a link; no file's name, type or digest makes the line longer than that."""
    links = Links("https://" + "h" * (LONGEST_BASE - 8), "secret")
    label = safe_name(name, mime, most=LINK_LABEL)
    line = f"{label}: {links.link(digest.hex(), mime, safe_name(name, mime), 30 * 86400, False)}\n"
    assert len(line.encode()) <= LINK_ROOM


def test_a_long_public_address_is_refused() -> None:
    """A site whose address would not fit into short messages hears it when it starts."""
    with pytest.raises(ConfigError, match="public_url has 90 characters"):
        Links("https://" + "h" * 82, "secret")


def test_without_public_url() -> None:
    """Without a public address there is no link."""
    assert Links("", "secret").link(DIGEST, "image/png", "x", 60, True) == ""


def test_expiry(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address works for its time, rounded up to the hour, and not after it."""
    links = Links("https://h.example", "secret")
    token, name = token_of(links.link(DIGEST, "image/png", "x.png", 3600, True))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3590)
    assert links.read(token, name)
    monkeypatch.setattr(time, "time", lambda: real() + 3 * 3600)
    assert links.read(token, name) is None


def test_same_within_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same file has the same address for a while, so that a provider that asks again meets its cache."""
    links, made = Links("https://h.example", "secret"), set[str]()
    for seconds in (0, 1200, 3599):
        monkeypatch.setattr(time, "time", lambda seconds=seconds: 3600 * 500_000 + seconds)
        made.add(links.link(DIGEST, "image/png", "x.png", 3600, True))
    assert len(made) == 1


@pytest.mark.parametrize("forged", ["", "x", "a.b.c", "WyJhIl0.x", "\u00e9", "." * 500])
def test_forged(forged: str) -> None:
    """What was not signed here leads nowhere."""
    assert Links("https://h.example", "secret").read(forged, "x.png") is None


def test_changed_and_foreign() -> None:
    """A changed letter, another secret, or a value of the wrong shape is refused."""
    links = Links("https://h.example", "secret")
    token, name = token_of(links.link(DIGEST, "image/png", "x.png", 60, True))
    assert links.read(token[:-2] + ("aa" if token[-2:] != "aa" else "bb"), name) is None
    assert Links("https://h.example", "other").read(token, name) is None
    signed = links._signer.dumps(["too", "short"])
    assert links.read(str(signed), name) is None


def test_other_name() -> None:
    """The name is only what to call the file: another one gets the same file with the same type."""
    links = Links("https://h.example", "secret")
    token, _ = token_of(links.link(DIGEST, "image/png", "x.png", 60, True))
    assert links.read(token, "other.png") == Linked(DIGEST, "image/png", "other.png", True)
