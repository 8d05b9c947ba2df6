"""Header fields written: only ASCII leaves here, save in an address, and no line end but those that fold."""

from __future__ import annotations

import base64
import re

CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
PLAIN = re.compile(r"[ -~]{0,60}")


def header(name: str, value: str, charset: str = "ascii") -> bytes:
    """One header line with its end."""
    return f"{name}: {value}\r\n".encode(charset)


def encoded(text: str, most: int = 45) -> str:
    """Text for a header: as it is when short and plain, else as encoded words (RFC 2047), folded."""
    clean = CONTROL.sub(" ", text)
    if PLAIN.fullmatch(clean) and "=?" not in clean:
        return clean
    words, piece = [], b""
    for character in clean:
        data = character.encode("utf-8", "replace")
        if len(piece) + len(data) > most:
            words.append(piece)
            piece = b""
        piece += data
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(word).decode('ascii')}?=" for word in (*words, piece))


def mailbox(address: str, name: str) -> str:
    """An address with its display name (RFC 5322 3.4)."""
    clean = CONTROL.sub(" ", name).strip()[:200]
    if not clean:
        return f"<{address}>" if address else ""
    if PLAIN.fullmatch(clean) and "=?" not in clean:
        escaped = clean.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>'
    return f"{encoded(clean)}\r\n <{address}>"
