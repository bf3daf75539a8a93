"""From predictions on the confirm rows to losses and differences of losses."""

from enum import StrEnum

import numpy as np

from search.verdict.intervals import Array


class Loss(StrEnum):
    """In which loss two recipes are compared."""

    ERROR_RATE = "error_rate"
    """Share of rows put into a wrong class; recipes differ by the difference."""
    RMSE = "rmse"
    """Root mean squared error; recipes differ by the logarithm of the ratio."""


# Predictions are float32 and targets are standardized: a smaller RMSE is rounding.
_LEAST_MSE = float(np.finfo(np.float32).eps) ** 2


def row_losses(predictions: Array, labels: Array, loss: Loss) -> Array:
    """The loss of each row: 1 where the class is wrong and 0 elsewhere, or the squared error.

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
    if loss is Loss.ERROR_RATE:
        return np.asarray(predictions.argmax(axis=-1) != labels, dtype=np.float64)
    return np.asarray((predictions[..., 0].astype(np.float64) - labels) ** 2)


def mean_loss(losses: Array, loss: Loss) -> Array:
    """The error rate or RMSE, (...), of `row_losses`, (..., rows)."""
    mean = losses.mean(axis=-1)
    return np.asarray(mean if loss is Loss.ERROR_RATE else np.sqrt(mean))


def trivial_prediction(targets: Array, n_outputs: int, loss: Loss) -> Array:
    """What a model says that knows nothing of a row, (outputs,).

    The most frequent class of the training targets (the first of equals) with certainty, or their
    mean.

    Args:
        targets: (training rows,) class indices or numbers.
        n_outputs: classes, or 1.
        loss: what will be measured.
    """
    if loss is Loss.ERROR_RATE:
        majority = np.bincount(targets, minlength=n_outputs).argmax()
        return np.asarray(np.eye(n_outputs)[majority])
    return np.asarray([targets.mean(dtype=np.float64)])


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
        (...): difference of the error rates, or ln of the RMSE ratio.
    """
    if loss is Loss.ERROR_RATE:
        # Differences are counted before dividing, so that equal counts give equal fractions: one
        # row of a hundred is the very number 0.01, neither above nor below that margin.
        return np.asarray((alternative - default).sum(axis=-1) / alternative.shape[-1])
    return np.asarray(np.log(_mse(alternative) / _mse(default)) / 2)


def row_differences(alternative: Array, default: Array, loss: Loss) -> Array:
    """What each row adds to the difference: g_j, averaged over the replicates.

    For the RMSE it is the first-order term of ln RMSE in the squared errors (delta method):
    e_alt^2 / (2 MSE_alt) - e_def^2 / (2 MSE_def).

    Args:
        alternative: (replicates, rows) from `row_losses`.
        default: the same for the default.
        loss: which loss they are.

    Returns:
        (rows,)
    """
    if loss is Loss.ERROR_RATE:
        return np.asarray((alternative - default).mean(axis=0))
    shares = [losses / (2 * _mse(losses)[..., None]) for losses in (alternative, default)]
    return np.asarray((shares[0] - shares[1]).mean(axis=0))


def _mse(losses: Array) -> Array:
    return np.asarray(np.maximum(losses.mean(axis=-1), _LEAST_MSE))


def finite(thing: str, values: Array) -> None:
    """Check that every value is a number.

    Raises:
        ValueError: naming the thing and how many of its values are not.
    """
    wrong = int(np.count_nonzero(~np.isfinite(values)))
    if wrong:
        raise ValueError(f"{thing} must be finite; received {wrong} of {values.size} that are not")
