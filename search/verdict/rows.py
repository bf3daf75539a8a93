"""From these confirm rows to new ones."""

import math

import numpy as np
from scipy.stats import t as student

from search.verdict.intervals import Array
from search.verdict.levels import new_rows_alpha, new_rows_quantile
from search.verdict.metrics import METRICS
from search.verdict.terms import Terms

RULE_OF_THREE = 3.0
"""No event in M rows still allows a rate of 3/M (Hanley and Lippman-Hand 1983)."""


def by_group(differences: Array, groups: Array) -> Array:
    """Row differences put together by group, for rows that are drawn a whole group at a time.

    With S_g the sum of the M_g differences of a group, the mean over all rows is a ratio of two
    sums over the G groups. Its cluster-robust variance (Cochran 1977, section 2.11; Cameron and
    Miller 2015) is G/(G-1) sum_g (S_g - M_g mean)^2 / M^2, which is the variance of the plain
    mean of G/M (S_g - M_g mean) + mean. So groups take the place of rows in all that follows.

    Args:
        differences: (rows,) from `row_differences`.
        groups: (rows,) whole numbers from 0 to G - 1, each there.

    Returns:
        (groups,) with the same mean.
    """
    sums, sizes = np.bincount(groups, differences), np.bincount(groups)
    mean = differences.mean()
    return np.asarray(len(sizes) / len(groups) * (sums - sizes * mean) + mean)


def spread(differences: Array) -> Array:
    """Standard deviation of `row_differences`, (..., rows), over the rows; infinite for one row."""
    if differences.shape[-1] < 2:
        return np.full(differences.shape[:-1], np.inf)
    return np.asarray(differences.std(axis=-1, ddof=1))


def widening(differences: Array, terms: Terms) -> Array:
    """How much wider an interval must be to hold for new rows, too.

    The confirm rows are a sample: w = z_{1-0.1 alpha_c} sd_j(g_j) / sqrt(M), and at least 3/M for
    error rates and the AUC, times the weight of the weightiest row. Of grouped rows the G groups
    are the sample: sd and root are over groups, Student's t with G - 1 degrees of freedom stands
    for z, as groups may be few (Cameron and Miller 2015), and w is at least 3/G, too.

    Args:
        differences: (..., rows or groups), each one's part in the difference, averaged over the
            replicates.
        terms: what was fixed beforehand.

    Returns:
        (...), to be taken off the lower bound and added to the upper one.
    """
    n = differences.shape[-1]
    sampling = _quantile(n, terms) * spread(differences) / math.sqrt(n)
    return np.asarray(np.maximum(sampling, _rare_events(terms, n) / n))


def rows_for_widening(differences: Array, terms: Terms, below: float) -> float:
    """About how many confirm rows bring the widening below a positive number.

    It supposes that further rows, or groups of the same size, vary as these, (rows,), do.

    Returns:
        A number of rows in all, not rounded.
    """
    n = differences.shape[-1]
    units = (_quantile(n, terms) * float(spread(differences)) / below) ** 2
    return float(max(units, _rare_events(terms, n) / below) * terms.n_rows / n)


def _quantile(n: int, terms: Terms) -> float:
    """How many standard errors the claim about new rows keeps away."""
    if terms.n_groups is None:
        return new_rows_quantile(terms.alpha)
    return float(student.isf(new_rows_alpha(terms.alpha) / 2, max(n - 1, 1)))


def _rare_events(terms: Terms, n: int) -> float:
    """How many of `n` rows or groups may differ without one of them having shown it."""
    if not METRICS[terms.loss].rule_of_three:
        return 0.0
    return RULE_OF_THREE * max(1.0, terms.row_weight * n / terms.n_rows)
