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
        return keras.Model(model.input, keras.layers.Softmax()(model.output))
    return model


def save_trained(
    path: Path,
    recipe: Recipe,
    weights: Sequence[Array],
    *,
    n_outputs: int,
    task: Task,
    examples: Array,
) -> Array:
    """Write a trained recipe as a `.keras` file; see `trained_model`.

    Args:
        path: of the file.
        recipe: as there.
        weights: as there.
        n_outputs: as there.
        task: as there.
        examples: (rows, features) prepared rows.

    Returns:
        (rows, outputs) float32, what the model says of the examples.
    """
    n_features = examples.shape[1]
    model = trained_model(recipe, weights, n_features=n_features, n_outputs=n_outputs, task=task)
    model.save(path)
    return np.asarray(keras.ops.convert_to_numpy(model(examples, training=False)))
