"""A PDF with fewer bytes: the pictures in it get fewer pixels and coarser JPEG, as long as they can be read.

Text and drawings stay as they are, so what is print stays sharp at any size; only scans and photos pay.
"""

from __future__ import annotations

import math
import re
from typing import Any

from mediacore.engines import bounds
from mediacore.engines.operation import Unusable
from mediacore.engines.pdf import pages as pdf

FINEST, COARSEST = (300, 92), (100, 45)
"""Dots per inch and JPEG quality to begin with, and those below which a scan of print falls apart."""
_FAX = 200
"""Dots per inch below which black and white print falls apart."""
_ABOVE = 1.2
"""How much finer a picture must be for fewer pixels to be worth the blur."""
_TRIES = 3
_AIM, _ENOUGH, _NEAR = 0.96, 0.9, 0.02
_PICTURE = re.compile(r"/Subtype\s*/Image\b")


def shrunk(data: bytes, budget: int) -> bytes | None:
    """The finest that is small enough, in up to four tries; None when even the coarsest is too large.

    Args:
        data: a sound PDF.
        budget: the most bytes.

    Raises:
        Unusable: ``damaged``.
    """
    best = _written(data, 1.0)
    if len(best) > budget:
        return None
    fine, large, coarse = 0.0, len(data), 1.0
    for _ in range(_TRIES):
        room = math.log(max(1.01, large / len(best)))
        share = coarse - (coarse - fine) * min(1.0, math.log(max(1.0, _AIM * budget / len(best))) / room)
        tried = _written(data, share)
        if len(tried) <= budget:
            best, coarse = max(best, tried, key=len), share
        else:
            fine, large = share, len(tried)
        if len(best) >= _ENOUGH * budget or coarse - fine < _NEAR:
            break
    return best


def _written(data: bytes, share: float) -> bytes:
    """The document with its pictures between the finest (0) and the coarsest (1)."""
    library = pdf.library()
    document = pdf.reopened(data)
    dots, quality = (round(a + (b - a) * share) for a, b in zip(FINEST, COARSEST, strict=True))
    try:
        document.rewrite_images(options=_options(dots, quality))
        written: bytes = document.tobytes(garbage=4, deflate=True, use_objstms=True, no_new_id=True)
    except (RuntimeError, ValueError, library.mupdf.FzErrorBase) as error:
        raise Unusable("damaged", "The PDF is damaged and its pictures cannot be written again.") from error
    return written


def _options(dots: int, quality: int) -> Any:  # noqa: ANN401 - PyMuPDF has no type information
    mupdf = pdf.library().mupdf
    options = mupdf.PdfImageRewriterOptions()
    for sort in ("color_lossy", "color_lossless", "gray_lossy", "gray_lossless"):
        for name, value in (
            ("recompress_method", mupdf.FZ_RECOMPRESS_JPEG),
            ("recompress_quality", str(quality)),
            ("subsample_method", mupdf.FZ_SUBSAMPLE_BICUBIC),
            ("subsample_threshold", round(dots * _ABOVE)),
            ("subsample_to", dots),
        ):
            setattr(options, f"{sort}_image_{name}", value)
    options.bitonal_image_recompress_method = mupdf.FZ_RECOMPRESS_FAX
    options.bitonal_image_subsample_method = mupdf.FZ_SUBSAMPLE_AVERAGE
    options.bitonal_image_subsample_threshold = round(_FAX * _ABOVE)
    options.bitonal_image_subsample_to = _FAX
    options.recompress_when = mupdf.FZ_RECOMPRESS_WHEN_SMALLER
    return options


def pictures(document: pdf.Document) -> tuple[int, tuple[str, ...]]:
    """Bytes of all pictures in a document, as they are packed: what ``shrunk`` can work on; and their rarer codecs."""
    total, codecs = 0, set[str]()
    for number in range(1, min(document.xref_length(), bounds.PDF_OBJECTS)):
        try:
            source = document.xref_object(number, compressed=True)
            if not _PICTURE.search(source):
                continue
            codecs |= {"jpeg2000"} if "/JPXDecode" in source else set()
            length = document.xref_get_key(number, "Length")
            if length[0] == "xref":
                length = ("int", document.xref_object(int(length[1].split()[0]), compressed=True))
            total += max(0, int(length[1]))
        except (RuntimeError, ValueError):
            continue
    return min(total, bounds.PDF_BYTES), tuple(codecs)
