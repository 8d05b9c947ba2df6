"""Built-in plugins that every inbox gets: validate by limits, convert, preview and redact by engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from mediacore.engines.operation import Unusable
from mediacore.engines.signatures import PROGRAMS
from mediacore.errors import Permanent
from mediacore.hookspecs import hookimpl
from mediacore.kinds import Kind
from mediacore.limits import Limits
from mediacore.obstacles import obstacle, size_word
from mediacore.redaction.detectors import detectors
from mediacore.redaction.find import find
from mediacore.redaction.reach import AS_TEXT, BY_WORDS, NAMES
from mediacore.redaction.words import Word
from mediacore.sandbox.bench import Bench
from mediacore.values import Finding, Fit, Media, Region, Severity

OCR_PAGES = 10
"""Pages of a scanned document that are read; more are refused, since what was not read cannot be hidden."""


_NO_LIKENESS = frozenset({"no-preview", "no-such-page", "encrypted"})
"""Codes of files that have no likeness by their nature, or of which the probe has said why."""


@frozen(eq=False)
class Defaults:
    """The built-in answers, asked after the channel's own.

    Args:
        bench: where files are worked on.
        region: where phone numbers without a country code are from.
        ocr: whether pictures are read; needs the ``ocr`` extra.
    """

    bench: Bench
    region: str = "US"
    ocr: bool = True

    @hookimpl(trylast=True)
    def validate(self, media: Media, limits: Limits) -> list[Finding]:
        """Against the channel's own numbers; for inbound files only against the largest that is taken."""
        if not limits.accept:
            if media.type in PROGRAMS:
                return [Finding("program", Severity.REFUSE, "it is a program, whatever it is called", "do not open it")]
            most = limits.inbound.max_bytes
            if most is None or media.size <= most.value:
                return []
            told = f"it has {size_word(media.size)} and {size_word(most.value)} is the most"
            return [Finding("too-large", Severity.REFUSE, told, "ask for a smaller file")]
        if media.size == 0:
            return [Finding("empty", Severity.REFUSE, "the file is empty", "choose it again")]
        obstacles = [obstacle(media, a) for a in limits.accept if a.kind is media.kind]
        if "" in obstacles:
            return []
        reason = next(iter(obstacles), f"{limits.title} carries no {media.kind} files")
        return [Finding("does-not-fit", Severity.FIX, reason, "convert it, or send a link")]

    @hookimpl(trylast=True)
    def convert(self, media: Media, fit: Fit, out: Path) -> list[Path]:
        """By the image and document engines."""
        try:
            return list(self.bench.fit(media, fit, out))
        except Unusable as error:
            raise Permanent(error.message, code=error.code) from error

    @hookimpl(trylast=True)
    def preview(self, media: Media, side: int, page: int, out: Path) -> Path | None:
        """By the image and document engines; None when this kind has no likeness."""
        try:
            return self.bench.preview(media, side, page, out).path
        except Unusable as error:
            if error.code in _NO_LIKENESS:
                return None
            raise Permanent(error.message, code=error.code) from error

    @hookimpl
    def redact(self, media: Media, kinds: Sequence[str]) -> list[Region]:
        """By the text layer of documents, by reading scans and every frame of pictures, and by the letters of texts.

        An office file or a mail in whose words something must be hidden cannot be painted over, so it is kept back.
        """
        try:
            if media.kind in BY_WORDS:
                return self._worded(media, kinds)
            words = self._words(media)
        except Unusable as error:
            raise Permanent(f"it could not be searched for personal data: {error.message}", code=error.code) from error
        return find(words, kinds, self.region)

    def _words(self, media: Media) -> tuple[Word, ...]:
        if media.kind is Kind.IMAGE:
            return self.bench.ocr(media) if self.ocr else ()
        if media.kind in AS_TEXT:
            return self.bench.words(media)
        if media.kind is not Kind.PDF:
            return ()
        words = self.bench.words(media)
        pages = {w.page for w in words}
        if self.ocr and media.facts.pages > len(pages):
            for page in self._unread(media, pages):
                words = (*words, *self.bench.ocr(media, page))
        return words

    def _worded(self, media: Media, kinds: Sequence[str]) -> list[Region]:
        try:
            text = self.bench.text(media)
        except Unusable:
            return []  # what has no words that can be read is told of as not searched
        for kind, detector in detectors(kinds, self.region).items():
            if detector(text):
                told = f"{NAMES[kind]} stand in it, and a file of this sort cannot be painted over: send it as a PDF"
                raise Permanent(told, code="cannot-hide")
        return []

    def _unread(self, media: Media, pages: set[int]) -> list[int]:
        blank = [page for page in range(media.facts.pages) if page not in pages]
        if len(blank) > OCR_PAGES:
            raise Permanent(
                f"{len(blank)} of its pages are scans; {OCR_PAGES} is the most that are read", code="too-long"
            )
        return blank
