"""A structure as compiled code: one epoch of a whole stack, steps and validation included.

Shapes make a program; every number is an argument. Between epochs plain Python decides.
"""

from collections.abc import Mapping
from functools import cache, partial
from typing import NamedTuple, final

import tensorflow as tf

from search.training.compiled import loading, stable_names
from search.training.network import Batch, Dropping, forward
from search.training.structure import Structure
from search.training.updates import update

MAX_NORM_EPSILON = 1e-7

Tensors = tuple[tf.Tensor, ...]


class State(NamedTuple):
    """What a stack carries from epoch to epoch, laid out as `forward` takes its weights."""

    weights: Tensors
    """In the order of `Structure.roles`."""
    slots: tuple[Tensors, ...]
    """What the optimizer keeps beside each weight; nothing beside moving statistics."""
    kept: Tensors
    """The weights each member would end with."""


class Rows(NamedTuple):
    """The development rows, shared by all stacks."""

    features: tf.Tensor
    """(rows, features)."""
    targets: tf.Tensor
    """(rows,)."""
    weights: tf.Tensor | None
    """(rows,) of the training loss, where the structure is weighted."""


class EpochInput(NamedTuple):
    """What one epoch of a stack needs to know."""

    rows: Rows
    """What the indices below point into."""
    order: tf.Tensor
    """(steps, groups, batch size) int32 rows, padded at the end of the last step."""
    present: tf.Tensor
    """(steps, batch size) 1, or 0 for padding."""
    validation: tf.Tensor
    """(chunks, groups, chunk size) int32 rows, padded at the end of the last chunk."""
    validation_present: tf.Tensor
    """(chunks, chunk size) 1, or 0 for padding."""
    step_numbers: Mapping[str, tf.Tensor]
    """name -> (steps, members), from `step_numbers`."""
    constants: Mapping[str, tf.Tensor]
    """activation, optimizer_family, l1, l2, max_norm, dropout_key: (members,); what `Dropping` has
    beside them: (depth + 1, members)."""
    first_step: tf.Tensor
    """(members,) uint32 steps since each one's training began."""


class EpochOutput(NamedTuple):
    """What Python decides by, each (members,)."""

    train_loss: tf.Tensor
    """Mean over the epoch's rows as they were met, penalties included."""
    validation_loss: tf.Tensor
    """Mean over the validation rows, penalties included."""
    validation_error: tf.Tensor
    """Share of wrong classes, or the RMSE."""


@final
class Program:
    """The compiled epoch of a structure, once for each combination of shapes it is called with."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        """What it was made from."""
        self.known_shapes: set[tuple[object, ...]] = set()
        """Of stacks that have run before, so that it is known what waits for the compiler."""
        # TensorFlow counts the tracings of a piece of code and warns when there are many; of a
        # partial it counts this program's alone.
        epoch = partial(self._trace_epoch)
        self._compiled = tf.function(epoch, jit_compile=True, autograph=False)

    def run_epoch(
        self, state: State, improved: tf.Tensor, epoch: EpochInput
    ) -> tuple[State, EpochOutput]:
        """One pass over the training rows, and the validation after it.

        Args:
            state: as the last epoch left it.
            improved: (members,) bool: whose weights are to be kept before this epoch moves them.
            epoch: its rows and numbers.
        """
        shapes = [tuple(each.shape) for each in (epoch.order, epoch.validation, *epoch.rows[:2])]
        with loading(), stable_names((self.structure, improved.shape, shapes, epoch.present.dtype)):
            after: tuple[State, EpochOutput] = self._compiled(state, improved, epoch)
        return after

    def _trace_epoch(
        self, state: State, improved: tf.Tensor, epoch: EpochInput
    ) -> tuple[State, EpochOutput]:
        kept = keep(state, improved)

        def step(
            i: tf.Tensor, weights: Tensors, slots: tuple[Tensors, ...], total: tf.Tensor
        ) -> tuple[tf.Tensor, Tensors, tuple[Tensors, ...], tf.Tensor]:
            weights, slots, loss = self._step(i, weights, slots, epoch)
            return i + 1, weights, slots, total + loss * tf.reduce_sum(epoch.present[i])

        n_steps = epoch.order.shape[0]
        total = tf.zeros(improved.shape, epoch.present.dtype)
        start = (tf.constant(0), state.weights, state.slots, total)
        _, weights, slots, total = tf.while_loop(lambda i, *_: i < n_steps, step, start)
        train_loss = total / tf.reduce_sum(epoch.present)
        loss, error = self._evaluate(weights, epoch)
        return State(weights, slots, kept), EpochOutput(train_loss, loss, error)

    def _step(
        self, i: tf.Tensor, weights: Tensors, slots: tuple[Tensors, ...], epoch: EpochInput
    ) -> tuple[Tensors, tuple[Tensors, ...], tf.Tensor]:
        """The weights and slots after step `i` of the epoch, and each member's loss before it."""
        structure = self.structure
        losses, gradients, statistics = self._gradients(i, weights, epoch)
        moving = iter(statistics)
        moved: list[tuple[tf.Tensor, Tensors]] = []
        each = zip(structure.roles, weights, gradients, slots, strict=True)
        for role, weight, gradient, its_slots in each:
            if role.startswith("moving"):
                moved.append((next(moving), ()))
                continue
            numbers = {name: along(weight, n[i]) for name, n in epoch.step_numbers.items()}
            after, slots_after = update(
                structure.optimizer_families,
                weight,
                gradient,
                its_slots,
                numbers,
                along(weight, epoch.constants["optimizer_family"]),
            )
            if structure.max_norm and role == "kernel":
                after = _constrain(after, epoch.constants["max_norm"])
            moved.append((after, slots_after))
        weights_after, all_slots_after = zip(*moved, strict=True)
        return weights_after, all_slots_after, losses

    def _gradients(
        self, i: tf.Tensor, weights: Tensors, epoch: EpochInput
    ) -> tuple[tf.Tensor, list[tf.Tensor | None], list[tf.Tensor]]:
        """Losses (members,), a gradient for each trained weight, and moving statistics."""
        structure, present, chosen = self.structure, epoch.present[i], epoch.order[i]
        x, y = tf.gather(epoch.rows.features, chosen), tf.gather(epoch.rows.targets, chosen)
        row_weights = present
        if epoch.rows.weights is not None:
            row_weights = _to_members(tf.gather(epoch.rows.weights, chosen), weights) * present
        batch = Batch(present, self._dropping(i, epoch))
        with tf.GradientTape() as tape:
            tape.watch(weights)
            activation = epoch.constants["activation"]
            outputs, statistics = forward(structure, weights, x, activation, batch)
            losses = _row_losses(structure, outputs, _to_members(y, weights)) * row_weights
            losses = tf.reduce_sum(losses, axis=1) / tf.reduce_sum(present)
            losses += self._penalty(weights, epoch.constants)
            total = tf.reduce_sum(losses)  # members share no weight: each has its own gradient
        return losses, tape.gradient(total, weights), statistics

    def _dropping(self, i: tf.Tensor, epoch: EpochInput) -> Dropping | None:
        if self.structure.dropout == "nowhere":
            return None
        constants = epoch.constants
        return Dropping(
            key=constants["dropout_key"],
            step=epoch.first_step + tf.cast(i, tf.uint32),
            **{name: constants[name] for name in ("threshold", "scale", "offset", "dropped")},
        )

    def _evaluate(self, weights: Tensors, epoch: EpochInput) -> tuple[tf.Tensor, tf.Tensor]:
        structure = self.structure

        def chunk(
            i: tf.Tensor, loss: tf.Tensor, error: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            rows, present = epoch.validation[i], epoch.validation_present[i]
            x, activation = tf.gather(epoch.rows.features, rows), epoch.constants["activation"]
            outputs, _ = forward(structure, weights, x, activation, None)
            y = _to_members(tf.gather(epoch.rows.targets, rows), weights)
            loss += tf.reduce_sum(_row_losses(structure, outputs, y) * present, axis=1)
            error += tf.reduce_sum(_row_errors(structure, outputs, y) * present, axis=1)
            return i + 1, loss, error

        n_chunks = epoch.validation.shape[0]
        zeros = tf.zeros(weights[-1].shape[0], epoch.present.dtype)
        start = (tf.constant(0), zeros, zeros)
        _, loss, error = tf.while_loop(lambda i, *_: i < n_chunks, chunk, start)
        n_rows = tf.reduce_sum(epoch.validation_present)
        error = error / n_rows
        if structure.task == "regression":
            error = tf.sqrt(error)
        return loss / n_rows + self._penalty(weights, epoch.constants), error

    def _penalty(self, weights: Tensors, constants: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """(members,) what the kernels cost, or 0 where none is penalized."""
        total = tf.zeros((), weights[0].dtype)
        if self.structure.penalized:
            roles = self.structure.roles
            kernels = [w for role, w in zip(roles, weights, strict=True) if role.endswith("kernel")]
            for kernel in kernels:
                l1, l2 = (along(kernel, constants[name]) for name in ("l1", "l2"))
                # Not every member of a pool is penalized; not even where its squares overflow.
                square = tf.math.multiply_no_nan(tf.square(kernel), l2)
                total += _sum_by_member(l1 * tf.abs(kernel) + square)
        return total


def keep(state: State, improved: tf.Tensor) -> Tensors:
    """The kept weights, the current ones in their place for members that improved."""
    pairs = zip(state.weights, state.kept, strict=True)
    return tuple(tf.where(along(now, improved), now, before) for now, before in pairs)


def along(weight: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Numbers (members,) shaped so that they broadcast against a weight as `forward` takes it."""
    first = len(weight.shape) == 4  # (groups, features, lanes, units)
    shape = (weight.shape[0], 1, weight.shape[2], 1) if first else (-1, 1, 1)
    return tf.reshape(numbers, shape)


def _to_members(rows: tf.Tensor, weights: Tensors) -> tf.Tensor:
    """What is given (groups, rows) for each member."""
    lanes = weights[0].shape[2]
    return rows if lanes == 1 else tf.repeat(rows, lanes, axis=0)


def _sum_by_member(kernel: tf.Tensor) -> tf.Tensor:
    """(members,) sums of a kernel, laid out as `forward` takes it.

    In two steps, the second a product: XLA would join two sums to one that it cannot vectorize.
    """
    by_unit = tf.reshape(tf.reduce_sum(kernel, axis=1), (-1, kernel.shape[-1]))
    return tf.linalg.matvec(by_unit, tf.ones(kernel.shape[-1], kernel.dtype))


def _row_losses(structure: Structure, outputs: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """(members, rows) cross entropy of logits, or squared error."""
    if structure.task == "classification":
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=outputs)
    return tf.square(outputs[..., 0] - y)


def _row_errors(structure: Structure, outputs: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """(members, rows) whether the class is wrong, or squared error."""
    if structure.task == "regression":
        return _row_losses(structure, outputs, y)
    wrong = tf.argmax(outputs, axis=-1, output_type=y.dtype) != y
    return tf.cast(wrong, outputs.dtype)


def _constrain(kernel: tf.Tensor, radius: tf.Tensor) -> tf.Tensor:
    """Rescale each unit's incoming weights to at most `radius`, as `keras.constraints.MaxNorm`.

    Not every member of a pool is constrained: an infinite radius leaves its weights alone.
    """
    norm = tf.sqrt(tf.reduce_sum(tf.square(kernel), axis=1, keepdims=True))
    radius = along(kernel, radius)
    scale = tf.clip_by_value(norm, 0, radius) / (MAX_NORM_EPSILON + norm)
    return kernel * tf.where(tf.math.is_finite(radius), scale, tf.ones_like(scale))


@cache
def program_for(structure: Structure) -> Program:
    """The program of a structure, built once in a process."""
    return Program(structure)
