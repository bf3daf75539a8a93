"""Whole sweeps with a fake trainer: what is found, and that nothing depends on interruptions."""

import dataclasses
import json
import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.data import Dataset
from search.errors import (
    AllTrialsFailedError,
    SettingsChangedError,
    StoreError,
    SweepHeldError,
)
from search.settings import Settings
from search.study import Store
from search.sweep import folder
from search.sweep.folder import folder_of
from search.sweep.records import Event, LookTaken, PhaseStarted, SweepReport, TrialStored
from search.sweep.reporting import list_sweeps, load_report
from search.sweep.run import default_name, open_sweep
from search.verdict import Outcome, Verdict

SMALL = Settings(name="s", pilot_trials=8, lanes=2, replicates=24, factors=("normalization",))


def found(report: SweepReport) -> dict[str, Any]:
    """The report's JSON without what may differ from run to run."""
    document = report.to_dict()
    del document["seconds"], document["compile_seconds"]
    return document


@pytest.fixture
def run(digits: Dataset, tmp_path: Path) -> Callable[..., SweepReport]:
    def run(train: Any, settings: Settings = SMALL, **options: Any) -> SweepReport:
        with open_sweep(
            settings, options.get("dataset", digits), options.get("home", tmp_path)
        ) as s:
            s.run(train, options.get("listeners", ()), clock=lambda: train.now)
            return s.report()

    return run


def test_a_level_that_is_worse_by_far_is_found_worse(run: Any, fake: Any) -> None:
    batch_is_worse = fake(effect=lambda r: 0.3 * (r.normalization == "batch"))
    report = run(batch_is_worse)
    (factor,) = report.factors
    assert factor.verdict is Verdict.HOLDS_BETTER
    assert factor.comparisons[0].outcome is Outcome.WORSE
    assert report.state == "done"


def test_a_planted_better_level_beats_the_default(run: Any, fake: Any) -> None:
    default_is_worse = fake(effect=lambda r: 0.3 * (r.normalization == "none"))
    assert run(default_is_worse).factors[0].beaten_by == ("batch",)


def test_the_report_read_back_is_the_report_returned(run: Any, fake: Any, tmp_path: Path) -> None:
    report = run(fake())
    assert load_report("s", tmp_path).to_dict() == report.to_dict()
    assert list(list_sweeps(tmp_path)) == ["s"]


def test_a_sweep_that_cannot_be_read_does_not_hide_the_others(
    run: Any, fake: Any, tmp_path: Path
) -> None:
    run(fake())
    shutil.copytree(folder_of(tmp_path, "s"), folder_of(tmp_path, "t"))
    (folder_of(tmp_path, "t") / "sweep.json").write_text("{")
    listed = list_sweeps(tmp_path)
    assert isinstance(listed["s"], SweepReport)
    assert isinstance(listed["t"], Exception)


def test_running_a_finished_sweep_again_trains_nothing(run: Any, fake: Any) -> None:
    before = run(fake())
    again = fake()
    assert run(again).to_dict() == before.to_dict()
    assert again.trained == []


@pytest.mark.parametrize("stop_after", [3, 15, 17, 40, 75])
def test_an_interrupted_sweep_goes_on_to_the_same_report(
    run: Any, fake: Any, tmp_path: Path, stop_after: int
) -> None:
    whole = run(fake(), home=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(fake(stop_after=stop_after), home=tmp_path / "torn")
    assert load_report("s", tmp_path / "torn").state == "interrupted"
    rest = fake()
    assert found(run(rest, home=tmp_path / "torn")) == found(whole)
    assert len(rest.trained) <= whole.trainings - stop_after + SMALL.lanes


def test_ten_interruptions_give_the_report_of_none(run: Any, fake: Any, tmp_path: Path) -> None:
    whole = run(fake(), home=tmp_path / "whole")
    for _ in range(10):
        with pytest.raises(KeyboardInterrupt):
            run(fake(stop_after=7), home=tmp_path / "torn")
    assert found(run(fake(), home=tmp_path / "torn")) == found(whole)


def test_more_replicates_go_on_from_where_the_sweep_stands(run: Any, fake: Any) -> None:
    close = fake(effect=lambda r: -0.008 * (r.normalization == "batch"))
    before = run(close)
    n_before = len(close.trained)
    more = run(close, dataclasses.replace(SMALL, replicates=48))
    assert len(close.trained) - n_before == more.trainings - before.trainings
    assert more.factors[0].comparisons[0].replicates > before.factors[0].comparisons[0].replicates


def test_other_settings_under_the_same_name_are_refused_with_the_difference(
    run: Any, fake: Any
) -> None:
    run(fake())
    with pytest.raises(SettingsChangedError, match=r"--lanes was 2 .* received 3"):
        run(fake(), dataclasses.replace(SMALL, lanes=3))
    with pytest.raises(SettingsChangedError, match=r"--replicates was 24 .* only be raised"):
        run(fake(), dataclasses.replace(SMALL, replicates=16))


def test_other_data_under_the_same_name_is_refused(run: Any, fake: Any, digits: Dataset) -> None:
    run(fake())
    with pytest.raises(SettingsChangedError, match="fingerprint"):
        run(fake(), dataset=dataclasses.replace(digits, fingerprint="0" * 16))


def test_poisoned_confirm_labels_change_nothing_before_the_first_look(
    run: Any, fake: Any, digits: Dataset, tmp_path: Path
) -> None:
    poisoned = dataclasses.replace(digits, y_confirm=np.full_like(digits.y_confirm, np.nan))
    below = dataclasses.replace(SMALL, replicates=15)
    run(fake(), below, home=tmp_path / "clean")
    run(fake(), below, home=tmp_path / "poisoned", dataset=poisoned)
    stores = [Store(folder.folder_of(tmp_path / side, "s")) for side in ("clean", "poisoned")]
    assert stores[0].all_records() == stores[1].all_records()
    assert len(stores[0].records("confirm/default")) == 0  # no look, no replicates
    with pytest.raises(ValueError, match="labels"):
        run(fake(), home=tmp_path / "poisoned", dataset=poisoned)
    for record in Store(folder.folder_of(tmp_path / "poisoned", "s")).records("confirm/default"):
        assert record.state == "complete"


def test_the_labels_are_put_down_at_the_first_look_only(
    run: Any, fake: Any, tmp_path: Path
) -> None:
    labels = folder.folder_of(tmp_path, "s") / "artifacts" / "confirm_labels.npy"
    with pytest.raises(KeyboardInterrupt):
        run(fake(stop_after=16 + 60))
    assert not labels.exists()
    run(fake())
    assert labels.exists()


def test_a_replicate_whose_lanes_all_diverge_is_counted_and_scores_as_trivial(
    run: Any, fake: Any
) -> None:
    first_order: list[int] = []

    def diverges(member: Any) -> bool:
        if member.recipe.normalization != "batch" or member.recipe.epochs != 30:
            return False
        if len(first_order) < 1 and len(train.trained) > 16:
            first_order.append(member.seeds.order)
        return member.seeds.order in first_order

    train = fake(diverges=diverges)
    report = run(train)
    comparison = report.factors[0].comparisons[0]
    assert comparison.failures == 1
    assert report.failed == 1
    assert comparison.difference > 0.02  # one replicate in 24 or less at chance


def test_it_stops_when_every_first_training_fails(run: Any, fake: Any) -> None:
    with pytest.raises(AllTrialsFailedError, match="nan"):
        run(fake(diverges=lambda _: True))


def test_it_stops_again_when_it_is_run_again(run: Any, fake: Any) -> None:
    for _ in range(2):
        with pytest.raises(AllTrialsFailedError, match="nan"):
            run(fake(diverges=lambda _: True))


def test_trainings_that_diverge_first_do_not_stop_a_sweep(run: Any, fake: Any) -> None:
    """Half of the default's rates are too high; those end first, and so do all of another arm's."""

    def diverges(member: Any) -> bool:
        recipe = member.recipe
        return bool(recipe.normalization == "batch" or recipe.learning_rate > 0.03)

    report = run(fake(diverges=diverges, last=lambda member: not diverges(member)))
    assert report.failed >= 16
    assert report.complete > 0


def test_a_budget_is_a_total_over_resumes(run: Any, fake: Any) -> None:
    settings = dataclasses.replace(SMALL, budget=5.0)
    train = fake(seconds=0.25)
    report = run(train, settings)
    assert report.state == "stopped"
    assert 5.0 <= report.seconds <= 5.0 + 0.25 * SMALL.lanes
    n = len(train.trained)
    assert run(train, settings).state == "stopped"
    assert len(train.trained) == n
    raised = run(train, dataclasses.replace(SMALL, budget=1000.0))
    assert raised.state == "done"


def test_listeners_hear_of_a_trial_once_the_store_has_it(
    run: Any, fake: Any, tmp_path: Path
) -> None:
    events: list[Event] = []

    def hear(event: Event) -> None:
        if isinstance(event, TrialStored):
            stored = Store(folder.folder_of(tmp_path, "s")).records(event.record.study)
            assert stored[-1] == event.record
        events.append(event)

    report = run(fake(), listeners=(hear,))
    assert sum(isinstance(e, TrialStored) for e in events) == report.complete + report.failed
    assert next(e.phase for e in events if isinstance(e, PhaseStarted)) == "pilot"
    assert next(e.replicates for e in events if isinstance(e, LookTaken)) == 16


def _hold(home: Path, ready: Any, let_go: Any) -> None:
    with folder.hold(home, "s"):
        ready.set()
        let_go.wait(60)


def test_a_sweep_held_by_another_process_is_refused_and_shown_as_running(
    run: Any, fake: Any, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(fake(stop_after=20))
    context = multiprocessing.get_context("spawn")
    ready, let_go = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(tmp_path, ready, let_go))
    process.start()
    try:
        assert ready.wait(60)
        with pytest.raises(SweepHeldError):
            run(fake())
        assert load_report("s", tmp_path).state == "running"
    finally:
        let_go.set()
        process.join()
    assert run(fake()).state == "done"


def test_all_levels_of_a_replicate_share_split_order_and_seeds(run: Any, fake: Any) -> None:
    train = fake()
    run(train)
    confirm = train.trained[16:-1]
    by_order: dict[int, list[Any]] = {}
    for member in confirm:
        by_order.setdefault(member.seeds.order, []).append(member)
    for members in by_order.values():
        assert {m.recipe.normalization for m in members} == {"none", "batch"}
        assert len({id(m.split) for m in members}) == 1
        seeds = {
            level: [m.seeds for m in members if m.recipe.normalization == level]
            for level in ("none", "batch")
        }
        assert seeds["none"] == seeds["batch"]


def test_the_json_document_is_json_and_holds_no_infinity(run: Any, fake: Any) -> None:
    document = json.dumps(run(fake()).to_dict(), allow_nan=False)
    assert json.loads(document)["factors"][0]["default"] == "none"


def test_no_credential_is_written_down(run: Any, fake: Any, tmp_path: Path) -> None:
    uri = "http://user:secret@127.0.0.1:1"
    run(fake(), dataclasses.replace(SMALL, tracking_uri=uri))
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"secret" not in path.read_bytes()


def test_limits_that_are_not_given_stay_as_they_were(run: Any, fake: Any) -> None:
    close = fake(effect=lambda r: -0.008 * (r.normalization == "batch"))
    run(close, dataclasses.replace(SMALL, replicates=48, budget=1000.0))
    n = len(close.trained)
    again = run(close, dataclasses.replace(SMALL, replicates=None, budget=None))
    assert len(close.trained) == n
    assert (again.settings.n_replicates, again.settings.budget) == (48, 1000.0)


def test_the_default_limit_of_replicates_may_be_raised(run: Any, fake: Any) -> None:
    close = fake(effect=lambda r: -0.008 * (r.normalization == "batch"))
    assert run(close, dataclasses.replace(SMALL, replicates=None)).settings.replicates == 32
    more = run(close, dataclasses.replace(SMALL, replicates=48))
    assert more.factors[0].comparisons[0].replicates == 48


def test_a_training_that_cannot_be_carried_out_is_recorded_and_the_sweep_goes_on(
    run: Any, fake: Any, tmp_path: Path
) -> None:
    train = fake(breaks=lambda member: member.recipe.learning_rate > 0.3)
    report = run(train)
    assert report.state == "done"
    assert report.failed > 0
    assert "MemoryError: no room" in {
        record.reason
        for record in Store(folder.folder_of(tmp_path, "s")).all_records()
        if record.state == "failed"
    }


def test_failures_of_the_default_are_told(run: Any, fake: Any) -> None:
    def diverges(member: Any) -> bool:
        return member.recipe.normalization == "none" and len(train.trained) > 16 + 32

    train = fake(diverges=diverges)
    report = run(train)
    assert any(note.startswith("the default: no training succeeded in") for note in report.notes)


def test_the_state_is_not_done_before_the_pilot_is(run: Any, fake: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(fake(stop_after=9), dataclasses.replace(SMALL, replicates=1))
    assert load_report("s", tmp_path).state == "interrupted"


def test_damaged_files_are_named_in_one_line(run: Any, fake: Any, tmp_path: Path) -> None:
    run(fake())
    sweep = folder.folder_of(tmp_path, "s")
    journal = (sweep / "journal.log").read_text().splitlines(keepends=True)
    (sweep / "journal.log").write_text("".join(["{nonsense\n", *journal]))
    with pytest.raises(StoreError, match=r"journal\.log cannot be read"):
        load_report("s", tmp_path)


def test_a_draft_of_the_labels_is_not_taken_for_them(run: Any, fake: Any, tmp_path: Path) -> None:
    whole = run(fake(), home=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(fake(stop_after=20), home=tmp_path / "torn")
    artifacts = folder.folder_of(tmp_path / "torn", "s") / "artifacts"
    (artifacts / "confirm_labels.npy.draft").write_bytes(b"torn")
    assert found(run(fake(), home=tmp_path / "torn")) == found(whole)


@pytest.mark.parametrize(
    ("data", "name"),
    [("digits", "digits-deep"), ("my data (1)", "my-data-1-deep"), ("..", "data-deep")],
)
def test_a_default_name_has_only_letters_that_any_name_may_have(data: str, name: str) -> None:
    assert default_name(data, "deep") == Settings(name=name).name
