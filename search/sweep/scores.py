"""What a training comes to: its score on the validation rows, and the record of its trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from search.rows import Array
from search.study.record import CURVE_POINTS, Phase, TrialRecord
from search.training.contract import Curve, EpochReport, Member, Result
from search.verdict import METRICS, Loss, mean_loss, row_losses, standard_error

_LEAST = 1e-12
"""Keeps logarithms finite."""


@final
@dataclass(frozen=True, slots=True)
class Score:
    """How a training did on its validation rows."""

    value: float
    """The metric as a loss; RMSE and MAE in standardized units."""
    standard_error: float
    """Of the value, from the spread over the rows."""
    loss: float
    """What training minimizes, penalties apart: the cross entropy or the mean squared error."""


def score(loss: Loss, result: Result, targets: Array, weights: Array | None = None) -> Score | None:
    """Score a result on its validation rows.

    Args:
        loss: the metric.
        result: of the training.
        targets: (validation rows,).
        weights: (validation rows,) that the loss of each row is multiplied by, if any.

    Returns:
        None if the training diverged.
    """
    if result.validation is None or not np.isfinite(result.validation).all():
        return None
    losses = row_losses(result.validation, targets, loss)
    value = float(mean_loss(losses, loss))
    spread = standard_error(losses, loss, targets)
    if METRICS[loss].task == "regression":
        squares = row_losses(result.validation, targets, Loss.RMSE)
        return Score(value, spread, float(squares.mean()))
    likelihood = np.take_along_axis(result.validation, targets[:, None], axis=1)
    surprises = -np.log(np.maximum(likelihood[:, 0], _LEAST))
    cross_entropy = surprises.mean() if weights is None else np.average(surprises, weights=weights)
    if loss is Loss.ERROR_RATE:  # no lane is known better than to a row
        spread = max(spread, 1 / len(losses))
    return Score(value, spread, float(cross_entropy))


def thinned(curve: Curve) -> Mapping[str, Sequence[float]]:
    """At most CURVE_POINTS epochs of a curve, the first, the last and the best among them.

    To six figures: of ten thousands of trials these are most of what is kept.
    """
    n = len(curve.train_loss)
    epochs = {int(e) for e in np.linspace(1, n, min(n, CURVE_POINTS - 1)).round()}
    if curve.best_epoch:
        epochs.add(curve.best_epoch)
    chosen = sorted(epochs)
    columns = {
        "train_loss": curve.train_loss,
        "validation_loss": curve.validation_loss,
        "validation_error": curve.validation_error,
    }
    thin = {
        name: [float(f"{column[e - 1]:.6g}") for e in chosen] for name, column in columns.items()
    }
    return {"epoch": chosen, **thin}


def loss_after(report: EpochReport, loss: Loss) -> float:
    """What a pruner goes by after an epoch: the metric where that is known, else the loss."""
    by_error = loss in (Loss.ERROR_RATE, Loss.RMSE)
    return report.validation_error if by_error else report.validation_loss


def record_of(
    place: tuple[str, int],
    member: Member,
    result: Result,
    scored: Score | None,
    *,
    phase: Phase,
    level: str,
) -> TrialRecord:
    """The record of a trial that is one training; what else its phase knows, it adds.

    Args:
        place: the study, and the index in it.
        member: that was trained.
        result: of the training.
        scored: its score; None if it diverged.
        phase: what it was tried for; its factor has the same name.
        level: what was tried.
    """
    study, index = place
    curve = result.curve
    return TrialRecord(
        study=study,
        index=index,
        phase=phase,
        factor=phase,
        level=level,
        state="failed" if scored is None else "complete",
        reason=curve.reason,
        value=None if scored is None else scored.value,
        standard_error=None if scored is None else scored.standard_error,
        params={},
        recipe=member.recipe.to_dict(),
        epochs=len(curve.train_loss),
        best_epoch=curve.best_epoch,
        curve=thinned(curve),
        seconds=curve.seconds,
        trainer=result.trainer,
    )
