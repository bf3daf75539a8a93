"""The obvious ways to compare recipes, and how often they claim what is not there."""

import numpy as np
from scipy.stats import t, wilcoxon

from search.verdict.intervals import Array
from search.verdict.levels import LOOKS

FIRST = 5
"""Replicates at which the naive tests begin to look."""
TEN_LOOKS = tuple(range(5, 51, 5))
LANES = 6


def t_after_every_replicate(n: int) -> float:
    """Share of `n` comparisons of identical recipes that a t test, p < 0.05, ever tells apart."""
    deltas = np.random.default_rng(0).standard_normal((n, LOOKS[-1]))
    statistic, critical = _t_statistics(deltas)
    return float((np.abs(statistic) > critical).any(axis=-1).mean())


def wilcoxon_at_ten_looks(n: int) -> float:
    """The same of a signed-rank test, p < 0.1, at every fifth replicate up to 50."""
    deltas = np.random.default_rng(1).standard_normal((n, TEN_LOOKS[-1]))
    found = [wilcoxon(deltas[:, :look], axis=-1).pvalue < 0.1 for look in TEN_LOOKS]
    return float(np.any(found, axis=0).mean())


def any_beaten_by_t(n_reports: int, n_alternatives: int) -> float:
    """Share of reports on identical recipes, all sharing a default, with a 'beaten' by t tests."""
    rng, beaten = np.random.default_rng(2), 0
    for _ in range(n_reports):
        default = rng.standard_normal(LOOKS[-1])
        statistic, critical = _t_statistics(
            rng.standard_normal((n_alternatives, LOOKS[-1])) - default
        )
        beaten += int((statistic < -critical).any())
    return beaten / n_reports


def tuned_against_default(n: int, replicates: int = LOOKS[0]) -> tuple[float, float]:
    """Share of 'beaten' by one t test if the best of some lanes is scored where it was chosen.

    An alternative is the best of LANES identical trainings on the validation rows; the default is
    one training.

    Returns:
        On the rows that chose the lane, and on the confirm rows.
    """
    rng = np.random.default_rng(3)
    chosen = rng.standard_normal((n, replicates, LANES)).min(axis=-1)
    fresh, default = rng.standard_normal((2, n, replicates))
    critical = t.isf(0.05, replicates - 1)
    shares = [
        float((_t_statistic(scores - default) < -critical).mean()) for scores in (chosen, fresh)
    ]
    return shares[0], shares[1]


def _t_statistic(deltas: Array) -> Array:
    spread = deltas.std(axis=-1, ddof=1) / np.sqrt(deltas.shape[-1])
    return np.asarray(deltas.mean(axis=-1) / spread)


def _t_statistics(deltas: Array) -> tuple[Array, Array]:
    """Student's statistic after each replicate from FIRST on, (..., looks), and its limits."""
    n = np.arange(1, deltas.shape[-1] + 1)
    mean = deltas.cumsum(axis=-1) / n
    variance = ((deltas**2).cumsum(axis=-1) - n * mean**2)[..., FIRST - 1 :] / (n[FIRST - 1 :] - 1)
    n, mean = n[FIRST - 1 :], mean[..., FIRST - 1 :]
    return mean / np.sqrt(variance / n), np.asarray(t.isf(0.025, n - 1))
