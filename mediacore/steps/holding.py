"""Senders whose files stop their readers: after a few of them what they send is kept, and not opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mediacore.engines.operation import Unusable
from mediacore.house import House
from mediacore.steps.files import STOPPING, UNKNOWN
from mediacore.stores import conversation
from mediacore.stores.blobs import digesting
from mediacore.stores.ledger import now
from mediacore.values import Finding, Media, Severity

STOPS = 3
"""Stopped readers after which a sender's files are held."""
WITHIN = 30
"""Days that a stop counts."""
_DAY = 86_400 * 1_000_000


def held(house: House, message: Mapping[str, Any]) -> bool:
    """Whether the files of a message are not to be opened, unless a person asks for it by trying it again."""
    if message["attempts"]:
        return False
    with house.ledger.begin() as connection:
        codes = conversation.findings_of_sender(connection, message, now() - WITHIN * _DAY)
    return sum(code in STOPPING for code in codes) >= STOPS


def unopened(house: House, path: Path, name: str = "", declared: str = "") -> tuple[Media, list[Finding]]:
    """As ``files.examine``, of a file of which no more than its type is told."""
    told = f"{STOPS} files of this sender stopped their readers within {WITHIN} days, so this one was not opened."
    findings = [Finding("sender-held", Severity.REFUSE, told, "Try the message again to have it opened all the same.")]
    with digesting(path) as digest:
        try:
            mime = house.bench.sniff(path, name, declared).type
        except Unusable:
            mime = UNKNOWN
        return Media(path, mime, path.stat().st_size, digest()), findings
