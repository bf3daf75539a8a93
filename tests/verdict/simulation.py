"""Synthetic replicates, and how often the protocol is wrong or slow on them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import gamma, norm

from search.verdict.comparison import STRONG_SKEW
from search.verdict.intervals import Array, running_intervals, skewness
from search.verdict.levels import LOOKS, comparison_alpha
from search.verdict.metrics import Loss
from search.verdict.outcome import ORDER, Outcome, outcome_index
from search.verdict.rows import by_group, widening
from search.verdict.terms import Terms

Noise = Callable[[np.random.Generator, tuple[int, ...]], Array]
UNDECIDED = ORDER.index(Outcome.UNDECIDED)
FINAL = [ORDER.index(o) for o in (Outcome.BEATS_DEFAULT, Outcome.WORSE, Outcome.EQUIVALENT)]
CHUNK = 10_000


def _diverging(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape) + 20 * (rng.random(shape) < 0.02)


SYMMETRIC: dict[str, Noise] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "laplace": lambda rng, shape: rng.laplace(0, np.sqrt(0.5), shape),
    "t3": lambda rng, shape: rng.standard_t(3, shape) / np.sqrt(3),
    "lattice": lambda rng, shape: np.round(rng.standard_normal(shape) * 2) / 2,
}
"""Mean and median 0, standard deviation 1."""
SKEWED: dict[str, tuple[Noise, float, float]] = {
    "gamma, shape 4": (lambda rng, shape: rng.gamma(4, 0.5, shape), gamma.ppf(0.5, 4) / 2, 2.0),
    "gamma, shape 1": (lambda rng, shape: rng.gamma(1, 1, shape), gamma.ppf(0.5, 1), 1.0),
    # All divergences lie above the median, so it is the others' quantile at 0.5 / 0.98.
    "2 % divergences": (_diverging, norm.ppf(0.5 / 0.98), 0.4),
}
"""Noise, its median and its mean; standard deviation 1 but for the divergences."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a number of simulated comparisons went until their first final outcome."""

    share: dict[Outcome, float]
    """Outcome at 128 replicates -> share of the comparisons."""
    median: float
    """Median number of replicates to a final outcome; infinite if most have none."""
    slow: float
    """90th percentile of the same."""


def outcomes(deltas: Array, m: int, margin: float) -> Array:
    """Index of the outcome, (..., looks), for deltas of shape (..., replicates)."""
    low, high = running_intervals(deltas, comparison_alpha(m))
    return outcome_index(low, high, margin)


def ever(noise: Noise, *, shift: float, m: int, margin: float, n: int) -> float:
    """Share of `n` comparisons whose outcome is ever other than undecided.

    With the truth on the margin (shift = -margin) each of these is a false claim; with margin 0
    they are claims of a difference between two identical recipes.
    """
    rng = np.random.default_rng(0)
    wrong = 0
    for size in _chunks(n):
        deltas = noise(rng, (size, LOOKS[-1])) + shift
        wrong += int((outcomes(deltas, m, margin) != UNDECIDED).any(axis=-1).sum())
    return wrong / n


def flagged(noise: Noise, n: int) -> float:
    """Share of `n` comparisons of 128 replicates that are worded for a typical training."""
    deltas = noise(np.random.default_rng(4), (n, LOOKS[-1]))
    return float((np.abs(skewness(deltas)) > STRONG_SKEW).mean())


def any_beaten(n_reports: int, n_alternatives: int, m: int) -> float:
    """Share of reports on identical recipes with a 'beaten' at margin 0, all sharing a default."""
    rng = np.random.default_rng(1)
    beaten = 0
    for size in _chunks(n_reports, CHUNK // n_alternatives):
        default = rng.standard_normal((size, 1, LOOKS[-1]))
        deltas = rng.standard_normal((size, n_alternatives, LOOKS[-1])) - default
        found = outcomes(deltas, m, 0.0) == ORDER.index(Outcome.BEATS_DEFAULT)
        beaten += int(found.any(axis=(-2, -1)).sum())
    return beaten / n_reports


def course(truth: float, margin: float, m: int, n: int) -> Course:
    """How `n` comparisons with normal noise of standard deviation 1 go."""
    rng = np.random.default_rng(2)
    found = outcomes(rng.standard_normal((n, LOOKS[-1])) + truth, m, margin)
    final = np.isin(found, FINAL)
    first = np.where(final.any(axis=-1), np.array(LOOKS)[final.argmax(axis=-1)], np.inf)
    median, slow = np.quantile(first, (0.5, 0.9), method="inverted_cdf")
    share = {outcome: float((found[:, -1] == i).mean()) for i, outcome in enumerate(ORDER)}
    return Course(share, float(median), float(slow))


def false_on_new_rows(n: int, m: int) -> tuple[float, float]:
    """Share of false claims about new rows, with and without the widening.

    Two recipes err equally often on the population, though not on the same rows: on 1,000 confirm
    rows their rates differ by chance, however many replicates are trained.
    """
    rng = np.random.default_rng(3)
    alpha_c = comparison_alpha(m)
    kept = dropped = 0
    for size in _chunks(n, 1_000):
        rows = rng.normal(0, 0.2, (size, 1_000))
        deltas = rng.normal(0, 0.01, (size, LOOKS[-1])) + rows.mean(axis=-1, keepdims=True)
        low, high = (bound[:, -1] for bound in running_intervals(deltas, alpha_c))
        reach = widening(rows, Terms(Loss.ERROR_RATE, 0.01, m, 1_000))
        kept += int(((low - reach > 0) | (high + reach < 0)).sum())
        dropped += int(((low > 0) | (high < 0)).sum())
    return kept / n, dropped / n


def false_on_new_groups(n: int, m: int) -> tuple[float, float]:
    """Share of false claims about new groups, with the rows of a group together and each alone.

    Two recipes err equally often on the population, but each group of 25 rows has an effect of its
    own; 40 groups are the confirm rows, and replicates are as many as one likes.
    """
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(40), 25)
    terms = Terms(Loss.ERROR_RATE, 0.01, m, n_rows=1_000)
    grouped = replace(terms, n_groups=40)
    kept = dropped = 0
    for _ in range(n):
        rows = rng.normal(0, 0.2, 40)[groups] + rng.normal(0, 0.2, 1_000)
        claim = abs(rows.mean())
        kept += int(claim > widening(by_group(rows, groups), grouped))
        dropped += int(claim > widening(rows, terms))
    return kept / n, dropped / n


def _chunks(n: int, size: int = CHUNK) -> list[int]:
    """`n` in parts that fit into memory."""
    return [size] * (n // size) + [n % size] * (n % size > 0)
