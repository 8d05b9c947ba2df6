"""Limits: numbers with their sources, profiles over them, a site's own over both."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

from mediacore import Accept, ConfigError, Figure, Kind, Limits, Message, override_limits, read_limits
from mediacore.limits_file import SITE
from mediacore.testkit import strategies

TABLE = """
channel = "pigeon"
title = "Pigeon"
[message]
total_bytes = { value = 600_000, source = "https://pigeon.example/post", as_of = 2026-05-01 }
overhead = 100
[text]
max = { value = 160, source = "https://pigeon.example/words", as_of = 2026-05-01 }
unit = "utf16"
[accept.image]
kind = "image"
types = ["image/jpeg"]
max_bytes = { value = 300_000, source = "https://pigeon.example/post", as_of = 2026-05-01 }
[accept.stamp]
kind = "image"
types = ["image/png"]
explicit = true
[profile.storm.message]
total_bytes = { value = 100_000, source = "https://pigeon.example/storm", as_of = 2026-06-01 }
[profile.storm.accept.image]
animated = false
"""


@pytest.fixture
def pigeon(tmp_path: Path) -> Path:
    """A limits file with one profile."""
    path = tmp_path / "limits.toml"
    path.write_text(TABLE)
    return path


def written(path: Path, old: str, new: str) -> Path:
    """The same file with a piece replaced."""
    path.write_text(path.read_text().replace(old, new))
    return path


def test_a_file_is_read_as_it_stands(pigeon: Path) -> None:
    """Numbers keep their source and date, and plain settings stay plain."""
    limits = read_limits(pigeon)
    assert limits.message.total_bytes == Figure(600_000, "https://pigeon.example/post", date(2026, 5, 1))
    assert (limits.message.overhead, limits.text.unit, limits.profiles) == (100, "utf16", ("default", "storm"))
    assert [a.name for a in limits.accepting(Kind.IMAGE)] == ["image"]
    assert limits.accepting(Kind.PDF) == ()


def test_a_profile_lies_over_the_default(pigeon: Path) -> None:
    """Only what it names changes, and its own source comes with it."""
    limits = read_limits(pigeon, "storm")
    assert limits.profile == "storm"
    assert limits.message.total_bytes == Figure(100_000, "https://pigeon.example/storm", date(2026, 6, 1))
    assert limits.message.overhead == 100
    assert not limits.accept[0].animated
    assert limits.accept[0].max_bytes == read_limits(pigeon).accept[0].max_bytes


def test_a_profile_that_is_not_there_is_named(pigeon: Path) -> None:
    """The error says which ones there are."""
    with pytest.raises(ConfigError, match="'calm'; it has default, storm"):
        read_limits(pigeon, "calm")


@pytest.mark.parametrize("number", [1000, {"value": 1000}])
def test_a_site_s_number_says_that_it_is_the_site_s(pigeon: Path, number: object) -> None:
    """Nobody mistakes a site's own number for the provider's, however it is written."""
    limits = override_limits(
        read_limits(pigeon), {"message": {"total_bytes": number}, "accept": {"image": {"max_side": 640}}}
    )
    assert limits.message.total_bytes == Figure(1000, SITE)
    assert limits.accept[0].max_side == Figure(640, SITE)
    assert limits.accept[0].max_bytes == read_limits(pigeon).accept[0].max_bytes


def test_a_site_may_give_a_source_of_its_own(pigeon: Path) -> None:
    """A contract with the carrier, for example."""
    limits = override_limits(read_limits(pigeon), {"message": {"total_bytes": {"value": 9, "source": "our contract"}}})
    assert limits.message.total_bytes == Figure(9, "our contract")


def test_a_site_may_add_a_sort(pigeon: Path) -> None:
    """A sort that the channel's file does not have needs its kind and types."""
    limits = override_limits(read_limits(pigeon), {"accept": {"pdf": {"kind": "pdf", "types": ["application/pdf"]}}})
    assert limits.accepting(Kind.PDF)[0].types == ("application/pdf",)
    with pytest.raises(ConfigError, match="types"):
        override_limits(read_limits(pigeon), {"accept": {"pdf": {"kind": "pdf"}}})


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"mesage": {}}, "mesage"),
        ({"message": {"total_byte": 1, "fles": 2}}, "fles, total_byte"),
        ({"accept": {"image": {"colour": 1}}}, "colour"),
        ({"text": {"max": "long"}}, "max cannot be 'long'"),
        ({"text": {"max": {"value": "long"}}}, "max"),
        ({"text": {"max": {"value": 1, "from": "x"}}}, "from"),
        ({"text": {"max": True}}, "max cannot be True"),
        ({"text": {"unit": "words"}}, "unit"),
        ({"text": 5}, "text must be a table"),
        ({"accept": 5}, "accept must be a table"),
        ({"accept": {"image": 5}}, "accept must be a table"),
        ({"accept": {"image": {"kind": "painting"}}}, "painting"),
        ({"accept": {"image": {"types": "image/png"}}}, "types"),
        ({"message": {"mixed": "no"}}, "mixed"),
        ({"message": {"overhead": "1 KB"}}, "overhead"),
    ],
)
def test_a_wrong_override_is_named(pigeon: Path, overrides: dict[str, Any], named: str) -> None:
    """An unknown key or a value of the wrong kind stops the start and says where it is."""
    with pytest.raises(ConfigError, match=named):
        override_limits(read_limits(pigeon), overrides)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('channel = "pigeon"', "", "channel"),
        ("[message]", "[message", "limits.toml"),
        ("explicit = true", "explict = true", "explict"),
    ],
)
def test_a_wrong_file_is_named(pigeon: Path, old: str, new: str, named: str) -> None:
    """A fault in a plugin's own file is told like one in the site's."""
    with pytest.raises(ConfigError, match=named):
        read_limits(written(pigeon, old, new))


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    """Not a stack trace."""
    with pytest.raises(ConfigError, match=r"limits\.toml"):
        read_limits(tmp_path / "limits.toml")


@given(strategies.limits())
def test_an_override_changes_only_what_it_names(limits: Limits) -> None:
    """Everything else, sources and dates included, survives the laying over."""
    changed = override_limits(limits, {"names": {"plain": not limits.names.plain}})
    assert changed.names.plain is not limits.names.plain
    assert override_limits(changed, {"names": {"plain": limits.names.plain}}) == limits
    assert override_limits(limits, {}) is limits


def test_inbound_limits_take_no_sort(pigeon: Path) -> None:
    """What comes in need not fit what may go out."""
    assert read_limits(pigeon).for_inbound().accept == ()


def test_limits_toward_one_customer() -> None:
    """Files reach only addresses that begin as the limits say; where nothing is said, or nobody chosen, all of them."""
    picture = Accept("image", Kind.IMAGE, ("image/jpeg",))
    near = Limits("sms", "SMS", "default", (picture,), message=Message(reach=("+1", "+44")))
    assert near.toward("+1415").accept == near.toward("+4471").accept == near.toward("").accept == (picture,)
    assert near.toward("+49171").accept == ()
    everywhere = evolve(near, message=Message())
    assert everywhere.toward("+49171") == everywhere
