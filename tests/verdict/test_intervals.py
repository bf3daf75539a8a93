import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from search.verdict.intervals import (
    Array,
    look_interval,
    mean_interval,
    median_interval,
    median_rank,
    running_intervals,
    skewness,
)
from search.verdict.levels import ALL_LOOKS, comparison_alpha, look_alpha

LEVELS = [(n, look_alpha(n, comparison_alpha(m))) for n in ALL_LOOKS for m in (1, 16, 26, 200)]


@st.composite
def replicates(draw: st.DrawFn) -> Array:
    """Differences as they come: continuous, or a few whole rows of a hundred."""
    n = draw(st.sampled_from(ALL_LOOKS[:5]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    deltas = rng.standard_t(3, n) * draw(st.sampled_from([0.0, 0.003, 0.02]))
    if draw(st.booleans()):
        deltas = np.round(deltas * 100) / 100
    return np.asarray(deltas + draw(st.sampled_from([0.0, 0.01, -0.03])))


def below(n: int, d: int) -> float:
    """P(B <= d - 1) for a binomial B(n, 1/2), counted exactly."""
    return sum(math.comb(n, k) for k in range(d)) * 2.0**-n


@pytest.mark.parametrize(("n", "a"), LEVELS)
def test_the_median_is_covered_as_often_as_promised_and_the_interval_is_the_shortest(
    n: int, a: float
) -> None:
    d = median_rank(n, a)
    assert 2 * below(n, d) <= a
    assert 2 * below(n, d + 1) >= a


def test_ranks_are_counted_from_one() -> None:
    deltas = np.random.default_rng(0).permutation(np.arange(1.0, 33.0))
    d = median_rank(32, 0.01)
    assert np.array_equal(median_interval(deltas, 0.01), [d, 33 - d])


def test_too_few_replicates_for_a_level_leave_the_median_open() -> None:
    low, high = median_interval(np.zeros((3, 16)), 2.0**-16)
    assert np.array_equal(low, [-np.inf] * 3)
    assert np.array_equal(high, [np.inf] * 3)
    assert median_rank(16, 2.0**-14) == 1


def test_the_mean_interval_is_students() -> None:
    deltas = np.random.default_rng(1).normal(2, 3, 24)
    expected = stats.ttest_1samp(deltas, 0).confidence_interval(0.999)
    assert mean_interval(deltas, 0.001) == pytest.approx((expected.low, expected.high))


@given(replicates(), st.sampled_from([1, 16, 26]))
def test_a_look_is_the_hull_of_both_intervals(deltas: Array, m: int) -> None:
    a = look_alpha(16, comparison_alpha(m))
    low, high = look_interval(deltas, a)
    parts = [*mean_interval(deltas, a), *median_interval(deltas, a)]
    assert (low, high) == (min(parts), max(parts))


@given(replicates())
def test_more_looks_never_widen(deltas: Array) -> None:
    low, high = running_intervals(deltas, 0.003)
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) <= 0).all()


@given(replicates())
def test_swapping_the_roles_negates_the_interval(deltas: Array) -> None:
    low, high = running_intervals(deltas, 0.003)
    swapped_low, swapped_high = running_intervals(-deltas, 0.003)
    assert np.array_equal(swapped_low, -high)
    assert np.array_equal(swapped_high, -low)


@given(replicates(), replicates())
def test_a_look_knows_nothing_of_later_replicates(deltas: Array, later: Array) -> None:
    before = running_intervals(deltas, 0.003)
    after = running_intervals(np.concatenate([deltas, later]), 0.003)
    looks = len(before[0])
    assert np.array_equal(before, [bound[:looks] for bound in after])


def test_leading_axes_are_computed_as_one_by_one() -> None:
    deltas = np.random.default_rng(2).normal(size=(2, 3, 48))
    low, high = running_intervals(deltas, 0.003)
    assert low.shape == high.shape == (2, 3, 4)
    for index in np.ndindex(2, 3):
        assert np.array_equal([low[index], high[index]], running_intervals(deltas[index], 0.003))


def test_skewness_is_the_third_moment_and_zero_without_spread() -> None:
    deltas = np.random.default_rng(3).gamma(1, size=64)
    assert skewness(deltas) == pytest.approx(stats.skew(deltas))
    for constant in (0.0, 0.1, 1 / 3):
        assert skewness(np.full(16, constant)) == 0
