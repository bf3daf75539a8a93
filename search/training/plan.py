"""Which members train together: a pure function of the members and the data."""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import groupby
from typing import final

from search.memory import machine_memory
from search.rows import TrainingData
from search.training.contract import Member
from search.training.structure import Structure
from spaces import Recipe

LARGEST_STACK = 8
"""Members side by side; more of them train no faster on a core."""
MEMBERS_A_PLACE = 6
"""A stack takes in at most so many members for each place in it, one after the other."""
WORTH_COMPILING = 1e11
"""Multiplications and additions. A structure whose members need fewer is trained by a program that
it shares with others: that one is slower, but compiling one more takes longer."""
SHARING_FEATURES = 256
"""From so many features on, members that see the same batches share the first layer's product.
They then keep step with each other; with fewer features it pays more that each goes its own pace,
and that the next takes its place the moment it ends."""
MEMORY_SHARE = 0.5
"""Of the machine's memory, for all stacks in training."""

_Key = tuple[Structure, int, int]  # and the sizes of the training and validation parts

_BYTES = 4
_COPIES_OF_WEIGHTS = 4
"""The weights, the best ones, their gradient, and the weights after the step."""
_COPIES_OF_UNITS = 6
"""Sums, activations and what differentiates them."""


@final
@dataclass(frozen=True, slots=True)
class StackPlan:
    """A stack: places side by side in one program, and who takes them in turn."""

    structure: Structure
    """Shared by all its members."""
    groups: int
    """Groups side by side; each sees batches of its own."""
    lanes: int
    """Members side by side in a group; they see the same batches."""
    indices: tuple[tuple[int, ...], ...]
    """Each group's members as indices into those planned for, at most `lanes`."""

    @property
    def members(self) -> list[int]:
        """All indices, in order."""
        return [index for group in self.indices for index in group]

    def without(self, done: Collection[int]) -> "StackPlan":
        """The same program for the members that are left."""
        left = [[index for index in group if index not in done] for group in self.indices]
        return replace(self, indices=tuple(tuple(group) for group in left if group))

    def started(self, offset: int = 0) -> "StackPlan":
        """The same program for the groups that it starts with, their indices moved on."""
        first = self.indices[: self.groups]
        return replace(self, indices=tuple(tuple(i + offset for i in group) for group in first))

    def halves(self) -> "list[StackPlan]":
        """The same program for either half of the members; one member has none."""
        members = self.members
        half = len(members) // 2
        parts = (set(members[:half]), set(members[half:])) if half else ()
        return [self.without(part) for part in parts]


def plan_stacks(
    members: Sequence[Member], data: TrainingData, memory: int | None = None
) -> Iterator[StackPlan]:
    """Stacks of equal structure and equal split sizes, in the order given.

    Structures of equal shapes are pooled where their members have little to do: which activation
    and optimizer a member has is then a number, and penalties, dropout and norms may be off.

    Args:
        members: all that are to be trained.
        data: what they are trained on.
        memory: bytes that one stack may take; by default its share of the machine's, with a stack
            in training on each core. A stack is never cut to less than one member.
    """
    keyed: dict[_Key, list[int]] = {}
    for index, member in enumerate(members):
        structure = structure_of(member.recipe, data)
        sizes = len(member.split.train), len(member.split.validation)
        keyed.setdefault((structure, *sizes), []).append(index)
    bound = memory or stack_memory()
    for (structure, *_), indices in _pooled(keyed, members).items():
        size = max(1, min(LARGEST_STACK, bound // stack_bytes(structure)))
        if structure.n_features >= SHARING_FEATURES and not structure.drops_inputs:
            yield from _keeping_step(structure, indices, members, size)
        else:
            yield from _at_own_pace(structure, indices, size)


def structure_of(recipe: Recipe, data: TrainingData) -> Structure:
    """The structure of a recipe on these data."""
    return Structure.of(
        recipe,
        n_features=data.features.shape[1],
        n_outputs=data.n_outputs,
        task=data.task,
        weighted=data.sample_weight is not None,
    )


def stack_bytes(structure: Structure) -> int:
    """An estimate of what one member takes in a stack's memory, without the data."""
    copies = _COPIES_OF_WEIGHTS + 2 * structure.n_slots
    units = structure.n_features + structure.depth * structure.width + structure.n_outputs
    numbers = copies * structure.n_weights + _COPIES_OF_UNITS * structure.batch_size * units
    return _BYTES * numbers


def stack_memory() -> int:
    """Bytes that one stack may take: its share of the machine's, with one in training on a core."""
    return int(machine_memory() * MEMORY_SHARE) // cores()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _pooled(keyed: dict[_Key, list[int]], members: Sequence[Member]) -> dict[_Key, list[int]]:
    """The same with structures of little work joined in one that can do what each member needs."""
    pools: dict[_Key, list[_Key]] = {}
    for key, indices in keyed.items():
        structure, n_train, n_validation = key
        epochs = sum(members[index].recipe.epochs for index in indices)
        is_alone = structure.work(n_train) * epochs >= WORTH_COMPILING
        # Dropped inputs are no longer shared.
        apart = structure.n_features >= SHARING_FEATURES and structure.drops_inputs
        pool = structure if is_alone or apart else structure.skeleton()
        pools.setdefault((pool, n_train, n_validation), []).append(key)
    return {
        (reduce(Structure.joined, (structure for structure, *_ in keys)), n_train, n_validation): (
            sorted(index for key in keys for index in keyed[key])
        )
        for (_, n_train, n_validation), keys in pools.items()
    }


def _at_own_pace(structure: Structure, indices: Sequence[int], most: int) -> Iterator[StackPlan]:
    """Every member a group of its own."""
    n_stacks = _quotient(len(indices), most * MEMBERS_A_PLACE)
    size = _fitting(_quotient(len(indices), n_stacks), most)
    for stack in range(n_stacks):
        start, end = (len(indices) * edge // n_stacks for edge in (stack, stack + 1))
        yield StackPlan(structure, size, 1, _cut(indices[start:end], 1))


def _keeping_step(
    structure: Structure, indices: Sequence[int], members: Sequence[Member], most: int
) -> Iterator[StackPlan]:
    """A stack for each run of members that see the same batches."""
    runs = groupby(indices, key=lambda index: (members[index].seeds.order, members[index].split))
    groups: list[tuple[int, ...]] = []
    for _, run in runs:
        its = list(run)
        groups += _cut(its, _quotient(len(its), _quotient(len(its), most)))
    lanes = max(map(len, groups))
    for group in groups:
        yield StackPlan(structure, 1, lanes, (group,))


def _fitting(n_members: int, most: int) -> int:
    """How many places take the least time; few are left empty at the end."""
    if n_members <= most:
        return n_members
    sizes = range(most, most // 2, -1)
    # Beside its members' time an epoch takes about as long as one more of them would.
    return min(sizes, key=lambda size: _quotient(n_members, size) * (size + 1))


def _quotient(number: int, divisor: int) -> int:
    """Rounded up."""
    return -(-number // divisor)


def _cut(indices: Sequence[int], size: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(indices[i : i + size]) for i in range(0, len(indices), size))
