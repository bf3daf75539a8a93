"""The forward pass of a stack: the dense networks of many members side by side.

Members stand in groups of as many lanes each; a group's lanes see the same rows. Layers, their
order and their constants are Keras's.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import tensorflow as tf

from search.training.masks import keep_mask
from search.training.structure import Structure

BATCH_NORM_MOMENTUM = 0.99
NORM_EPSILON = 1e-3
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946

ACTIVATIONS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "elu": tf.nn.elu,
    "swish": tf.nn.silu,
    "relu": tf.nn.relu,
    "selu": tf.nn.selu,
    "leaky_relu": lambda z: tf.nn.leaky_relu(z, alpha=0.2),
    "gelu": lambda z: tf.nn.gelu(z, approximate=False),
    "mish": lambda z: z * tf.tanh(tf.math.softplus(z)),
    "tanh": tf.tanh,
}


@dataclass(frozen=True, slots=True)
class Dropping:
    """What a stack needs to drop units at one training step."""

    key: tf.Tensor
    """(members,) uint32 seeds."""
    step: tf.Tensor
    """(members,) uint32 steps since each one's training began."""
    threshold: tf.Tensor
    """(depth + 1, members) uint32, see `drop_threshold`; first that of the inputs."""
    rate: tf.Tensor
    """(depth + 1, members) dropout rates."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What only a training step knows."""

    row_weight: tf.Tensor
    """(rows,) 1 for a row that is there, 0 for padding at the end of the last batch."""
    dropping: Dropping | None
    """None where the structure drops nothing."""


def forward(
    structure: Structure, weights: Sequence[tf.Tensor], x: tf.Tensor, batch: Batch | None
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The outputs of every member.

    Args:
        structure: shared by the stack.
        weights: in the order of `structure.roles`. The first is (groups, features, lanes, units),
            so that a group's first layer is one product; others are (members, n, m), vectors
            (members, 1, m), with the lanes of a group side by side.
        x: (groups, rows, features).
        batch: in training; None predicts.

    Returns:
        Logits or numbers (members, rows, outputs), and the moving statistics after this batch, in
        the order of `structure.roles`.
    """
    activation = ACTIVATIONS[structure.activation]
    take = iter(weights)
    statistics: list[tf.Tensor] = []
    if structure.dropout == "inputs_and_hidden":
        x = _drop(structure, x, layer=0, batch=batch)
    for layer in range(1, structure.depth + 1):
        x = _first_product(x, next(take)) if layer == 1 else tf.matmul(x, next(take))
        if structure.normalization != "batch":
            x += next(take)
        match structure.normalization:
            case "batch":
                x = activation(_batch_norm(x, take, batch, statistics))
            case "batch_after":
                x = _batch_norm(activation(x), take, batch, statistics)
            case "layer":
                x = activation(_layer_norm(x, take))
            case _:
                x = activation(x)
        if structure.dropout != "nowhere":
            x = _drop(structure, x, layer=layer, batch=batch)
    return tf.matmul(x, next(take)) + next(take), statistics


def _first_product(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """(groups, rows, features) by (groups, features, lanes, units) as (members, rows, units)."""
    groups, features, lanes, units = kernel.shape
    product = tf.matmul(x, tf.reshape(kernel, (groups, features, lanes * units)))
    if lanes == 1:
        return product
    apart = tf.transpose(tf.reshape(product, (groups, -1, lanes, units)), (0, 2, 1, 3))
    return tf.reshape(apart, (groups * lanes, -1, units))


def _batch_norm(
    x: tf.Tensor, take: Iterator[tf.Tensor], batch: Batch | None, statistics: list[tf.Tensor]
) -> tf.Tensor:
    gamma, beta, moving_mean, moving_variance = (next(take) for _ in range(4))
    if batch is None:
        mean, variance = moving_mean, moving_variance
    else:
        share = batch.row_weight[None, :, None] / tf.reduce_sum(batch.row_weight)
        mean = tf.reduce_sum(x * share, axis=1, keepdims=True)
        variance = tf.reduce_sum(tf.square(x - mean) * share, axis=1, keepdims=True)
        for moving, now in ((moving_mean, mean), (moving_variance, variance)):
            statistics.append(BATCH_NORM_MOMENTUM * moving + (1 - BATCH_NORM_MOMENTUM) * now)
    return (x - mean) * (tf.math.rsqrt(variance + NORM_EPSILON) * gamma) + beta


def _layer_norm(x: tf.Tensor, take: Iterator[tf.Tensor]) -> tf.Tensor:
    gamma, beta = next(take), next(take)
    mean = tf.reduce_mean(x, axis=-1, keepdims=True)
    variance = tf.reduce_mean(tf.square(x - mean), axis=-1, keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + NORM_EPSILON) * gamma + beta


def _drop(structure: Structure, x: tf.Tensor, *, layer: int, batch: Batch | None) -> tf.Tensor:
    if batch is None or batch.dropping is None:
        return x
    dropping = batch.dropping
    shape = (int(x.shape[1]), int(x.shape[2]))
    kept = keep_mask(dropping.key, dropping.step, layer, dropping.threshold[layer], shape)
    rate = dropping.rate[layer][:, None, None]
    if not structure.alpha:
        return tf.where(kept, x / (1 - rate), tf.zeros_like(x))
    dropped = -_SELU_ALPHA * _SELU_SCALE
    a = tf.math.rsqrt((1 - rate) * (1 + rate * dropped**2))
    return a * tf.where(kept, x, dropped * tf.ones_like(x)) - a * dropped * rate
