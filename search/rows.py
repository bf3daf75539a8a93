"""The rows that trainings see: arrays, and which of them a member uses for what."""

from dataclasses import dataclass
from typing import Any, Literal, final

from numpy.typing import NDArray

Array = NDArray[Any]
Task = Literal["classification", "regression"]


@final
@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """The rows that trainings draw from. Members name rows by their index in it."""

    features: Array
    """(rows, features) float32, prepared."""
    targets: Array
    """(rows,) int32 class indices, or float32 standardized numbers for a regression."""
    task: Task
    """What is predicted."""
    n_outputs: int
    """Classes, or 1 for a regression."""
    held_out: Array
    """(rows held out, features) float32: predicted once a training has ended; may have no rows."""
    sample_weight: Array | None = None
    """(rows,) float32 that the training loss of each row is multiplied by, as in Keras."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Which rows a member trains on and which it is validated on.

    Splits of one data set have equal sizes, so that their members can share a program.
    """

    train: Array
    """(training rows,) int32 indices."""
    validation: Array
    """(validation rows,) int32 indices."""
