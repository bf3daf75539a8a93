"""Members that stand side by side in a stack and see the same batches."""

from collections.abc import Collection, Mapping, Sequence
from typing import final

import numpy as np

from search.rows import Array
from search.training.batches import epoch_order, n_steps
from search.training.contract import EpochReport, Member
from search.training.progress import Progress
from spaces import Recipe

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@final
class Group:
    """A group from its first epoch to its last.

    Args:
        indices: of its members.
        members: by index; those of the group have equal splits and orders.
        lanes: places side by side; what is left is filled up with the first member.
    """

    def __init__(self, indices: Sequence[int], members: Mapping[int, Member], lanes: int) -> None:
        self.indices = tuple(indices)
        padded = [*indices, *[indices[0]] * (lanes - len(indices))]
        self.members = [members[index] for index in padded]
        split = self.members[0].split
        self.steps = n_steps(len(split.train), self.members[0].recipe.batch_size)
        self.progress = [Progress(member.recipe, self.steps) for member in self.members]
        self.seconds = [0.0] * lanes
        self.epoch = 0
        self.is_over = False

    @property
    def n_active(self) -> int:
        """Members that are still in training."""
        own = self.progress[: len(self.indices)]
        return 0 if self.is_over else sum(progress.ending is None for progress in own)

    def reports(self) -> list[EpochReport]:
        """Where its members in training stand."""
        pairs = zip(self.indices, self.progress, strict=False)  # what fills up has no index
        return [p.report(index) for index, p in pairs if p.ending is None and not self.is_over]

    def prune(self, pruned: Collection[int]) -> None:
        """End those of its members in training that are among these."""
        for index, progress in zip(self.indices, self.progress, strict=False):
            if index in pruned and progress.ending is None:
                progress.prune()

    def order(self) -> Array:
        """(steps, batch size) rows of this epoch; the last step is filled up from the first."""
        member = self.members[0]
        order = epoch_order(member.seeds.order, self.epoch, member.split.train)
        return np.resize(order, (self.steps, member.recipe.batch_size))

    def hear(self, metrics: Array, seconds: float) -> list[bool]:
        """Take in how the epoch went, (members, 3); return whose weights are to be kept."""
        improved = []
        for i, progress in enumerate(self.progress):
            self.seconds[i] += seconds if progress.ending is None else 0.0
            improved.append(progress.hear(self.epoch, *metrics[i].tolist()))
        self.epoch += 1
        return improved


def dropout_rates(recipe: Recipe) -> list[float]:
    """The dropout rate of the inputs and of each hidden layer."""
    rate, level = recipe.dropout_rate or 0.0, recipe.regularization
    hidden = 0.0 if level == "dropout_last" else rate
    inputs = rate if level == "dropout_inputs" else 0.0
    return [inputs, *[hidden] * (recipe.depth - 1), rate]


def dropping_numbers(recipe: Recipe) -> dict[str, Array]:
    """What dropping makes of units, of the inputs and of each hidden layer: name -> (depth + 1,).

    A unit that is kept is multiplied by `scale`, and `offset` is added; one that is not becomes
    `dropped`. Alpha dropout keeps mean and variance (Klambauer et al. 2017, section 3).
    """
    rates = np.array(dropout_rates(recipe))
    if recipe.regularization != "alpha_dropout":
        nothing = np.zeros_like(rates)
        return {"scale": 1 / (1 - rates), "offset": nothing, "dropped": nothing}
    lowest = -_SELU_ALPHA * _SELU_SCALE
    scale = 1 / np.sqrt((1 - rates) * (1 + rates * lowest**2))
    offset = -scale * lowest * rates
    return {"scale": scale, "offset": offset, "dropped": scale * lowest + offset}
