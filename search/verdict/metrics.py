"""What two recipes may be compared in: one table of metrics, each with its direction and margin."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, final

from search.defaults import MARGIN_CLASSIFICATION, MARGIN_REGRESSION_RATIO
from search.errors import InputError
from search.rows import Task


class Loss(StrEnum):
    """A metric turned so that lower is better; `METRICS` says what it is."""

    ERROR_RATE = "error"
    BALANCED_ERROR = "balanced_error"
    LOG_LOSS = "log_loss"
    AUC = "auc"
    RMSE = "rmse"
    MAE = "mae"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One line of the table."""

    name: str
    """Of the loss, within a sentence."""
    about: str
    """What it is, as a loss."""
    task: Task
    """What it measures."""
    direction: Literal["lower", "higher"]
    """Which values of the metric as it is known are better; its loss is always better lower."""
    margin: float
    """The smallest difference of the loss that matters, unless a person says otherwise."""
    root: int
    """0: recipes differ by the difference of the loss. Otherwise by the logarithm of the ratio, and
    the loss is this root of the mean over the rows."""
    scale: float
    """What a difference is multiplied by where a person reads it."""
    decimals: int
    """And how many decimals it then has."""
    unit: str
    """Its unit there."""
    rule_of_three: bool
    """Whether no event in the rows at hand still leaves room for rare ones."""

    @property
    def is_ratio(self) -> bool:
        """Whether a difference is the logarithm of a ratio."""
        return self.root > 0

    @property
    def short_unit(self) -> str:
        """Its unit where the metric is named beside it."""
        return self.unit.partition(" of ")[0]


METRICS: dict[Loss, Metric] = {
    Loss.ERROR_RATE: Metric(
        name="error",
        about="share of rows put into a wrong class",
        task="classification",
        direction="lower",
        margin=MARGIN_CLASSIFICATION,
        root=0,
        scale=100,
        decimals=2,
        unit="percentage points",
        rule_of_three=True,
    ),
    Loss.BALANCED_ERROR: Metric(
        name="balanced error",
        about="mean over the classes of the share of their rows put into a wrong class",
        task="classification",
        direction="lower",
        margin=MARGIN_CLASSIFICATION,
        root=0,
        scale=100,
        decimals=2,
        unit="percentage points of the balanced error",
        rule_of_three=True,
    ),
    Loss.LOG_LOSS: Metric(
        name="log loss",
        about="mean of -ln of the probability given to the true class, in nats",
        task="classification",
        direction="lower",
        # The truth's probability, in the geometric mean over the rows, is 1 % higher or lower.
        margin=0.01,
        root=0,
        scale=1,
        decimals=4,
        unit="nats of the log loss",
        rule_of_three=False,
    ),
    Loss.AUC: Metric(
        name="1 − AUC",
        about="1 - AUC: how often a row of one class ranks wrongly against one of the other",
        task="classification",
        direction="higher",
        margin=0.01,
        root=0,
        scale=100,
        decimals=2,
        unit="percentage points of 1 − AUC",
        rule_of_three=True,
    ),
    Loss.RMSE: Metric(
        name="RMSE",
        about="root mean squared error",
        task="regression",
        direction="lower",
        margin=math.log(MARGIN_REGRESSION_RATIO),
        root=2,
        scale=100,
        decimals=2,
        unit="% of the RMSE",
        rule_of_three=False,
    ),
    Loss.MAE: Metric(
        name="MAE",
        about="mean absolute error",
        task="regression",
        direction="lower",
        margin=math.log(MARGIN_REGRESSION_RATIO),
        root=1,
        scale=100,
        decimals=2,
        unit="% of the MAE",
        rule_of_three=False,
    ),
}


def get_loss(name: str | None, task: Task, n_classes: int) -> Loss:
    """The loss of a metric by its name; None for the error rate or the RMSE, as the task is.

    Args:
        name: a metric in `METRICS`.
        task: what is predicted.
        n_classes: classes among the development rows; 0 for a regression.

    Raises:
        InputError: if there is no such metric, or it does not measure this task.
    """
    fitting = [str(loss) for loss, metric in METRICS.items() if metric.task == task]
    if name is None:
        return Loss(fitting[0])
    if name not in fitting:
        raise InputError("--metric", f"of a {task} must be one of {', '.join(fitting)}", name)
    if name == Loss.AUC and n_classes != 2:
        raise InputError("--metric auc", "must have two classes", f"{n_classes} classes")
    return Loss(name)


def points(difference: float, loss: Loss) -> float:
    """A difference in its metric's unit, as a person reads it.

    Args:
        difference: of the loss, or ln of a ratio (exp(d) - 1 is shown).
        loss: which loss.
    """
    metric = METRICS[loss]
    return metric.scale * (math.expm1(difference) if metric.is_ratio else difference)


def row_weight(loss: Loss, n_classes: int, rarest_share: float) -> float:
    """For how many rows of the whole the weightiest row counts; 1 where all count alike.

    One row of n_c in a class moves the balanced error of K classes by 1/(K n_c), and the AUC by up
    to 1/n_c.

    Args:
        loss: what is measured.
        n_classes: K.
        rarest_share: share of the rarest class among the rows, in (0, 1].
    """
    if loss is Loss.BALANCED_ERROR:
        return max(1.0, 1 / (n_classes * rarest_share))
    return 1 / rarest_share if loss is Loss.AUC else 1.0
