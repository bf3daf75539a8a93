from typing import Any

import keras
import numpy as np
import pytest
from keras.layers import (
    AlphaDropout,
    BatchNormalization,
    Dense,
    Dropout,
    Flatten,
    GaussianDropout,
    Reshape,
    SpatialDropout1D,
)
from scipy.special import softmax

from search.models import MonteCarloDropout, build_model, predictive_entropy
from search.seeds import derive
from spaces import DEEP, SHALLOW

ROWS = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)


def sequential(*layers: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((8,)), Dense(16, "relu"), *layers, Dense(3)])


def nested(*layers: Any) -> keras.Model:
    inputs = keras.Input((8,))
    return keras.Model(inputs, sequential(*layers)(inputs))


class Subclassed(keras.Model):  # type: ignore[misc]  # Keras ships no types
    def __init__(self, *layers: Any) -> None:
        super().__init__()
        self.inner = sequential(*layers)

    def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002  # Keras's
        return self.inner(inputs, training=training)


def spatial() -> list[Any]:
    return [Reshape((4, 4)), SpatialDropout1D(0.3), Flatten()]


def sampled(model: keras.Model, rows: Any, n: int) -> Any:
    """(n, rows, classes) as the book does it."""
    return softmax(np.stack([model(rows, training=True) for _ in range(n)]), axis=-1)


@pytest.mark.parametrize(
    ("kind", "layers"),
    [
        (sequential, lambda: [Dropout(0.3)]),
        (sequential, lambda: [AlphaDropout(0.3)]),
        (sequential, lambda: [GaussianDropout(0.3)]),
        (sequential, spatial),
        (nested, lambda: [Dropout(0.3)]),
        (Subclassed, lambda: [Dropout(0.3)]),
    ],
)
def test_it_is_the_average_over_a_model_in_training(kind: Any, layers: Any) -> None:
    """Where there is nothing but dropout that training changes."""
    model = kind(*layers())
    found = MonteCarloDropout(model).predict(ROWS, samples=4000)
    expected = sampled(model, np.repeat(ROWS, 4000, axis=0), 1).reshape(5, 4000, 3)
    error = expected.std(axis=1).max() / np.sqrt(4000)
    np.testing.assert_allclose(found.mean, expected.mean(axis=1), rtol=0, atol=6 * error)
    np.testing.assert_allclose(found.spread, expected.std(axis=1), rtol=0, atol=8 * error)
    assert found.spread.min() > 0


def test_it_is_exactly_that_given_the_same_masks() -> None:
    model = sequential(Dropout(0.3))
    found = MonteCarloDropout(model).predict(ROWS, samples=50, seed=7)
    model.layers[1].seed_generator.state.assign([derive(7, "dropout", 0), 0])
    expected = sampled(model, np.repeat(ROWS, 50, axis=0), 1).reshape(5, 50, 3)
    np.testing.assert_allclose(found.mean, expected.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found.spread, expected.std(axis=1), rtol=1e-3)


def test_batch_normalization_stays_in_inference() -> None:
    """And its statistics, as all variables, are what they were."""
    model = sequential(BatchNormalization(), Dropout(0.3))
    model.layers[1].moving_mean.assign(np.arange(16.0))
    before = [keras.ops.convert_to_numpy(variable) for variable in model.variables]
    found = MonteCarloDropout(model).predict(ROWS, samples=50, seed=7)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value)
    model.layers[1].trainable = False  # which keeps it in inference, even in training
    model.layers[2].seed_generator.state.assign([derive(7, "dropout", 0), 0])
    expected = sampled(model, np.repeat(ROWS, 50, axis=0), 1).reshape(5, 50, 3)
    np.testing.assert_allclose(found.mean, expected.mean(axis=1), rtol=1e-4)


def test_the_model_is_left_as_it_was() -> None:
    model = sequential(Dropout(0.5))
    before = model.predict(ROWS, verbose=0)
    MonteCarloDropout(model).predict(ROWS)
    np.testing.assert_array_equal(model.predict(ROWS, verbose=0), before)
    np.testing.assert_array_equal(model(ROWS), before)


def test_memory_is_bounded_by_chunks_of_rows_and_of_samples() -> None:
    model, rows = sequential(Dropout(0.3)), np.repeat(ROWS, 9, axis=0)
    whole = MonteCarloDropout(model).predict(rows, samples=2000)
    for rows_at_once in (7, 4500):
        pieces = MonteCarloDropout(model, rows_at_once=rows_at_once).predict(rows, samples=2000)
        np.testing.assert_allclose(pieces.mean, whole.mean, rtol=0, atol=0.05)
        np.testing.assert_allclose(pieces.spread, whole.spread, rtol=0, atol=0.05)
        assert pieces.entropy is not None
        np.testing.assert_allclose(pieces.entropy, predictive_entropy(pieces.mean))


def test_the_same_seed_gives_the_same_predictions() -> None:
    model = MonteCarloDropout(sequential(Dropout(0.3)))
    first, again, other = (model.predict(ROWS, 10, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.mean, again.mean)
    assert not np.array_equal(first.mean, other.mean)


@pytest.mark.parametrize("regularization", ["dropout", "dropout_inputs", "dropout_last"])
def test_it_takes_the_networks_of_recipes(regularization: str) -> None:
    recipe = DEEP.replace(depth=2, width=5, regularization=regularization)
    found = MonteCarloDropout(build_model(recipe, 8, 3)).predict(ROWS)
    np.testing.assert_allclose(found.mean.sum(axis=1), 1)
    assert found.spread.min() > 0


def test_numbers_have_a_spread_and_no_entropy() -> None:
    model = build_model(SHALLOW.replace(width=5, regularization="dropout"), 8, 1)
    found = MonteCarloDropout(model, "numbers").predict(ROWS)
    assert found.mean.shape == found.spread.shape == (5, 1)
    assert found.entropy is None
    assert MonteCarloDropout(model, "numbers").predict(ROWS[:0]).mean.shape == (0, 1)


def test_the_entropy_is_none_when_sure_and_largest_when_not() -> None:
    certain, unsure = predictive_entropy(np.array([[1.0, 0.0, 0.0], [1 / 3] * 3]))
    assert certain == pytest.approx(0, abs=1e-9)
    assert unsure == pytest.approx(np.log(3))
    assert predictive_entropy(np.array([[0.5]])) == pytest.approx(np.log(2))


def test_what_it_cannot_do_it_says() -> None:
    with pytest.raises(ValueError, match="must have a dropout layer with a rate above 0"):
        MonteCarloDropout(sequential(Dropout(0.0)))
    with pytest.raises(ValueError, match=r"drawn for each row; received noise_shape=\(1, 16\)"):
        MonteCarloDropout(sequential(Dropout(0.3, noise_shape=(1, 16))))
    with pytest.raises(ValueError, match=r"outputs must be one of logits, .*; received 'odds'"):
        MonteCarloDropout(sequential(Dropout(0.3)), "odds")  # type: ignore[arg-type]  # the point
    with pytest.raises(ValueError, match="samples must be at least 1; received 0"):
        MonteCarloDropout(sequential(Dropout(0.3))).predict(ROWS, 0)
