"""Small data and members, and Keras given the dropout masks of a stack."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from search.models import build_model, initial_weights
from search.rows import Array, Split, Task, TrainingData
from search.training import Ending, Member, Result, Seeds
from search.training.contract import Prune
from search.training.jobs import Job, plan_jobs
from search.training.keras_trainer import KerasTrainer, starting_model
from search.training.stacked import StackedTrainer
from spaces import Recipe

N_ROWS, N_TRAIN, N_FEATURES = 120, 90, 5


def small_data(
    task: Task = "classification",
    *,
    noise: float = 0.0,
    n_features: int = N_FEATURES,
    n_classes: int = 3,
) -> TrainingData:
    """Rows with something to learn in them, the less the more noise; 7 more are held out."""
    rng = np.random.default_rng(3)
    features = rng.normal(size=(N_ROWS + 7, n_features)).astype(np.float32)
    scores = np.sin(features @ rng.normal(size=(n_features, n_classes)))
    scores += noise * rng.normal(size=scores.shape)
    development, held_out = features[:N_ROWS], features[N_ROWS:]
    if task == "regression":
        numbers = scores[:N_ROWS, 0].astype(np.float32)
        return TrainingData(development, numbers, task, 1, held_out)
    classes = scores[:N_ROWS].argmax(axis=1).astype(np.int32)
    return TrainingData(development, classes, task, n_classes, held_out)


def small_split(seed: int, n_train: int = N_TRAIN) -> Split:
    rows = np.random.default_rng(seed).permutation(N_ROWS).astype(np.int32)
    return Split(rows[:n_train], rows[n_train:])


def varied(recipe: Recipe, n_members: int, *, sharing: bool = False) -> list[Member]:
    """Members of one structure that have everything else apart, every other one the split too.

    Those that are sharing see the same batches.
    """
    members = []
    shared = small_split(0)
    for i in range(n_members):
        numbers = {
            name: getattr(recipe, name) * (1 + 0.2 * (i % 4))
            for level in recipe.levels.values()
            for name in level.nuisance
        }
        split, order = (shared, 10) if sharing else (small_split(i // 2), 10 + i // 2)
        members.append(Member(recipe.replace(**numbers), split, Seeds(i, order, 20 + i)))
    return members


def reference_mask(key: int, step: int, layer: int, rate: float, shape: tuple[int, int]) -> Array:
    """(rows, units) which units are kept; `search.training.masks` in 64 bits."""
    base = _pcg(_pcg(_pcg(np.uint64(key)) + np.uint64(step)) + np.uint64(layer))
    position = _pcg(np.arange(shape[0] * shape[1], dtype=np.uint64).reshape(shape))
    hashed: Array = _pcg(base ^ position) / 2.0**32 >= rate
    return hashed


def _pcg(state: Any) -> Any:
    """RXS-M-XS 32/32 of pcg-random.org after one step of its linear congruential generator."""
    word = 2**32
    state = (state % word * 747796405 + 2891336453) % word
    state = ((state >> ((state >> 28) + 4)) ^ state) * 277803737 % word
    return (state >> 22) ^ state


class HashedDropout(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
    """Drops by `reference_mask`, counting the training steps it has seen."""

    def __init__(self, rate: float, *, key: int, number: int, alpha: bool) -> None:
        super().__init__()
        self._rate, self._key, self._number, self._alpha = rate, key, number, alpha
        self._step = tf.Variable(0, dtype=tf.int64, trainable=False)

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002  # Keras's
        if not training:
            return x
        shape = tf.cast(tf.shape(x), tf.int64)
        step = self._step.assign_add(1)
        kept = tf.py_function(self._mask, [step, shape], tf.bool)
        kept.set_shape(x.shape)
        if not self._alpha:
            return tf.where(kept, x / (1 - self._rate), tf.zeros_like(x))
        # Klambauer et al. 2017: dropped units get SELU's lower bound, then an affine correction.
        bound = -1.0507009873554805 * 1.6732632423543772
        scale = ((1 - self._rate) * (1 + self._rate * bound**2)) ** -0.5
        return scale * (tf.where(kept, x, bound * tf.ones_like(x)) - bound * self._rate)

    def _mask(self, steps: tf.Tensor, shape: tf.Tensor) -> Array:
        rows, units = shape.numpy()
        return reference_mask(
            self._key, int(steps) - 1, self._number, self._rate, (int(rows), int(units))
        )


class ExactModel(keras.Model):  # type: ignore[misc]  # Keras ships no types
    """A model whose optimizer keeps its numbers in double precision.

    Keras casts Python's numbers by way of float32, whatever the precision of the weights; for 1
    minus Adam's second beta, that alone is an error of 1e-5.
    """

    eagerly = False
    """Step by step without a graph, which is sooner done where there are few steps."""

    def compile(self, optimizer: keras.optimizers.Optimizer, **options: Any) -> None:
        for name in ("momentum", "weight_decay", "beta_1", "beta_2"):
            number = getattr(optimizer, name, None)
            if number is not None:
                setattr(optimizer, name, np.float64(number))
        if self.eagerly:
            options |= {"run_eagerly": True, "steps_per_execution": 1}
        super().compile(optimizer, **options)


def hashed_model(member: Member, data: TrainingData, *, eagerly: bool = False) -> keras.Model:
    """A member's Keras model that drops what the stack drops."""
    recipe = member.recipe
    first = {"dropout_inputs": 0, "dropout_last": recipe.depth}.get(recipe.regularization, 1)
    numbers = count(first)

    def dropout(rate: float) -> keras.layers.Layer:
        alpha = recipe.regularization == "alpha_dropout"
        return HashedDropout(rate, key=member.seeds.dropout, number=next(numbers), alpha=alpha)

    shape = data.features.shape[1], data.n_outputs
    plain = build_model(recipe, *shape, dropout=dropout)
    model = ExactModel(plain.input, plain.output)
    model.eagerly = eagerly
    model.set_weights(initial_weights(recipe, *shape, member.seeds.init))
    return model


def assert_same(result: Result, reference: Result, tolerance: float) -> None:
    """Curves, predictions and weights agree."""
    ours, theirs = result.curve, reference.curve
    assert (ours.ending, ours.reason) == (theirs.ending, theirs.reason)
    assert ours.best_epoch == theirs.best_epoch
    for name in ("train_loss", "validation_loss", "validation_error", "learning_rate"):
        values, expected = getattr(ours, name), getattr(theirs, name)
        np.testing.assert_allclose(values, expected, tolerance, tolerance, err_msg=name)
    for array, expected in zip(kept(result), kept(reference), strict=True):
        np.testing.assert_allclose(array, expected, tolerance, tolerance)


def by_stacks(
    members: Sequence[Member],
    data: TrainingData,
    dtype: str = "float32",
    *,
    keep_weights: bool = True,
    prune: Prune | None = None,
) -> Iterator[tuple[int, Result]]:
    """What stacks make of the members, as it comes."""
    trainer = StackedTrainer(data, dtype)
    for job in plan_jobs(members, data, keep_weights=keep_weights):
        yield from trainer.train(job, prune)


def by_keras(
    members: Sequence[Member],
    data: TrainingData,
    build: Callable[[Member, TrainingData], keras.Model] = starting_model,
    *,
    keep_weights: bool = True,
    prune: Prune | None = None,
) -> Iterator[tuple[int, Result]]:
    """What Keras makes of the members, as it comes."""
    job = Job("keras", dict(enumerate(members)), keep_weights=keep_weights)
    reuses = build is starting_model  # elsewhere masks are part of the model
    yield from KerasTrainer(data, build, reuses=reuses).train(job, prune)


def trained(members: Sequence[Member], data: TrainingData, dtype: str = "float32") -> list[Result]:
    """What stacks make of the members, in the members' order."""
    results = dict(by_stacks(members, data, dtype))
    return [results[index] for index in range(len(members))]


def identical(first: Result, second: Result) -> bool:
    """Whether two results are the same to the last bit, but for the time they took."""
    curves = [repr(replace(result.curve, seconds=0.0)) for result in (first, second)]  # of nan too
    if curves[0] != curves[1] or first.curve.ending is Ending.DIVERGED:
        return curves[0] == curves[1]
    return all(map(np.array_equal, kept(first), kept(second)))


def log_loss(result: Result, member: Member, data: TrainingData) -> float:
    """Of the predictions on the validation rows."""
    assert result.validation is not None
    targets = data.targets[member.split.validation]
    return float(-np.log(result.validation[np.arange(len(targets)), targets]).mean())


def kept(result: Result) -> list[Array]:
    """What is there of a training that did not diverge: predictions and weights."""
    assert result.validation is not None
    assert result.held_out is not None
    assert result.weights is not None
    return [result.validation, result.held_out, *result.weights]
