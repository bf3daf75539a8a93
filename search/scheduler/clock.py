"""The clock of the service: a real one, or one that a simulation moves."""

import time
from datetime import UTC, datetime
from typing import Protocol, final


class Clock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> datetime:
        """The time in UTC. It may jump, either way."""

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""


@final
class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
