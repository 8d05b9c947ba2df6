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
from mediacore.redaction.find import find
from mediacore.sandbox.bench import Bench
from mediacore.values import Finding, Fit, Media, Region, Severity

OCR_PAGES = 10
"""Pages of a scanned document that are read; more are refused, since what was not read cannot be hidden."""


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
        """By the image and document engines; None when the file has no likeness or is damaged."""
        try:
            return self.bench.preview(media, side, page, out).path
        except Unusable:
            return None

    @hookimpl
    def redact(self, media: Media, kinds: Sequence[str]) -> list[Region]:
        """By the text layer of documents, and by reading pictures and scans."""
        if media.kind not in (Kind.IMAGE, Kind.PDF):
            return []
        try:
            words = self.bench.words(media)
            pages = {w.page for w in words}
            if self.ocr and (media.kind is Kind.IMAGE or media.facts.pages > len(pages)):
                for page in self._unread(media, pages):
                    words = (*words, *self.bench.ocr(media, page))
        except Unusable as error:
            raise Permanent(f"it could not be searched for personal data: {error.message}", code=error.code) from error
        return find(words, kinds, self.region)

    def _unread(self, media: Media, pages: set[int]) -> list[int]:
        if media.kind is Kind.IMAGE:
            return [0]
        blank = [page for page in range(media.facts.pages) if page not in pages]
        if len(blank) > OCR_PAGES:
            raise Permanent(
                f"{len(blank)} of its pages are scans; {OCR_PAGES} is the most that are read", code="too-long"
            )
        return blank
