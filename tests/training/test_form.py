"""What form a model of somebody else's wants targets in, and what its outputs mean."""

from typing import Any

import keras
import numpy as np
import pytest

from search.rows import Array, Task, TrainingData
from search.training.form import Form

LOGITS = np.log(np.array([[0.2, 0.8], [0.9, 0.1]], np.float32))


def compiled(loss: Any, units: int = 2) -> keras.Model:
    """Outputs its inputs."""
    inputs = keras.Input((units,))
    model = keras.Model(inputs, keras.layers.Identity()(inputs))
    model.compile(loss=loss)
    return model


def form_of(model: keras.Model, rows: Array, task: Task = "classification", n: int = 2) -> Form:
    data = TrainingData(rows, np.arange(2), task, n, rows[:0])
    return Form.of(model, data, rows)


def test_targets_are_one_hot_unless_the_loss_is_sparse() -> None:
    targets, rows = np.array([1, 0]), np.exp(LOGITS)
    form = form_of(compiled("categorical_crossentropy"), rows)
    assert form.targets(targets).tolist() == [[0, 1], [1, 0]]
    form = form_of(compiled(keras.losses.SparseCategoricalCrossentropy()), rows)
    assert form.targets(targets).tolist() == [[1], [0]]
    form = form_of(compiled("binary_crossentropy", 1), rows[:, :1])
    assert form.targets(targets).tolist() == [[1], [0]]


def test_outputs_become_probabilities() -> None:
    model = compiled(keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    found = form_of(model, LOGITS).predict(model, LOGITS)
    np.testing.assert_allclose(found, np.exp(LOGITS), rtol=1e-6)
    model = compiled("binary_crossentropy", 1)
    found = form_of(model, np.array([[0.25]])).predict(model, np.array([[0.25]]))
    np.testing.assert_allclose(found, [[0.75, 0.25]])
    assert form_of(model, np.array([[0.25]])).predict(model, np.empty((0, 1))).shape == (0, 2)


def test_outputs_that_are_no_probabilities_or_of_another_shape_are_refused() -> None:
    model = compiled("categorical_crossentropy")
    with pytest.raises(ValueError, match="outputs must be probabilities, or logits with a loss"):
        form_of(model, LOGITS).predict(model, LOGITS)
    with pytest.raises(ValueError, match=r"must be \(rows, 3\); received \(2, 2\)"):
        form_of(model, LOGITS, n=3)


def test_it_is_measured_by_cross_entropy_or_squares() -> None:
    rows = np.exp(LOGITS)
    form = form_of(compiled("categorical_crossentropy"), rows)
    loss, error = form.measure(rows, np.array([1, 1]))
    assert loss == pytest.approx(-np.log(0.8 * 0.1) / 2)
    assert error == 0.5
    numbers = np.array([[1.0], [3.0]])
    form = form_of(compiled("mse", 1), numbers, "regression", 1)
    assert form.measure(numbers, np.array([1.0, 1.0])) == (2.0, 2.0**0.5)
