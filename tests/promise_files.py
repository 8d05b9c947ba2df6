"""The files that the promises are tried with: one of every sort that people send, and what breaks things."""

from __future__ import annotations

import functools
import importlib
import io
import random
import struct
import wave
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen
from PIL import Image

from mediacore.testkit import builders
from mediacore.testkit.builders import File, saved, scene
from mediacore.testkit.builders_hostile import HOSTILE

OOXML = "http://schemas.openxmlformats.org/officeDocument/2006"


@frozen
class Sample:
    """A file that an agent might pick.

    Args:
        name: what it is called.
        make: builds its bytes.
        sound: nothing is wrong with it, so every channel must carry it, at the worst as a link.
    """

    name: str
    make: Callable[[], bytes | File] = field(repr=False)
    sound: bool = True


def photo(orientation: int = 1, width: int = 640, height: int = 480) -> bytes:
    return builders.photo(width, height, orientation=orientation, seed=orientation)


def picture(form: str, mode: str = "RGB", size: tuple[int, int] = (320, 200), **options: Any) -> bytes:
    """A picture of that format and colour mode, with all that a camera writes into it where the format has room."""
    image = scene(*size, seed=len(form))
    if mode in ("I;16", "I", "F"):
        image = image.convert("I" if mode == "I;16" else mode).point(lambda v: v * 256 + 1)
    elif mode in ("RGBA", "LA", "PA"):
        image.putalpha(Image.linear_gradient("L").resize(size))
    image = image.convert("RGBA").quantize(16) if mode == "P-holes" else image.convert(mode)
    if form in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        options.setdefault("exif", builders.camera_notes())
    return saved(image, form, **options)


def moving(form: str, frames: int = 4) -> bytes:
    pictures = [scene(120, 80, seed=n) for n in range(frames)]
    return saved(pictures[0], form, save_all=True, append_images=pictures[1:], duration=90, loop=0)


def many_pages_tiff() -> bytes:
    return saved(scene(200, 280), "TIFF", save_all=True, append_images=[scene(200, 280, n) for n in (1, 2)])


def scan(pages: int) -> bytes:
    """A PDF of scanned pages: pictures without a text layer."""
    leaves = [scene(620, 877, seed=n).convert("L") for n in range(pages)]
    return saved(leaves[0], "PDF", save_all=True, append_images=leaves[1:], resolution=75, author="Ada Example")


def vector() -> bytes:
    return (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><rect width="200" height="100" fill="teal"/>'
        b'<text x="20" y="50">Order 4711</text></svg>'
    )


def sheet() -> bytes:
    """The bones of an Excel file."""
    return builders.archive(
        {
            "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>',
            "xl/workbook.xml": f'<workbook xmlns:r="{OOXML}/relationships"/>'.encode(),
        }
    )


def letter() -> bytes:
    head = "From: a@b.example\r\nTo: c@d.example\r\nSubject: Hello\r\nDate: Fri, 17 May 2024 09:41:00 +0000\r\n"
    return f"{head}Message-ID: <1@b.example>\r\nMIME-Version: 1.0\r\n\r\nHello\r\n".encode()


def meeting() -> bytes:
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//a//b", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20240517T094100Z")
    return "\r\n".join((*lines, "DTSTART:20240518T080000Z", "SUMMARY:Call", "END:VEVENT", "END:VCALENDAR", "")).encode()


def noise(size: int) -> bytes:
    """A zip that cannot be made smaller."""
    return builders.archive({"noise.bin": random.Random(size).randbytes(size)})


def sound_wave(seconds: float = 0.5) -> bytes:
    sink = io.BytesIO()
    with wave.open(sink, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(8000)
        target.writeframes(random.Random(1).randbytes(int(8000 * seconds) * 2))
    return sink.getvalue()


def recorded(
    form: str, sound: str = "", film: str = "", layout: str = "mono", rate: int = 48_000,
    size: tuple[int, int] = (160, 120), seconds: int = 1,
) -> bytes:  # fmt: skip
    """Noise, a moving picture, or both."""
    av: Any = importlib.import_module("av")  # an extra, whose types say less than its documentation

    sink = io.BytesIO()
    with av.open(sink, "w", format=form) as target:
        if film:
            video = target.add_stream(film, rate=10, options={"x265-params": "log-level=none"} if "265" in film else {})
            video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = target.add_stream(sound, rate=rate, layout=layout) if sound else None
        for number in range(10 * seconds if film else 0):
            target.mux(video.encode(av.VideoFrame.from_image(scene(*size, number))))
        if film:
            target.mux(video.encode())
        if audio is not None:
            frame = av.AudioFrame(format="s16", layout=layout, samples=rate * seconds)
            frame.planes[0].update(random.Random(2).randbytes(frame.planes[0].buffer_size))
            frame.sample_rate, frame.pts = rate, 0
            fifo = av.AudioResampler(format=audio.format, layout=layout, rate=rate, frame_size=audio.frame_size or None)
            for piece in [*fifo.resample(frame), *fifo.resample(None)]:
                target.mux(audio.encode(piece))
            target.mux(audio.encode())
    return sink.getvalue()


SOUND: tuple[Sample, ...] = (
    *(Sample(f"IMG_{n}.JPG", functools.partial(photo, n)) for n in (1, 3, 5, 6, 8)),
    Sample("big.jpg", functools.partial(photo, 6, 4032, 3024)),
    Sample("panorama.jpg", functools.partial(photo, 1, 6000, 500)),
    Sample("speck.png", functools.partial(picture, "PNG", size=(1, 1))),
    *(Sample(f"{mode.lower()}.jpeg", functools.partial(picture, "JPEG", mode)) for mode in ("L", "CMYK")),
    Sample("progressive.jpg", functools.partial(picture, "JPEG", progressive=True)),
    *(
        Sample(f"{mode.lower().replace(';', '')}.png", functools.partial(picture, "PNG", mode))
        for mode in ("1", "L", "LA", "P", "P-holes", "RGB", "RGBA", "I;16")
    ),
    Sample("Screenshot 12:30.png", builders.screenshot),
    Sample("still.gif", functools.partial(builders.gif, frames=1)),
    Sample("wave.gif", builders.gif),
    Sample("moving.webp", functools.partial(moving, "WEBP")),
    Sample("moving.png", functools.partial(moving, "PNG")),
    *(Sample(f"{mode.lower()}.webp", functools.partial(picture, "WEBP", mode)) for mode in ("RGB", "RGBA")),
    *(
        Sample(f"{mode.lower().replace(';', '')}.tif", functools.partial(picture, "TIFF", mode))
        for mode in ("RGB", "CMYK", "1", "I;16", "F", "LA")
    ),
    Sample("fax.tiff", many_pages_tiff),
    Sample("small.bmp", functools.partial(picture, "BMP")),
    Sample("phone.heic", builders.heic),
    Sample("new.avif", functools.partial(picture, "AVIF")),
    Sample("drawing.svg", vector),
    *(Sample(f"invoice {n}.pdf", functools.partial(builders.pdf, n)) for n in (1, 2, 10, 11, 40)),
    Sample("scan.pdf", functools.partial(scan, 2)),
    Sample("letter.docx", builders.docx),
    Sample("table.xlsx", sheet),
    Sample("old.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024)),
    Sample("page.rtf", lambda: b"{\\rtf1\\ansi Hello}"),
    Sample("Ada Example.vcf", builders.vcard),
    Sample("call.ics", meeting),
    Sample("notes.txt", builders.text),
    Sample("umlaut.txt", lambda: "Grüße aus Köln".encode("utf-16")),
    Sample("list.csv", lambda: b"a;b\r\n1;2\r\n"),
    Sample("data.json", lambda: b'{"a": [1, 2]}'),
    Sample("page.html", lambda: b"<!doctype html><html><body>Hello</body></html>"),
    Sample("mail.eml", letter),
    Sample("files.zip", lambda: builders.archive({"notes.txt": b"hello"})),
    Sample("large.zip", functools.partial(noise, 20_000_000)),
    Sample("tone.wav", sound_wave),
    Sample("song.mp3", functools.partial(recorded, "mp3", "libmp3lame")),
    Sample("voice.ogg", functools.partial(recorded, "ogg", "libopus")),
    Sample("stereo.ogg", functools.partial(recorded, "ogg", "libopus", layout="stereo")),
    Sample("memo.m4a", functools.partial(recorded, "ipod", "aac")),
    Sample("film.mp4", functools.partial(recorded, "mp4", "aac", "libx264")),
    Sample("silent.mp4", functools.partial(recorded, "mp4", "", "libx264")),
    Sample("new.mov", functools.partial(recorded, "mov", "aac", "libx265")),
    Sample("voice.webm", functools.partial(recorded, "webm", "libopus")),
    Sample("new.webm", functools.partial(recorded, "webm", "libopus", "libvpx", "stereo")),
    Sample("old.3gp", functools.partial(recorded, "3gp", "libopencore_amrnb", "h263", rate=8_000, size=(176, 144))),
    Sample("camera.avi", functools.partial(recorded, "avi", "libmp3lame", "mpeg4", "stereo")),
    Sample("record.mkv", functools.partial(recorded, "matroska", "flac", "libx264")),
    Sample("call.amr", functools.partial(recorded, "amr", "libopencore_amrnb", rate=8_000)),
    Sample("memo.flac", functools.partial(recorded, "flac", "flac", layout="stereo")),
    Sample("memo.aac", functools.partial(recorded, "adts", "aac")),
    Sample("long.mp4", functools.partial(recorded, "mp4", "aac", "libx264", seconds=40)),
    Sample("odd.bin", lambda: struct.pack("<64I", *range(900, 964))),
)
HARMFUL: tuple[Sample, ...] = tuple(Sample(name, build, sound=False) for name, build in HOSTILE.items())
CATALOGUE: Mapping[str, Sample] = {sample.name: sample for sample in (*SOUND, *HARMFUL)}


@functools.cache
def file_of(name: str) -> File:
    """A sample's file, built once."""
    made = CATALOGUE[name].make()
    return made if isinstance(made, File) else File(name, "", made)
