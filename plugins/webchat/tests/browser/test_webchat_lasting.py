"""What must not get lost in a browser: unsent words and files, half uploads, drafts, and who is signed in."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from mediacore import InboundMessage

KEY = "the key that the shop's backend and the chat share"
FILM = b"film" * 325_000


def replaced(page: Any, **attributes: str) -> None:
    """A widget with these attributes in the place of the page's."""
    page.evaluate(
        """(given) => { const fresh = document.createElement("mediacore-chat");
                        for (const [k, v] of Object.entries({ inline: "", ...given })) fresh.setAttribute(k, v);
                        document.querySelector("mediacore-chat").replaceWith(fresh); }""",
        attributes,
    )


def test_unsent_messages_survive_a_reload(chat: Any, open_page: Any) -> None:
    """Words and a half uploaded file, kept back by a broken line, go out once after a reload, where they stopped."""
    page = open_page(chat)
    asked: list[str] = []
    down = [False]

    def gate(route: Any) -> None:
        method = route.request.method
        asked.append(f"{method} {route.request.headers.get('upload-offset', '')}")
        # the first chunk gets through, then nothing
        if down[0] or (method == "PATCH" and route.request.headers["upload-offset"] != "0"):
            down[0] = True
            route.abort("connectionreset")
        else:
            route.continue_()

    page.page.route("**/uploads**", gate)
    page.page.route("**/messages", lambda route: route.abort("connectionreset"))
    page.picker.set_input_files([{"name": "film.mp4", "mimeType": "video/mp4", "buffer": FILM}])
    page.page.get_by_role("textbox", name="Description (optional): film.mp4").fill("the leak")
    page.write("look")
    page.write("and this")
    page.until(lambda: down[0])
    page.page.wait_for_timeout(300)  # for the browser's database
    patches: list[str] = []
    page.page.on("request", lambda r: patches.append(r.headers["upload-offset"]) if r.method == "PATCH" else None)
    page.page.reload()
    page.page.unroute("**/uploads**")
    page.page.unroute("**/messages")
    page.wait_message(2)
    assert [m.text for m in page.messages()] == ["look", "and this"]
    [remote] = page.messages()[0].remotes
    assert (remote.name, remote.caption) == ("film.mp4", "the leak")
    assert chat.host.open(remote.sha256).read_bytes() == FILM
    assert set(patches) == {str(1024 * 1024)}  # never from the beginning again
    page.page.locator(".mine time").nth(1).wait_for()
    page.page.reload()
    page.page.locator(".mine time").nth(1).wait_for()
    page.page.wait_for_timeout(300)
    assert page.page.locator(".mine").count() == 2
    assert len(page.messages()) == 2


def test_a_draft_survives_a_reload(chat: Any, open_page: Any, png: Any) -> None:
    """Half written words and chosen files with their captions are there again, and are sent once."""
    page = open_page(chat)
    page.picker.set_input_files([{"name": "tap.png", "mimeType": "image/png", "buffer": png()}])
    caption = page.page.get_by_role("textbox", name="Description (optional): tap.png")
    caption.fill("the tap")
    page.box.fill("half a sen")
    page.page.wait_for_timeout(600)
    page.page.reload()
    caption.wait_for()
    assert (caption.input_value(), page.box.input_value()) == ("the tap", "half a sen")
    page.send()
    message = page.wait_message()
    assert (message.text, [r.caption for r in message.remotes]) == ("half a sen", ["the tap"])
    page.page.wait_for_timeout(300)
    page.page.reload()
    page.page.locator(".mine time").wait_for()
    assert page.box.input_value() == ""
    assert page.page.get_by_role("listitem").count() == 0


def test_two_tabs_send_it_once(chat: Any, open_page: Any) -> None:
    """What one tab still holds, another does not send too; when the first is closed, the second takes it over."""
    page = open_page(chat)
    page.context.route("**/messages", lambda route: route.abort("connectionreset"))
    page.write("from the first tab")
    page.page.get_by_text("Waiting for the connection…").wait_for()
    second = page.context.new_page()
    second.goto(page.page.url)
    second.get_by_role("textbox", name="Write a message").wait_for()
    second.wait_for_timeout(500)
    assert second.locator(".mine").count() == 0
    page.context.unroute("**/messages")
    page.page.close()
    second.locator(".mine time").wait_for()
    assert [e.text for e in chat.host.events if isinstance(e, InboundMessage)] == ["from the first tab"]


def test_it_works_where_no_socket_gets_through(chat: Any, open_page: Any) -> None:
    """Behind a proxy without WebSockets and without PATCH, messages, files, answers and read marks still pass."""
    page = open_page(chat)
    page.page.route_web_socket("**/socket**", lambda socket: socket.close())
    page.page.route("**/uploads/*", lambda r: r.fulfill(status=405) if r.request.method == "PATCH" else r.continue_())
    page.page.reload()
    page.picker.set_input_files([{"name": "a.txt", "mimeType": "text/plain", "buffer": b"abc"}])
    page.write("hello")
    message = page.wait_message()
    assert chat.host.open(message.remotes[0].sha256).read_bytes() == b"abc"
    name = chat.host.say(message.contact.address, "we are here")
    page.page.get_by_text("we are here").wait_for()
    chat.host.wait_status(name, "read")


def test_a_voice_message(chat: Any, open_page: Any) -> None:
    """What the microphone hears can be played before it is sent, and arrives as sound; a discarded one does not."""
    page = open_page(chat)
    page.page.get_by_role("button", name="Record a voice message").click()
    page.page.get_by_role("button", name="Discard recording").click()
    page.page.get_by_role("button", name="Record a voice message").click()
    page.page.get_by_text("0:01").wait_for()
    page.page.get_by_role("button", name="Finish recording").click()
    sound = page.page.get_by_label("voice-message.webm").and_(page.page.locator("audio"))
    sound.wait_for()
    page.page.wait_for_function("e => e.readyState >= 1", arg=sound.element_handle())
    page.send()
    [remote] = page.wait_message().remotes
    assert (remote.name, remote.type) == ("voice-message.webm", "audio/webm")
    assert chat.host.open(remote.sha256).read_bytes()[:4] == b"\x1a\x45\xdf\xa3"  # EBML, as WebM begins
    page.page.locator(".mine audio").wait_for()


def test_without_leave_for_the_microphone(chat: Any, open_page: Any) -> None:
    """A refused microphone is told in words, and writing goes on."""
    page = open_page(chat)
    page.page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no')); }")
    page.page.get_by_role("button", name="Record a voice message").click()
    page.page.get_by_role("alert").get_by_text("The microphone cannot be used.").wait_for()
    page.write("then in words")
    assert page.wait_message().text == "then in words"


def test_the_camera_is_a_button_of_its_own_on_a_phone(chat: Any, open_page: Any, png: Any) -> None:
    """On a touch screen one button opens the camera and another the gallery; with a mouse there is no camera button."""
    page = open_page(chat, "phone")
    with page.page.expect_file_chooser() as chooser:
        page.page.get_by_role("button", name="Take a photo").tap()
    snapper = page.page.locator("input[type=file].camera")
    assert snapper.get_attribute("capture") == "environment"
    chooser.value.set_files([{"name": "image.jpg", "mimeType": "image/png", "buffer": png()}])
    page.page.get_by_role("button", name="Remove image.jpg").wait_for()
    assert page.picker.get_attribute("capture") is None
    assert open_page(chat, "desktop").page.get_by_role("button", name="Take a photo").count() == 0


def test_a_dropped_folder_brings_its_files(chat: Any, open_page: Any, tmp_path: Path) -> None:
    """Files in a dropped folder and in the folders within become attachments, beside files dropped with it."""
    (tmp_path / "house" / "bath").mkdir(parents=True)
    for place in ("house/a.txt", "house/bath/b.txt", "c.txt"):
        (tmp_path / place).write_text(place)
    page = open_page(chat)
    debugger = page.context.new_cdp_session(page.page)
    area = page.page.locator(".panel").bounding_box()
    data = {"items": [], "files": [str(tmp_path / "house"), str(tmp_path / "c.txt")], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"x": area["x"] + 50, "y": area["y"] + 150}
        debugger.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})
    page.page.get_by_role("listitem").nth(2).wait_for()
    page.send()
    message = page.wait_message()
    assert sorted(r.name for r in message.remotes) == ["a.txt", "b.txt", "c.txt"]


def test_a_file_that_went_away_is_told(chat: Any, open_page: Any, tmp_path: Path) -> None:
    """A chosen file that was deleted before it went up is named in words instead of being tried for ever."""
    gone = tmp_path / "gone.bin"
    gone.write_bytes(b"x" * 9_000_000)
    page = open_page(chat)
    page.page.route("**/uploads", lambda route: (gone.write_bytes(b"other"), route.continue_()))
    page.picker.set_input_files(gone)
    page.page.get_by_role("alert").get_by_text("gone.bin can no longer be read. Choose it again.").wait_for()


def test_who_signs_in_and_out(make_chat: Any, open_page: Any) -> None:
    """Each signed-in visitor sees their own conversation and nothing of it stays behind after signing out."""
    chat = make_chat(identity_secrets=[KEY])
    page = open_page(chat)

    def signed(subject: str) -> str:
        return str(jwt.encode({"sub": subject, "exp": int(time.time()) + 600}, KEY, algorithm="HS256"))

    page.write("nobody knows me")
    page.wait_message()
    for subject in ("ada", "bob"):
        replaced(page.page, identity=signed(subject))
        page.write(f"I am {subject}")
        page.wait_message()
        page.page.get_by_text(f"I am {subject}").wait_for()
        page.page.locator(".mine time").wait_for()
        assert page.page.locator(".mine").count() == 1
    page.box.fill("bob's draft")
    page.page.evaluate("t => document.querySelector('mediacore-chat').setAttribute('identity', t)", signed("ada"))
    page.page.get_by_text("I am ada").wait_for()
    assert page.page.locator(".mine").count() == 1
    assert page.box.input_value() == ""
    page.page.evaluate("document.querySelector('mediacore-chat').removeAttribute('identity')")
    page.page.get_by_text("nobody knows me").wait_for()
    assert page.page.locator(".mine").count() == 1
    assert [m.contact.address for m in page.messages()][1:] == ["user:ada", "user:bob"]
    kept = page.page.evaluate("Object.values(localStorage).join()")
    assert "user:" not in kept


def test_an_identity_that_runs_out_is_fetched_anew(
    make_chat: Any, open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With identity-src the widget asks the site again in time; when the site says no, the visitor is told."""
    monkeypatch.setattr("mediacore_webchat.identity.LEEWAY_SECONDS", 0)
    chat = make_chat(identity_secrets=[KEY])
    page = open_page(chat)
    answers: list[float] = []

    def answer(route: Any) -> None:
        answers.append(time.time())
        until = int(time.time()) + (5 if len(answers) == 1 else 600)
        route.fulfill(body=str(jwt.encode({"sub": "ada", "exp": until}, KEY, algorithm="HS256")))

    page.page.route("**/who", answer)
    replaced(page.page, **{"identity-src": "who"})
    page.write("one")
    page.wait_message()
    page.until(lambda: len(answers) >= 2)
    page.write("two")
    assert page.wait_message(2).contact.address == "user:ada"
    replaced(page.page, identity="forged.forged.forged")
    page.page.get_by_text("Your sign-in has run out. Reload the page to go on.").wait_for()


def test_a_lost_pass_loses_no_message(chat: Any, open_page: Any, png: Any) -> None:
    """When no pass is worth anything any more, an unsent message and its file go out as a new visitor's."""
    page = open_page(chat)
    page.picker.set_input_files([{"name": "tap.png", "mimeType": "image/png", "buffer": png()}])
    page.page.locator("progress").wait_for(state="hidden")
    port = chat.server.port
    chat.server.close()
    page.write("still here")
    chat.inbox = chat.host.mounted = chat.mounted(secret="another secret, of which no browser knows")
    chat.server = chat._serve(port)
    message = page.wait_message()
    assert (message.text, [r.name for r in message.remotes]) == ("still here", ["tap.png"])
    assert chat.host.open(message.remotes[0].sha256).read_bytes() == png()
    page.page.locator(".mine time").wait_for()
    assert page.page.locator(".mine").count() == 1


def test_no_microphone_stays_on_unseen(chat: Any, open_page: Any) -> None:
    """Closing the chat while it records ends the recording and keeps it to be sent."""
    page = open_page(chat).page
    page.evaluate("document.querySelector('mediacore-chat').replaceWith(document.createElement('mediacore-chat'))")
    page.get_by_role("button", name="Open the chat").click()
    page.evaluate(
        """() => { const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
                   navigator.mediaDevices.getUserMedia = async (w) => (window.heard = await ask(w)); }"""
    )
    page.get_by_role("button", name="Record a voice message").click()
    page.get_by_text("0:01").wait_for()
    page.get_by_role("button", name="Close the chat").first.click()
    assert page.evaluate("window.heard.getTracks().map((t) => t.readyState)") == ["ended"]
    page.get_by_role("button", name="Open the chat").click()
    page.get_by_role("button", name="Remove voice-message.webm").wait_for()
