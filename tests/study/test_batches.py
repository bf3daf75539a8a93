"""Batches of trials: what is asked, what is pruned, and that a resumed study goes on the same."""

import math
import random
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import optuna
import pytest
from optuna.pruners import NopPruner
from optuna.trial import TrialState

from search.study import BatchedStudy, Told, get_pruner, get_sampler
from spaces import SHALLOW, Choice, Float, Space, Value, joint_space, recipe_at

SPACE = joint_space(SHALLOW, "shallow")
SHAPES = ("normalization", "depth", "width", "batch_size")
EPOCHS = 9


def study(sampler: str = "tpe", pruner: str = "hyperband", space: Space = SPACE) -> BatchedStudy:
    return BatchedStudy(space, partial(get_sampler(sampler), space), get_pruner(pruner)(EPOCHS))


class Witness(optuna.samplers.RandomSampler):
    """Notes what it is shown: how many trials ended, and the states of all."""

    def __init__(self) -> None:
        super().__init__(seed=0)
        self.seen: list[int] = []
        self.states: list[list[TrialState]] = []

    def before_trial(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        self.seen.append(sum(each.state.is_finished() for each in study.trials))
        self.states.append([each.state for each in study.trials])
        super().before_trial(study, trial)


def test_a_sampler_sees_all_that_ended_whatever_bracket_hyperband_dealt_it() -> None:
    witness = Witness()
    asked = BatchedStudy(SPACE, lambda _: witness, get_pruner("hyperband")(EPOCHS))
    for batch in range(3):
        run(asked, asked.ask([8], seed=batch))
    assert witness.seen == [0] * 8 + [8] * 8 + [16] * 8


def loss(values: Mapping[str, Value], epoch: int) -> float:
    """Wider is better, and every epoch helps."""
    return 10 / float(values["width"]) + 0.1 / epoch


def run(asked: BatchedStudy, numbers: Mapping[int, Mapping[str, Value]]) -> dict[int, Told]:
    """Train a batch, in the order given, epoch by epoch."""
    told = {}
    for number, values in numbers.items():
        for epoch in range(1, EPOCHS + 1):
            if asked.prunes(number, epoch, loss(values, epoch)):
                break
        told[number] = asked.tell(number, loss(values, epoch))
    return told


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid"])
def test_every_point_is_a_recipe_of_the_space(sampler: str) -> None:
    asked = study(sampler)
    for batch in range(3):
        for values in (points := asked.ask([4, 4], seed=batch)).values():
            SPACE.check(values)
            recipe_at(SHALLOW, values)
        run(asked, points)


def test_a_part_shares_its_structure_and_parts_need_not() -> None:
    asked = study()
    seen = set()
    for batch in range(4):
        points = asked.ask([6, 6], seed=batch, alike=SHAPES)
        parts = [list(points.values())[:6], list(points.values())[6:]]
        for part in parts:
            assert len({tuple(values[name] for name in SHAPES) for values in part}) == 1
            assert len({str(values) for values in part}) > 1
        seen |= {tuple(part[0][name] for name in SHAPES) for part in parts}
        run(asked, points)
    assert len(seen) > 2


def test_a_batch_begins_with_the_points_it_is_given() -> None:
    first = [SPACE.defaults(), {**SPACE.defaults(), "activation": "swish"}]
    points = study().ask([3, 3], seed=0, first=first)
    assert [points[0], points[1]] == first


def test_the_order_in_which_neighbours_train_changes_nothing() -> None:
    forward, backward = study(), study()
    for batch in range(3):
        points = forward.ask([8, 8], seed=batch)
        assert backward.ask([8, 8], seed=batch) == points
        told = run(forward, points)
        assert run(backward, dict(reversed(points.items()))) == told


def run_abreast(
    asked: BatchedStudy,
    points: Mapping[int, Mapping[str, Value]],
    seed: int,
    done: Collection[int] = (),
) -> dict[int, Told]:
    """Train a batch as two stacks of four places each, one going on whenever a coin says so."""
    numbers, rng = sorted(points), random.Random(seed)
    stacks = [numbers[::2], numbers[1::2]]
    asked.train_abreast(stacks)
    waiting, told = [list(stack) for stack in stacks], {}
    training: list[dict[int, int]] = [{}, {}]
    while any(waiting) or any(training):
        which = rng.randrange(2)
        epochs = training[which]
        while waiting[which] and len(epochs) < 4:
            epochs[waiting[which].pop(0)] = 0
        for number in sorted(epochs):
            epochs[number] += 1
            error = loss(points[number], epochs[number])
            if asked.prunes(number, epochs[number], error) or epochs[number] == EPOCHS:
                del epochs[number]
                if number not in done:
                    told[number] = asked.tell(number, error)
    return told


@pytest.mark.parametrize("pruner", ["hyperband", "asha", "median"])
def test_the_order_in_which_stacks_train_changes_nothing(pruner: str) -> None:
    """Inside a stack there is one: who stands before another is told of an epoch first."""
    one, *others = (study(pruner=pruner) for _ in range(4))
    pruned = 0
    for batch in range(3):
        points = one.ask([8, 8], seed=batch)
        told = run_abreast(one, points, 0)
        for seed, other in enumerate(others, start=1):
            assert other.ask([8, 8], seed=batch) == points
            assert run_abreast(other, points, seed) == told
        pruned += sum(each.state == "pruned" for each in told.values())
    assert pruned


def test_a_trial_is_judged_by_those_ahead_of_it_in_its_stack_alone() -> None:
    """Of equal numbers of epochs: what comes later, or in another stack, may not have come yet."""
    asked = study(pruner="asha")
    first, second, third, other = asked.ask([4], seed=0)
    asked.train_abreast([[first, second, third], [other]])
    assert not asked.prunes(second, 1, 0.5)
    assert not asked.prunes(other, 1, 0.9)
    assert not asked.prunes(first, 1, 0.6)
    assert asked.prunes(third, 1, 0.55)


def test_a_pruner_is_shown_those_ahead_in_training_and_after_as_many_epochs() -> None:
    """Whether they have ended meanwhile or failed depends on who comes first."""
    seen: list[list[tuple[int, TrialState, dict[int, float]]]] = []

    class Watching(NopPruner):
        def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
            trials = [each for each in study.trials if each.number != trial.number]
            seen.append([(each.number, each.state, each.intermediate_values) for each in trials])
            assert not study.get_trials(states=(TrialState.COMPLETE,))
            return False

    asked = BatchedStudy(SPACE, partial(get_sampler("random"), SPACE), Watching())
    first, second, third = asked.ask([3], seed=0)
    asked.train_abreast([[first, second, third]])
    for number, errors in ((first, (0.5, 0.4, 0.3)), (second, (0.6, 0.2, 0.7))):
        for epoch, error in enumerate(errors, start=1):
            asked.prunes(number, epoch, error)
        asked.tell(number, None if number == second else errors[-1])
    asked.prunes(third, 1, 0.9)
    asked.prunes(third, 2, 0.9)
    running = TrialState.RUNNING
    assert seen[0] == []
    assert seen[-2] == [(first, running, {1: 0.5}), (second, running, {1: 0.6})]
    assert seen[-1] == [(first, running, {1: 0.5, 2: 0.4}), (second, running, {1: 0.6, 2: 0.2})]


def test_later_batches_are_pruned_by_earlier_ones_and_the_first_by_none() -> None:
    asked, states = study(), []
    for batch in range(4):
        told = run(asked, asked.ask([8, 8], seed=batch))
        states.append([told[number].state for number in sorted(told)])
    assert states[0] == ["complete"] * 16
    assert "pruned" in states[1]
    assert "complete" in {state for batch in states[1:] for state in batch}


def test_no_pruner_prunes_nothing() -> None:
    asked = study(pruner="none")
    for batch in range(3):
        told = run(asked, asked.ask([8], seed=batch))
        assert {each.state for each in told.values()} == {"complete"}


def test_a_restored_study_asks_and_prunes_as_the_one_it_restores() -> None:
    whole = study()
    batches = [run(whole, whole.ask([6, 6], seed=batch, alike=SHAPES)) for batch in range(3)]
    for n in (1, 2):
        again = study()
        again.restore(told for batch in batches[:n] for _, told in sorted(batch.items()))
        points = again.ask([6, 6], seed=n, alike=SHAPES)
        assert run(again, points) == batches[n]


def test_a_batch_that_was_interrupted_ends_as_it_would_have() -> None:
    whole = study(pruner="asha")
    first = run_abreast(whole, whole.ask([6, 6], seed=0), 0)
    second = run_abreast(whole, whole.ask([6, 6], seed=1), 0)
    again = study(pruner="asha")
    again.restore(told for _, told in sorted(first.items()))
    points = again.ask([6, 6], seed=1)
    kept = [number for number in points if number % 3]
    for number in kept:
        again.tell_again(number, second[number])
        length = len(second[number].reported)
        ends = second[number].state == "pruned"
        assert again.prunes(number, length, 0.0) == ends  # trained anew beside the others
        assert not again.prunes(number, length - 1, 0.0) or length == 0
    rest = run_abreast(again, points, seed=1, done=kept)
    assert rest == {number: second[number] for number in points if number not in kept}
    third = whole.ask([4], seed=2)
    assert again.ask([4], seed=2) == third


def test_nothing_is_learned_of_a_trial_that_was_asked_for_another_point() -> None:
    """As in a batch that was interrupted before its space was extended."""
    witness, whole = Witness(), study()
    first = run(whole, whole.ask([6], seed=0))
    again = BatchedStudy(SPACE, lambda _: witness, NopPruner())
    again.ask([6], seed=0, first=[told.values for told in first.values()])
    other = next(told.values for told in first.values() if told.values != first[0].values)
    again.tell_again(0, replace(first[0], values=other))
    for number in range(1, 6):
        again.tell_again(number, first[number])
    again.ask([1], seed=1)
    assert witness.states[-1] == [TrialState.FAIL, *[TrialState.COMPLETE] * 5, TrialState.RUNNING]


def test_what_is_asked_twice_about_an_epoch_is_answered_alike() -> None:
    asked = study()
    run(asked, asked.ask([8, 8], seed=0))
    for number, values in asked.ask([8, 8], seed=1).items():
        answers = [asked.prunes(number, e, loss(values, e)) for e in range(1, EPOCHS + 1)]
        assert answers == [asked.prunes(number, e, loss(values, e)) for e in range(1, EPOCHS + 1)]


def test_what_failed_is_worse_than_anything_that_did_not() -> None:
    """A rate that diverges is to be avoided, not forgotten."""
    space = Space({"learning_rate": Float(1e-4, 10.0, default=0.01, log=True), "k": Choice((1, 2))})
    asked = study(space=space, pruner="none")
    rates: list[float] = []
    for batch in range(8):
        for number, values in asked.ask([8], seed=batch).items():
            rate = float(values["learning_rate"])
            rates.append(rate)
            asked.tell(number, None if rate > 0.1 else abs(math.log10(rate / 0.03)))
    late = rates[-24:]
    assert sum(rate > 0.1 for rate in late) / len(late) < 0.25  # 0.4 of the range


def test_how_far_a_trial_got_before_it_failed_does_not_count_for_it() -> None:
    """Else one that diverged late would be taken for better than one that was pruned early."""
    late, at_once = study(), study()
    told = {}
    for asked, reports in ((late, True), (at_once, False)):
        points = asked.ask([6], seed=0)
        for number, values in points.items():
            fails = number % 2 == 0
            for epoch in range(1, EPOCHS + 1):
                if reports or not fails:
                    asked.prunes(number, epoch, loss(values, epoch))
            told[asked, number] = asked.tell(number, None if fails else loss(values, EPOCHS))
    again = study()
    again.restore(told[late, number] for number in range(6))
    following = late.ask([6], seed=1)
    assert following == at_once.ask([6], seed=1) == again.ask([6], seed=1)


def test_the_next_batch_waits_for_the_last() -> None:
    asked = study()
    asked.ask([2], seed=0)
    with pytest.raises(RuntimeError, match=r"a batch must end before the next; left: \[0, 1\]"):
        asked.ask([2], seed=1)


def test_an_option_that_was_added_later_is_asked_for() -> None:
    small = Space({"activation": Choice(("elu", "relu")), "width": Choice((50, 100))})
    large = Space({"activation": Choice(("elu", "relu", "swish")), "width": Choice((50, 100))})
    before = study("random", space=small)
    told = run(before, before.ask([8], seed=0))
    after = study("random", space=large)
    after.restore(each for _, each in sorted(told.items()))
    asked = after.ask([24], seed=1)
    assert min(asked) == 8
    assert {values["activation"] for values in asked.values()} == {"elu", "relu", "swish"}


@pytest.mark.parametrize(
    "sampler",
    [optuna.samplers.NSGAIISampler(seed=0), optuna.samplers.RandomSampler(seed=0)],
    ids=lambda sampler: type(sampler).__name__,
)
def test_any_sampler_of_optunas_will_do(sampler: Any) -> None:
    space = Space({"activation": Choice(("elu", "relu", "swish")), "width": Choice((50, 100))})
    asked = BatchedStudy(space, lambda _: sampler, get_pruner("median")(EPOCHS))
    for batch in range(2):
        points = asked.ask([3], seed=batch)
        for values in points.values():
            space.check(values)
        run(asked, points)
