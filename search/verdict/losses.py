"""From predictions on the confirm rows to losses and differences of losses."""

import math
from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from search.verdict.intervals import Array
from search.verdict.metrics import METRICS, Loss

# Predictions are float32 and targets are standardized: a smaller RMSE or MAE is rounding.
_LEAST = float(np.finfo(np.float32).eps)
LEAST_PROBABILITY = 1e-7
"""Of the true class in the log loss, as in Keras: one row adds 16 nats at most."""
CHANCE = 0.5
"""1 - AUC of what cannot tell the classes apart."""


def row_losses(predictions: Array, labels: Array, loss: Loss) -> Array:
    """What each row adds to the loss, which is the mean over the rows, or its root.

    Args:
        predictions: (..., rows, outputs) probabilities of the classes, or (..., rows, 1) numbers.
        labels: (rows,) class indices, -1 for a class that no prediction can name and that is hence
            always wrong; or numbers.
        loss: what to measure.

    Returns:
        (..., rows) float64.

    Raises:
        ValueError: if a prediction or label is not finite.
    """
    finite("predictions", predictions)
    finite("labels", labels)
    return np.asarray(_ROW_LOSSES[loss](predictions, labels), dtype=np.float64)


def mean_loss(losses: Array, loss: Loss) -> Array:
    """The loss, (...), of `row_losses`, (..., rows)."""
    mean = losses.mean(axis=-1)
    return np.asarray(np.sqrt(mean) if METRICS[loss].root == 2 else mean)


def standard_error(losses: Array, loss: Loss, labels: Array) -> float:
    """Of `mean_loss` as an estimate for further rows, from one training's `row_losses`, (rows,)."""
    spread = float(_influence(losses, loss, labels).std()) / math.sqrt(len(losses))
    if METRICS[loss].root == 2:  # delta method: d sqrt(m) = dm / (2 sqrt(m))
        return spread / (2 * max(float(mean_loss(losses, loss)), _LEAST))
    return spread


def trivial_prediction(targets: Array, n_outputs: int, loss: Loss) -> Array:
    """The best that a model can say that knows nothing of a row, (outputs,).

    Of the training targets: the most frequent class (the first of equals) with certainty for error
    rates, the classes' shares for the log loss and the AUC (0.5, as of any constant), the mean for
    the RMSE, the median for the MAE.

    Args:
        targets: (training rows,) class indices or numbers.
        n_outputs: classes, or 1.
        loss: what will be measured.
    """
    if loss is Loss.RMSE:
        return np.asarray([targets.mean(dtype=np.float64)])
    if loss is Loss.MAE:
        return np.asarray([np.median(targets.astype(np.float64))])
    counts = np.bincount(targets, minlength=n_outputs)
    if loss in (Loss.LOG_LOSS, Loss.AUC):
        return np.asarray(counts / counts.sum())
    return np.asarray(np.eye(n_outputs)[counts.argmax()])


def or_trivial(predictions: Array | None, trivial: Array, n_rows: int) -> tuple[Array, bool]:
    """A replicate's predictions, or the trivial ones if it failed.

    A replicate that failed, diverged or predicts something that is no number stays in the
    comparison and scores as the trivial predictor.

    Args:
        predictions: (rows, outputs), or None if every lane failed.
        trivial: (outputs,) from `trivial_prediction`.
        n_rows: confirm rows.

    Returns:
        Finite predictions, (rows, outputs), and whether the replicate failed.
    """
    if predictions is not None and np.isfinite(predictions).all():
        return predictions, False
    return np.broadcast_to(trivial, (n_rows, trivial.size)), True


def delta(alternative: Array, default: Array, loss: Loss) -> Array:
    """Alternative minus default in the loss; positive favours the default.

    Args:
        alternative: (..., rows) from `row_losses`.
        default: the same for the default, on the same replicates.
        loss: which loss they are.

    Returns:
        (...): difference of the loss, or ln of its ratio for the RMSE and the MAE.
    """
    root = METRICS[loss].root
    if not root:
        # Differences are counted before dividing, so that equal counts give equal fractions: one
        # row of a hundred is the very number 0.01, neither above nor below that margin.
        return np.asarray((alternative - default).sum(axis=-1) / alternative.shape[-1])
    return (
        np.asarray(np.log(_positive_mean(alternative, root) / _positive_mean(default, root))) / root
    )


def row_differences(alternative: Array, default: Array, loss: Loss, labels: Array) -> Array:
    """What each row adds to the difference: g_j, averaged over the replicates.

    It is the first-order part of a row in the difference, so that sd(g_j) / sqrt(M) is the
    difference's standard error over the draw of M rows: losses as they are for error rate and log
    loss; within their class for the balanced error, a ratio of sums; DeLong's structural components
    for the AUC (DeLong et al. 1988); and for the RMSE and the MAE the term of ln loss in the
    squared or absolute errors (delta method), e_alt^2 / (2 MSE_alt) - e_def^2 / (2 MSE_def).

    Args:
        alternative: (replicates, rows) from `row_losses`.
        default: the same for the default.
        loss: which loss they are.
        labels: (rows,) class indices or numbers, as `row_losses` had them.

    Returns:
        (rows,)
    """
    root = METRICS[loss].root
    if root:
        shares = [x / (root * _positive_mean(x, root)[..., None]) for x in (alternative, default)]
        return np.asarray((shares[0] - shares[1]).mean(axis=0))
    return _influence((alternative - default).mean(axis=0), loss, labels)


def _influence(losses: Array, loss: Loss, labels: Array) -> Array:
    """Each row's first-order part in the mean of `losses`, (rows,), with the same mean."""
    if loss not in (Loss.BALANCED_ERROR, Loss.AUC):
        return losses
    _, strata = np.unique(labels == 1 if loss is Loss.AUC else labels, return_inverse=True)
    within = np.bincount(strata, losses) / np.bincount(strata)
    # A row of the AUC is in as many pairs as the other class has rows: half of each pair is its.
    pairs = 2 if loss is Loss.AUC else 1
    return np.asarray(pairs * (losses - within[strata]) + losses.mean())


def _errors(predictions: Array, labels: Array) -> Array:
    return np.asarray(predictions.argmax(axis=-1) != labels, dtype=np.float64)


def _balanced_errors(predictions: Array, labels: Array) -> Array:
    """Errors times M / (K n_c): every class weighs the same."""
    _, strata, counts = np.unique(labels, return_inverse=True, return_counts=True)
    weights = len(labels) / (len(counts) * counts)
    return _errors(predictions, labels) * weights[strata]


def _surprises(predictions: Array, labels: Array) -> Array:
    known = np.maximum(labels, 0).astype(int)
    indices = np.broadcast_to(known[:, None], (*predictions.shape[:-1], 1))
    truth = np.take_along_axis(predictions, indices, axis=-1)[..., 0].astype(np.float64)
    return np.asarray(-np.log(np.maximum(np.where(labels < 0, 0.0, truth), LEAST_PROBABILITY)))


def _misrankings(predictions: Array, labels: Array) -> Array:
    """The share of the other class that a row ranks wrongly against, ties half.

    Placements from midranks (Sun and Xu 2014); either class carries half of the mean.
    """
    score, positive = predictions[..., 1].astype(np.float64), labels == 1
    n, n_positive = len(labels), int(positive.sum())
    losses = np.full(score.shape, CHANCE)
    if n_positive in (0, n):  # nothing to rank against
        return losses
    ranks = rankdata(score, axis=-1)
    for mine, n_mine, sign in ((positive, n_positive, 1), (~positive, n - n_positive, -1)):
        n_others = n - n_mine
        below = (ranks[..., mine] - rankdata(score[..., mine], axis=-1)) / n_others
        wrong = 1 - below if sign > 0 else below
        losses[..., mine] = wrong * n / (2 * n_mine)
    return losses


def _squared_errors(predictions: Array, labels: Array) -> Array:
    return np.asarray((predictions[..., 0].astype(np.float64) - labels) ** 2)


def _absolute_errors(predictions: Array, labels: Array) -> Array:
    return np.asarray(np.abs(predictions[..., 0].astype(np.float64) - labels))


_ROW_LOSSES: dict[Loss, Callable[[Array, Array], Array]] = {
    Loss.ERROR_RATE: _errors,
    Loss.BALANCED_ERROR: _balanced_errors,
    Loss.LOG_LOSS: _surprises,
    Loss.AUC: _misrankings,
    Loss.RMSE: _squared_errors,
    Loss.MAE: _absolute_errors,
}


def _positive_mean(losses: Array, root: int) -> Array:
    return np.asarray(np.maximum(losses.mean(axis=-1), _LEAST**root))


def finite(thing: str, values: Array) -> None:
    """Check that every value is a number.

    Raises:
        ValueError: naming the thing and how many of its values are not.
    """
    wrong = int(np.count_nonzero(~np.isfinite(values)))
    if wrong:
        raise ValueError(f"{thing} must be finite; received {wrong} of {values.size} that are not")
