"""One root seed, named streams."""

import hashlib
import json

import numpy as np


def derive(root: int, *names: str | int) -> int:
    """A seed in [0, 2**32) for the stream called `names` under a root seed.

    A stream depends on its own name alone: adding or leaving out others does not move it.
    """
    text = json.dumps([root, *names]).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "little")


def generator(root: int, *names: str | int) -> np.random.Generator:
    """A NumPy generator for the stream called `names` under a root seed."""
    return np.random.default_rng(derive(root, *names))
