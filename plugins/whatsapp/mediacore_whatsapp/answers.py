"""What a customer answered to something of ours that asks: a button, a list, a form, whether we may call.

Shapes: the recorded updates of https://github.com/david-lev/pywa/tree/master/tests/data/updates, and ``get_media`` in
https://github.com/david-lev/pywa/blob/master/pywa/types/flows.py for the files in a form (4.5.0, 2026-11-26).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mediacore_whatsapp.fields import rows, table, words


def tap(message: Mapping[str, Any]) -> str:
    """A tap on a template's button."""
    button = table(message.get("button"))
    return words(button.get("text")) or words(button.get("payload"))


def answer(message: Mapping[str, Any]) -> str:
    """A tap on a button or a list, a filled form, or a permission; it may arrive with no body at all."""
    chosen = _chosen(message)
    if given := words(chosen.get("response")):
        return f"(may we call: {given})"
    said = (words(chosen.get("title")), words(chosen.get("description")), words(chosen.get("body")))
    filled = [f"{name}: {_shown(value)}" for name, value in _form(chosen).items() if not _files(value)]
    return "\n".join(filter(None, (*said, *filled)))


def files(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The files that were put into a form, each as a media object."""
    return [file for value in _form(_chosen(message)).values() for file in _files(value)]


def _chosen(message: Mapping[str, Any]) -> Mapping[str, Any]:
    given = table(message.get("interactive"))
    return table(given.get(words(given.get("type"))))


def _form(chosen: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a form; the token is the form's own, not the customer's."""
    try:
        fields = table(json.loads(words(chosen.get("response_json"))))
    except (ValueError, RecursionError):
        return {}
    return {words(name): value for name, value in fields.items() if name != "flow_token"}


def _files(value: object) -> list[Mapping[str, Any]]:
    found = [table(each) for each in rows(value)]
    return found if found and all(words(f.get("id")) and words(f.get("mime_type")) for f in found) else []


def _shown(value: object) -> str:
    return words(value) or words(json.dumps(value, ensure_ascii=False))
