"""Layer factories: every layer of a network with a recipe's settings, in the recipe's order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import keras
from keras.layers import Layer

from search.models.initializers import get_initializer
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
@dataclass(frozen=True, slots=True)
class Layers:
    """The factories of one recipe; each returns layers to put one after the other.

    For an architecture of one's own:

        layers = Layers(SHALLOW)
        model = keras.Sequential([
            keras.Input((28, 28, 1)),
            *layers.inputs(),
            *layers.hidden(keras.layers.Conv2D, 32, 3),
            keras.layers.Flatten(),
            *layers.dense(100, last=True),
            *layers.output(10),
        ])

    It is `functools.partial` over the layer class with what a block needs besides: normalization,
    activation and dropout where the recipe has them.
    """

    recipe: Recipe
    """Whose settings the layers get; its depth and width do not matter here."""
    dropout: Callable[[float], Layer] | None = None
    """Makes a dropout layer of a rate, in place of Keras's; called in the network's order."""

    def inputs(self) -> tuple[Layer, ...]:
        """What stands between the inputs and the first layer: dropout, under `dropout_inputs`."""
        return self._dropout() if self.recipe.regularization == "dropout_inputs" else ()

    def dense(self, units: int, *, last: bool = False) -> tuple[Layer, ...]:
        """A hidden block around `Dense(units)`; as `hidden`."""
        return self.hidden(keras.layers.Dense, units, last=last)

    def hidden(
        self, layer: Callable[..., Layer], *args: Any, last: bool = False, **options: Any
    ) -> tuple[Layer, ...]:
        """A hidden block: the layer, normalization, activation and dropout.

        Batch normalization before the activation makes a bias useless, so that layer has none.
        Under `max_norm` the kernel is constrained; the output layer's never is.

        Args:
            layer: one of `KERNEL_AXES`.
            *args: its own arguments: units, or filters and kernel size.
            last: whether this is the last hidden block, which `dropout_last` drops after.
            **options: more of its own arguments, such as strides.

        Raises:
            ValueError: listing the layers.
        """
        if layer not in KERNEL_AXES:
            listed = ", ".join(known.__name__ for known in KERNEL_AXES)
            raise ValueError(f"layer must be one of {listed}; received {layer!r}")
        recipe = self.recipe
        if recipe.max_norm is not None:
            options["kernel_constraint"] = keras.constraints.MaxNorm(
                recipe.max_norm, axis=KERNEL_AXES[layer]
            )
        if recipe.normalization == "batch":
            options["use_bias"] = False
        block = self._normalized(layer(*args, **self._kernel_options(), **options))
        drops = recipe.regularization in DROPOUTS
        if drops and (last or recipe.regularization != "dropout_last"):
            block += self._dropout()
        return block

    def output(self, units: int) -> tuple[Layer, ...]:
        """The output layer: no activation, so logits or numbers; penalized as hidden kernels."""
        return (keras.layers.Dense(units, **self._kernel_options()),)

    def _normalized(self, layer: Layer) -> tuple[Layer, ...]:
        activation = keras.layers.Activation(get_activation(self.recipe.activation))
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
        options: dict[str, Any] = {"kernel_initializer": get_initializer(recipe.initializer)}
        match recipe.regularization:
            case "l1":
                options["kernel_regularizer"] = keras.regularizers.L1(recipe.l1)
            case "l2":
                options["kernel_regularizer"] = keras.regularizers.L2(recipe.l2)
            case "l1_l2":
                options["kernel_regularizer"] = keras.regularizers.L1L2(recipe.l1, recipe.l2)
        return options

    def _dropout(self) -> tuple[Layer, ...]:
        make = self.dropout or DROPOUTS[self.recipe.regularization]
        return (make(self.recipe.dropout_rate or 0.0),)
