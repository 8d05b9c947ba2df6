"""One sandbox for all tests, since starting one takes a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mediacore.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox at the best level of this machine, two children at once."""
    with Sandbox(workers=2) as made:
        yield made
