"""Dropout masks that depend on a member's seed alone, not on the stack it trains in.

A counter-based generator: the PCG output function (O'Neill 2014; as a hash, Jarzynski & Olano
2020) of seed, step, layer and position. Integer arithmetic only, so that XLA fuses it into its
neighbours.
"""

import numpy as np
import tensorflow as tf

from search.rows import Array


def keep_mask(
    key: tf.Tensor, step: tf.Tensor, layer: int, threshold: tf.Tensor, shape: tuple[int, int]
) -> tf.Tensor:
    """Which units are kept in one layer at one step.

    Args:
        key: (members,) uint32 dropout seeds.
        step: (members,) uint32 steps since each one's training began.
        layer: which dropout layer of the network, from 0.
        threshold: (members,) uint32 from `drop_threshold`.
        shape: rows in the batch and units.

    Returns:
        (members, rows, units) bool.
    """
    base = _pcg(_pcg(_pcg(key) + step) + tf.constant(layer, tf.uint32))
    # XLA has no unsigned range.
    position = _pcg(tf.cast(tf.reshape(tf.range(shape[0] * shape[1]), shape), tf.uint32))
    hashed = _pcg(tf.bitwise.bitwise_xor(base[:, None, None], position))
    return hashed >= threshold[:, None, None]


def drop_threshold(rate: Array) -> Array:
    """Dropout rates in [0, 1) as the uint32 below which a hash means that the unit is dropped."""
    return (np.asarray(rate, np.float64) * 2.0**32).astype(np.uint32)


def _pcg(state: tf.Tensor) -> tf.Tensor:
    state = state * tf.constant(747796405, tf.uint32) + tf.constant(2891336453, tf.uint32)
    shift = tf.bitwise.right_shift(state, tf.constant(28, tf.uint32)) + tf.constant(4, tf.uint32)
    word = tf.bitwise.bitwise_xor(tf.bitwise.right_shift(state, shift), state)
    word = word * tf.constant(277803737, tf.uint32)
    return tf.bitwise.bitwise_xor(tf.bitwise.right_shift(word, tf.constant(22, tf.uint32)), word)
