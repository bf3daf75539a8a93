"""The final model: which recipe it is of, and that it stands in the store whole or not at all."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.data import Dataset
from search.errors import StoreError
from search.settings import Settings
from search.study import Store
from search.sweep.final import FINAL, N_EXAMPLES, read_final
from search.sweep.folder import folder_of
from search.sweep.records import PhaseStarted, SweepReport
from search.sweep.reporting import load_report
from search.sweep.run import open_sweep
from spaces import SHALLOW, Recipe

SMALL = Settings(
    name="s", pilot_trials=4, lanes=1, replicates=16, factors=("normalization", "optimizer")
)
Run = Callable[..., SweepReport]


@pytest.fixture
def run(digits: Dataset, tmp_path: Path) -> Run:
    def run(train: Any, settings: Settings = SMALL, **options: Any) -> SweepReport:
        with open_sweep(settings, digits, options.get("home", tmp_path)) as sweep:
            sweep.run(train, options.get("listeners", ()), clock=lambda: train.now)
            return sweep.report()

    return run


def better(**levels: str) -> Callable[[Recipe], float]:
    """Each of these levels takes a tenth off the error."""
    return lambda recipe: 0.3 - 0.1 * sum(getattr(recipe, f) == x for f, x in levels.items())


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ({}, "nothing is shown to beat the default"),
        ({"normalization": "batch"}, "normalization batch beats the default"),
        ({"optimizer": "adamw"}, "optimizer adamw beats the default"),
        ({"normalization": "batch", "optimizer": "adam"}, "batch+adam together beat the default"),
    ],
)
def test_the_best_recipe_is_what_is_shown_to_beat_the_default(
    run: Run, fake: Any, levels: dict[str, str], reason: str
) -> None:
    report = run(fake(effect=better(**levels)))
    assert report.best is not None
    wanted = SHALLOW.replace(**levels)
    assert str(report.best.recipe) == str(wanted)
    assert report.best.reason == reason


def test_what_a_search_found_is_the_best_with_its_own_numbers_where_it_beats_the_default(
    run: Run, fake: Any
) -> None:
    searched = dataclasses.replace(SMALL, factors=("optimizer",), trials=24, epochs=9)
    report = run(fake(effect=better(optimizer="adam", activation="swish")), searched)
    assert report.best is not None
    assert report.search is not None
    assert report.search.chosen is not None
    assert report.best.recipe == report.search.chosen.candidate.recipe
    assert report.best.reason == (
        f"trial {report.search.chosen.candidate.number} of the search beats the default"
    )
    assert report.best.versus_default in report.factors[-1].comparisons
    versus = report.to_dict()["best"]["versus_default"]
    assert versus == report.factors[-1].comparisons[0].to_dict()


def test_a_search_that_finds_nothing_better_leaves_the_default(run: Run, fake: Any) -> None:
    settings = dataclasses.replace(SMALL, factors=("none",), trials=24, epochs=9)
    report = run(fake(effect=lambda recipe: 0.3 * (recipe.optimizer != "nag")), settings)
    assert report.best is not None
    assert report.best.versus_default is None
    assert report.best.recipe.optimizer == "nag"


def test_its_numbers_are_the_centre_of_its_window(run: Run, fake: Any) -> None:
    """The fake trainer is best at 0.03 under NAG; windows are centred on half decades."""
    best = run(fake()).best
    assert best is not None
    assert best.recipe.learning_rate == pytest.approx(10**-1.5)


def test_of_several_that_beat_it_alone_the_surest_is_the_best(run: Run, fake: Any) -> None:
    def effect(recipe: Recipe) -> float:
        return better(optimizer="adam")(recipe) - 0.05 * (recipe.optimizer == "adamw")

    best = run(fake(effect=effect)).best
    assert best is not None
    assert best.recipe.optimizer == "adam"


def test_with_several_depths_it_is_the_firsts(run: Run, fake: Any) -> None:
    only_deep = fake(effect=lambda r: 0.2 * (r.depth == 20 and r.normalization == "none"))
    settings = dataclasses.replace(SMALL, depth=(2, 20), factors=("normalization",))
    best = run(only_deep, settings).best
    assert best is not None
    assert (best.recipe.depth, best.recipe.normalization) == (2, "none")


def test_it_is_kept_with_its_weights_predictions_and_rows(
    run: Run, fake: Any, tmp_path: Path, digits: Dataset
) -> None:
    train = fake()
    best = run(train).best
    assert best is not None
    model = read_final(Store(folder_of(tmp_path, "s")), best.record)
    assert model is not None
    assert len(model.weights) == 2
    assert (model.examples == digits.x_confirm[:N_EXAMPLES]).all()
    assert (model.rows["confirm"] == digits.confirm_rows).all()
    assert model.predictions.dtype == np.float32
    wrong = (model.predictions.argmax(axis=1) != digits.y_confirm).mean()
    assert best.confirm == pytest.approx(wrong)
    assert best.validation == best.record.value
    assert train.trained[-1].recipe == best.recipe


def test_it_is_trained_on_seeds_and_a_split_of_its_own(run: Run, fake: Any) -> None:
    train = fake()
    run(train)
    *others, last = train.trained
    assert last.seeds.init not in {member.seeds.init for member in others}
    assert not any((last.split.train == member.split.train).all() for member in others)


def test_a_sweep_killed_in_its_final_training_trains_it_again(
    run: Run, fake: Any, tmp_path: Path
) -> None:
    whole = run(fake(), home=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(fake(stop_after=whole.trainings - 1), home=tmp_path / "torn")
    torn = load_report("s", tmp_path / "torn")
    assert (torn.state, torn.best) == ("interrupted", None)
    rest, events = fake(), list[Any]()
    again = run(rest, home=tmp_path / "torn", listeners=[events.append])
    assert len(rest.trained) == 1
    assert [e for e in events if isinstance(e, PhaseStarted)][-1] == PhaseStarted("final", 1, 0)
    assert again.best == whole.best
    assert again.state == "done"


def test_a_spent_budget_leaves_no_final_model(run: Run, fake: Any) -> None:
    whole = run(fake())
    settings = dataclasses.replace(SMALL, name="short", budget=whole.seconds - 0.3)
    report = run(fake(), settings)
    assert (report.state, report.best) == ("stopped", None)
    assert report.to_dict()["best"] is None
    raised = run(fake(), dataclasses.replace(settings, budget=1000.0))
    assert (raised.state, raised.best is None) == ("done", False)


def test_a_final_training_that_diverges_is_told(run: Run, fake: Any) -> None:
    seeds = fake()
    run(seeds, dataclasses.replace(SMALL, name="whole"))
    last = seeds.trained[-1].seeds
    report = run(fake(diverges=lambda member: member.seeds == last))
    assert report.state == "done"
    assert report.best is not None
    assert (report.best.validation, report.best.confirm) == (None, None)
    assert report.best.record.state == "failed"


def test_before_the_first_look_no_confirm_score_is_told(
    run: Run, fake: Any, tmp_path: Path
) -> None:
    report = run(fake(), dataclasses.replace(SMALL, replicates=15))
    assert report.best is not None
    assert report.best.validation is not None
    assert report.best.confirm is None
    assert not (folder_of(tmp_path, "s") / "artifacts" / "confirm_labels.npy").exists()


def test_damaged_weights_are_named_in_one_line(run: Run, fake: Any, tmp_path: Path) -> None:
    best = run(fake()).best
    assert best is not None
    weights = folder_of(tmp_path, "s") / "artifacts" / f"{FINAL}_0000.npz"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(StoreError, match=r"final_0000\.npz .* cannot be read"):
        read_final(Store(folder_of(tmp_path, "s")), best.record)
