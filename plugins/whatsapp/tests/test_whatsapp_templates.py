"""Templates: what is sent to Meta, what it refuses, and what the customer gets when the window is closed."""

from __future__ import annotations

from typing import Any

import pytest
from mediacore_whatsapp import wire_out
from mediacore_whatsapp.simulator import WhatsAppSimulator

from mediacore import Inbox, Permanent, StatusUpdate, Template

ME = "+16505551234"
INVOICE = Template("your_invoice", "en_US", {"2": "May", "1": "Ada"})
PICTURE = Template("your_picture", "en_US", {"name": "Ada"})
HELLO = Template("hello_world", "en_US")


def body(message: Any, media_id: str = "") -> Any:
    """The template object of a message."""
    built = wire_out.payload(message, media_id)
    assert built["type"] == "template"
    return built["template"]


def test_the_shape_is_metas(attach: Any, outgoing: Any) -> None:
    """A document with its name heads it, numbered gaps are filled in order and others by name."""
    named = {"name": "your_invoice", "language": {"code": "en_US"}}
    document = {"type": "document", "document": {"id": "42", "filename": "bill.pdf"}}
    values = [{"type": "text", "text": "Ada"}, {"type": "text", "text": "May"}]
    assert body(outgoing("", attach("application/pdf", "bill.pdf"), template=INVOICE), "42") == {
        **named,
        "components": [
            {"type": "header", "parameters": [document]},
            {"type": "body", "parameters": values},
        ],
    }
    (words,) = body(outgoing(template=PICTURE))["components"]
    assert words["parameters"] == [{"type": "text", "parameter_name": "name", "text": "Ada"}]
    assert body(outgoing(template=HELLO)) == {"name": "hello_world", "language": {"code": "en_US"}}


@pytest.mark.parametrize("kind", ["audio/ogg", "image/webp"])
def test_sound_and_stickers_head_nothing(attach: Any, outgoing: Any, kind: str) -> None:
    """They are refused before anything is sent."""
    with pytest.raises(Permanent) as caught:
        wire_out.payload(outgoing("", attach(kind), template=HELLO), "42")
    assert caught.value.code == "type"


@pytest.mark.parametrize(
    ("template", "kind", "text"),
    [
        (HELLO, "", "Hello World"),
        (INVOICE, "application/pdf", "Hello Ada, here is your invoice of May."),
        (PICTURE, "image/jpeg", "Hello Ada, here is your picture."),
    ],
)
def test_templates_go_where_texts_do_not(
    simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, attach: Any, outgoing: Any,
    template: Template, kind: str, text: str,
) -> None:  # fmt: skip
    """A day after the customer's last message a text fails, and a template arrives with its file and its words."""
    simulator.pacing.lapse(ME)
    inbox.send(outgoing("hello"))
    assert webhook.wait(1, StatusUpdate)[0].code == "131047"
    files = [attach(kind, "bill.pdf")] if kind else []
    inbox.send(outgoing("", *files, template=template))
    (got,) = simulator.devices.wait(1)
    assert (got.text, [f.type for f in got.files]) == (text, [kind] if kind else [])
    assert dict(got.extra)["template"] == template.name
    inbox.send(outgoing("hello", key="key-2"))  # a template opens no window
    assert webhook.wait(4, StatusUpdate)[-1].code == "131047"


@pytest.mark.parametrize(
    ("template", "kind", "code", "told"),
    [
        (Template("hello_world", "de"), "", "132001", "no template of this name in this language"),
        (Template("nothing", "en_US"), "", "132001", "no template of this name"),
        (Template("your_invoice", "en_US", {"1": "Ada"}), "application/pdf", "132000", "do not fit the template"),
        (Template("your_picture", "en_US", {"1": "Ada"}), "image/jpeg", "132000", "do not fit the template"),
        (Template("hello_world", "en_US", {"1": "Ada"}), "", "132000", "do not fit the template"),
        (INVOICE, "", "132012", "do not fit the template"),
        (INVOICE, "image/jpeg", "132012", "do not fit the template"),
        (HELLO, "application/pdf", "132012", "do not fit the template"),
    ],
)
def test_what_fits_no_template_is_refused(
    simulator: WhatsAppSimulator, inbox: Inbox, attach: Any, outgoing: Any,
    template: Template, kind: str, code: str, told: str,
) -> None:  # fmt: skip
    """At once, with Meta's codes, and with words for the agent."""
    with pytest.raises(Permanent, match=told) as caught:
        inbox.send(outgoing("", *([attach(kind, "bill.pdf")] if kind else []), template=template))
    assert caught.value.code == code
    assert simulator.devices.all() == []
