"""The forward pass of a stack: the dense networks of many members side by side.

Members stand in groups of as many lanes each; a group's lanes see the same rows. Layers, their
order and their constants are Keras's.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import tensorflow as tf

from search.training.masks import keep_mask
from search.training.structure import Structure

BATCH_NORM_MOMENTUM = 0.99
NORM_EPSILON = 1e-3
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
    scale: tf.Tensor
    """(depth + 1, members) what a kept unit is multiplied by."""
    offset: tf.Tensor
    """(depth + 1, members) what is then added to it."""
    dropped: tf.Tensor
    """(depth + 1, members) what a dropped unit becomes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What only a training step knows."""

    row_weight: tf.Tensor
    """(rows,) 1 for a row that is there, 0 for padding at the end of the last batch."""
    dropping: Dropping | None
    """None where the structure drops nothing."""


def forward(
    structure: Structure,
    weights: Sequence[tf.Tensor],
    x: tf.Tensor,
    activation: tf.Tensor,
    batch: Batch | None,
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The outputs of every member.

    Args:
        structure: shared by the stack.
        weights: in the order of `structure.roles`. The first is (groups, features, lanes, units),
            so that a group's first layer is one product; others are (members, n, m), vectors
            (members, 1, m), with the lanes of a group side by side.
        x: (groups, rows, features).
        activation: (members,) which of the structure's activations each has.
        batch: in training; None predicts.

    Returns:
        Logits or numbers (members, rows, outputs), and the moving statistics after this batch, in
        the order of `structure.roles`.
    """
    activate = partial(_activate, structure.activations, activation)
    take = iter(weights)
    statistics: list[tf.Tensor] = []
    if structure.dropout == "inputs_and_hidden":
        x = _drop(x, layer=0, batch=batch)
    for layer in range(1, structure.depth + 1):
        x = _first_product(x, next(take)) if layer == 1 else tf.matmul(x, next(take))
        if structure.normalization != "batch":
            x = _add(x, next(take))
        match structure.normalization:
            case "batch":
                x = activate(_batch_norm(x, take, batch, statistics))
            case "batch_after":
                x = _batch_norm(activate(x), take, batch, statistics)
            case "layer":
                x = activate(_layer_norm(x, take))
            case _:
                x = activate(x)
        if structure.dropout != "nowhere":
            x = _drop(x, layer=layer, batch=batch)
    return _add(tf.matmul(x, next(take)), next(take)), statistics


def _activate(names: Sequence[str], choice: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Each member's activation; all that the stack has are computed and one is chosen."""
    y = ACTIVATIONS[names[0]](x)
    for number, name in enumerate(names[1:], start=1):
        y = tf.where(choice[:, None, None] == number, ACTIVATIONS[name](x), y)
    return y


def _first_product(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """(groups, rows, features) by (groups, features, lanes, units) as (members, rows, units)."""
    groups, features, lanes, units = kernel.shape
    product = tf.matmul(x, tf.reshape(kernel, (groups, features, lanes * units)))
    if lanes == 1:
        return product
    apart = tf.transpose(tf.reshape(product, (groups, -1, lanes, units)), (0, 2, 1, 3))
    return tf.reshape(apart, (groups * lanes, -1, units))


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
def _add(x: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
    return x + bias, lambda upstream: (upstream, _sum_rows(upstream))


def _batch_norm(
    x: tf.Tensor, take: Iterator[tf.Tensor], batch: Batch | None, statistics: list[tf.Tensor]
) -> tf.Tensor:
    gamma, beta, moving_mean, moving_variance = (next(take) for _ in range(4))
    if batch is None:
        scale = tf.math.rsqrt(moving_variance + NORM_EPSILON) * gamma
        return (x - moving_mean) * scale + beta
    share = batch.row_weight[None, :, None] / tf.reduce_sum(batch.row_weight)
    y, mean, variance = _batch_normalized(x, gamma, beta, share)
    for moving, now in ((moving_mean, mean), (moving_variance, variance)):
        statistics.append(BATCH_NORM_MOMENTUM * moving + (1 - BATCH_NORM_MOMENTUM) * now)
    return y


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
def _batch_normalized(
    x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, share: tf.Tensor
) -> tuple[tuple[tf.Tensor, ...], Callable[..., Any]]:
    """Normalized over the rows, each with its share in their mean; that mean, and the variance."""
    mean = tf.reduce_sum(x * share, axis=1, keepdims=True)
    variance = tf.reduce_sum(tf.square(x - mean) * share, axis=1, keepdims=True)
    scale = tf.math.rsqrt(variance + NORM_EPSILON)
    normalized = (x - mean) * scale

    def gradient(upstream: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor | None, ...]:
        sums = _sum_rows(tf.concat([upstream, upstream * normalized], axis=-1))
        of_beta, of_gamma = tf.split(sums, 2, axis=-1)
        of_x = scale * gamma * (upstream - share * (of_beta + normalized * of_gamma))
        return of_x, of_gamma, of_beta, None

    return (normalized * gamma + beta, mean, variance), gradient


def _sum_rows(x: tf.Tensor) -> tf.Tensor:
    """(members, rows, n) summed to (members, 1, n).

    As a product: into a sum XLA would fuse all that x is computed from, and not vectorize it.
    """
    return tf.matmul(tf.ones((x.shape[0], 1, x.shape[1]), x.dtype), x)


def _layer_norm(x: tf.Tensor, take: Iterator[tf.Tensor]) -> tf.Tensor:
    gamma, beta = next(take), next(take)
    mean = tf.reduce_mean(x, axis=-1, keepdims=True)
    variance = tf.reduce_mean(tf.square(x - mean), axis=-1, keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + NORM_EPSILON) * gamma + beta


def _drop(x: tf.Tensor, *, layer: int, batch: Batch | None) -> tf.Tensor:
    if batch is None or batch.dropping is None:
        return x
    dropping = batch.dropping
    shape = (int(x.shape[1]), int(x.shape[2]))
    kept = keep_mask(dropping.key, dropping.step, layer, dropping.threshold[layer], shape)
    scale, offset, dropped = (
        number[layer][:, None, None]
        for number in (dropping.scale, dropping.offset, dropping.dropped)
    )
    return tf.where(kept, x * scale + offset, dropped)
