"""The command line with real training, in real processes that are really killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from search.main import load
from search.report.figures import FIGURES
from search.report.page import page
from search.study import Store
from search.sweep.folder import PAGE, folder_of

COMMAND = [sys.executable, "-m", "search", "run", "small", "--json"]
OPTIONS = {
    "--factors": "normalization,optimizer",
    "--pilot-trials": "8",
    "--lanes": "2",
    "--replicates": "16",
    "--epochs": "3",
    "--width": "20",
}
SMALL = [*COMMAND, *(word for option in OPTIONS.items() for word in option)]
PHASES = ("pilot", "confirm")
TIMES_AND_IDS = ("seconds", "compile_seconds", "mlflow")


def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    # Without a fixed hash seed: nothing may depend on the order of a set.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONHASHSEED"}
    return subprocess.Popen(
        [*SMALL, *more],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()
    document: dict[str, Any] = json.loads(output)
    return document


def same(document: dict[str, Any]) -> dict[str, Any]:
    """A report without its times and ids."""
    return {k: v for k, v in document.items() if k not in TIMES_AND_IDS}


def stored(folder: Path, phase: str) -> int:
    records = Store(folder_of(folder / "mlruns", "small")).all_records()
    return sum(record.phase == phase for record in records)


def kill_in(phase: str, folder: Path) -> None:
    """Start the sweep and kill it as soon as the phase has stored its first trials."""
    process = start(folder)
    try:
        deadline = time.monotonic() + 120
        while stored(folder, phase) == 0:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("whole")
    return folder, finish(start(folder))


@pytest.fixture(scope="module")
def client(whole: tuple[Path, dict[str, Any]]) -> MlflowClient:
    return MlflowClient(whole[1]["mlflow"]["tracking_uri"])


def test_a_run_ends_with_a_report(whole: tuple[Path, dict[str, Any]]) -> None:
    _, document = whole
    assert document["state"] == "done"
    assert [factor["factor"] for factor in document["factors"]] == ["normalization", "optimizer"]
    for factor in document["factors"]:
        for alternative in factor["alternatives"]:
            assert alternative["replicates"] == 16
            assert alternative["low"] < alternative["difference"] < alternative["high"]


@pytest.mark.parametrize("phase", PHASES)
def test_a_killed_run_goes_on_to_the_same_report_in_a_fresh_process(
    phase: str, whole: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    kill_in(phase, tmp_path)
    before = stored(tmp_path, phase)
    total = stored(whole[0], phase)
    assert 0 < before < total
    assert same(finish(start(tmp_path))) == same(whole[1])
    assert stored(tmp_path, phase) == total
    assert_children_are_the_stores(tmp_path)


def assert_children_are_the_stores(folder: Path) -> None:
    """MLflow has exactly the trials of the store, with the same values and status."""
    client = MlflowClient(f"sqlite:///{folder / 'mlruns' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("small")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], max_results=10_000)
    children = {r.data.tags["search.trial"]: r for r in runs if "search.trial" in r.data.tags}
    parents = [r for r in runs if "search.trial" not in r.data.tags]
    records = Store(folder_of(folder / "mlruns", "small")).all_records()
    assert len(parents) == 1
    assert parents[0].info.status == "FINISHED"
    assert len(children) == len(runs) - 1 == len(records)
    for record in records:
        run = children[f"{record.study}/{record.index}"]
        assert run.info.status == ("FINISHED" if record.state == "complete" else "FAILED")
        if record.value is not None:
            assert run.data.metrics["validation_error"] == pytest.approx(record.value)
        for name, value in record.params.items():
            assert float(run.data.params[name]) == value
        assert run.data.tags["mlflow.parentRunId"] == parents[0].info.run_id
        assert run.data.tags["phase"] == record.phase


def test_mlflow_has_exactly_the_trials_of_the_store(whole: tuple[Path, dict[str, Any]]) -> None:
    assert_children_are_the_stores(whole[0])


def test_the_parent_run_carries_verdict_settings_and_data_set(
    whole: tuple[Path, dict[str, Any]], client: MlflowClient
) -> None:
    run = client.get_run(whole[1]["mlflow"]["run_id"])
    names = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    assert {"verdict.md", "verdict.json", "settings.json", "columns.json"} <= names
    assert "report.html" in names
    figures = {artifact.path for artifact in client.list_artifacts(run.info.run_id, "figures")}
    assert figures == {f"figures/{name}.png" for name in FIGURES if name != "search"}
    assert run.inputs is not None
    (data,) = run.inputs.dataset_inputs
    assert data.dataset.name == "digits"
    assert data.dataset.digest == whole[1]["data"]["fingerprint"]


def test_the_page_is_kept_and_can_be_made_again_from_the_store_alone(
    whole: tuple[Path, dict[str, Any]], client: MlflowClient, tmp_path: Path
) -> None:
    kept = folder_of(whole[0] / "mlruns", "small") / PAGE
    assert page(load("small", home=whole[0] / "mlruns")) == kept.read_text()
    logged = client.download_artifacts(whole[1]["mlflow"]["run_id"], PAGE, str(tmp_path))
    assert Path(logged).read_text() == kept.read_text()


def test_everything_is_written_below_mlruns(whole: tuple[Path, dict[str, Any]]) -> None:
    assert [path.name for path in whole[0].iterdir()] == ["mlruns"]


def test_an_interrupt_ends_with_130_and_says_how_to_go_on(tmp_path: Path) -> None:
    process = start(tmp_path)
    try:
        deadline = time.monotonic() + 120
        while stored(tmp_path, "pilot") == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130
    assert output == b""
    assert b"again to go on" in errors
    assert b"Traceback" not in errors


@pytest.mark.parametrize(
    ("target", "task", "n_classes", "loss"),
    [("price", "regression", 0, "rmse"), ("style", "classification", 3, "error")],
)
def test_a_table_with_missing_values_and_many_categories_runs(
    tmp_path: Path, target: str, task: str, n_classes: int, loss: str
) -> None:
    rng = np.random.default_rng(0)
    size, town = rng.normal(100, 20, 400), rng.integers(0, 30, 400)
    table = pd.DataFrame(
        {
            "size": np.where(rng.random(400) < 0.1, np.nan, size),
            "town": [f"town {i}" if i % 7 else None for i in town],
            "price": 1000 + 10 * size + 20 * town + rng.normal(0, 5, 400),
            "style": np.where(size > 110, "villa", np.where(size > 90, "house", "flat")),
        }
    )
    table.to_csv(tmp_path / "houses.csv", index=False)
    words = [sys.executable, "-m", "search", "run", "--data", "houses.csv", "--target", target]
    options = "--factors activation --pilot-trials 4 --lanes 1 --replicates 16 --epochs 3 --json"
    done = subprocess.run(
        [*words, *options.split()], cwd=tmp_path, capture_output=True, check=True, timeout=300
    )
    document = json.loads(done.stdout)
    assert document["name"] == "houses-shallow"
    assert (document["data"]["task"], document["data"]["n_classes"]) == (task, n_classes)
    assert document["data"]["n_features"] > 15  # towns, and whether a size is missing
    assert document["conditions"]["loss"] == loss
    for alternative in document["factors"][0]["alternatives"]:
        assert alternative["difference"] is not None


def test_self_normalizing_runs_on_standardized_inputs(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "search", "run", "--recipe", "self_normalizing", "--json"]
    options = "--data wine --factors regularization --pilot-trials 4 --lanes 1 --replicates 1"
    options += " --epochs 2 --width 10 --depth 2"
    done = subprocess.run(
        [*words, *options.split()], cwd=tmp_path, capture_output=True, check=True, timeout=300
    )
    document = json.loads(done.stdout)
    assert document["recipe"]["initializer"] == "lecun_normal"
    assert document["recipe"]["activation"] == "selu"
    assert document["recipe"]["optimizer"] == "nag"
    assert "dropout_rate" not in document["recipe"]
    records = Store(folder_of(tmp_path / "mlruns", document["name"])).all_records()
    asks = {record.level: "dropout_rate" in record.params for record in records}
    assert asks["alpha_dropout"]
    assert not any(asked for level, asked in asks.items() if level != "alpha_dropout")
