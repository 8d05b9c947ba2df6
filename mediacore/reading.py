"""Plugins' readers in the jail: the operation that runs there, and the front that trusted code uses.

The delivery goes in as a file, what it tells comes back as JSON, and nothing of that is believed: it is built into
events by their types, and whatever does not fit is the answer of a broken reader.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, get_args

from attrs import evolve, frozen

from mediacore.apart import bounded, load
from mediacore.engines.operation import Made, Unusable
from mediacore.errors import MediacoreError, Permanent, Retry
from mediacore.events import Event, Request
from mediacore.mounting import channels
from mediacore.sandbox.bench import Runner
from mediacore.sandbox.jail import Outcome
from mediacore.stores.coding import from_json, to_json
from mediacore.values import Json

MODULE = "reading"
"""What a plugin's reader is called in its package, so that the jail finds it before it is locked."""
MISSING = "library-missing"
KILLED = ("crashed", "timeout", "too-much-memory")
"""Codes of a reader that was not installed whole, and of one that was stopped; see ``mediacore.sandbox``."""
MANY = 10_000
"""Events of one delivery that are believed."""
_KINDS: Mapping[str, type] = {kind.__name__: kind for kind in get_args(Event)}


def warm() -> None:
    """Import every installed channel's reader, because a jail that is locked imports nothing."""
    for point in channels().values():
        spec = find_spec(point.module.partition(".")[0])
        places = spec.submodule_search_locations if spec else None
        if any(Path(place, f"{MODULE}.py").is_file() for place in places or ()):
            import_module(f"{point.module}.{MODULE}")


def read(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """The operation: one delivery, read by a plugin's reader.

    Args:
        file: the delivery's body.
        params: ``reader``; ``request``, all but its body; and either ``settings``, to learn what it tells, or ``ref``
            and ``most``, to take one file out of it.
    """
    reader = load(str(params["reader"]))
    request = evolve(from_json(params["request"], Request), body=file.read())
    try:
        if "ref" in params:
            most = params["most"]
            assert isinstance(most, int)
            whole = BytesIO()  # which gives its bytes away without copying them
            whole.writelines(bounded(reader.file(request, str(params["ref"])), most))
            return Made(files=(whole.getvalue(),))
        settings = params["settings"]
        assert isinstance(settings, Mapping)
        told = reader.events(request, settings)
    except MediacoreError as error:
        raise Unusable(error.code or "damaged", error.message) from error
    return Made({"events": [{"kind": type(event).__name__, "event": to_json(event)} for event in told]})


@frozen
class Away:
    """``Apart`` in the jail.

    Args:
        runner: where operations run.
        scratch: a folder, made when it is missing, for the deliveries meanwhile.
    """

    runner: Runner
    scratch: Path

    def events(self, reader: str, request: Request, settings: Mapping[str, Json]) -> list[Event]:
        """As ``Apart.events``."""
        told = self._run(reader, request, {"settings": dict(settings)}).facts.get("events")
        if not isinstance(told, list) or len(told) > MANY:
            raise _broken()
        try:
            return [_event(each) for each in told]
        except Exception as error:  # whatever a converter says of what a broken reader made up
            raise _broken() from error

    def file(self, reader: str, request: Request, ref: str, into: Path, most: int) -> None:
        """As ``Apart.file``."""
        made = self._run(reader, request, {"ref": ref, "most": most}).files
        if len(made) != 1:
            raise _broken()
        made[0].replace(into)

    def _run(self, reader: str, request: Request, asked: Mapping[str, Json]) -> Outcome:
        try:
            return self._once(reader, request, asked)
        except Unusable as error:
            if error.code == MISSING or (error.code in KILLED and not self._well(reader)):
                raise Retry(f"deliveries cannot be read here at the moment: {error.message}", code="reader") from error
            raise Permanent(error.message, code=error.code) from error

    def _well(self, reader: str) -> bool:
        """Whether the reader reads at all: where it does not even give up on nothing, this machine is at fault."""
        try:
            self._once(reader, Request("POLL", ""), {"ref": "", "most": 0})
        except Unusable as error:
            return error.code not in KILLED
        return True

    def _once(self, reader: str, request: Request, asked: Mapping[str, Json]) -> Outcome:
        head = to_json(evolve(request, body=b""))
        del head["body"]
        try:
            self.scratch.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.scratch, prefix="delivery-") as source:
                source.write(request.body)
                source.flush()
                params: dict[str, Json] = {"reader": reader, "request": head, **asked}
                return self.runner.run("read", Path(source.name), params, self.scratch)
        except OSError as error:
            raise Retry(f"the delivery could not be written down to be read: {error}", code="disk") from error


def _event(told: Any) -> Event:  # noqa: ANN401 - JSON out of the jail
    event: Event = from_json(told["event"], _KINDS[told["kind"]])
    return event


def _broken() -> Permanent:
    return Permanent("The reader made nothing of this delivery that could be used.", code="crashed")
