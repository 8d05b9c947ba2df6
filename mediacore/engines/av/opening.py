"""Opening sound and film: only containers and codecs on the list, one thread, no second file, and bounded.

The container is forced from the sniffed type, so a playlist that calls itself a film is refused before it names a
file, and a codec that is not on the list is never started: FFmpeg brings hundreds that no customer sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from attrs import frozen

from mediacore.engines import bounds
from mediacore.engines.operation import Unusable

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

DEMUXERS: Mapping[str, str] = {
    **dict.fromkeys(("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"), "mov"),
    **dict.fromkeys(("video/webm", "video/x-matroska", "audio/webm", "audio/x-matroska"), "matroska"),
    **dict.fromkeys(("audio/ogg", "video/ogg"), "ogg"),
    **dict.fromkeys(("audio/amr", "audio/amr-wb"), "amr"),
    "video/x-msvideo": "avi",
    "video/mpeg": "mpeg",
    "video/mp2t": "mpegts",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/x-aiff": "aiff",
    "audio/x-caf": "caf",
    "audio/basic": "au",
    **dict.fromkeys(("video/x-ms-asf", "audio/x-ms-wma"), "asf"),
    "video/x-flv": "flv",
}
"""FFmpeg's demuxer by MIME type: the only one that is ever tried on a file of that type."""

FILM_CODECS = frozenset(
    (
        "h264",
        "hevc",
        "mpeg4",
        "h263",
        "vp8",
        "vp9",
        "av1",
        "mpeg1video",
        "mpeg2video",
        "mjpeg",
        "theora",
        "prores",
        "msmpeg4v2",
        "msmpeg4v3",
        "wmv1",
        "wmv2",
        "wmv3",
        "vc1",
        "flv1",
        "dvvideo",
    )
)
SOUND_CODECS = frozenset(
    (
        "aac", "mp3", "mp2", "opus", "vorbis", "flac", "alac", "amr_nb", "amr_wb", "ac3", "eac3", "speex", "gsm",
        "gsm_ms", "qcelp", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be",
        "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be",
        "pcm_alaw", "pcm_mulaw", "wmav1", "wmav2", "wmapro",
    )
)  # fmt: skip
"""FFmpeg's canonical codec names: the only ones that are decoded or passed on."""
_DECODERS = (
    *sorted(FILM_CODECS | SOUND_CODECS),
    "amrnb",
    "amrwb",
    "mp3float",
    "flv",
    "mp2float",
    "libdav1d",
    "libspeex",
)
_LOCKED = frozenset(("encv", "enca", "drms", "drmi", "drmt"))
"""Sample entries of protected tracks (ISO/IEC 14496-12, 8.12)."""
_MATRIX_TURNS: Mapping[tuple[int, int, int, int], tuple[str, ...]] = {
    (0, 1, -1, 0): ("transpose=clock",),
    (0, -1, 1, 0): ("transpose=cclock",),
    (0, 1, 1, 0): ("transpose=cclock_flip",),
    (0, -1, -1, 0): ("transpose=clock_flip",),
    (-1, 0, 0, -1): ("hflip", "vflip"),
    (-1, 0, 0, 1): ("hflip",),
    (1, 0, 0, -1): ("vflip",),
}
"""Filters that make a picture stand as its display matrix says (signs of a, b, c, d)."""


@frozen(eq=False)
class Film:
    """An opened sound or film.

    Args:
        container: PyAV's container.
        video: the moving picture, cover art not counted; None for sound.
        audio: the sound that a player would choose; None for a silent film.
    """

    container: InputContainer
    video: VideoStream | None
    audio: AudioStream | None

    @property
    def chosen(self) -> tuple[Stream, ...]:
        """The streams that are worked on."""
        return tuple(s for s in (self.video, self.audio) if s is not None)


def library() -> Any:  # noqa: ANN401 - a module
    """PyAV.

    Raises:
        Unusable: ``library-missing``.
    """
    try:
        import av
        import av.bitstream
        import av.filter
        import av.sidedata.sidedata
    except ImportError:
        raise Unusable(
            "library-missing", "A library needed for sound and film is not installed here: pip install mediacore[av]."
        ) from None
    return av


@contextmanager
def opened(file: BinaryIO, mime: str) -> Iterator[Film]:
    """Open a file for reading from its beginning.

    Raises:
        Unusable: ``no-preview`` for a type that is not on the list, ``encrypted``, ``unsupported`` for a codec that is
            not, ``too-many-pixels``, or ``damaged``, also for what happens to the film inside the block.
    """
    demuxer = DEMUXERS.get(mime)
    if demuxer is None:
        raise Unusable("no-preview", f"Files of the type {mime} cannot be opened here.")
    av = library()
    file.seek(0)
    with telling():
        options = {
            "format_whitelist": demuxer,
            "codec_whitelist": ",".join(_DECODERS),
            "protocol_whitelist": "none",
            "max_streams": str(bounds.STREAMS),
            "max_pixels": str(bounds.FILM_PIXELS),
            "threads": "1",
        }
        container = av.open(file, "r", demuxer, options=options, metadata_errors="replace", io_open=_no_other_file)
        with container:
            yield _film(container)


@contextmanager
def telling() -> Iterator[None]:
    """Put FFmpeg's errors into words.

    Raises:
        Unusable: ``damaged``.
        MemoryError: as it came.
    """
    try:
        yield
    except (Unusable, MemoryError):
        raise
    except (library().error.FFmpegError, EOFError, OSError, ValueError, ArithmeticError) as error:
        kind = type(error).__name__
        raise Unusable("damaged", f"The recording is damaged or not what it claims to be ({kind}).") from None


def canonical(stream: Stream) -> str:
    """FFmpeg's name of a stream's codec, whatever decoder is used for it; empty for an unknown one."""
    context: Any = stream.codec_context
    return str(context.codec.canonical_name) if context is not None else ""


def is_cover(stream: Stream) -> bool:
    """Whether a stream is one still picture beside the sound."""
    names = library().stream.Disposition
    return bool(stream.disposition & (names.attached_pic | names.timed_thumbnails | names.still_image))


def turn_of(frame: VideoFrame) -> tuple[str, ...]:
    """Filters that make a decoded picture upright."""
    sides: Any = frame.side_data
    for side in sides:
        if side.type.name == "DISPLAYMATRIX":
            numbers = memoryview(bytes(side)).cast("i")
            a, b, c, d = ((numbers[at] > 0x7FFF) - (numbers[at] < -0x7FFF) for at in (0, 1, 3, 4))
            return _MATRIX_TURNS.get((a, b, c, d), ())
    return ()


def quiet(stream: Stream) -> None:
    """Let a stream's decoder do its work in this thread.

    Raises:
        Unusable: ``unsupported``: its codec is not on the list.
    """
    if canonical(stream) not in FILM_CODECS | SOUND_CODECS:
        raise Unusable("unsupported", "It is coded in a way that is not supported here.")
    context: Any = stream.codec_context
    context.thread_count = 1
    context.thread_type = "NONE"


def _film(container: InputContainer) -> Film:
    if any(
        stream.codec_context is not None and stream.codec_context.codec_tag in _LOCKED for stream in container.streams
    ):
        raise Unusable("encrypted", "The recording is protected against copying, so it cannot be opened.")
    films = [s for s in container.streams.video if not is_cover(s)]
    video = next((s for s in films if canonical(s) in FILM_CODECS), None)
    best: Any = container.streams.best("audio")
    sounds = [s for s in (best, *container.streams.audio) if s is not None and canonical(s) in SOUND_CODECS]
    audio = next((s for s in sounds if s.codec_context.sample_rate), None)
    if video is not None and video.width * video.height > bounds.FILM_PIXELS:
        raise Unusable("too-many-pixels", "The film has too many pixels to be opened safely.")
    if video is not None and not video.width * video.height:
        video = None
    if video is None and any(s.codec_context is None or s.width * s.height for s in films):
        raise Unusable("unsupported", "Its picture is coded in a way that is not supported here.")
    if video is None and audio is None:
        known = any(s.type in ("video", "audio") and not is_cover(s) for s in container.streams)
        code, words = ("unsupported", "It is coded in a way that is not supported here.") if known else (
            "damaged", "There is neither sound nor film in it that could be read."
        )  # fmt: skip
        raise Unusable(code, words)
    for stream in (video, audio):
        if stream is not None:
            quiet(stream)
    return Film(container, video, audio)


def _no_other_file(*_: object) -> NoReturn:
    """A recording that names another file gets none."""
    raise PermissionError("no other file is opened")
