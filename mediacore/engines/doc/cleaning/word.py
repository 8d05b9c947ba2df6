"""Word's XML as after accepting all changes: deleted and hidden words gone, and the numbers of editing sessions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import define

from mediacore.engines.doc.cleaning.tags import Rewriting, Token, in_utf8
from mediacore.engines.doc.xml import DEPTH
from mediacore.engines.operation import Unusable

_SPACE = re.compile(
    rb"xmlns:([\w.-]+)\s*=\s*[\"']http://(?:schemas\.openxmlformats\.org/wordprocessingml/2006/main"
    rb"|purl\.oclc\.org/ooxml/wordprocessingml/main)[\"']"
)
_DROPPED = (
    *("del", "moveFrom", "rPrChange", "pPrChange", "sectPrChange", "tblPrChange", "tblGridChange", "tcPrChange"),
    *("trPrChange", "tblPrExChange", "numberingChange", "cellDel", "cellIns", "cellMerge", "printerSettings"),
    *("moveFromRangeStart", "moveFromRangeEnd", "moveToRangeStart", "moveToRangeEnd"),
    *(f"customXml{kind}Range{end}" for kind in ("Del", "Ins", "MoveFrom", "MoveTo") for end in ("Start", "End")),
    *("rsids", "attachedTemplate", "docVars", "mailMerge", "docId"),
)
_UNWRAPPED = ("ins", "moveTo")
_SESSIONS = re.compile(rb"\s+[\w.-]+:rsid[A-Za-z]{0,9}\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
_SESSION_TAGS = re.compile(rb"<[^<>]*?:rsid[^<>]*>")
_MARKS = re.compile(rb"<[\w.-]+:(?:" + "|".join((*_DROPPED, *_UNWRAPPED, "vanish")).encode() + rb")\b")
"""What must be there for more than attributes to go."""
_OFF = (b"0", b"false", b"off")


def clean_word(data: bytes) -> bytes:
    """A part of a Word file with all changes accepted."""
    data = in_utf8(data)
    if not _MARKS.search(data):
        return _SESSION_TAGS.sub(lambda tag: _SESSIONS.sub(b"", tag.group()), data)
    spaces = {found.group(1) for found in _SPACE.finditer(data[:100_000])} or {b"w"}
    space = min(spaces)
    own = _named(space, _DROPPED) | {b"w14:docId", b"w15:docId"}
    return _Accepting(space, own, _named(space, _UNWRAPPED), _SESSIONS).rewritten(data)


def _named(space: bytes, names: Iterable[str]) -> frozenset[bytes]:
    return frozenset(space + b":" + name.encode() for name in names)


@define
class _Open:
    """An element that may have to go once its end is known."""

    name: str
    start: int
    before: str = ""
    gone: bool = False
    content: bool = False
    fixed: bool = False


class _Accepting(Rewriting):
    """Rows and paragraphs whose mark is deleted, and runs that are hidden, go as a whole."""

    def __init__(
        self, space: bytes, dropped: frozenset[bytes], unwrapped: frozenset[bytes], attributes: re.Pattern[bytes]
    ) -> None:
        super().__init__(dropped, unwrapped, attributes)
        self._space = space + b":"
        self._opened: list[_Open] = []
        self._properties: list[str] = []
        self._last = ""

    def drops(self, token: Token) -> bool:
        """A mark of deletion in a row's or a paragraph's properties tells of the whole."""
        local = self._local(token)
        if local == "del" and self._properties:
            kind = "tr" if "trPr" in self._properties else "p" if "pPr" in self._properties else ""
            for each in reversed(self._opened):
                if each.name == kind:
                    each.gone = True
                    break
        elif local == "vanish" and self._hides(token):
            self._opened[-1].gone = True
        return super().drops(token)

    def _hides(self, token: Token) -> bool:
        run = bool(self._opened) and self._opened[-1].name == "r" and "pPr" not in self._properties
        return run and token.value(self._space + b"val") not in _OFF

    def note(self, token: Token) -> None:
        """Remember where an element begins."""
        local = self._local(token)
        if token.opens and not token.closes:
            if local in ("tbl", "tr", "p", "r"):
                if len(self._opened) >= DEPTH:
                    raise Unusable("bomb", "The document is nested as deeply as bombs are; it was not opened.")
                self._opened.append(_Open(local, len(self.out), self._last))
            elif local in ("pPr", "trPr", "rPr"):
                self._properties.append(local)
        if (
            token.opens
            and not self._properties
            and local not in ("", "tbl", "tr", "p", "pPr", "trPr", "tblPr", "tblGrid")
        ):
            for each in reversed(self._opened):
                if each.content:
                    break  # and so do all around it
                each.content = True
            if local in ("fldChar", "instrText") and self._opened:
                self._opened[-1].fixed = True

    def noted(self, token: Token) -> None:
        """Take an element back whose end has come and which is to go."""
        local = self._local(token)
        if not token.closes or token.opens:
            return
        if self._properties and self._properties[-1] == local:
            self._properties.pop()
        elif self._opened and self._opened[-1].name == local:
            each = self._opened.pop()
            if self._goes(each):
                del self.out[each.start :]
                return
            if local == "tr":
                table = next((known for known in reversed(self._opened) if known.name == "tbl"), each)
                table.fixed = True
        self._last = local

    def _goes(self, each: _Open) -> bool:
        if each.name == "tbl":
            return not each.fixed  # no row is left
        if each.name == "p":  # a cell and a body need one paragraph at least
            return each.gone and not each.content and each.before == "p"
        return each.gone and not each.fixed

    def _local(self, token: Token) -> str:
        return token.name.removeprefix(self._space).decode("utf-8", "replace") if token.name else ""
