"""The final model in MLflow: whole, usable without this package, and one version a model."""

from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from search.models import initial_weights
from search.models.trained import trained_model
from search.sweep.final import FinalModel
from search.tracking import Tracker, TrainedModel, local_uri, sync
from search.verdict import Loss
from spaces import SHALLOW
from tests.tracking.conftest import DOCUMENTS, Seen, Server, report

RECIPE = SHALLOW.replace(width=8)


def model(seed: int = 0) -> TrainedModel:
    """Six features, three classes."""
    weights = tuple(initial_weights(RECIPE, 6, 3, seed))
    rows = np.random.default_rng(seed).normal(size=(7, 6)).astype(np.float32)
    built = trained_model(RECIPE, weights, n_features=6, n_outputs=3, task="classification")
    predictions = built(rows, training=False).numpy()
    nothing = dict.fromkeys(("train", "validation", "confirm"), np.zeros(0, int))
    kept = FinalModel(weights, rows, predictions, nothing)
    return TrainedModel(RECIPE, "classification", kept)


def versions(uri: str, name: str) -> list[ModelVersion]:
    return list(MlflowClient(uri).search_model_versions(f"name = '{name}'"))


def bring_up(home: Path, name: str, shown: TrainedModel | None, uri: str | None = None) -> None:
    sync(report(name), [], DOCUMENTS, home=home, tracking_uri=uri, model=shown)


def test_a_model_is_registered_once_and_another_one_is_a_further_version(
    shared_home: Path, name: str
) -> None:
    uri = local_uri(shared_home)
    for shown in (model(), model(), None):
        bring_up(shared_home, name, shown)
    (only,) = versions(uri, name)
    seen = Seen(uri, name)
    assert only.run_id == seen.sweep.info.run_id
    assert only.tags["search.home"] == seen.home
    assert only.description == f"2 hidden layers of 8, batches of 32: {RECIPE}"
    assert seen.sweep.info.status == "FINISHED"
    bring_up(shared_home, name, model(seed=1))
    assert sorted(int(v.version) for v in versions(uri, name)) == [1, 2]


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType")  # of MLflow's own
def test_it_predicts_as_the_sweep_did_and_has_a_signature_and_an_example(
    shared_home: Path, name: str
) -> None:
    shown = model()
    bring_up(shared_home, name, shown)
    (only,) = versions(local_uri(shared_home), name)
    mlflow.set_tracking_uri(local_uri(shared_home))
    try:
        loaded = mlflow.pyfunc.load_model(f"models:/{name}/{only.version}")
    finally:
        mlflow.set_tracking_uri("")
    predicted = loaded.predict(shown.kept.examples)
    assert np.allclose(predicted, shown.kept.predictions, atol=1e-6)
    assert str(loaded.metadata.signature.inputs.inputs[0].shape) == "(-1, 6)"
    assert loaded.input_example.shape == (5, 6)


def test_a_server_gets_it_too(server: Server, tmp_path: Path, name: str) -> None:
    for _ in range(2):
        bring_up(tmp_path, name, model(), server.uri)
    (only,) = versions(server.uri, name)
    assert only.run_id == Seen(server.uri, name).sweep.info.run_id


def test_a_model_that_cannot_be_logged_is_told_and_costs_nothing_else(
    shared_home: Path, name: str
) -> None:
    damaged = model()
    damaged = replace(damaged, kept=replace(damaged.kept, weights=damaged.kept.weights[1:]))
    with Tracker(name, Loss.ERROR_RATE, home=shared_home, tracking_uri=None) as tracker:
        tracker.finish(report(name), DOCUMENTS, damaged)
    assert tracker.problem is not None
    assert "behind the store (ValueError: " in tracker.problem
    assert Seen(local_uri(shared_home), name).sweep.info.status == "FINISHED"


def test_equal_weights_have_equal_digests() -> None:
    assert model().digest == model().digest != model(seed=1).digest
