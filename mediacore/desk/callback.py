"""The smallest desk: a function of the host's own."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from mediacore.house import Notice


@frozen
class CallbackDesk:
    """Hands every notice to a function; what it raises makes the notice come again.

    Args:
        function: called with each notice, from a worker thread.
    """

    function: Callable[[Notice], object]

    def tell(self, notice: Notice) -> None:
        """Hand it over."""
        self.function(notice)
