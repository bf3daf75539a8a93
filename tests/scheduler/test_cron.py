from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest

from search.errors import InputError
from search.scheduler.cron import Cron

PARIS = "Europe/Paris"


def slots(expression: str, start: str, n: int, timezone: str = PARIS) -> list[str]:
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    found = islice(Cron(expression, timezone).after(moment), n)
    return [slot.strftime("%m-%d %H:%M") for slot in found]


@pytest.mark.parametrize(
    ("expression", "start", "expected"),
    [
        # The clock goes from 02:00 to 03:00, at 01:00 UTC.
        ("30 2 * * *", "2026-03-28 12:00", ["03-29 01:00", "03-30 00:30"]),
        ("*/20 2 * * *", "2026-03-28 12:00", ["03-29 01:00", "03-30 00:00", "03-30 00:20"]),
        ("0 2,3 * * *", "2026-03-28 12:00", ["03-29 01:00", "03-30 00:00", "03-30 01:00"]),
        ("30 * * * *", "2026-03-28 23:45", ["03-29 00:30", "03-29 01:30", "03-29 02:30"]),
        # It goes from 03:00 back to 02:00, at 01:00 UTC.
        ("30 2 * * *", "2026-10-24 12:00", ["10-25 00:30", "10-26 01:30"]),
        ("0 1-3 * * *", "2026-10-24 12:00", ["10-24 23:00", "10-25 00:00", "10-25 02:00"]),
        ("30 2 * * *", "2026-10-25 00:45", ["10-26 01:30"]),
        ("0 * * * *", "2026-10-24 23:30", ["10-25 00:00", "10-25 01:00", "10-25 02:00"]),
        ("*/30 * * * *", "2026-10-25 00:15", ["10-25 00:30", "10-25 01:00", "10-25 01:30"]),
    ],
)
def test_a_skipped_time_fires_once_right_after_and_a_repeated_one_once(
    expression: str, start: str, expected: list[str]
) -> None:
    assert slots(expression, start, len(expected)) == expected


def test_a_day_that_never_was_fires_when_the_next_one_begins() -> None:
    # Samoa had no 30 December in 2011.
    found = slots("0 12 * * *", "2011-12-29 12:00", 3, "Pacific/Apia")
    assert found == ["12-29 22:00", "12-30 10:00", "12-30 22:00"]


@pytest.mark.parametrize("timezone", [PARIS, "America/New_York", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("expression", ["0 * * * *", "*/20 * * * *", "17 2 * * *", "@daily"])
def test_slots_ascend_and_do_not_depend_on_where_one_begins(expression: str, timezone: str) -> None:
    cron = Cron(expression, timezone)
    for month in (3, 10):  # in which the clocks change
        start = datetime(2026, month, 1, tzinfo=UTC)
        found = list(cron.between(start, start + timedelta(days=36)))
        assert all(earlier < later for earlier, later in pairwise(found))
        for earlier, later in list(pairwise(found))[:: max(len(found) // 100, 1)]:
            assert next(cron.after(earlier)) == later
            assert next(cron.after(later - timedelta(seconds=1))) == later


def test_an_hourly_schedule_fires_every_hour_of_a_year() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = list(Cron("0 * * * *", PARIS).between(start, start + timedelta(days=365)))
    assert found == [start + timedelta(hours=n) for n in range(1, 365 * 24 + 1)]


def test_seconds_are_the_sixth_field() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = list(islice(Cron("* * * * * */20").after(start), 3))
    assert [slot.second for slot in found] == [20, 40, 0]


@pytest.mark.parametrize(
    "expression",
    ["", "x", "61 * * * *", "* * * *", "0 0 30 2 *", "H * * * *", "R(1-5) * * * *", "@never",
     "* * * * * * *", "é * * * *", "9" * 400 + " * * * *", "* * * * * 60", "0 0 0 * *"],
)  # fmt: skip
def test_what_never_fires_or_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(InputError, match="--cron must be a cron expression that fires"):
        Cron(expression)


@pytest.mark.parametrize("timezone", ["", "Mars/Olympus", "../UTC", "/etc/passwd", "Europe", "é"])
def test_what_is_no_time_zone_is_refused(timezone: str) -> None:
    with pytest.raises(InputError, match="--timezone must be a time zone"):
        Cron("0 2 * * *", timezone)
