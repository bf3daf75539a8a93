"""One stack of members, from its first epoch to its last."""

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import final

import numpy as np
import tensorflow as tf

from search.models import initial_weights
from search.rows import Array, TrainingData
from search.training.contract import Ending, Member, Prune, Result
from search.training.group import Group, dropout_rates, dropping_numbers
from search.training.masks import drop_threshold
from search.training.network import forward
from search.training.plan import StackPlan
from search.training.program import EpochInput, EpochOutput, Rows, State, Tensors, keep, program_for
from search.training.structure import OPTIMIZER_FAMILIES
from search.training.updates import number_names

CHUNK = 256
"""Validation rows evaluated at once."""
ROWS_PREDICTED_AT_ONCE = 4096


@final
class StackData:
    """The rows, ready for stacks.

    Args:
        data: prepared rows.
        dtype: of all arithmetic.
    """

    def __init__(self, data: TrainingData, dtype: str) -> None:
        self.dtype = dtype
        self.features = data.features.astype(dtype, copy=False)
        self.held_out = data.held_out.astype(dtype, copy=False)
        targets = data.targets if data.task == "classification" else data.targets.astype(dtype)
        weights = data.sample_weight
        self.rows = Rows(
            tf.constant(self.features),
            tf.constant(targets),
            None if weights is None else tf.constant(weights, dtype),
        )


@final
class Stack:
    """Places side by side in one program. As a group ends, the next one takes its place.

    Args:
        plan: who trains, and in which shape.
        members: by the plan's indices; their splits are of equal sizes.
        data: the rows that splits point into.
    """

    def __init__(self, plan: StackPlan, members: Mapping[int, Member], data: StackData) -> None:
        self._plan = plan
        self._data = data
        self._program = program_for(plan.structure)
        self._waiting = deque(Group(each, members, plan.lanes) for each in plan.indices)
        first = self._waiting[0]
        while len(self._waiting) < plan.groups:  # the places of groups that are over still compute
            spare = Group(first.indices, members, plan.lanes)
            spare.is_over = True
            self._waiting.append(spare)
        self._groups = [self._waiting.popleft() for _ in range(plan.groups)]
        self._n_train = len(first.members[0].split.train)
        self._present = self._presence(self._n_train, (first.steps, plan.structure.batch_size))

    def train(
        self, *, keep_weights: bool, prune: Prune | None = None
    ) -> Iterator[tuple[int, Result]]:
        """Train every member; (index, result) as each group ends."""
        state = self._start()
        improved = np.zeros(len(self._groups) * self._plan.lanes, bool)
        self._take_in_constants()
        compiling = _Compiling(self._program.known_shapes, self._shapes())
        while any(group.n_active for group in self._groups):
            started = time.perf_counter()
            state, output = self._program.run_epoch(state, tf.constant(improved), self._input())
            improved = self._hear(output, compiling.without(started))
            if prune is not None:
                self._prune(prune)
            over = [g for g, x in enumerate(self._groups) if not (x.is_over or x.n_active)]
            if not over:
                continue
            kept = keep(state, tf.constant(improved))
            for place in over:
                yield from self._results(place, kept, compiling, keep_weights=keep_weights)
                state = self._refilled(state, place)
            self._take_in_constants()

    def _start(self) -> State:
        blocks = [self._blocks(group) for group in self._groups]
        arrays = [np.concatenate(same) for same in zip(*blocks, strict=True)]
        weights = tuple(tf.constant(array, self._data.dtype) for array in arrays)
        n_slots = self._plan.structure.n_slots
        slots = tuple(
            () if role.startswith("moving") else (tf.zeros_like(weight),) * n_slots
            for role, weight in zip(self._plan.structure.roles, weights, strict=True)
        )
        return State(weights, slots, weights)

    def _blocks(self, group: Group) -> list[Array]:
        """A group's initial weights as `forward` takes them, as a stack of this group alone."""
        structure = self._plan.structure
        each = [
            initial_weights(m.recipe, structure.n_features, structure.n_outputs, m.seeds.init)
            for m in group.members
        ]
        first, *others = (np.stack(same) for same in zip(*each, strict=True))
        shaped = [array if array.ndim == 3 else array[:, None] for array in others]  # kernels
        return [np.moveaxis(first, 0, 1)[None], *shaped]

    def _refilled(self, state: State, place: int) -> State:
        """The state with the next group in a place; the old one's where none waits."""
        if not self._waiting:
            return state
        self._groups[place] = group = self._waiting.popleft()
        blocks = self._blocks(group)

        def put(tensor: tf.Tensor, block: Array | float) -> tf.Tensor:
            array = tensor.numpy().copy()
            array[self._own(array, place)] = block
            return tf.constant(array)

        weights, kept = (
            tuple(map(put, tensors, blocks)) for tensors in (state.weights, state.kept)
        )
        slots = tuple(tuple(put(slot, 0.0) for slot in each) for each in state.slots)
        return State(weights, slots, kept)

    def _own(self, array: Array, place: int) -> slice:
        """Which part of a weight belongs to a place; the first kernel leads with groups."""
        size = 1 if array.ndim == 4 else self._plan.lanes  # the first kernel
        return slice(place * size, (place + 1) * size)

    def _take_in_constants(self) -> None:
        """Make the inputs that stay the same until a place is taken by another group."""
        members = [member for group in self._groups for member in group.members]
        structure, dtype = self._plan.structure, self._data.dtype
        recipes = [member.recipe for member in members]
        families = [OPTIMIZER_FAMILIES[recipe.optimizer] for recipe in recipes]
        constants = {
            "activation": tf.constant([structure.activations.index(x.activation) for x in recipes]),
            "optimizer_family": tf.constant(
                list(map(structure.optimizer_families.index, families))
            ),
        }
        unused = {"l1": 0.0, "l2": 0.0} if structure.penalized else {}
        unused |= {"max_norm": np.inf} if structure.max_norm else {}
        for name, instead in unused.items():
            numbers = [getattr(recipe, name) for recipe in recipes]
            given = [instead if number is None else number for number in numbers]
            constants[name] = tf.constant(given, dtype)
        if structure.dropout != "nowhere":
            keys = [member.seeds.dropout for member in members]
            constants["dropout_key"] = tf.constant(keys, tf.uint32)
            rates = np.array([dropout_rates(recipe) for recipe in recipes]).T
            constants["threshold"] = tf.constant(drop_threshold(rates))
            each = [dropping_numbers(recipe) for recipe in recipes]
            for name in each[0]:
                constants[name] = tf.constant(np.array([x[name] for x in each]).T, dtype)
        self._constants = constants
        validation = np.stack([group.members[0].split.validation for group in self._groups])
        self._validation = _chunked(validation)
        self._validation_present = self._presence(validation.shape[1], self._validation.shape[::2])

    def _input(self) -> EpochInput:
        lanes = self._plan.lanes
        first_steps = [group.epoch * group.steps for group in self._groups for _ in range(lanes)]
        return EpochInput(
            rows=self._data.rows,
            order=tf.constant(np.stack([group.order() for group in self._groups], axis=1)),
            present=self._present,
            validation=self._validation,
            validation_present=self._validation_present,
            step_numbers=self._step_numbers(),
            constants=self._constants,
            first_step=tf.constant(first_steps, tf.uint32),
        )

    def _step_numbers(self) -> dict[str, tf.Tensor]:
        each = [p.step_numbers(group.epoch) for group in self._groups for p in group.progress]
        nothing = np.zeros(self._present.shape[0])  # for members of other families
        return {
            name: tf.constant(np.stack([x.get(name, nothing) for x in each], 1), self._data.dtype)
            for name in number_names(self._plan.structure.optimizer_families)
        }

    def _presence(self, n_rows: int, shape: Sequence[int]) -> tf.Tensor:
        """1 for each of the rows, 0 for what fills up the shape."""
        present = np.arange(np.prod(shape)) < n_rows
        return tf.constant(present.reshape(shape), self._data.dtype)

    def _shapes(self) -> tuple[object, ...]:
        rows = self._data.rows.features
        sizes = self._plan.groups, self._plan.lanes, self._n_train, *self._validation.shape
        return *sizes, *rows.shape, rows.dtype

    def _hear(self, output: EpochOutput, seconds: float) -> Array:
        """Tell every member how the epoch went; return whose weights are to be kept."""
        metrics = np.stack(output, axis=1).reshape(self._plan.groups, self._plan.lanes, -1)
        share = seconds / sum(group.n_active for group in self._groups)
        pairs = zip(self._groups, metrics, strict=True)
        improved = [group.hear(each, share) for group, each in pairs]
        return np.array(improved).ravel()

    def _prune(self, prune: Prune) -> None:
        reports = [report for group in self._groups for report in group.reports()]
        pruned = prune(reports) if reports else ()
        for group in self._groups:
            group.prune(pruned)

    def _results(
        self, place: int, kept: Tensors, compiling: "_Compiling", *, keep_weights: bool
    ) -> Iterator[tuple[int, Result]]:
        group = self._groups[place]
        group.is_over = True
        own = [tensor[self._own(tensor, place)] for tensor in map(np.asarray, kept)]
        validation, held_out = self._predictions(place, own)
        for lane, index in enumerate(group.indices):
            progress = group.progress[lane]
            diverged = progress.ending is Ending.DIVERGED
            result = Result(
                curve=progress.curve(group.seconds[lane]),
                validation=None if diverged else validation[lane],
                held_out=None if diverged else held_out[lane],
                weights=self._as_keras(own, lane) if keep_weights and not diverged else None,
            )
            yield index, replace(result, compile_seconds=compiling.take())

    def _predictions(self, place: int, weights: Sequence[Array]) -> tuple[Array, Array]:
        """(lanes, validation rows, outputs) and (lanes, rows held out, outputs)."""
        validation = self._groups[place].members[0].split.validation
        rows = np.concatenate([self._data.features[validation], self._data.held_out])
        structure, outputs = self._plan.structure, []
        lanes = self._plan.lanes
        activation = self._constants["activation"][place * lanes : (place + 1) * lanes]
        tensors = [tf.constant(weight) for weight in weights]
        for start in range(0, len(rows), ROWS_PREDICTED_AT_ONCE):
            chunk = tf.constant(rows[None, start : start + ROWS_PREDICTED_AT_ONCE])
            output, _ = forward(structure, tensors, chunk, activation, None)
            probabilities = structure.task == "classification"
            outputs.append((tf.nn.softmax(output) if probabilities else output).numpy())
        predicted = np.concatenate(outputs, axis=1)
        return predicted[:, : len(validation)], predicted[:, len(validation) :]

    def _as_keras(self, weights: Sequence[Array], lane: int) -> tuple[Array, ...]:
        """A member's weights as `keras.Model.get_weights` has them."""
        first, *others = weights
        roles = self._plan.structure.roles[1:]
        arrays = [
            each[lane] if role.endswith("kernel") else each[lane, 0]
            for role, each in zip(roles, others, strict=True)
        ]
        return (first[0, :, lane], *arrays)


@final
class _Compiling:
    """How long a program's first call took beyond what a call takes."""

    def __init__(self, known: set[tuple[object, ...]], shapes: tuple[object, ...]) -> None:
        self._calls = 1 if shapes in known else 0
        known.add(shapes)
        self._first = 0.0
        self._untold = 0.0

    def without(self, started: float) -> float:
        """Seconds since `started`; of a first call nothing, since most of it was compiling."""
        seconds = time.perf_counter() - started
        self._calls += 1
        if self._calls == 1:
            self._first = self._untold = seconds
            return 0.0
        if self._calls == 2 and self._first:  # the first call trained as well
            self._untold = max(0.0, self._untold - seconds)
            return 2 * seconds
        return seconds

    def take(self) -> float:
        """What has not been told yet."""
        untold, self._untold = self._untold, 0.0
        return untold


def _chunked(rows: Array) -> tf.Tensor:
    """(groups, rows) as (chunks, groups, rows in a chunk); the last is filled up."""
    n_rows = rows.shape[1]
    n_chunks = -(-n_rows // CHUNK)
    size = -(-n_rows // n_chunks)
    chunks = np.stack([np.resize(each, (n_chunks, size)) for each in rows], axis=1)
    return tf.constant(chunks)
