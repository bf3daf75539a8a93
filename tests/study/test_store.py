"""The journal of finished trials: whole, durable, and readable after a kill at any byte."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest

from search.study import Store, TrialRecord
from search.study.store import JOURNAL, RECORD
from spaces import SHALLOW, Choice, Recipe, Space, Value, joint_space


def record(index: int, study: str = "pilot/default", value: float | None = 0.1) -> TrialRecord:
    return TrialRecord(
        study=study,
        index=index,
        phase="pilot",
        factor="default",
        level="shallow",
        state="failed" if value is None else "complete",
        reason="all 3 epochs were run",
        value=value,
        standard_error=None if value is None else 0.01,
        params={"learning_rate": 0.1 / (index + 1), "dropout_rate": 0.0},
        recipe=SHALLOW.to_dict(),
        epochs=3,
        best_epoch=2,
        curve={"epoch": [1.0, 3.0], "train_loss": [2.0, 1.0]},
        seconds=0.5,
        lanes=({"params": {"learning_rate": 0.1}, "value": 0.2},),
        trivial=(1.0, 0.0),
    )


def test_records_come_back_as_they_were_stored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    records = [record(0), record(1, value=None), record(0, study="confirm/activation=relu")]
    for each in records:
        store.add(each)
    for again in (store, Store(tmp_path)):
        assert again.all_records() == records
        assert again.records("pilot/default") == records[:2]
    assert Store(tmp_path).records("pilot/unknown") == []


@pytest.mark.parametrize(
    "values",
    [
        {"version": "v2", "units": 32},
        {"activation": "relu", "depth": 3, "learning_rate": "high"},  # as fields are called
        {"batch_size": 32},
        {"batch_size": 16, "units": 32},
        {"values": 3},
    ],
    ids=str,
)
def test_the_recipe_of_a_hypermodel_comes_back_whatever_its_hyperparameters_are_called(
    tmp_path: Path, values: dict[str, str | int]
) -> None:
    recipe = replace(SHALLOW, values=tuple(values.items()))
    space = Space({name: Choice((value,)) for name, value in values.items()})
    stored = replace(record(0), params=values, recipe=recipe.to_dict())
    Store(tmp_path).add(stored, space)
    (again,) = Store(tmp_path).all_records()
    assert again == stored
    assert Recipe.from_dict(again.recipe) == recipe


def test_a_recipe_comes_back_beside_the_parameters_of_a_space(tmp_path: Path) -> None:
    params: dict[str, Value] = {"activation": "relu", "nag.learning_rate": 0.05, "width": 200}
    recipe = SHALLOW.replace(activation="relu", learning_rate=0.05, width=200)
    stored = replace(record(0), params=params, recipe=recipe.to_dict())
    Store(tmp_path).add(stored, joint_space(SHALLOW, "shallow"))
    (again,) = Store(tmp_path).all_records()
    assert again == stored
    assert Recipe.from_dict(again.recipe) == recipe


def test_opening_an_empty_folder_writes_nothing(tmp_path: Path) -> None:
    Store(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_optuna_reads_the_journal_on_its_own(tmp_path: Path) -> None:
    Store(tmp_path).add(record(0))
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / JOURNAL))
    storage = optuna.storages.JournalStorage(backend)
    (trial,) = optuna.load_study(study_name="pilot/default", storage=storage).trials
    assert trial.value == 0.1
    assert trial.params["learning_rate"] == 0.1
    assert (trial.user_attrs["factor"], trial.user_attrs["level"]) == ("default", "shallow")
    assert json.loads(trial.user_attrs[RECORD])["epochs"] == record(0).epochs


def test_seconds_add_up_over_processes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for index in range(3):
        store.add(replace(record(index), wall_seconds=1.5))
    assert store.seconds == 4.5
    assert Store(tmp_path).seconds == 4.5
    store.repair()
    assert store.seconds == 4.5


@pytest.mark.parametrize("cut", [1, 5, 100, 300])
def test_a_torn_last_line_is_dropped_and_the_rest_goes_on(tmp_path: Path, cut: int) -> None:
    store = Store(tmp_path)
    for index in range(3):
        store.add(record(index))
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-cut])
    repaired = Store(tmp_path)
    repaired.repair()
    assert [r.index for r in repaired.all_records()] == [0, 1]
    repaired.add(record(2))
    assert Store(tmp_path).all_records() == [record(0), record(1), record(2)]


def test_a_lock_without_an_owner_does_not_stall_the_next_writer(tmp_path: Path) -> None:
    Store(tmp_path).add(record(0))
    (tmp_path / f"{JOURNAL}.lock").touch()
    store = Store(tmp_path)
    store.repair()
    started = time.monotonic()
    store.add(record(1))
    assert time.monotonic() - started < 10  # Optuna waits 30 s for a stale lock


def test_a_reader_is_not_disturbed_by_a_torn_line_of_a_running_writer(tmp_path: Path) -> None:
    Store(tmp_path).add(record(0))
    with (tmp_path / JOURNAL).open("ab") as journal:
        journal.write(b'{"op_code": 4, "wor')
    assert Store(tmp_path).all_records() == [record(0)]


def test_arrays_come_back_and_are_never_pickled(tmp_path: Path) -> None:
    store = Store(tmp_path)
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert not store.has_predictions("a.npy")
    store.write_predictions("a.npy", array)
    assert Store(tmp_path).has_predictions("a.npy")
    assert (Store(tmp_path).read_predictions("a.npy") == array).all()
    with pytest.raises(ValueError, match="allow_pickle"):
        store.write_predictions("b.npy", np.array([object()]))


WRITER = """
    import sys
    from pathlib import Path
    from search.study import Store
    from tests.study.test_store import record
    store = Store(Path(sys.argv[1]))
    store.repair()
    for index in range(len(store.all_records()), 100_000):
        store.add(record(index))
        print(index, flush=True)
"""


def test_a_writer_killed_at_any_moment_loses_no_acknowledged_trial(tmp_path: Path) -> None:
    acknowledged = -1
    for _ in range(3):
        command = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            for _ in range(20):
                acknowledged = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
        store = Store(tmp_path)
        store.repair()
        indices = [r.index for r in store.all_records()]
        assert indices == list(range(len(indices)))
        assert len(indices) > acknowledged
