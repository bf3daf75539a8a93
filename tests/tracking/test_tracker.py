import shutil
import socket
import time
from pathlib import Path

import pytest

import search.tracking.tracker
from search.sweep.records import PhaseStarted, TrialStored
from search.tracking import Tracker, local_uri, sync
from search.verdict import Loss
from tests.factories import pilot_trial, some_trials
from tests.tracking.conftest import DOCUMENTS, Seen, Server, report


def test_what_is_heard_is_what_sync_would_write(
    shared_home: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with Tracker(name, Loss.ERROR_RATE, home=shared_home, tracking_uri=None) as tracker:
        tracker.hear(PhaseStarted("pilot", trials=6, stored=0))
        for record in some_trials():
            tracker.hear(TrialStored(record))
        tracker.finish(report(name), DOCUMENTS)
    assert tracker.problem is None
    assert capfd.readouterr() == ("", "")
    seen = Seen(local_uri(shared_home), name)
    assert len(seen.trials) == len(some_trials())
    assert seen.sweep.info.status == "FINISHED"
    before = seen.all()
    found = sync(report(name), some_trials(), DOCUMENTS, home=shared_home, tracking_uri=None)
    assert found == tracker.identifiers
    assert seen.all() == before


def test_hearing_does_not_wait_for_the_database(tmp_path: Path, name: str) -> None:
    with Tracker(name, Loss.ERROR_RATE, home=tmp_path, tracking_uri=None) as tracker:
        start = time.perf_counter()
        for record in some_trials():
            tracker.hear(TrialStored(record))
        assert time.perf_counter() - start < 0.1
        assert tracker.identifiers is None, "a new database takes longer"
    assert len(Seen(local_uri(tmp_path), name).trials) == len(some_trials())


def test_a_sweep_that_goes_on_keeps_its_run(shared_home: Path, name: str) -> None:
    runs = []
    for part in (some_trials()[:3], some_trials()[2:]):
        with Tracker(name, Loss.ERROR_RATE, home=shared_home, tracking_uri=None) as tracker:
            for record in part:
                tracker.hear(TrialStored(record))
        seen = Seen(local_uri(shared_home), name)
        assert seen.sweep.info.status == "KILLED", "no end was told"
        runs.append(seen.sweep.info.run_id)
    assert len(set(runs)) == 1
    assert len(seen.trials) == len(some_trials())


def interrupted(tracker: Tracker) -> None:
    with tracker:
        tracker.hear(TrialStored(pilot_trial()))
        raise KeyboardInterrupt


def test_an_interrupt_passes_through_and_what_was_heard_is_written(
    shared_home: Path, name: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(Tracker(name, Loss.RMSE, home=shared_home, tracking_uri=None))
    (run,) = Seen(local_uri(shared_home), name).children
    assert run.data.metrics["validation_rmse"] == pilot_trial().value


def test_a_server_that_is_not_there_delays_but_loses_nothing(
    shared_home: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    closed = "http://bob:secret@127.0.0.1:1"
    start = time.perf_counter()
    with Tracker(name, Loss.ERROR_RATE, home=shared_home, tracking_uri=closed) as tracker:
        for record in some_trials():
            tracker.hear(TrialStored(record))
        tracker.finish(report(name), DOCUMENTS)
    assert time.perf_counter() - start < 20
    assert tracker.problem == (
        "MLflow at http://***@127.0.0.1:1 is behind the store ([Errno 111] Connection refused); "
        f"nothing is lost: run `python -m search sync {name}` later"
    )
    assert capfd.readouterr() == ("", "")
    sync(report(name), some_trials(), DOCUMENTS, home=shared_home, tracking_uri=None)
    assert len(Seen(local_uri(shared_home), name).trials) == len(some_trials())


def test_a_server_that_hangs_does_not_hold_the_sweep(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.tracking.tracker, "PATIENCE", 0.5)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")  # the writer goes on until then
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        start = time.perf_counter()
        with Tracker(name, Loss.ERROR_RATE, home=tmp_path, tracking_uri=uri) as tracker:
            tracker.hear(TrialStored(pilot_trial()))
        assert time.perf_counter() - start < 1.9
        assert tracker.problem is not None  # before the connection is reset
        assert "(not done within 0.5 seconds)" in tracker.problem


def test_what_takes_every_trial_is_left_to_sync(
    shared_home: Path, name: str, tmp_path: Path
) -> None:
    sync(report(name, seed=0), [], DOCUMENTS, home=shared_home, tracking_uri=None)
    with Tracker(name, Loss.ERROR_RATE, home=shared_home, tracking_uri=None) as tracker:
        tracker.finish(report(name, seed=1), DOCUMENTS)
    assert tracker.problem is not None
    assert "(its run has other settings)" in tracker.problem
    home = shutil.copytree(shared_home, tmp_path / "moved")
    with Tracker(name, Loss.ERROR_RATE, home=home, tracking_uri=None) as tracker:
        pass
    assert tracker.problem is not None
    assert "(the folder was moved)" in tracker.problem


def test_a_server_killed_in_a_sweep_is_made_up_for(
    server: Server, tmp_path: Path, name: str
) -> None:
    first, *others = some_trials()
    try:
        with Tracker(name, Loss.ERROR_RATE, home=tmp_path, tracking_uri=server.uri) as tracker:
            tracker.hear(TrialStored(first))
            wait_for_child(server, name)
            server.kill()
            for record in others:
                tracker.hear(TrialStored(record))
            tracker.finish(report(name), DOCUMENTS)
    finally:
        server.start()
    assert tracker.problem is not None
    seen = Seen(server.uri, name)
    assert seen.sweep.info.status == "RUNNING"
    assert len(seen.children) == 1
    sync(report(name), [first, *others], DOCUMENTS, home=tmp_path, tracking_uri=server.uri)
    seen = Seen(server.uri, name)
    assert seen.sweep.info.status == "FINISHED"
    assert len(seen.trials) == len(some_trials())


def wait_for_child(server: Server, name: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if any(x.info.status == "FINISHED" for x in Seen(server.uri, name).children):
                return
        except AssertionError:
            pass  # the experiment is not there yet
        time.sleep(0.05)
    pytest.fail("no child run was written")
