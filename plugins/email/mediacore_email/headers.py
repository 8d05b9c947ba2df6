"""Header values decoded by the rules and within bounds: encoded words, parameters, addresses, message ids.

Every function is total: any bytes give some text, in time that grows with their length only. Rules: RFC 2047 (encoded
words, also inside quotes where they do not belong but are common), RFC 2231 (parameters in pieces, with a charset), RFC
6532 (raw UTF-8) and, where bytes are not UTF-8, what Windows calls Latin-1.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from attrs import frozen

from mediacore import Contact

PARAMETERS = 100
NAME_LENGTH = 1000
PADDINGS = 5000
"""Paddings in the middle of base64 that are honoured; where there are more, none of them means anything."""

_ENCODED = re.compile(r"=\?([A-Za-z0-9_.:+-]{1,40})(?:\*[A-Za-z0-9-]{0,40})?\?([bBqQ])\?([^?]*)\?=")
_HEAD = re.compile(r"\s*([^\s;]*)\s*")
_PARAMETER = re.compile(
    # a quote that neither ";" nor the end nor another parameter follows is a character of the value: "my "new" car.pdf"
    r';\s*([^\s=;"]{1,200})\s*=\s*(?:"((?:[^"\\]|\\.|"(?!\s*(?:;|\Z)|\s+[\w*-]{1,60}=))*)"?|([^;]*))',
    re.DOTALL,
)
_UNDIVIDED = re.compile(r'(?<=")\s+(?=[\w*-]{1,60}=)')
_RUN_ON = re.compile(r"\s+((?:size|(?:creation|modification|read)-date|(?:file)?name|charset|boundary)\*?)=")
"""Parameters that may follow a value without quotes although the semicolon was forgotten; a name has spaces too."""
_PIECE = re.compile(r"(.+?)\*(\d{1,3})(\*?)")
_FOLD = re.compile(r"[\r\n\t ]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
NOT_BASE64 = bytes(
    c for c in range(256) if c not in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
)
_ANGLE = re.compile(r"<\s*([^<>\s]{1,320})\s*>")
_BARE = re.compile(r"[^\s<>,;:\"()\[\]]{1,250}@[^\s<>,;:\"()]{1,250}")
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_COMMENT = re.compile(r"\(([^()]{1,200})\)")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,900})>")

_CHARSETS = {
    # what mails say, to what was meant: the Encoding Standard's labels, https://encoding.spec.whatwg.org/#names-and-labels
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "tis-620": "cp874",
    "iso-8859-9": "cp1254",
    "unicode-1-1-utf-7": "utf-7",
}
_WINDOWS = re.compile(r"(?:x-)?(?:cp|win|windows)[-_]?(125[0-8]|874)")
"""Windows' charsets, however they are written."""
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
"""Codecs of Python that are no charset of a mail; two of them take quadratic time."""


@frozen
class Headers:
    """The header lines of one part, names in lower case, values unfolded but undecoded."""

    lines: tuple[tuple[str, bytes], ...] = ()

    def first(self, name: str) -> bytes:
        """The first value of that name; empty if there is none."""
        return next((value for key, value in self.lines if key == name), b"")

    def text(self, name: str) -> str:
        """The first value of that name, decoded, on one line."""
        return decode_text(self.first(name))

    def every(self, name: str) -> bytes:
        """All values of that name, a space between them."""
        return b" ".join(value for key, value in self.lines if key == name)

    def has(self, name: str) -> bool:
        """Whether there is a line of that name."""
        return any(key == name for key, _ in self.lines)


def decode_text(value: bytes) -> str:
    """A header value as a person reads it, on one line."""
    return one_line(decode_words(raw_text(value)))


def one_line(text: str) -> str:
    """Without line ends and control characters."""
    return _CONTROL.sub(" ", _FOLD.sub(" ", text)).strip()


def raw_text(value: bytes) -> str:
    """Bytes of a header as text: UTF-8 where they are that, else Windows Latin-1."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def decode_charset(data: bytes, charset: str) -> str:
    """Bytes in a declared charset as text; an unknown or wrong one is read as UTF-8 or Windows Latin-1."""
    label = charset.strip().lower()
    if windows := _WINDOWS.fullmatch(label):
        label = f"cp{windows[1]}"
    try:
        codec = codecs.lookup(_CHARSETS.get(label, label)).name
        # many programs write UTF-8 and declare Latin-1: the bytes tell
        if codec not in ("utf-8", "cp1252") and codec.replace("-", "_") not in _NO_CHARSETS:
            return data.decode(codec, "replace")
    except (LookupError, ValueError, UnicodeError):
        pass  # not a charset, or not this one: told by the bytes themselves
    return raw_text(data)


def decode_words(text: str) -> str:
    """Encoded words decoded; pieces of one charset that stand side by side are joined before they are decoded."""
    out: list[str] = []
    pending, charset, end = b"", "", 0
    for word in _ENCODED.finditer(text):
        gap = text[end : word.start()]
        joined = bool(charset) and not gap.strip()
        if not (joined and word[1].lower() == charset):
            out.append(decode_charset(pending, charset) if charset else "")
            out.append("" if joined else gap)
            pending = b""
        charset, end = word[1].lower(), word.end()
        pending += _word_bytes(word[2], word[3])
    out.append(decode_charset(pending, charset) if charset else "")
    return "".join(out) + text[end:]


def _word_bytes(encoding: str, content: str) -> bytes:
    data = content.encode("utf-8")
    if encoding in "bB":
        return base64_bytes(data)
    return binascii.a2b_qp(data.replace(b"_", b" "), header=True)


def base64_bytes(data: bytes) -> bytes:
    """Base64 as far as it goes: foreign characters are skipped, padding may be missing or stand in the middle."""
    clean = data.translate(None, NOT_BASE64)
    if clean.count(b"=") > PADDINGS:
        clean = clean.replace(b"=", b"")
    out = bytearray()
    for run in re.split(rb"=+", clean):
        whole = run[: len(run) - 1] if len(run) % 4 == 1 else run
        out += binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
    return bytes(out)


def parameters(value: bytes) -> tuple[str, dict[str, str] | None]:
    """A structured value such as that of Content-Type: what stands first, in lower case, and its parameters.

    Returns:
        The parameters by lower-case name, undecoded, the first of each; None instead when there are too many.
    """
    text = value.decode("latin-1")
    first = _HEAD.match(text)
    head, at = (first[1].lower(), first.end()) if first else ("", 0)
    # between the type and its parameters, or between two of them, the semicolon may be forgotten
    rest = _UNDIVIDED.sub(";", f";{text[at:].removeprefix(';')}")
    found: dict[str, str] = {}
    for count, match in enumerate(_PARAMETER.finditer(rest), 1):
        if count > PARAMETERS:
            return head, None
        name, quoted = match[1].lower(), match[2]
        if quoted is not None:
            found.setdefault(name, re.sub(r'\\(["\\])', r"\1", quoted))
            continue
        content, *more = _RUN_ON.split(match[3].strip())
        for each, told in zip((name, *more[::2]), (content, *more[1::2]), strict=True):
            found.setdefault(each.lower(), told.strip('"') if more else told)
    return head, found


def parameter(params: Mapping[str, str], name: str) -> str:
    """One parameter decoded: RFC 2231 pieces and charsets first, then the plain one with its bad habits."""
    whole = params.get(f"{name}*")
    pieces = {
        int(match[2]): (params[key], bool(match[3]))
        for key in params
        if (match := _PIECE.fullmatch(key)) and match[1] == name
    }
    if whole is not None:
        return _extended([(whole, True)])
    if pieces:
        first = min(pieces)  # some programs count from 1
        return _extended([pieces[i] for i in range(first, first + len(pieces)) if i in pieces])
    return decode_text(params.get(name, "").encode("latin-1"))[:NAME_LENGTH]


def _extended(pieces: list[tuple[str, bool]]) -> str:
    charset, data = "", b""
    for index, (value, encoded) in enumerate(pieces):
        content = value
        if index == 0 and encoded and value.count("'") >= 2:
            charset, _, content = value.split("'", 2)
        data += unquote_to_bytes(content.encode("latin-1")) if encoded else content.encode("latin-1")
    text = decode_charset(data, charset) if charset else raw_text(data)
    return one_line(decode_words(text) if not charset else text)[:NAME_LENGTH]


def address(value: bytes) -> Contact | None:
    """The first address of a From, Reply-To or To header, in lower case, with its display name; None without any.

    A quoted name that looks like an address is a name, not the address. Where there is none at all, the whole may have
    been encoded, which no standard allows.
    """
    text = _FOLD.sub(" ", raw_text(value))
    return _address(text) or (_address(decode_words(text)) if "=?" in text else None)


def _address(text: str) -> Contact | None:
    quoted = _QUOTED.match(text)
    rest = text[quoted.end() :] if quoted else text
    found = _ANGLE.search(rest)
    if found and "@" in found[1]:
        name = quoted[1] if quoted else rest[: found.start()].rpartition(",")[2]
        return Contact(found[1].lower(), _display(name))
    bare = _BARE.search(rest) or _BARE.search(text)
    if bare is None:
        return None
    comment = _COMMENT.search(rest)
    return Contact(bare[0].lower().strip(".'"), _display(comment[1] if comment else quoted[1] if quoted else ""))


def _display(name: str) -> str:
    text = name.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return one_line(decode_words(re.sub(r'\\(["\\])', r"\1", text)))[:200]


def message_ids(value: bytes) -> tuple[str, ...]:
    """The message ids in a header, with their angle brackets, each once, in order; at most 100.

    Some programs write long ones as encoded words, which no standard allows.
    """
    text = raw_text(value)
    found = dict.fromkeys(m[0] for m in _MESSAGE_ID.finditer(decode_words(text) if "=?" in text else text))
    return tuple(found)[:100]


def date(value: bytes) -> datetime | None:
    """A Date header in UTC; None when it is none."""
    try:
        found = parsedate_to_datetime(raw_text(value[:200]).strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
