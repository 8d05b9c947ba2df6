"""How long customers' files are kept, by the inbox's policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mediacore import Deletion, Remote
from mediacore.house import Policy
from mediacore.steps import keeping
from mediacore.testkit import builders

PHOTO = builders.photo(320, 240)
ADDRESS = "https://cdn.example/asset?signature=x"


def pictures(stage: Any) -> list[str]:
    """Names of the pictures that are stored."""
    return [p.name for p in stage.house.blobs._root.rglob("*") if p.is_file() and p.read_bytes()[:2] == b"\xff\xd8"]


def test_a_copy_stays(stage: Any) -> None:
    """Without a policy of its own an inbox keeps what customers send."""
    stage.provider.files = {"a": PHOTO}
    stage.deliver(stage.writes("see", Remote("a")))
    stage.settle()
    assert stage.messages()[0]["files"][0]["state"] == "ready"
    assert pictures(stage)


def test_pain_24_a_file_goes_when_its_term_is_over(staged: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """After its term a file is gone with its thumbnail and preview, the words stay, and the desk hears of it."""
    stage = staged(Policy(media="ttl", media_ttl=3600.0))
    stage.provider.files = {"a": PHOTO}
    stage.deliver(stage.writes("see", Remote("a")))
    stage.work()
    assert len(stage.waiting()) == 1
    stage.later()
    assert stage.messages()[0]["files"][0]["state"] == "ready", "the job came early, the file stays"
    real = keeping.now
    monkeypatch.setattr(keeping, "now", lambda: real() + 3601 * 1_000_000)
    stage.later()
    (shown,) = stage.messages()
    assert shown["text"] == "see"
    assert (shown["files"][0]["state"], shown["files"][0]["error"]) == ("expired", keeping.OVER)
    assert shown["files"][0]["renditions"] == []
    assert not pictures(stage)
    assert stage.notices[-1].kind == "update"
    assert stage.waiting() == []


def test_a_reference_keeps_no_byte(staged: Callable[..., Any]) -> None:
    """With ``reference`` the file is looked at and then dropped: the desk has the facts and the provider's address."""
    stage = staged(Policy(media="reference"))
    stage.provider.files = {ADDRESS: PHOTO}
    soon = datetime.now(UTC) + timedelta(hours=1)
    stage.deliver(stage.writes("see", Remote(ADDRESS, expires=soon)))
    stage.work()
    (file,) = stage.messages()[0]["files"]
    assert (file["state"], file["type"], file["url"], file["sha256"]) == ("ready", "image/jpeg", ADDRESS, "")
    assert file["width"] > 0
    assert not pictures(stage)
    stage.deliver(Deletion("d-1", "c-1"))
    stage.work()
    (file,) = stage.messages()[0]["files"]
    assert (file["state"], file["url"]) == ("deleted", "")


def test_a_refused_file_is_kept_for_the_admin(staged: Callable[..., Any], refusing: Any) -> None:
    """What is quarantined is never shown by the provider's address."""
    stage = staged(Policy(media="reference"))
    stage.provider.objections = [refusing]
    stage.provider.files = {ADDRESS: PHOTO}
    stage.deliver(stage.writes("see", Remote(ADDRESS)))
    stage.work()
    (file,) = stage.messages()[0]["files"]
    assert (file["state"], file["url"]) == ("quarantined", "")


def test_a_reference_goes_when_the_provider_ends_it() -> None:
    """The term of a reference is the provider's own; only without one is it the policy's."""
    policy = Policy(media="reference", media_ttl=500.0)
    soon = datetime.now(UTC) + timedelta(seconds=90)
    assert 80 < keeping.term(policy, Remote("x", expires=soon)) <= 90
    assert keeping.term(policy, Remote("x")) == 500.0
    assert keeping.term(Policy(), Remote("x", expires=soon)) == 0.0
