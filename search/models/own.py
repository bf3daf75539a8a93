"""A person's own architecture with a recipe's settings.

def build(layers, inputs, outputs):
    x = layers.conv2d(32, 3)(inputs)
    x = keras.layers.MaxPooling2D()(x)
    x = layers.conv2d(64, 3)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return outputs(layers.dense(100)(x))
"""

import math
from collections.abc import Callable
from typing import Any

import keras

from search.models.layers import Block, Layers
from spaces import Recipe

Build = Callable[[Layers, Any, Block], Any]
"""Takes a recipe's layer factories, the inputs (a Keras tensor: rows of their own shape, after
whatever the recipe does to them), and the block of the output layer; returns what that block made
of the last hidden layer."""


def build_own(
    build: Build, recipe: Recipe, row_shape: tuple[int, ...], n_outputs: int, seed: int
) -> keras.Model:
    """The network of a recipe in a person's own architecture, uncompiled.

    Kernels of the factories start from the seed and their place alone; so networks of recipes that
    differ in something else than the initializer start alike. Layers of the person's own start
    from Keras's random numbers.

    Args:
        build: the person's function.
        recipe: what the layers are made by.
        row_shape: of a row as the function sees it.
        n_outputs: classes, or 1 for a regression.
        seed: of the initial weights, in [0, 2**32).

    Returns:
        (rows, features) -> (rows, n_outputs) logits or numbers, the features flat as in any other
        model of the package.

    Raises:
        ValueError: if the function returns something else than what the output layer made.
    """
    layers = Layers(recipe, seed=seed)
    outputs = layers.output(n_outputs)
    flat = keras.Input((math.prod(row_shape),))
    rows = keras.layers.Reshape(row_shape)(flat) if len(row_shape) > 1 else flat
    made = build(layers, layers.inputs()(rows), outputs)
    if not isinstance(made, keras.KerasTensor):
        raise ValueError(f"it must return what outputs(...) made; received a {type(made).__name__}")
    if made.shape != (None, n_outputs):
        raise ValueError(
            f"it must end in (rows, {n_outputs}), so flatten or pool before outputs(...); "
            f"received {made.shape}"
        )
    model = keras.Model(flat, made)
    if outputs[-1] is not model.layers[-1]:
        raise ValueError("it must return what outputs(...) made; received another layer's output")
    return model
