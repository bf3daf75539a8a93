"""From these confirm rows to new ones."""

import math

import numpy as np

from search.verdict.intervals import Array
from search.verdict.levels import new_rows_quantile
from search.verdict.losses import Loss

RULE_OF_THREE = 3.0
"""No event in M rows still allows a rate of 3/M (Hanley and Lippman-Hand 1983)."""


def spread(differences: Array) -> Array:
    """Standard deviation of `row_differences`, (..., rows), over the rows; infinite for one row."""
    if differences.shape[-1] < 2:
        return np.full(differences.shape[:-1], np.inf)
    return np.asarray(differences.std(axis=-1, ddof=1))


def widening(differences: Array, alpha_c: float, loss: Loss) -> Array:
    """How much wider an interval must be to hold for new rows, too.

    The confirm rows are a sample: w = z_{1-0.1 alpha_c} sd_j(g_j) / sqrt(M), and at least 3/M for
    error rates.

    Args:
        differences: (..., rows), each row's part in the difference, averaged over the replicates.
        alpha_c: what the comparison may spend in all.
        loss: what was measured.

    Returns:
        (...), to be taken off the lower bound and added to the upper one.
    """
    n_rows = differences.shape[-1]
    sampling = new_rows_quantile(alpha_c) * spread(differences) / math.sqrt(n_rows)
    least = RULE_OF_THREE / n_rows if loss is Loss.ERROR_RATE else 0.0
    return np.asarray(np.maximum(sampling, least))


def rows_for_widening(differences: Array, alpha_c: float, loss: Loss, below: float) -> float:
    """About how many confirm rows bring the widening below a positive number.

    It supposes that further rows vary as these, (rows,), do.

    Returns:
        A number of rows in all, not rounded.
    """
    rows = (new_rows_quantile(alpha_c) * float(spread(differences)) / below) ** 2
    least = RULE_OF_THREE / below if loss is Loss.ERROR_RATE else 0.0
    return max(rows, least)
