"""The slots of a cron expression in a time zone, through both changes of the clocks.

Expressions are croniter's, read as local times without a zone; what a zone makes of them stands
here, because croniter would fire `30 2 * * *` never or twice on the nights the clocks change.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

from search.errors import InputError

_SECOND = timedelta(seconds=1)
_EXAMPLE = "0 2 * * *"
_RANDOM = re.compile(r"(?i)(?<![a-z@])[rh](?![a-z])")
"""croniter draws these anew each time; no two services would agree on a slot."""


@final
@dataclass(frozen=True, slots=True)
class Cron:
    """When a schedule fires.

    An expression that names hours means the reading of a clock on the wall: each of its times fires
    once a day, at the first of two, and right after the gap where the clocks skipped it. One with
    `*` for the hour means an interval: it goes on through both hours of the same name and has
    nothing in an hour that was skipped.

    Raises:
        InputError: if the expression, or the time zone, is none, or never fires.
    """

    expression: str
    """Minute, hour, day of month, month, day of week, perhaps seconds; or @daily and such."""
    timezone: str = "UTC"
    """Name of the IANA database, as Europe/Paris."""

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
            rule = "must be a time zone, such as Europe/Paris"
            raise InputError("--timezone", rule, self.timezone) from None
        rule = f"must be a cron expression that fires, such as {_EXAMPLE!r}"
        if _RANDOM.search(self.expression) or len(self.expression.split()) > 6:
            raise InputError("--cron", rule, self.expression)
        try:
            next(self.after(datetime.now(UTC)))
        except (ValueError, KeyError, StopIteration, OverflowError):  # croniter's own are the first
            raise InputError("--cron", rule, self.expression) from None

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Its slots after a moment, in UTC, ascending."""
        is_interval = _hours(self.expression) == ["*"]
        return self._intervals(moment) if is_interval else self._times(moment)

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Its slots after `start` up to and with `end`."""
        for slot in self.after(start):
            if slot > end:
                return
            yield slot

    @property
    def period(self) -> float:
        """Seconds from slot to slot, on average over the next ones."""
        slots = list(islice(self.after(datetime.now(UTC)), 100))
        return (slots[-1] - slots[0]).total_seconds() / max(len(slots) - 1, 1)

    def _times(self, moment: datetime) -> Iterator[datetime]:
        """Each time of the wall clock once."""
        latest = moment
        readings = croniter(self.expression, self._reading(moment))
        while True:
            slot = self._first(readings.get_next(datetime))
            if slot > latest:
                yield (latest := slot)

    def _intervals(self, moment: datetime) -> Iterator[datetime]:
        """Each time that the wall clock shows, as often as it shows it."""
        reading, offset = self._reading(moment), self._offset(moment)
        readings = croniter(self.expression, reading)
        while True:
            following = readings.get_next(datetime)
            slot = (following - offset).replace(tzinfo=UTC)
            if self._offset(slot) == offset:
                yield slot
                reading = following
            else:  # read the clock anew from where it was moved
                moved = self._moved((reading - offset).replace(tzinfo=UTC), slot)
                reading, offset = self._reading(moved) - _SECOND, self._offset(moved)
                readings = croniter(self.expression, reading)

    def _first(self, reading: datetime) -> datetime:
        """When a clock first shows a reading or, if it is skipped, one beyond it."""
        local = reading.replace(tzinfo=ZoneInfo(self.timezone))
        moment = local.astimezone(UTC)
        if self._reading(moment) == reading:
            return moment
        return self._moved(local.replace(fold=1).astimezone(UTC), moment)

    def _moved(self, before: datetime, after: datetime) -> datetime:
        """The first second at which the clock has left the offset that it had before."""
        offset = self._offset(before)
        low, high = 0, int((after - before).total_seconds())
        while high - low > 1:
            middle = (low + high) // 2
            same = self._offset(before + middle * _SECOND) == offset
            low, high = (middle, high) if same else (low, middle)
        return before + high * _SECOND

    def _reading(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None, fold=0)

    def _offset(self, moment: datetime) -> timedelta:
        return moment.astimezone(ZoneInfo(self.timezone)).utcoffset() or timedelta()


@lru_cache
def _hours(expression: str) -> list[int | str]:
    """The field of the hours, expanded."""
    return list(croniter.expand(expression)[0][1])
