from typing import Any

import keras
import numpy as np
import pytest
from keras.layers import Activation, BatchNormalization, Dense, Dropout, LayerNormalization

from search.models import ACTIVATIONS, Layers, get_activation
from spaces import DEEP, FACTORS, SHALLOW, Recipe

BLOCKS = {
    "none": [Dense, Activation],
    "batch": [Dense, BatchNormalization, Activation],
    "batch_after": [Dense, Activation, BatchNormalization],
    "layer": [Dense, LayerNormalization, Activation],
}


def types(layers: tuple[Any, ...]) -> list[type]:
    return [type(layer) for layer in layers]


def test_every_level_has_an_activation() -> None:
    assert set(ACTIVATIONS) == {level.name for level in FACTORS["activation"].levels}


def test_an_unknown_activation_is_answered_with_the_list() -> None:
    with pytest.raises(ValueError, match=r"must be one of elu, .*; received 'sigmoid'"):
        get_activation("sigmoid")


def test_leaky_relu_leaks_a_fifth_and_gelu_is_exact() -> None:
    assert float(get_activation("leaky_relu")(np.float32(-1))) == pytest.approx(-0.2)
    assert float(get_activation("gelu")(np.float32(1))) == pytest.approx(0.8413447, abs=1e-6)


@pytest.mark.parametrize("normalization", BLOCKS)
def test_a_block_stands_in_the_recipes_order(normalization: str) -> None:
    block = Layers(SHALLOW.replace(normalization=normalization)).dense(5)
    assert types(block) == BLOCKS[normalization]
    assert block[0].use_bias == (normalization != "batch")


@pytest.mark.parametrize(
    ("regularization", "inputs", "hidden", "output"),
    [
        ("early_stopping", 0, 0, 0),
        ("dropout", 0, 1, 0),
        ("alpha_dropout", 0, 1, 0),
        ("dropout_inputs", 1, 1, 0),
        ("dropout_last", 0, 0, 1),
    ],
)
def test_dropout_stands_where_its_level_says(
    regularization: str, inputs: int, hidden: int, output: int
) -> None:
    layers = Layers(SHALLOW.replace(regularization=regularization))
    kind = keras.layers.AlphaDropout if regularization == "alpha_dropout" else Dropout
    parts = (layers.inputs(), layers.dense(5), layers.output(3))
    drops = [[layer for layer in part if isinstance(layer, kind)] for part in parts]
    assert [len(part) for part in drops] == [inputs, hidden, output]
    assert all(layer.rate == layers.recipe.dropout_rate for part in drops for layer in part)
    assert types(layers.dropout()) == [kind] * hidden
    assert type(parts[1][-1]) is (kind if hidden else Activation)
    assert type(parts[2][-1]) is Dense


@pytest.mark.parametrize(
    ("regularization", "config"),
    [
        ("l1", {"l1": 0.25}),
        ("l2", {"l2": 0.5}),
        ("l1_l2", {"l1": 0.25, "l2": 0.5}),
    ],
)
def test_penalties_are_on_hidden_and_output_kernels(
    regularization: str, config: dict[str, float]
) -> None:
    layers = Layers(DEEP.replace(regularization=regularization, **config))
    for layer in (layers.dense(5)[0], layers.output(3)[0]):
        assert layer.kernel_regularizer.get_config() == config
        assert layer.bias_regularizer is None


def test_max_norm_is_on_hidden_kernels_only() -> None:
    layers = Layers(DEEP.replace(regularization="max_norm", max_norm=1.5))
    assert layers.dense(5)[0].kernel_constraint.get_config() == {"max_value": 1.5, "axis": 0}
    assert layers.output(3)[0].kernel_constraint is None


def test_max_norm_takes_the_axes_that_lead_into_a_filter() -> None:
    layers = Layers(SHALLOW.replace(regularization="max_norm", max_norm=0.5))
    convolution = layers.hidden(keras.layers.Conv2D, 4, 3, strides=2)[0]
    convolution.build((None, 8, 8, 2))
    kernel = np.asarray(convolution.kernel_constraint(convolution.kernel * 10))
    np.testing.assert_allclose(np.linalg.norm(kernel.reshape(-1, 4), axis=0), 0.5, rtol=1e-5)
    assert convolution.strides == (2, 2)


def test_layers_without_a_known_kernel_are_answered_with_the_list() -> None:
    with pytest.raises(ValueError, match="must be one of Dense, Conv1D, Conv2D, Conv3D"):
        Layers(SHALLOW).hidden(keras.layers.LSTM, 5)


def test_layers_of_the_same_shape_start_apart() -> None:
    layers = Layers(SHALLOW)
    model = keras.Sequential([keras.Input((5,)), *layers.dense(5), *layers.dense(5)])
    first, _, second, _ = model.get_weights()
    assert not np.array_equal(first, second)


def test_a_block_is_called_as_a_layer_is() -> None:
    inputs = keras.Input((6, 6, 1))
    outputs = Layers(DEEP).conv2d(3, 2, strides=2)(inputs)
    assert outputs.shape == (None, 3, 3, 3)
    assert types(tuple(keras.Model(inputs, outputs).layers[1:])) == [
        keras.layers.Conv2D,
        BatchNormalization,
        Activation,
    ]
    assert Layers(DEEP).dropout()(inputs) is inputs


def test_seeded_kernels_depend_on_their_place_alone() -> None:
    def kernels(recipe: Recipe, seed: int) -> list[Any]:
        layers = Layers(recipe, seed=seed)
        blocks = (layers.dense(5), layers.dense(5), layers.output(5))
        model = keras.Sequential([keras.Input((5,)), *(x for block in blocks for x in block)])
        return [weights for weights in model.get_weights() if weights.ndim == 2]

    first, plain, dropping = kernels(DEEP, 1), SHALLOW, SHALLOW.replace(regularization="dropout")
    np.testing.assert_array_equal(first, kernels(plain, 1))
    np.testing.assert_array_equal(first, kernels(dropping, 1))
    assert not any(map(np.array_equal, first, kernels(DEEP, 2)))
    assert not np.array_equal(first[0], first[1])
