import dataclasses
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType

from search.settings import Settings
from search.sweep.records import ArmEvidence, SweepReport
from search.tracking import local_uri, ui_command, ui_environment
from tests import reports
from tests.factories import some_trials

DOCUMENTS = {"verdict.md": "# Activation holds\n\nBetter than **relu**.", "verdict.json": "{}\n"}


def report(name: str, **changes: Any) -> SweepReport:
    """A report on a sweep called `name`; changes are `state` or settings."""
    state = changes.pop("state", "done")
    return reports.report(state=state, settings=Settings(name=name, **changes))


def judged(asked: SweepReport, losses: Sequence[float]) -> SweepReport:
    """A report on `some_trials` after a look: of relu, whose default has lost 0.2 each time."""
    relu = ArmEvidence(
        factor="activation",
        level="relu",
        depth=2,
        study="confirm/activation=relu",
        losses=tuple(losses),
        deltas=tuple(loss - 0.2 for loss in losses),
        failed=(False,) * len(losses),
        calibration=None,
    )
    return dataclasses.replace(asked, evidence=(relu,), records=tuple(some_trials()))


class Seen:
    """What MLflow has of a sweep."""

    def __init__(self, uri: str, name: str) -> None:
        self.client = MlflowClient(uri)
        experiment = self.client.get_experiment_by_name(name)
        assert experiment is not None
        self.experiment = experiment
        runs = self.client.search_runs([experiment.experiment_id], order_by=["start_time"])
        self.sweeps = [run for run in runs if "search.sweep" in run.data.tags]
        self.children = [run for run in runs if "search.trial" in run.data.tags]
        assert len(self.sweeps) + len(self.children) == len(runs)

    @property
    def sweep(self) -> Run:
        (only,) = self.sweeps
        return only

    @property
    def home(self) -> str:
        """The name of the folder that logged the parent."""
        return str(self.sweep.data.tags["search.home"])

    @property
    def artifacts(self) -> Path:
        """Where the parent's artifacts lie, if that is a folder."""
        return Path(url2pathname(urlsplit(self.sweep.info.artifact_uri).path))

    @property
    def trials(self) -> dict[str, Run]:
        """Trial -> its only run."""
        found = {run.data.tags["search.trial"]: run for run in self.children}
        assert len(found) == len(self.children)
        assert all(
            run.data.tags["mlflow.parentRunId"] == self.sweep.info.run_id for run in self.children
        )
        return found

    def all(self) -> list[dict[str, Any]]:
        """Everything of every run, deleted ones included."""
        where = [self.experiment.experiment_id]
        runs = self.client.search_runs(where, run_view_type=ViewType.ALL, order_by=["run_id"])
        return [{**run.to_dictionary(), "points": self.points(run)} for run in runs]

    def points(self, run: Run) -> dict[str, list[tuple[int, float]]]:
        """Metric -> its (step, value) pairs."""
        histories = {
            key: self.client.get_metric_history(run.info.run_id, key) for key in run.data.metrics
        }
        return {key: [(point.step, point.value) for point in h] for key, h in histories.items()}


class Server:
    """An MLflow server on loopback that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        self.folder = folder
        self.uri = f"http://127.0.0.1:{port}"
        self._command = ui_command(folder, local_uri(folder), "127.0.0.1", port)
        self._environment = ui_environment(folder, local_uri(folder)) | {
            "MLFLOW_DEFAULT_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "MLFLOW_ARTIFACTS_DESTINATION": str(folder / "kept"),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            AssertionError: with what the server said, if it ends or does not answer in two minutes.
        """
        log = self.folder / "server.log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=out, stderr=out, start_new_session=True
            )
        deadline = time.monotonic() + 120
        while not self.is_healthy():
            waits = self._process.poll() is None and time.monotonic() < deadline
            assert waits, f"the server did not come up: {log.read_text()}"
            time.sleep(0.1)

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=5) as answer:
                return bool(answer.read() == b"OK")
        except OSError:
            return False

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None


@pytest.fixture(autouse=True)
def _no_address_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests that can share it: a new database takes seconds."""
    return tmp_path_factory.mktemp("mlruns")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page over a database, and for everyone else a server that keeps artifacts itself."""
    folder = tmp_path_factory.mktemp("server")
    with Server(folder) as running:
        yield running


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A sweep of the test's own."""
    return "".join(x if x.isalnum() else "-" for x in request.node.name)
