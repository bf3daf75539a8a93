"""Searches with a fake trainer: what is found, selected and confirmed, whatever interrupts them."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from search.data import Dataset
from search.errors import AllTrialsFailedError, InputError, SettingsChangedError
from search.settings import Settings
from search.study import TrialRecord
from search.study.grid import STEPS
from search.sweep import folder
from search.sweep.arms import FOUND
from search.sweep.batches import SIZE as BATCH
from search.sweep.batches import parts_of
from search.sweep.final import FINAL
from search.sweep.records import Candidate, PhaseStarted, Selected, SweepReport
from search.sweep.reporting import load_report
from search.sweep.run import open_sweep, sweep_file
from search.sweep.searching import CANDIDATES, SELECTION_REPLICATES, is_flat
from search.sweep.selecting import choose
from search.verdict import Outcome, Verdict
from spaces import SHALLOW, Recipe, grid_point, joint_space
from tests.factories import pilot_trial

SEARCH = Settings(
    name="s",
    factors=("none",),
    trials=3 * BATCH,
    epochs=9,
    pilot_trials=8,
    lanes=2,
    replicates=16,
)


def swish_is_better(recipe: Recipe) -> float:
    return 0.0 if recipe.activation == "swish" else 0.3


@pytest.fixture
def run(digits: Dataset, tmp_path: Path) -> Callable[..., SweepReport]:
    def run(train: Any, settings: Settings = SEARCH, **options: Any) -> SweepReport:
        dataset, home = options.get("dataset", digits), options.get("home", tmp_path)
        sampler, pruner = options.get("sampler"), options.get("pruner")
        with open_sweep(settings, dataset, home, sampler=sampler, pruner=pruner) as sweep:
            sweep.run(train, options.get("listeners", ()), clock=lambda: train.now)
            return sweep.report()

    return run


def searched(report: SweepReport) -> list[TrialRecord]:
    return [record for record in report.records if record.phase == "search"]


def changed(**values: Any) -> Settings:
    return Settings(**{**SEARCH.to_dict(), **values})


def told(report: SweepReport) -> dict[str, Any]:
    """The report's JSON without what may differ from run to run."""
    document = report.to_dict()
    del document["seconds"], document["compile_seconds"]
    return document


def points(report: SweepReport) -> list[tuple[Any, ...]]:
    """Everything about the trials but their times, by study and index."""
    trials = sorted(report.records, key=lambda record: (record.study, record.index))
    return [
        (r.study, r.index, r.state, r.value, str(sorted(r.params.items())), r.reported, r.epochs)
        for r in trials
    ]


def test_a_better_recipe_is_found_and_beats_the_default(run: Any, fake: Any) -> None:
    report = run(fake(effect=swish_is_better))
    assert report.state == "done"
    assert report.search is not None
    assert report.search.chosen is not None
    assert report.search.chosen.candidate.recipe.activation == "swish"
    (verdict,) = report.factors
    assert (verdict.factor, verdict.default) == (FOUND, "shallow")
    assert verdict.comparisons[0].outcome is Outcome.BEATS_DEFAULT
    assert verdict.verdict is Verdict.BEATEN


def test_where_nothing_is_better_the_default_itself_is_chosen(run: Any, fake: Any) -> None:
    def others_are_worse(recipe: Recipe) -> float:
        levels = (recipe.activation, recipe.normalization, recipe.optimizer, recipe.lr_schedule)
        return 0.0 if levels == ("elu", "none", "nag", "performance") else 0.3

    report = run(fake(effect=others_are_worse))
    assert report.state == "done"
    assert report.search is not None
    assert report.search.chosen is not None
    assert report.search.chosen.candidate.changes == 0


def test_the_guidelines_recipes_are_the_first_trials(run: Any, fake: Any) -> None:
    report = run(fake())
    first = [Recipe.from_dict(trial.recipe) for trial in searched(report)[:3]]
    assert first[0] == SHALLOW.replace(epochs=9)
    assert [recipe.activation for recipe in first] == ["elu", "swish", "selu"]
    assert {(recipe.depth, recipe.width, recipe.epochs) for recipe in first} == {(2, 100, 9)}


def test_a_grid_follows_the_default_at_once(run: Any, fake: Any) -> None:
    """It has its own order, where the guideline's other recipes come in their turn."""
    report = run(fake(), changed(sampler="grid", trials=4))
    space = joint_space(SHALLOW, "shallow")
    assert searched(report)[1].params == grid_point(space, 0, STEPS)


def test_a_grid_ends_the_search_when_it_is_gone_through(
    run: Any, fake: Any, tmp_path: Path
) -> None:
    space = tmp_path / "space.toml"
    space.write_text(
        '[activation]\noptions = ["elu", "swish", "relu"]\n[width]\noptions = [50, 100]'
    )
    report = run(fake(), changed(sampler="grid", space=str(space), trials=100))
    points = [(r.recipe["activation"], r.recipe["width"]) for r in searched(report)]
    assert points[0] == ("elu", 100)
    assert len(points[1:]) == len(set(points[1:])) == 3 * 2
    assert report.search is not None
    assert (report.search.most, report.search.prior) == (7, "none")


def test_levels_are_refused_where_an_own_space_says_what_varies(
    digits: Dataset, tmp_path: Path
) -> None:
    space = tmp_path / "space.toml"
    space.write_text("[width]\noptions = [50, 100]")
    with pytest.raises(InputError, match="--levels must be left out: --space says what varies"):
        sweep_file(changed(space=str(space), levels="full"), digits, tmp_path)


def test_what_a_search_alone_needs_is_refused_without_one(digits: Dataset, tmp_path: Path) -> None:
    settings = replace(SEARCH, factors=("activation",), trials=None, sampler="random")
    with pytest.raises(InputError, match="--sampler must come with a search"):
        sweep_file(settings, digits, tmp_path)
    with open_sweep(replace(settings, trials=24), digits, tmp_path):
        pass
    assert sweep_file(settings, digits, tmp_path).settings.trials == 24  # as it stands there


def test_trials_come_in_batches_of_two_structures_and_are_pruned(run: Any, fake: Any) -> None:
    trials = searched(run(fake(effect=swish_is_better)))
    assert [trial.index for trial in trials] == list(range(3 * BATCH))
    sizes = [size for batch in range(4) for size in parts_of(batch)]
    ends = list(accumulate(sizes))
    for start, end in pairwise(ends):  # the first part has given points
        part = [trial.recipe for trial in trials[start:end]]
        shapes = ("normalization", "depth", "width", "batch_size")
        assert len({tuple(recipe[name] for name in shapes) for recipe in part}) == 1
    assert ends[-1] == 3 * BATCH
    assert len(ends) * 8 <= ends[-1], "stacks are to be filled"
    assert trials[0].state == "complete", "nothing is before the default"
    pruned = [trial for trial in trials if trial.state == "pruned"]
    assert pruned
    assert all(trial.epochs < 9 and len(trial.reported) == trial.epochs for trial in pruned)


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
def test_ten_interruptions_change_nothing(
    run: Any, fake: Any, tmp_path: Path, sampler: str
) -> None:
    settings = changed(sampler=sampler)
    whole = run(fake(effect=swish_is_better), settings, home=tmp_path / "whole")
    for n in range(1, 11):
        try:
            run(fake(effect=swish_is_better, stop_after=11 + n % 3), settings)
        except KeyboardInterrupt:
            assert load_report("s", tmp_path).state == "interrupted"
    report = run(fake(effect=swish_is_better), settings)
    assert points(report) == points(whole)
    assert told(report) == told(whole)


def test_no_confirm_label_is_read_before_the_recipe_is_confirmed(
    run: Any, fake: Any, digits: Dataset, tmp_path: Path
) -> None:
    poisoned = replace(digits, y_confirm=np.roll(digits.y_confirm, 1))
    clean, other = fake(effect=swish_is_better), fake(effect=swish_is_better)
    reports = [
        run(train, home=tmp_path / name, dataset=dataset)
        for train, name, dataset in ((clean, "a", digits), (other, "b", poisoned))
    ]
    before = [[p for p in points(report) if p[0] != FINAL] for report in reports]
    assert before[0] == before[1]
    assert reports[0].factors != reports[1].factors


def test_more_trials_go_on_from_where_they_stand(run: Any, fake: Any, tmp_path: Path) -> None:
    train = fake(effect=swish_is_better)
    whole = run(train, changed(trials=3 * BATCH + 5), home=tmp_path / "whole")
    few = run(fake(effect=swish_is_better), changed(trials=BATCH + 5))
    assert len(searched(few)) == BATCH + 5
    more = run(fake(effect=swish_is_better), changed(trials=3 * BATCH + 5))
    assert points(more)[-len(searched(more)) :] != []
    assert [p for p in points(more) if p[0] == "search"] == [
        p for p in points(whole) if p[0] == "search"
    ]
    assert more.state == "done"


def test_a_second_confirmation_pays_for_itself(run: Any, fake: Any) -> None:
    """Each longer search tests anew; together they err no more often than one comparison."""
    first = run(fake(effect=swish_is_better), changed(trials=2 * BATCH))
    second = run(fake(effect=swish_is_better), changed(trials=4 * BATCH))
    comparisons = [factor.comparisons[0] for factor in second.factors]
    assert [c.terms.comparisons for c in comparisons] == [2, 6]
    assert first.factors[0].comparisons == second.factors[0].comparisons


def test_fewer_trials_or_another_sampler_are_refused(run: Any, fake: Any) -> None:
    run(fake())
    for values, words in (
        ({"trials": BATCH}, "--trials was 72 when the sweep 's' began and may only be raised"),
        ({"sampler": "random"}, "--sampler was tpe"),
        ({"prior": "high"}, "--prior was medium"),
    ):
        with pytest.raises(SettingsChangedError, match=words):
            run(fake(), changed(**values))


def test_factors_and_a_search_share_a_sweep(run: Any, fake: Any) -> None:
    settings = changed(factors=("normalization",), trials=BATCH)
    report = run(fake(effect=swish_is_better), settings)
    assert [factor.factor for factor in report.factors] == ["normalization", FOUND]
    assert {factor.comparisons[0].terms.comparisons for factor in report.factors} == {3, 6}
    phases = [r.phase for r in report.records]
    assert set(phases) == {"pilot", "confirm", "search", "select", "final"}


def test_a_search_added_to_a_finished_sweep_goes_on(run: Any, fake: Any) -> None:
    settings = changed(factors=("normalization",), trials=None)
    before = run(fake(effect=swish_is_better), settings)
    assert before.search is None
    after = run(fake(effect=swish_is_better), changed(factors=("normalization",), trials=BATCH))
    assert after.factors[0].comparisons[0].low == before.factors[0].comparisons[0].low
    assert after.search is not None


def test_a_budget_leaves_time_to_confirm_what_was_found(run: Any, fake: Any) -> None:
    settings = changed(trials=10_000, budget=90.0)
    report = run(fake(effect=swish_is_better), settings)
    assert report.state == "done"
    assert report.search is not None
    assert report.search.reason == "the rest of the budget is for the confirmation"
    assert report.search.trials < 1000
    assert report.seconds < 90
    assert report.factors[0].verdict is Verdict.BEATEN
    again = run(fake(effect=swish_is_better, stop_after=0), settings)
    assert told(again) == told(report)


def test_a_flat_search_ends_early_and_says_so(run: Any, fake: Any) -> None:
    report = run(fake(), changed(trials=20 * BATCH, until="flat"))
    assert report.search is not None
    assert report.search.trials < 20 * BATCH
    assert report.search.reason == (
        "the last 72 trials gained less than the noise of the validation rows"
    )


def test_flat_is_what_gains_less_than_the_standard_error_of_the_best() -> None:
    def trials(*bests: float) -> list[TrialRecord]:
        return [
            replace(pilot_trial(i), value=best, standard_error=0.01, state="complete")
            for best in bests
            for i in range(BATCH)
        ]

    assert is_flat(trials(0.1, 0.095, 0.095, 0.095))
    assert not is_flat(trials(0.1, 0.095, 0.095, 0.085))
    assert not is_flat(trials(0.1, 0.1, 0.1))


def test_where_every_trial_fails_it_stops_and_says_why(run: Any, fake: Any) -> None:
    with pytest.raises(AllTrialsFailedError):
        run(fake(breaks=lambda _: True))


def test_a_candidate_that_fails_again_is_not_chosen(run: Any, fake: Any) -> None:
    """It was trained once; under other seeds it diverges."""
    seen: set[tuple[Recipe, int]] = set()

    def diverges(member: Any) -> bool:
        seen.add((member.recipe, member.seeds.init))
        again = len({seed for recipe, seed in seen if recipe == member.recipe}) > 1
        return again and member.recipe.activation == "swish"

    report = run(fake(effect=swish_is_better, diverges=diverges))
    assert report.search is not None
    assert report.search.chosen is not None
    assert report.search.chosen.candidate.recipe.activation != "swish"


def test_the_phases_announce_themselves(run: Any, fake: Any) -> None:
    events: list[Any] = []
    run(fake(effect=swish_is_better), listeners=(events.append,))
    started = [event for event in events if isinstance(event, PhaseStarted)]
    assert [event.phase for event in started] == [
        "search",
        "select",
        "pilot",
        "confirm",
        "final",
    ]
    assert started[0].trials == 3 * BATCH
    assert started[1].trials == (CANDIDATES + 1) * SELECTION_REPLICATES


def test_a_folder_remembers_the_space_it_began_with(run: Any, fake: Any, tmp_path: Path) -> None:
    report = run(fake())
    assert report.search is not None
    assert folder.read(tmp_path, "s").space == report.search.space


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ({0: (0.10, 0.12, 0.11), 7: (0.02, 0.03, 0.01)}, 7),
        ({0: (0.10, 0.12, 0.11), 7: (0.09, 0.13, 0.10)}, 0),  # tied: the default is simplest
        ({0: (0.5, 0.5, 0.5), 7: (0.1, 0.1, 0.1), 9: (0.1, 0.1, 0.1)}, 7),
        ({0: (float("inf"),) * 3, 7: (0.4, 0.5, 0.6)}, 7),
    ],
)
def test_the_simplest_within_one_standard_error_is_chosen(
    values: dict[int, tuple[float, ...]], chosen: int
) -> None:
    selected = [
        Selected(Candidate(number, SHALLOW, number, 0.0), its) for number, its in values.items()
    ]
    assert choose(selected).candidate.number == chosen


def test_own_samplers_and_pruners_are_asked_and_named(run: Any, fake: Any, tmp_path: Path) -> None:
    class Spy(optuna.pruners.NopPruner):
        asked = 0

        def prune(self, study: Any, trial: Any) -> bool:  # noqa: ARG002  # as Optuna declares it
            self.asked += 1
            return bool(trial.last_step == 2)

    spy = Spy()
    report = run(fake(), sampler=optuna.samplers.RandomSampler(seed=1), pruner=spy)
    assert spy.asked > 0
    assert {trial.epochs for trial in searched(report)} == {2}
    again = load_report("s", tmp_path).search  # by who has not got the objects
    for search in (report.search, again):
        assert search is not None
        assert (search.sampler, search.pruner, search.prior) == ("RandomSampler", "Spy", "none")


def test_the_code_of_its_page_runs(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "search/docs/search.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("all 24 trials are done")


def test_a_winner_of_another_depth_has_its_replicates(run: Any, fake: Any) -> None:
    def deeper_is_better(recipe: Recipe) -> float:
        return 0.0 if recipe.depth == 4 else 0.3

    report = run(fake(effect=deeper_is_better), changed(seed=1))
    assert report.search is not None
    assert report.search.chosen is not None
    assert report.search.chosen.candidate.recipe.depth == 4
    found = report.replicates
    assert len(found) == 2 * 16
    assert set(found["depth"]) == {SHALLOW.depth, 4}
