import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from search.data import Dataset, load_dataset
from search.errors import InputError
from search.rows import TrainingData
from search.settings import Settings
from search.sweep.preflight import memory_needed, plan, preflight
from search.sweep.records import Event, PhaseStarted, Planned
from search.sweep.run import open_sweep, sweep_file
from search.training.contract import Member, Result, Sample
from search.training.dispatch import Workers
from search.training.jobs import plan_jobs, plan_samples
from tests.preflights import sampled
from tests.sweep.conftest import FakeTrain

Fake = Callable[..., FakeTrain]
SMALL = Settings(
    name="s", factors=("activation", "normalization"), pilot_trials=8, lanes=2, replicates=24
)


class Spy:
    """A trainer that remembers the programs of the members it is handed, step by step."""

    def __init__(self, train: FakeTrain) -> None:
        self._train = train
        self.programs: list[set[object]] = []

    def __call__(
        self, members: Sequence[Member], data: TrainingData, **options: Any
    ) -> Iterator[tuple[int, Result]]:
        self.programs.append({job.program for job in plan_jobs(members, data)})
        return self._train(members, data, **options)


def test_the_sweep_uses_the_programs_that_were_sampled_up_to_its_first_look(
    digits: Dataset, fake: Fake, tmp_path: Path
) -> None:
    sampled_programs: set[object] = set()

    def sample(steps: Sequence[Sequence[Member]], data: TrainingData) -> list[Sample]:
        sampled_programs.update(job.program for job in plan_samples(steps, data)[0])
        return sampled(steps, data)

    for recipe in ("shallow", "self_normalizing"):
        settings = Settings(name=recipe, recipe=recipe, pilot_trials=16, lanes=3, replicates=16)
        preflight(sweep_file(settings, digits, tmp_path), digits, workers=2, sample=sample)
        spy = Spy(fake())
        with open_sweep(settings, digits, tmp_path) as sweep:
            sweep.run(spy)
        assert set().union(*spy.programs) == sampled_programs
        sampled_programs.clear()


def test_a_sweep_trains_what_was_planned(digits: Dataset, fake: Fake, tmp_path: Path) -> None:
    train, events = fake(), list[Event]()
    with open_sweep(SMALL, digits, tmp_path) as sweep:
        sweep.run(train, [events.append])
        planned = plan(sweep.file)
        n_arms = len(sweep.file.contests[0].arms)
    assert events[0] == planned
    assert planned.comparisons == n_arms - 1
    pilot, confirm, last = (e for e in events if isinstance(e, PhaseStarted) and e.stored == 0)
    assert (pilot.phase, pilot.trials) == ("pilot", planned.pilot)
    assert (confirm.phase, last.phase, last.trials) == ("confirm", "final", 1)
    assert confirm.trials * SMALL.lanes == planned.first_look - planned.pilot
    assert planned.most == planned.pilot + SMALL.n_replicates * n_arms * SMALL.lanes + 1
    assert planned.first_look <= len(train.trained) <= planned.most


def test_a_recipe_that_stands_twice_is_planned_once(
    digits: Dataset, fake: Fake, tmp_path: Path
) -> None:
    settings = Settings(name="s", factors=("recipe", "block"), pilot_trials=4, lanes=1)
    train = fake()
    with open_sweep(settings, digits, tmp_path) as sweep:
        arms = {arm.recipe for contest in sweep.file.contests for arm in contest.arms}
        assert plan(sweep.file).pilot == 4 * len(arms)
        sweep.run(train)
    assert len(train.trained) >= 4 * len(arms)


@pytest.mark.parametrize("replicates", [8, 16])
def test_a_finished_sweep_plans_nothing(
    replicates: int, digits: Dataset, fake: Fake, tmp_path: Path
) -> None:
    settings = Settings(name="s", factors=("normalization",), pilot_trials=4, lanes=1)
    for expected in (1, 0):
        events: list[Event] = []
        with open_sweep(replace(settings, replicates=replicates), digits, tmp_path) as sweep:
            sweep.run(fake(), [events.append])
        assert sum(isinstance(event, Planned) for event in events) == expected


def test_times_add_up(digits: Dataset, tmp_path: Path) -> None:
    file = sweep_file(SMALL, digits, tmp_path)
    found = preflight(file, digits, workers=2, sample=sampled)
    epochs, planned = file.recipe.epochs, found.planned
    assert found.training_seconds == epochs
    assert found.first_look_seconds == planned.first_look * epochs / 2
    assert found.most_seconds == planned.most * epochs / 2
    assert found.compile_seconds == 2.0 * found.programs
    assert not list(tmp_path.iterdir())


def test_a_search_takes_as_many_trainings_as_were_planned(digits: Dataset, tmp_path: Path) -> None:
    file = sweep_file(replace(SMALL, factors=("none",), trials=24), digits, tmp_path)
    found = preflight(file, digits, workers=2, sample=sampled)
    assert found.planned.search == 24
    assert found.training_seconds == file.recipe.epochs
    assert found.most_seconds == pytest.approx(found.planned.most * file.recipe.epochs / 2)
    assert found.programs > 0


def test_less_spread_takes_fewer_replicates_and_few_rows_none(
    digits: Dataset, tmp_path: Path
) -> None:
    found = preflight(sweep_file(SMALL, digits, tmp_path), digits, workers=1, sample=sampled)
    takes = [each.replicates or math.inf for each in found.expectations]
    assert takes == sorted(takes)
    assert takes[0] == 16
    for each in found.expectations:
        assert each.spread == math.sqrt((each.disagreement or 0) / digits.n_confirm)
    iris = load_dataset("iris")
    few = preflight(sweep_file(SMALL, iris, tmp_path), iris, workers=1, sample=sampled)
    assert few.expectations == ()
    assert few.terms.least_rows == 100


def test_what_does_not_fit_is_refused_with_both_figures(digits: Dataset, tmp_path: Path) -> None:
    def needed(**changes: Any) -> int:
        return memory_needed(sweep_file(Settings(**changes), digits, tmp_path), digits, 2)

    assert needed() < needed(width=1000) < needed(width=1000, depth=8)
    with pytest.raises(InputError) as caught:
        needed(width=100_000, depth=1000)
    words = str(caught.value)
    assert words.startswith("sweep 'digits-shallow' must fit in the memory of this machine, ")
    assert "GB; received about" in words
    assert "TB for 2 workers" in words


def test_run_compiles_nothing_that_check_has_compiled(tmp_path: Path) -> None:
    """Real workers and a real cache: what the sample left on disk is all that training needs."""
    rows = range(120)
    table = pd.DataFrame({"a": rows, "b": [i % 7 for i in rows], "y": ["uv"[i % 2] for i in rows]})
    dataset = load_dataset(table, target="y")
    settings = Settings(
        factors=("initializer",), pilot_trials=4, lanes=1, replicates=16, epochs=2, width=4
    )

    def programs() -> set[Path]:
        return {path for path in (tmp_path / "cache").rglob("*") if path.is_file()}

    with Workers(2, cache=tmp_path / "cache") as workers:
        file = sweep_file(settings, dataset, tmp_path)
        found = preflight(file, dataset, workers=2, sample=workers.sample)
    compiled = programs()
    assert found.problems == ()
    assert 0 < found.training_seconds < 10
    assert len(compiled) == found.programs
    with (
        Workers(2, cache=tmp_path / "cache") as workers,
        open_sweep(settings, dataset, tmp_path) as sweep,
    ):
        sweep.run(workers.train)
        assert sweep.report().trainings >= found.planned.first_look
    assert programs() == compiled
