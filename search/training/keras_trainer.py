"""Members trained one by one with Keras itself: the reference, for any architecture."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import final

import keras
import numpy as np
import tensorflow as tf
from scipy.special import softmax

from search.defaults import EARLY_STOPPING_PATIENCE, PERFORMANCE_FACTOR, PERFORMANCE_PATIENCE
from search.models import (
    build_model,
    build_own,
    initial_weights,
    loss_for,
    may_stop_early,
    planned_rates,
)
from search.rows import Array, Task, TrainingData
from search.training.architecture import Architecture
from search.training.batches import epoch_order, n_steps
from search.training.contract import Curve, Ending, EpochReport, Member, Prune, Result, failed
from search.training.jobs import Job, Trainer
from search.training.reuse import Build, CompiledModels
from spaces import Recipe

ROWS_AT_ONCE = 1024
"""Rows in a batch when a model only predicts."""

METRICS: dict[Task, Callable[[], keras.metrics.Metric]] = {
    "classification": lambda: keras.metrics.SparseCategoricalAccuracy(name="metric"),
    "regression": lambda: keras.metrics.RootMeanSquaredError(name="metric"),
}
"""What a training is told by, beside its loss."""


def starting_model(member: Member, data: TrainingData) -> keras.Model:
    """The network of a member's recipe with the member's initial weights, uncompiled."""
    recipe, n_features = member.recipe, data.features.shape[1]
    model = build_model(recipe, n_features, data.n_outputs)
    model.set_weights(initial_weights(recipe, n_features, data.n_outputs, member.seeds.init))
    return model


def own_model(architecture: Architecture) -> Build:
    """What makes a member's model as it starts, in a person's own architecture, uncompiled."""
    load = cache(architecture.build.load)

    def starting(member: Member, data: TrainingData) -> keras.Model:
        shape, seed = architecture.row_shape, member.seeds.init
        return build_own(load(), member.recipe, shape, data.n_outputs, seed)

    return starting


@final
class KerasTrainer(Trainer):
    """Trains with `keras.Model.fit` and the callbacks of Keras.

    It takes over the global random numbers of Python, NumPy and TensorFlow, from which Keras seeds
    dropout, and the Keras session.

    Args:
        data: the rows that members name.
        build: makes a member's model as it starts; as for `CompiledModels`. It outputs logits or
            numbers.
        reuses: whether a compiled model serves the next member of the same program. What it
            finds is the same to the last bit.
    """

    def __init__(
        self,
        data: TrainingData,
        build: Build = starting_model,
        *,
        reuses: bool = True,
    ) -> None:
        self._data = data
        self._models = CompiledModels(data, build, self._compile)
        self._reuses = reuses

    def train(self, job: Job, prune: Prune | None = None) -> Iterator[tuple[int, Result]]:
        """Train the members in turn; see `Trainer.train`."""
        for index, member in job.members.items():
            try:
                pruning = _Pruning(index, prune)
                result = self._train(member, pruning, keep_weights=job.keep_weights)
            except Exception as error:  # noqa: BLE001  # other members may do better
                result = failed(error, "keras")
                keras.utils.clear_session()
            yield index, result

    def _train(self, member: Member, pruning: "_Pruning", *, keep_weights: bool) -> Result:
        started = time.perf_counter()
        data, recipe, validation = self._data, member.recipe, member.split.validation
        steps = n_steps(len(member.split.train), recipe.batch_size)
        keras.utils.set_random_seed(member.seeds.dropout)
        compiled = self._models.take(member)
        model = compiled.model
        history = model.fit(
            _batches(member, data),
            epochs=recipe.epochs,
            steps_per_epoch=steps,
            shuffle=False,
            validation_data=(data.features[validation], data.targets[validation, None]),
            validation_batch_size=ROWS_AT_ONCE,
            callbacks=[*recipe_callbacks(recipe), pruning],
            verbose=0,
        ).history
        kept = _divergence(history) is None
        predicted = [
            _predict(model, rows, data.task) if kept else None
            for rows in (data.features[validation], data.held_out)
        ]
        result = Result(
            curve=_curve(
                member,
                data.task,
                history,
                was_pruned=pruning.was_pruned,
                seconds=time.perf_counter() - started,
            ),
            validation=predicted[0],
            held_out=predicted[1],
            weights=tuple(model.get_weights()) if kept and keep_weights else None,
            trainer="keras",
        )
        if self._reuses:
            self._models.give_back(member, compiled)
        else:
            keras.utils.clear_session()
        return result

    def _compile(
        self, model: keras.Model, optimizer: keras.optimizers.Optimizer, steps: int
    ) -> None:
        model.compile(
            optimizer=optimizer,
            loss=loss_for(self._data.task),
            metrics=[METRICS[self._data.task]()],
            steps_per_execution=steps,  # a whole epoch without Python in between
        )


class _StopAtDivergence(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Ends a training whose loss is no number; Keras's own looks at the training loss alone."""

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:  # noqa: ARG002  # Keras's
        if not (math.isfinite(logs["loss"]) and math.isfinite(logs["val_loss"])):
            self.model.stop_training = True


@final
class _Pruning(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Ends a training that is to end."""

    def __init__(self, index: int, prune: Prune | None) -> None:
        super().__init__()
        self._index, self._prune = index, prune
        self.was_pruned = False

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        is_over = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if self._prune is None or is_over:
            return
        metric = logs["val_metric"]
        error = 1 - metric if self.model.output_shape[-1] > 1 else metric
        report = EpochReport(self._index, epoch + 1, logs["val_loss"], error)
        self.was_pruned = self._index in self._prune([report])
        self.model.stop_training = self.was_pruned


def recipe_callbacks(recipe: Recipe) -> list[keras.callbacks.Callback]:
    """What a recipe asks of `fit`: early stopping and performance scheduling, where it has them."""
    callbacks = [_StopAtDivergence()]
    if recipe.restores_best:
        # As many epochs as there are: it then only restores.
        patience = EARLY_STOPPING_PATIENCE if may_stop_early(recipe) else recipe.epochs
        callbacks.append(
            keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
        )
    if recipe.lr_schedule == "performance":
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(
                factor=PERFORMANCE_FACTOR, patience=PERFORMANCE_PATIENCE
            )
        )
    return callbacks


def _batches(member: Member, data: TrainingData) -> tf.data.Dataset:
    """All epochs of a member end to end, in its order.

    A step is (rows, features), (rows, 1) targets and, where there are any, (rows,) weights.
    """
    recipe, train = member.recipe, member.split.train
    orders = tf.constant(
        np.stack([epoch_order(member.seeds.order, epoch, train) for epoch in range(recipe.epochs)])
    )
    columns = [data.features, data.targets[:, None]]
    if data.sample_weight is not None:
        columns.append(data.sample_weight)
    tensors = [tf.constant(column) for column in columns]
    steps, size = n_steps(len(train), recipe.batch_size), recipe.batch_size

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, ...]:
        start = step % steps * size
        rows = orders[step // steps, start : start + size]  # the last one may be shorter
        return tuple(tf.gather(tensor, rows) for tensor in tensors)

    return tf.data.Dataset.range(recipe.epochs * steps).map(batch)


def _predict(model: keras.Model, rows: Array, task: Task) -> Array:
    """(rows, outputs) probabilities or numbers; none for no rows."""
    if not len(rows):  # which convolutions refuse
        return np.empty((0, model.output_shape[-1]), np.float32)
    outputs = outputs_of(model, rows)
    return softmax(outputs, axis=-1) if task == "classification" else outputs


def outputs_of(model: keras.Model, rows: Array) -> Array:
    """(rows, outputs) of a model in inference, of one row or more."""
    starts = range(0, len(rows), ROWS_AT_ONCE)
    chunks = [model(rows[start : start + ROWS_AT_ONCE], training=False) for start in starts]
    return np.concatenate([keras.ops.convert_to_numpy(chunk) for chunk in chunks])


def _divergence(history: Mapping[str, Sequence[float]]) -> str | None:
    """The end in words if the last epoch's loss is no number."""
    for name, words in (("loss", "the loss"), ("val_loss", "the validation loss")):
        if not math.isfinite(history[name][-1]):
            return f"{words} became {history[name][-1]:g} in epoch {len(history[name])}"
    return None


def _ending(
    recipe: Recipe, history: Mapping[str, Sequence[float]], *, was_pruned: bool
) -> tuple[Ending, str]:
    divergence = _divergence(history)
    if divergence is not None:
        return Ending.DIVERGED, divergence
    if was_pruned:
        return Ending.PRUNED, f"pruned after epoch {len(history['loss'])}"
    if len(history["loss"]) < recipe.epochs:
        reason = f"no better validation loss for {EARLY_STOPPING_PATIENCE} epochs"
        return Ending.STOPPED_EARLY, reason
    return Ending.COMPLETED, f"all {recipe.epochs} epochs were run"


def _curve(
    member: Member,
    task: Task,
    history: Mapping[str, Sequence[float]],
    *,
    was_pruned: bool,
    seconds: float,
) -> Curve:
    recipe, split = member.recipe, member.split
    ending, reason = _ending(recipe, history, was_pruned=was_pruned)
    n_epochs = len(history["loss"])
    best = n_epochs
    if ending is Ending.DIVERGED:
        best = 0
    elif recipe.restores_best:
        best = int(np.argmin(history["val_loss"])) + 1  # the first of equals, as EarlyStopping
    errors = history["val_metric"]
    if task == "classification":
        # From the rounded share of right answers back to the count of wrong ones.
        n_rows = len(split.validation)
        errors = [round((1 - share) * n_rows) / n_rows for share in errors]
    steps = n_steps(len(split.train), recipe.batch_size)
    planned = planned_rates(recipe, steps)[:n_epochs, -1].tolist()
    return Curve(
        train_loss=tuple(history["loss"]),
        validation_loss=tuple(history["val_loss"]),
        validation_error=tuple(errors),
        # ReduceLROnPlateau records the rate it may have lowered.
        learning_rate=tuple(history.get("learning_rate", planned)),
        best_epoch=best,
        ending=ending,
        reason=reason,
        seconds=seconds,
    )
