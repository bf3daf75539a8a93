"""What decides the shape of a compiled program; members that share it train as one stack."""

from dataclasses import dataclass, replace
from typing import Self

from search.rows import Task
from spaces import Recipe

OPTIMIZER_FAMILIES = {
    "nag": "sgd",
    "momentum": "sgd",
    "sgd": "sgd",
    "adam": "adam",
    "adamw": "adam",
    "nadam": "nadam",
    "rmsprop": "rmsprop",
}
"""Optimizers of a family differ in numbers only. Weight decay is a number in all of them."""

SLOTS = {"sgd": 1, "adam": 2, "nadam": 2, "rmsprop": 1}
"""Optimizer family -> how many tensors it keeps beside each weight."""

DROPPING_PLACES = ("nowhere", "hidden", "inputs_and_hidden")
"""Each includes those before it."""

DROPPING = {
    "early_stopping": "nowhere",
    "none": "nowhere",
    "weight_decay": "nowhere",
    "l1": "nowhere",
    "l2": "nowhere",
    "l1_l2": "nowhere",
    "max_norm": "nowhere",
    "dropout": "hidden",
    "alpha_dropout": "hidden",
    "dropout_inputs": "inputs_and_hidden",
    "dropout_last": "hidden",
}
"""Regularization -> where units may be dropped; how many, of each layer, is a number."""

NORMALIZATION_ROLES = {
    "none": (),
    "batch": ("gamma", "beta", "moving_mean", "moving_variance"),
    "batch_after": ("gamma", "beta", "moving_mean", "moving_variance"),
    "layer": ("gamma", "beta"),
}
"""Normalization -> the weights it adds to a hidden layer, in Keras's order."""

ACTIVATIONS = ("elu", "swish", "relu", "selu", "leaky_relu", "gelu", "mish", "tanh")


def knows(recipe: Recipe) -> bool:
    """Whether a stack can train a recipe."""
    return (
        recipe.activation in ACTIVATIONS
        and recipe.normalization in NORMALIZATION_ROLES
        and recipe.regularization in DROPPING
        and recipe.optimizer in OPTIMIZER_FAMILIES
    )


@dataclass(frozen=True, slots=True)
class Structure:
    """Everything about a member that is not a number its program takes as an argument."""

    n_features: int
    """Columns of the prepared data."""
    n_outputs: int
    """Classes, or 1."""
    task: Task
    """Decides the loss."""
    depth: int
    """Hidden layers."""
    width: int
    """Units in each."""
    batch_size: int
    """Rows in a step."""
    activation: str
    """Of the hidden layers."""
    normalization: str
    """Level of the factor."""
    optimizer_family: str
    """A value of OPTIMIZER_FAMILIES."""
    dropout: str
    """One of DROPPING_PLACES."""
    alpha: bool
    """Whether dropping keeps mean and variance."""
    penalized: bool
    """Whether kernels are penalized; by how much is a number."""
    max_norm: bool
    """Whether hidden kernels are constrained; to what norm is a number."""
    weighted: bool
    """Whether rows have weights in the training loss."""

    @classmethod
    def of(
        cls, recipe: Recipe, *, n_features: int, n_outputs: int, task: Task, weighted: bool = False
    ) -> Self:
        """The structure of a recipe on data of these dimensions."""
        return cls(
            n_features=n_features,
            n_outputs=n_outputs,
            task=task,
            depth=recipe.depth,
            width=recipe.width,
            batch_size=recipe.batch_size,
            activation=recipe.activation,
            normalization=recipe.normalization,
            optimizer_family=OPTIMIZER_FAMILIES[recipe.optimizer],
            dropout=DROPPING[recipe.regularization],
            alpha=recipe.regularization == "alpha_dropout",
            penalized=recipe.l1 is not None or recipe.l2 is not None,
            max_norm=recipe.max_norm is not None,
            weighted=weighted,
        )

    def plainest(self) -> Self:
        """Without what is only a number: penalties, and dropout that keeps no mean."""
        return replace(self, penalized=False, dropout="hidden" if self.alpha else "nowhere")

    def joined(self, other: Self) -> Self:
        """What can train the members of both, if their plainest structures are equal."""
        dropout = max(self.dropout, other.dropout, key=DROPPING_PLACES.index)
        return replace(self, penalized=self.penalized or other.penalized, dropout=dropout)

    @property
    def roles(self) -> tuple[str, ...]:
        """What each weight is, in the order of `keras.Model.get_weights`.

        kernel, output_kernel, bias, gamma, beta, moving_mean or moving_variance.
        """
        # Batch normalization before the activation has an offset of its own.
        bias = () if self.normalization == "batch" else ("bias",)
        hidden = ("kernel", *bias, *NORMALIZATION_ROLES[self.normalization])
        return (*hidden * self.depth, "output_kernel", "bias")

    @property
    def n_weights(self) -> int:
        """Numbers in one member's weights."""
        kernels = (self.n_features + (self.depth - 1) * self.width) * self.width
        n_vectors = len(self.roles) - 2 - self.depth
        return kernels + n_vectors * self.width + (self.width + 1) * self.n_outputs
