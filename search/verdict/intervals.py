"""Intervals for the difference between two recipes, from its values on the replicates.

Every function takes arrays with the replicates on the last axis and broadcasts over the others.
"""

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, t

from search.verdict.levels import look_alpha, look_schedule

Array = NDArray[Any]
Bounds = tuple[Array, Array]


@functools.cache
def mean_reach(n: int, a: float) -> float:
    """Half the width of `mean_interval` in standard deviations: t_{1-a/2, n-1} / sqrt(n)."""
    return float(t.isf(a / 2, n - 1)) / math.sqrt(n)


@functools.cache
def median_rank(n: int, a: float) -> int:
    """The rank d, counted from 1, whose order statistic bounds the median from below; 0 if none.

    The median lies below X_(d) only if fewer than d of n values lie at or below it, which for a
    binomial B(n, 1/2) has probability P(B <= d - 1). `binom.ppf(a/2)` is the least d with
    P(B <= d) >= a/2, hence P(B <= d - 1) < a/2.
    """
    return int(binom.ppf(a / 2, n, 0.5))


def mean_interval(deltas: Array, a: float) -> Bounds:
    """Student's interval for the mean.

    Args:
        deltas: (..., n), n at least 2.
        a: two-sided error probability, in (0, 1).

    Returns:
        Lower and upper bounds, (...) each.
    """
    centre = deltas.mean(axis=-1)
    reach = mean_reach(deltas.shape[-1], a) * deltas.std(axis=-1, ddof=1)
    return centre - reach, centre + reach


def median_interval(deltas: Array, a: float) -> Bounds:
    """The interval [X_(d), X_(n+1-d)] for the median; it holds for every distribution.

    With ties it covers at least as often. Conover, Practical Nonparametric Statistics (1999),
    section 3.2; David and Nagaraja, Order Statistics (2003), section 7.1.

    Args:
        deltas: (..., n).
        a: two-sided error probability, in (0, 1).

    Returns:
        Lower and upper bounds, (...) each; infinite where n is too small for this `a`.
    """
    n = deltas.shape[-1]
    d = median_rank(n, a)
    if d == 0:
        infinite = np.full(deltas.shape[:-1], np.inf)
        return -infinite, infinite
    ordered = np.partition(deltas, (d - 1, n - d), axis=-1)
    return ordered[..., d - 1], ordered[..., n - d]


def look_interval(deltas: Array, a: float) -> Bounds:
    """The hull of the mean's and the median's interval; arguments as theirs."""
    mean_low, mean_high = mean_interval(deltas, a)
    median_low, median_high = median_interval(deltas, a)
    return np.minimum(mean_low, median_low), np.maximum(mean_high, median_high)


def running_intervals(deltas: Array, alpha_c: float) -> Bounds:
    """The interval at every look, each intersected with all earlier ones.

    Intersecting is sound since all looks hold together (Jennison and Turnbull 1989, repeated
    confidence intervals).

    Args:
        deltas: (..., replicates), in the order of the replicates.
        alpha_c: what the comparison may spend in all.

    Returns:
        Lower and upper bounds, (..., looks) each. Where lower exceeds upper the looks contradict
        each other.
    """
    looks = look_schedule(deltas.shape[-1])
    lows = np.empty((*deltas.shape[:-1], len(looks)))
    highs = np.empty_like(lows)
    for i, n in enumerate(looks):
        lows[..., i], highs[..., i] = look_interval(deltas[..., :n], look_alpha(n, alpha_c))
    return np.maximum.accumulate(lows, axis=-1), np.minimum.accumulate(highs, axis=-1)


def skewness(deltas: Array) -> Array:
    """The third standardized moment over the last axis; 0 where all values are equal."""
    centred = deltas - deltas.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.mean(centred**2, axis=-1, keepdims=True))
    # Equal values leave a rounding error, which must not be taken for a spread.
    noise = 1e-12 * np.abs(deltas).max(axis=-1, keepdims=True)
    standard = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > noise)
    return np.asarray(np.mean(standard**3, axis=-1))
