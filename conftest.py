"""What every test shares, the core's and the plugins' alike: Hypothesis without deadlines, and an ordinary process."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

COMMON = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
# the gate judges a change and not the day's luck; `make roam` looks for what no example has shown yet
settings.register_profile("house", COMMON, derandomize=True)
settings.register_profile("roam", COMMON, max_examples=600)
settings.load_profile("house")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Catch who made this process a real-time one: what is started from then on would starve the whole machine."""
    if hasattr(os, "sched_getscheduler"):
        assert os.sched_getscheduler(0) == os.SCHED_OTHER, "a library has given this process real-time priority"
