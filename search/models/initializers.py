"""Where the weights start: Keras's initializers, and the same distributions drawn with NumPy."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from search.seeds import generator
from spaces import Recipe

Doubles = NDArray[np.float64]

INITIALIZERS: dict[str, Callable[..., keras.initializers.Initializer]] = {
    "he_normal": keras.initializers.HeNormal,
    "glorot_uniform": keras.initializers.GlorotUniform,
    "lecun_normal": keras.initializers.LecunNormal,
    "he_uniform": keras.initializers.HeUniform,
    "glorot_normal": keras.initializers.GlorotNormal,
    "lecun_uniform": keras.initializers.LecunUniform,
    "orthogonal": keras.initializers.Orthogonal,
}

# How a normalization layer's weights start, in the order it lists them: scale and offset, then
# for batch normalization the moving mean and variance.
_NORMALIZATION_STARTS: dict[str, tuple[float, ...]] = {
    "none": (),
    "batch": (1.0, 0.0, 0.0, 1.0),
    "batch_after": (1.0, 0.0, 0.0, 1.0),
    "layer": (1.0, 0.0),
}

# Keras divides by the standard deviation of a standard normal cut off at -2 and 2.
_TRUNCATED_STDDEV = 0.87962566103423978


def get_initializer(name: str, *, seed: int | None = None) -> keras.initializers.Initializer:
    """A new Keras initializer; one object must not serve two layers, it would repeat its draw.

    Raises:
        ValueError: listing the initializers.
    """
    if name not in INITIALIZERS:
        raise ValueError(f"initializer must be one of {', '.join(INITIALIZERS)}; received {name!r}")
    return INITIALIZERS[name](seed=seed)


def initial_weights(
    recipe: Recipe, n_features: int, n_outputs: int, seed: int
) -> list[NDArray[np.float32]]:
    """The weights a training starts from, drawn without Keras's random numbers.

    A kernel depends on the seed, its layer's index, the initializer and its shape alone. All
    variance scaling initializers turn the same uniform draws into theirs, so that recipes which
    differ in the initializer start from paired weights.

    Args:
        recipe: gives initializer, normalization, depth and width.
        n_features: units of the input layer.
        n_outputs: units of the output layer.
        seed: in [0, 2**32).

    Returns:
        float32 arrays in the order of `get_weights()` of the model that `build_model` makes.
    """
    sizes = (n_features, *[recipe.width] * recipe.depth, n_outputs)
    weights: list[NDArray[np.float32]] = []
    for layer, shape in enumerate(pairwise(sizes)):
        is_hidden = layer < recipe.depth
        weights.append(_kernel(recipe.initializer, shape, generator(seed, "init", layer)))
        if not (is_hidden and recipe.normalization == "batch"):
            weights.append(np.zeros(shape[1], np.float32))
        if is_hidden:
            starts = _NORMALIZATION_STARTS[recipe.normalization]
            weights.extend(np.full(shape[1], start, np.float32) for start in starts)
    return weights


def _kernel(name: str, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """One kernel, (units below, units) float32."""
    initializer = get_initializer(name, seed=0)  # read for its parameters; it draws nothing
    if name == "orthogonal":
        kernel = initializer.gain * _orthogonal(shape, rng)
    else:
        kernel = _scaled_variance(initializer, shape, rng.random(shape))
    return np.asarray(kernel, np.float32)


def _scaled_variance(initializer: Any, shape: tuple[int, int], uniform: Doubles) -> Doubles:
    """Draws in [0, 1) turned into those of a `keras.initializers.VarianceScaling`."""
    fan_in, fan_out = shape
    fan = {"fan_in": fan_in, "fan_avg": (fan_in + fan_out) / 2}[initializer.mode]
    stddev = np.sqrt(initializer.scale / max(1.0, fan))
    if initializer.distribution == "uniform":
        return np.asarray(np.sqrt(3) * stddev * (2 * uniform - 1))
    low, high = ndtr(-2.0), ndtr(2.0)
    return np.asarray(stddev / _TRUNCATED_STDDEV * ndtri(low + (high - low) * uniform))


def _orthogonal(shape: tuple[int, int], rng: np.random.Generator) -> Doubles:
    """A matrix with orthonormal rows or columns, uniform over all of them (Saxe et al. 2014)."""
    rows, columns = shape
    normal = rng.standard_normal((max(shape), min(shape)))
    q, r = np.linalg.qr(normal)
    q = q * np.sign(np.diag(r))  # makes the factorization unique, and so the draw uniform
    return q if rows >= columns else q.T
