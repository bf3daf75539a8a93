from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.models import Patience, Plateau, may_stop_early, planned_momentum, planned_rates
from spaces import FACTORS, SHALLOW, Recipe

NAMES = [level.name for level in FACTORS["lr_schedule"].levels]
RATE = 0.2

# Ties, steps about as large as ReduceLROnPlateau's min_delta, anything else, and no number.
LOSSES = st.lists(
    st.sampled_from([0.5, 0.5001, 0.4999, 0.49990001, 0.4, float("nan"), float("inf")])
    | st.integers(0, 40).map(lambda i: 1 - 5e-5 * i)
    | st.floats(0, 10),
    min_size=1,
    max_size=40,
)


def recipe(schedule: str, *, epochs: int = 20, optimizer: str = "nag") -> Recipe:
    changed = SHALLOW.replace(lr_schedule=schedule, epochs=epochs, optimizer=optimizer)
    return changed.replace(learning_rate=RATE)


def rates(schedule: str, steps: int = 50) -> Any:
    return planned_rates(recipe(schedule), steps).ravel() / RATE


@pytest.mark.parametrize("schedule", NAMES)
@pytest.mark.parametrize(("epochs", "steps"), [(1, 1), (1, 2), (3, 1), (2, 7), (30, 40)])
def test_every_schedule_plans_each_step_within_the_recipes_rate(
    schedule: str, epochs: int, steps: int
) -> None:
    planned = planned_rates(recipe(schedule, epochs=epochs), steps)
    assert planned.shape == (epochs, steps)
    assert planned.dtype == np.float64
    assert (planned > 0).all()
    assert (planned <= RATE).all()


@pytest.mark.parametrize("schedule", ["constant", "performance"])
def test_constant_and_performance_plan_one_rate(schedule: str) -> None:
    assert (rates(schedule) == 1).all()


def test_one_cycle_goes_up_down_as_long_and_far_down() -> None:
    shares = rates("one_cycle")
    assert shares[0] == pytest.approx(0.1)
    assert shares[450] == pytest.approx(1, abs=0.002)
    assert shares[900] == pytest.approx(0.1, abs=0.002)
    assert shares[-1] == pytest.approx(0.001)
    np.testing.assert_allclose(np.diff(shares[:450]), 0.9 / (0.45 * 999))
    assert (np.diff(shares[451:]) < 0).all()


def test_exponential_ends_at_a_tenth_by_equal_ratios() -> None:
    shares = rates("exponential")
    assert (shares[0], shares[-1]) == (1, pytest.approx(0.1))
    np.testing.assert_allclose(shares[1:] / shares[:-1], 0.1 ** (1 / 999))


def test_cosine_warms_up_then_falls_to_a_thousandth() -> None:
    shares = rates("cosine")
    assert shares[0] == pytest.approx(0.01)
    assert shares[99] == 1
    np.testing.assert_allclose(np.diff(shares[:100]), 0.01)
    assert shares[549] == pytest.approx(0.5005)
    assert shares[-1] == pytest.approx(0.001)
    assert (np.diff(shares[99:]) < 0).all()


def test_piecewise_takes_a_third_then_a_tenth() -> None:
    shares = rates("piecewise")
    np.testing.assert_allclose(shares, np.repeat([1, 1, 1 / 3, 1 / 10], 250))


def test_one_cycle_moves_momentum_opposite_to_the_rate() -> None:
    momentum = planned_momentum(recipe("one_cycle"), 50).ravel()
    assert momentum[0] == pytest.approx(0.95)
    assert momentum[450] == pytest.approx(0.85, abs=1e-3)
    np.testing.assert_allclose(momentum[900:], 0.95)
    moving = np.diff(momentum[:900]) * np.diff(rates("one_cycle")[:900])
    assert (moving < 0).sum() >= 898  # all but the step over the peak


def test_momentum_stays_within_bounds() -> None:
    high = planned_momentum(recipe("one_cycle").replace(momentum=0.98), 50)
    low = planned_momentum(recipe("one_cycle").replace(momentum=0.02), 50)
    assert high.max() == 0.99
    assert low.min() == 0


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_optimizers_without_momentum_are_planned_none(optimizer: str) -> None:
    assert not planned_momentum(recipe("one_cycle", optimizer=optimizer), 5).any()


def test_momentum_stands_still_under_other_schedules() -> None:
    assert (planned_momentum(recipe("cosine"), 5) == 0.9).all()


def test_only_schedules_without_a_plan_are_cut_short() -> None:
    assert {name for name in NAMES if may_stop_early(recipe(name))} == {"performance", "constant"}
    assert not may_stop_early(recipe("performance").replace(regularization="none"))


@pytest.fixture(scope="module")
def model() -> Any:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0))
    return model


@settings(max_examples=60, deadline=None)
@given(losses=LOSSES)
def test_plateau_lowers_the_rate_as_keras_does(model: Any, losses: list[float]) -> None:
    callback = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=3)
    callback.set_model(model)
    model.optimizer.learning_rate = 1.0
    callback.on_train_begin()
    plateau = Plateau()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        assert plateau.update(loss) == float(model.optimizer.learning_rate)


@settings(max_examples=60, deadline=None)
@given(losses=LOSSES, patience=st.integers(0, 5))
def test_patience_ends_and_keeps_as_keras_does(
    model: Any, losses: list[float], patience: int
) -> None:
    callback = keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
    callback.set_model(model)
    model.stop_training = False
    callback.on_train_begin()
    ours = Patience(patience)
    kept = None
    for epoch, loss in enumerate(losses):
        model.set_weights([np.full((1, 1), epoch), np.zeros(1)])
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if ours.update(epoch, loss):
            kept = epoch
        assert ours.should_stop == model.stop_training
        assert ours.best_epoch == callback.best_epoch == kept
        if ours.should_stop:
            break
    callback.on_train_end()
    assert model.get_weights()[0].item() == kept
