"""In which order a member meets its rows."""

import numpy as np

from search.rows import Array
from search.seeds import generator


def n_steps(n_rows: int, batch_size: int) -> int:
    """Steps in an epoch; the last one may be smaller than the others."""
    return -(-n_rows // batch_size)


def epoch_order(seed: int, epoch: int, rows: Array) -> Array:
    """`rows` in the order of one epoch (counted from 0), shuffled anew for each."""
    order = generator(seed, "order", epoch).permutation(rows)
    return np.asarray(order, dtype=np.int32)
