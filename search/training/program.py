"""A structure as compiled code: one epoch of a whole stack, steps and validation included.

Shapes make a program; every number is an argument. Between epochs plain Python decides.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple, final

import tensorflow as tf

from search.training.network import Batch, Dropping, forward
from search.training.structure import Structure
from search.training.updates import SLOTS, update

MAX_NORM_EPSILON = 1e-7

Tensors = tuple[tf.Tensor, ...]


class State(NamedTuple):
    """What a stack carries from epoch to epoch; every tensor leads with the member axis."""

    weights: Tensors
    """In the order of `Structure.roles`; vectors are (members, 1, n)."""
    slots: tuple[Tensors, ...]
    """What the optimizer keeps beside each weight; nothing beside moving statistics."""
    kept: Tensors
    """The weights each member would end with."""


class Rows(NamedTuple):
    """The data, shared by all stacks."""

    features: tf.Tensor
    """(development rows and then rows held out, features)."""
    targets: tf.Tensor
    """(development rows,)."""


class EpochInput(NamedTuple):
    """What one epoch of a stack needs to know."""

    rows: Rows
    """What the indices below point into."""
    order: tf.Tensor
    """(steps, members, batch size) int32 rows, padded at the end of the last step."""
    row_weight: tf.Tensor
    """(steps, batch size) 1, or 0 for padding."""
    validation: tf.Tensor
    """(chunks, members, chunk size) int32 rows, padded at the end of the last chunk."""
    validation_weight: tf.Tensor
    """(chunks, chunk size) 1, or 0 for padding."""
    step_numbers: Mapping[str, tf.Tensor]
    """name -> (steps, members), from `step_numbers`."""
    constants: Mapping[str, tf.Tensor]
    """name -> (members,): l1, l2, max_norm, dropout_rate, threshold, dropout_key."""
    first_step: tf.Tensor
    """Steps since training began, uint32."""


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
    """The compiled functions of one structure."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        """What it was made from."""
        # One program of a structure for each combination of shapes it is called with.
        self.run_epoch = _compiled(self._run_epoch)
        self.predict = _compiled(self._predict)

    def start(self, weights: Tensors) -> State:
        """The state before the first epoch of a stack with these weights."""
        n_slots = SLOTS[self.structure.optimizer_family]
        slots = tuple(
            () if role.startswith("moving") else (tf.zeros_like(weight),) * n_slots
            for role, weight in zip(self.structure.roles, weights, strict=True)
        )
        return State(weights, slots, weights)

    def _run_epoch(
        self, state: State, improved: tf.Tensor, epoch: EpochInput
    ) -> tuple[State, EpochOutput]:
        """One pass over the training rows, and the validation after it.

        Args:
            state: as the last epoch left it.
            improved: (members,) bool: whose weights are to be kept before this epoch moves them.
            epoch: its rows and numbers.
        """
        kept = keep(state, improved)

        def step(
            i: tf.Tensor, weights: Tensors, slots: tuple[Tensors, ...], total: tf.Tensor
        ) -> tuple[tf.Tensor, Tensors, tuple[Tensors, ...], tf.Tensor]:
            weights, slots, loss = self._step(i, weights, slots, epoch)
            return i + 1, weights, slots, total + loss * tf.reduce_sum(epoch.row_weight[i])

        n_steps, n_members = epoch.order.shape[:2]
        total = tf.zeros(n_members, epoch.row_weight.dtype)
        start = (tf.constant(0), state.weights, state.slots, total)
        _, weights, slots, total = tf.while_loop(lambda i, *_: i < n_steps, step, start)
        train_loss = total / tf.reduce_sum(epoch.row_weight)
        loss, error = self._evaluate(weights, epoch)
        return State(weights, slots, kept), EpochOutput(train_loss, loss, error)

    def _step(
        self, i: tf.Tensor, weights: Tensors, slots: tuple[Tensors, ...], epoch: EpochInput
    ) -> tuple[Tensors, tuple[Tensors, ...], tf.Tensor]:
        """The weights and slots after step `i` of the epoch, and each member's loss before it."""
        structure = self.structure
        losses, gradients, statistics = self._gradients(i, weights, epoch)
        numbers = {name: n[i][:, None, None] for name, n in epoch.step_numbers.items()}
        moving = iter(statistics)
        moved: list[tuple[tf.Tensor, Tensors]] = []
        each = zip(structure.roles, weights, gradients, slots, strict=True)
        for role, weight, gradient, its_slots in each:
            if role.startswith("moving"):
                moved.append((next(moving), ()))
                continue
            family = structure.optimizer_family
            after, slots_after = update(family, weight, gradient, its_slots, numbers)
            if structure.max_norm and role == "kernel":
                after = _constrain(after, epoch.constants["max_norm"])
            moved.append((after, slots_after))
        weights_after, all_slots_after = zip(*moved, strict=True)
        return weights_after, all_slots_after, losses

    def _gradients(
        self, i: tf.Tensor, weights: Tensors, epoch: EpochInput
    ) -> tuple[tf.Tensor, list[tf.Tensor | None], list[tf.Tensor]]:
        """Losses (members,), a gradient for each trained weight, and moving statistics."""
        structure, row_weight = self.structure, epoch.row_weight[i]
        x = tf.gather(epoch.rows.features, epoch.order[i])
        y = tf.gather(epoch.rows.targets, epoch.order[i])
        batch = Batch(row_weight, self._dropping(i, epoch))
        with tf.GradientTape() as tape:
            tape.watch(weights)
            outputs, statistics = forward(structure, weights, x, batch)
            losses = tf.reduce_sum(_row_losses(structure, outputs, y) * row_weight, axis=1)
            losses = losses / tf.reduce_sum(row_weight) + self._penalty(weights, epoch.constants)
            total = tf.reduce_sum(losses)  # members share no weight: each has its own gradient
        return losses, tape.gradient(total, weights), statistics

    def _dropping(self, i: tf.Tensor, epoch: EpochInput) -> Dropping | None:
        if self.structure.dropout == "nowhere":
            return None
        constants = epoch.constants
        return Dropping(
            key=constants["dropout_key"],
            step=epoch.first_step + tf.cast(i, tf.uint32),
            threshold=constants["threshold"],
            rate=constants["dropout_rate"],
        )

    def _evaluate(self, weights: Tensors, epoch: EpochInput) -> tuple[tf.Tensor, tf.Tensor]:
        structure = self.structure

        def chunk(
            i: tf.Tensor, loss: tf.Tensor, error: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            rows, weight = epoch.validation[i], epoch.validation_weight[i]
            outputs, _ = forward(structure, weights, tf.gather(epoch.rows.features, rows), None)
            y = tf.gather(epoch.rows.targets, rows)
            loss += tf.reduce_sum(_row_losses(structure, outputs, y) * weight, axis=1)
            error += tf.reduce_sum(_row_errors(structure, outputs, y) * weight, axis=1)
            return i + 1, loss, error

        n_chunks, n_members = epoch.validation.shape[:2]
        zeros = tf.zeros(n_members, epoch.validation_weight.dtype)
        start = (tf.constant(0), zeros, zeros)
        _, loss, error = tf.while_loop(lambda i, *_: i < n_chunks, chunk, start)
        n_rows = tf.reduce_sum(epoch.validation_weight)
        error = error / n_rows
        if structure.task == "regression":
            error = tf.sqrt(error)
        return loss / n_rows + self._penalty(weights, epoch.constants), error

    def _penalty(self, weights: Tensors, constants: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """(members,) what the kernels cost, or 0 where none is penalized."""
        total = tf.zeros((), weights[0].dtype)
        if self.structure.penalized:
            for role, weight in zip(self.structure.roles, weights, strict=True):
                if role.endswith("kernel"):
                    total += constants["l1"] * tf.reduce_sum(tf.abs(weight), axis=(1, 2))
                    total += constants["l2"] * tf.reduce_sum(tf.square(weight), axis=(1, 2))
        return total

    def _predict(self, weights: Tensors, features: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Probabilities or numbers for a chunk of rows.

        Args:
            weights: of the stack.
            features: (all rows, features).
            rows: (members, chunk size) int32.

        Returns:
            (members, chunk size, outputs).
        """
        outputs, _ = forward(self.structure, weights, tf.gather(features, rows), None)
        return tf.nn.softmax(outputs) if self.structure.task == "classification" else outputs


def _compiled(function: Callable[..., Any]) -> Any:
    # TensorFlow counts the tracings of a piece of code and warns when there are many; of a partial
    # it counts this program's alone.
    return tf.function(partial(function), jit_compile=True, autograph=False)


def keep(state: State, improved: tf.Tensor) -> Tensors:
    """The kept weights, the current ones in their place for members that improved."""
    chosen = improved[:, None, None]
    pairs = zip(state.weights, state.kept, strict=True)
    return tuple(tf.where(chosen, now, before) for now, before in pairs)


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
    """Rescale each unit's incoming weights to at most `radius`, as `keras.constraints.MaxNorm`."""
    norm = tf.sqrt(tf.reduce_sum(tf.square(kernel), axis=1, keepdims=True))
    desired = tf.clip_by_value(norm, 0, radius[:, None, None])
    return kernel * (desired / (MAX_NORM_EPSILON + norm))


@cache
def program_for(structure: Structure) -> Program:
    """The program of a structure, built once in a process."""
    return Program(structure)
