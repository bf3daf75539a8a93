"""Rows to predict: a person's file without a target, or with one that is not looked at."""

from pathlib import Path

import pandas as pd

from search.data.arrays import features_of
from search.data.sources import FILE_READERS, NPZ, read_npz
from search.data.table import tidy
from search.errors import InputError
from search.rows import Array


def load_rows(data: str) -> pd.DataFrame | Array:
    """Read rows as `Preparation.transform` takes them.

    Args:
        data: a CSV or Parquet file, or an NPZ file with an array x.

    Returns:
        A table, or images in their shape.

    Raises:
        InputError: if there is no such file or it breaks a rule.
    """
    path = Path(data)
    suffix = path.suffix.lower()
    if suffix != NPZ and suffix not in FILE_READERS:
        endings = ", ".join([*FILE_READERS, NPZ])
        raise InputError("data", f"must be a file ending in {endings}", data)
    try:
        if not path.is_file():
            raise InputError("data", "must be a file that exists", data)
        if suffix == NPZ:
            arrays = read_npz(path)
            if "x" not in arrays:
                raise InputError(data, "must have an array x", ", ".join(sorted(arrays)) or "none")
            return features_of(arrays["x"], data)
        frame = FILE_READERS[suffix](path)
    except OSError as error:
        raise InputError(data, "must be readable", error.strerror or str(error)) from None
    frame = frame.rename(columns=str)
    return pd.DataFrame({name: tidy(frame[name]) for name in frame.columns})
