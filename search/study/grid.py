# ruff: noqa: ARG002  # Optuna hands over more than a grid asks for
"""A whole grid, in an order that soon covers it."""

import math
from collections.abc import Sequence
from typing import Any, final

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from spaces import Space, Value, grid_point, grid_size

STEPS = 3
"""Values of a number."""
_GOLDEN = (math.sqrt(5) - 1) / 2


@final
class GridSampler(BaseSampler):
    """Goes through the grid of a space, conditions included, by a trial's number.

    Unlike Optuna's own it knows conditions. The order is one long stride around the grid, so that
    the first trials are spread over it. Trial 0 is the default; the grid begins with trial 1.

    Args:
        space: what may vary.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._size = n_points(space)
        self._stride = _coprime(self._size)
        self._point: dict[str, Value] = {}

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Look up the trial's point."""
        index = (trial.number - 1) * self._stride % self._size
        self._point = grid_point(self._space, index, STEPS)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing is drawn together."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing is drawn together."""
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The point's value."""
        return self._point[param_name]

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Nothing is learned."""


def n_points(space: Space) -> int:
    """How many points the grid of a space has."""
    return grid_size(space, STEPS)


def _coprime(size: int) -> int:
    """A stride that meets every point of a ring of `size` once."""
    stride = max(1, round(size * _GOLDEN))
    while math.gcd(stride, size) > 1:
        stride += 1
    return stride
