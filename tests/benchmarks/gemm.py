"""How much of what the machine can multiply the stack turns into training.

Fashion-MNIST, plain, two hidden layers of 100, batches of 32. Floating-point operations are counted
for matrix products alone: (m x k) @ (k x n) takes 2 m k n. For m rows through layers of k_i inputs
and n_i outputs

- forward: F = sum of 2 m k_i n_i,
- backward: 2 F - 2 m k_1 n_1, for the gradient of each kernel and of each layer's inputs, of which
  the first layer needs none,
- validation: F with its own m.

The rest (activations, updates, gathering rows) counts as time and not as work. Held against large
products (2048 x 2048 x 2048) on all cores, and against the first layer's product at batches of 32,
on each core at once: that of one member, (32 x 784) @ (784 x 100), and that of a stack of eight.
"""

import itertools
from functools import partial
from statistics import median

import numpy as np
import tensorflow as tf

from search.errors import SearchError
from search.training.plan import LARGEST_STACK
from spaces import Recipe
from tests.benchmarks.materials import RECIPES, Material, fashion
from tests.benchmarks.measuring import interleaved, progress
from tests.benchmarks.ours import find_lengths, pace
from tests.benchmarks.products import product_rate, small_rate
from tests.benchmarks.tables import Findings, Headline, Table, figures, percent

STACK, NUMPY, TENSORFLOW, SMALL, WIDE = "stack", "NumPy", "TensorFlow", "small", "wide"
BATCH = 32


def run(*, quick: bool) -> Findings:
    """Measure all rates in turns."""
    side, seconds, rounds = (256, 0.1, 1) if quick else (2048, 3.0, 3)
    try:
        material = fashion().tiny() if quick else fashion()
    except SearchError as problem:
        return Findings((Table(f"gemm: {problem}", ("",), ()),))
    recipe = RECIPES["plain"]
    progress("gemm: the stack and products, in turns")
    lengths = (1, 2) if quick else find_lengths(recipe, material)
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(side, side)).astype(np.float32) for _ in range(2))
    tensors = tf.constant(a), tf.constant(b)
    found = interleaved(
        {
            STACK: partial(_stack_rate, recipe, material, lengths),
            NUMPY: partial(product_rate, lambda: a @ b, 2.0 * side**3, seconds),
            TENSORFLOW: partial(
                product_rate, lambda: tf.matmul(*tensors).numpy(), 2.0 * side**3, seconds
            ),
            SMALL: partial(small_rate, (BATCH, 784, 100), seconds),
            WIDE: partial(small_rate, (BATCH, 784, 100 * LARGEST_STACK), seconds),
        },
        rounds,
    )
    return _findings({name: median(rates) for name, rates in found.items()}, side)


def epoch_flops(material: Material, depth: int, width: int) -> float:
    """Floating-point operations of an epoch of one training and its validation."""
    n_features, n_outputs = material.data.features.shape[1], material.data.n_outputs
    sizes = [n_features, *[width] * depth, n_outputs]
    forward = 2.0 * sum(k * n for k, n in itertools.pairwise(sizes))
    backward = 2 * forward - 2.0 * n_features * width
    n_train, n_validation = len(material.split.train), len(material.split.validation)
    return float(n_train * (forward + backward) + n_validation * forward)


def _stack_rate(recipe: Recipe, material: Material, lengths: tuple[int, int]) -> float:
    """GFLOP/s of the machine while it trains."""
    seconds = pace(recipe, material, lengths).epoch
    return epoch_flops(material, recipe.depth, recipe.width) / seconds / 1e9


def _findings(rates: dict[str, float], side: int) -> Findings:
    large, at_batch = max(rates[NUMPY], rates[TENSORFLOW]), max(rates[SMALL], rates[WIDE])
    names = {
        STACK: "plain training on Fashion-MNIST, batches of 32",
        NUMPY: f"NumPy, {side} x {side} x {side}, all cores",
        TENSORFLOW: f"TensorFlow, {side} x {side} x {side}, all cores",
        SMALL: "NumPy, (32 x 784) @ (784 x 100), on each core",
        WIDE: f"NumPy, (32 x 784) @ (784 x {100 * LARGEST_STACK}), on each core",
    }
    rows = tuple(
        (names[name], figures(rate), percent(rates[STACK] / rate)) for name, rate in rates.items()
    )
    table = Table("gemm: matrix products", ("", "GFLOP/s", "the stack's share"), rows)
    ours = f"{figures(rates[STACK])} GFLOP/s"
    headlines = tuple(
        Headline(f"matrix products, {name}", f"{figures(rate)} GFLOP/s", ours, _share(rates, rate))
        for name, rate in ((f"batches of {BATCH}", at_batch), ("large", large))
    )
    return Findings((table,), headlines)


def _share(rates: dict[str, float], of: float) -> str:
    return percent(rates[STACK] / of)
