"""What the events of a running sweep add up to."""

from collections.abc import Callable
from typing import final

from search.report.words import tally
from search.study.record import Phase
from search.sweep.records import Event, LookTaken, PhaseStarted, TrialStored
from search.verdict import FactorVerdict

Clock = Callable[[], float]
"""Seconds since some fixed moment."""


@final
class Progress:
    """Counts and times one execution of a sweep.

    Args:
        clock: read at each event and whenever a time is asked for.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock()
        self._phase_started = self._started
        self._at_most: float | None = None
        self._trainings = 0
        self._stored_at: list[float] = []  # by the clock, each trial since
        self.phase: Phase | None = None
        """The phase that runs; None before the first."""
        self.trials = 0
        """Trials planned in this phase up to its next decision."""
        self.done = 0
        """How many of them are stored."""
        self.failed = 0
        """How many have failed since the phase began or went on."""
        self.pruned = 0
        """How many were pruned since then."""
        self.look = 0
        """Replicates at the last look; 0 before the first."""
        self.factors: tuple[FactorVerdict, ...] = ()
        """Where each factor stood at the last look."""

    def hear(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case PhaseStarted(phase, trials, stored, seconds):
                self.phase, self.trials, self.done = phase, trials, stored
                self._at_most = seconds
                self._trainings, self.failed, self.pruned = 0, 0, 0
                self._stored_at.clear()
                self._phase_started = self._clock()
            case TrialStored(record):
                self.done += 1
                self._trainings += record.trainings
                self.failed += record.state == "failed"
                self.pruned += record.state == "pruned"
                self._stored_at.append(self._clock())
            case LookTaken(replicates, factors):
                self.look, self.factors = replicates, factors

    @property
    def share(self) -> float:
        """How much of the phase is done, in [0, 1]."""
        return min(self.done / self.trials, 1.0) if self.trials else 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started

    @property
    def rate(self) -> float | None:
        """Trainings a second in this phase; None before the first."""
        seconds = self._clock() - self._phase_started
        return self._trainings / seconds if self._trainings and seconds > 0 else None

    @property
    def remaining(self) -> float | None:
        """About how many seconds this phase still takes; None while that is unknown.

        At the pace of the later half of its trials: the first wait for the compiler, and few of
        them are pruned, for there is little to judge them by. No more than the budget has left.
        """
        new, now = len(self._stored_at), self._clock()
        if not new:
            return None
        half = new // 2
        since = self._stored_at[half - 1] if half else self._phase_started
        seconds = max(self.trials - self.done, 0) * (now - since) / (new - half)
        if self._at_most is None:
            return seconds
        return min(seconds, max(0.0, self._phase_started + self._at_most - now))

    def phase_in_words(self) -> str:
        """`pilot: 96 of 384 trials, 2 failed`."""
        if self.phase is None:
            return "getting ready"
        parts = [f"{self.phase}: {self.done:,} of {self.trials:,} trials"]
        parts += [f"{self.pruned:,} pruned"] * bool(self.pruned)
        parts += [f"{self.failed:,} failed"] * bool(self.failed)
        return ", ".join(parts)

    def pace_in_words(self) -> str:
        """`31 trainings/s, about 3 min left in this phase`; empty while nothing is known."""
        parts = []
        if self.rate is not None:
            parts.append(f"{self.rate:,.{1 if self.rate < 10 else 0}f} trainings/s")
        if self.remaining:
            parts.append(f"about {in_time(self.remaining)} left in this phase")
        return ", ".join(parts)

    def look_in_words(self) -> str:
        """`look at 16 replicates: 3 hold, 1 beaten, 2 open`."""
        return f"look at {self.look} replicates: {tally(self.factors)}"


def in_time(seconds: float) -> str:
    """A duration as `45 s`, `3 min` or `1 h 20 min`."""
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
