"""``Bench``: what can be done to a file, as typed methods for trusted code.

A child's facts may have been written by the author of a hostile file, so each value is checked here for its kind and
range before it becomes one of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from attrs import asdict, frozen

from mediacore.engines.operation import Unusable
from mediacore.redaction.words import Word
from mediacore.sandbox.answers import count_of, facts_of, finding_of, mime_of, rows_of, text_of, word_of
from mediacore.sandbox.attend import Progress
from mediacore.sandbox.budget import Budget, budget_for
from mediacore.sandbox.jail import Outcome
from mediacore.sandbox.wire import garbled
from mediacore.values import Facts, Finding, Fit, Json, Media, Region

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_WORDS = 200_000
_TEXT = 65_536
_LISTENER: ContextVar[Progress | None] = ContextVar("listener", default=None)


class Runner(Protocol):
    """What runs operations: ``Sandbox`` or ``InProcess``."""

    def run(
        self,
        operation: str,
        path: Path,
        params: Mapping[str, Json],
        out: Path,
        budget: Budget | None = None,
        progress: Progress | None = None,
    ) -> Outcome:
        """See ``Sandbox.run``."""
        ...


@frozen
class Sniffed:
    """What a file is and what is wrong with it at first sight.

    Args:
        type: its MIME type by content; ``application/octet-stream`` when unknown.
        findings: what is wrong with it.
    """

    type: str
    findings: tuple[Finding, ...] = ()


@frozen
class Picture:
    """A picture that the engine made.

    Args:
        path: where it is; the caller's to move or delete.
        type: ``image/jpeg`` or ``image/png``; ``video/mp4`` or ``image/gif`` of a clip, ``image/svg+xml`` of a wave.
        width, height: pixels.
        placeholder: what to show until it is loaded, a ThumbHash in base64; empty unless it was asked for.
        of: pixels of the picture that it was made from; 0, 0 unless a placeholder was asked for.
    """

    path: Path
    type: str
    width: int
    height: int
    placeholder: str = ""
    of: tuple[int, int] = (0, 0)


@frozen
class Bench:
    """The typed front of the engines.

    Every method raises ``Unusable`` when the file is of no use for it.

    Args:
        runner: where the engines run.
        scratch: a folder, made when it is missing, for derived files whose place the caller does not give.
    """

    runner: Runner
    scratch: Path

    def sniff(self, path: Path, name: str = "", declared: str = "") -> Sniffed:
        """Tell what a file is.

        Args:
            path: the file.
            name: the sender's name for it.
            declared: the sender's type for it.
        """
        facts = self._look("sniff", path, {"name": name, "declared": declared})
        found = facts.get("findings")
        return Sniffed(mime_of(facts), tuple(finding_of(f) for f in (found[:20] if isinstance(found, list) else ())))

    def probe(self, path: Path, type: str) -> Facts:  # noqa: A002 - the word everywhere is type
        """Gather the facts of a file of a sniffed type."""
        return facts_of(self.runner.run("probe", path, {"type": type}, self.scratch).facts)

    def preview(
        self,
        media: Media,
        side: int,
        page: int = 0,
        out: Path | None = None,
        form: str = "picture",
        *,
        placeholder: bool = False,
    ) -> Picture:
        """Draw a small likeness.

        Args:
            media: the file.
            side: the most pixels on the longer side, up to 2,048.
            page: which page or frame, from 0.
            out: the folder for it.
            form: ``picture``, ``clip`` for a few silent seconds of a film or a picture that moves, ``wave`` for a
                sound's bars as SVG.
            placeholder: make one as well, of a picture.
        """
        params: dict[str, Json] = {
            "type": media.type, "side": side, "page": page, "form": form, "hash": placeholder,
        }  # fmt: skip
        return _picture(self.runner.run("preview", media.path, params, out or self.scratch, _budget("preview", media)))

    def card(self, media: Media, word: str, note: str = "", out: Path | None = None) -> Picture:
        """Draw a sheet with words on it, for a file that has no likeness; of the file nothing is read."""
        params: dict[str, Json] = {"type": media.type, "side": 512, "card": word, "note": note}
        return _picture(self.runner.run("preview", media.path, params, out or self.scratch))

    def fit(
        self, media: Media, fit: Fit, out: Path | None = None, progress: Progress | None = None
    ) -> tuple[Path, ...]:
        """Make a file into what a channel takes: one file, or one for each page.

        Args:
            media: the file.
            fit: what the channel takes.
            out: the folder for what is made.
            progress: hears the share done, as in ``Sandbox.run``; raising in it calls the work off. None for
                whoever listens (see ``listening``).
        """
        params: dict[str, Json] = {"type": media.type, "fit": _order(fit)}
        budget = budget_for("fit", "video/mp4" if "video/mp4" in fit.types else media.type)
        made = self.runner.run(
            "fit", media.path, params, out or self.scratch, budget, progress or _LISTENER.get()
        ).files
        if not made:
            raise _nothing()
        return made

    @contextmanager
    def listening(self, progress: Progress) -> Iterator[None]:
        """Hear of every ``fit`` of this thread meanwhile that nobody else hears.

        The hook ``convert`` stands between who waits for a conversion and who does it; a plugin's answer to it knows
        nothing of progress and need not.

        Args:
            progress: as in ``fit``.
        """
        token = _LISTENER.set(progress)
        try:
            yield
        finally:
            _LISTENER.reset(token)

    def strip(self, media: Media, out: Path | None = None) -> Path:
        """Take private metadata out; sniff the result again, since a HEIC becomes a JPEG."""
        params: dict[str, Json] = {"type": media.type}
        return _only(self.runner.run("strip", media.path, params, out or self.scratch))

    def words(self, media: Media, page: int | None = None) -> tuple[Word, ...]:
        """The words of a file's text layer; of all pages when none is named."""
        return self._read("words", media, page)

    def text(self, media: Media) -> str:
        """The plain words of a document, a mail or a table, up to 64 KiB of them; empty when it has none."""
        files = self.runner.run("text", media.path, {"type": media.type}, self.scratch, _budget("text", media)).files
        try:
            return "".join(file.read_bytes()[:_TEXT].decode("utf-8", "replace") for file in files[:1])
        finally:
            for file in files:
                file.unlink()

    def ocr(self, media: Media, page: int | None = None) -> tuple[Word, ...]:
        """The words that can be seen in a picture, in all its frames, or on a page."""
        return self._read("ocr", media, page)

    def paint(self, media: Media, regions: Sequence[Region], out: Path | None = None) -> Path:
        """Paint over regions and take out what lies beneath; what comes out holds nothing else of the original."""
        marks: list[Json] = [[r.page, *r.box, r.kind] for r in regions]
        params: dict[str, Json] = {"type": media.type, "regions": marks}
        return _only(self.runner.run("paint", media.path, params, out or self.scratch, _budget("paint", media)))

    def _look(self, operation: str, path: Path, params: Mapping[str, Json]) -> dict[str, Any]:
        return self.runner.run(operation, path, params, self.scratch).facts

    def _read(self, operation: str, media: Media, page: int | None) -> tuple[Word, ...]:
        params: dict[str, Json] = {"type": media.type}
        if page is not None:
            params["page"] = page
        outcome = self.runner.run(operation, media.path, params, self.scratch, _budget(operation, media))
        words = rows_of(outcome.files[0]) if outcome.files else outcome.facts.get("words")
        if not isinstance(words, list) or len(words) > _WORDS:
            raise garbled()
        return tuple(word_of(word) for word in words)


def _budget(operation: str, media: Media) -> Budget:
    return budget_for(operation, media.type, media.facts.codecs, moving=media.facts.frames > 1)


def _order(fit: Fit) -> dict[str, Json]:
    return {**asdict(fit), "types": list(fit.types), "modes": list(fit.modes)}


def _only(outcome: Outcome) -> Path:
    if len(outcome.files) != 1:
        raise _nothing()
    return outcome.files[0]


def _picture(outcome: Outcome) -> Picture:
    facts = outcome.facts
    size = (count_of(facts.get("width")), count_of(facts.get("height")))
    of = facts.get("of")
    width, height = (count_of(side) for side in of) if isinstance(of, list) and len(of) == 2 else (0, 0)
    placeholder = text_of(facts.get("hash", ""), 48)
    if not _BASE64.fullmatch(placeholder):
        raise garbled()
    return Picture(_only(outcome), mime_of(facts), *size, placeholder, (width, height))


def _nothing() -> Unusable:
    return Unusable("crashed", "Nothing came out of this file.")
