"""What takes mails apart, for the core to run where it can do no harm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mediacore import Event, Json, Request
from mediacore_email import wire_in


def events(request: Request, settings: Mapping[str, Json]) -> list[Event]:
    """Everything that one mail says.

    Args:
        request: the mail, raw.
        settings: ``address``, this inbox's own.
    """
    return wire_in.events(request, str(settings["address"]))


def file(request: Request, ref: str) -> Iterator[bytes]:
    """The bytes of one file of a mail.

    Raises:
        Permanent: the mail has no such part.
    """
    return wire_in.file(request.body, ref)
