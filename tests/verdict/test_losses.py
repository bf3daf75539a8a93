import numpy as np
import pytest

from search.verdict import (
    Loss,
    delta,
    mean_loss,
    or_trivial,
    row_differences,
    row_losses,
    trivial_prediction,
)

PROBABILITIES = np.array(
    [
        [[0.9, 0.1, 0.0], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7], [0.4, 0.3, 0.3]],
        [[0.1, 0.9, 0.0], [0.2, 0.5, 0.3], [0.6, 0.2, 0.2], [0.4, 0.3, 0.3]],
    ],
    dtype=np.float32,
)
LABELS = np.array([0, 1, 2, -1])


def test_a_row_is_wrong_where_another_class_is_likelier() -> None:
    losses = row_losses(PROBABILITIES, LABELS, Loss.ERROR_RATE)
    assert np.array_equal(losses, [[0, 0, 0, 1], [1, 0, 1, 1]])
    assert np.array_equal(mean_loss(losses, Loss.ERROR_RATE), [0.25, 0.75])


def test_a_class_that_no_prediction_can_name_is_always_wrong() -> None:
    certain = np.broadcast_to(np.eye(3)[:, None, :], (3, 5, 3))
    assert row_losses(certain, np.full(5, -1), Loss.ERROR_RATE).all()


def test_rmse_is_the_root_of_the_mean_squared_error() -> None:
    predictions = np.array([[[1.0], [3.0]], [[0.0], [0.0]]], dtype=np.float32)
    losses = row_losses(predictions, np.array([1.0, 1.0]), Loss.RMSE)
    assert np.array_equal(losses, [[0, 4], [1, 1]])
    assert mean_loss(losses, Loss.RMSE) == pytest.approx([np.sqrt(2), 1])


@pytest.mark.parametrize("loss", Loss)
def test_what_is_no_number_is_refused(loss: Loss) -> None:
    predictions = np.array([[0.5], [np.nan], [np.inf]])
    with pytest.raises(
        ValueError, match="predictions must be finite; received 2 of 3 that are not"
    ):
        row_losses(predictions, np.zeros(3), loss)
    with pytest.raises(ValueError, match="labels must be finite"):
        row_losses(np.zeros((1, 1)), np.array([np.nan]), loss)


def test_the_trivial_predictor_names_the_majority_class_or_the_mean() -> None:
    classes = trivial_prediction(np.array([2, 1, 1, 2, 1, 0]), 4, Loss.ERROR_RATE)
    assert np.array_equal(classes, [0, 1, 0, 0])
    tied = trivial_prediction(np.array([2, 1, 2, 1]), 3, Loss.ERROR_RATE)
    assert np.array_equal(tied, [0, 1, 0])
    assert np.array_equal(trivial_prediction(np.array([1.0, 2.0, 6.0]), 1, Loss.RMSE), [3.0])


@pytest.mark.parametrize("loss", Loss)
def test_a_failed_or_diverged_replicate_scores_as_the_trivial_predictor(loss: Loss) -> None:
    trivial = np.array([1.0, 0.0])
    diverged = np.array([[0.0, 1.0], [np.nan, np.nan], [0.0, 1.0]])
    for predictions in (None, diverged):
        used, failed = or_trivial(predictions, trivial, 3)
        assert failed
        assert np.array_equal(used, [trivial] * 3)
        assert row_losses(used, np.array([0, 1, 1]), loss).shape == (3,)
    fine = np.full((3, 2), 0.5)
    assert or_trivial(fine, trivial, 3) == (fine, False)


@pytest.mark.parametrize("rows", [100, 300, 700, 1000])
def test_error_rates_that_differ_by_the_margin_differ_by_exactly_that_number(rows: int) -> None:
    default = np.zeros((rows,))
    default[: rows // 3] = 1
    alternative = default.copy()
    alternative[-rows // 100 :] = 1
    assert delta(alternative, default, Loss.ERROR_RATE) == 0.01
    assert delta(default, alternative, Loss.ERROR_RATE) == -0.01


def test_rmse_differs_by_the_logarithm_of_the_ratio() -> None:
    default = np.array([[1.0, 4.0, 9.0]])
    assert delta(default * 1.02**2, default, Loss.RMSE) == pytest.approx([np.log(1.02)])


def test_a_perfect_fit_has_a_finite_difference() -> None:
    perfect, some = np.zeros(5), np.ones(5)
    assert delta(perfect, perfect, Loss.RMSE) == 0
    assert -20 < delta(perfect, some, Loss.RMSE) < -10
    assert np.isfinite(row_differences(perfect[None], some[None], Loss.RMSE)).all()


def test_the_same_training_under_two_names_differs_nowhere() -> None:
    losses = np.random.default_rng(0).random((16, 50))
    for loss in Loss:
        assert not delta(losses, losses, loss).any()
        assert not row_differences(losses, losses, loss).any()


def test_row_differences_average_to_the_difference_of_error_rates() -> None:
    rng = np.random.default_rng(1)
    alternative, default = rng.integers(0, 2, (2, 24, 60)).astype(float)
    differences = row_differences(alternative, default, Loss.ERROR_RATE)
    assert differences.shape == (60,)
    mean = delta(alternative, default, Loss.ERROR_RATE).mean()
    assert differences.mean() == pytest.approx(mean)


def test_row_differences_are_the_derivative_of_ln_rmse_in_the_weight_of_a_row() -> None:
    rng = np.random.default_rng(2)
    alternative, default = rng.gamma(1, 1, (2, 1, 40))
    differences = row_differences(alternative, default, Loss.RMSE)
    step = 1e-6
    for row in (0, 7):
        weights = np.ones(40)
        weights[row] += step
        weighted = [np.average(x[0], weights=weights) for x in (alternative, default)]
        change = np.log(weighted[0] / weighted[1]) / 2 - delta(alternative, default, Loss.RMSE)[0]
        # The mean of all g_j is 0, so weighting row j more moves the difference by g_j / M.
        assert change / step == pytest.approx(differences[row] / 40, rel=1e-4)
