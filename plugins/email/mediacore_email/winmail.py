"""The files and the words inside a ``winmail.dat``, as those of the mail that carries it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mediacore import Remote
from mediacore_email import bodies, headers, plain, rich, tnef
from mediacore_email.mime import Part
from mediacore_email.names import distinct, made_up
from mediacore_email.tnef import Enclosed, Letter

MARK = "/tnef/"
"""Stands in the ref of an enclosed file, between its part and its place there."""
OPENED = 5
"""How many in one mail are opened; more are kept as they are."""
SIZE = 96 * 1024 * 1024
"""The largest that is opened, as it travels."""

_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")
_TYPE = re.compile(r"[a-z0-9.+-]{1,100}/[a-z0-9.+-]{1,100}")


def is_one(kind: str, name: str) -> bool:
    """Whether a part says that it is one."""
    return kind in _TYPES or name.lower() == "winmail.dat"


def letters(raw: bytes, parts: Sequence[Part]) -> Mapping[Part, Letter]:
    """What is in those that can be opened."""
    opened = {part: tnef.read(_data(raw, part)) for part in parts[:OPENED] if part.end - part.start <= SIZE}
    return {part: letter for part, letter in opened.items() if letter}


def words(letter: Letter) -> str:
    """What it says, as plain text."""
    return letter.text or plain.words(letter.markup)


def hides(letter: Letter, text: str) -> bool:
    """Whether a person who has its files and this text would miss something that it holds."""
    return (letter.rich[1] > 0 and not text) or not (letter.files or (text and text == words(letter)))


def told(raw: bytes, part: Part, letter: Letter) -> Remote | None:
    """Its words as a document of their own, where they are RTF that can be written out."""
    number = part.number or "1"
    return (
        Remote(f"{number}{MARK}0", "message.rtf", "application/rtf")
        if rich.is_rich(_data(raw, part), *letter.rich)
        else None
    )


def remotes(number: str, letter: Letter, referred: frozenset[str], taken: set[str]) -> list[Remote]:
    """Its files.

    Args:
        number: the part's number.
        letter: what is in it.
        referred: what the HTML shows.
        taken: names of the files before it.
    """
    out: list[Remote] = []
    for index, file in enumerate(letter.files, 1):
        name = distinct(_name(file, index), taken | {r.name for r in out})
        cid = headers.one_line(file.content_id).strip("<> ")
        shown = cid if cid in referred else ""
        out.append(Remote(f"{number}{MARK}{index}", name, _type(file), file.end - file.start, inline_id=shown))
    return out


def file(raw: bytes, part: Part, index: int) -> Iterator[bytes] | None:
    """The bytes of one of its files, or of its words for the index 0; None when it has no such file."""
    data = _data(raw, part)
    letter = tnef.read(data)
    if letter and index == 0 and (document := rich.unpacked(data[slice(*letter.rich)])):
        return iter((document,))
    if letter is None or not 0 < index <= len(letter.files):
        return None
    found = letter.files[index - 1]
    return bodies.span(data, found.start, found.end)


def _data(raw: bytes, part: Part) -> bytes:
    return b"".join(bodies.chunks(raw, part))


def _type(file: Enclosed) -> str:
    if file.nested:
        return _TYPES[0]
    declared = file.type.strip().lower()
    return declared if _TYPE.fullmatch(declared) else "application/octet-stream"


def _name(file: Enclosed, index: int) -> str:
    name = headers.one_line(file.name).replace("\\", "/").rpartition("/")[2].strip(" .")[:200]
    if file.nested:
        return f"{name or 'message'}.dat"
    return name or made_up(_type(file), index)
