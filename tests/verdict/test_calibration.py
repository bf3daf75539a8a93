import numpy as np
import pytest

from search.verdict import Calibration
from search.verdict.calibration import BINS


def test_confidence_that_is_met_has_no_calibration_error() -> None:
    """Of ten predictions with confidence 0.7 seven are right."""
    probabilities = np.tile([0.7, 0.3], (10, 1))
    labels = np.array([0] * 7 + [1] * 3)
    found = Calibration.of(probabilities, labels)
    assert found.error == pytest.approx(0.0, abs=1e-12)
    assert sum(found.counts) == 10
    assert found.counts[7] == 10


def test_certain_and_always_wrong_has_an_error_of_one() -> None:
    found = Calibration.of(np.eye(3), np.array([1, 2, 0]))
    assert found.error == 1.0
    assert found.counts[BINS - 1] == 3
    assert sum(found.right) == 0


def test_a_class_that_no_prediction_can_name_is_never_right() -> None:
    assert sum(Calibration.of(np.eye(2), np.array([-1, 1])).right) == 1


def test_adding_pools_predictions() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3), size=(2, 50))
    labels = rng.integers(0, 3, size=50)
    halves = [Calibration.of(part, labels) for part in probabilities]
    pooled, whole = halves[0] + halves[1], Calibration.of(probabilities, labels)
    assert pooled.counts == whole.counts
    assert pooled.right == whole.right
    assert pooled.error == pytest.approx(whole.error)


def test_the_error_is_the_mean_gap_weighted_by_counts() -> None:
    """Two bins: gap 0.1 for three of four predictions, gap 0.4 for the fourth."""
    confidences = np.array([0.9, 0.9, 0.9, 0.6])
    probabilities = np.stack([confidences, 1 - confidences], axis=1)
    found = Calibration.of(probabilities, np.array([0, 0, 0, 0]))
    assert found.error == pytest.approx((3 * 0.1 + 0.4) / 4)


def test_probabilities_must_be_finite() -> None:
    with pytest.raises(ValueError, match="probabilities must be finite"):
        Calibration.of(np.array([[np.nan, 1.0]]), np.array([0]))


def test_no_predictions_have_no_error() -> None:
    assert Calibration.of(np.zeros((0, 2)), np.zeros(0, int)).error == 0.0
