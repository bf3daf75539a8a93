"""What is fixed before the first confirm replicate is trained."""

import math
from dataclasses import dataclass

from search.verdict.levels import comparison_alpha
from search.verdict.metrics import Loss


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of every comparison in a report.

    Raises:
        ValueError: naming the field, the rule and what was received.
    """

    loss: Loss
    """What is measured."""
    margin: float
    """The smallest difference that matters: in the loss, or in ln RMSE or ln MAE; above 0."""
    comparisons: int
    """Number m of comparisons in the whole report with its reserved slots, at least 1."""
    n_rows: int
    """Confirm rows, at least 1."""
    row_weight: float = 1.0
    """For how many rows the weightiest one counts; see `metrics.row_weight`."""
    n_groups: int | None = None
    """Groups of confirm rows, where a group is drawn as a whole; None if each row is by itself."""
    one_class: bool = False
    """Whether the confirm rows turned out to be all of one class, which has no AUC."""

    def __post_init__(self) -> None:
        if not 0 < self.margin < math.inf:
            raise ValueError(f"margin must be a number above 0; received {self.margin!r}")
        for name in ("comparisons", "n_rows"):
            value = getattr(self, name)
            if value < 1:
                raise ValueError(f"{name} must be at least 1; received {value!r}")

    @property
    def alpha(self) -> float:
        """The error probability alpha_c of one comparison, all of its claims together."""
        return comparison_alpha(self.comparisons)

    @property
    def least_rows(self) -> int:
        """Confirm rows below which there is no verdict: one row outweighs the margin."""
        return math.ceil(self.row_weight / self.margin)

    @property
    def has_enough_rows(self) -> bool:
        """Whether there can be a verdict."""
        return self.n_rows >= self.least_rows and not self.one_class
