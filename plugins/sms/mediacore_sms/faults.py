"""From a provider's error codes to what to do next; each provider brings its own table."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from mediacore import AuthNeeded, InDoubt, MediacoreError, Permanent, Retry


@frozen
class Faults:
    """The codes of one provider.

    Args:
        provider: its name, for sentences.
        table: each code's group, and words that an agent understands.
        untaken: HTTP statuses with which it certainly took nothing.
    """

    provider: str
    table: Mapping[str, tuple[type[MediacoreError], str]]
    untaken: frozenset[int]

    def words(self, code: str, otherwise: str = "") -> str:
        """What a code means, for the agent.

        Args:
            code: the provider's code.
            otherwise: what the provider itself said, for a code that is not in the table.
        """
        if code in self.table:
            return self.table[code][1]
        return otherwise or "The message was not delivered, and no reason was given"

    def failure(self, status: int, code: str, message: str, after: float | None) -> MediacoreError:
        """The error for an answer that is not a success.

        Args:
            status: HTTP status.
            code: the provider's code; empty when the body had none.
            message: the provider's own words.
            after: seconds that it asked to wait, if it did.
        """
        told = self.words(code, f"{self.provider} answered {status}" + (f": {message}" if message else ""))
        kind = self.table[code][0] if code in self.table else self._by_status(status)
        if kind is Retry:
            return Retry(told, code=code or str(status), after=after)
        return kind(told, code=code or str(status))

    def _by_status(self, status: int) -> type[MediacoreError]:
        if status in self.untaken:
            return Retry
        if status == 401:
            return AuthNeeded
        # messages have no idempotency key, so another server error leaves open whether one was made
        return InDoubt if status >= 500 else Permanent
