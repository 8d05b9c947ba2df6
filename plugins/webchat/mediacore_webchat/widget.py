"""The widget as browsers get it: its parts put together into one script, and its words in each language."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import re
from pathlib import Path

from attrs import frozen

HERE = Path(__file__).with_name("browser")
PARTS = ("elements", "inbox", "drawer", "upload", "voice", "drop", "files", "composer", "outbox", "log", "line", "chat")
"""The scripts, in the order in which they need each other."""
DEFAULT = "en"
"""The language that the script itself brings."""
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@frozen
class Text:
    """A text to serve.

    Args:
        plain: its bytes.
        packed: the same under gzip.
        tag: its ETag.
    """

    plain: bytes
    packed: bytes
    tag: str

    @classmethod
    def of(cls, text: str) -> Text:
        """A text, packed once."""
        plain = text.encode()
        return cls(plain, gzip.compress(plain, 9, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:32]}"')


@functools.cache
def script() -> Text:
    """The whole widget: one strict function scope, so that it leaves no name on the page that embeds it."""
    style, words = _read("style.css"), json.loads(_read(f"words/{DEFAULT}.json"))
    known = [f"const CSS = {json.dumps(style)};", f"const ENGLISH = {json.dumps(words, ensure_ascii=False)};"]
    parts = [*known, *(_read(f"{part}.js") for part in PARTS)]
    return Text.of('(() => {\n"use strict";\n' + "\n".join(parts) + "\n})();\n")


@functools.cache
def words(language: str) -> Text | None:
    """The widget's words in a language, such as ``it``; None where there are none."""
    path = HERE / "words" / f"{language}.json"
    return Text.of(path.read_text(encoding="utf-8")) if _LANGUAGE.fullmatch(language) and path.is_file() else None


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
