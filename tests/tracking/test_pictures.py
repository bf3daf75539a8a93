import dataclasses
import json
import math

import pytest

from search.tracking.pictures import dataset_input, picture_of_sweep, picture_of_trial
from search.verdict import Loss
from tests.factories import confirm_trial, curve, failed_trial, pilot_trial
from tests.tracking.conftest import report


def test_a_name_says_what_a_run_is() -> None:
    pilot = picture_of_trial(pilot_trial(7), Loss.ERROR_RATE, "parent")
    assert pilot.tags["mlflow.runName"] == "activation=relu pilot 07"
    confirm = picture_of_trial(confirm_trial(12, "swish"), Loss.ERROR_RATE, "parent")
    assert confirm.tags["mlflow.runName"] == "activation=swish replicate 12"


def test_tags_say_where_a_run_belongs() -> None:
    tags = picture_of_trial(confirm_trial(3), Loss.ERROR_RATE, "parent").tags
    expected = {"phase": "confirm", "factor": "activation", "level": "relu", "replicate": "3"}
    assert tags.items() >= expected.items()
    assert tags["search.trial"] == "confirm/activation=relu/3"
    assert tags["mlflow.parentRunId"] == "parent"


def test_inactive_hyperparameters_are_not_shown() -> None:
    params = picture_of_trial(pilot_trial(), Loss.ERROR_RATE, "parent").params
    assert params["momentum"] == "0.9"
    assert params["depth"] == "2"
    assert params.keys().isdisjoint({"dropout_rate", "adamw_weight_decay", "format"})


def test_what_another_metric_measures_is_called_so() -> None:
    metrics = picture_of_trial(pilot_trial(), Loss.AUC, "parent").metrics
    assert metrics["validation_one_minus_auc"] == pilot_trial().value
    assert "validation_error" not in metrics
    assert "curve/validation_error" in metrics


def test_what_a_regression_measures_is_called_so() -> None:
    metrics = picture_of_trial(pilot_trial(), Loss.RMSE, "parent").metrics
    assert metrics["validation_rmse"] == pilot_trial().value
    assert "curve/validation_rmse" in metrics
    assert not any("validation_error" in key for key in metrics)


def test_a_failed_trial_shows_why_and_no_value() -> None:
    picture = picture_of_trial(failed_trial(), Loss.ERROR_RATE, "parent")
    assert picture.status == "FAILED"
    assert picture.tags["reason"] == failed_trial().reason
    assert picture.metrics.keys() == {"epochs", "best_epoch", "seconds"}


def test_only_finite_points_are_drawn() -> None:
    record = pilot_trial(curve=curve([1.0, math.inf, math.nan, 0.5]))
    points = picture_of_trial(record, Loss.ERROR_RATE, "parent").points
    steps = [(point.step, point.value) for point in points if point.key == "curve/train_loss"]
    assert steps == [(1, 1.0), (4, 0.5)]


def test_a_long_text_is_cut_with_a_mark() -> None:
    record = failed_trial(reason="x" * 9000)
    assert picture_of_trial(record, Loss.ERROR_RATE, "parent").tags["reason"].endswith("x…")
    sweep = picture_of_sweep(report("s"), {"verdict.md": "x" * 9000})
    assert len(sweep.tags["mlflow.note.content"]) == 8000


def test_what_may_be_raised_is_no_parameter() -> None:
    picture = picture_of_sweep(report("s", budget=60, tracking_uri="http://host"), {})
    assert picture.tags.items() >= {"budget": "60", "replicates": "32"}.items()
    assert picture.params.items() >= {"depth": "2", "margin": "0.01", "data": "digits"}.items()
    assert picture.params.keys().isdisjoint({"budget", "replicates", "tracking_uri", "name"})


def test_a_sweep_at_several_depths_tells_them_apart() -> None:
    at_20 = picture_of_trial(pilot_trial(3, depth=20), Loss.ERROR_RATE, "parent").tags
    assert at_20["mlflow.runName"] == "activation=relu at depth 20 pilot 03"
    assert at_20["depth"] == "20"
    assert "depth" not in picture_of_trial(pilot_trial(3), Loss.ERROR_RATE, "parent").tags
    one = report("s", depth=(2, 20))
    factors = tuple(dataclasses.replace(f, depth=d) for d in (2, 20) for f in one.factors)
    picture = picture_of_sweep(dataclasses.replace(one, factors=factors), {})
    assert picture.params["depth"] == "2,20"
    name = one.factors[0].factor
    assert {f"verdict.{name}.depth_2", f"verdict.{name}.depth_20"} <= picture.tags.keys()


@pytest.mark.parametrize(
    ("source", "name", "kind", "where"),
    [
        ("digits", "digits", "code", {"tags": {"embedded": "digits"}}),
        ("houses/prices.csv", "prices", "local", {"uri": "houses/prices.csv"}),
    ],
)
def test_data_is_told_without_its_rows(
    source: str, name: str, kind: str, where: dict[str, object]
) -> None:
    data = {**report("s").data, "source": source, "fingerprint": "f" * 64}
    told = dataset_input(dataclasses.replace(report("s"), data=data).data).dataset
    assert (told.name, told.source_type, json.loads(told.source)) == (name, kind, where)
    assert told.digest == "f" * 36
    assert told.profile is not None
    assert json.loads(told.profile)["n_rows"] == data["n_rows"]
