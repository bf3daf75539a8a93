"""Worker processes: none of them shows in a result, and none outlives its parent."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.rows import TrainingData
from search.training import Ending, Member, Result, Seeds
from search.training.dispatch import Workers, train
from search.training.jobs import TRAINERS, choose_trainer
from spaces import SHALLOW
from tests.training.reference import (
    assert_same,
    identical,
    small_data,
    small_split,
    trained,
    varied,
)

SMALL = SHALLOW.replace(width=8, batch_size=16, epochs=3)
RELU = SMALL.replace(activation="relu", normalization="batch")
LONG = SMALL.replace(epochs=400, lr_schedule="constant", regularization="none")
ENDLESS = LONG.replace(epochs=1_000_000)
FLOAT32 = 1e-4
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return small_data()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(2) as both:
        yield both


def of(
    workers: Workers, members: Sequence[Member], data: TrainingData, **options: Any
) -> list[Result]:
    """The results in the members' order."""
    results = dict(workers.train(members, data, keep_weights=True, **options))
    return [results[index] for index in range(len(members))]


def processes() -> set[int | None]:
    """The workers that there are."""
    return {child.pid for child in multiprocessing.active_children()}


def kill_all() -> None:
    for child in multiprocessing.active_children():
        child.kill()
        child.join()


def test_results_are_the_same_with_any_number_of_workers(
    workers: Workers, data: TrainingData
) -> None:
    """To the last bit, and as in this process."""
    members = [*varied(RELU, 11), *varied(SMALL, 3)]
    by_two = of(workers, members, data)
    with Workers(1) as single:
        assert all(map(identical, by_two, of(single, members, data)))
    for result, expected in zip(by_two, trained(members, data), strict=True):
        assert_same(result, expected, FLOAT32)


def test_a_worker_is_given_what_it_has_compiled(workers: Workers, data: TrainingData) -> None:
    members = [*varied(RELU.replace(width=9), 3), *varied(SMALL.replace(width=9), 3)]
    assert max(result.compile_seconds for result in of(workers, members, data)) > 0
    again = of(workers, members[::-1], data)
    assert [result.compile_seconds for result in again] == [0] * 6


def test_what_is_done_is_not_trained_again(workers: Workers, data: TrainingData) -> None:
    members = [*varied(SMALL, 2), *varied(RELU, 2), *varied(SMALL, 4)[2:]]
    results = workers.train(members, data, done={0, 1, 2, 4, 5})
    assert [index for index, _ in results] == [2, 3]
    assert list(workers.train(members, data, done=range(6))) == []
    assert list(workers.train([], data)) == []


def test_other_data_take_the_place_of_the_last(workers: Workers) -> None:
    for noise in (0.0, 1.0):
        data = small_data(noise=noise)
        [result] = of(workers, varied(SMALL, 1), data)
        [expected] = trained(varied(SMALL, 1), data)
        assert_same(result, expected, FLOAT32)


def test_recipes_of_the_table_go_to_the_stacks() -> None:
    assert choose_trainer(SHALLOW) == next(iter(TRAINERS)) == "stacked"


def test_results_keep_the_members_indices_whoever_trains(
    workers: Workers, data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = [SMALL, SMALL.replace(activation="relu")]
    members = [
        Member(recipes[choice], small_split(0), Seeds(index, 0, 0))
        for index, choice in enumerate([1, 0, 1, 1, 0])
    ]
    expected = of(workers, members, data)
    monkeypatch.setitem(TRAINERS, "stacked", lambda recipe: recipe.activation != "relu")
    assert [choose_trainer(member.recipe) for member in members[:2]] == ["keras", "stacked"]
    results = dict(workers.train(members, data, done={2, 3}, keep_weights=True))
    assert sorted(results) == [0, 1, 4]
    for index, result in results.items():
        assert_same(result, expected[index], FLOAT32)


def test_what_cannot_be_trained_fails_with_its_reason(workers: Workers, data: TrainingData) -> None:
    first, *others = varied(SMALL, 3)
    unplanned = first.recipe.replace(lr_schedule="one_cycle", epochs=10**15)
    failed, *results = of(workers, [replace(first, recipe=unplanned), *others], data)
    assert failed.curve.ending is Ending.FAILED
    assert "MemoryError: Unable to allocate" in failed.curve.reason
    assert {result.curve.ending for result in results} == {Ending.COMPLETED}


class TestDeath:
    """Of a worker, by SIGKILL."""

    def test_in_the_middle_of_a_job_loses_nothing(
        self, workers: Workers, data: TrainingData
    ) -> None:
        members = [*varied(SMALL, 1), *varied(LONG, 5)]
        undisturbed = of(workers, members, data)
        results = workers.train(members, data, keep_weights=True)
        found = dict([next(results)])
        kill_all()
        found |= dict(results)
        assert sorted(found) == list(range(6))
        assert all(identical(found[i], expected) for i, expected in enumerate(undisturbed))

    def test_in_the_middle_of_a_sentence_loses_nothing(
        self, workers: Workers, data: TrainingData
    ) -> None:
        """A result that is larger than what a pipe holds waits half said."""
        members = varied(SMALL, 3)
        many = replace(data, held_out=np.tile(data.held_out, (30_000, 1)))
        results = workers.train(members, many)
        found = dict([next(results)])
        time.sleep(1)
        kill_all()
        found |= dict(results)
        assert {result.curve.ending for result in found.values()} == {Ending.COMPLETED}
        assert sorted(found) == [0, 1, 2]

    def test_without_a_job_is_no_failure_of_the_next_one(
        self, workers: Workers, data: TrainingData
    ) -> None:
        of(workers, varied(SMALL, 1), data)
        kill_all()
        [result] = of(workers, varied(SMALL, 1), data)
        assert result.curve.ending is Ending.COMPLETED

    @pytest.mark.parametrize("index", [0, 3])
    def test_by_a_member_is_that_members_failure_alone(
        self, index: int, workers: Workers, data: TrainingData
    ) -> None:
        members = varied(SMALL, 5)
        undisturbed = of(workers, members, data)
        members[index] = replace(members[index], seeds=Lethal(1, 2, 3))
        results = of(workers, members, data)
        lethal = results.pop(index)
        assert lethal.curve.ending is Ending.FAILED
        assert lethal.curve.reason == "RuntimeError: the worker process died: signal 9"
        assert (lethal.curve.train_loss, lethal.validation) == ((), None)
        del undisturbed[index]
        assert all(map(identical, results, undisturbed))


class Lethal(Seeds):
    """Kills the worker that receives it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return signal.raise_signal, (int(signal.SIGKILL),)


def test_workers_that_have_grown_are_replaced(workers: Workers, data: TrainingData) -> None:
    members = [*varied(RELU, 3), *varied(SMALL, 3)]
    expected = of(workers, members, data)
    others = processes()
    seen = []
    with Workers(1, memory=1) as single:
        results = {}
        for index, result in single.train(members, data, keep_weights=True):
            results[index] = result
            seen += list(processes() - others)
        assert processes() == others
    assert len(set(seen)) == 2
    assert all(identical(results[i], each) for i, each in enumerate(expected))


def test_closing_ends_what_is_in_training(data: TrainingData) -> None:
    before = processes()
    with Workers(1) as single:
        results = single.train([*varied(SMALL, 1), *varied(ENDLESS, 2)], data)
        assert next(results)[0] == 0
        assert processes() > before
        results.close()  # type: ignore[attr-defined]  # it is a generator
        assert processes() == before
        assert len(of(single, varied(SMALL, 2), data)) == 2
    assert processes() == before


def test_leaving_ends_the_workers(data: TrainingData) -> None:
    before = processes()
    assert len(dict(train(varied(SMALL, 2), data, workers=1))) == 2
    assert processes() == before


@pytest.mark.parametrize("count", [0, -1])
def test_less_than_one_worker_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"workers must be at least 1; received {count}"):
        Workers(count)


SCRIPT = """
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

PRINTING = """
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


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    """Run a script of a person's own, without a guard around what it does, and without settings."""
    path = folder / "script.py"
    path.write_text(script)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    return subprocess.Popen(
        [sys.executable, path],
        env=environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What a script that trains prints, and on standard error."""
    process = start(SCRIPT.replace("EPOCHS", "2") + PRINTING, tmp_path_factory.mktemp("script"))
    return process.communicate(timeout=120)


def test_a_script_needs_no_guard_against_being_imported(said: tuple[str, str]) -> None:
    reasons, _ = json.loads(said[0])
    assert reasons == {"0": "all 1 epochs were run", "1": "all 2 epochs were run"}


def test_training_leaves_tensorflow_to_the_workers(said: tuple[str, str]) -> None:
    _, imported = json.loads(said[0])
    assert not imported


def test_training_says_nothing_on_standard_error(said: tuple[str, str]) -> None:
    assert said[1] == ""


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    process = start(SCRIPT.replace("EPOCHS", "1_000_000") + WAITING, tmp_path)
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    assert is_running(worker)
    process.kill()
    process.communicate()
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
