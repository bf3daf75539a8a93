"""Whole sweeps with a fake trainer: in other metrics, with groups, with weights."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.data import Dataset, load_dataset
from search.errors import InputError
from search.report.rows import standing
from search.report.words import headline
from search.settings import Settings
from search.sweep.records import SweepReport
from search.sweep.reporting import load_report
from search.sweep.run import open_sweep
from search.sweep.scores import score
from search.training.contract import Curve, Ending, Result
from search.verdict import METRICS, Loss, Verdict
from tests.sweep.conftest import FakeTrain

SMALL = Settings(name="s", pilot_trials=4, lanes=2, replicates=16, factors=("normalization",))


def asking(**changes: Any) -> Settings:
    return dataclasses.replace(SMALL, **changes)


@pytest.fixture(scope="module")
def tumours() -> Dataset:
    return load_dataset("breast_cancer")


def sweep(home: Path, data: Dataset, settings: Settings) -> SweepReport:
    truth = np.concatenate([data.y, data.y_confirm])
    train = FakeTrain(truth, effect=lambda r: 0.3 * (r.normalization == "batch"))
    with open_sweep(settings, data, home) as open_:
        open_.run(train, clock=lambda: train.now)
        return open_.report()


CLASSIFICATION = [str(m) for m in Loss if METRICS[m].task == "classification"]


@pytest.mark.parametrize("metric", CLASSIFICATION)
def test_a_level_that_is_worse_is_found_worse_in_every_metric(
    metric: str, tumours: Dataset, tmp_path: Path
) -> None:
    report = sweep(tmp_path, tumours, asking(metric=metric, margin=0.1))
    assert report.factors[0].verdict is Verdict.HOLDS_BETTER
    assert report.conditions["loss"] == metric
    assert load_report("s", tmp_path).to_dict() == report.to_dict()
    evidence = {arm.level: arm for arm in report.evidence}
    assert evidence["batch"].calibration is not None
    table = report.replicates
    for row in report.verdicts.itertuples():
        mine = table[(table.factor == row.factor) & (table.level == row.level)]
        assert mine.difference.mean() == pytest.approx(row.difference)
    assert (table[table.factor == "default"].difference == 0).all()
    assert np.mean(evidence["batch"].losses) > np.mean(evidence["shallow"].losses) + 0.1


def test_confirm_rows_of_one_class_leave_the_auc_undecided_and_readable(
    tumours: Dataset, tmp_path: Path
) -> None:
    alike = dataclasses.replace(tumours, y_confirm=np.ones_like(tumours.y_confirm))
    report = sweep(tmp_path, alike, asking(metric="auc", margin=0.1))
    assert report.state == "done"
    assert report.factors[0].verdict is Verdict.UNDECIDED
    assert "the AUC takes confirm rows of both classes" in headline(report)
    assert load_report("s", tmp_path).to_dict() == report.to_dict()
    assert "no confirm row is of the other class" in standing(report.factors[0])


def test_grouped_rows_widen_the_claim_about_new_rows(digits: Dataset, tmp_path: Path) -> None:
    """By the spread over groups; the claim on these data stays as it is."""
    groups = np.arange(digits.n_confirm) // 30
    grouped = dataclasses.replace(digits, confirm_groups=groups)
    alone, together = (
        sweep(tmp_path / name, data, SMALL).factors[0].comparisons[0]
        for name, data in (("alone", digits), ("together", grouped))
    )
    assert (alone.low, alone.high) == (together.low, together.high)
    assert together.terms.n_groups == 13
    assert together.new_rows.high - together.high > 2 * (alone.new_rows.high - alone.high)
    read_back = load_report("s", tmp_path / "together").factors[0].comparisons[0]
    assert read_back == together


def test_a_metric_that_does_not_fit_is_refused_with_nothing_written(
    digits: Dataset, tmp_path: Path
) -> None:
    for metric, words in (("auc", "must have two classes"), ("mae", "must be one of error")):
        with pytest.raises(InputError, match=words):
            sweep(tmp_path, digits, asking(metric=metric))
    assert not list(tmp_path.iterdir())


def test_rows_of_a_rare_class_weigh_in_the_choice_of_a_lane() -> None:
    curve = Curve((1.0,), (1.0,), (1.0,), (0.1,), 1, Ending.COMPLETED, "", 0.0)
    predicted = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1]])
    result, targets = Result(curve, predicted, None), np.array([0, 0, 0, 1])
    plain = score(Loss.ERROR_RATE, result, targets)
    balanced = score(Loss.ERROR_RATE, result, targets, np.array([2 / 3, 2 / 3, 2 / 3, 2.0]))
    assert plain is not None
    assert balanced is not None
    assert plain.loss == pytest.approx((-3 * np.log(0.9) - np.log(0.1)) / 4)
    assert balanced.loss == pytest.approx((-np.log(0.9) - np.log(0.1)) / 2)
    assert (plain.value, plain.standard_error) == (balanced.value, balanced.standard_error)


def test_regressions_are_scored_by_their_metric_and_chosen_by_the_squared_error() -> None:
    curve = Curve((1.0,), (1.0,), (1.0,), (0.1,), 1, Ending.COMPLETED, "", 0.0)
    result = Result(curve, np.array([[1.0], [2.0], [5.0]]), None)
    for loss, value in ((Loss.RMSE, np.sqrt(10 / 3)), (Loss.MAE, 4 / 3)):
        found = score(loss, result, np.array([1.0, 1.0, 2.0]))
        assert found is not None
        assert (found.value, found.loss) == pytest.approx((value, 10 / 3))
