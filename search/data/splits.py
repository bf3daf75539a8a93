"""Which rows are locked away for the verdict, and how a replicate divides the others."""

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from search.data.dates import date_format, elapsed_days
from search.data.hashing import Words, row_hashes, table_hashes
from search.data.table import Mask, Table
from search.errors import InputError
from search.rows import Array, Split

MIN_SIDE_ROWS = 5
"""Either side must have so many rows, also where test rows are given."""
MIN_SIDE_SHARE = 0.2
"""Either side must have this share of the rows expected there; heavy duplication can upset that."""
MIN_GROUPS = 10
"""Fewer groups among the development rows cannot be divided again and again."""
TRAINING_SHARE_OVER_TIME = 0.8
"""Share of the older development rows that a replicate trains on, where rows are split by time."""


def confirm_mask(hashes: Words, share: float) -> Mask:
    """Which rows are confirm rows, decided by the hash of each row's features, or of its group.

    A row therefore stays on its side when rows are added or reordered, and equal rows share theirs.

    Args:
        hashes: (rows,) from `row_hashes`.
        share: expected share of confirm rows, in (0, 1).

    Returns:
        (rows,) True where a row is a confirm row.

    Raises:
        InputError: if either side has far fewer rows than expected.
    """
    mask = hashes < np.uint64(share * 2**64)
    _check_sides(mask, share, f"{len(np.unique(hashes))} distinct")
    return mask


def confirm_rows(table: Table, share: float) -> Mask:
    """Which rows are confirm rows, by the first rule that applies.

    An official test split; the latest rows, where a time is given (equal times share a side); the
    hash of the group, where groups are given; the hash of the features.

    Raises:
        InputError: if either side has far too few rows, or a time is none.
    """
    if table.confirm is not None:
        for side, rows in (("confirm", table.confirm), ("development", ~table.confirm)):
            _check_side(side, int(rows.sum()), len(rows), least=MIN_SIDE_ROWS)
        return table.confirm
    if table.time is not None:
        mask = latest(times_of(table.time), share)
        _check_sides(mask, share, f"{table.time.nunique()} distinct times")
        return mask
    if table.group is not None:
        return confirm_mask(row_hashes(table.group.to_frame()), share)
    return confirm_mask(table_hashes(table), share)


def times_of(column: pd.Series) -> Array:
    """(rows,) numbers that order the rows by a column of numbers or dates.

    Raises:
        InputError: if it holds neither.
    """
    if is_numeric_dtype(column):
        return column.to_numpy("float64")
    written = date_format(column)
    if written is None:
        rule = "must have numbers or dates, such as 2024-05-31"
        raise InputError(f"--time {column.name}", rule, f"{column.iloc[0]!r}")
    return elapsed_days(column, written)


def latest(times: Array, share: float) -> Mask:
    """The latest rows, (rows,), as near to the share as equal times allow, which share a side."""
    distinct, counts = np.unique(times, return_counts=True)
    if len(distinct) < 2:
        return np.zeros(len(times), dtype=bool)
    later = counts[::-1].cumsum()[::-1] / len(times)  # share of rows from each time on
    start = 1 + int(np.abs(later[1:] - share).argmin())
    return np.asarray(times >= distinct[start])


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
    return _split(~is_validation, is_validation)


def split_groups(
    targets: Array, groups: Array, share: float, generator: np.random.Generator
) -> Split:
    """A stratified split that puts whole groups on either side.

    The groups, in the order of their mean targets, are dealt in rounds, each of which takes one
    group at random out of every few neighbours; the first ones dealt are the validation groups,
    until they have enough rows. Splits of one data set must have equal sizes: so some rows at
    random, one fewer than the largest group has, stay out of this replicate.

    Args:
        targets: (rows,) class indices or numbers.
        groups: (rows,) whole numbers from 0, each there.
        share: share of validation rows, in (0, 1).
        generator: where the randomness comes from.

    Returns:
        Sorted indices into `targets`.
    """
    n_rows, sizes = len(targets), np.bincount(groups)
    n_validation = max(1, round(share * n_rows))
    means = np.bincount(groups, targets) / sizes
    by_mean = np.lexsort((generator.random(len(sizes)), means))
    neighbours = max(1, round(1 / share))
    rounds = generator.permuted(
        np.arange(-(-len(sizes) // neighbours) * neighbours).reshape(-1, neighbours), axis=1
    ).T  # (rounds, one place in every few neighbours)
    dealt = generator.permuted(rounds, axis=1).ravel()
    order = by_mean[dealt[dealt < len(sizes)]]
    enough = int(np.searchsorted(sizes[order].cumsum(), n_validation)) + 1
    of_validation = np.isin(groups, order[:enough])
    n_training = n_rows - n_validation - int(sizes.max()) + 1
    return _split(
        _some(~of_validation, n_training, generator), _some(of_validation, n_validation, generator)
    )


def split_over_time(times: Array, share: float, generator: np.random.Generator) -> Split:
    """The latest development rows for validation, and some of the older ones for training.

    What comes later must not be trained on, so the validation rows are the same in every replicate;
    replicates differ in their training rows, drawn without replacement (subsampling, Politis and
    Romano 1994), which unlike a rolling origin leaves the newest in, and unlike the bootstrap
    repeats none.

    Args:
        times: (rows,) that order the rows.
        share: share of validation rows, in (0, 1).
        generator: where the randomness comes from.

    Returns:
        Sorted indices into `times`.
    """
    late = latest(times, share)
    n_training = max(1, round(TRAINING_SHARE_OVER_TIME * int((~late).sum())))
    return _split(_some(~late, n_training, generator), late)


def check_development(groups: Array | None, times: Array | None) -> None:
    """Check that the development rows can be divided into training and validation rows.

    Raises:
        InputError: if there are too few groups, a group is too large, or all times are equal.
    """
    if times is not None and len(np.unique(times)) < 2:
        rule = "must have at least two distinct values in the development rows"
        raise InputError("--time", rule, "only one")
    if groups is None:
        return
    sizes = np.bincount(groups)
    if len(sizes) < MIN_GROUPS:
        rule = f"must have at least {MIN_GROUPS} groups in the development rows"
        raise InputError("--group", rule, f"{len(sizes)}")
    if sizes.max() > len(groups) / 4:
        rule = "must not have a quarter of the development rows in one group"
        raise InputError("--group", rule, f"{sizes.max()} of {len(groups)}")


def _some(rows: Mask, n: int, generator: np.random.Generator) -> Mask:
    """`n` of these rows at random."""
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[generator.choice(np.flatnonzero(rows), n, replace=False)] = True
    return chosen


def _split(train: Mask, validation: Mask) -> Split:
    return Split(
        train=np.flatnonzero(train).astype(np.int32),
        validation=np.flatnonzero(validation).astype(np.int32),
    )


def _check_sides(mask: Mask, share: float, distinct: str) -> None:
    n_confirm = int(mask.sum())
    for side, count, expected in (
        ("confirm", n_confirm, share * len(mask)),
        ("development", len(mask) - n_confirm, (1 - share) * len(mask)),
    ):
        least = max(MIN_SIDE_ROWS, round(MIN_SIDE_SHARE * expected))
        why = f" (about {expected:.0f} are expected)"
        _check_side(side, count, len(mask), least=least, why=why, more=f", {distinct}")


def _check_side(
    side: str, count: int, n_rows: int, *, least: int, why: str = "", more: str = ""
) -> None:
    if count < least:
        rule = f"must be at least {least}{why}"
        raise InputError(f"{side} rows", rule, f"{count} of {n_rows} rows{more}")
