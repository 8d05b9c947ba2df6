"""How much of a hostile file is looked at: every limit of the engines, as data.

They were set against 87 bombs and 10,000 odd public files, so that honest files of today's cameras and offices pass
and everything else ends within the budgets of ``mediacore.sandbox.budget``.
"""

from __future__ import annotations

from collections.abc import Mapping

PIXELS: Mapping[str, int] = {
    "JPEG": 170_000_000,
    "MPO": 170_000_000,
    "PNG": 100_000_000,
    "TIFF": 100_000_000,
    "WEBP": 36_000_000,
}
"""Pixels decoded by format, as many as a job's memory holds: of JPEG a fraction is decoded, of WebP four copies."""
PIXELS_ELSE = 50_000_000
SIDE = 100_000
WRITE_SIDE = 32_767
"""Pixels on the longer side of what is read, and of what is written."""
FRAMES = 1_000
"""Frames counted; "more" is not told apart."""
FRAME_PIXELS = 200_000_000
MOVING_PIXELS = 1_000_000_000
"""Pixels of all frames of a picture that still moves afterwards: as a GIF, and as a film, which has a film's time."""
JPEG_SCANS = 100
"""Scans of all JPEGs in a file; an honest progressive one has about ten, and each costs a pass over all pixels."""
PNG_TEXT = 16_000_000
"""Bytes of one packed text or colour profile in a PNG; Pillow allows 64 MiB for all of a picture's."""
PNG_CHUNKS, PNG_EXTRAS = 300_000, 10_000
"""Chunks of a PNG in all, and of those that hold neither pixels nor frames; each is read one by one."""

PDF_BYTES = 100_000_000
PDF_PAGES = 10_000
PDF_OBJECTS = 500_000
PAGE_SIDE = 3_000
"""Pixels of the longer side of a rendered page."""
SVG_BYTES = 5_000_000
TEXT_BYTES = 65_536
"""Bytes of a file that are searched for text and signatures."""
ARCHIVE_ENTRIES = 10_000
DIRECTORY_BYTES = 4_000_000
"""Bytes of a zip's central directory."""
BOXES = 5_000
"""Boxes, pages or frames of a sound or film container that are walked."""
STREAMS = 64
"""Streams of a sound or film container; an honest phone's film has five."""
FILM_PIXELS = 36_000_000
"""Pixels of one frame of a film: 8K."""
FILM_DECODE, FILM_DEADLINE = 0.02, 400.0
"""Seconds of processor time for a million pixels of film on a slow machine, and for all of one."""
FILM_PACKETS = 5_000_000
"""Packets of a recording; ten hours of sound have two million."""

PREVIEW_SIDE = 512
PREVIEW_MOST = 2_048
LEGIBLE_PHOTO = 480
"""Pixels on the longer side below which a photo says nothing to an agent or a customer."""
LEGIBLE_SCREEN = 800
"""The same for screenshots and pages with text."""
