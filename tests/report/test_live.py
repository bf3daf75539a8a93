import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from search.report.live import live_view, watch
from search.report.progress import Progress, in_time
from search.sweep.records import Event, LookTaken, PhaseStarted, Planned, TrialStored
from tests.factories import confirm_trial, failed_trial, pilot_trial
from tests.reports import mixed

PLANNED = "2 comparisons: 40 trainings in the pilot, 136 up to the first look, at most 232"


class Time:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        """Seconds since some fixed moment."""
        return self.now


def events(time: Time) -> Iterator[Event]:
    """A pilot of 40 trials, one of them failed, then 16 replicates of 6 lanes; one a second."""
    yield Planned(comparisons=2, pilot=40, first_look=136, most=232)
    yield PhaseStarted("pilot", 40, 0)
    for index in range(40):
        time.now += 1
        yield TrialStored(failed_trial(index) if index == 3 else pilot_trial(index))
    yield PhaseStarted("confirm", 32, 16)
    for replicate in range(16):
        time.now += 1
        yield TrialStored(confirm_trial(replicate, trainings=6))
    yield LookTaken(16, mixed(replicates=16))


@pytest.fixture
def plain() -> list[str]:
    """The lines told of all events where there is no terminal."""
    file, time = io.StringIO(), Time()
    with watch(Console(file=file, width=40), time) as hear:
        for event in events(time):
            hear(event)
    told, *lines = file.getvalue().splitlines()
    assert told == PLANNED
    return lines


def test_plain_lines_tell_of_each_phase_its_tenths_and_each_look(plain: list[str]) -> None:
    assert plain[0] == "pilot: 0 of 40 trials"
    assert plain[1] == (
        "pilot: 4 of 40 trials, 1 failed, 1.0 trainings/s, about 36 s left in this phase"
    )
    pilot = [line for line in plain if line.startswith("pilot")]
    assert len(pilot) == 1 + 10
    assert plain[11] == "confirm: 16 of 32 trials"
    assert plain[-1] == "look at 16 replicates: 2 hold, 1 beaten, 3 open"


def test_only_what_this_execution_trained_counts_for_its_pace(plain: list[str]) -> None:
    assert plain[12] == ("confirm: 20 of 32 trials, 6.0 trainings/s, about 12 s left in this phase")


def test_what_is_left_is_told_by_the_later_half() -> None:
    """The first trials of a search wait for the compiler, and few of them are pruned."""
    time = Time()
    progress = Progress(time)
    progress.hear(PhaseStarted("search", 100, 0))
    for index, seconds in enumerate((30, 30, 30, 30, 2, 2, 2, 2)):
        time.now += seconds
        state = "pruned" if index > 5 else "complete"
        progress.hear(TrialStored(pilot_trial(index, state=state)))
    assert progress.remaining == pytest.approx(92 * 2)
    assert progress.phase_in_words() == "search: 8 of 100 trials, 2 pruned"


def test_no_more_is_left_than_the_budget_has() -> None:
    time = Time()
    progress = Progress(time)
    progress.hear(PhaseStarted("search", 1000, 0, seconds=60))
    time.now += 20
    progress.hear(TrialStored(pilot_trial(0)))
    assert progress.remaining == pytest.approx(40)
    time.now += 50
    assert progress.remaining == 0
    progress.hear(PhaseStarted("confirm", 10, 0))
    time.now += 10
    progress.hear(TrialStored(pilot_trial(0)))
    assert progress.remaining == pytest.approx(90)


def test_a_terminal_shows_phase_pace_and_standings() -> None:
    time = Time()
    progress = Progress(time)
    file = io.StringIO()
    console = Console(file=file, width=100)
    console.print(live_view(progress))
    assert "getting ready" in file.getvalue()
    for event in events(time):
        progress.hear(event)
    time.now += 8
    console.print(live_view(progress))
    text = file.getvalue()
    assert "confirm: 32 of 32 trials" in text
    assert "100 %" in text
    assert "1 min elapsed, 4.0 trainings/s" in text
    assert "so far, at 16 replicates" in text
    assert "is beaten by batch" in text


def test_the_live_display_leaves_only_the_plan_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    file, time = io.StringIO(), Time()
    with watch(Console(file=file, width=100, force_terminal=True), time) as hear:
        for event in events(time):
            hear(event)
    text = file.getvalue()
    assert "confirm: 32 of 32 trials" in text
    assert PLANNED in text
    assert text.endswith("\x1b[2K")  # erases the line


def test_progress_without_trials_is_none() -> None:
    progress = Progress(Time())
    assert (progress.share, progress.rate, progress.remaining) == (0.0, None, None)
    progress.hear(PhaseStarted("confirm", 0, 0))
    assert progress.share == 0.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (45.4, "45 s"), (59.7, "1 min"), (200, "3 min"), (4_800, "1 h 20 min")],
)
def test_times_are_told_roughly(seconds: float, words: str) -> None:
    assert in_time(seconds) == words
