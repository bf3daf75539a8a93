import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.rows import TrainingData
from search.training import Member, Seeds
from search.training.plan import (
    LARGEST_STACK,
    MEMBERS_A_PLACE,
    SHARING_FEATURES,
    WORTH_COMPILING,
    StackPlan,
    plan_stacks,
    stack_bytes,
    structure_of,
)
from search.training.stack import Stack, StackData
from spaces import SHALLOW, Recipe
from tests.strategies import recipes
from tests.training.reference import small_data, small_split, varied

NARROW, WIDE = small_data(), small_data(n_features=SHARING_FEATURES)
LARGEST = LARGEST_STACK
SPLITS = [small_split(0), small_split(1), small_split(2, n_train=70)]
PLAIN = SHALLOW.replace(width=8, batch_size=16, epochs=1)
L2, DROPOUT, DROPOUT_INPUTS, DROPOUT_LAST, ALPHA, MAX_NORM = (
    PLAIN.replace(regularization=level)
    for level in ("l2", "dropout", "dropout_inputs", "dropout_last", "alpha_dropout", "max_norm")
)


def planned(
    members: list[Member], data: TrainingData = NARROW, memory: int | None = None
) -> list[StackPlan]:
    return list(plan_stacks(members, data, memory))


def each(*several: tuple[int, Recipe], order: int = 0) -> list[Member]:
    """So many members of each recipe, one recipe after the other, on one split."""
    return [
        Member(recipe, SPLITS[0], Seeds(i, order, i)) for n, recipe in several for i in range(n)
    ]


@st.composite
def mixes(draw: st.DrawFn) -> list[Member]:
    """Runs of members, long and short, of a few recipes on a few splits and orders."""
    pool = draw(st.lists(recipes(depth=1, width=8, batch_size=16), min_size=1, max_size=4))
    run = st.tuples(
        st.integers(1, 60), st.sampled_from(pool), st.sampled_from(SPLITS), st.integers(0, 1)
    )
    return [
        Member(recipe, split, Seeds(i, order, i))
        for n, recipe, split, order in draw(st.lists(run, max_size=8))
        for i in range(n)
    ]


any_mix = given(members=mixes(), data=st.sampled_from([NARROW, WIDE]))


@any_mix
@settings(max_examples=60)
def test_every_member_stands_in_one_stack_of_the_same_plan(
    members: list[Member], data: TrainingData
) -> None:
    plans = planned(members, data)
    assert sorted(i for plan in plans for i in plan.members) == list(range(len(members)))
    assert plans == planned(list(members), data)


@any_mix
@settings(max_examples=60)
def test_a_stack_can_train_its_members(members: list[Member], data: TrainingData) -> None:
    for plan in planned(members, data):
        for index in plan.members:
            own = structure_of(members[index].recipe, data)
            assert own.skeleton() == plan.structure.skeleton()
            assert own.joined(plan.structure) == plan.structure
        sizes = {
            (len(s.train), len(s.validation)) for s in (members[i].split for i in plan.members)
        }
        assert len(sizes) == 1


@any_mix
@settings(max_examples=60)
def test_places_are_few_and_their_members_not_too_many(
    members: list[Member], data: TrainingData
) -> None:
    for plan in planned(members, data):
        assert 1 <= plan.groups <= LARGEST
        assert 1 <= plan.lanes <= LARGEST
        assert all(1 <= len(group) <= plan.lanes for group in plan.indices)
        assert len(plan.indices) <= plan.groups * MEMBERS_A_PLACE
        assert plan.members == sorted(plan.members)
        if plan.lanes > 1:
            assert plan.groups == len(plan.indices) == 1


@any_mix
@settings(max_examples=60)
def test_lanes_share_what_they_see(members: list[Member], data: TrainingData) -> None:
    for plan in planned(members, data):
        if data is NARROW or plan.structure.drops_inputs:
            assert plan.lanes == 1
        for group in plan.indices:
            assert len({(members[i].split, members[i].seeds.order) for i in group}) == 1


@pytest.mark.parametrize(
    ("n", "size", "stacks"),
    [
        (1, 1, [1]),
        (2, 2, [2]),
        (3, 3, [3]),
        (8, 8, [8]),
        (9, 5, [9]),
        (11, 6, [11]),
        (45, 8, [45]),
        (48, 8, [48]),
        (49, 5, [24, 25]),
        (100, 7, [33, 33, 34]),
    ],
)
def test_at_their_own_pace_members_form_balanced_stacks_in_their_order(
    n: int, size: int, stacks: list[int]
) -> None:
    plans = planned(varied(PLAIN, n))
    assert [len(plan.indices) for plan in plans] == stacks
    assert {(plan.groups, plan.lanes) for plan in plans} == {(size, 1)}
    assert [i for plan in plans for i in plan.members] == list(range(n))


def test_members_that_see_the_same_batches_share_them_where_features_are_many() -> None:
    members = [*each((10, PLAIN), order=1), *each((3, PLAIN), order=2), *each((2, PLAIN), order=1)]
    plans = planned(members, WIDE)
    assert [len(plan.members) for plan in plans] == [5, 5, 3, 2]
    assert {(plan.groups, plan.lanes) for plan in plans} == {(1, 5)}
    fewer = small_data(n_features=SHARING_FEATURES - 1)
    assert [(plan.groups, plan.lanes) for plan in planned(members, fewer)] == [(8, 1)]


def test_lanes_are_no_more_than_the_largest_group_fills() -> None:
    members = [*each((3, PLAIN), order=1), *each((2, PLAIN), order=2)]
    assert [(plan.lanes, plan.members) for plan in planned(members, WIDE)] == [
        (3, [0, 1, 2]),
        (3, [3, 4]),
    ]


def test_members_with_dropout_on_the_inputs_share_nothing() -> None:
    [plan] = planned(each((8, DROPOUT_INPUTS)), WIDE)
    assert (plan.groups, plan.lanes) == (8, 1)


def test_structures_of_equal_shapes_are_pooled_where_members_have_little_to_do() -> None:
    [plan] = planned(each((2, L2), (3, PLAIN), (1, DROPOUT_LAST), (6, DROPOUT)))
    assert plan.members == list(range(12))
    assert plan.structure == replace(structure_of(PLAIN, NARROW), penalized=True, dropout="hidden")
    [plan] = planned(each((2, DROPOUT_INPUTS), (2, PLAIN)))
    assert plan.structure == structure_of(DROPOUT_INPUTS, NARROW)
    relu, adam = PLAIN.replace(activation="relu"), PLAIN.replace(optimizer="adam")
    [plan] = planned(each((1, relu), (1, PLAIN), (1, adam), (1, ALPHA), (1, MAX_NORM)))
    assert plan.structure == replace(
        structure_of(PLAIN, NARROW),
        activations=("elu", "relu"),
        optimizer_families=("sgd", "adam"),
        dropout="hidden",
        max_norm=True,
    )


def test_structures_whose_members_have_much_to_do_have_programs_of_their_own() -> None:
    """Each member is asked for as many epochs as make three members of one structure much."""
    work = structure_of(L2, NARROW).work(len(SPLITS[0].train))
    epochs = math.ceil(WORTH_COMPILING / work / 3)
    much, little, other = (
        recipe.replace(epochs=epochs) for recipe in (L2, PLAIN, PLAIN.replace(activation="relu"))
    )
    plans = planned(each((3, much), (2, little), (1, other)))
    assert [plan.members for plan in plans] == [[0, 1, 2], [3, 4, 5]]
    assert plans[0].structure == structure_of(L2, NARROW)
    assert plans[1].structure.activations == ("elu", "relu")


def test_other_shapes_are_not_pooled() -> None:
    """Normalization has weights of its own."""
    batch, deeper = PLAIN.replace(normalization="batch"), PLAIN.replace(depth=3)
    members = each((1, batch), (1, PLAIN), (1, deeper), (1, L2))
    assert [plan.members for plan in planned(members)] == [[0], [1, 3], [2]]


def test_dropped_inputs_do_not_keep_others_from_sharing_theirs() -> None:
    plans = planned(each((2, DROPOUT_INPUTS), (2, PLAIN), (1, L2)), WIDE)
    assert [(plan.members, plan.groups, plan.lanes) for plan in plans] == [
        ([0, 1], 2, 1),
        ([2, 3, 4], 1, 3),
    ]


def test_splits_of_other_sizes_are_not_pooled() -> None:
    members = [Member(recipe, split, Seeds(0, 0, 0)) for recipe in (PLAIN, L2) for split in SPLITS]
    assert [plan.members for plan in planned(members)] == [[0, 1, 3, 4], [2, 5]]


@pytest.mark.parametrize(
    ("fitting", "places", "lanes"), [(0.1, 1, 1), (1, 1, 1), (3.9, 3, 3), (4, 4, 4), (100, 8, 8)]
)
def test_memory_bounds_how_many_stand_side_by_side(fitting: float, places: int, lanes: int) -> None:
    members = each((8, PLAIN))
    for data, shape in ((NARROW, (places, 1)), (WIDE, (1, lanes))):
        memory = int(fitting * stack_bytes(structure_of(PLAIN, data)))
        plans = planned(members, data, memory)
        assert {(plan.groups, plan.lanes) for plan in plans} == {shape}
        assert [i for plan in plans for i in plan.members] == list(range(8))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_estimate_of_a_members_bytes_is_of_their_order(optimizer: str) -> None:
    """What is carried from epoch to epoch is most of it where layers are wide."""
    members = each((4, PLAIN.replace(width=200, optimizer=optimizer)))
    [plan] = planned(members)
    stack = Stack(plan, dict(enumerate(members)), StackData(NARROW, "float32"))
    state = stack._start()  # noqa: SLF001  # what it holds is not told otherwise
    tensors = [*state.weights, *state.kept, *(slot for slots in state.slots for slot in slots)]
    carried = sum(np.asarray(tensor).nbytes for tensor in tensors) / len(members)
    assert carried < stack_bytes(plan.structure) < 4 * carried


def test_what_is_left_of_a_stack_trains_in_the_same_program() -> None:
    members = [*each((8, PLAIN), order=1), *each((4, PLAIN), order=2)]
    for plan in (*planned(members), *planned(members, WIDE)):
        first, *rest, last = plan.members
        left = plan.without({first, last, -1})
        assert left.members == rest
        assert replace(left, indices=plan.indices) == plan
        assert plan.without(plan.members).indices == ()
        halves = plan.halves()
        assert Counter(i for half in halves for i in half.members) == Counter(plan.members)
        for half in halves:
            assert abs(2 * len(half.members) - len(plan.members)) <= 1
            assert replace(half, indices=plan.indices) == plan


def test_a_stack_is_halved_down_to_single_members() -> None:
    [plan] = planned(each((5, PLAIN)))
    parts = [plan]
    while any(part.halves() for part in parts):
        parts = [half for part in parts for half in part.halves() or [part]]
    assert sorted(part.members for part in parts) == [[i] for i in range(5)]
    assert {part.groups for part in parts} == {plan.groups}
