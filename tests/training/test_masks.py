import numpy as np
import pytest
import tensorflow as tf

from search.rows import Array
from search.training.masks import drop_threshold, keep_mask
from tests.training.reference import reference_mask

SHAPE = (32, 100)
KEYS = (0, 1, 2, 3_000_000_000, 2**32 - 1)


def masks(rates: list[float], step: int = 0, layer: int = 1) -> Array:
    """(members, rows, units) of the first so many keys."""
    mask: Array = keep_mask(
        tf.constant(KEYS[: len(rates)], tf.uint32),
        tf.constant(step, tf.uint32),
        layer,
        tf.constant(drop_threshold(np.array(rates))),
        SHAPE,
    ).numpy()
    return mask


@pytest.mark.parametrize(("step", "layer"), [(0, 0), (1, 0), (0, 1), (70_000, 8)])
def test_a_mask_is_the_hash_of_key_step_layer_and_position(step: int, layer: int) -> None:
    rates = [0.1, 0.2, 0.3, 0.4, 0.5]
    found = masks(rates, step, layer)
    for mask, key, rate in zip(found, KEYS, rates, strict=True):
        np.testing.assert_array_equal(mask, reference_mask(key, step, layer, rate, SHAPE))


def test_compiled_masks_are_the_same() -> None:
    compiled = tf.function(keep_mask, jit_compile=True)
    arguments = (
        tf.constant(KEYS, tf.uint32),
        tf.constant(5, tf.uint32),
        2,
        tf.constant(drop_threshold(np.full(5, 0.3))),
        SHAPE,
    )
    np.testing.assert_array_equal(compiled(*arguments), keep_mask(*arguments))


def test_a_rate_of_zero_keeps_every_unit() -> None:
    assert masks([0.0, 0.5])[0].all()


def test_thresholds_are_shares_of_all_hashes() -> None:
    rates = np.array([0.0, 0.25, 0.5, np.nextafter(1.0, 0.0)])
    np.testing.assert_array_equal(drop_threshold(rates), [0, 2**30, 2**31, 2**32 - 1])


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.9])
def test_units_are_dropped_at_their_rate(rate: float) -> None:
    dropped = np.array([~masks([rate], step)[0] for step in range(200)])
    for share, count in (
        (dropped.mean(), dropped.size),
        (dropped.mean(axis=(0, 1)), dropped.size // SHAPE[1]),  # of each unit
        (dropped.mean(axis=(1, 2)), dropped[0].size),  # at each step
    ):
        assert np.all(np.abs(share - rate) < 5 * np.sqrt(rate * (1 - rate) / count))


def test_members_steps_layers_and_neighbours_are_independent() -> None:
    rates = [0.5] * len(KEYS)
    of_members = [mask.ravel() for mask in masks(rates)]
    of_steps = [masks(rates, step)[0].ravel() for step in range(1, 6)]
    of_layers = [masks(rates, layer=layer)[0].ravel() for layer in range(2, 7)]
    mask = masks(rates)[0]
    of_neighbours = [mask[:-1, :-1].ravel(), mask[1:, :-1].ravel(), mask[:-1, 1:].ravel()]
    for group in ([*of_members, *of_steps, *of_layers], of_neighbours):
        correlations = np.corrcoef(np.array(group, float))
        others = correlations[np.triu_indices_from(correlations, 1)]
        assert np.abs(others).max() < 5 / np.sqrt(len(group[0]))
