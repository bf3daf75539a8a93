import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from search.verdict import METRICS, Loss, Terms, by_group
from search.verdict.levels import new_rows_quantile
from search.verdict.rows import rows_for_widening, widening
from tests.verdict import simulation

DIFFERENCES = np.random.default_rng(0).normal(0.1, 0.2, 400)


def terms(loss: Loss = Loss.RMSE, **changes: Any) -> Terms:
    return replace(Terms(loss, margin=0.01, comparisons=26, n_rows=400), **changes)


@pytest.mark.parametrize("loss", Loss)
def test_the_widening_is_z_standard_errors_over_the_rows(loss: Loss) -> None:
    expected = new_rows_quantile(terms().alpha) * np.std(DIFFERENCES, ddof=1) / 20
    assert widening(DIFFERENCES, terms(loss)) == pytest.approx(expected)


def test_error_rates_and_the_auc_widen_by_three_of_the_weightiest_rows_at_least() -> None:
    for loss, metric in METRICS.items():
        least = 3 / 400 if metric.rule_of_three else 0
        assert widening(np.zeros(400), terms(loss)) == least
        assert widening(np.zeros(400), terms(loss, row_weight=5.0)) == pytest.approx(5 * least)
        of_groups = terms(loss, row_weight=5.0, n_groups=50)  # 15 rows of 400 or 3 of 50 groups
        assert widening(np.zeros(50), of_groups) == pytest.approx(8 * least)


def test_one_row_or_group_says_nothing_of_others() -> None:
    assert widening(np.zeros(1), terms()) == math.inf
    assert widening(np.zeros(1), terms(n_groups=1)) == math.inf


def test_leading_axes_are_computed_as_one_by_one() -> None:
    many = DIFFERENCES.reshape(4, 100)
    expected = [widening(row, terms()) for row in many]
    assert np.array_equal(widening(many, terms()), expected)


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("room", [0.001, 0.01, 0.1])
def test_the_forecast_number_of_rows_brings_the_widening_down(loss: Loss, room: float) -> None:
    # Equal halves keep the standard deviation for any even number of rows.
    spread, of = np.tile([0.2, -0.2], 2), terms(loss, n_rows=4)
    rows = rows_for_widening(spread, of, room)
    per_row = widening(spread, terms(Loss.RMSE)) * 2
    least = 3 / rows if METRICS[loss].rule_of_three else 0
    assert max(per_row / math.sqrt(rows), least) == pytest.approx(room)


def test_groups_of_one_row_are_rows() -> None:
    assert by_group(DIFFERENCES, np.arange(400)) == pytest.approx(DIFFERENCES)


def test_the_spread_over_groups_is_the_cluster_robust_standard_error() -> None:
    groups = np.repeat(np.arange(40), np.arange(40) % 5 + 8)[:400]
    sizes = np.bincount(groups)
    found = by_group(DIFFERENCES, groups)
    mean = DIFFERENCES.mean()
    assert found.mean() == pytest.approx(mean)
    residuals = np.array([(DIFFERENCES[groups == g] - mean).sum() for g in range(len(sizes))])
    variance = len(sizes) / (len(sizes) - 1) * (residuals**2).sum() / 400**2
    assert found.std(ddof=1) / math.sqrt(len(sizes)) == pytest.approx(math.sqrt(variance))


def test_the_forecast_counts_rows_of_groups_like_these() -> None:
    found, of = by_group(DIFFERENCES, np.arange(400) // 8), terms(n_groups=50)
    once = rows_for_widening(found, of, 0.05)
    assert rows_for_widening(found, of, 0.025) == pytest.approx(4 * once)
    assert rows_for_widening(found, of, float(widening(found, of))) == pytest.approx(400)


def test_few_groups_widen_by_more_than_a_normal_would() -> None:
    found = DIFFERENCES[:8]
    assert widening(found, terms(n_groups=8)) > 1.5 * widening(found, terms())


def test_claims_about_new_groups_are_rarely_false_and_often_would_be_without_the_groups() -> None:
    """Planted: what a recipe gains depends on the patient, and on average it gains nothing."""
    kept, dropped = simulation.false_on_new_groups(1_000, m=1)
    assert kept < 0.02
    assert dropped > 0.2
