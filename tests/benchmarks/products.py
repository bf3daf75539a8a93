"""What the machine multiplies: large matrices on all cores, small ones on each core."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.benchmarks.measuring import Side, n_cores

STARTUP = 2.0
"""Seconds for all processes to be ready."""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def product_rate(multiply: Callable[[], object], flops: float, seconds: float) -> float:
    """GFLOP/s of a product done again and again for a while.

    Args:
        multiply: does one product.
        flops: of one product.
        seconds: how long to go on.
    """
    multiply()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        multiply()
        done += 1
    return done * flops / (time.perf_counter() - start) / 1e9


def small_rate(shape: tuple[int, int, int], seconds: float) -> float:
    """GFLOP/s of (m, k) @ (k, n) on all cores, each at products of its own.

    Args:
        shape: (m, k, n).
        seconds: how long to go on.
    """
    with TemporaryDirectory() as folder:
        options = {"shape": shape, "seconds": seconds, "at": time.time() + STARTUP}
        sides = [Side("gemm.small", Path(folder), ONE_THREAD, **options) for _ in range(n_cores())]
        return float(sum(side.result()["rate"] for side in sides))


def small_side(options: dict[str, Any]) -> dict[str, Any]:
    """One core's part of `small_rate`, beginning with the others at `at`."""
    m, k, n = options["shape"]
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=size).astype(np.float32) for size in ((m, k), (k, n)))
    out = np.empty((m, n), np.float32)
    time.sleep(max(0.0, options["at"] - time.time()))
    rate = product_rate(lambda: np.dot(a, b, out=out), 2.0 * m * n * k, options["seconds"])
    return {"rate": rate}
