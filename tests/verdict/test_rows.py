import math

import numpy as np
import pytest

from search.verdict.levels import new_rows_quantile
from search.verdict.losses import Loss
from search.verdict.rows import rows_for_widening, widening

ALPHA_C = 0.05 / 26
DIFFERENCES = np.random.default_rng(0).normal(0.1, 0.2, 400)


@pytest.mark.parametrize("loss", Loss)
def test_the_widening_is_z_standard_errors_over_the_rows(loss: Loss) -> None:
    expected = new_rows_quantile(ALPHA_C) * np.std(DIFFERENCES, ddof=1) / 20
    assert widening(DIFFERENCES, ALPHA_C, loss) == pytest.approx(expected)


def test_error_rates_widen_by_three_rows_at_least() -> None:
    assert widening(np.zeros(400), ALPHA_C, Loss.ERROR_RATE) == 3 / 400
    assert widening(np.zeros(400), ALPHA_C, Loss.RMSE) == 0


def test_one_row_says_nothing_of_others() -> None:
    assert widening(np.zeros(1), ALPHA_C, Loss.RMSE) == math.inf


def test_leading_axes_are_computed_as_one_by_one() -> None:
    many = DIFFERENCES.reshape(4, 100)
    expected = [widening(row, ALPHA_C, Loss.RMSE) for row in many]
    assert np.array_equal(widening(many, ALPHA_C, Loss.RMSE), expected)


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("room", [0.001, 0.01, 0.1])
def test_the_forecast_number_of_rows_brings_the_widening_down(loss: Loss, room: float) -> None:
    # Equal halves keep the standard deviation for any even number of rows.
    spread = np.tile([0.2, -0.2], 2)
    rows = rows_for_widening(spread, ALPHA_C, loss, room)
    per_row = widening(spread, ALPHA_C, Loss.RMSE) * 2
    least = 3 / rows if loss is Loss.ERROR_RATE else 0
    assert max(per_row / math.sqrt(rows), least) == pytest.approx(room)
