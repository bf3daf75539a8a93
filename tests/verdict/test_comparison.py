import json
import math

import numpy as np
import pytest

from search.verdict import Comparison, Loss, Needs, Outcome, Terms, compare, running_intervals
from search.verdict.intervals import Array

TERMS = Terms(Loss.ERROR_RATE, margin=0.01, comparisons=16, n_rows=1000)
NO_ROWS_DIFFER = np.zeros(1000)


def compared(deltas: Array, terms: Terms = TERMS, rows: Array | None = None) -> Comparison:
    return compare(deltas, np.zeros(terms.n_rows) if rows is None else rows, terms, level="relu")


def noise(n: int, mean: float, seed: int = 0) -> Array:
    """Replicates with exactly this mean and a standard deviation of 0.005."""
    deltas = np.random.default_rng(seed).standard_normal(n)
    return np.asarray(mean + 0.005 * (deltas - deltas.mean()) / deltas.std(ddof=1))


@pytest.mark.parametrize(
    ("mean", "outcome"),
    [
        (-0.05, Outcome.BEATS_DEFAULT),
        (0.05, Outcome.WORSE),
        (0.0, Outcome.EQUIVALENT),
        (0.01, Outcome.NOT_BETTER),
        (-0.01, Outcome.UNDECIDED),
    ],
)
def test_the_mean_difference_decides_given_enough_replicates(mean: float, outcome: Outcome) -> None:
    assert compared(noise(128, mean)).outcome is outcome


def test_the_figures_are_those_of_the_last_look() -> None:
    deltas = noise(100, 0.002)
    comparison = compared(deltas)
    low, high = running_intervals(deltas[:96], TERMS.alpha)
    assert comparison.replicates == 96
    assert (comparison.low, comparison.high) == (low[-1], high[-1])
    assert comparison.difference == deltas[:96].mean()
    assert comparison == compared(deltas[:96])


@pytest.mark.parametrize("n", [0, 1, 15])
def test_before_the_first_look_nothing_is_read_and_everything_is_undecided(n: int) -> None:
    comparison = compare(np.full(n, math.nan), np.full(3, math.nan), TERMS, level="relu")
    assert comparison.outcome is comparison.new_rows.outcome is Outcome.UNDECIDED
    assert comparison.replicates == 0
    assert comparison.difference is None
    assert (comparison.low, comparison.high) == (-math.inf, math.inf)
    assert comparison.needs == Needs(replicates=16)


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (0.0, Outcome.EQUIVALENT),
        (0.02, Outcome.WORSE),
        (-0.02, Outcome.BEATS_DEFAULT),
        (0.01, Outcome.NOT_BETTER),
        (-0.01, Outcome.UNDECIDED),
    ],
)
def test_replicates_that_all_agree_are_decided_at_the_first_look(
    value: float, outcome: Outcome
) -> None:
    comparison = compared(np.full(16, value))
    assert comparison.outcome is outcome
    assert comparison.skewness == 0
    assert comparison.needs.too_close == (outcome is Outcome.UNDECIDED)


def test_identical_recipes_differ_nowhere_and_at_no_margin() -> None:
    comparison = compared(np.zeros(16))
    assert comparison.difference == comparison.low == comparison.high == 0
    assert comparison.default_wins == 0.5
    assert comparison.margin is None


def test_ties_count_half_for_the_default() -> None:
    deltas = np.repeat([0.01, 0.0, -0.01, 0.01], 4)
    assert compared(deltas).default_wins == 10 / 16


def test_a_diverged_replicate_counts_and_skews() -> None:
    deltas = noise(64, 0.0)
    deltas[7] = 0.9
    comparison = compared(deltas)
    assert comparison.is_skewed
    assert not compared(noise(64, 0.0)).is_skewed
    assert comparison.high > 0.01
    assert comparison.outcome is Outcome.UNDECIDED


def test_replicates_that_change_sides_are_inconsistent_and_stay_undecided() -> None:
    deltas = np.concatenate([noise(32, 0.05), noise(96, -0.05)])
    first, last = compared(deltas[:32]), compared(deltas)
    assert first.outcome is Outcome.WORSE
    assert last.inconsistent
    assert last.low > last.high
    assert last.outcome is last.new_rows.outcome is Outcome.UNDECIDED
    assert last.needs == Needs()
    assert last.margin is None


@pytest.mark.parametrize(
    ("loss", "margin", "enough"),
    [(Loss.ERROR_RATE, 0.01, 100), (Loss.ERROR_RATE, 0.03, 34), (Loss.RMSE, math.log(1.02), 51)],
)
def test_fewer_rows_than_one_over_the_margin_give_no_verdict(
    loss: Loss, margin: float, enough: int
) -> None:
    few = compared(np.zeros(16), Terms(loss, margin, 16, enough - 1))
    assert few.outcome is few.new_rows.outcome is Outcome.UNDECIDED
    assert few.needs == Needs(rows=enough)
    assert compared(np.zeros(16), Terms(loss, margin, 16, enough)).outcome is Outcome.EQUIVALENT


def test_an_outcome_that_rests_on_few_rows_does_not_survive_on_new_ones() -> None:
    rows = np.random.default_rng(0).choice([-1.0, 0, 0, 0, 1], 1000)
    comparison = compared(noise(128, 0.0), rows=rows)
    assert comparison.outcome is Outcome.EQUIVALENT
    assert comparison.new_rows.outcome is Outcome.UNDECIDED
    assert comparison.new_rows.low < comparison.low < comparison.high < comparison.new_rows.high
    assert comparison.needs.rows is not None
    assert comparison.needs.rows > 1000


def test_an_outcome_survives_on_new_rows_where_rows_agree() -> None:
    comparison = compared(noise(128, -0.05), rows=np.full(1000, -0.05))
    assert comparison.new_rows.outcome is comparison.outcome is Outcome.BEATS_DEFAULT
    assert comparison.needs == Needs()
    assert comparison.new_rows.high - comparison.high == pytest.approx(0.003)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="differences on the replicates must be finite"):
        compared(np.array([bad] + [0.0] * 15))
    with pytest.raises(ValueError, match="differences on the rows must be finite"):
        compared(np.zeros(16), rows=np.full(1000, bad))
    with pytest.raises(ValueError, match=r"must have the shape \(1000,\); received \(3,\)"):
        compared(np.zeros(16), rows=np.zeros(3))


@pytest.mark.parametrize(
    ("margin", "comparisons", "n_rows", "named"),
    [
        (0, 16, 100, "margin"),
        (math.nan, 16, 100, "margin"),
        (0.01, 0, 9, "comparisons"),
        (0.01, 1, 0, "n_rows"),
    ],
)
def test_impossible_terms_are_refused_by_name(
    margin: float, comparisons: int, n_rows: int, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        Terms(Loss.RMSE, margin, comparisons, n_rows)


def test_a_comparison_becomes_strict_json_with_null_for_infinite_bounds() -> None:
    fields = json.loads(json.dumps(compared(np.zeros(3)).to_dict(), allow_nan=False))
    assert fields["outcome"] == fields["new_rows"]["outcome"] == "undecided"
    assert fields["low"] is fields["high"] is fields["new_rows"]["low"] is None
    assert set(fields) == {
        *("level", "guideline", "outcome", "inconsistent", "difference", "low", "high", "margin"),
        *("replicates", "failures", "default_wins", "skewness", "new_rows", "needs"),
    }
