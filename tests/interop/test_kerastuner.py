"""Our search spaces under KerasTuner's tuners."""

from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest

from search.interop.kerastuner import EPOCHS, hypermodel, recipe_of
from spaces import SHALLOW, get_space, recipe_at

# KerasTuner's own locks and checkpoints.
pytestmark = [
    pytest.mark.filterwarnings("ignore:(currentThread|getName):DeprecationWarning"),
    # Its Gaussian process has few trials to go by here.
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int32)
BASE = SHALLOW.replace(width=5, depth=1, epochs=2)
DIMENSIONS: dict[str, Any] = {"n_features": 4, "n_outputs": 2, "n_train": 40}
SPACE = get_space("shallow_full")


@pytest.mark.parametrize(
    ("tuner", "options"),
    [
        (keras_tuner.RandomSearch, {"max_trials": 2}),
        (keras_tuner.BayesianOptimization, {"max_trials": 3, "num_initial_points": 2}),
        (keras_tuner.Hyperband, {"max_epochs": 2}),
    ],
)
def test_every_tuner_takes_it(tuner: Any, options: dict[str, Any], tmp_path: Path) -> None:
    model = hypermodel("shallow", BASE, **DIMENSIONS)
    tuning = tuner(model, objective="val_loss", seed=1, directory=str(tmp_path), **options)
    tuning.search(X[:40], Y[:40], validation_data=(X[40:], Y[40:]), verbose=0)
    (best,) = tuning.get_best_hyperparameters(1)
    recipe = recipe_of(best, get_space("shallow"), BASE)
    assert recipe.epochs == 2
    (trained,) = tuning.get_best_models(1)
    assert trained.predict(X, verbose=0).shape == (60, 2)


def test_the_defaults_are_the_base_recipe() -> None:
    hp = keras_tuner.HyperParameters()
    base = SHALLOW.replace(epochs=7)
    hypermodel(SPACE, base, **DIMENSIONS).build(hp)
    assert recipe_of(hp, SPACE, base) == recipe_at(base, SPACE.defaults())
    names = {parameter.name for parameter in hp.space}
    assert names == {name for name, _ in SPACE.parameters()}


def test_every_point_drawn_is_one_of_the_space() -> None:
    hp = keras_tuner.HyperParameters()
    recipe_of(hp, SPACE, BASE)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=keras_tuner.Objective("val_loss", "min"),
        max_trials=20,
        seed=3,
        hyperparameters=hp,
    )
    for number in range(20):
        drawn = oracle.populate_space(str(number))["values"]
        at = hp.copy()
        at.values = drawn
        SPACE.check({name: drawn[name] for name, _ in SPACE.active(drawn)})
        recipe = recipe_of(at, SPACE, BASE)
        assert recipe.optimizer == drawn["optimizer"]


def test_a_schedule_fits_the_epochs_that_hyperband_grants() -> None:
    hp = keras_tuner.HyperParameters()
    hp.values[EPOCHS] = 1
    assert recipe_of(hp, SPACE, BASE).epochs == 1


def test_numbers_are_predicted_too() -> None:
    model = hypermodel("shallow", BASE, n_features=4, n_outputs=1, n_train=60, task="regression")
    hp = keras_tuner.HyperParameters()
    history = model.fit(hp, model.build(hp), X, X[:, :1], validation_split=0.3, verbose=0)
    assert {"loss", "metric", "val_loss", "val_metric"} <= history.history.keys()
    assert len(history.epoch) == 2
