"""A year of an hourly schedule: every slot accounted for exactly once, whatever happens."""

import itertools
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from search.scheduler.ledger import Ledger
from search.scheduler.service import MOST_ATTEMPTS, Service
from search.scheduler.slots import MISSED, PAUSED, Slot
from tests.scheduler.conftest import START, SimulatedClock, SimulatedSweeps, schedule

YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)


def accounted(ledger: Ledger, start: datetime, end: datetime) -> list[Slot]:
    """The history, once it is sure that it has every slot in it, each once."""
    history = ledger.history("hourly")
    expected = list(schedule().cron.between(start, end))
    assert [slot.at for slot in history] == expected
    for slot in history:
        assert bool(slot.how) != bool(slot.reason)
    return history


def steps_of(ledger: Ledger, work: Callable[[], None]) -> int:
    """How many steps the database takes for some work."""
    count = itertools.count()
    db = ledger._db  # noqa: SLF001  # it alone can count them
    db.set_progress_handler(lambda: next(count) < 0, 1)
    work()
    db.set_progress_handler(None, 1)
    return next(count)


@pytest.mark.parametrize(("overlap", "days"), [("skip", 365), ("wait", 90)])
def test_a_year_with_two_services_restarts_kills_downtime_and_long_sweeps(
    tmp_path: Path, clock: SimulatedClock, dice: random.Random, overlap: str, days: int
) -> None:
    """The year in Paris has both daylight-saving changes in it; some sweeps take hours."""
    end = START + days * 24 * HOUR
    hours = [0.1, 0.8, 2.1]
    with Ledger(tmp_path) as ledger, Ledger(tmp_path) as other:
        sweeps = SimulatedSweeps(
            ledger,
            clock,
            lambda slot: HOUR * random.Random(slot.sweep).choices(hours, [20, 5, 1])[0],
        )
        ledger.add(schedule(timezone="Europe/Paris", overlap=overlap), START)
        services = [Service(each, sweeps, clock) for each in (ledger, other)]
        up_from = [START, START]
        while clock.time < end + HOUR or ledger.open_slot("hourly"):
            to_the_hour = 3600 - clock.time.timestamp() % 3600
            clock.sleep(to_the_hour if dice.random() < 0.8 else dice.uniform(1, 1800))
            sweeps.settle()
            for number, service in enumerate(services):
                if clock.time >= min(up_from[number], end):
                    service.tick(clock.time)
                if dice.random() < 1 / 500:  # it dies, its sweep goes on
                    up_from[number] = clock.time + dice.uniform(0, 48) * HOUR
            if dice.random() < 1 / 500:  # the machine dies
                sweeps.kill()
        found = accounted(ledger, START, clock.time)
    fired = [slot for slot in found if slot.how]
    assert sorted(slot.at for slot in sweeps.fired) == [slot.at for slot in fired]
    assert {slot.state for slot in fired} == {"done"}
    ways = Counter(slot.how.split()[0] for slot in fired)
    assert ways["on"] > 16 * days
    assert ways["caught"] > 1
    assert overlap == "skip" or ways["waited"] > 2
    reasons = Counter(slot.reason.split()[0] for slot in found if slot.reason)
    assert reasons["the"] > days / 3  # sweep before it was not done
    assert reasons["missed:"] > 1


def test_after_downtime_there_is_one_catch_up(
    ledger: Ledger, clock: SimulatedClock, sweeps: SimulatedSweeps
) -> None:
    clock.sleep(10 * 3600)
    Service(ledger, sweeps, clock).tick(clock.time)
    *missed, fired = accounted(ledger, START, clock.time)
    assert [slot.reason for slot in missed] == 9 * [MISSED]
    assert (fired.state, fired.how) == ("open", "caught up: 30 minutes late, 9 more missed")


def test_a_clock_that_was_ahead_silences_nothing_and_fires_nothing_twice(
    ledger: Ledger, clock: SimulatedClock, sweeps: SimulatedSweeps
) -> None:
    """Years ahead, then put back: the schedule goes on as if it had been right all along."""
    service = Service(ledger, sweeps, clock)
    for jump in (HOUR, 1000 * HOUR, HOUR, -1001 * HOUR, HOUR, HOUR, -2 * HOUR, HOUR, HOUR, HOUR):
        clock.time += jump
        service.tick(clock.time)
        clock.sleep(360)
        sweeps.settle()
    ahead = [slot for slot in ledger.history("hourly") if slot.at > clock.time]
    assert [slot.state for slot in ahead] == ["done", "done"]
    accounted_for = [slot for slot in ledger.history("hourly") if slot.at <= clock.time]
    assert [slot.at for slot in accounted_for] == list(schedule().cron.between(START, clock.time))
    assert len({slot.at for slot in sweeps.fired}) == len(sweeps.fired)
    assert {slot.state for slot in accounted_for} == {"done"}


def test_a_schedule_that_was_added_while_the_clock_was_ahead_fires(
    ledger: Ledger, clock: SimulatedClock, sweeps: SimulatedSweeps
) -> None:
    ledger.remove("hourly")
    ledger.add(schedule(), START + YEAR)
    service = Service(ledger, sweeps, clock)
    service.tick(clock.time)
    clock.sleep(3600)
    service.tick(clock.time)
    assert [slot.at for slot in ledger.history("hourly")] == [START + HOUR / 2]


def test_what_comes_while_a_schedule_is_paused_is_skipped(
    ledger: Ledger, clock: SimulatedClock, sweeps: SimulatedSweeps
) -> None:
    ledger.pause("hourly", START, paused=True)
    clock.sleep(2 * 3600)
    ledger.pause("hourly", clock.time, paused=False)
    clock.sleep(3600)
    Service(ledger, sweeps, clock).tick(clock.time)
    found = accounted(ledger, START, clock.time)
    assert [slot.reason for slot in found] == [PAUSED, PAUSED, ""]


def test_a_slot_whose_processes_keep_dying_has_failed(
    ledger: Ledger, clock: SimulatedClock, sweeps: SimulatedSweeps
) -> None:
    service = Service(ledger, sweeps, clock)
    clock.sleep(1800)
    for _ in range(MOST_ATTEMPTS + 1):
        service.tick(clock.time)
        sweeps.kill()
    (slot,) = ledger.history("hourly")
    assert slot.state == "failed"
    assert slot.reason.startswith(f"its process died {MOST_ATTEMPTS} times")


def test_the_service_sleeps_until_something_is_due(
    ledger: Ledger, clock: SimulatedClock, sweeps: SimulatedSweeps
) -> None:
    woken: list[datetime] = []

    class StopError(Exception): ...

    class Counted:
        def now(self) -> datetime:
            woken.append(clock.now())
            sweeps.settle()
            if len(woken) > 6:
                raise StopError
            return clock.now()

        def sleep(self, seconds: float) -> None:
            clock.sleep(seconds)

    with pytest.raises(StopError):
        Service(ledger, sweeps, Counted(), poll=1e6).run()
    assert woken == [START, *(START + HOUR / 2 + n * HOUR for n in range(6))]


def test_a_look_takes_as_many_steps_after_years_as_on_the_first_day(
    ledger: Ledger, clock: SimulatedClock, sweeps: SimulatedSweeps
) -> None:
    service = Service(ledger, sweeps, clock)
    steps = []
    for pause in (HOUR, YEAR, HOUR):
        clock.time += pause
        service.tick(clock.time)
        clock.sleep(360)
        sweeps.settle()
        steps.append(steps_of(ledger, partial(service.tick, clock.time)))
    assert len(ledger.history("hourly")) > 8000
    assert max(steps) < 1.1 * steps[0]


@pytest.mark.usefixtures("ledger")
def test_of_many_processes_at_once_one_enters_a_slot(tmp_path: Path) -> None:

    program = f"""
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from search.scheduler.ledger import Ledger
start = datetime.fromisoformat("{START.isoformat()}")
with Ledger(Path({str(tmp_path)!r})) as ledger:
    for hour in range(1, 200):
        ledger.account(ledger.get("hourly"), start + timedelta(hours=hour))
        slot = ledger.open_slot("hourly")
        if slot and ledger.end(slot, "done", start + timedelta(hours=hour)):
            print(slot.sweep)
"""
    command = [sys.executable, "-c", program]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    fired = [line for process in started for line in process.communicate()[0].splitlines()]
    assert [process.returncode for process in started] == [0] * 4
    assert len(fired) == len(set(fired)) == 199
