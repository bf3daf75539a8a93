"""Workers that die, and parents: what is lost, what is left behind and what is said."""

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.rows import TrainingData
from search.training import Ending, Seeds
from search.training.dispatch import Workers
from spaces import SHALLOW
from tests.training.processes import kill_all, running, trained_by
from tests.training.reference import identical, varied

SMALL = SHALLOW.replace(width=8, batch_size=16, epochs=3)
LONG = SMALL.replace(epochs=400, lr_schedule="constant", regularization="none")


class Lethal(Seeds):
    """Kills the worker that receives it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return signal.raise_signal, (int(signal.SIGKILL),)


@pytest.mark.parametrize("n_long", [1, 5])
def test_a_death_in_the_middle_of_a_job_loses_nothing(
    n_long: int, workers: Workers, data: TrainingData
) -> None:
    """Not even a member that was left alone."""
    members = [*varied(SMALL, 1), *varied(LONG, n_long)]
    undisturbed = trained_by(workers, members, data)
    results = workers.train(members, data, keep_weights=True)
    found = dict([next(results)])
    kill_all()
    found |= dict(results)
    assert sorted(found) == list(range(len(members)))
    assert all(identical(found[i], expected) for i, expected in enumerate(undisturbed))


def test_a_death_in_the_middle_of_a_sentence_loses_nothing(
    workers: Workers, data: TrainingData
) -> None:
    """A result that is larger than what a pipe holds waits half said."""
    many = replace(data, held_out=np.tile(data.held_out, (30_000, 1)))
    results = workers.train(varied(SMALL, 3), many)
    found = dict([next(results)])
    time.sleep(1)
    kill_all()
    found |= dict(results)
    assert sorted(found) == [0, 1, 2]
    assert {result.curve.ending for result in found.values()} == {Ending.COMPLETED}


def test_a_death_without_a_job_is_no_failure_of_the_next_one(
    workers: Workers, data: TrainingData
) -> None:
    trained_by(workers, varied(SMALL, 1), data)
    kill_all()
    [result] = trained_by(workers, varied(SMALL, 1), data)
    assert result.curve.ending is Ending.COMPLETED


@pytest.mark.parametrize("index", [0, 3])
def test_a_member_that_kills_its_workers_fails_alone(
    index: int, workers: Workers, data: TrainingData
) -> None:
    members = varied(SMALL, 5)
    undisturbed = trained_by(workers, members, data)
    members[index] = replace(members[index], seeds=Lethal(1, 2, 3))
    results = trained_by(workers, members, data)
    lethal = results.pop(index)
    assert lethal.curve.ending is Ending.FAILED
    assert lethal.curve.reason == "RuntimeError: the worker process died: signal 9"
    assert (lethal.curve.train_loss, lethal.validation) == ((), None)
    del undisturbed[index]
    assert all(map(identical, results, undisturbed))


MEMBERS = """
import sys
import numpy as np
from search.rows import Split, TrainingData
from search.training import Member, Seeds
from search.training.dispatch import train
from spaces import SHALLOW

rng = np.random.default_rng(0)
features = rng.normal(size=(60, 4)).astype(np.float32)
data = TrainingData(features, features[:, 0], "regression", 1, features[:5])
rows = np.arange(60, dtype=np.int32)
split = Split(rows[:40], rows[40:])
recipe = SHALLOW.replace(width=4, batch_size=20, epochs=EPOCHS, regularization="none")
recipes = [recipe.replace(epochs=1), recipe]
members = [Member(each, split, Seeds(0, 0, 0)) for each in recipes]
"""

TRAINING = """
import json
results = dict(train(members, data, workers=2))
reasons = {index: result.curve.reason for index, result in results.items()}
print(json.dumps([reasons, "tensorflow" in sys.modules]))
"""

WAITING = """
import multiprocessing, time
results = train(members, data, workers=1)
next(results)
print(*(child.pid for child in multiprocessing.active_children()), flush=True)
time.sleep(600)
"""

LOADING = """
import signal, sys, time
from search.training.dispatch import Workers
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
try:
    with Workers(1) as workers:
        workers.prepare()
        print("loading", flush=True)
        time.sleep(600)
except KeyboardInterrupt:
    time.sleep(0.5)
    sys.exit(130)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What a script that trains prints, and on standard error."""
    script = MEMBERS.replace("EPOCHS", "2") + TRAINING
    with running(script, tmp_path_factory.mktemp("script")) as process:
        return process.communicate(timeout=120)


def test_a_script_needs_no_guard_against_being_imported(said: tuple[str, str]) -> None:
    reasons, _ = json.loads(said[0])
    assert reasons == {"0": "all 1 epochs were run", "1": "all 2 epochs were run"}


def test_training_leaves_tensorflow_to_the_workers(said: tuple[str, str]) -> None:
    _, imported = json.loads(said[0])
    assert not imported


def test_training_says_nothing_on_standard_error(said: tuple[str, str]) -> None:
    assert said[1] == ""


@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_an_interrupt_while_tensorflow_loads_is_for_the_parent_alone(
    seconds: float, tmp_path: Path
) -> None:
    """A terminal sends it to every process."""
    with running(LOADING, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loading\n"
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        _, complaints = process.communicate(timeout=30)
    assert process.returncode == 130
    assert complaints == ""


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    with running(MEMBERS.replace("EPOCHS", "1_000_000") + WAITING, tmp_path) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        assert is_running(worker)
        process.kill()
        deadline = time.monotonic() + 10
        while is_running(worker):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
