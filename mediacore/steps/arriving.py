"""One inbound attachment: fetched, examined, validated, redacted where the policy asks, previewed and stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from attrs import evolve

from mediacore.errors import AuthNeeded, Permanent, PluginError
from mediacore.events import Remote
from mediacore.house import House
from mediacore.inbox import Inbox
from mediacore.messages import AttachmentState
from mediacore.names import safe_name
from mediacore.redaction.reach import unseen
from mediacore.steps.files import examine, keep_renditions, likenesses, scratch, store
from mediacore.steps.hiding import hide
from mediacore.steps.holding import held, unopened
from mediacore.steps.keeping import set_term, term
from mediacore.stores import conversation, intake
from mediacore.stores.coding import from_json, to_json
from mediacore.stores.ledger import now
from mediacore.values import Finding, Media, Rendition, Severity
from mediacore.wording import joined

MOST_WORDS = 20_000
"""Bytes of a text that join a message's own; a longer one is a file to read."""


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
            remote = _fetch(house, inbox, message, remote, folder / "fetched")
            _settle(house, inbox, message, item, remote, folder)
        except AuthNeeded:
            raise
        except (Permanent, PluginError) as error:
            if isinstance(error.__cause__, OSError):  # a full disk inside a plugin is no fault of the file
                return _later(house, inbox, message, item, remote, error)
            state = AttachmentState.EXPIRED if error.code == "expired" else AttachmentState.QUARANTINED
            _write(house, item["id"], state=state, error=error.message)
        except Exception as error:  # whatever it is, it stays with this one file
            return _later(house, inbox, message, item, remote, error)
    return True


def _fetch(house: House, inbox: Inbox, message: Mapping[str, Any], remote: Remote, into: Path) -> Remote:
    """Bring the bytes; the answer is what is now known of them: the delivery's own name comes first, the type last."""
    with house.ledger.begin() as connection:
        row = intake.delivery(connection, message["delivery"])
    into.touch()
    request = intake.request_of(row, house.blobs.path(row["body"]).read_bytes())
    came = inbox.fetch(remote, request, into)
    return evolve(remote, type=came.type or remote.type, name=remote.name or came.name)


def _settle(
    house: House, inbox: Inbox, message: Mapping[str, Any], item: Mapping[str, Any], remote: Remote, folder: Path
) -> None:
    fetched = folder / "fetched"
    look = unopened if held(house, message) else examine
    media, findings = look(house, fetched, remote.name, remote.type)
    if remote.sha256 and remote.sha256 != media.sha256:
        findings.append(Finding("digest", Severity.NOTE, "the bytes differ from the digest that the provider gave"))
    findings += inbox.validate_inbound(media)
    if told := unseen(media, house.policies[inbox.name].redact_inbound, house.reads):
        findings.append(Finding("not-searched", Severity.NOTE, told))
    refused = next((f.message for f in findings if f.severity is Severity.REFUSE), "")
    referred = house.policies[inbox.name].media == "reference" and not refused
    stored = media if referred else store(house, fetched, media)
    shown, made, state = stored, list[Rendition](), AttachmentState.QUARANTINED
    if referred:
        state = AttachmentState.READY
    elif not refused:
        try:
            shown, made, state, more = _derive(house, inbox, stored, folder, findings)
            findings += more
        except (Permanent, PluginError) as error:
            refused = error.message
            if error.code not in {f.code for f in findings}:
                findings.append(Finding(error.code or "not-derived", Severity.REFUSE, refused))
    told = _told(shown) if remote.sort == "words" and not refused else ""
    _keep(
        house, item, made, told, 0.0 if refused else term(house.policies[inbox.name], remote),
        state=state, sha256="" if referred else shown.sha256, type=shown.type, size=shown.size,
        facts=to_json(shown.facts), findings=to_json(findings), error=refused,
        name=safe_name(remote.name or item["name"], shown.type, "file"),
    )  # fmt: skip


def _derive(
    house: House, inbox: Inbox, media: Media, folder: Path, known: Sequence[Finding]
) -> tuple[Media, list[Rendition], AttachmentState, list[Finding]]:
    """What the desk sees of a file; when something in it had to be hidden, that is never the file as it came."""
    policy = house.policies[inbox.name]
    hidden = hide(house, inbox, media, policy.redact_inbound, (), folder)
    if hidden is None:
        made, findings = likenesses(house, inbox, media, folder, known)
        return media, made, AttachmentState.READY, findings
    original = Rendition(media, conversation.ORIGINAL, media.sha256, "as it came")
    redacted = Rendition(hidden, "redacted", media.sha256, "personal data painted over by the inbox's policy")
    made, findings = likenesses(house, inbox, hidden, folder)
    return hidden, [original, redacted, *made], AttachmentState.REDACTED, findings


def _told(media: Media) -> str:
    """The words of a piece of text, as far as a message bears them; what was painted over in it stays so."""
    if media.type != "text/plain" or media.size > MOST_WORDS:
        return ""
    return media.path.read_bytes().decode("utf-8-sig", "replace").replace("\x00", "").strip()


def _keep(
    house: House, item: Mapping[str, Any], made: Sequence[Rendition], told: str, seconds: float,
    **columns: Any,  # noqa: ANN401 - the table's
) -> None:  # fmt: skip
    """Write an attachment down with its files, unless the customer took the message back meanwhile."""
    with house.ledger.begin() as connection:
        if conversation.settle_attachment(connection, item["id"], **columns):
            keep_renditions(connection, item["id"], made)
            set_term(house, connection, item["id"], seconds)
            text = conversation.message(connection, item["message"])["text"] if told else ""
            if told not in text:
                conversation.change(connection, item["message"], text=joined(text, told))
            return
        for sha256 in {columns["sha256"], *(r.media.sha256 for r in made)} - {""}:
            if not conversation.in_use(connection, sha256):
                house.blobs.delete(sha256)


def _later(
    house: House,
    inbox: Inbox,
    message: Mapping[str, Any],
    item: Mapping[str, Any],
    remote: Remote,
    error: Exception,
) -> bool:
    """Whether to stop trying: the provider no longer serves the file, or the inbox's patience is over."""
    with house.ledger.begin() as connection:
        came = intake.delivery(connection, message["delivery"])["at"]
    overdue = now() - came > house.policies[inbox.name].give_up_after * 1e6
    if overdue or (remote.expires is not None and remote.expires < datetime.now(UTC)):
        _write(house, item["id"], state=AttachmentState.EXPIRED, error=f"it could not be fetched in time: {error}")
        return True
    _write(house, item["id"], error=f"not here yet: {error}")
    return False


def _write(house: House, attachment: str, **columns: object) -> None:
    with house.ledger.begin() as connection:
        conversation.settle_attachment(connection, attachment, **columns)


def waiting(connection: sa.Connection, message: str) -> list[Mapping[str, Any]]:
    """The attachments of a message that are not settled."""
    rows = conversation.attachments_of(connection, message)
    return [dict(r) for r in rows if r["state"] == AttachmentState.PENDING]
