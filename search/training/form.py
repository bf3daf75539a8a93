"""What form a model of somebody else's wants targets in, and what its outputs mean."""

from dataclasses import dataclass
from typing import Any, Self, final

import keras
import numpy as np
from scipy.special import expit, softmax

from search.rows import Array, Task, TrainingData
from search.training.keras_trainer import outputs_of

_LEAST = 1e-12
"""Keeps logarithms finite."""
_ROUNDING = 1e-3


@final
@dataclass(frozen=True, slots=True)
class Form:
    """How a compiled model sees a task; follows from its loss and the width of its outputs."""

    task: Task
    """What is predicted."""
    n_outputs: int
    """Classes, or 1 for a regression."""
    width: int
    """Of the model's outputs; two classes may share one."""
    is_one_hot: bool
    """Whether targets are (rows, classes) zeros and ones, instead of class indices."""
    from_logits: bool
    """Whether its outputs are logits."""

    @classmethod
    def of(cls, model: keras.Model, data: TrainingData, rows: Array) -> Self:
        """The form of a compiled model.

        Args:
            model: it is called, which builds it where it was not.
            data: for the task.
            rows: a few, in the shape that it sees.

        Raises:
            ValueError: if its outputs do not fit the task.
        """
        shape = tuple(model(rows, training=False).shape)
        widths = {data.n_outputs, 1} if data.n_outputs == 2 else {data.n_outputs}
        if len(shape) != 2 or shape[1] not in widths:
            wanted = " or ".join(f"(rows, {width})" for width in sorted(widths, reverse=True))
            raise ValueError(f"the model's outputs must be {wanted}; received {shape}")
        loss = getattr(model, "loss", None)
        name = loss if isinstance(loss, str) else _name(loss)
        return cls(
            data.task,
            data.n_outputs,
            shape[1],
            is_one_hot=shape[1] > 1 and bool(name) and "sparse" not in name,
            from_logits=isinstance(loss, keras.losses.Loss)
            and bool(loss.get_config().get("from_logits")),
        )

    def targets(self, targets: Array) -> Array:
        """Targets as its loss wants them, of (rows,) class indices or numbers."""
        if self.is_one_hot:
            return np.eye(self.n_outputs, dtype=np.float32)[targets]
        return targets[:, None]

    def predict(self, model: keras.Model, rows: Array) -> Array:
        """(rows, classes) probabilities, or (rows, 1) numbers; none for no rows.

        Raises:
            ValueError: if they are no probabilities, and the loss does not say that they are
                logits.
        """
        found = outputs_of(model, rows) if len(rows) else np.empty((0, self.width), np.float32)
        if self.task == "regression":
            return found
        if self.width == 1:
            one = expit(found) if self.from_logits else found
            found = np.concatenate([1 - one, one], axis=-1)
        elif self.from_logits:
            found = softmax(found, axis=-1)
        finite = found[np.isfinite(found).all(axis=-1)]
        if (finite < 0).any() or (abs(finite.sum(axis=-1) - 1) > _ROUNDING).any():
            raise ValueError("outputs must be probabilities, or logits with a loss that says so")
        return found

    def measure(self, predicted: Array, targets: Array) -> tuple[float, float]:
        """The loss (cross entropy, or mean squared error) and the error (share, or its root)."""
        if self.task == "regression":
            mean = float(np.mean((predicted[:, 0] - targets) ** 2))
            return mean, mean**0.5
        likelihood = np.take_along_axis(predicted, targets[:, None], axis=-1)
        loss = float(-np.log(np.maximum(likelihood, _LEAST)).mean())
        return loss, float((predicted.argmax(axis=-1) != targets).mean())


def _name(loss: Any) -> str:
    """Of a loss of Keras or a function."""
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", ""))
