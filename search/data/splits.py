"""Which rows are locked away for the verdict, and how a replicate divides the others."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from search.data.hashing import row_hashes
from search.errors import InputError
from search.rows import Array, Split

MIN_SIDE_ROWS = 5
MIN_SIDE_SHARE = 0.2
"""Either side must have this share of the rows expected there; heavy duplication can upset that."""


def confirm_mask(features: pd.DataFrame, share: float) -> NDArray[np.bool_]:
    """Which rows are confirm rows, decided by a hash of each row's features alone.

    A row therefore stays on its side when rows are added or reordered, and equal rows share theirs.

    Args:
        features: (rows, columns) numbers and text.
        share: expected share of confirm rows, in (0, 1).

    Returns:
        (rows,) True where a row is a confirm row.

    Raises:
        InputError: if either side has far fewer rows than expected.
    """
    mask = row_hashes(features) < np.uint64(share * 2**64)
    n_confirm = int(mask.sum())
    for side, count, expected in (
        ("confirm", n_confirm, share * len(mask)),
        ("development", len(mask) - n_confirm, (1 - share) * len(mask)),
    ):
        least = max(MIN_SIDE_ROWS, round(MIN_SIDE_SHARE * expected))
        if count < least:
            rule = f"must be at least {least} (about {expected:.0f} are expected)"
            received = f"{count} of {len(mask)} rows, {len(features.drop_duplicates())} distinct"
            raise InputError(f"{side} rows", rule, received)
    return mask


def split_development(targets: Array, share: float, generator: np.random.Generator) -> Split:
    """A stratified split of the development rows into training and validation rows.

    The rows, in the order of their targets (ties at random), are cut into as many consecutive
    blocks as there are validation rows, equal to within one row; one row of each block, at
    random, is a validation row. So classes and the distribution of numbers are matched by one
    rule, and the sizes depend on the number of rows alone.

    Args:
        targets: (rows,) class indices or numbers.
        share: share of validation rows, in (0, 1).
        generator: where the randomness comes from.

    Returns:
        Sorted indices into `targets`.
    """
    n_rows = len(targets)
    n_validation = max(1, round(share * n_rows))
    order = np.lexsort((generator.random(n_rows), targets))
    bounds = np.arange(n_validation + 1) * n_rows // n_validation
    chosen = order[generator.integers(bounds[:-1], bounds[1:])]
    is_validation = np.zeros(n_rows, dtype=bool)
    is_validation[chosen] = True
    return Split(
        train=np.flatnonzero(~is_validation).astype(np.int32),
        validation=np.flatnonzero(is_validation).astype(np.int32),
    )
