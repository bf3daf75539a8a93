"""What a look saw of a replicate stands in its run, whoever writes it and in whatever order."""

from pathlib import Path

import pytest

from search.sweep.records import TrialStored
from search.tracking import Tracker, local_uri, sync
from search.verdict import Loss
from tests.factories import confirm_trial, some_trials
from tests.tracking.conftest import DOCUMENTS, Seen, judged, report

LOSSES = (0.1, 0.25)
FIRST, SECOND = (f"confirm/activation=relu/{index}" for index in range(2))


@pytest.fixture
def tracked(shared_home: Path, name: str) -> Seen:
    """A sweep that was looked at when its tracker finished."""
    with Tracker(name, Loss.ERROR_RATE, home=shared_home, tracking_uri=None) as tracker:
        for record in some_trials():
            tracker.hear(TrialStored(record))
        tracker.finish(judged(report(name), LOSSES), DOCUMENTS)
    assert tracker.problem is None
    return Seen(local_uri(shared_home), name)


def test_a_filter_finds_where_a_level_beat_the_default(tracked: Seen) -> None:
    query = "tags.level = 'relu' and metrics.difference < 0"
    (run,) = tracked.client.search_runs([tracked.experiment.experiment_id], query)
    assert run.data.tags["search.trial"] == FIRST
    assert run.data.metrics["confirm_error"] == LOSSES[0]
    assert run.data.metrics["difference"] == pytest.approx(-0.1)


def test_what_no_look_has_used_has_no_difference(shared_home: Path, name: str) -> None:
    looked = judged(report(name), LOSSES[:1])
    sync(looked, some_trials(), DOCUMENTS, home=shared_home, tracking_uri=None)
    trials = Seen(local_uri(shared_home), name).trials
    having = {trial for trial, run in trials.items() if "difference" in run.data.metrics}
    assert having == {FIRST}


def test_sync_finds_nothing_to_do(tracked: Seen, shared_home: Path, name: str) -> None:
    before = tracked.all()
    looked = judged(report(name), LOSSES)
    sync(looked, some_trials(), DOCUMENTS, home=shared_home, tracking_uri=None)
    assert tracked.all() == before


def test_sync_completes_what_was_logged_before_a_look(shared_home: Path, name: str) -> None:
    sync(report(name), some_trials(), DOCUMENTS, home=shared_home, tracking_uri=None)
    before = Seen(local_uri(shared_home), name).trials
    looked = judged(report(name), LOSSES)
    sync(looked, some_trials(), DOCUMENTS, home=shared_home, tracking_uri=None)
    after = Seen(local_uri(shared_home), name).trials
    assert after[SECOND].info.run_id == before[SECOND].info.run_id
    assert after[SECOND].data.metrics["confirm_error"] == LOSSES[1]


def test_who_hears_of_a_trial_again_leaves_its_run_alone(
    tracked: Seen, shared_home: Path, name: str
) -> None:
    before = tracked.trials[FIRST]
    with Tracker(name, Loss.ERROR_RATE, home=shared_home, tracking_uri=None) as tracker:
        tracker.hear(TrialStored(confirm_trial(0)))
    assert tracked.trials[FIRST].to_dictionary() == before.to_dictionary()
