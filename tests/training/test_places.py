"""Places taken in turn, lanes that share batches, structures pooled: no result depends on it."""

from dataclasses import replace

import numpy as np
import pytest

from search.rows import TrainingData
from search.training import Ending, Member, Result, Seeds
from search.training.plan import LARGEST_STACK, StackPlan, plan_stacks, structure_of
from search.training.stack import Stack, StackData
from spaces import SHALLOW, Recipe
from tests.training.reference import (
    assert_same,
    identical,
    log_loss,
    small_data,
    small_split,
    trained,
    varied,
)

LARGEST = LARGEST_STACK
SMALL = SHALLOW.replace(width=8, batch_size=16, epochs=4)
# Every random number matters here, and rows meet in batch normalization.
DROPPING = SMALL.replace(normalization="batch", regularization="dropout", dropout_rate=0.3)
STALLING = SMALL.replace(epochs=40, lr_schedule="constant")
RELU = SMALL.replace(activation="relu", optimizer="adam")
ABSURD = 1e30
FLOAT32 = 1e-4


@pytest.fixture(scope="module")
def wide() -> TrainingData:
    """Of so many features that lanes share the first layer's product."""
    return small_data(n_features=300)


def uneven(recipe: Recipe, n_members: int) -> list[Member]:
    """Members that end one after the other, so that places become free one by one."""
    members = varied(recipe, n_members)
    return [replace(x, recipe=x.recipe.replace(epochs=2 + i % 3)) for i, x in enumerate(members)]


def wild(member: Member) -> Member:
    return replace(member, recipe=member.recipe.replace(learning_rate=ABSURD))


def stacked(
    members: list[Member], data: TrainingData, groups: list[list[int]], shape: tuple[int, int]
) -> list[Result]:
    """What a stack of so many groups and lanes makes of them, whatever the planner would say."""
    indices = tuple(tuple(group) for group in groups)
    plan = StackPlan(structure_of(members[0].recipe, data), *shape, indices)
    stack = Stack(plan, dict(enumerate(members)), StackData(data, "float32"))
    results = dict(stack.train(keep_weights=True))
    return [results[index] for index in range(len(members))]


@pytest.mark.parametrize("recipe", [DROPPING, SMALL.replace(optimizer="nadam")], ids=str)
@pytest.mark.parametrize("places", [1, 2, 5, 8])
def test_who_takes_a_place_later_ends_bit_for_bit_as_if_first(
    recipe: Recipe, places: int, data: TrainingData
) -> None:
    """Wherever the place is, and whatever the dead momentum of who was there before."""
    members = uneven(recipe, 2 * places + 1)
    order = [[i] for i in range(len(members))]
    forward, backward = (stacked(members, data, each, (places, 1)) for each in (order, order[::-1]))
    assert all(map(identical, forward, backward))


def test_places_are_taken_the_moment_they_are_free(data: TrainingData) -> None:
    """The long training is yielded last, though it came first."""
    members = [varied(SMALL.replace(epochs=20), 1)[0], *varied(SMALL, LARGEST + 4)]
    [plan] = plan_stacks(members, data)
    stack = Stack(plan, dict(enumerate(members)), StackData(data, "float32"))
    yielded = [index for index, _ in stack.train(keep_weights=False)]
    assert yielded == [*range(1, len(members)), 0]


def test_early_stopping_gives_back_the_best_epoch_of_those_that_come_later_too(
    unlearnable: TrainingData,
) -> None:
    members = varied(STALLING, LARGEST + 4)
    results = trained(members, unlearnable)
    lengths = [len(result.curve.train_loss) for result in results]
    assert len(set(lengths[:LARGEST])) > 1
    for member, result, length in zip(members, results, lengths, strict=True):
        curve = result.curve
        assert curve.ending is Ending.STOPPED_EARLY
        assert length == curve.best_epoch + 10
        assert curve.validation_loss[curve.best_epoch - 1] == min(curve.validation_loss)
        assert log_loss(result, member, unlearnable) == pytest.approx(
            min(curve.validation_loss), 1e-5
        )
    [alone] = trained(members[-1:], unlearnable)
    assert_same(results[-1], alone, FLOAT32)


@pytest.mark.parametrize("index", [1, LARGEST + 1], ids=["first", "later"])
def test_a_diverging_member_leaves_the_others_as_they_were(index: int, data: TrainingData) -> None:
    """Its neighbours, and whoever takes its place of infinities."""
    members = varied(RELU, LARGEST + 3)
    calm = trained(members, data)
    members[index] = wild(members[index])
    results = trained(members, data)
    diverged = results.pop(index)
    assert diverged.curve.ending is Ending.DIVERGED
    assert diverged.curve.reason == "the loss became nan in epoch 1"
    assert (diverged.curve.best_epoch, len(diverged.curve.train_loss)) == (0, 1)
    assert (diverged.validation, diverged.held_out, diverged.weights) == (None, None, None)
    del calm[index]
    assert all(map(identical, results, calm))


@pytest.mark.parametrize("recipe", [SMALL, DROPPING, RELU], ids=str)
def test_members_that_share_batches_train_as_alone(recipe: Recipe, wide: TrainingData) -> None:
    """Of ten, eight share, and the two that are left over."""
    members = varied(recipe, LARGEST + 2, sharing=True)
    assert [plan.lanes for plan in plan_stacks(members, wide)] == [5, 5]
    sharing = trained(members, wide)
    own_pace = stacked(members, wide, [[i] for i in range(len(members))], (4, 1))
    for result, expected in zip(sharing, own_pace, strict=True):
        assert_same(result, expected, FLOAT32)


def test_a_diverging_member_leaves_those_it_shares_with_as_they_were(wide: TrainingData) -> None:
    members = varied(RELU, LARGEST, sharing=True)
    calm = trained(members, wide)
    members[2] = wild(members[2])
    results = trained(members, wide)
    assert results.pop(2).curve.ending is Ending.DIVERGED
    del calm[2]
    assert all(map(identical, results, calm))


def test_who_shares_may_end_at_another_time(wide: TrainingData) -> None:
    """Though the others of the group train on."""
    members = varied(SMALL, 3, sharing=True)
    members[0] = replace(members[0], recipe=members[0].recipe.replace(epochs=2))
    short, *long = trained(members, wide)
    assert [len(result.curve.train_loss) for result in (short, *long)] == [2, 4, 4]
    [alone] = trained(members[:1], wide)
    assert_same(short, alone, FLOAT32)


def test_groups_of_lanes_take_their_places_in_turn(wide: TrainingData) -> None:
    members = varied(DROPPING, 6, sharing=True)
    other = small_split(1)
    members[2:4] = [replace(x, split=other) for x in members[2:4]]
    groups = [[0, 1], [2, 3], [4, 5]]
    one_by_one = stacked(members, wide, groups, (1, 2))
    side_by_side = stacked(members, wide, groups, (2, 2))
    for result, expected in zip(side_by_side, one_by_one, strict=True):
        assert_same(result, expected, FLOAT32)


REGULARIZED = [
    SMALL.replace(regularization=level, **numbers)
    for level, numbers in {
        "early_stopping": {},
        "none": {},
        "weight_decay": {"weight_decay": 0.1},
        "l1": {"l1": 1e-3},
        "l2": {"l2": 1e-2},
        "dropout": {"dropout_rate": 0.4},
        "dropout_inputs": {"dropout_rate": 0.3},
        "dropout_last": {"dropout_rate": 0.5},
    }.items()
]


def test_pooled_structures_train_as_on_their_own(data: TrainingData) -> None:
    split = small_split(0)
    members = [Member(recipe, split, Seeds(1, 2, 3)) for recipe in REGULARIZED]
    assert len(list(plan_stacks(members, data))) == 1
    losses = set()
    for member, result in zip(members, trained(members, data), strict=True):
        [alone] = trained([member], data)
        assert_same(result, alone, FLOAT32)
        losses.add(result.curve.train_loss)
    assert len(losses) == len(members) - 1  # early stopping and none: equal until the end


@pytest.mark.parametrize(("activation", "rate"), [("relu", 1e4), ("tanh", ABSURD)])
def test_huge_weights_are_no_infinite_penalty_where_none_is_asked_for(
    activation: str, rate: float, data: TrainingData
) -> None:
    """Their squares overflow, in a pool with members whose kernels are penalized."""
    huge = SMALL.replace(activation=activation, learning_rate=rate)
    members = [
        Member(recipe, small_split(0), Seeds(1, 2, 3))
        for recipe in (huge, SMALL.replace(activation=activation, regularization="l2"))
    ]
    [alone] = trained(members[:1], data)
    assert alone.curve.ending is Ending.COMPLETED
    pooled, _ = trained(members, data)
    assert pooled.curve.ending is Ending.COMPLETED
    np.testing.assert_allclose(pooled.curve.train_loss, alone.curve.train_loss, FLOAT32)
