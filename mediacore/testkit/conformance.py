"""The suite that tells a plugin's author when the channel is right.

A plugin's whole conformance test is one line, ``TestSms = conformance(make_sms, samples)``. It is a factory rather than
a base class: every call makes tests of its own, so nothing is shared between two channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediacore.testkit import conformance_calls as calls
from mediacore.testkit import conformance_contract as contract
from mediacore.testkit import conformance_deliveries as deliveries
from mediacore.testkit.conformance_subject import Samples, Subject

__all__ = ["Samples", "conformance"]

Check: TypeAlias = Callable[[Subject], None]
Property: TypeAlias = Callable[[Subject, Any, st.DataObject], None]


def conformance(make_plugin: Callable[[], object], samples: Samples) -> type:
    """A pytest test class for one channel.

    Args:
        make_plugin: builds a configured plugin; called afresh in every test, never at import.
        samples: what the channel's own world looks like.

    Returns:
        A class to be bound to a name that starts with ``Test``.
    """
    subject = Subject(make_plugin, samples)
    checks: list[Check] = [*contract.CHECKS, *calls.CHECKS]
    properties: list[Property] = []
    if samples.settings:
        checks += contract.SETTINGS
    if samples.requests:
        checks += deliveries.CHECKS
        properties += deliveries.PROPERTIES
        if samples.signature:
            checks += deliveries.SIGNED
        if samples.sign is not None:
            properties += deliveries.RESIGNED
    if samples.live:
        checks += calls.LIVE
    tests = [*(_test(check, subject) for check in checks), *(_property(check, subject) for check in properties)]
    return type("Conformance", (), {test.__name__: test for test in tests})


def _test(check: Check, subject: Subject) -> Callable[[object], None]:
    def run(_self: object) -> None:
        check(subject)

    return _named(run, check)


def _property(check: Property, subject: Subject) -> Callable[[object], None]:
    patient = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))

    def run(_self: object) -> None:
        inbox = subject.mount()

        @settings(patient, max_examples=subject.samples.examples)
        @given(data=st.data())
        def examples(data: st.DataObject) -> None:
            check(subject, inbox, data)

        examples()

    return _named(run, check)


def _named(run: Callable[[object], None], check: Callable[..., None]) -> Callable[[object], None]:
    run.__name__ = f"test_{check.__name__}"
    run.__qualname__ = f"Conformance.{run.__name__}"
    run.__doc__ = check.__doc__
    return run
