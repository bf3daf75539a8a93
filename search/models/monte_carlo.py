"""Monte Carlo dropout: how unsure a model is, from a model that is not trained anew.

Many predictions with dropout switched on are averaged (Gal & Ghahramani 2016). Only the dropout
layers drop; batch normalization, for one, stays as it is in inference.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, final

import keras
import numpy as np
import tensorflow as tf

from search.rows import Array
from search.seeds import derive

DROPPING = (keras.layers.Dropout, keras.layers.AlphaDropout, keras.layers.GaussianDropout)
"""Spatial dropout is a kind of the first."""
ROWS_AT_ONCE = 4096
"""Predictions side by side, those of one row under several masks among them."""

Outputs = Literal["logits", "probabilities", "numbers"]
_TO_MEANING: dict[str, Any] = {
    "logits": lambda x: keras.ops.softmax(x) if x.shape[-1] > 1 else keras.ops.sigmoid(x),
    "probabilities": lambda x: x,
    "numbers": lambda x: x,
}


@final
@dataclass(frozen=True, slots=True, eq=False)
class Uncertain:
    """Predictions and how unsure they are."""

    mean: Array
    """(rows, outputs) float64, over the samples: probabilities or numbers."""
    spread: Array
    """(rows, outputs) float64, the standard deviation over the samples."""
    entropy: Array | None
    """(rows,) predictive entropy in nats, from 0 to ln classes: that of the mean; None for numbers.
    A single output is the probability of one class out of two."""


@final
class MonteCarloDropout:
    """Predicts with the dropout layers of a model switched on, wherever in it they are.

    The model itself is left as it is: its weights, the statistics of its batch normalization and
    its random numbers.

    Args:
        model: any model of Keras, built; it maps (rows, ...) to (rows, outputs).
        outputs: what it outputs. Logits become probabilities before they are averaged.
        rows_at_once: predictions side by side, which bound the memory.

    Raises:
        ValueError: if it has no dropout layer, one drops the same of several rows, or `outputs` is
            none of these.
    """

    def __init__(
        self, model: keras.Model, outputs: Outputs = "logits", rows_at_once: int = ROWS_AT_ONCE
    ) -> None:
        if outputs not in _TO_MEANING:
            listed = ", ".join(_TO_MEANING)
            raise ValueError(f"outputs must be one of {listed}; received {outputs!r}")
        self._layers = [x for x in model._flatten_layers() if isinstance(x, DROPPING)]  # noqa: SLF001  # nothing public lists nested layers
        if not any(layer.rate for layer in self._layers):
            raise ValueError("the model must have a dropout layer with a rate above 0; it has none")
        for layer in self._layers:
            shape = getattr(layer, "noise_shape", None)
            if shape is not None and shape[0] is not None:
                raise ValueError(
                    f"dropout must be drawn for each row; received noise_shape={shape}"
                )
        self._model, self._outputs, self._rows_at_once = model, outputs, rows_at_once
        self._sums = tf.function(self._sums_of, autograph=False, reduce_retracing=True)

    def predict(self, x: Array, samples: int = 100, *, seed: int = 0) -> Uncertain:
        """Predict each row so many times.

        Args:
            x: (rows, ...) as the model takes them.
            samples: predictions of each row, at least 1.
            seed: of the masks; the same seed gives the same predictions.

        Raises:
            ValueError: if there is less than one sample.
        """
        if samples < 1:
            raise ValueError(f"samples must be at least 1; received {samples}")
        generators = [layer.seed_generator for layer in self._layers if layer.rate]
        before = [keras.ops.convert_to_numpy(each.state) for each in generators]
        try:
            for place, each in enumerate(generators):
                each.state.assign([derive(seed, "dropout", place), 0])
            first, second = self._moments(np.asarray(x), samples)
        finally:
            for each, state in zip(generators, before, strict=True):
                each.state.assign(state)
        variance = np.maximum(second - first**2, 0.0)
        entropy = None if self._outputs == "numbers" else predictive_entropy(first)
        return Uncertain(first, np.sqrt(variance), entropy)

    def _moments(self, x: Array, samples: int) -> tuple[Array, Array]:
        """(rows, outputs) means of the predictions and of their squares."""
        n_rows = max(1, self._rows_at_once // samples)
        most = max(1, self._rows_at_once // n_rows)
        parts = []
        for start in range(0, len(x), n_rows):
            rows = tf.constant(x[start : start + n_rows])
            drawn = [
                self._sums(rows, tf.constant(min(most, samples - done)))
                for done in range(0, samples, most)
            ]
            parts.append(np.sum(drawn, axis=0) / samples)
        if not parts:
            nothing = np.empty((0, self._model.output_shape[-1]))
            return nothing, nothing
        first, second = np.concatenate(parts, axis=1)
        return first, second

    def _sums_of(self, rows: tf.Tensor, samples: tf.Tensor) -> tf.Tensor:
        """(2, rows, outputs) sums over samples of the predictions and of their squares.

        All samples are rows of one batch: every row of it gets a mask of its own.
        """
        n_rows = tf.shape(rows)[0]
        repeated = tf.repeat(rows, samples, axis=0)
        with _dropping(self._layers):  # while the function is traced
            outputs = self._model(repeated, training=False)
        predicted = tf.cast(_TO_MEANING[self._outputs](outputs), tf.float64)
        predicted = tf.reshape(predicted, (n_rows, samples, outputs.shape[-1]))
        return tf.stack([tf.reduce_sum(predicted, 1), tf.reduce_sum(predicted**2, 1)])


def predictive_entropy(probabilities: Array) -> Array:
    """(rows, classes) -> (rows,) entropy in nats; one column is the probability of one of two."""
    if probabilities.shape[-1] == 1:
        probabilities = np.concatenate([probabilities, 1 - probabilities], axis=-1)
    likely = np.clip(probabilities, math.ulp(0.0), 1.0)
    return np.asarray(-(likely * np.log(likely)).sum(axis=-1))


@contextmanager
def _dropping(layers: Sequence[keras.layers.Layer]) -> Iterator[None]:
    """Let layers drop whatever they are told."""

    def always(layer: keras.layers.Layer) -> Any:
        call = type(layer).call

        def drop(inputs: Any, training: bool = True) -> Any:  # noqa: ARG001, FBT001, FBT002  # Keras's
            return call(layer, inputs, training=True)

        return drop

    for layer in layers:
        layer.call = always(layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.call
