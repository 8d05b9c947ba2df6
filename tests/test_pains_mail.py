"""What goes wrong elsewhere with mail and with whatever files people attach, from the mailbox to the desk and back."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from attrs import evolve

from mediacore import Finding, Inbox, Media, Severity, hookimpl
from mediacore.steps import polling
from mediacore.stores import conversation
from mediacore.testkit import builders
from tests.promise_stage import Town

ACTIVE = {
    "drawing.svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "image/svg+xml"),
    "page.html": (b"<html><script>alert(1)</script></html>", "text/html"),
    '"><svg onload=alert(1)>.png': (builders.screenshot(), "image/png"),
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town"), ("email",)) as town:
        yield town


def arrived(town: Town, who: str, count: int = 1) -> list[dict[str, Any]]:
    """A customer's mails, once so many are there with their files settled."""
    end = time.monotonic() + 30
    while True:
        polling.look(town.site.house, "email", 0.0)
        town.work()
        found = [m for m in town.site.messages(inbox="email", direction="inbound", most=1000) if m["contact"] == who]
        if len(found) >= count and all(f["state"] != "pending" for m in found for f in m["files"]):
            return found
        assert time.monotonic() < end, found


def written(who: str, **headers: str) -> EmailMessage:
    """A mail that a test goes on with."""
    mail = EmailMessage(policy=SMTP)
    for name, value in {"From": who, "To": "desk@example.com", "Subject": "A question", **headers}.items():
        mail[name] = value
    return mail


def test_pain_13_a_picture_is_inline_only_where_the_text_shows_it(town: Town) -> None:
    """Every image has a Content-ID and claims to be inline; the one that the text refers to is, the other is a file."""
    who, mail = town.customer("email"), written("x@customers.example")
    del mail["From"]
    mail["From"] = who
    mail.set_content("see below")
    mail.add_alternative('<p>see <img src="cid:shown@x"></p>', subtype="html")
    for name in ("shown", "beside"):
        mail.add_attachment(
            builders.screenshot([name]), "image", "png", filename=f"{name}.png", cid=f"<{name}@x>", disposition="inline"
        )
    town.simulators["email"].raw(mail.as_bytes())
    (message,) = arrived(town, who)
    with town.site.house.ledger.begin() as connection:
        inline = {r["name"]: r["inline_id"] for r in conversation.attachments_of(connection, message["id"])}
    assert inline == {"shown.png": "shown@x", "beside.png": ""}
    assert [f["state"] for f in message["files"]] == ["ready", "ready"]


@pytest.mark.parametrize(
    "header",
    [
        "attachment; filename*=UTF-8''R%C3%A9sum%C3%A9.png",
        'attachment; filename="=?utf-8?B?UsOpc3Vtw6kucG5n?="',
        "attachment; filename*0*=UTF-8''R%C3%A9; filename*1*=sum%C3%A9.png",
        'attachment; filename="Résumé.png"',
    ],
)
def test_pain_14_a_name_that_is_not_ascii_keeps_its_file(town: Town, header: str) -> None:
    """In each of the ways in which programs write such a name, the file is there under it."""
    who = town.customer("email")
    data = base64.encodebytes(builders.screenshot([header[:20]])).decode()
    raw = (
        f"From: {who}\nTo: desk@example.com\nSubject: x\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nhello\n'
        f"--b\nContent-Type: image/png\nContent-Disposition: {header}\n"
        f"Content-Transfer-Encoding: base64\n\n{data}\n--b--\n"
    )
    town.simulators["email"].raw(raw.replace("\n", "\r\n").encode())
    (message,) = arrived(town, who)
    assert [(f["name"], f["state"]) for f in message["files"]] == [("Résumé.png", "ready")]


def test_pain_17_one_poison_mail_stops_nobody(town: Town) -> None:
    """Mails that no parser likes are kept and shown, and the mail behind them arrives."""
    who = town.customer("email")
    poison = [
        b"\x00" * 5000,
        b"Subject: " + b"=?utf-8?B?" + b"QUJD" * 20_000 + b"?=\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
        + b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" * 500,
        b"Content-Type: text/plain; charset=klingon\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%%",
    ]
    for raw in poison:
        town.simulators["email"].raw(raw)
    town.simulators["email"].inbound(who, "I am fine", [("a.png", "image/png", builders.screenshot())])
    (message,) = arrived(town, who)
    assert message["text"].strip() == "I am fine"
    assert [f["state"] for f in message["files"]] == ["ready"]


def test_pain_22_nothing_that_is_attached_runs_in_a_browser(town: Town) -> None:
    """Drawings, pages and names that are scripts are served as downloads that no browser may run or guess about."""
    who = town.customer("email")
    files = [(name, mime, data) for name, (data, mime) in ACTIVE.items()]
    town.simulators["email"].inbound(who, "look", files)
    (message,) = arrived(town, who)
    assert len(message["files"]) == len(ACTIVE)
    for file in message["files"]:
        assert not set(file["name"]) & set('<>"')
        url = town.site.links.link(file["sha256"], file["type"], file["name"], 60, False)
        answer = httpx.get(url, trust_env=False)
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        for rendition in file["renditions"]:
            assert rendition["type"] in ("image/jpeg", "image/png"), "a likeness is a picture that we drew"


class Scanner:
    """A virus scanner as a shared plugin: it knows one virus."""

    @hookimpl
    def validate(self, media: Media) -> list[Finding]:
        infected = b"EICAR" in media.path.read_bytes()
        return [Finding("virus", Severity.REFUSE, "a virus is in it")] if infected else []


def test_pain_23_a_scanner_keeps_what_it_finds_from_the_desk(town: Town) -> None:
    """A shared plugin's finding quarantines that file alone, with its words; nothing of it is shown."""
    house = town.site.house
    own = house.inbox("email")
    scanned = Inbox.mount(
        "email", "email", own._plugin, [("defaults", own._manager.get_plugin("defaults")), ("scanner", Scanner())]
    )
    town.site.house = evolve(house, inboxes={**house.inboxes, "email": scanned})
    try:
        who = town.customer("email")
        files = [("a.txt", "text/plain", b"EICAR test"), ("b.txt", "text/plain", b"harmless words")]
        town.simulators["email"].inbound(who, "two files", files)
        (message,) = arrived(town, who)
    finally:
        town.site.house = house
    assert [(f["state"], f["error"]) for f in message["files"]] == [("quarantined", "a virus is in it"), ("ready", "")]
    assert message["files"][0]["renditions"] == []


def test_pain_16_winmail_is_opened(town: Town, corpus: Path) -> None:
    """What Outlook hides in winmail.dat is there as files of their own."""
    who = town.customer("email")
    body = (corpus / "tnef" / "two-files.tnef").read_bytes()
    town.simulators["email"].inbound(who, "see attached", [("winmail.dat", "application/ms-tnef", body)])
    (message,) = arrived(town, who)
    names = [f["name"] for f in message["files"]]
    assert len(names) == 2
    assert "winmail.dat" not in names


@pytest.fixture
def corpus() -> Path:
    """Public sample files, where they are."""
    folder = Path(__file__).parents[2] / "shared" / "corpus"
    if not folder.is_dir():
        pytest.skip("the sample files are not here")
    return folder
