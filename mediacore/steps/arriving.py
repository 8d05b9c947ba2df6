"""One inbound attachment: fetched, examined, validated, redacted where the policy asks, previewed and stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mediacore.errors import AuthNeeded, MediacoreError, Permanent, PluginError
from mediacore.events import Remote
from mediacore.house import House
from mediacore.inbox import Inbox
from mediacore.messages import AttachmentState
from mediacore.names import safe_name
from mediacore.steps.files import examine, keep_renditions, likenesses, scratch, store
from mediacore.steps.hiding import hide
from mediacore.stores import conversation, intake
from mediacore.stores.coding import from_json, to_json
from mediacore.stores.ledger import now
from mediacore.values import Finding, Media, Rendition, Severity


def bring(house: House, inbox: Inbox, message: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    """Bring one attachment of a message in; its failure touches nothing else.

    Returns:
        Whether it is settled; False asks for another try later.

    Raises:
        AuthNeeded: the account must be reconnected first.
    """
    remote = from_json(item["remote"], Remote)
    with scratch(house) as folder:
        try:
            declared = _fetch(house, inbox, message, remote, folder / "fetched")
            _settle(house, inbox, item, remote, declared, folder)
        except AuthNeeded:
            raise
        except (Permanent, PluginError) as error:
            state = AttachmentState.EXPIRED if error.code == "expired" else AttachmentState.QUARANTINED
            _write(house, item["id"], state=state, error=error.message)
        except MediacoreError as error:
            return _later(house, inbox, message, item, remote, error)
    return True


def _fetch(house: House, inbox: Inbox, message: Mapping[str, Any], remote: Remote, into: Path) -> str:
    with house.ledger.begin() as connection:
        row = intake.delivery(connection, message["delivery"])
    into.touch()
    request = intake.request_of(row, house.blobs.path(row["body"]).read_bytes())
    return inbox.fetch(remote, request, into) or remote.type


def _settle(house: House, inbox: Inbox, item: Mapping[str, Any], remote: Remote, declared: str, folder: Path) -> None:
    fetched = folder / "fetched"
    media, findings = examine(house, fetched, remote.name, declared)
    if remote.sha256 and remote.sha256 != media.sha256:
        findings.append(Finding("digest", Severity.NOTE, "the bytes differ from the digest that the provider gave"))
    stored = store(house, fetched, media)
    findings += inbox.validate_inbound(stored)
    refused = next((f for f in findings if f.severity is Severity.REFUSE), None)
    columns = {
        "sha256": stored.sha256, "type": stored.type, "size": stored.size, "facts": to_json(stored.facts),
        "findings": to_json(findings), "name": safe_name(item["name"], stored.type, "file"), "error": "",
    }  # fmt: skip
    if refused is not None:
        _write(house, item["id"], state=AttachmentState.QUARANTINED, **{**columns, "error": refused.message})
        return
    made, state = _derive(house, inbox, stored, folder)
    with house.ledger.begin() as connection:
        keep_renditions(connection, item["id"], made)
        conversation.change_attachment(connection, item["id"], state=state, **columns)


def _derive(house: House, inbox: Inbox, media: Media, folder: Path) -> tuple[list[Rendition], AttachmentState]:
    policy = house.policies[inbox.name]
    hidden = hide(house, inbox, media, policy.redact_inbound, (), folder)
    if hidden is None:
        return likenesses(house, inbox, media, folder), AttachmentState.READY
    redacted = Rendition(hidden, "redacted", media.sha256, "personal data painted over by the inbox's policy")
    return [redacted, *likenesses(house, inbox, hidden, folder)], AttachmentState.REDACTED


def _later(
    house: House,
    inbox: Inbox,
    message: Mapping[str, Any],
    item: Mapping[str, Any],
    remote: Remote,
    error: MediacoreError,
) -> bool:
    """Whether to stop trying: the provider no longer serves the file, or the inbox's patience is over."""
    overdue = now() - message["at"] > house.policies[inbox.name].give_up_after * 1e6
    if overdue or (remote.expires is not None and remote.expires < datetime.now(UTC)):
        _write(house, item["id"], state=AttachmentState.EXPIRED, error=f"it could not be fetched in time: {error}")
        return True
    _write(house, item["id"], error=f"not here yet: {error}")
    return False


def _write(house: House, attachment: str, **columns: object) -> None:
    with house.ledger.begin() as connection:
        conversation.change_attachment(connection, attachment, **columns)


def waiting(connection: sa.Connection, message: str) -> list[Mapping[str, Any]]:
    """The attachments of a message that are not settled."""
    rows = conversation.attachments_of(connection, message)
    return [dict(r) for r in rows if r["state"] == AttachmentState.PENDING]
