"""Stacks against Keras: the same weights from the same start, batches and masks, to 1e-8."""

from collections.abc import Iterator

import keras
import pytest
import tensorflow as tf

from search.rows import TrainingData
from search.training import Ending, Member, Result
from search.training.keras_trainer import KerasTrainer
from search.training.stacked import StackedTrainer
from spaces import DEEP, FACTORS, SELF_NORMALIZING, SHALLOW, Recipe
from tests.training.reference import (
    N_TRAIN,
    assert_same,
    hashed_model,
    small_data,
    varied,
)

TOLERANCE = 1e-8
SMALL = {"width": 8, "batch_size": 8}
STEPS = -(-N_TRAIN // SMALL["batch_size"])  # an epoch; the last one is of two rows
BASE = SHALLOW.replace(**SMALL, epochs=10, learning_rate=0.003, regularization="none")
# The base stands among the levels of every factor: once is enough.
LEVELS = {
    BASE.replace(**{factor.name: level.name}): f"{factor.name}-{level.name}"
    for factor in FACTORS.values()
    for level in factor.levels
}
UNLEARNABLE = 3.0


@pytest.fixture(autouse=True, scope="module")
def _double_precision() -> Iterator[None]:
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    # Each graph of Keras runs for a moment: optimizing them would take longer.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    keras.config.set_floatx(before)


def trained_as_by_keras(
    recipe: Recipe, data: TrainingData, checked: tuple[int, ...] = (1,)
) -> list[Result]:
    """Train four members of a recipe in one stack and the checked ones with Keras as well."""
    members = varied(recipe, 4)
    stacked = dict(StackedTrainer("float64").train(members, data, keep_weights=True))
    results = []
    for index in checked:
        assert_same(stacked[index], trained_by_keras(members[index], data), TOLERANCE)
        results.append(stacked[index])
    return results


def trained_by_keras(member: Member, data: TrainingData) -> Result:
    [(_, result)] = KerasTrainer(hashed_model).train([member], data, keep_weights=True)
    return result


@pytest.mark.parametrize("recipe", LEVELS, ids=LEVELS.values())
def test_every_level_ends_with_the_weights_that_keras_gives(recipe: Recipe) -> None:
    [result] = trained_as_by_keras(recipe, small_data())
    assert result.curve.best_epoch * STEPS > 100


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "nadam", "rmsprop"])
def test_weight_decay_is_kerass_with_each_optimizer(optimizer: str) -> None:
    recipe = BASE.replace(regularization="weight_decay", weight_decay=0.1, optimizer=optimizer)
    trained_as_by_keras(recipe, small_data())


@pytest.mark.parametrize(
    "level",
    [
        {"normalization": "batch"},
        {"regularization": "l1_l2"},
        {"regularization": "dropout_inputs"},
        {"optimizer": "nadam", "lr_schedule": "one_cycle"},
    ],
    ids=lambda level: "-".join(level.values()),
)
def test_a_regression_ends_with_the_weights_that_keras_gives(level: dict[str, str]) -> None:
    trained_as_by_keras(BASE.replace(**level), small_data("regression"))


@pytest.mark.parametrize(
    "recipe",
    [
        DEEP.replace(
            regularization="dropout_inputs", optimizer="adamw", lr_schedule="one_cycle", depth=3
        ),
        SELF_NORMALIZING.replace(regularization="alpha_dropout", lr_schedule="cosine", depth=3),
    ],
    ids=["deep", "self_normalizing"],
)
def test_levels_go_together_as_in_keras(recipe: Recipe) -> None:
    trained_as_by_keras(recipe.replace(**SMALL, epochs=10), small_data())


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_stalling_lowers_the_rate_and_stops_when_it_does_in_keras(task: str) -> None:
    recipe = SHALLOW.replace(width=8, batch_size=16, epochs=40, learning_rate=0.02)
    data = small_data(task, noise=UNLEARNABLE)  # type: ignore[arg-type]  # one of the two tasks
    results = trained_as_by_keras(recipe, data, checked=(1, 2))
    for result in results:
        assert result.curve.ending is Ending.STOPPED_EARLY
        assert 1 < result.curve.best_epoch < len(result.curve.train_loss) < 40
        assert result.curve.learning_rate[-1] <= result.curve.learning_rate[0] / 8
    assert len({len(result.curve.train_loss) for result in results}) == 2


def test_one_cycle_runs_to_its_end_and_gives_back_the_best_epoch_as_keras_does() -> None:
    """Its momentum moves as well."""
    recipe = SHALLOW.replace(**SMALL, epochs=20, lr_schedule="one_cycle", learning_rate=0.1)
    [result] = trained_as_by_keras(recipe, small_data(noise=UNLEARNABLE))
    assert result.curve.ending is Ending.COMPLETED
    assert result.curve.best_epoch < 20
