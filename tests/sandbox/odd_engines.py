"""An engine that behaves as no engine should, put in the place of ``text`` in a zygote of its own."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from typing import BinaryIO, cast

from mediacore.engines import operation
from mediacore.engines.operation import Made, report
from mediacore.sandbox.wire import COMPLETE, write_share
from mediacore.values import Json

BOOT = "import tests.sandbox.odd_engines as odd; odd.take_over(); from mediacore.sandbox.zygote import"


def take_over() -> None:
    """Stand in for ``text``."""
    operations = cast("dict[str, str]", operation.OPERATIONS)
    operations["text"] = f"{__name__}:work"


def work(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """Do what ``params["do"]`` says, for some seconds where that matters."""
    do, seconds = params["do"], cast("float", params.get("seconds", 0.0))
    if do == "report":
        for share in (0.25, 0.5, 0.75):
            report(share)
            time.sleep(seconds / 3)
    elif do == "spin":
        began = time.process_time()
        while time.process_time() - began < seconds:
            pass
    elif do == "speak":
        for descriptor in _descriptors():
            with contextlib.suppress(OSError):
                os.write(descriptor, b"x")
        time.sleep(seconds)
    elif do == "close":
        for descriptor in _descriptors():
            os.close(descriptor)
        time.sleep(seconds)
    elif do == "pretend":
        for descriptor in _descriptors():
            with contextlib.suppress(OSError):
                write_share(descriptor, COMPLETE)
        os._exit(0)
    return Made({"did": do})


def _descriptors() -> list[int]:
    open_ones = []
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            open_ones.append(descriptor)
    return open_ones
