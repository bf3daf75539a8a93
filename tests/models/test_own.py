"""Networks of a person's own."""

from typing import Any

import keras
import numpy as np
import pytest
from keras.layers import Dense, Dropout, Flatten, MaxPooling2D

from search.models import Block, Layers, build_own
from spaces import DEEP, SHALLOW

SHAPE = (6, 6, 1)


def convolutions(layers: Layers, inputs: Any, outputs: Block) -> Any:
    x = layers.conv2d(4, 3)(inputs)
    x = MaxPooling2D()(x)
    x = Flatten()(x)
    x = layers.dense(5)(x)
    return outputs(x)


def test_a_network_has_the_recipes_blocks_and_takes_flat_rows() -> None:
    recipe = DEEP.replace(regularization="dropout_inputs")
    model = build_own(convolutions, recipe, SHAPE, 3, seed=0)
    kinds = [type(layer).__name__ for layer in model.layers[1:]]
    block = ["BatchNormalization", "Activation", "Dropout"]
    start, middle = ["Reshape", "Dropout", "Conv2D"], ["MaxPooling2D", "Flatten", "Dense"]
    assert kinds == [*start, *block, *middle, *block, "Dense"]
    assert model(np.zeros((2, 36), np.float32)).shape == (2, 3)


def test_recipes_that_differ_elsewhere_start_alike() -> None:
    def start(recipe: Any, seed: int) -> list[Any]:
        model = build_own(convolutions, recipe, SHAPE, 3, seed=seed)
        return [weights for weights in model.get_weights() if weights.ndim > 1]

    first = start(DEEP, 1)
    for kernel, same, other in zip(first, start(SHALLOW, 1), start(DEEP, 2), strict=True):
        np.testing.assert_array_equal(kernel, same)
        assert not np.array_equal(kernel, other)


def test_rows_that_are_no_images_come_as_they_are() -> None:
    def residual(layers: Layers, inputs: Any, outputs: Block) -> Any:
        x = layers.dense(5)(inputs)
        x = keras.layers.add([x, Dense(5)(x)])
        return outputs(layers.dropout()(layers.activation()(x)))

    recipe = SHALLOW.replace(regularization="dropout")
    model = build_own(residual, recipe, (4,), 1, seed=0)
    assert model.input_shape == (None, 4)
    assert sum(isinstance(layer, Dropout) for layer in model.layers) == 2


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda *_: None, r"must return what outputs\(...\) made; received a NoneType"),
        (lambda _, x, out: keras.Model(x, out(x)), "received a Functional"),
        (lambda _, x, out: out(x), r"must end in \(rows, 3\), so flatten or pool before .*6"),
        (
            lambda _, x, out: Dense(3)(out(Flatten()(x))),
            "received another layer's output",
        ),
    ],
)
def test_a_function_that_returns_something_else_is_told(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_own(build, SHALLOW, SHAPE, 3, seed=0)
