"""Mounting an Instagram inbox, and its limits against what the simulator takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mediacore_instagram import simulator_rules as rules

from mediacore import Action, Attachment, ConfigError, Facts, Inbox, Media, plan

Mounting = Callable[[dict[str, Any]], Inbox]


def test_missing_and_unknown_settings_are_named_together(mounting: Mounting) -> None:
    """One message tells everything that is wrong."""
    with pytest.raises(ConfigError) as caught:
        mounting({"channel": "instagram", "account": "1", "tokken": "x", "client": "y"})
    for word in ("missing: app_secrets, token, verify_token", "unknown: client, tokken"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"product": "messenger"},
        {"app_secrets": ""},
        {"app_secrets": []},
        {"app_secrets": ["a", ""]},
        {"profile": "x"},
        {"verify_token": ""},
    ],
)
def test_wrong_values_are_config_errors(mounting: Mounting, settings: dict[str, Any], wrong: dict[str, Any]) -> None:
    """A product that does not exist, no secret, no profile of that name."""
    with pytest.raises(ConfigError):
        mounting(settings | wrong)


def test_secrets_may_be_one_or_several(
    mounting: Mounting, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A string is one secret, and a list may say of each where it is."""
    monkeypatch.setenv("META_SECRET", "meta secret")
    one: Any = mounting(settings | {"app_secrets": "a b"})._plugin
    several: Any = mounting(settings | {"app_secrets": [{"env": "META_SECRET"}, "b"]})._plugin
    assert (one.app_secrets, several.app_secrets) == (("a b",), ("meta secret", "b"))


def test_secrets_are_never_shown(mounting: Mounting, settings: dict[str, Any]) -> None:
    """The plugin's repr, which logs may show, holds none of them."""
    shown = repr(mounting(settings)._plugin)
    assert "IGID" in shown
    for secret in ("a-token", "app-secret", "other-secret", "'T'"):
        assert secret not in shown


def test_the_products_have_their_own_hosts(mounting: Mounting, settings: dict[str, Any]) -> None:
    """Instagram Login addresses the account, a Page token addresses itself."""
    login: Any = mounting(settings)._plugin
    page: Any = mounting(settings | {"product": "page"})._plugin
    assert login._url(login._node) == "https://graph.instagram.com/v25.0/IGID"
    assert page._url(page._node) == "https://graph.facebook.com/v25.0/me"


def test_the_hooks_of_the_channel(inbox: Inbox) -> None:
    """What a push channel needs, with uploads for a Page and a look-up for lost answers."""
    assert inbox.hooks == (
        "limits", "receive", "reply", "fetch", "upload", "send", "reconcile", "mark", "check", "close",
    )  # fmt: skip


def test_a_closed_channel_has_no_connections(mounting: Mounting, settings: dict[str, Any]) -> None:
    """When the site stops, the plugin lets go of its connections."""
    inbox = mounting(settings)
    inbox.close()
    plugin: Any = inbox._plugin
    assert plugin._client.is_closed


def test_the_window_and_the_pace(mounting: Mounting, settings: dict[str, Any]) -> None:
    """Answers are free for a day, for people a week where the tag is approved; ten messages go in a second."""
    limits = mounting(settings).limits
    assert (limits.window.hours and limits.window.hours.value, limits.window.person_hours) == (24, None)
    approved = mounting(settings | {"human_agent": True}).limits.window.person_hours
    assert approved is not None
    assert approved.value * 3600 == rules.HUMAN_WINDOW.total_seconds()
    assert limits.window.hours is not None
    assert limits.window.hours.value * 3600 == rules.WINDOW.total_seconds()
    assert limits.pace.second is not None
    assert limits.pace.second.value == 10


def test_every_number_has_its_source_and_date(inbox: Inbox) -> None:
    """Each limit says where and when it was read."""
    limits = inbox.limits
    figures = [limits.text.max, limits.message.files, limits.inbound.max_bytes]
    figures += [figure for accept in limits.accept for figure in (accept.max_bytes, accept.together)]
    for figure in figures:
        assert figure is not None
        assert figure.source.startswith("https://developers.facebook.com/")
        assert figure.as_of is not None


def file(mime: str, size: int, **facts: Any) -> Attachment:
    return Attachment(Media(Path("x"), mime, size, "0" * 64, Facts(**facts)), "x")


@given(
    files=st.lists(
        st.tuples(
            st.sampled_from(
                [t for taken in rules.TAKEN.values() for t in taken] + ["image/gif", "audio/ogg", "text/csv"]
            ),
            st.integers(1, 30_000_000),
            st.integers(0, 15),
        ),
        max_size=14,
    ),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=700),
    link=st.booleans(),
)
@settings(deadline=None)
def test_what_the_plan_lets_through_the_rules_take(
    inbox: Inbox, files: list[tuple[str, int, int]], text: str, link: bool
) -> None:
    """No part of a plan holds what the simulator would refuse: text or files, ten images, one of the rest, sizes."""
    attachments = [file(mime, size, width=10, height=10, pages=pages) for mime, size, pages in files]
    made = plan(attachments, text, inbox.limits, link)
    if made.refused:
        return
    for part in made.parts:
        assert not (part.files and part.text)
        assert len(part.text.encode()) <= rules.TEXT_BYTES
        sorts = {made.steps[step].accept for step, _ in part.files}
        assert len(sorts) <= 1
        assert len(part.files) <= (rules.IMAGES if sorts == {"image"} else 1)
    for step, (mime, size, _) in zip(made.steps, files, strict=True):
        if step.action is Action.AS_IS:
            kind = "file" if step.accept == "pdf" else step.accept
            assert mime in rules.TAKEN[kind]
            assert size <= (rules.IMAGE_BYTES if kind == "image" else rules.FILE_BYTES)
        elif step.fit is not None:
            kind = "image" if step.action is Action.SPLIT else step.accept
            assert set(step.fit.types) <= set(rules.TAKEN[kind])
            assert 0 < step.fit.max_bytes <= (rules.IMAGE_BYTES if kind == "image" else rules.FILE_BYTES)
