"""The widget in a real Chromium, as a visitor uses it."""

from __future__ import annotations

import io
import wave
from typing import Any

import pytest
from mediacore_webchat import widget
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route as StarletteRoute

from mediacore.testkit import Server


def test_the_widget_is_small() -> None:
    """The widget stays below half of the 40 KB that are agreed, as it travels."""
    assert len(widget.script().packed) < 20_000


def test_text_goes_out_and_an_answer_comes_in(chat: Any, open_page: Any) -> None:
    """A typed line arrives once; the agent's answer appears, is read, and its link can be clicked."""
    page = open_page(chat)
    page.write("my tap <b>leaks</b>")
    message = page.wait_message()
    assert message.text == "my tap <b>leaks</b>"
    page.page.get_by_text("my tap <b>leaks</b>", exact=True).wait_for()
    name = chat.host.say(message.contact.address, "see https://example.com/help.")
    page.page.get_by_role("link", name="https://example.com/help", exact=True).wait_for()
    chat.host.wait_status(name, "read")
    assert page.page.get_by_role("log").locator(".bubble").count() == 2
    assert len(page.messages()) == 1


def test_files_with_captions_go_out(chat: Any, open_page: Any, png: Any) -> None:
    """Two chosen files upload with their captions, one taken away again does not, and nothing is doubled."""
    page = open_page(chat)
    page.picker.set_input_files(
        [
            {"name": "tap.png", "mimeType": "image/png", "buffer": png()},
            {"name": "bill.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 " + b"x" * 1_000_000},
            {"name": "wrong.txt", "mimeType": "text/plain", "buffer": b"not this one"},
        ]
    )
    page.page.get_by_role("textbox", name="Description (optional): tap.png").fill("the tap")
    page.page.get_by_role("button", name="Remove wrong.txt").click()
    page.send()
    message = page.wait_message()
    assert [(r.name, r.caption) for r in message.remotes] == [("tap.png", "the tap"), ("bill.pdf", "")]
    assert [r.size for r in message.remotes] == [len(png()), 1_000_009]
    page.page.get_by_role("link", name="Download bill.pdf, 1.0 MB").wait_for()
    page.page.get_by_role("button", name="Open the tap").wait_for()


def test_a_picture_opens_full_size_and_a_file_downloads(chat: Any, open_page: Any, png: Any) -> None:
    """The thumbnail is shown in the list, the picture itself in the dialog, and a PDF downloads with its name."""
    page = open_page(chat)
    page.write("hi")
    visitor = page.wait_message().contact.address
    chat.host.say(visitor, "plan", [("plan.png", "image/png", png(1200, 800))], thumb=png(120, 80))
    chat.host.say(visitor, "bill", [("bill é.pdf", "application/pdf", b"%PDF-1.4 bill")])
    thumb = page.page.get_by_role("button", name="Open plan.png").locator("img")
    thumb.scroll_into_view_if_needed()
    page.page.wait_for_function("e => e.naturalWidth === 120", arg=thumb.element_handle())
    thumb.click()
    full = page.page.get_by_role("dialog").locator("img")
    page.page.wait_for_function("e => e.naturalWidth === 1200", arg=full.element_handle())
    page.page.get_by_role("button", name="Close the picture").click()
    with page.page.expect_download() as download:
        page.page.get_by_role("link", name="Download bill é.pdf").click()
    assert download.value.suggested_filename == "bill é.pdf"
    assert download.value.path().read_bytes() == b"%PDF-1.4 bill"


def test_paste_and_drop(chat: Any, open_page: Any, png: Any) -> None:
    """A pasted screenshot and a dropped file become attachments; pasted words stay words."""
    page = open_page(chat)
    page.page.evaluate(
        """([bytes]) => {
            const root = document.querySelector("mediacore-chat").shadowRoot;
            const carry = (file, text) => {
                const data = new DataTransfer();
                data.items.add(file);
                if (text) { data.setData("text/plain", text); data.setData("text/html", `<b>${text}</b>`); }
                return data;
            };
            const shot = new File([new Uint8Array(bytes)], "image.png", { type: "image/png" });
            const paste = (data) => root.querySelector("textarea").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
            paste(carry(shot));
            paste(carry(shot, "words from an office program"));
            const note = new File(["dropped"], "note.txt", { type: "text/plain" });
            for (const kind of ["dragover", "drop"]) root.querySelector(".panel").dispatchEvent(
                new DragEvent(kind, { dataTransfer: carry(note), bubbles: true, cancelable: true }));
        }""",
        [list(png())],
    )
    page.page.get_by_text("note.txt").wait_for()
    page.send()
    message = page.wait_message()
    assert [r.name for r in message.remotes] == ["image.png", "note.txt"]
    # a message without words is shown with what it carries
    page.page.get_by_role("button", name="Open image.png").wait_for()


def test_an_upload_goes_on_after_the_line_broke(chat: Any, open_page: Any) -> None:
    """A PATCH that fails half way is resumed at the offset the runner tells, and progress is shown meanwhile."""
    page = open_page(chat)
    asked: list[str] = []

    def break_once(route: Any) -> None:
        asked.append(route.request.method)
        if asked.count("PATCH") == 2 and asked[-1] == "PATCH":
            route.abort("connectionreset")
        else:
            route.continue_()

    page.page.route("**/uploads/*", break_once)
    page.picker.set_input_files([{"name": "film.mp4", "mimeType": "video/mp4", "buffer": b"film" * 325_000}])
    page.page.get_by_role("progressbar", name="Uploading film.mp4").wait_for()
    page.send()
    [remote] = page.wait_message().remotes
    assert chat.host.open(remote.sha256).read_bytes() == b"film" * 325_000
    assert asked == ["PATCH", "PATCH", "HEAD", "PATCH"]


@pytest.mark.parametrize("kind", ["a proxy that answers for the inbox", "uploads that are forgotten at once"])
def test_an_upload_that_leads_nowhere_ends_in_words(chat: Any, open_page: Any, kind: str) -> None:
    """Neither an answer without a place nor a place that is never known is asked again and again; Retry is offered."""
    page = open_page(chat)
    asked: list[str] = []
    page.page.on("request", lambda r: asked.append(r.url) if "/uploads" in r.url else None)
    if kind.startswith("a proxy"):
        page.page.route("**/uploads", lambda route: route.fulfill(status=200, body="<h1>Welcome</h1>"))
    else:
        page.page.route("**/uploads/*", lambda route: route.fulfill(status=404))
    page.picker.set_input_files([{"name": "a.txt", "mimeType": "text/plain", "buffer": b"abc"}])
    page.write("look")
    page.page.get_by_role("button", name="Try again").wait_for()
    assert len(asked) <= 12
    page.page.unroute_all()
    page.page.get_by_role("button", name="Try again").click()
    assert [r.name for r in page.wait_message().remotes] == ["a.txt"]


def test_a_message_can_be_taken_back_while_it_waits(chat: Any, open_page: Any) -> None:
    """What is cancelled before it left never arrives; what was written after it does."""
    page = open_page(chat)
    port = chat.server.port
    chat.server.close()
    for words in ("not this", "but this"):
        page.write(words)
    page.page.get_by_role("button", name="Cancel").first.click()
    chat.server = chat._serve(port)
    assert page.wait_message().text == "but this"
    page.page.get_by_role("log").locator("time").wait_for()
    assert page.page.get_by_text("not this").count() == 0
    assert len(page.messages()) == 1


def test_it_comes_back_after_a_restart(chat: Any, open_page: Any) -> None:
    """What is written while the runner is away is sent once when it is back, and the conversation goes on."""
    page = open_page(chat)
    page.write("first")
    visitor = page.wait_message().contact.address
    port = chat.server.port
    chat.server.close()
    page.page.get_by_text("No connection. Trying again…").wait_for()
    page.write("while you were away")
    page.page.get_by_text("Waiting for the connection…").wait_for()
    chat.server = chat._serve(port)
    assert page.wait_message(2).text == "while you were away"
    name = chat.host.say(visitor, "we are back")
    page.page.get_by_text("we are back").wait_for()
    chat.host.wait_status(name, "read")
    page.page.wait_for_timeout(700)
    assert [m.text for m in page.messages()] == ["first", "while you were away"]
    assert page.page.get_by_role("log").locator(".bubble").count() == 3


def test_a_reload_keeps_the_conversation(chat: Any, open_page: Any) -> None:
    """The session is remembered by the browser; the page shows the same conversation again."""
    page = open_page(chat)
    page.write("remember me")
    page.wait_message()
    page.page.get_by_role("log").locator("time").wait_for()
    page.page.reload()
    page.page.get_by_text("remember me").wait_for()


def test_too_large_and_empty_files_are_told_at_once(make_chat: Any, open_page: Any) -> None:
    """The visitor hears before any upload that a file cannot go, in an alert that screen readers speak."""
    page = open_page(make_chat(max_bytes=1_000_000))
    picker = page.picker
    picker.set_input_files([{"name": "big.bin", "mimeType": "application/octet-stream", "buffer": b"x" * 1_000_001}])
    page.page.get_by_role("alert").get_by_text("big.bin is larger than 1.0 MB.").wait_for()
    picker.set_input_files([{"name": "none.txt", "mimeType": "text/plain", "buffer": b""}])
    page.page.get_by_role("alert").get_by_text("none.txt is empty.").wait_for()
    assert page.page.get_by_role("list", name="Files to send").get_by_role("listitem").count() == 0


def test_it_speaks_italian(chat: Any, open_page: Any) -> None:
    """The page's language decides before the browser's; here the page has none that fits."""
    page = open_page(chat)
    page.page.evaluate(
        """() => { document.documentElement.lang = "it";
                   document.querySelector("mediacore-chat").replaceWith(document.createElement("mediacore-chat")); }"""
    )
    page.page.get_by_role("button", name="Apri la chat").click()
    page.page.get_by_role("textbox", name="Scrivi un messaggio").wait_for()
    page.page.keyboard.press("Escape")
    assert page.page.get_by_role("button", name="Apri la chat").get_attribute("aria-expanded") == "false"


@pytest.mark.parametrize("listed", [True, False])
def test_another_site_can_embed_it_when_listed(make_chat: Any, browser: Any, listed: bool, png: Any) -> None:
    """A page of a listed site works in full, cross-origin; one that is not listed is told so."""
    pages: list[str] = []
    site = Server(Starlette(routes=[StarletteRoute("/", lambda _: HTMLResponse(pages[0]))]))
    chat = make_chat(origins=[site.url] if listed else ["https://shop.example.com"])
    pages.append(f"<script src='{chat.url}/widget.js' defer></script><mediacore-chat open></mediacore-chat>")
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(30_000)
    with site:
        page.goto(site.url)
        if listed:
            page.get_by_role("heading", name="Chat with us").wait_for()
            page.locator("mediacore-chat input[type=file]").set_input_files(
                [{"name": "tap.png", "mimeType": "image/png", "buffer": png()}]
            )
            page.get_by_role("button", name="Send", exact=True).click()
            picture = page.get_by_role("button", name="Open tap.png").locator("img")
            page.wait_for_function("e => e.naturalWidth === 300", arg=picture.element_handle())
        else:
            page.get_by_text("the chat is not available here").wait_for()
        context.close()
    assert len(chat.host.events) == int(listed)


def test_sounds_play_and_the_strictest_policy_holds(chat: Any, open_page: Any) -> None:
    """The agent's recording plays in place, and the page's policy, without inline styles and eval, is never broken."""
    page = open_page(chat)
    told: list[str] = []
    page.page.on("console", lambda message: told.append(message.text))
    page.page.reload()
    page.write("hi")
    visitor = page.wait_message().contact.address
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000)
    chat.host.say(visitor, "listen", [("note.wav", "audio/wav", out.getvalue())])
    player = page.page.locator("audio")
    player.evaluate("async (e) => { await e.play(); }")
    page.page.wait_for_function("e => e.duration === 1", arg=player.element_handle())
    assert [t for t in told if "Content Security Policy" in t] == []
