"""Synthetic replicates; `tests/long/simulate_verdicts.py` prints the same at full size."""

import math

import pytest

from search.verdict import Outcome
from tests.verdict import naive, simulation
from tests.verdict.simulation import SKEWED, SYMMETRIC


@pytest.mark.parametrize("noise", SYMMETRIC)
def test_identical_recipes_are_hardly_ever_told_apart(noise: str) -> None:
    assert simulation.ever(SYMMETRIC[noise], shift=0, m=1, margin=0, n=10_000) < 0.01


def test_a_report_on_24_identical_recipes_is_hardly_ever_wrong() -> None:
    assert simulation.any_beaten(n_reports=2_000, n_alternatives=24, m=26) < 0.005


def test_the_obvious_rules_tell_identical_recipes_apart_again_and_again() -> None:
    assert naive.t_after_every_replicate(2_000) > 0.3
    assert naive.wilcoxon_at_ten_looks(500) > 0.15
    assert naive.any_beaten_by_t(200, 24) > 0.6


def test_a_winner_must_not_be_scored_where_it_was_chosen() -> None:
    chosen, fresh = naive.tuned_against_default(4_000)
    assert chosen > 0.9
    assert fresh == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("noise", SYMMETRIC)
@pytest.mark.parametrize("margin", [0.5, 1.0])
def test_a_truth_exactly_on_the_margin_stays_undecided(noise: str, margin: float) -> None:
    rate = simulation.ever(SYMMETRIC[noise], shift=-margin, m=1, margin=margin, n=4_000)
    assert rate < 0.01


@pytest.mark.parametrize("noise", SKEWED)
def test_a_median_exactly_on_the_margin_stays_within_its_level_under_skewed_noise(
    noise: str,
) -> None:
    draw, median, _ = SKEWED[noise]
    assert simulation.ever(draw, shift=-1 - median, m=1, margin=1, n=4_000) < 0.8 * 0.05


@pytest.mark.parametrize(
    ("noise", "least"),
    [("gamma, shape 4", 0.2), ("gamma, shape 1", 0.95), ("2 % divergences", 0.9)],
)
def test_skewed_noise_is_flagged(noise: str, least: float) -> None:
    assert simulation.flagged(SKEWED[noise][0], 1_000) > least
    assert simulation.flagged(SYMMETRIC["normal"], 1_000) == 0


@pytest.mark.parametrize(
    ("truth", "outcome"), [(-2.0, Outcome.BEATS_DEFAULT), (0.0, Outcome.EQUIVALENT)]
)
def test_power_at_a_margin_of_one_standard_deviation(truth: float, outcome: Outcome) -> None:
    assert simulation.course(truth, margin=1.0, m=16, n=4_000).share[outcome] >= 0.99


@pytest.mark.parametrize(
    ("margin", "truth", "median", "slow"),
    [
        (1.6, 0.0, 24, 24),
        (1.6, -0.4, 24, 48),
        (1.6, -2.6, 32, 48),
        (1.0, 0.0, 48, 64),
        (1.0, -2.0, 32, 48),
        (1.0, -1.0, math.inf, math.inf),
    ],
)
def test_replicates_cost_what_the_protocol_expects(
    margin: float, truth: float, median: float, slow: float
) -> None:
    course = simulation.course(truth, margin, m=16, n=4_000)
    assert (course.median, course.slow) == (median, slow)


def test_claims_about_new_rows_are_rarely_false_and_often_would_be_without_the_widening() -> None:
    kept, dropped = simulation.false_on_new_rows(2_000, m=1)
    assert kept < 0.01
    assert dropped > 0.5
