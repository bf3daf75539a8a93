"""The service: looks at the clock, enters what is due, and sees that it is worked on.

All it knows stands in the ledger, so it may be killed at any time, and any number of them may run
on one folder.
"""

from datetime import datetime, timedelta
from typing import Protocol, final

from search.scheduler.clock import Clock
from search.scheduler.ledger import Ledger
from search.scheduler.slots import Schedule, Slot

MOST_ATTEMPTS = 5
"""A slot whose processes died as often, asked by nobody, has failed."""
POLL = 1.0
"""Seconds until the service looks again; so soon it sees what people and other processes did."""


class Launcher(Protocol):
    """Starts what works on slots; see `process.Processes`."""

    def fire(self, schedule: Schedule, slot: Slot) -> None:
        """Work on an open slot, unless someone does already. Returns at once."""

    def notify(self, schedule: Schedule) -> None:
        """Tell of what is pending, unless someone does already. Returns at once."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing that it started runs any more."""

    def is_busy(self, schedule: Schedule) -> bool:
        """Whether any process works on this schedule."""


@final
class Service:
    """Keeps the schedules of a folder.

    Args:
        ledger: of the folder.
        launcher: starts what works on slots.
        clock: tells the time.
        poll: seconds until it looks again at the latest.
    """

    def __init__(
        self, ledger: Ledger, launcher: Launcher, clock: Clock, *, poll: float = POLL
    ) -> None:
        self._ledger, self._launcher, self._clock = ledger, launcher, clock
        self._poll = timedelta(seconds=poll)

    def run(self) -> None:
        """Go on until interrupted."""
        while True:
            now = self._clock.now()
            self.tick(now)
            self._clock.sleep((min(self._next(now), now + self._poll) - now).total_seconds())

    def run_once(self) -> None:
        """Work on what is due now and end; for a timer that starts it again and again."""
        self.tick(self._clock.now())
        while any(map(self._is_open, self._ledger.schedules())) or not self._launcher.is_idle:
            self._clock.sleep(self._poll.total_seconds())
            self._work(self._clock.now())

    def tick(self, now: datetime) -> None:
        """Enter what is due, and see that open slots and pending notifications are worked on."""
        for schedule in self._ledger.schedules():
            self._ledger.account(schedule, now)
        self._work(now)

    def _work(self, now: datetime) -> None:
        for schedule in self._ledger.schedules():
            slot = self._ledger.open_slot(schedule.name)
            if slot is not None and not self._launcher.is_busy(schedule):
                self._fire(schedule, slot, now)
            if self._ledger.pending(schedule.name):
                self._launcher.notify(schedule)

    def _fire(self, schedule: Schedule, slot: Slot, now: datetime) -> None:
        if slot.attempts < MOST_ATTEMPTS:
            self._launcher.fire(schedule, slot)
            return
        reason = f"its process died {slot.attempts} times; its log says more"
        pending = "pending" if schedule.notice.wants("failed", changed=False) else ""
        self._ledger.end(slot, "failed", now, reason=reason, notice=pending)

    def _is_open(self, schedule: Schedule) -> bool:
        """Whether a slot is open that no other process works on."""
        is_open = self._ledger.open_slot(schedule.name) is not None
        return is_open and not self._launcher.is_busy(schedule)

    def _next(self, now: datetime) -> datetime:
        """When the next slot is due."""
        found = [next(each.cron.after(now), None) for each in self._ledger.schedules()]
        return min((slot for slot in found if slot is not None), default=now + self._poll)
