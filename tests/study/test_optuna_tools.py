"""Optuna's own tools on the store of a sweep, opened as a person would open it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import optuna
import pytest
from matplotlib import pyplot as plt
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import Study
from optuna.trial import TrialState
from optuna.visualization import matplotlib as plots

from search.data import Dataset, load_dataset
from search.settings import Settings
from search.sweep.run import open_sweep
from spaces import Recipe
from tests.sweep.conftest import FakeTrain

mpl.use("agg")
# Every plot of Optuna that draws by Matplotlib is still called experimental.
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
SETTINGS = Settings(
    name="s",
    factors=("activation", "regularization"),
    trials=64,
    epochs=9,
    pilot_trials=8,
    lanes=2,
    replicates=16,
)


def swish_is_better(recipe: Recipe) -> float:
    return 0.0 if recipe.activation == "swish" else 0.3


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load_dataset("digits")


@pytest.fixture(scope="module")
def journal(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a sweep with a pilot and a search."""
    return swept(SETTINGS, data, tmp_path_factory.mktemp("mlruns"))


def swept(settings: Settings, data: Dataset, home: Path) -> Path:
    """The journal of a sweep that is done."""
    train = FakeTrain(np.concatenate([data.y, data.y_confirm]), swish_is_better)
    with open_sweep(settings, data, home) as sweep:
        sweep.run(train, (), clock=lambda: train.now)
    return home / "sweeps" / "s" / "journal.log"


def load(journal: Path, name: str) -> Study:
    storage = JournalStorage(JournalFileBackend(str(journal)))
    return optuna.load_study(study_name=name, storage=storage)


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def words(drawn: object) -> set[str]:
    """All that is written in a plot: axes, ticks and titles."""
    first = np.atleast_1d(np.asarray(drawn)).flat[0]
    first.figure.canvas.draw()
    return {text.get_text() for text in first.figure.findobj(mpl.text.Text)}


def test_each_level_of_the_pilot_and_of_confirm_is_a_study_and_so_is_the_search(
    journal: Path,
) -> None:
    names = optuna.get_all_study_names(JournalStorage(JournalFileBackend(str(journal))))
    levels = ("default", "activation=swish", "regularization=l2")
    expected = {f"{phase}/{level}" for phase in ("pilot", "confirm") for level in levels}
    assert expected | {"search"} <= set(names)


def test_what_a_level_or_a_choice_brings_has_a_name_that_says_so(journal: Path) -> None:
    pilot = load(journal, "pilot/regularization=l2")
    assert pilot.best_params.keys() == {"learning_rate", "l2"}
    names = {name for trial in load(journal, "search").trials for name in trial.params}
    assert {"activation", "optimizer", "nag.learning_rate", "l2.l2"} <= names


@pytest.mark.parametrize("name", ["pilot/regularization=l2", "search"])
def test_the_history_shows_every_complete_trial(journal: Path, name: str) -> None:
    study = load(journal, name)
    axes = plots.plot_optimization_history(study)
    (values, *_) = (np.asarray(found.get_offsets())[:, 1] for found in axes.collections)
    complete = study.get_trials(states=[TrialState.COMPLETE])
    assert sorted(values) == sorted(trial.values[0] for trial in complete)


@pytest.mark.parametrize(
    "draw", [plots.plot_slice, plots.plot_parallel_coordinate, plots.plot_contour]
)
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("pilot/regularization=l2", ["l2", "learning_rate"]),
        ("search", ["activation", "optimizer", "width"]),
        ("search", ["nag.learning_rate", "nag.momentum"]),
    ],
)
def test_a_plot_of_parameters_calls_them_by_name(
    journal: Path, draw: Callable[..., object], name: str, params: list[str]
) -> None:
    assert set(params) <= words(draw(load(journal, name), params=params))


def test_levels_are_written_out_in_a_plot(journal: Path) -> None:
    drawn = plots.plot_slice(load(journal, "search"), params=["activation"])
    assert {"'elu'", "'swish'"} <= words(drawn), "as Optuna quotes a choice"


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("pilot/regularization=l2", ["learning_rate", "l2"]),
        ("search", ["activation", "optimizer", "width"]),
    ],
)
def test_what_matters_is_found_to_be_important(
    data: Dataset, tmp_path: Path, name: str, params: list[str]
) -> None:
    """The fake trainer's error depends on the first of these alone.

    Nothing is pruned: Optuna looks at trials that were trained to their end, the good ones. And
    they are drawn at random: trials that gather around the best share all of its choices.
    """
    settings = replace(SETTINGS, pruner="none", sampler="random", prior="none")
    study = load(swept(settings, data, tmp_path), name)
    assert next(iter(optuna.importance.get_param_importances(study, params=params))) == params[0]
    assert set(params) <= words(plots.plot_param_importances(study, params=params))


def test_intermediate_values_are_drawn_trial_by_trial(journal: Path) -> None:
    study = load(journal, "search")
    axes = plots.plot_intermediate_values(study)
    lengths = sorted(np.size(line.get_xdata()) for line in axes.lines)
    assert lengths == sorted(len(trial.intermediate_values) for trial in study.trials)
    assert lengths[0] < lengths[-1], "some were pruned"
