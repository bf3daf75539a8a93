from typing import Any

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from search.defaults import EARLY_STOPPING_PATIENCE
from search.models import Layers, Plateau, build_optimizer, loss_for
from search.rows import Split, TrainingData
from search.training.batches import epoch_order, n_steps
from search.training.contract import Ending, Member, Result, Seeds
from search.training.keras_trainer import starting_model
from spaces import SHALLOW, Recipe
from tests.training.reference import by_keras, identical

SMALL = SHALLOW.replace(depth=1, width=16, epochs=3)
SEEDS = Seeds(init=1, order=2, dropout=3)


@pytest.fixture(scope="module")
def digits() -> TrainingData:
    features, targets = load_digits(return_X_y=True)
    features = ((features - features.mean()) / features.std()).astype(np.float32)
    return TrainingData(
        features=features[:1500],
        targets=targets[:1500].astype(np.int32),
        task="classification",
        n_outputs=10,
        held_out=features[1500:],
    )


@pytest.fixture(scope="module")
def noise() -> TrainingData:
    """Two hundred rows whose classes cannot be learned."""
    rng = np.random.default_rng(1)
    features = rng.normal(size=(200, 4)).astype(np.float32)
    targets = rng.integers(3, size=200, dtype=np.int32)
    return TrainingData(features, targets, "classification", 3, features[:0])


def member(recipe: Recipe, data: TrainingData, seeds: Seeds = SEEDS) -> Member:
    n_train = len(data.features) * 4 // 5
    rows = np.arange(len(data.features), dtype=np.int32)
    return Member(recipe, Split(rows[:n_train], rows[n_train:]), seeds)


def train(recipe: Recipe, data: TrainingData, seeds: Seeds = SEEDS) -> Result:
    [(index, result)] = by_keras([member(recipe, data, seeds)], data)
    assert index == 0
    return result


def log_loss(result: Result, data: TrainingData) -> float:
    assert result.validation is not None
    targets = data.targets[-len(result.validation) :]
    return float(-np.log(result.validation[np.arange(len(targets)), targets]).mean())


def test_it_learns_digits(digits: TrainingData) -> None:
    result = train(SHALLOW.replace(epochs=6), digits)
    assert result.validation is not None
    assert result.held_out is not None
    assert result.validation.shape == (300, 10)
    np.testing.assert_allclose(result.held_out.sum(axis=1), np.ones(len(digits.held_out)), 1e-5)
    wrong = (result.validation.argmax(axis=1) != digits.targets[1200:]).mean()
    assert wrong == result.curve.validation_error[result.curve.best_epoch - 1]
    assert wrong < 0.1
    assert result.curve.ending is Ending.COMPLETED
    assert result.curve.reason == "all 6 epochs were run"


def test_it_steps_through_the_rows_in_their_order_from_the_members_weights(
    noise: TrainingData,
) -> None:
    """Rate, momentum and the smaller last batch included."""
    recipe = SMALL.replace(lr_schedule="one_cycle", normalization="batch", batch_size=48)
    started = member(recipe, noise)
    steps = n_steps(160, 48)
    model = starting_model(started, noise)
    model.compile(build_optimizer(recipe, steps_per_epoch=steps), loss_for("classification"))
    for epoch in range(recipe.epochs):
        order = epoch_order(SEEDS.order, epoch, started.split.train)
        for step in range(steps):
            rows = order[step * 48 : (step + 1) * 48]
            model.train_on_batch(noise.features[rows], noise.targets[rows])
    result = train(recipe.replace(regularization="none"), noise)
    assert result.weights is not None
    for weight, expected in zip(result.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-4, atol=1e-6)


def test_a_member_is_trained_the_same_whatever_its_company(noise: TrainingData) -> None:
    recipe = SMALL.replace(regularization="dropout", dropout_rate=0.4)
    other = SMALL.replace(regularization="alpha_dropout", optimizer="adam")
    members = [member(x, noise) for x in (other, recipe)]
    beside = dict(by_keras(members, noise))[1]
    alone = train(recipe, noise)
    assert beside.weights is not None
    assert alone.weights is not None
    assert all(map(np.array_equal, beside.weights, alone.weights))
    assert beside.curve.validation_loss == alone.curve.validation_loss


def test_each_seed_matters(noise: TrainingData) -> None:
    recipe = SMALL.replace(regularization="dropout", dropout_rate=0.4)
    seeds = [SEEDS, Seeds(9, 2, 3), Seeds(1, 9, 3), Seeds(1, 2, 9)]
    losses = {train(recipe, noise, each).curve.train_loss for each in seeds}
    assert len(losses) == 4


def test_a_diverging_member_ends_alone_and_says_why(noise: TrainingData) -> None:
    wild = SMALL.replace(activation="relu", learning_rate=1e30)
    members = [member(x, noise) for x in (wild, SMALL)]
    first, second = (result for _, result in by_keras(members, noise))
    assert first.curve.ending is Ending.DIVERGED
    assert first.curve.reason == "the loss became nan in epoch 1"
    assert (first.curve.best_epoch, len(first.curve.train_loss)) == (0, 1)
    assert (first.validation, first.held_out, first.weights) == (None, None, None)
    assert second.curve.ending is Ending.COMPLETED


def test_early_stopping_keeps_the_best_epoch(noise: TrainingData) -> None:
    result = train(SMALL.replace(epochs=60, learning_rate=0.1, lr_schedule="constant"), noise)
    curve = result.curve
    assert curve.ending is Ending.STOPPED_EARLY
    assert curve.reason == "no better validation loss for 10 epochs"
    assert len(curve.validation_loss) == curve.best_epoch + EARLY_STOPPING_PATIENCE
    best = min(curve.validation_loss)
    assert curve.validation_loss[curve.best_epoch - 1] == best
    assert log_loss(result, noise) == pytest.approx(best, rel=1e-5)


def test_a_planned_descent_is_not_cut_short_but_the_best_epoch_kept(noise: TrainingData) -> None:
    result = train(SMALL.replace(epochs=30, learning_rate=0.3, lr_schedule="cosine"), noise)
    assert result.curve.ending is Ending.COMPLETED
    assert len(result.curve.train_loss) == 30
    assert result.curve.best_epoch < 20
    assert log_loss(result, noise) == pytest.approx(min(result.curve.validation_loss), rel=1e-5)


def test_none_keeps_the_last_epoch(noise: TrainingData) -> None:
    recipe = SMALL.replace(regularization="none", epochs=15, learning_rate=0.1)
    result = train(recipe, noise)
    assert result.curve.best_epoch == 15
    assert result.curve.validation_loss[-1] > min(result.curve.validation_loss)
    assert log_loss(result, noise) == pytest.approx(result.curve.validation_loss[-1], rel=1e-5)


def test_performance_lowers_the_rate_when_the_loss_stalls(noise: TrainingData) -> None:
    recipe = SMALL.replace(regularization="none", epochs=20, learning_rate=0.1)
    curve = train(recipe, noise).curve
    plateau = Plateau()
    factors = [1.0, *map(plateau.update, curve.validation_loss[:-1])]
    np.testing.assert_allclose(curve.learning_rate, 0.1 * np.array(factors), rtol=1e-6)
    assert factors[-1] < 0.5


def test_losses_include_the_penalties(noise: TrainingData) -> None:
    result = train(SMALL.replace(regularization="l2", l2=0.01, epochs=2), noise)
    assert result.weights is not None
    penalty = 0.01 * sum(float((w**2).sum()) for w in result.weights if w.ndim == 2)
    loss = result.curve.validation_loss[result.curve.best_epoch - 1]
    assert loss == pytest.approx(log_loss(result, noise) + penalty, rel=1e-5)


def test_it_learns_a_regression() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(300, 3)).astype(np.float32)
    targets = (features @ [0.6, -0.6, 0.5]).astype(np.float32)
    data = TrainingData(features, targets, "regression", 1, features[:7])
    result = train(SMALL.replace(epochs=20), data)
    assert result.validation is not None
    assert result.held_out is not None
    assert (result.validation.shape, result.held_out.shape) == ((60, 1), (7, 1))
    error = np.sqrt(np.mean((result.validation[:, 0] - targets[240:]) ** 2))
    assert error < 0.2
    assert result.curve.validation_error[result.curve.best_epoch - 1] == pytest.approx(error, 1e-4)


def test_no_rows_held_out_are_no_predictions(noise: TrainingData) -> None:
    result = train(SMALL.replace(epochs=1), noise)
    assert result.held_out is not None
    assert result.held_out.shape == (0, 3)


def test_it_trains_an_architecture_of_ones_own(noise: TrainingData) -> None:
    def convolution(member: Member, data: TrainingData) -> Any:
        layers = Layers(member.recipe)
        return keras.Sequential(
            [
                keras.Input((data.features.shape[1],)),
                keras.layers.Reshape((-1, 1)),
                *layers.hidden(keras.layers.Conv1D, 3, 2),
                keras.layers.Flatten(),
                *layers.output(data.n_outputs),
            ]
        )

    recipe = SMALL.replace(epochs=1, normalization="batch", regularization="dropout")
    [(_, result)] = by_keras([member(recipe, noise)], noise, convolution)
    assert result.weights is not None
    assert result.weights[0].shape == (2, 1, 3)


@pytest.mark.parametrize("optimizer", ["nag", "adamw", "nadam", "rmsprop"])
@pytest.mark.parametrize("lr_schedule", ["performance", "one_cycle"])
def test_a_model_used_again_finds_what_a_new_one_would(
    optimizer: str, lr_schedule: str, noise: TrainingData
) -> None:
    recipe = SMALL.replace(
        optimizer=optimizer,
        lr_schedule=lr_schedule,
        normalization="batch",
        regularization="dropout",
        dropout_rate=0.3,
        epochs=2,
    )
    faster = recipe.replace(learning_rate=2 * recipe.learning_rate)
    members = [member(recipe, noise), member(faster, noise, Seeds(4, 5, 6))]
    first, second = by_keras(members, noise)
    assert identical(first[1], train(recipe, noise))
    assert identical(second[1], train(faster, noise, Seeds(4, 5, 6)))
    assert not identical(first[1], second[1])
