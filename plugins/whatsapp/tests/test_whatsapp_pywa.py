"""A third party agrees: pywa reads what the simulator posts, checks its signatures, and sends what this plugin sends.

https://github.com/david-lev/pywa; skipped where it is not installed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve
from mediacore_whatsapp import wire_out
from mediacore_whatsapp.signature import sign, verify
from mediacore_whatsapp.simulator import WhatsAppSimulator

from mediacore import Contact, InboundMessage, Inbox, Mark, Refused, StatusUpdate, Template

pywa = pytest.importorskip("pywa")
httpx = pytest.importorskip("httpx")  # what pywa speaks through

from pywa import types, utils  # noqa: E402 - only where pywa is

ME = "+16505551234"
PDF = b"%PDF-1.4 x"


class Recorder:
    """A transport that keeps what pywa would have sent."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    def __call__(self, request: Any) -> Any:
        self.requests.append(request)
        request.read()
        if request.url.path.endswith("/media"):
            return httpx.Response(200, json={"id": "42"})
        if b'"status"' in request.content:
            return httpx.Response(200, json={"success": True})
        return httpx.Response(200, json={"messages": [{"id": "wamid.1"}], "contacts": [{"input": "1", "wa_id": "1"}]})

    def bodies(self) -> list[Any]:
        """The messages sent, as JSON."""
        return [json.loads(r.content) for r in self.requests if r.url.path.endswith("/messages")]


@pytest.fixture
def theirs() -> Any:
    """A client of pywa's with its requests kept."""
    recorder = Recorder()
    session = httpx.Client(transport=httpx.MockTransport(recorder))
    client = pywa.WhatsApp(phone_id="106540352242922", token="t", session=session)
    yield client, recorder
    session.close()


def test_signatures_agree(simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox) -> None:
    """What the simulator posts passes pywa's validator, and both refuse the same forgeries."""
    simulator.inbound(ME, "Grüße 😀 a/b <%@>")
    webhook.wait(1)
    (request,) = webhook.requests
    header = request.header("X-Hub-Signature-256")
    assert utils.webhook_updates_validator(simulator.app_secret, request.body, header)
    assert header == sign(simulator.app_secret, request.body)
    for secret, body in (("another", request.body), (simulator.app_secret, request.body + b" ")):
        assert not utils.webhook_updates_validator(secret, body, header)
        with pytest.raises(Refused):
            verify(evolve(request, body=body), [secret])


def test_pywa_reads_every_message_as_we_do(
    simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, theirs: Any
) -> None:
    """Ids, words, files and whom they are from are the same in pywa's reading and in ours."""
    client, _ = theirs
    simulator.inbound(ME, "hello", reply_to="wamid.Q", user_id="US.1349")
    files = [
        ("a.jpg", "image/jpeg", b"\xff\xd8\xff"), ("Rechnung ä.pdf", "application/pdf", PDF),
        ("v.ogg", "audio/ogg; codecs=opus", b"OggS"), ("s.webp", "image/webp", b"RIFF"), ("f.mp4", "video/mp4", b"f"),
    ]  # fmt: skip
    simulator.inbound(ME, "look", files, voice=True, forwarded="many")
    simulator.say(ME, "location", {"latitude": 1.5, "longitude": 2.5})
    simulator.share(ME, {"name": {"formatted_name": "Ada", "first_name": "Ada"}, "phones": [{"phone": "+1 555"}]})
    ours = webhook.wait(8, InboundMessage)
    for event, request in zip(ours, webhook.requests, strict=True):
        read = types.Message.from_update(client, json.loads(request.body))
        assert read.id == event.source_id
        assert (read.from_user.wa_id, read.from_user.name) == (ME.lstrip("+"), event.contact.name)
        assert (read.reply_to_message.id if read.reply_to_message else "") == event.reply_to
        assert read.timestamp == event.sent_at
        if read.media:
            (remote,) = event.remotes
            assert (read.media.id, read.media.mime_type) == (remote.ref, remote.type)
            assert (read.caption or "") == event.text
            assert (read.forwarded, read.forwarded_many_times) == (event.forwarded != "", event.forwarded == "often")
        elif read.text:
            assert read.text == event.text
    documents = [types.Message.from_update(client, json.loads(r.body)).document for r in webhook.requests]
    assert [d.filename for d in documents if d] == ["Rechnung ä.pdf"]


def test_pywa_reads_changes_of_mind_and_statuses(
    simulator: WhatsAppSimulator, webhook: Any, inbox: Inbox, outgoing: Any, theirs: Any
) -> None:
    """Reactions, edits, revocations and statuses name the same targets and keys."""
    client, _ = theirs
    simulator.react(ME, "wamid.T", "😮")
    simulator.edit(ME, "wamid.T", "new words")
    simulator.revoke(ME, "wamid.T")
    webhook.wait(3)
    payloads = [json.loads(r.body) for r in webhook.requests]
    assert types.Message.from_update(client, payloads[0]).reaction.message_id == "wamid.T"
    edited = types.EditedMessage.from_update(client, payloads[1])
    assert (edited.original_message_id, edited.message.text) == ("wamid.T", "new words")
    assert types.DeletedMessage.from_update(client, payloads[2]).original_message_id == "wamid.T"
    inbox.send(outgoing("x", key="our-key"))
    simulator.pacing.lapse(ME)
    inbox.send(outgoing("y", key="our-key"))
    ours = webhook.wait(3, StatusUpdate)
    payloads = [json.loads(r.body) for r in webhook.requests[3:]]
    for payload in payloads:  # pywa wants somebody named beside a failure, where Meta names nobody
        payload["entry"][0]["changes"][0]["value"].setdefault("contacts", [{"user_id": "US.1"}])
    read = [types.MessageStatus.from_update(client, payload) for payload in payloads]
    assert [(s.id, s.tracker, s.status.value) for s in read] == [(s.source_id, s.key, str(s.status)) for s in ours]
    assert str(read[2].error.code) == ours[2].code == "131047"


@pytest.mark.parametrize(
    ("kind", "sort", "call", "more"),
    [
        ("image/jpeg", "image", "send_image", {"caption": "c"}),
        ("video/mp4", "video", "send_video", {"caption": "c"}),
        ("application/pdf", "pdf", "send_document", {"caption": "c", "filename": "bill.pdf"}),
        ("audio/mpeg", "audio", "send_audio", {}),
        ("audio/ogg", "voice", "send_voice", {}),
        ("image/webp", "sticker", "send_sticker", {}),
    ],
)
def test_messages_are_the_same(
    theirs: Any, attach: Any, outgoing: Any, kind: str, sort: str, call: str, more: dict[str, str]
) -> None:
    """For each sort of file pywa's request is ours: the same keys with the same values, to numbers and to user ids."""
    client, recorder = theirs
    name = {"send_document": "document", "send_voice": "voice", "send_audio": "audio"}.get(call, call[5:])
    for to, theirs_to in ((ME, ME.lstrip("+")), ("US.1349", "US.1349")):
        recorder.requests.clear()
        getattr(client, call)(to=theirs_to, **{name: "1234567890"}, **more, tracker="key-1", reply_to_message_id="w")
        attachment = evolve(attach(kind, "bill.pdf"), sort=sort)
        ours = wire_out.payload(outgoing(more.get("caption", ""), attachment, to=to, reply_to="w"), "1234567890")
        (sent,) = recorder.bodies()
        sent["to" if "to" in ours else "recipient"] = sent.get("to", sent.get("recipient"))
        if "to" in ours:
            sent["to"] = f"+{sent['to'].lstrip('+')}"
        assert sent == ours


@pytest.mark.parametrize(
    ("kind", "head", "values"),
    [
        ("application/pdf", "HeaderDocument", {"1": "Ada", "2": "May"}),
        ("video/mp4", "HeaderVideo", {}),
        ("image/jpeg", "HeaderImage", {"name": "Ada"}),
    ],
)
def test_templates_are_the_same(
    theirs: Any, attach: Any, outgoing: Any, kind: str, head: str, values: dict[str, str]
) -> None:
    """For each sort of header pywa's request is ours; it writes the components' names large."""
    client, recorder = theirs
    from pywa.types import templates

    more = {"filename": "bill.pdf"} if head == "HeaderDocument" else {}
    params = [getattr(templates, head).params(**{head[6:].lower(): "1234567890"}, **more)]
    if values:
        named = {} if "1" in values else values
        params.append(templates.BodyText.params(*([] if named else values.values()), **named))
    language = templates.TemplateLanguage.ENGLISH_US
    client.send_template(to=ME.lstrip("+"), name="bill", language=language, params=params, tracker="key-1")
    ours = wire_out.payload(
        outgoing("", attach(kind, "bill.pdf"), template=Template("bill", "en_US", values)), "1234567890"
    )
    (sent,) = recorder.bodies()
    sent["to"] = f"+{sent['to'].lstrip('+')}"
    for component in sent["template"]["components"]:
        component["type"] = component["type"].lower()
    assert sent == ours


def test_marks_are_the_same(theirs: Any) -> None:
    """What pywa posts to mark a message is what this plugin posts."""
    client, recorder = theirs
    client.mark_message_as_read(message_id="wamid.1")
    client.indicate_typing(message_id="wamid.1")
    mark = Mark(Contact(ME), "wamid.1")
    assert recorder.bodies() == [wire_out.read_mark(mark), wire_out.read_mark(evolve(mark, typing=True))]


def test_uploads_are_the_same(
    simulator: WhatsAppSimulator, inbox: Inbox, attach: Any, theirs: Any, samples: dict[str, bytes]
) -> None:
    """Pywa's upload has the same fields, and the simulator takes it as it takes ours."""
    client, recorder = theirs
    client.upload_media(samples["application/pdf"], mime_type="application/pdf", filename="document.pdf")
    (request,) = recorder.requests
    answer = httpx.post(
        f"{simulator.url}/v25.0/{simulator.phone_number_id}/media",
        headers={"Authorization": f"Bearer {simulator.token}", "Content-Type": request.headers["content-type"]},
        content=request.content,
    )
    theirs_kept = simulator.files.find(answer.json()["id"])
    ours_kept = simulator.files.find(inbox.upload(attach("application/pdf")).id)
    assert theirs_kept
    assert ours_kept
    assert (theirs_kept.type, theirs_kept.name, theirs_kept.data) == (ours_kept.type, ours_kept.name, ours_kept.data)
    for field in (b'name="messaging_product"', b'name="type"', b'name="file"; filename="document.pdf"'):
        assert field in request.content
