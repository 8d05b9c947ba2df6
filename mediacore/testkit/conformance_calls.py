"""Conformance, third part: what the channel does towards the provider, with a network and without."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import pytest
from attrs import evolve

from mediacore import Permanent, Receipt, Refused, Retry
from mediacore.testkit.conformance_subject import Subject, no_network

ELSEWHERE = "files.elsewhere.example"


def a_dead_network_means_retry(subject: Subject) -> None:
    """When no connection can be made, nothing was taken and both directions say ``Retry``."""
    inbox = subject.mount()
    with no_network() as asked, TemporaryDirectory() as folder:
        for message in subject.samples.outgoing:
            asked.clear()
            try:
                assert isinstance(inbox.send(message), Receipt)
                assert not asked, "sent without a network"
            except Retry:
                continue
        for number, (remote, request) in enumerate(subject.samples.remotes):
            asked.clear()
            try:
                inbox.fetch(remote, request, _file(folder, number))
                assert not asked, "fetched without a network"
            except Retry:
                continue


def foreign_addresses_are_not_fetched(subject: Subject) -> None:
    """An attachment whose address leads to somebody else is refused before that host is even looked up."""
    inbox = subject.mount()
    with TemporaryDirectory() as folder:
        for number, (remote, request) in enumerate(subject.samples.remotes):
            parts = urlsplit(remote.ref)
            if parts.scheme not in ("http", "https"):
                continue
            for netloc in (ELSEWHERE, f"{parts.hostname}.{ELSEWHERE}", f"{parts.hostname}@{ELSEWHERE}", "127.0.0.1:9"):
                away = evolve(remote, ref=urlunsplit(("https", netloc, parts.path, parts.query, "")))
                with no_network() as asked, pytest.raises((Permanent, Refused)):
                    inbox.fetch(away, request, _file(folder, number))
                assert not [host for host in asked if ELSEWHERE in host], f"{netloc} was called"


def messages_are_taken(subject: Subject) -> None:
    """The provider takes each sample message and gives it an id of its own."""
    inbox = subject.mount()
    taken = [inbox.send(message).source_id for message in subject.samples.outgoing]
    assert all(taken), "a receipt without the provider's id"
    assert len(set(taken)) == len(taken), "two messages of one id"


def files_are_brought(subject: Subject) -> None:
    """Each sample attachment arrives with its bytes."""
    inbox = subject.mount()
    with TemporaryDirectory() as folder:
        for number, (remote, request) in enumerate(subject.samples.remotes):
            into = _file(folder, number)
            inbox.fetch(remote, request, into)
            assert into.stat().st_size > 0, f"{remote.ref} brought nothing"


def _file(folder: str, number: int) -> Path:
    path = Path(folder, str(number))
    path.touch()
    return path


CHECKS = (a_dead_network_means_retry, foreign_addresses_are_not_fetched)
LIVE = (messages_are_taken, files_are_brought)
