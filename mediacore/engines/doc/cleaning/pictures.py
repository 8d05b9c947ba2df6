"""Photos within office files: office programs keep what a camera wrote into them, its place included."""

from __future__ import annotations

import io

from mediacore.engines.operation import Unusable
from mediacore.engines.picture import chunks, image

_CLEANERS = {
    b"\xff\xd8\xff": ("image/jpeg", chunks.clean_jpeg),
    b"\x89PNG": ("image/png", chunks.clean_png),
    b"GIF8": ("image/gif", chunks.clean_gif),
    b"RIFF": ("image/webp", chunks.clean_webp),
}


def clean_inner(data: bytes) -> bytes:
    """A picture without its private blocks, pixels as they lie; how a photo must be turned stays said."""
    mime, clean = next((known for start, known in _CLEANERS.items() if data.startswith(start)), ("", None))
    made = clean(data) if clean is not None else None
    if not made:
        return data
    return _turned(made, _orientation(data)) if mime == "image/jpeg" else made


def _orientation(data: bytes) -> int:
    try:
        return image.orientation_of(image.open_typed(io.BytesIO(data), "image/jpeg"))
    except Unusable:
        return 1


def _turned(data: bytes, orientation: int) -> bytes:
    """A JPEG with an EXIF block that says nothing but how it must be turned."""
    if orientation == 1:
        return data
    block = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + bytes((0, orientation)) + bytes(6)
    return data[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + data[2:]
