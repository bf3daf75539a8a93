"""A recipe as a plain Keras model: the reference for every other way of training it."""

from collections.abc import Callable

import keras
from keras.layers import Layer

from search.models.layers import Layers
from spaces import Recipe

LOSSES: dict[str, Callable[[], keras.losses.Loss]] = {
    "classification": lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "regression": keras.losses.MeanSquaredError,
}


def build_model(
    recipe: Recipe,
    n_features: int,
    n_outputs: int,
    *,
    dropout: Callable[[float], Layer] | None = None,
) -> keras.Model:
    """The network of a recipe, uncompiled, its weights at Keras's own random start.

    Args:
        recipe: what to build.
        n_features: length of a row.
        n_outputs: classes, or 1 for a regression.
        dropout: makes the dropout layers, as in `Layers`.

    Returns:
        (rows, n_features) -> (rows, n_outputs) logits or numbers.
    """
    layers = Layers(recipe, dropout)
    inputs = keras.Input((n_features,))
    outputs = layers.inputs()(inputs)
    for _ in range(recipe.depth):
        outputs = layers.dense(recipe.width)(outputs)
    return keras.Model(inputs, layers.output(n_outputs)(outputs))


def loss_for(task: str) -> keras.losses.Loss:
    """The mean cross-entropy of logits and class indices, or the mean squared error.

    Raises:
        ValueError: listing the tasks.
    """
    if task not in LOSSES:
        raise ValueError(f"task must be one of {', '.join(LOSSES)}; received {task!r}")
    return LOSSES[task]()
