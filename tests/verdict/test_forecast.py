import numpy as np
import pytest

from search.verdict import Loss, Needs, Outcome, Terms, compare
from search.verdict.forecast import needs_before_first_look
from search.verdict.intervals import Array
from search.verdict.levels import ALL_LOOKS

TERMS = Terms(Loss.ERROR_RATE, margin=0.01, comparisons=16, n_rows=1000)


def normal(n: int, mean: float, sd: float) -> Array:
    """The quantiles of a normal distribution in a fixed, mixed order: no luck in the draw."""
    rng = np.random.default_rng(0)
    deltas = np.sort(rng.standard_normal((4000, n)), axis=-1).mean(axis=0)
    return np.asarray(mean + sd * rng.permutation(deltas / deltas.std(ddof=1)))


def needs(deltas: Array, terms: Terms = TERMS) -> Needs:
    comparison = compare(deltas, np.zeros(terms.n_rows), terms, level="relu")
    assert comparison.outcome is Outcome.UNDECIDED
    return comparison.needs


@pytest.mark.parametrize(
    ("mean", "replicates"),
    [
        (0.0, 32),
        (-0.001, 48),
        (-0.003, 64),
        (-0.007, 384),
        (-0.013, 384),
        (-0.015, 96),
        (-0.02, 32),
    ],
)
def test_the_forecast_look_is_the_first_that_decides(mean: float, replicates: int) -> None:
    assert needs(normal(16, mean, 0.01)) == Needs(replicates=replicates)
    for n in ALL_LOOKS:
        outcome = compare(normal(n, mean, 0.01), np.zeros(1000), TERMS, level="relu").outcome
        assert (outcome is Outcome.UNDECIDED) == (n < replicates)


def test_the_first_look_is_forecast_as_the_first_with_a_finite_interval() -> None:
    assert needs_before_first_look(TERMS) == Needs(replicates=16)
    many = Terms(Loss.ERROR_RATE, margin=0.01, comparisons=1000, n_rows=1000)
    assert needs_before_first_look(many) == Needs(replicates=24)
    few = Terms(Loss.ERROR_RATE, margin=0.01, comparisons=16, n_rows=40)
    assert needs_before_first_look(few) == Needs(rows=100)


def test_noise_too_large_for_replicates_asks_for_rows() -> None:
    found = needs(normal(32, 0.0, 0.08))
    assert found.replicates is None
    assert found.rows is not None
    assert 1000 < found.rows < 10_000
    # Rows in this number bring the noise down to what the last look can settle.
    calmer = normal(512, 0.0, 0.08 * (1000 / found.rows) ** 0.5)
    assert compare(calmer, np.zeros(1000), TERMS, level="relu").outcome is not Outcome.UNDECIDED


@pytest.mark.parametrize("n", [16, 32, 512])
def test_a_difference_on_the_margin_is_too_close(n: int) -> None:
    assert needs(normal(n, -0.01, 0.01)) == Needs(too_close=True)


@pytest.mark.parametrize("mean", [-0.04, 0.0, 0.02, 0.03])
def test_the_forecast_number_of_rows_carries_an_outcome_over_to_new_ones(mean: float) -> None:
    deltas = normal(128, mean, 0.005)
    rows = np.tile([0.3, -0.3], 500)
    short = compare(deltas, rows, TERMS, level="relu")
    assert short.new_rows.outcome is not short.outcome
    assert short.needs.rows is not None
    for factor, survives in ((0.98, False), (1.02, True)):
        n_rows = round(short.needs.rows * factor / 2) * 2
        terms = Terms(Loss.ERROR_RATE, 0.01, 16, n_rows)
        other = compare(deltas, np.tile([0.3, -0.3], n_rows // 2), terms, level="relu")
        assert (other.new_rows.outcome is other.outcome) == survives


def test_an_outcome_by_a_hair_is_too_close_for_new_rows() -> None:
    comparison = compare(normal(128, 0.0123, 0.005), np.tile([0.3, -0.3], 500), TERMS, level="relu")
    assert comparison.outcome is Outcome.WORSE
    assert comparison.needs == Needs(too_close=True)
