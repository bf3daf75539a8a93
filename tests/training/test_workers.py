from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from search.rows import TrainingData
from search.training import Ending, Member, Seeds
from search.training.contract import EpochReport
from search.training.dispatch import Workers, train
from search.training.jobs import TRAINERS, choose_trainer, stacks_of
from spaces import SHALLOW
from tests.training.processes import processes, trained_by
from tests.training.reference import (
    assert_same,
    identical,
    small_data,
    small_split,
    trained,
    varied,
)

SMALL = SHALLOW.replace(width=8, batch_size=16, epochs=3)
NORMALIZED = SMALL.replace(activation="relu", normalization="batch", regularization="dropout")
ENDLESS = SMALL.replace(epochs=1_000_000, lr_schedule="constant", regularization="none")
FLOAT32 = 1e-4


def test_results_are_the_same_with_any_number_of_workers(
    workers: Workers, data: TrainingData
) -> None:
    """To the last bit, and as in this process."""
    members = [*varied(NORMALIZED, 11), *varied(SMALL, 3)]
    by_two = trained_by(workers, members, data)
    with Workers(1) as single:
        assert all(map(identical, by_two, trained_by(single, members, data)))
    for result, expected in zip(by_two, trained(members, data), strict=True):
        assert_same(result, expected, FLOAT32)


def test_a_worker_is_given_what_it_has_compiled(workers: Workers, data: TrainingData) -> None:
    """Two programs, each compiled once, whoever comes first."""
    members = [*varied(NORMALIZED.replace(width=9), 3), *varied(SMALL.replace(width=9), 3)]
    first = trained_by(workers, members, data)
    assert sum(result.compile_seconds > 0 for result in first) == 2
    again = trained_by(workers, members[::-1], data)
    assert [result.compile_seconds for result in again] == [0] * 6


def test_what_is_done_is_not_trained_again(workers: Workers, data: TrainingData) -> None:
    members = [*varied(SMALL, 2), *varied(NORMALIZED, 2), *varied(SMALL, 4)[2:]]
    results = workers.train(members, data, done={0, 1, 2, 4, 5})
    assert sorted(index for index, _ in results) == [2, 3]
    assert list(workers.train(members, data, done=range(6))) == []
    assert list(workers.train([], data)) == []


def test_weights_come_only_when_asked_for(workers: Workers, data: TrainingData) -> None:
    [(_, result)] = workers.train(varied(SMALL, 1), data)
    assert result.weights is None


def test_other_data_take_the_place_of_the_last(workers: Workers) -> None:
    for noise in (0.0, 1.0):
        data = small_data(noise=noise)
        [result], [expected] = (
            trained_by(workers, varied(SMALL, 1), data),
            trained(varied(SMALL, 1), data),
        )
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
    expected = trained_by(workers, members, data)
    assert {result.trainer for result in expected} == {"stacked"}
    monkeypatch.setitem(TRAINERS, "stacked", lambda recipe: recipe.activation != "relu")
    results = dict(workers.train(members, data, done={2, 3}, keep_weights=True))
    assert {index: result.trainer for index, result in sorted(results.items())} == {
        0: "keras",
        1: "stacked",
        4: "stacked",
    }
    for index, result in results.items():
        assert_same(result, expected[index], FLOAT32)


def test_what_cannot_be_trained_fails_with_its_reason(workers: Workers, data: TrainingData) -> None:
    first, *others = varied(SMALL, 3)
    unallocatable = first.recipe.replace(depth=2, width=2**24)
    failed, *results = trained_by(workers, [replace(first, recipe=unallocatable), *others], data)
    assert failed.curve.ending is Ending.FAILED
    assert "MemoryError: Unable to allocate" in failed.curve.reason
    assert {result.curve.ending for result in results} == {Ending.COMPLETED}


def test_pruned_members_leave_their_places_to_others_and_no_program_is_compiled_for_it(
    workers: Workers, data: TrainingData
) -> None:
    """Thirty members, each of which is to end after one, two or three epochs."""
    members = varied(ENDLESS.replace(epochs=200), 30)
    trained_by(workers, varied(ENDLESS.replace(epochs=1), 30), data)
    asked: set[int] = set()

    def prune(reports: Sequence[EpochReport]) -> set[int]:
        asked.update(report.index for report in reports)
        return {report.index for report in reports if report.epoch >= 1 + report.index % 3}

    results = dict(workers.train(members, data, prune=prune))
    assert asked == set(range(30))
    for index, result in results.items():
        assert result.curve.ending is Ending.PRUNED
        assert len(result.curve.train_loss) == 1 + index % 3
        assert result.compile_seconds == 0


@pytest.mark.parametrize("n_features", [8, 300], ids=["at own pace", "keeping step"])
def test_in_a_stack_none_is_told_of_an_epoch_before_those_ahead_of_it(
    workers: Workers, n_features: int
) -> None:
    """Of `stacks_of`: two structures, more members than places, some of which end early."""
    data = small_data(n_features=n_features)
    wider = ENDLESS.replace(epochs=8, width=9, normalization="batch")
    members = [*varied(ENDLESS.replace(epochs=8), 14), *varied(wider, 5)]
    if n_features == 300:  # who sees the same batches shares the first product
        same = members[0].split
        members = [replace(x, split=same, seeds=replace(x.seeds, order=1)) for x in members]
    told: list[tuple[int, int]] = []

    def prune(reports: Sequence[EpochReport]) -> set[int]:
        told.extend(sorted((report.index, report.epoch) for report in reports))
        return {report.index for report in reports if report.epoch == 2 + report.index % 5}

    ended = dict(workers.train(members, data, prune=prune))
    stacks = stacks_of(members, data)
    assert sorted(index for stack in stacks for index in stack) == list(range(19))
    assert max(map(len, stacks)) > (8 if n_features == 8 else 5)
    place = {asked: i for i, asked in enumerate(told)}
    for stack in stacks:
        for before, after in pairwise(stack):
            both = min(len(ended[each].curve.train_loss) for each in (before, after))
            for epoch in range(1, both + 1):
                assert place[before, epoch] < place[after, epoch]


def test_workers_that_have_grown_are_replaced(workers: Workers, data: TrainingData) -> None:
    members = [*varied(NORMALIZED, 3), *varied(SMALL, 3)]
    expected = trained_by(workers, members, data)
    others = processes()
    seen = set()
    with Workers(1, memory=1) as single:
        results = {}
        for index, result in single.train(members, data, keep_weights=True):
            results[index] = result
            seen |= processes() - others
        assert processes() == others
    assert len(seen) == 2
    assert all(identical(results[i], each) for i, each in enumerate(expected))


def test_closing_ends_what_is_in_training(data: TrainingData) -> None:
    before = processes()
    with Workers(1) as single:
        results = single.train([*varied(SMALL, 1), *varied(ENDLESS, 2)], data)
        assert next(results)[0] == 0
        assert processes() > before
        results.close()  # type: ignore[attr-defined]  # it is a generator
        assert processes() == before
        assert len(trained_by(single, varied(SMALL, 2), data)) == 2
    assert processes() == before


def test_workers_of_ones_own_end_with_the_training(data: TrainingData) -> None:
    before = processes()
    assert len(dict(train(varied(SMALL, 2), data, workers=1))) == 2
    assert processes() == before


@pytest.mark.parametrize("count", [0, -1])
def test_less_than_one_worker_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"workers must be at least 1; received {count}"):
        Workers(count)
