"""Signatures and seals: which part of a mail is one, and the mail that a signature encloses.

A signature next to what it signs (``smime.p7s``, ``signature.asc``) and one around it (``smime.p7m``) are files of the
sort ``signature``: something to show as a badge, and the proof that the raw mail is kept for. What is encrypted is of
the sort ``encrypted`` and kept whole, since there are no keys here.
"""

from __future__ import annotations

from mediacore_email import bodies, cms
from mediacore_email.mime import Part

MARK = "/signed/"
"""Stands in the ref of a file inside signed content, between its part and its ref there."""
SIGNATURE, ENCRYPTED = "signature", "encrypted"
SIZE = 96 * 1024 * 1024
"""The largest signed part that is opened, as it travels."""
DEPTH = 2
"""How many signatures around one another are opened: a signed mail may be signed again on its way (RFC 2634)."""
_BESIDE = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
_AROUND = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SUFFIX = ".p7m"


def is_signature(part: Part, name: str) -> bool:
    """Whether a part is a signature that stands beside what it signs."""
    return part.type in _BESIDE or name.lower().endswith(".p7s")


def is_around(part: Part, name: str) -> bool:
    """Whether a part says that something is in it, signed or encrypted by S/MIME."""
    return part.type in _AROUND or name.lower().endswith(_SUFFIX)


def is_mail(part: Part, name: str) -> bool:
    """Whether that is a mail, and no document that someone signed and attached."""
    return name.lower() == f"smime{_SUFFIX}" or (part.type in _AROUND and not name)


def inner_name(name: str) -> str:
    """What a signed document is called without its signature: ``invoice.xml`` for ``invoice.xml.p7m``."""
    inner = name[: -len(_SUFFIX)] if name.lower().endswith(_SUFFIX) else name
    return inner if "." in inner.strip(".") else "signed.bin"


def enclosed(raw: bytes, part: Part) -> bytes | None:
    """What a part encloses under a signature: a mail or a part of one; empty when nothing, None when it is sealed."""
    if part.end - part.start > SIZE:
        return None
    data = b"".join(bodies.chunks(raw, part))
    found = cms.read(data)
    return None if found is None else found.content(data)
