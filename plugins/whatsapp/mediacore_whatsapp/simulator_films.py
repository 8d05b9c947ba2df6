"""What simulated Meta sees in an MP4 or 3GPP file: its tracks and their order, read from the boxes alone.

Boxes: ISO/IEC 14496-12, in short at https://developer.apple.com/documentation/quicktime-file-format; the entries of
H.264 and AAC: ISO/IEC 14496-15 and -14.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

HIGH = 100
"""The ``profile_idc`` of H.264's High profile."""
AAC = (0x40, 0x66, 0x67, 0x68)
"""Object types of AAC, by MPEG-4 and by MPEG-2."""
_VISUAL, _SOUND = 78, 28  # bytes of a sample entry before its own boxes


@frozen
class Track:
    """One track.

    Args:
        kind: ``vide``, ``soun`` or another handler.
        codec: ``h264``, ``aac``, or the entry's own four letters.
        high: it is H.264 of the High profile.
        reordered: frames are stored in another order than they are shown, as B-frames are.
    """

    kind: str
    codec: str
    high: bool = False
    reordered: bool = False


@frozen
class Film:
    """A film or a recording.

    Args:
        tracks: its tracks.
        index_first: the index (``moov``) stands before the data, so that playing can begin at once.
    """

    tracks: tuple[Track, ...] = ()
    index_first: bool = False

    def of(self, kind: str) -> tuple[Track, ...]:
        """The tracks of a kind."""
        return tuple(track for track in self.tracks if track.kind == kind)


def film(data: bytes) -> Film:
    """Read a file; one that is broken has no tracks."""
    boxes = list(_boxes(data))
    names = [name for name, _ in boxes]
    index = next((body for name, body in boxes if name == "moov"), b"")
    first = "moov" in names and ("mdat" not in names or names.index("moov") < names.index("mdat"))
    return Film(tuple(_track(body) for name, body in _boxes(index) if name == "trak"), first)


def _boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, name, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8].decode("latin-1"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        size = size or len(data) - at
        if size < head:
            return
        yield name, data[at + head : at + size]
        at += size


def _inner(data: bytes, *names: str) -> bytes:
    for wanted in names:
        data = next((body for name, body in _boxes(data) if name == wanted), b"")
    return data


def _track(body: bytes) -> Track:
    kind = _inner(body, "mdia", "hdlr")[8:12].decode("latin-1")
    table = _inner(body, "mdia", "minf", "stbl")
    entry, inside = next(_boxes(_inner(table, "stsd")[8:]), ("", b""))
    reordered = any(name == "ctts" for name, _ in _boxes(table))
    if entry in ("avc1", "avc3"):
        profile = _inner(inside[_VISUAL:], "avcC")[1:2]
        return Track(kind, "h264", profile == bytes([HIGH]), reordered)
    if entry == "mp4a":
        return Track(kind, "aac" if _object_type(_inner(inside[_SOUND:], "esds")[4:]) in AAC else "mp4a")
    return Track(kind, entry)


def _object_type(descriptor: bytes) -> int:
    """The object type in an elementary stream's descriptor (ISO/IEC 14496-1, 7.2.6); 0 when there is none."""
    at, wanted = 0, 0x03
    while at < len(descriptor) and descriptor[at] == wanted:
        at += 1
        while at < len(descriptor) and descriptor[at] & 0x80:
            at += 1
        at += 1
        if wanted == 0x04:
            return int.from_bytes(descriptor[at : at + 1])
        flags = int.from_bytes(descriptor[at + 2 : at + 3])
        at += 3 + (2 if flags & 0x80 else 0) + (1 + descriptor[at + 3] if flags & 0x40 else 0) + (flags >> 5 & 1) * 2
        wanted = 0x04
    return 0
