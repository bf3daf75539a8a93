"""Hashes of rows and tables that are the same in every process, on every machine and version."""

import hashlib
import json

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from search.data.table import Mask, Table
from search.rows import Array

Words = NDArray[np.uint64]
_MISSING = np.array(np.nan, dtype="<f8").view("<u8")


def column_words(column: pd.Series) -> Words:
    """Each value as 64 bits: (rows,) little-endian words.

    Equal values have equal words whatever the column's dtype: numbers and booleans are the bits of
    their float64 (-0.0 as 0.0), text is its BLAKE2b digest, and a missing value is one word of its
    own in both.
    """
    if is_numeric_dtype(column):
        numbers = column.to_numpy("float64", na_value=np.nan) + 0.0  # makes -0.0 0.0
        numbers[np.isnan(numbers)] = np.nan  # one of the many bit patterns
        return numbers.astype("<f8").view("<u8")
    codes, texts = pd.factorize(column.astype("str"))
    digests = [_digest(text.encode()) for text in texts]
    return np.array([*digests, _MISSING], dtype="<u8")[codes]  # a missing value's code is -1


def row_hashes(features: pd.DataFrame) -> Words:
    """A hash of each row's values: (rows,), uniform on [0, 2**64).

    It does not depend on the order of the columns, only on that of their names.
    """
    columns = [column_words(features[name]) for name in sorted(features.columns)]
    return _digests(np.stack(columns, axis=1))


def table_hashes(table: Table) -> Words:
    """A hash of each row's features, (rows,), as `row_hashes`; an image's is that of its bytes."""
    return row_hashes(table.features) if table.images is None else _digests(_plain(table.images))


def fingerprint(table: Table, confirm: Mask) -> str:
    """16 hexadecimal digits that change with any value, name, order or side of a row.

    Args:
        table: the data as read.
        confirm: (rows,) which rows are locked away.
    """
    columns = [*(table.features[name] for name in table.features.columns), table.target]
    columns += [column for column in (table.group, table.time) if column is not None]
    digest = hashlib.sha256(json.dumps([str(column.name) for column in columns]).encode())
    for column in columns:
        digest.update(column_words(column).tobytes())
    if table.images is not None:
        digest.update(str((table.images.shape, table.images.dtype.str)).encode())
        digest.update(_plain(table.images).data)
    digest.update(confirm.tobytes())
    return digest.hexdigest()[:16]


def _digest(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def _digests(rows: Array) -> Words:
    return np.array([_digest(row.tobytes()) for row in rows], dtype=np.uint64)


def _plain(images: Array) -> Array:
    """The same numbers as contiguous little-endian bytes; a copy only if they are not."""
    return np.ascontiguousarray(images, images.dtype.newbyteorder("<"))
