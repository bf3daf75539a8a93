"""A year in seconds: a clock that a test moves, and sweeps that take simulated time."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from search.scheduler.cron import Cron
from search.scheduler.ledger import Ledger
from search.scheduler.slots import Schedule, Slot

START = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)


@dataclass
class SimulatedClock:
    """A clock that moves by being slept on, and jumps when told to."""

    time: datetime = START

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class SimulatedSweeps:
    """Works on slots as processes do: one at a time, holding a lock, for a while."""

    ledger: Ledger
    clock: SimulatedClock
    length: Callable[[Slot], timedelta] = lambda _: timedelta(minutes=5)
    """How long the sweep of a slot takes."""
    held: dict[str, tuple[Slot, datetime]] = field(default_factory=dict)
    """Schedule -> the slot that is worked on, and until when; shared by all services."""
    fired: list[Slot] = field(default_factory=list)
    """Every sweep that came to its end."""

    def fire(self, schedule: Schedule, slot: Slot) -> None:
        if schedule.name not in self.held and self.ledger.begin(slot):
            self.held[schedule.name] = slot, self.clock.now() + self.length(slot)

    def settle(self) -> None:
        """End what has taken its time."""
        for name, (slot, until) in list(self.held.items()):
            if until <= self.clock.now():
                self.fired.append(slot)
                self.ledger.end(slot, "done", until)
                del self.held[name]

    def kill(self) -> None:
        """What works is gone; the slot stays open."""
        self.held.clear()

    def notify(self, _: Schedule) -> None:
        raise AssertionError("nobody asked to be told")

    @property
    def is_idle(self) -> bool:
        return not self.held

    def is_busy(self, schedule: Schedule) -> bool:
        return schedule.name in self.held


def schedule(expression: str = "0 * * * *", timezone: str = "UTC", **fields: Any) -> Schedule:
    own: dict[str, Any] = {"name": "hourly", "config": "/sweep.toml"}
    return Schedule(cron=Cron(expression, timezone), **{**own, **fields})


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """With an hourly schedule."""
    with Ledger(tmp_path) as ledger:
        ledger.add(schedule(), START)
        yield ledger


@pytest.fixture
def sweeps(ledger: Ledger, clock: SimulatedClock) -> SimulatedSweeps:
    return SimulatedSweeps(ledger, clock)


@pytest.fixture
def dice() -> random.Random:
    return random.Random(0)
