"""For everybody: WCAG 2.2 AA by axe-core, keyboard alone, screen readers, dark, right to left, phone and desktop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mediacore_webchat import widget

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ROOT = 'document.querySelector("mediacore-chat").shadowRoot'
FOCUS = (
    f"(() => {{ const at = {ROOT}.activeElement; return at && (at.getAttribute('aria-label') || at.textContent); }})()"
)


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, which axe-playwright-python brings."""
    package = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def complaints(page: Any) -> list[str]:
    """What axe-core finds on the page, shadow trees included."""
    found = page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
    return [f"{v['id']}: {n['html']} {n['failureSummary']}" for v in found["violations"] for n in v["nodes"]]


def conversation(chat: Any, page: Any, png: Any) -> None:
    """Something of each sort on the page: words, a picture, a PDF, a sound, chosen files, an error."""
    page.locator("textarea").fill("hello")
    page.locator("textarea").press("Enter")
    page.locator("time").first.wait_for()
    visitor = chat.host.events[0].contact.address
    chat.host.say(
        visitor, "Look at https://example.com", [("plan.png", "image/png", png())], thumb=png(), caption="a plan"
    )
    chat.host.say(visitor, "", [("bill.pdf", "application/pdf", b"%PDF-1.4")], thumb=png(60, 90))
    chat.host.say(visitor, "", [("hm.ogg", "audio/ogg", b"OggS"), ("x.xlsx", "application/x-thing", b"x")])
    page.locator("a.file[download='x.xlsx']").wait_for()
    chosen = [("tap.png", "image/png", png()), ("note.txt", "text/plain", b"x"), ("none.txt", "text/plain", b"")]
    files = [{"name": name, "mimeType": mime, "buffer": data} for name, mime, data in chosen]
    page.locator("input[type=file]:not(.camera)").set_input_files(files)
    page.get_by_role("alert").wait_for()


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_axe_finds_nothing(chat: Any, open_page: Any, axe: str, png: Any, size: str) -> None:
    """No violation of WCAG 2.2 A and AA: a full conversation light and dark, a recording, the full view, Arabic."""
    page = open_page(chat, size).page
    page.evaluate(f"() => {{ {axe} }}")  # through the debugger, since the page's policy lets no other script in
    conversation(chat, page, png)
    assert complaints(page) == []
    page.emulate_media(color_scheme="dark")
    page.locator("button.voice").click()
    page.get_by_role("timer").wait_for()
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.locator("button.thumb").first.click()
    page.get_by_role("dialog").wait_for()
    assert complaints(page) == []
    page.keyboard.press("Escape")
    small = page.evaluate(
        f"""() => [...{ROOT}.querySelectorAll("button, a.file, input, textarea")]
            .map((e) => [e.outerHTML, e.getBoundingClientRect()])
            .filter(([, r]) => r.width && (r.width < 24 || r.height < 24)).map(([html]) => html)"""
    )
    assert small == []
    speak(page, "ar")
    page.locator("a.file[download='x.xlsx']").wait_for()
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def speak(page: Any, tag: str) -> None:
    """Put a widget of another language in the place of the page's."""
    page.evaluate(
        """(tag) => { const fresh = document.createElement("mediacore-chat");
                      fresh.setAttribute("lang", tag); fresh.setAttribute("inline", "");
                      document.querySelector("mediacore-chat").replaceWith(fresh); }""",
        tag,
    )
    page.locator("mediacore-chat textarea").wait_for()


def test_right_to_left(chat: Any, open_page: Any) -> None:
    """In Arabic own messages stand on the left and the paper clip on the right; English words stay left to right."""
    page = open_page(chat, "phone").page
    speak(page, "ar")
    page.get_by_role("textbox", name="اكتب رسالة").fill("hello (1)!")
    page.keyboard.press("Enter")
    page.locator(".mine time").wait_for()
    box = {name: page.locator(name).first.bounding_box() for name in (".mine", ".log", ".attach", "textarea")}
    assert box[".mine"]["x"] - box[".log"]["x"] < 20
    assert box[".attach"]["x"] > box["textarea"]["x"]
    assert page.evaluate(f"getComputedStyle({ROOT}.querySelector('.words')).direction") == "ltr"
    assert page.evaluate(f"getComputedStyle({ROOT}.querySelector('.panel')).direction") == "rtl"


def test_the_keyboard_is_enough(chat: Any, open_page: Any, png: Any) -> None:
    """Open, choose, describe, take away, send, look and close without a mouse; the focus is never lost."""
    opened = open_page(chat, "desktop")
    page = opened.page
    choosers: list[Any] = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))  # listened for from the start: a key acts at once
    page.evaluate("document.querySelector('mediacore-chat').replaceWith(document.createElement('mediacore-chat'))")
    page.get_by_role("button", name="Open the chat").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == "Open the chat"
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUS) == "Write a message"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUS) == "Attach files"
    page.keyboard.press("Enter")
    opened.until(lambda: choosers)
    files = [{"name": f"{n}.png", "mimeType": "image/png", "buffer": png()} for n in "abc"]
    choosers[0].set_files(files)
    page.get_by_role("button", name="Remove b.png").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUS) == "Remove c.png"
    page.keyboard.press("Tab")
    page.keyboard.type("the tap")
    page.keyboard.press("Enter")
    message = opened.wait_message()
    assert [(r.name, r.caption) for r in message.remotes] == [("a.png", ""), ("c.png", "the tap")]
    picture = page.get_by_role("button", name="Open the tap")
    picture.focus()
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUS) == "Close the picture"
    for _ in range(4):  # the page behind cannot be reached
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS) in (None, "Close the picture", "Download c.png")
    page.get_by_role("dialog").press("Escape")
    assert page.evaluate(FOCUS) == "Open the tap"
    page.keyboard.press("Escape")
    assert page.evaluate(FOCUS) == "Open the chat"


def test_the_focus_can_be_seen(chat: Any, open_page: Any) -> None:
    """Whatever the keyboard reaches has an outline of 2 pixels or more."""
    page = open_page(chat).page
    page.locator("textarea").focus()
    for _ in range(6):
        page.keyboard.press("Shift+Tab")
        at = page.evaluate(
            f"(() => {{ const at = {ROOT}.activeElement; return at && getComputedStyle(at).outline; }})()"
        )
        assert at is None or int(at.split("px")[0].split()[-1]) >= 2, at


def test_screen_readers_hear_what_matters(make_chat: Any, open_page: Any) -> None:
    """History is not read out, what comes later is; the box points to an error's alert; a closed chat tells too."""
    chat = make_chat(max_bytes=10)
    opened = open_page(chat)
    page = opened.page
    opened.write("first")
    visitor = opened.wait_message().contact.address
    page.reload()
    log = page.get_by_role("log", name="Conversation")
    log.get_by_text("first").wait_for()
    page.wait_for_function(f"() => {ROOT}.querySelector('.log').getAttribute('aria-live') === 'polite'")
    opened.picker.set_input_files([{"name": "big.txt", "mimeType": "text/plain", "buffer": b"x" * 11}])
    alert = page.get_by_role("alert")
    assert page.locator("textarea").get_attribute("aria-describedby") == alert.get_attribute("id")
    page.evaluate("document.querySelector('mediacore-chat').replaceWith(document.createElement('mediacore-chat'))")
    page.wait_for_function(f"() => {ROOT}?.querySelector('.log')?.getAttribute('aria-live') === 'polite'")
    chat.host.say(visitor, "are you there?")
    page.get_by_role("button", name="Open the chat: 1 new").wait_for()
    page.wait_for_function(f"() => {ROOT}.querySelector('.who[role=status]').textContent === 'New message'")


def test_colours_and_motion_follow_the_system(chat: Any, open_page: Any) -> None:
    """Dark by the system unless the page says otherwise, no motion where none is wanted, forced colours kept."""
    page = open_page(chat, color_scheme="dark", reduced_motion="reduce").page
    paper = f"getComputedStyle({ROOT}.querySelector('.panel')).backgroundColor"
    assert page.evaluate(paper) == "rgb(22, 25, 29)"
    page.evaluate("document.querySelector('mediacore-chat').setAttribute('theme', 'light')")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.get_by_role("button", name="Record a voice message").click()
    page.get_by_role("timer").wait_for()
    assert page.evaluate(f"getComputedStyle({ROOT}.querySelector('.recording'), '::before').animationName") == "none"
    page.emulate_media(forced_colors="active")
    page.get_by_role("button", name="Discard recording").click()
    page.locator("textarea").fill("x")
    page.keyboard.press("Enter")
    page.locator(".mine .bubble").wait_for()
    assert page.evaluate(f"getComputedStyle({ROOT}.querySelector('.bubble')).borderStyle") == "solid"


def test_every_language_says_everything() -> None:
    """Each file of words has the same entries with the same places to fill, none left empty."""
    home = widget.HERE / "words"
    english = json.loads((home / "en.json").read_text(encoding="utf-8"))
    for path in home.iterdir():
        words = json.loads(path.read_text(encoding="utf-8"))
        assert words.keys() == english.keys(), path.name
        for key, text in words.items():
            assert text.strip(), (path.name, key)
            assert [p for p in ("{name}", "{size}", "{count}", "{why}") if p in text] == [
                p for p in ("{name}", "{size}", "{count}", "{why}") if p in english[key]
            ], (path.name, key)


def test_a_site_brings_its_own_words(chat: Any, open_page: Any) -> None:
    """A file named by the attribute words lies over the built-in ones; what it leaves out is still said."""
    page = open_page(chat).page
    words = {"write": "Nachricht schreiben", "send": "Senden"}
    page.route("**/de.json", lambda route: route.fulfill(json=words))
    page.evaluate(
        """() => { const fresh = document.createElement("mediacore-chat");
                   for (const [k, v] of [["lang", "de"], ["words", "de.json"], ["open", ""]]) fresh.setAttribute(k, v);
                   document.querySelector("mediacore-chat").replaceWith(fresh); }"""
    )
    page.get_by_role("textbox", name="Nachricht schreiben").wait_for()
    page.get_by_role("button", name="Attach files").wait_for()
