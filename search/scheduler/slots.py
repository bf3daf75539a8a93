"""A schedule, its slots, and what becomes of those that are due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, final

from search.errors import InputError
from search.scheduler.cron import Cron
from search.scheduler.notice import Notice
from search.settings import Settings

Overlap = Literal["skip", "wait"]
"""What becomes of slots that come while a sweep runs: skipped, or the latest of them waits."""
OVERLAPS: tuple[Overlap, ...] = ("skip", "wait")
Kind = Literal["cron", "now"]
"""What made a slot: the schedule, or a person."""
State = Literal["open", "done", "failed", "unchanged", "skipped"]
"""Open: its sweep runs or is to go on. Unchanged: the data was that of the last sweep."""

ON_TIME = timedelta(seconds=90)
"""A slot that fires within this time is on time: a timer may look once a minute."""
MISSED = "missed: no service was running"
PAUSED = "the schedule was paused"
DUEL = "-duel"
"""Ends the name of a sweep in which the champion meets a challenger."""
FOLDER = "schedules"
LEDGER = "ledger.db"
"""The file in that folder beside those of the schedules."""
FIGURE = "intervals.png"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A sweep that runs again and again.

    Raises:
        InputError: naming what breaks a rule.
    """

    name: str
    """Of the schedule; sweeps are called after it."""
    cron: Cron
    """When it fires."""
    config: str
    """The sweep file, an absolute path; read anew at every slot."""
    overlap: Overlap = "skip"
    """What becomes of slots that come while a sweep runs."""
    notice: Notice = field(default_factory=Notice)
    """Whom to tell of what."""
    paused: bool = False
    """Whether its slots are skipped."""

    def __post_init__(self) -> None:
        longest = Slot(schedule=self.name, at=_EPOCH, kind="now")
        try:
            Settings(name=f"{longest.sweep}{DUEL}")
        except InputError:
            rule = "must be letters, digits, dots, dashes and underscores, at most 74 of them"
            raise InputError("name", f"{rule}, the first no dot or dash", self.name) from None
        if self.name.casefold().startswith(LEDGER):  # with the files that SQLite puts beside it
            raise InputError("name", f"must not begin with {LEDGER}, the ledger's file", self.name)
        if self.overlap not in OVERLAPS:
            raise InputError("--overlap", f"must be one of {', '.join(OVERLAPS)}", self.overlap)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One time at which a schedule is due, and what became of it."""

    schedule: str
    """Its schedule's name."""
    at: datetime
    """When it was due, in UTC, to the second."""
    kind: Kind = "cron"
    """What made it."""
    state: State = "open"
    """What became of it."""
    how: str = ""
    """Whether it fired on time, or why later; empty if it did not fire."""
    reason: str = ""
    """Why it was skipped or failed."""
    forced: bool = False
    """Whether to sweep though the data is unchanged or has other columns."""
    attempts: int = 0
    """Processes that worked on it and were not asked to stop."""
    ended: datetime | None = None
    """When its sweep ended, in UTC."""
    result: Mapping[str, Any] | None = None
    """What its sweep found: report, headline, asked, columns, changes and champion."""
    notice: str = ""
    """Of the notification: nothing, `pending`, `sent` or how it failed."""

    @property
    def sweep(self) -> str:
        """The name of its sweep: the same whenever it is fired, so that a sweep goes on."""
        form = "%Y%m%dT%H%M%SZ" if self.at.second or self.kind == "now" else "%Y%m%dT%H%MZ"
        ending = "-now" if self.kind == "now" else ""
        return f"{self.schedule}-{self.at.strftime(form)}{ending}"


def folder_of(home: Path, schedule: str) -> Path:
    """Where the files of a schedule are."""
    return home / FOLDER / schedule


def enter(
    schedule: Schedule,
    due: Sequence[datetime],
    now: datetime,
    *,
    busy: Slot | None,
    last: Slot | None,
) -> list[Slot]:
    """What becomes of slots that are due: at most one fires, the latest.

    Args:
        schedule: whose slots they are.
        due: ascending, none of them in the ledger yet.
        now: the time.
        busy: the slot whose sweep runs or is to go on, if any.
        last: the slot whose sweep was the last to end.

    Returns:
        The slots for the ledger; none where they are to wait.
    """

    def skipped(reason: str, slots: Sequence[datetime]) -> list[Slot]:
        return [Slot(schedule=schedule.name, at=at, state="skipped", reason=reason) for at in slots]

    if schedule.paused:
        return skipped(PAUSED, due)
    if busy is not None:
        is_skipped = schedule.overlap == "skip"
        return skipped(f"the sweep of {spoken(busy.at)} was not done", due) if is_skipped else []
    if not due:
        return []
    overlapped = [at for at in due[:-1] if last and last.ended and at < last.ended]
    running = f"the sweep of {spoken(last.at)} was not done; a later slot waited" if last else ""
    how = "on time"
    if now - due[-1] > ON_TIME:
        how = f"caught up: {_length(now - due[-1])} late, {len(due) - 1} more missed"
    if last and last.ended and due[-1] < last.ended:
        how = f"waited for the sweep of {spoken(last.at)}"
    fired = Slot(schedule=schedule.name, at=due[-1], how=how)
    missed = due[len(overlapped) : -1]
    return [*skipped(running, overlapped), *skipped(MISSED, missed), fired]


def spoken(moment: datetime) -> str:
    """A time in UTC for a person, without the seconds where there are none."""
    return moment.strftime("%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M") + "Z"


def _length(time: timedelta) -> str:
    """A length of time in its largest unit."""
    seconds = time.total_seconds()
    units = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
    unit, size = next((u, s) for u, s in units.items() if seconds >= 2 * s or s == 1)
    return f"{seconds / size:.0f} {unit}"
