import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from search.errors import InputError
from search.verdict import (
    METRICS,
    Loss,
    Terms,
    delta,
    get_loss,
    mean_loss,
    or_trivial,
    row_differences,
    row_losses,
    row_weight,
    standard_error,
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


def test_mae_is_the_mean_absolute_error_and_differs_by_the_logarithm_of_the_ratio() -> None:
    predictions = np.array([[[1.0], [3.0]], [[0.0], [0.0]]], dtype=np.float32)
    losses = row_losses(predictions, np.array([1.0, 2.0]), Loss.MAE)
    assert np.array_equal(losses, [[0, 1], [1, 2]])
    assert mean_loss(losses, Loss.MAE) == pytest.approx([0.5, 1.5])
    assert delta(losses[1], losses[0], Loss.MAE) == pytest.approx(np.log(3))


def test_the_balanced_error_is_the_mean_of_the_classes_error_rates() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1])
    predictions = np.eye(2)[[0, 0, 0, 1, 0, 1]]
    losses = row_losses(predictions, labels, Loss.BALANCED_ERROR)
    assert mean_loss(losses, Loss.BALANCED_ERROR) == pytest.approx((1 / 4 + 1 / 2) / 2)
    never_met = row_losses(predictions, np.array([0, 0, 0, 0, 1, -1]), Loss.BALANCED_ERROR)
    assert never_met.mean() == pytest.approx((1 / 4 + 1 + 1) / 3)


def test_the_log_loss_is_minus_the_logarithm_of_the_truths_probability() -> None:
    losses = row_losses(PROBABILITIES[0], LABELS, Loss.LOG_LOSS)
    assert losses[:3] == pytest.approx(-np.log([0.9, 0.5, 0.7]), rel=1e-6)
    assert losses[3] == pytest.approx(-np.log(1e-7))
    assert row_losses(np.eye(3)[:1], np.array([1]), Loss.LOG_LOSS) == pytest.approx(-np.log(1e-7))


def binary(seed: int, n: int = 60, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities with ties, (4, n, 2), and labels of which a third are 1."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % classes == 0).astype(int)
    ones = np.round(np.clip(0.4 + 0.2 * labels + rng.normal(0, 0.2, (4, n)), 0, 1), 1)
    return np.stack([1 - ones, ones], axis=-1), labels


def test_the_auc_counts_ties_half_and_is_turned_into_a_loss() -> None:
    predictions, labels = binary(0)
    losses = row_losses(predictions, labels, Loss.AUC)
    expected = [1 - roc_auc_score(labels, each[:, 1]) for each in predictions]
    assert mean_loss(losses, Loss.AUC) == pytest.approx(expected)
    one_class = row_losses(predictions, np.ones(60), Loss.AUC)
    assert np.array_equal(one_class, np.full((4, 60), 0.5))


def test_the_aucs_standard_error_is_delongs() -> None:
    """DeLong et al. 1988: var(V10) / m + var(V01) / n over all pairs, counted one by one."""
    predictions, labels = binary(1)
    score = predictions[0, :, 1]
    above = np.sign(score[labels == 1][:, None] - score[labels == 0]) / 2 + 0.5
    parts = [above.mean(axis=axis) for axis in (1, 0)]
    variance = sum(part.var() / len(part) for part in parts)
    losses = row_losses(predictions[0], labels, Loss.AUC)
    assert standard_error(losses, Loss.AUC, labels) == pytest.approx(np.sqrt(variance))


@pytest.mark.parametrize("loss", [loss for loss, m in METRICS.items() if m.task != "regression"])
def test_row_differences_have_the_spread_that_fresh_rows_show(loss: Loss) -> None:
    """Two models on 800 fresh sets of 300 rows, a fifth of them of the rarer class."""
    rng = np.random.default_rng(2)
    labels = (rng.random((800, 300)) < 0.2).astype(int)
    shared = rng.normal(size=labels.shape)
    scores = [1.5 * labels - 1 + shared + rng.normal(size=labels.shape) / 2 for _ in range(2)]
    models = [np.stack([1 - p, p], axis=-1) for p in (1 / (1 + np.exp(-s)) for s in scores)]
    found, spreads = [], []
    for a, b, truth in zip(*models, labels, strict=True):
        one, other = (row_losses(x, truth, loss)[None] for x in (a, b))
        found.append(float(delta(one, other, loss)[0]))
        spreads.append(row_differences(one, other, loss, truth).std(ddof=1) / np.sqrt(300))
    assert np.mean(spreads) == pytest.approx(np.std(found), rel=0.1)


def test_row_differences_of_every_loss_average_to_the_difference() -> None:
    (first, labels), (second, _) = binary(3), binary(4)
    for loss in (Loss.BALANCED_ERROR, Loss.LOG_LOSS, Loss.AUC):
        one, other = (row_losses(x, labels, loss) for x in (first, second))
        mean = delta(one, other, loss).mean()
        assert row_differences(one, other, loss, labels).mean() == pytest.approx(mean)


def test_the_trivial_predictor_is_the_best_constant_for_each_loss() -> None:
    rng = np.random.default_rng(5)
    classes, numbers = rng.choice(3, 500, p=[0.5, 0.3, 0.2]), rng.gamma(1, 1, 500)
    others = {
        "classification": rng.dirichlet(np.ones(3), 200),
        "regression": rng.gamma(1, 1, (200, 1)),
    }
    for loss, metric in METRICS.items():
        targets = classes if metric.task == "classification" else numbers
        n_outputs = 3 if metric.task == "classification" else 1
        best = trivial_prediction(targets, n_outputs, loss)
        all_rows = np.repeat(np.vstack([best, others[metric.task]])[:, None], 500, axis=1)
        losses = mean_loss(row_losses(all_rows, targets, loss), loss)
        assert losses[0] <= losses.min() + 1e-9
        assert loss is not Loss.AUC or losses[0] == pytest.approx(0.5)


def test_metrics_are_named_with_direction_and_margin_and_fit_the_task() -> None:
    assert {str(loss): metric.direction for loss, metric in METRICS.items()} == {
        "error": "lower",
        "balanced_error": "lower",
        "log_loss": "lower",
        "auc": "higher",
        "rmse": "lower",
        "mae": "lower",
    }
    assert get_loss(None, "classification", 3) is Loss.ERROR_RATE
    assert get_loss(None, "regression", 0) is Loss.RMSE
    assert get_loss("auc", "classification", 2) is Loss.AUC
    with pytest.raises(InputError, match="a regression must be one of rmse, mae; received error"):
        get_loss("error", "regression", 0)
    with pytest.raises(InputError, match="must have two classes; received 3 classes"):
        get_loss("auc", "classification", 3)


def test_a_row_of_a_rare_class_weighs_more() -> None:
    assert row_weight(Loss.ERROR_RATE, 2, 0.01) == 1
    assert row_weight(Loss.BALANCED_ERROR, 2, 0.5) == 1
    assert row_weight(Loss.BALANCED_ERROR, 2, 0.05) == pytest.approx(10)
    assert row_weight(Loss.AUC, 2, 0.05) == pytest.approx(20)
    assert Terms(Loss.AUC, 0.01, 1, 1000, row_weight=20).least_rows == 2000


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
    assert np.isfinite(row_differences(perfect[None], some[None], Loss.RMSE, np.zeros(5))).all()


def test_the_same_training_under_two_names_differs_nowhere() -> None:
    losses, labels = np.random.default_rng(0).random((16, 50)), np.arange(50) % 2
    for loss in Loss:
        assert not delta(losses, losses, loss).any()
        assert not row_differences(losses, losses, loss, labels).any()


def test_row_differences_average_to_the_difference_of_error_rates() -> None:
    rng = np.random.default_rng(1)
    alternative, default = rng.integers(0, 2, (2, 24, 60)).astype(float)
    differences = row_differences(alternative, default, Loss.ERROR_RATE, np.zeros(60))
    assert differences.shape == (60,)
    mean = delta(alternative, default, Loss.ERROR_RATE).mean()
    assert differences.mean() == pytest.approx(mean)


def test_row_differences_are_the_derivative_of_ln_rmse_in_the_weight_of_a_row() -> None:
    rng = np.random.default_rng(2)
    alternative, default = rng.gamma(1, 1, (2, 1, 40))
    differences = row_differences(alternative, default, Loss.RMSE, np.zeros(40))
    step = 1e-6
    for row in (0, 7):
        weights = np.ones(40)
        weights[row] += step
        weighted = [np.average(x[0], weights=weights) for x in (alternative, default)]
        change = np.log(weighted[0] / weighted[1]) / 2 - delta(alternative, default, Loss.RMSE)[0]
        # The mean of all g_j is 0, so weighting row j more moves the difference by g_j / M.
        assert change / step == pytest.approx(differences[row] / 40, rel=1e-4)
