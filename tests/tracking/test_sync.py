import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from search.errors import InputError, SearchError
from search.study.record import TrialRecord
from search.sweep.records import SweepReport
from search.tracking import local_uri, sync
from search.tracking.mirror import behind
from tests.factories import confirm_trial, pilot_trial, some_trials
from tests.tracking.conftest import DOCUMENTS, Seen, Server, report


class Place:
    """A folder, and where its runs go."""

    def __init__(self, home: Path, uri: str | None) -> None:
        self.home, self.uri = home, uri

    def sync(self, asked: SweepReport, records: Sequence[TrialRecord]) -> dict[str, str]:
        return sync(asked, records, DOCUMENTS, home=self.home, tracking_uri=self.uri)

    def see(self, name: str) -> Seen:
        return Seen(self.uri or local_uri(self.home), name)


@pytest.fixture
def place(shared_home: Path) -> Place:
    return Place(shared_home, None)


@pytest.fixture(params=["database", "server"])
def any_place(request: pytest.FixtureRequest, shared_home: Path, tmp_path: Path) -> Place:
    if request.param == "database":
        return Place(shared_home, None)
    return Place(tmp_path, request.getfixturevalue("server").uri)


def test_there_is_one_child_for_each_trial_of_the_store(any_place: Place, name: str) -> None:
    records = some_trials()
    any_place.sync(report(name), records)
    seen = any_place.see(name)
    assert seen.trials.keys() == {f"{record.study}/{record.index}" for record in records}
    for record in records:
        run = seen.trials[f"{record.study}/{record.index}"]
        assert run.info.status == ("FINISHED" if record.state == "complete" else "FAILED")
        assert run.data.metrics.get("validation_error") == record.value
        assert run.data.metrics["best_epoch"] == record.best_epoch
        recipe = {key: str(x) for key, x in record.recipe.items() if key != "format"}
        assert run.data.params == recipe
        assert run.data.tags["reason"] == record.reason
        assert run.data.tags.get("replicate") == (
            None if record.replicate is None else str(record.replicate)
        )
        assert run.info.end_time - run.info.start_time == 1000 * record.seconds


def test_a_curve_lies_over_its_epochs(any_place: Place, name: str) -> None:
    record = pilot_trial()
    any_place.sync(report(name), [record])
    seen = any_place.see(name)
    points = seen.points(seen.children[0])
    for key in ("train_loss", "validation_loss", "validation_error"):
        assert points[f"curve/{key}"] == list(
            zip(record.curve["epoch"], record.curve[key], strict=True)
        )
        assert len(points[f"curve/{key}"]) <= 10
    assert points["validation_error"] == [(0, record.value)]


def test_the_parent_shows_the_sweep(any_place: Place, name: str) -> None:
    identifiers = any_place.sync(report(name), some_trials())
    seen = any_place.see(name)
    run = seen.client.get_run(identifiers["run_id"])
    assert run.info.run_id == seen.sweep.info.run_id
    assert identifiers["experiment_id"] == run.info.experiment_id
    assert run.info.run_name == name
    assert run.info.status == "FINISHED"
    assert run.info.end_time - run.info.start_time >= 1000 * report(name).seconds
    assert run.data.tags["search.sweep"] == name
    assert run.data.tags["mlflow.note.content"] == DOCUMENTS["verdict.md"]
    assert run.data.tags["verdict.normalization"] == "beaten"
    assert run.data.metrics["trials_failed"] == 2
    assert run.inputs is not None
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("digits", "0123456789abcdef")
    kept = {file.path for file in seen.client.list_artifacts(run.info.run_id)}
    assert kept == DOCUMENTS.keys()
    path = seen.client.download_artifacts(run.info.run_id, "verdict.md")
    assert Path(path).read_text() == DOCUMENTS["verdict.md"]


def test_doing_it_again_changes_nothing(any_place: Place, name: str) -> None:
    identifiers = any_place.sync(report(name), some_trials())
    before = any_place.see(name).all()
    assert any_place.sync(report(name), some_trials()) == identifiers
    assert any_place.see(name).all() == before


def test_pictures_are_kept_as_they_are(any_place: Place, name: str, tmp_path: Path) -> None:
    picture = bytes(range(256))
    documents: dict[str, str | bytes] = {"verdict.md": "# Verdict", "figures/one.png": picture}
    home, uri = any_place.home, any_place.uri
    identifiers = sync(report(name), [], documents, home=home, tracking_uri=uri)
    client = any_place.see(name).client
    kept = client.download_artifacts(identifiers["run_id"], "figures/one.png", str(tmp_path))
    assert Path(kept).read_bytes() == picture


def test_artifacts_lie_under_the_folder_wherever_one_works(
    place: Place, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place.sync(report(name), [])
    path = place.see(name).artifacts
    assert path.is_relative_to(place.home / "artifacts")
    assert (path / "verdict.md").exists()
    assert not list(tmp_path.iterdir())


def test_a_server_says_where_artifacts_lie(server: Server, tmp_path: Path, name: str) -> None:
    place = Place(tmp_path, server.uri)
    place.sync(report(name), [])
    assert place.see(name).experiment.artifact_location.startswith("mlflow-artifacts:")


def test_deleted_runs_come_back(any_place: Place, name: str) -> None:
    any_place.sync(report(name), some_trials())
    seen = any_place.see(name)
    for run in (seen.sweep, *seen.children[:2]):
        seen.client.delete_run(run.info.run_id)
    any_place.sync(report(name), some_trials())
    assert len(any_place.see(name).trials) == len(some_trials())


def test_a_deleted_experiment_comes_back(place: Place, name: str) -> None:
    place.sync(report(name), some_trials())
    seen = place.see(name)
    seen.client.delete_experiment(seen.experiment.experiment_id)
    place.sync(report(name), some_trials())
    assert len(place.see(name).trials) == len(some_trials())


@pytest.mark.parametrize("is_logged", [False, True])
def test_a_run_that_a_kill_left_behind_is_completed(
    place: Place, name: str, *, is_logged: bool
) -> None:
    place.sync(report(name), [pilot_trial()])
    seen = place.see(name)
    whole = seen.children[0]
    client, points = seen.client, seen.points(whole)
    half = client.create_run(
        whole.info.experiment_id, start_time=whole.info.start_time, tags=whole.data.tags
    ).info.run_id
    if is_logged:
        at = whole.info.end_time
        metrics = [Metric(k, v, at, step) for k, p in points.items() for step, v in p]
        params = [Param(*x) for x in whole.data.params.items()]
        client.log_batch(half, metrics, params)
    client.delete_run(whole.info.run_id)
    place.sync(report(name), [pilot_trial()])
    (only,) = place.see(name).children
    assert only.info.run_id == half
    assert only.info.status == "FINISHED"
    assert only.info.end_time == whole.info.end_time
    assert only.data.params == whole.data.params
    assert place.see(name).points(only) == points


def test_duplicates_are_deleted(place: Place, name: str) -> None:
    place.sync(report(name), some_trials())
    seen = place.see(name)
    for run in (seen.sweep, *seen.children[:2]):
        seen.client.create_run(run.info.experiment_id, tags=run.data.tags)
    place.sync(report(name), some_trials())
    again = place.see(name)
    assert again.sweep.info.run_id == seen.sweep.info.run_id
    assert {k: x.info.run_id for k, x in again.trials.items()} == {
        k: x.info.run_id for k, x in seen.trials.items()
    }


def test_what_the_store_does_not_have_is_deleted(place: Place, name: str) -> None:
    place.sync(report(name), [pilot_trial(0), pilot_trial(1)])
    place.sync(report(name, state="running"), [pilot_trial(1)])
    assert len(place.see(name).trials) == 2, "a trial may have been stored meanwhile"
    place.sync(report(name), [pilot_trial(1)])
    assert place.see(name).trials.keys() == {"pilot/activation=relu/1"}


def test_a_run_that_shows_something_else_is_replaced(place: Place, name: str) -> None:
    place.sync(report(name), [pilot_trial(), confirm_trial()])
    changed = [pilot_trial(value=0.5), confirm_trial(state="failed", value=None)]
    place.sync(report(name), changed)
    trials = place.see(name).trials
    assert trials["pilot/activation=relu/0"].data.metrics["validation_error"] == 0.5
    assert trials["confirm/activation=relu/0"].info.status == "FAILED"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("done", "FINISHED"),
        ("stopped", "FINISHED"),
        ("interrupted", "KILLED"),
        ("running", "RUNNING"),
    ],
)
def test_the_parent_ends_as_the_sweep_did(place: Place, name: str, state: str, status: str) -> None:
    place.sync(report(name, state=state), [])
    assert place.see(name).sweep.info.status == status


def test_a_sweep_goes_on_under_raised_limits(place: Place, name: str) -> None:
    place.sync(report(name, state="stopped", budget=60), [pilot_trial()])
    first = place.see(name).sweep
    place.sync(report(name, budget=600, replicates=64), some_trials())
    seen = place.see(name)
    assert seen.sweep.info.run_id == first.info.run_id
    assert seen.sweep.data.tags.items() >= {"budget": "600", "replicates": "64"}.items()
    assert len(seen.trials) == len(some_trials())


def test_a_new_sweep_takes_over_the_name_of_one_that_was_thrown_away(
    place: Place, name: str
) -> None:
    place.sync(report(name, seed=0), some_trials())
    place.sync(report(name, seed=1), [pilot_trial(value=0.1)])
    seen = place.see(name)
    assert seen.sweep.data.params["seed"] == "1"
    assert [x.data.metrics["validation_error"] for x in seen.trials.values()] == [0.1]


def test_people_who_share_a_server_keep_apart(server: Server, tmp_path: Path, name: str) -> None:
    mine = Place(tmp_path / "mine", server.uri)
    yours = Place(tmp_path / "yours", server.uri)
    mine.sync(report(name), some_trials())
    before = mine.see(name).all()
    yours.sync(report(name, seed=1), [])
    mine.sync(report(name), some_trials())
    seen = mine.see(name)
    assert len(seen.sweeps) == 2
    assert [run for run in seen.all() if run in before] == before


def test_a_folder_that_was_moved_gets_its_artifacts_back(
    shared_home: Path, name: str, tmp_path: Path
) -> None:
    Place(shared_home, None).sync(report(name), some_trials())
    home = tmp_path / "moved %20 here"
    shutil.copytree(shared_home, home)
    moved = Place(home, None)
    moved.sync(report(name), some_trials())
    seen = moved.see(name)
    assert seen.artifacts.is_relative_to(home)
    assert (seen.artifacts / "verdict.md").exists()
    assert len(seen.trials) == len(some_trials())


def test_failure_is_one_line_without_credentials(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")  # or it waits for seconds
    closed = "http://bob:secret@127.0.0.1:1"
    with pytest.raises(SearchError) as caught:
        Place(tmp_path, closed).sync(report(name), [])
    assert "\n" not in str(caught.value)
    assert "http://***@127.0.0.1:1" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_password_is_taken_out_of_a_long_message() -> None:
    error = ValueError("x" * 180 + " http://bob:" + "secret" * 10 + "@host/ " + "x" * 100)
    told = behind("s", "https://bob:secret@host", error)
    assert "secret" not in told
    assert len(told) < 350


def test_no_credential_reaches_mlflow(place: Place, name: str) -> None:
    closed = "http://bob:secret@127.0.0.1:1"
    asked = report(name, tracking_uri=closed)
    documents = {"settings.json": f'{{"tracking_uri": "{closed}"}}'}
    sync(asked, [], documents, home=place.home, tracking_uri=None)
    seen = place.see(name)
    assert "secret" not in str(seen.all())
    written = (seen.artifacts / "settings.json").read_text()
    assert written == '{"tracking_uri": "http://***@127.0.0.1:1"}'


def test_the_environment_names_the_server(
    server: Server, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    sync(report(name), [], {}, home=tmp_path, tracking_uri=None)
    client = MlflowClient(server.uri)
    assert client.get_experiment_by_name(name) is not None
    with pytest.raises(InputError, match="--tracking-uri must start with"):
        sync(report(name), [], {}, home=tmp_path, tracking_uri="bob:secret@host")
