"""What simulated providers and their servers have in common: they start, and they close with the block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Running(ABC):
    """Something that serves from ``start`` to ``close``, or as long as a ``with`` block."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def start(self) -> None:
        """Start serving; returns once connections are taken."""

    @abstractmethod
    def close(self) -> None:
        """Stop serving; what was not delivered is dropped."""
