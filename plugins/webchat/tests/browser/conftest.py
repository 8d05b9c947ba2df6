"""A real Chromium, and the demo page of a chat in it; skipped where there is none."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mediacore import InboundMessage

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--use-fake-device-for-media-stream",  # a microphone that beeps
    "--use-fake-ui-for-media-stream",
    "--disable-gpu",
]
PATIENCE_MS = 30_000
"""How long anything is waited for: a browser among other busy programs is slow, not wrong."""
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}


MODEST = """#!/bin/sh
exec setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice {chromium} "$@"
"""
"""Run by root, Chromium gives its sound real-time priority, and under load leaves nothing to anything else."""


def modest(chromium: str, folder: Path) -> str:
    """The browser as somebody would run it who may not put it before all other programs."""
    if os.geteuid() or not shutil.which("setpriv"):
        return chromium
    script = folder / "chromium"
    script.write_text(MODEST.format(chromium=shlex.quote(chromium)))
    script.chmod(0o755)
    return str(script)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium: Debian's, or the one named by CHROMIUM."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM or not Path(CHROMIUM).exists():
        pytest.skip("there is no chromium: install it, or name it in CHROMIUM, to test the widget")
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(
            executable_path=modest(CHROMIUM, tmp_path_factory.mktemp("browser")), args=ARGUMENTS
        )
        yield chromium
        chromium.close()


class Page:
    """The demo page of a chat in one browser context.

    Args:
        browser: Chromium.
        chat: the chat.
        size: ``phone`` or ``desktop``; empty for a window in between.
        path: the page, below the inbox's prefix.
        context: what Playwright's ``new_context`` takes.
    """

    def __init__(self, browser: Any, chat: Any, size: str = "", path: str = "demo", **context: Any) -> None:
        self.errors: list[str] = []
        self.chat = chat
        phone = {"has_touch": True, "is_mobile": True} if size == "phone" else {}
        viewport = SIZES.get(size, {"width": 900, "height": 900})
        self.context = browser.new_context(viewport=viewport, **phone, **{"locale": "en-GB", **context})
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.goto(f"{chat.url}/{path}")
        self.page.get_by_role("heading", name=chat.inbox._plugin.title).wait_for()

    @property
    def box(self) -> Any:
        """Where the visitor writes, in English."""
        return self.page.get_by_role("textbox", name="Write a message")

    @property
    def picker(self) -> Any:
        """The hidden input behind the button with the paper clip."""
        return self.page.locator("mediacore-chat input[type=file]:not(.camera)")

    def write(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def send(self) -> None:
        self.page.get_by_role("button", name="Send", exact=True).click()

    def messages(self) -> list[InboundMessage]:
        return [e for e in self.chat.host.events if isinstance(e, InboundMessage)]

    def until(self, come: Callable[[], object], told: Callable[[], str] = str) -> None:
        """Let the browser go on until something has come."""
        end = time.monotonic() + PATIENCE_MS / 1000
        while not come():
            assert time.monotonic() < end, f"{told()} errors: {self.errors}"
            self.page.wait_for_timeout(50)

    def wait_message(self, count: int = 1) -> InboundMessage:
        self.until(lambda: len(self.messages()) >= count, lambda: f"{len(self.messages())} of {count} messages came;")
        return self.messages()[-1]


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    """Opens a chat's demo page; a script error fails the test."""
    pages: list[Page] = []

    def opened(chat: Any, size: str = "", path: str = "demo", **context: Any) -> Page:
        pages.append(Page(browser, chat, size, path, **context))
        return pages[-1]

    yield opened
    for page in pages:
        page.context.close()
        assert page.errors == []


@pytest.fixture
def png() -> Any:
    """Makes plain pictures."""

    def made(width: int = 300, height: int = 200, colour: str = "teal") -> bytes:
        out = io.BytesIO()
        Image.new("RGB", (width, height), colour).save(out, "PNG")
        return out.getvalue()

    return made
