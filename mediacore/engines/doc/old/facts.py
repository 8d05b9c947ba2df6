"""What an OLE file carries beside its words: macros, objects, links, who wrote it, whether it is locked."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

from mediacore.engines.doc.archive import PROGRAMS
from mediacore.engines.doc.old import outlook, sheet, slides, word
from mediacore.engines.ole import Ole
from mediacore.engines.operation import Unusable
from mediacore.values import Facts

SUMMARY = "\x05SummaryInformation"
_PACKAGES = frozenset(("EncryptedPackage", "EncryptionInfo", "EncryptedSummary"))
_MACROS = frozenset(("Macros", "_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA"))
_RUNS = frozenset(("\x01Ole10Native", "\x01CompObjOle"))
_AUTHOR, _LAST_AUTHOR, _PAGES = 4, 8, 14
"""Numbers of properties ([MS-OLEPS] 3.1)."""
_DDE = re.compile(r"\x13\s*\"?DDE(?:AUTO)?\b", re.IGNORECASE)
_MACRO_SLIDES, _LINKED_OBJECT, _NOTES = 0x3FF, 0xFCE, 0x3F0
_OUTLOOK = "application/vnd.ms-outlook"


def facts_of(whole: Ole, mime: str) -> Facts:
    """The facts of an old Office file or an Outlook message.

    Raises:
        Unusable: ``damaged``.
    """
    if mime == _OUTLOOK:
        names = outlook.attached(whole)
        active = any(name.lower().endswith(PROGRAMS) for name in names)
        return Facts(active=active, metadata=("attachments",) if names else ())
    names_held = whole.names()
    said = properties(whole.content(SUMMARY, most=1 << 20))
    noted = {
        "author": bool(said.get(_AUTHOR) or said.get(_LAST_AUTHOR)),
        "embedded": any(name.startswith("MBD") for name in names_held) or "ObjectPool" in names_held,
    }
    if names_held & _PACKAGES:
        return Facts(encrypted=True)
    active = bool(names_held & (_MACROS | _RUNS))
    pages = said.get(_PAGES, 0)
    try:
        told = _TOLD[mime](whole) if mime in _TOLD else (0, False, {})
    except Unusable as error:
        if error.code != "encrypted":
            raise
        return Facts(encrypted=True, active=active)
    counted, runs, more = told
    metadata = tuple(name for name, found in {**noted, **more}.items() if found)
    return Facts(
        pages=counted or (pages if isinstance(pages, int) and 0 < pages < 100_000 else 0),
        active=active or runs,
        metadata=metadata,
    )


def _word(whole: Ole) -> tuple[int, bool, dict[str, bool]]:
    known = word.head(whole)
    if known.version == word.WORD_6:
        return 0, False, {}
    text = "".join(data.decode("utf-16-le" if wide else "cp1252", "replace") for _, data, wide in word.pieces(known))
    return 0, bool(_DDE.search(text)), {"revisions": word.revised(known)}


def _sheet(whole: Ole) -> tuple[int, bool, dict[str, bool]]:
    known = sheet.book(whole, strings=False)
    return len(known.sheets), known.macros or known.linked, {"hidden": known.hidden > 0}


def _slides(whole: Ole) -> tuple[int, bool, dict[str, bool]]:
    known = slides.show(whole)
    kinds = slides.kinds(known.data)
    return len(known.slides), bool(kinds & {_MACRO_SLIDES, _LINKED_OBJECT}), {"notes": _NOTES in kinds}


_TOLD = {
    "application/msword": _word,
    "application/vnd.ms-excel": _sheet,
    "application/vnd.ms-powerpoint": _slides,
}


def properties(data: bytes) -> Mapping[int, int | bool]:
    """The numbers of a property set, and for words whether there are any."""
    found: dict[int, int | bool] = {}
    if len(data) < 48:
        return found
    (start,) = struct.unpack_from("<I", data, 44)
    if start + 8 > len(data):
        return found
    count = min(struct.unpack_from("<I", data, start + 4)[0], 200, (len(data) - start - 8) // 8)
    for number in range(count):
        identity, offset = struct.unpack_from("<II", data, start + 8 + 8 * number)
        value = data[start + offset : start + offset + 12]
        if len(value) < 8:
            continue
        kind, amount = struct.unpack_from("<HxxI", value)
        if kind == 3:  # VT_I4
            found[identity] = amount
        elif kind in (30, 31):  # VT_LPSTR and VT_LPWSTR
            found[identity] = amount > 1 and value[8:9].strip(b"\x00 ") != b""
    return found
