"""Values as JSON for the ledger, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import attrs
import cattrs

T = TypeVar("T")

_converter = cattrs.Converter()
_converter.register_unstructure_hook(datetime, lambda at: at.isoformat())
_converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))


def to_json(value: object) -> Any:  # noqa: ANN401 - JSON, for a JSON column
    """A value, or a list of values, as plain JSON."""
    if attrs.has(type(value)):
        return _converter.unstructure(value)
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value


def from_json(data: Any, kind: type[T]) -> T:  # noqa: ANN401 - JSON, from a JSON column
    """The value of that class which ``to_json`` made into this."""
    return _converter.structure(data, kind)
