"""A trained recipe as a Keras model that a person can use."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from search.models.build import build_model
from search.rows import Array, Task
from spaces import Recipe


def trained_model(
    recipe: Recipe, weights: Sequence[Array], *, n_features: int, n_outputs: int, task: Task
) -> keras.Model:
    """The network of a recipe with these weights, uncompiled.

    Args:
        recipe: what was trained.
        weights: in the order of `keras.Model.get_weights`.
        n_features: length of a row.
        n_outputs: classes, or 1 for a regression.
        task: classification adds a softmax.

    Returns:
        (rows, n_features) -> (rows, n_outputs) probabilities, or standardized numbers.
    """
    model = build_model(recipe, n_features, n_outputs)
    model.set_weights(list(weights))
    if task == "classification":
        return keras.Model(model.inputs, keras.layers.Softmax()(model.output))
    return model


def save_model(model: keras.Model, path: Path) -> None:
    """Write a model as a `.keras` file."""
    model.save(path)


def predictions(model: keras.Model, rows: Array) -> Array:
    """(rows, features) -> (rows, outputs) float32."""
    return np.asarray(keras.ops.convert_to_numpy(model(rows, training=False)))
