"""Templates that simulated Meta has approved, and what it refuses of one.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-media/ (2026-05-21) and
https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (2026-09-11)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from mediacore_whatsapp.fields import rows, table
from mediacore_whatsapp.simulator_rules import Fault, media_fault

GAP = re.compile(r"\{\{(\w+)\}\}")


@frozen
class Approved:
    """A template as it was approved.

    Args:
        name, language: what it is asked for by.
        body: its words, with gaps such as ``{{1}}`` or ``{{name}}``.
        header: the sort of file above them: ``image``, ``video``, ``document``, or none.
    """

    name: str
    language: str
    body: str
    header: str = ""


TEMPLATES = (
    Approved("hello_world", "en_US", "Hello World"),
    Approved("your_invoice", "en_US", "Hello {{1}}, here is your invoice of {{2}}.", "document"),
    Approved("your_picture", "en_US", "Hello {{name}}, here is your picture.", "image"),
)


def filled(template: Mapping[str, Any], approved: Sequence[Approved]) -> tuple[str, dict[str, Any], str] | Fault:
    """What a customer will see of a template: the sort of its file (empty for none), the file, and the words.

    Args:
        template: the message's ``template`` object.
        approved: the templates of the account.
    """
    name, language = template.get("name"), table(template.get("language")).get("code")
    found = next((each for each in approved if (each.name, each.language) == (name, language)), None)
    if found is None:
        told = f"template name ({name}) does not exist in {language}"
        return Fault(132001, "Template name does not exist in the translation", told, status=404)
    parts = {str(each.get("type")).lower(): rows(each.get("parameters")) for each in rows(template.get("components"))}
    form, file = _head(parts.pop("header", []))
    if form != found.header:
        told = f"header: Format mismatch, expected {found.header or 'UNKNOWN'}, received {form or 'UNKNOWN'}"
        return Fault(132012, "Parameter format does not match format in the created template", told)
    if form and (fault := media_fault(form, file)):
        return fault
    words = _words(found, parts.pop("body", []))
    if words is None:
        told = f"body: the parameters do not match the expected {len(set(GAP.findall(found.body)))}"
        return Fault(132000, "Number of parameters does not match the expected number of params", told)
    if parts:
        return Fault(100, "Invalid parameter", f"this simulator's templates have no {next(iter(parts))}")
    return form, file, words


def _head(parameters: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    if len(parameters) != 1:
        return "", {}
    form = str(parameters[0].get("type"))
    return form, dict(table(parameters[0].get(form)))


def _words(approved: Approved, parameters: Sequence[Mapping[str, Any]]) -> str | None:
    """The body with its gaps filled; None where the parameters are not the gaps' own."""
    given = {str(p.get("parameter_name", number)): str(p.get("text", "")) for number, p in enumerate(parameters, 1)}
    if set(given) != set(GAP.findall(approved.body)) or not all(given.values()):
        return None
    return GAP.sub(lambda gap: given[gap[1]], approved.body)
