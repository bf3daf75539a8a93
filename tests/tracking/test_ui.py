import json
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from search.cli import main
from search.data import load_dataset
from search.errors import InputError, SweepNotFoundError
from search.settings import Settings
from search.sweep import folder
from search.sweep.run import open_sweep
from search.tracking import local_uri, page_of_sweep, sync, ui_command, ui_environment
from search.tracking.views import REPLICATES, page_of
from tests.factories import some_trials
from tests.tracking.conftest import DOCUMENTS, Seen, Server, judged, report


def test_the_page_serves_the_runs_of_the_local_database(server: Server, name: str) -> None:
    sync(report(name), some_trials(), DOCUMENTS, home=server.folder, tracking_uri=None)
    seen = Seen(server.uri, name)
    assert len(seen.trials) == len(some_trials())
    query = f"path=verdict.md&run_uuid={seen.sweep.info.run_id}"
    with urllib.request.urlopen(f"{server.uri}/get-artifact?{query}", timeout=10) as answer:
        assert answer.read().decode() == DOCUMENTS["verdict.md"]


def test_the_page_is_on_loopback_and_small(shared_home: Path) -> None:
    command = ui_command(shared_home, None)
    assert command[-6:] == ["--host", "127.0.0.1", "--port", "5000", "--workers", "1"]
    environment = ui_environment(shared_home, None)
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_a_password_is_not_on_the_command_line() -> None:
    database = "postgresql://bob:secret@host/runs"
    assert "secret" not in str(ui_command(Path("/runs"), database))
    assert ui_environment(Path("/runs"), database)["MLFLOW_BACKEND_STORE_URI"] == database


def test_a_server_has_its_own_page_whose_address_is_told_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://bob:secret@team/mlflow/")
    home = tmp_path / "mlruns"
    with open_sweep(Settings(name="s"), load_dataset("digits"), home):
        pass
    identifiers = {"tracking_uri": "https://***@team/mlflow/", "experiment_id": "7"}
    folder.write_identifiers(home, "s", identifiers)
    assert main(["ui"]) == main(["ui", "s"]) == 0
    everything, sweep = capsys.readouterr().out.splitlines()
    assert everything.startswith("https://team/mlflow/#/experiments?")
    assert sweep == f"https://team/mlflow/{page_of('7', REPLICATES)}"


def test_the_page_opens_at_the_replicates_of_a_sweep(tmp_path: Path) -> None:
    with open_sweep(Settings(name="s"), load_dataset("digits"), tmp_path):
        pass
    with pytest.raises(InputError, match=r"NAME must be a sweep logged to sqlite.*received s"):
        page_of_sweep(tmp_path, "s", None)
    uri = local_uri(tmp_path)
    folder.write_identifiers(tmp_path, "s", {"tracking_uri": uri, "experiment_id": "7"})
    address = urlsplit(page_of_sweep(tmp_path, "s", None))
    path, _, query = address.fragment.partition("?")
    assert path == "/experiments/7/runs"
    assert parse_qs(query)["viewStateShareKey"] == [REPLICATES]
    with pytest.raises(SweepNotFoundError):
        page_of_sweep(tmp_path, "../s", None)


def test_a_view_that_the_page_opens_is_a_tag_of_the_experiment(
    shared_home: Path, name: str
) -> None:
    """The columns it names are of metrics and tags that runs have."""
    looked = judged(report(name), (0.1, 0.2))
    sync(looked, some_trials(), DOCUMENTS, home=shared_home, tracking_uri=None)
    seen = Seen(local_uri(shared_home), name)
    view = json.loads(seen.experiment.tags[f"mlflow.sharedViewState.{REPLICATES}"])
    where = [seen.experiment.experiment_id]
    runs = seen.client.search_runs(where, view["searchFilter"], order_by=[view["orderByKey"]])
    assert [run.data.metrics["confirm_error"] for run in runs] == [0.1, 0.2]
    for kind, key in (column.split(".", 1) for column in view["selectedColumns"]):
        assert key.strip("`") in getattr(runs[0].data, kind)
