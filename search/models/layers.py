"""Layer factories: every layer of a network with a recipe's settings, in the recipe's order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import count
from typing import Any, final

import keras
from keras.layers import Layer

from search.models.initializers import get_initializer
from search.seeds import derive
from spaces import Recipe

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "elu": keras.activations.elu,
    "swish": keras.activations.silu,
    "relu": keras.activations.relu,
    "selu": keras.activations.selu,
    "leaky_relu": keras.activations.leaky_relu,  # slope 0.2 below zero
    "gelu": keras.activations.gelu,  # exact, not its tanh approximation
    "mish": keras.activations.mish,
    "tanh": keras.activations.tanh,
}

DROPOUTS: dict[str, Callable[[float], Layer]] = {
    "dropout": keras.layers.Dropout,
    "dropout_inputs": keras.layers.Dropout,
    "dropout_last": keras.layers.Dropout,
    "alpha_dropout": keras.layers.AlphaDropout,
}

# The axes of a kernel that lead into one unit or filter.
KERNEL_AXES: dict[Callable[..., Layer], int | tuple[int, ...]] = {
    keras.layers.Dense: 0,
    keras.layers.Conv1D: (0, 1),
    keras.layers.Conv2D: (0, 1, 2),
    keras.layers.Conv3D: (0, 1, 2, 3),
}


def get_activation(name: str) -> Callable[[Any], Any]:
    """The Keras activation called `name`.

    Raises:
        ValueError: listing the activations.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; received {name!r}")
    return ACTIVATIONS[name]


@final
class Block(tuple[Layer, ...]):
    """Layers to put one after the other: call it, or unpack it into a `Sequential`."""

    __slots__ = ()

    def __call__(self, inputs: Any) -> Any:
        """What the last layer makes of the inputs; the inputs themselves if there is none."""
        return reduce(lambda tensor, layer: layer(tensor), self, inputs)


@final
@dataclass(frozen=True, slots=True)
class Layers:
    """The factories of one recipe; each returns a block.

    For an architecture of one's own:

        layers = Layers(SHALLOW)
        model = keras.Sequential([
            keras.Input((28, 28, 1)),
            *layers.inputs(),
            *layers.conv2d(32, 3),
            keras.layers.Flatten(),
            *layers.dense(100),
            *layers.output(10),
        ])

    It is `functools.partial` over the layer class with what a block needs besides: normalization,
    activation and dropout where the recipe has them.
    """

    recipe: Recipe
    """Whose settings the layers get; its depth and width do not matter here."""
    dropout_layer: Callable[[float], Layer] | None = None
    """Makes a dropout layer of a rate, in place of Keras's; called in the network's order."""
    seed: int | None = None
    """Of the kernels, each by its place among them, in [0, 2**32); None leaves them to Keras."""
    _places: Iterator[int] = field(default_factory=count, repr=False)

    def inputs(self) -> Block:
        """What stands between the inputs and the first layer: dropout, under `dropout_inputs`."""
        return self._dropout("dropout_inputs")

    def dense(self, units: int, **options: Any) -> Block:
        """A hidden block around `Dense`; as `hidden`."""
        return self.hidden(keras.layers.Dense, units, **options)

    def conv1d(self, filters: int, kernel_size: Any, **options: Any) -> Block:
        """A hidden block around `Conv1D`; as `hidden`."""
        return self.hidden(keras.layers.Conv1D, filters, kernel_size, **options)

    def conv2d(self, filters: int, kernel_size: Any, **options: Any) -> Block:
        """A hidden block around `Conv2D`; as `hidden`."""
        return self.hidden(keras.layers.Conv2D, filters, kernel_size, **options)

    def hidden(self, layer: Callable[..., Layer], *args: Any, **options: Any) -> Block:
        """A hidden block: the layer, normalization, activation and dropout.

        Batch normalization before the activation makes a bias useless, so that layer has none.
        Under `max_norm` the kernel is constrained; the output layer's never is.

        Args:
            layer: one of `KERNEL_AXES`.
            *args: its own arguments: units, or filters and kernel size.
            **options: more of its own arguments, such as strides; they win over the recipe's.

        Raises:
            ValueError: listing the layers.
        """
        if layer not in KERNEL_AXES:
            listed = ", ".join(known.__name__ for known in KERNEL_AXES)
            raise ValueError(f"layer must be one of {listed}; received {layer!r}")
        recipe, settings = self.recipe, self._kernel_options()
        if recipe.max_norm is not None:
            settings["kernel_constraint"] = keras.constraints.MaxNorm(
                recipe.max_norm, axis=KERNEL_AXES[layer]
            )
        if recipe.normalization == "batch":
            settings["use_bias"] = False
        block = self._normalized(layer(*args, **{**settings, **options}))
        return Block((*block, *self.dropout()))

    def activation(self) -> Block:
        """The recipe's activation alone, after a sum of branches, say."""
        return Block((keras.layers.Activation(get_activation(self.recipe.activation)),))

    def dropout(self) -> Block:
        """What hidden blocks end with: dropout, if the recipe drops in every hidden layer."""
        return self._dropout("dropout", "alpha_dropout", "dropout_inputs")

    def output(self, units: int) -> Block:
        """The output layer: no activation, so logits or numbers; penalized as hidden kernels.

        Under `dropout_last`, dropout stands before it.
        """
        layer = keras.layers.Dense(units, **self._kernel_options())
        return Block((*self._dropout("dropout_last"), layer))

    def _normalized(self, layer: Layer) -> tuple[Layer, ...]:
        (activation,) = self.activation()
        match self.recipe.normalization:
            case "batch":
                return layer, keras.layers.BatchNormalization(), activation
            case "layer":
                return layer, keras.layers.LayerNormalization(), activation
            case "batch_after":
                return layer, activation, keras.layers.BatchNormalization()
        return layer, activation

    def _kernel_options(self) -> dict[str, Any]:
        recipe = self.recipe
        place = next(self._places)
        seed = None if self.seed is None else derive(self.seed, "init", place)
        initializer = get_initializer(recipe.initializer, seed=seed)
        options: dict[str, Any] = {"kernel_initializer": initializer}
        match recipe.regularization:
            case "l1":
                options["kernel_regularizer"] = keras.regularizers.L1(recipe.l1)
            case "l2":
                options["kernel_regularizer"] = keras.regularizers.L2(recipe.l2)
            case "l1_l2":
                options["kernel_regularizer"] = keras.regularizers.L1L2(recipe.l1, recipe.l2)
        return options

    def _dropout(self, *levels: str) -> Block:
        """A dropout layer, if the recipe's regularization is one of these levels."""
        if self.recipe.regularization not in levels:
            return Block()
        make = self.dropout_layer or DROPOUTS[self.recipe.regularization]
        return Block((make(self.recipe.dropout_rate or 0.0),))
