"""An outbound message made ready: examined, redacted, planned, converted, and proven to fit by validating again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from mediacore.errors import Permanent
from mediacore.house import House
from mediacore.inbox import Inbox
from mediacore.kinds import Kind
from mediacore.messages import Attachment, Template
from mediacore.names import fitting_name, safe_name
from mediacore.plan import LINK_LABEL, Plan, plan, plan_template
from mediacore.redaction.reach import unseen
from mediacore.steps.calling_off import expect_wanted
from mediacore.steps.files import examine, likenesses, scratch
from mediacore.steps.hiding import hide, searchable
from mediacore.steps.making import make, prove
from mediacore.steps.pacing import window_note
from mediacore.steps.progress import Making
from mediacore.steps.proving import Made
from mediacore.stores import conversation, outbox
from mediacore.stores.coding import from_json, to_json
from mediacore.values import Finding, Media, Region, Rendition, Severity
from mediacore.wording import joined

HARMED = ("damaged", "truncated")
"""What a file may be and still be sent, as far as it can be read; the agent is told."""
LINK_SECONDS = 30 * 24 * 3600
"""How long a customer can open a link to a file that the channel does not carry."""


@frozen
class Ready:
    """One attachment after examination.

    Args:
        attachment: what will be planned with: the file after redaction, its safe name, its caption.
        redacted: personal data was painted over.
        original: digest of the file as the agent gave it.
        notes: what the agent should know of it: that its end is missing, that it could not be searched.
    """

    attachment: Attachment
    redacted: bool
    original: str
    notes: tuple[str, ...] = ()


def ready(
    house: House,
    inbox: Inbox,
    path: Path,
    name: str,
    caption: str,
    marked: Sequence[Region],
    folder: Path,
    sort: str = "",
) -> Ready:
    """Examine and redact one file that an agent wants to send.

    Raises:
        Permanent: the file must not be sent, with the reason.
    """
    media, findings = examine(house, path, name)
    _expect_none(name, findings)
    if media.kind is Kind.PDF and media.facts.encrypted:
        told = "it is locked with a password, so its hidden data cannot be taken out: save it without one"
        raise Permanent(f"{name}: {told}", code="encrypted")
    kinds = house.policies[inbox.name].redact_outbound
    given = media if marked else searchable(house, inbox, media, kinds, folder)
    hidden = hide(house, inbox, given, kinds, marked, folder)
    shown = hidden or given
    _expect_none(name, inbox.validate(shown))  # what is only too large or of another type is for the plan
    harmed = [f.message for f in findings if f.code in HARMED]
    drawn = "it is drawn anew, since it cannot be searched as it is" if given is not media else ""
    notes = (*harmed, *filter(None, [drawn, unseen(media, kinds, house.reads)]))
    attachment = Attachment(shown, safe_name(name, shown.type), caption, sort=sort)
    return Ready(attachment, hidden is not None, media.sha256, notes)


def _expect_none(name: str, findings: Sequence[Finding]) -> None:
    refused = [f for f in findings if f.severity is Severity.REFUSE]
    if refused:
        told = "; ".join(joined(f.message, f.remedy).replace("\n", ". ") for f in refused)
        raise Permanent(f"{name}: {told}", code=refused[0].code)


def make_plan(
    house: House,
    inbox: Inbox,
    items: Sequence[Ready],
    text: str,
    to: str = "",
    automatic: bool = False,
    template: Template | None = None,
) -> Plan:
    """The plan for examined files; what an agent is shown and what send carries out.

    Args:
        house, inbox: what to work with.
        items: the files.
        text: the words.
        to: the customer's address, which may tell whether files reach it and what its receiver throws away, and whose
            window may have closed; empty while nobody is chosen.
        automatic: a machine wrote it.
        template: what goes in place of the words.

    Raises:
        Permanent: the provider fetches files from us, and nobody can reach us; or it has no templates, or there are
            words beside one.
    """
    with scratch(house) as folder:
        return try_plan(house, inbox, items, text, folder, to, automatic, template)[0]


def try_plan(
    house: House,
    inbox: Inbox,
    items: Sequence[Ready],
    text: str,
    folder: Path,
    to: str = "",
    automatic: bool = False,
    template: Template | None = None,
) -> tuple[Plan, Made]:
    """The same plan, and the files that were made in the given folder by trying it, which are not stored yet."""
    if items and inbox.limits.message.fetched and not house.links:
        told = f"{inbox.limits.title} fetches files from our public address: set public_url in the configuration"
        raise Permanent(told, code="no-url")
    limits = inbox.limits.toward(to)

    def planner(files: Sequence[Attachment]) -> Plan:
        if template is not None:
            return _template_plan(inbox, files, text)
        return plan(files, text, limits, house.links)

    planned, made = prove(house, inbox, [r.attachment for r in items], planner, folder)
    with house.ledger.begin() as connection:
        note = window_note(connection, inbox, to, automatic) if to and template is None else ""
    of_files = [f"{r.attachment.name}: {each}" for r in items for each in r.notes]
    return evolve(planned, notes=(*planned.notes, *of_files, *([note] if note else []))), made


def _template_plan(inbox: Inbox, attachments: Sequence[Attachment], text: str) -> Plan:
    if not inbox.limits.headings().accept:
        raise Permanent(f"{inbox.limits.title} has no templates: write the words yourself", code="template")
    if joined(text, *(a.caption for a in attachments)):
        raise Permanent("a template brings its own words: leave the text and the captions empty", code="template")
    return plan_template(attachments, inbox.limits)


def prepare(house: House, inbox: Inbox, message: Mapping[str, Any]) -> Plan:
    """Make a message's files and write its parts down, all in one transaction at the end.

    Raises:
        Permanent: it cannot be sent, with the reasons for the agent. CalledOff: it is no longer wanted.
    """
    with house.ledger.begin() as connection:
        rows = conversation.attachments_of(connection, message["id"])
    with scratch(house) as folder:
        items = [
            ready(
                house, inbox, house.blobs.path(row["sha256"]), row["name"], row["caption"],
                [from_json(r, Region) for r in row["regions"] or ()], folder, row["sort"],
            )
            for row in rows
        ]  # fmt: skip
        template = from_json(message["template"], Template) if message["template"] else None
        planned, known = try_plan(
            house, inbox, items, message["text"], folder, message["contact"], message["automatic"], template
        )
        if planned.refused:
            told = "; ".join(f"{items[s.attachment].attachment.name}: {s.reason}" for s in planned.refused)
            raise Permanent(f"not sent: {told}", code="refused")
        if not planned.parts:
            raise Permanent("not sent: there is nothing in it to send", code="nothing")
        making = Making(house, message, [i.attachment.media.size for i in items])
        made = make(house, inbox, [r.attachment for r in items], planned, folder, making.next, known)
        shown = [_shown(house, inbox, item, folder) for item in items]
    _write(house, inbox, message, rows, planned, items, made, shown)
    return planned


def _shown(house: House, inbox: Inbox, item: Ready, folder: Path) -> list[Rendition]:
    media = item.attachment.media
    redacted = [Rendition(media, "redacted", item.original, "personal data painted over")] if item.redacted else []
    return [*redacted, *likenesses(house, inbox, media, folder)[0]]


def _write(
    house: House, inbox: Inbox, message: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], planned: Plan,
    items: Sequence[Ready], made: Sequence[Sequence[Media]], shown: Sequence[Sequence[Rendition]],
) -> None:  # fmt: skip
    with house.ledger.begin() as connection:
        expect_wanted(connection, message)
        ids: dict[tuple[int, int], str] = {}
        for index, (row, item, results) in enumerate(zip(rows, items, made, strict=True)):
            for number, result in enumerate(results):
                name = name_of(inbox, item, result, number, len(results))
                how = planned.steps[index].action
                rendition = Rendition(result, "converted", item.original, how)
                ids[index, number] = conversation.add_rendition(connection, row["id"], rendition, number, name)
            for likeness in shown[index]:
                conversation.add_rendition(connection, row["id"], likeness)
            conversation.change_attachment(connection, row["id"], facts=to_json(item.attachment.media.facts))
        for position, part in enumerate(planned.parts):
            text = joined(part.text, *(_link(house, items[i], made[i][0]) for i in part.links))
            files = [ids[place] for place in part.files]
            outbox.add_part(connection, f"{message['id']}-{position}", message["id"], position, text, files)
        conversation.change(connection, message["id"], plan=to_json(planned), progress=1.0)


def name_of(inbox: Inbox, item: Ready, result: Media, number: int, count: int) -> str:
    """What the customer sees one of an attachment's files called, by the channel's rules for names."""
    return fitting_name(safe_name(item.attachment.name, result.type), inbox.limits.names, number, count)


def _link(house: House, item: Ready, media: Media) -> str:
    name = safe_name(item.attachment.name, media.type)
    label = safe_name(item.attachment.name, media.type, most=LINK_LABEL)
    return f"{label}: {house.link(media.sha256, media.type, name, LINK_SECONDS, False)}"


def outgoing_attachment(house: House, row: Mapping[str, Any], caption: str, sort: str, seconds: int) -> Attachment:
    """A rendition's row as the attachment that ``send`` gets, with an address that a provider can fetch."""
    media = Media(house.blobs.path(row["sha256"]), row["type"], row["size"], row["sha256"])
    url = house.link(row["sha256"], row["type"], row["name"], seconds, True)
    return Attachment(media, row["name"], caption, url=url, sort=sort)
