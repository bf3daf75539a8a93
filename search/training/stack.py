"""One stack of members, from its first epoch to its last."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from typing import final

import numpy as np
import tensorflow as tf

from search.models import initial_weights
from search.rows import Array, Split
from search.training.batches import epoch_order, n_steps
from search.training.contract import Ending, Member, Result
from search.training.masks import drop_threshold
from search.training.program import EpochInput, EpochOutput, Program, Rows, Tensors, keep
from search.training.progress import Progress

STACK_SIZES = (1, 2, 4, 8, 16)
"""A stack is padded to one of these, so that few sizes are ever compiled."""
CHUNK = 256
"""Rows predicted at once."""


@final
class Stack:
    """Members that train side by side.

    Args:
        program: of their common structure.
        members: at most the largest of STACK_SIZES, their splits of equal sizes.
        rows: what the splits point into, followed by the rows held out.
    """

    def __init__(self, program: Program, members: Sequence[Member], rows: Rows) -> None:
        self._program = program
        self._rows = rows
        self._n_members = len(members)
        size = next(size for size in STACK_SIZES if size >= len(members))
        self._members = [*members, *[members[0]] * (size - len(members))]
        self._dtype = rows.features.dtype
        self._n_train = len(members[0].split.train)
        self._steps = n_steps(self._n_train, program.structure.batch_size)
        self._progress = [Progress(member.recipe, self._steps) for member in members]
        validation = np.stack([member.split.validation for member in self._members])
        self._validation = _chunked(validation)
        self._validation_weight = self._presence(validation.shape[1], self._validation.shape[::2])
        self._constants = self._member_constants()

    def train(self, stop: threading.Event, *, keep_weights: bool) -> list[Result]:
        """Train every member to its end; results in the order of the members.

        Raises:
            CancelledError: if `stop` is set before that; it is looked at once an epoch.
        """
        started = time.perf_counter()
        state = self._program.start(self._initial_weights())
        improved = tf.zeros(len(self._members), tf.bool)
        epoch = 0
        while any(progress.ending is None for progress in self._progress):
            if stop.is_set():
                raise CancelledError
            state, output = self._program.run_epoch(state, improved, self._epoch_input(epoch))
            improved = self._hear(epoch, output)
            epoch += 1
        kept = keep(state, improved)
        validation, held_out = self._predictions(kept)
        weights = self._as_keras(kept) if keep_weights else None
        seconds = (time.perf_counter() - started) / self._n_members
        results = []
        for i, progress in enumerate(self._progress):
            diverged = progress.ending is Ending.DIVERGED
            result = Result(
                curve=progress.curve(seconds),
                validation=None if diverged else validation[i],
                held_out=None if diverged else held_out[i],
                weights=None if diverged or weights is None else weights[i],
            )
            results.append(result)
        return results

    def _initial_weights(self) -> Tensors:
        structure = self._program.structure
        each = [
            initial_weights(m.recipe, structure.n_features, structure.n_outputs, m.seeds.init)
            for m in self._members
        ]
        stacked = (np.stack(same) for same in zip(*each, strict=True))
        return tuple(tf.constant(w[:, None] if w.ndim == 2 else w, self._dtype) for w in stacked)

    def _member_constants(self) -> Mapping[str, tf.Tensor]:
        structure = self._program.structure
        used = ["l1", "l2"] if structure.penalized else []
        used += ["max_norm"] if structure.max_norm else []
        used += ["dropout_rate"] if structure.dropout != "nowhere" else []
        numbers = {
            name: np.array([getattr(member.recipe, name) or 0.0 for member in self._members])
            for name in used
        }
        constants = {name: tf.constant(each, self._dtype) for name, each in numbers.items()}
        if "dropout_rate" in numbers:
            constants["threshold"] = tf.constant(drop_threshold(numbers["dropout_rate"]))
            keys = [member.seeds.dropout for member in self._members]
            constants["dropout_key"] = tf.constant(keys, tf.uint32)
        return constants

    def _epoch_input(self, epoch: int) -> EpochInput:
        shape = self._steps, self._program.structure.batch_size
        orders: dict[tuple[int, Split], Array] = {}
        for member in self._members:
            key = member.seeds.order, member.split
            if key not in orders:
                order = epoch_order(member.seeds.order, epoch, member.split.train)
                orders[key] = np.resize(order, shape)  # the last step is filled up from the first
        order = np.stack([orders[m.seeds.order, m.split] for m in self._members], axis=1)
        return EpochInput(
            rows=self._rows,
            order=tf.constant(order),
            row_weight=self._presence(self._n_train, shape),
            validation=self._validation,
            validation_weight=self._validation_weight,
            step_numbers=self._step_numbers(epoch),
            constants=self._constants,
            first_step=tf.constant(epoch * self._steps, tf.uint32),
        )

    def _step_numbers(self, epoch: int) -> dict[str, tf.Tensor]:
        each = [progress.step_numbers(epoch) for progress in self._progress]
        each += [each[0]] * (len(self._members) - len(each))
        return {
            name: tf.constant(np.stack([numbers[name] for numbers in each], axis=1), self._dtype)
            for name in each[0]
        }

    def _presence(self, n_rows: int, shape: Sequence[int]) -> tf.Tensor:
        """1 for each of the rows, 0 for what fills up the shape."""
        present = np.arange(np.prod(shape)) < n_rows
        return tf.constant(present.reshape(shape), self._dtype)

    def _hear(self, epoch: int, output: EpochOutput) -> tf.Tensor:
        """Tell every member how the epoch went; return whose weights are to be kept."""
        metrics = np.stack(output, axis=1).tolist()
        improved = np.zeros(len(self._members), bool)
        for i, progress in enumerate(self._progress):
            improved[i] = progress.hear(epoch, *metrics[i])
        return tf.constant(improved)

    def _predictions(self, kept: Tensors) -> tuple[Array, Array]:
        """(members, validation rows, outputs) and (members, rows held out, outputs)."""
        held_out = np.arange(len(self._rows.targets), len(self._rows.features), dtype=np.int32)
        rows = np.stack([np.append(member.split.validation, held_out) for member in self._members])
        outputs = [
            self._program.predict(kept, self._rows.features, chunk).numpy()
            for chunk in _chunked(rows)
        ]
        predicted = np.concatenate(outputs, axis=1)[:, : rows.shape[1]]
        validation, of_held_out = np.split(predicted, [rows.shape[1] - len(held_out)], axis=1)
        return validation, of_held_out

    def _as_keras(self, kept: Tensors) -> list[tuple[Array, ...]]:
        """Each member's weights as `keras.Model.get_weights` has them."""
        arrays = [
            weight.numpy() if role.endswith("kernel") else weight.numpy()[:, 0]
            for role, weight in zip(self._program.structure.roles, kept, strict=True)
        ]
        return [tuple(array[i] for array in arrays) for i in range(self._n_members)]


def _chunked(rows: Array) -> tf.Tensor:
    """(members, rows) as (chunks, members, rows in a chunk); the last is filled up."""
    n_rows = rows.shape[1]
    n_chunks = -(-n_rows // CHUNK)
    size = -(-n_rows // n_chunks)
    chunks = np.stack([np.resize(each, (n_chunks, size)) for each in rows], axis=1)
    return tf.constant(chunks)
