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
"""Each includes those before it. What a dropped unit becomes is a number."""

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
    normalization: str
    """Level of the factor."""
    weighted: bool
    """Whether rows have weights in the training loss."""
    activations: tuple[str, ...]
    """Some of ACTIVATIONS, in that order; which of them a member has is a number."""
    optimizer_families: tuple[str, ...]
    """Some of SLOTS, in that order; which of them a member has is a number."""
    dropout: str
    """One of DROPPING_PLACES."""
    penalized: bool
    """Whether kernels may be penalized; by how much is a number."""
    max_norm: bool
    """Whether hidden kernels may be constrained; to what norm is a number."""

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
            normalization=recipe.normalization,
            weighted=weighted,
            activations=(recipe.activation,),
            optimizer_families=(OPTIMIZER_FAMILIES[recipe.optimizer],),
            dropout=DROPPING[recipe.regularization],
            penalized=recipe.l1 is not None or recipe.l2 is not None,
            max_norm=recipe.max_norm is not None,
        )

    def skeleton(self) -> Self:
        """What must be equal for two structures to be joined."""
        return replace(
            self,
            activations=(),
            optimizer_families=(),
            dropout="nowhere",
            penalized=False,
            max_norm=False,
        )

    def joined(self, other: Self) -> Self:
        """What can train the members of both, if their skeletons are equal."""
        families = (*self.optimizer_families, *other.optimizer_families)
        return replace(
            self,
            activations=tuple(
                x for x in ACTIVATIONS if x in (*self.activations, *other.activations)
            ),
            optimizer_families=tuple(family for family in SLOTS if family in families),
            dropout=max(self.dropout, other.dropout, key=DROPPING_PLACES.index),
            penalized=self.penalized or other.penalized,
            max_norm=self.max_norm or other.max_norm,
        )

    @property
    def n_slots(self) -> int:
        """Tensors that are kept beside each weight."""
        return max(SLOTS[family] for family in self.optimizer_families)

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
    def drops_inputs(self) -> bool:
        """Whether each member may see the inputs in its own way."""
        return self.dropout == "inputs_and_hidden"

    def work(self, n_train: int) -> float:
        """Multiplications and additions in a member's epoch over so many rows, about."""
        return 6.0 * self.n_weights * n_train  # twice as many backward as forward

    @property
    def n_weights(self) -> int:
        """Numbers in one member's weights."""
        kernels = (self.n_features + (self.depth - 1) * self.width) * self.width
        n_vectors = len(self.roles) - 2 - self.depth
        return kernels + n_vectors * self.width + (self.width + 1) * self.n_outputs
