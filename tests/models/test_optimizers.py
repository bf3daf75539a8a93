from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from search.models import OPTIMIZERS, build_optimizer, planned_momentum, planned_rates
from search.models.optimizers import PlannedMomentumSGD, PlannedRates
from spaces import DEEP, FACTORS, SHALLOW, Recipe

EPOCHS, STEPS = 4, 5
PLANNED = ("one_cycle", "exponential", "cosine", "piecewise")


def gradients(n_steps: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(n_steps, 3)).astype(np.float32)


def path(optimizer: Any, steps: NDArray[np.float32]) -> NDArray[np.float32]:
    """(steps, 3) where a variable that starts at 1 goes, in one traced function as in `fit`."""
    variable = keras.Variable(np.ones(3, np.float32))
    optimizer.build([variable])
    move: Callable[[Any], None] = tf.function(lambda step: optimizer.apply([step], [variable]))
    visited = []
    for step in steps:
        move(tf.constant(step))
        visited.append(variable.numpy())
    return np.stack(visited)


def test_every_level_has_an_optimizer() -> None:
    assert set(OPTIMIZERS) == {level.name for level in FACTORS["optimizer"].levels}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_are_keras_own_under_the_recipes_rate(name: str) -> None:
    recipe = SHALLOW.replace(optimizer=name)
    optimizer = build_optimizer(recipe, steps_per_epoch=STEPS)
    assert type(optimizer).__module__.startswith("keras.")
    assert float(optimizer.learning_rate) == pytest.approx(recipe.learning_rate)
    assert optimizer.get_config().get("nesterov", False) == (name == "nag")
    assert optimizer.get_config().get("momentum", 0) == (recipe.momentum or 0)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("regularization", ["early_stopping", "weight_decay"])
def test_the_total_decay_shrinks_a_weight_that_has_no_gradient(
    name: str, regularization: str
) -> None:
    recipe = DEEP.replace(optimizer=name, regularization=regularization, learning_rate=0.1)
    share = 1 - 0.1 * recipe.total_weight_decay
    went = path(build_optimizer(recipe), np.zeros((3, 3), np.float32))
    np.testing.assert_allclose(went[:, 0], share ** np.arange(1, 4), rtol=1e-6)


def test_decay_is_keras_decoupled_decay() -> None:
    recipe = DEEP.replace(optimizer="adamw", regularization="weight_decay", weight_decay=0.05)
    recipe = recipe.replace(adamw_weight_decay=0.01, learning_rate=0.1)
    expected = keras.optimizers.AdamW(0.1, weight_decay=0.06)
    steps = gradients(5)
    np.testing.assert_array_equal(path(build_optimizer(recipe), steps), path(expected, steps))


@pytest.mark.parametrize("schedule", PLANNED)
def test_each_step_takes_its_planned_rate(schedule: str) -> None:
    recipe = SHALLOW.replace(optimizer="sgd", lr_schedule=schedule, epochs=EPOCHS)
    steps = np.ones((EPOCHS * STEPS, 3), np.float32)
    went = path(build_optimizer(recipe, steps_per_epoch=STEPS), steps)
    rates = planned_rates(recipe, STEPS).ravel()
    np.testing.assert_allclose(went[:, 0], 1 - np.cumsum(rates), rtol=1e-4, atol=1e-6)


def sgd_path(recipe: Recipe, steps: NDArray[np.float32]) -> NDArray[np.float64]:
    """SGD with momentum, written down anew in NumPy."""
    rates = planned_rates(recipe, STEPS).ravel()
    momenta = planned_momentum(recipe, STEPS).ravel()
    weight, velocity, visited = np.ones(3), np.zeros(3), []
    for rate, momentum, gradient in zip(rates, momenta, steps, strict=True):
        weight = weight * (1 - rate * recipe.total_weight_decay)
        velocity = momentum * velocity - rate * gradient
        nesterov = recipe.optimizer == "nag"
        weight = weight + (momentum * velocity - rate * gradient if nesterov else velocity)
        visited.append(weight)
    return np.stack(visited)


@pytest.mark.parametrize("optimizer", ["nag", "momentum"])
@pytest.mark.parametrize("schedule", PLANNED)
def test_rate_momentum_and_decay_move_together(optimizer: str, schedule: str) -> None:
    recipe = SHALLOW.replace(optimizer=optimizer, lr_schedule=schedule, epochs=EPOCHS)
    recipe = recipe.replace(regularization="weight_decay", weight_decay=0.3, learning_rate=0.2)
    steps = gradients(EPOCHS * STEPS)
    went = path(build_optimizer(recipe, steps_per_epoch=STEPS), steps)
    np.testing.assert_allclose(went, sgd_path(recipe, steps), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_planned_momentum_that_stands_still_is_keras_sgd(*, nesterov: bool) -> None:
    planned = PlannedMomentumSGD(np.full(9, 0.9), learning_rate=0.1, nesterov=nesterov)
    expected = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=nesterov)
    steps = gradients(9)
    np.testing.assert_array_equal(path(planned, steps), path(expected, steps))


def test_the_last_planned_values_hold_for_good() -> None:
    rates = PlannedRates(np.array([0.5, 0.25]))
    assert [float(rates(step)) for step in (0, 1, 2, 9)] == [0.5, 0.25, 0.25, 0.25]
