"""Where data comes from: data sets by name, a person's files, and objects in memory."""

import os
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import parquet
from sklearn.datasets import (
    fetch_california_housing,
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
)

from search.data.arrays import table_from_arrays
from search.data.images import IMAGES
from search.data.table import Roles, Table, listed, make_table, one_of
from search.errors import InputError
from search.memory import check_fits
from search.rows import Task

IN_MEMORY = "memory"
"""What data that a person handed over as objects is called."""
_SOURCE = "data in memory"
_SAMPLE = 1 << 16
"""Bytes of a text file that tell how long its values are."""
_COPIES = 3
"""Of each value in 8 bytes, while a file is read: parsed, collected, tidied."""


def load_table(
    data: Any,
    *,
    target: str | None = None,
    task: Task | None = None,
    roles: Roles | None = None,
) -> Table:
    """Read a data set by its name, a file by its path, or objects in memory.

    Args:
        data: a name in `SOURCES`; a path with a suffix in `FILE_READERS` or `.npz`; a DataFrame; or
            arrays: (x, y), ((x_train, y_train), (x_test, y_test)) as `keras.datasets` has them, or
            a mapping of these names, as `table_from_arrays` takes it.
        target: the column to predict. Files and DataFrames need it; others have their own.
        task: what is predicted; None leaves it to the target's values, see `make_table`.
        roles: columns with other roles.

    Raises:
        InputError: if there is no such data, or the data or the choice of target breaks a rule.
    """
    roles = roles or Roles()
    if isinstance(data, pd.DataFrame):
        return _from_frame(data, target, task, source=_SOURCE, name=IN_MEMORY, roles=roles)
    if not isinstance(data, str):
        _check_no_target(target, "arrays")
        arrays = _arrays_of(data)
        return table_from_arrays(arrays, source=_SOURCE, name=IN_MEMORY, task=task, roles=roles)
    if data in SOURCES:
        return _load_named(data, target, task, roles)
    return _load_file(data, target, task, roles)


def _load_named(name: str, target: str | None, task: Task | None, roles: Roles) -> Table:
    _check_no_target(target, name)
    if roles != Roles():
        rule = f"must be left out for {name}, whose columns have their roles"
        raise InputError("--group, --time and --categories", rule, "some")
    table = SOURCES[name]()
    if task not in {None, table.task}:
        raise InputError("task", f"must be {table.task} for {name}", str(task))
    return table


def _load_file(data: str, target: str | None, task: Task | None, roles: Roles) -> Table:
    path = Path(data)
    suffix = path.suffix.lower()
    if suffix != NPZ and suffix not in FILE_READERS:
        endings = ", ".join([*FILE_READERS, NPZ])
        raise InputError("data", f"{one_of(SOURCES, data)}, or a file ending in {endings}", data)
    try:
        if not path.is_file():
            raise InputError("data", "must be a file that exists", data)
        if suffix == NPZ:
            _check_no_target(target, data)
            arrays = read_npz(path)
            return table_from_arrays(arrays, source=data, name=path.stem, task=task, roles=roles)
        frame = FILE_READERS[suffix](path)
    except OSError as error:
        raise InputError(data, "must be readable", error.strerror or str(error)) from None
    return _from_frame(frame, target, task, source=data, name=path.stem, roles=roles)


def _from_frame(frame: pd.DataFrame, target: str | None, task: Task | None, **names: Any) -> Table:
    if target is None:
        rule = f"must name the column to predict, one of {listed(map(str, frame.columns))}"
        raise InputError("target", rule, "none")
    return make_table(frame, target, task, **names)


def _check_no_target(target: str | None, name: str) -> None:
    if target is not None:
        raise InputError("target", f"must be left out for {name}, which has its own", target)


def _embedded(name: str, task: Task, load: Callable[..., Any]) -> Table:
    """A data set that comes with scikit-learn, its classes under their names."""
    bunch = load(as_frame=True)
    target = bunch.target if task == "regression" else bunch.target_names[bunch.target]
    return make_table(bunch.data.assign(target=target), "target", task, source=name, name=name)


def _california_housing() -> Table:
    """From scikit-learn's own cache, below SCIKIT_LEARN_DATA or ~/scikit_learn_data, or fetched."""
    name = "california_housing"
    fetch = partial(fetch_california_housing, n_retries=1, delay=0.1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Retry downloading")
            return _embedded(name, "regression", fetch)
    except OSError as error:  # also when there is no network
        home = os.environ.get("SCIKIT_LEARN_DATA") or "~/scikit_learn_data"
        rule = f"must be in {home} or to be had from the network by scikit-learn"
        reason = getattr(error, "reason", None) or error
        raise InputError(f"data {name}", rule, f"neither ({reason})") from None


SOURCES: dict[str, Callable[[], Table]] = {
    "digits": partial(_embedded, "digits", "classification", load_digits),
    "wine": partial(_embedded, "wine", "classification", load_wine),
    "iris": partial(_embedded, "iris", "classification", load_iris),
    "breast_cancer": partial(_embedded, "breast_cancer", "classification", load_breast_cancer),
    # Unscaled, because its own scaling has seen all rows.
    "diabetes": partial(_embedded, "diabetes", "regression", partial(load_diabetes, scaled=False)),
    "california_housing": _california_housing,
    **{name: partial(source.load, name) for name, source in IMAGES.items()},
}
"""Data sets by name: those that come with scikit-learn, then those that may have to be fetched."""


def _read_csv(path: Path) -> pd.DataFrame:
    """Comma-separated values with a header, in UTF-8."""
    size = path.stat().st_size
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    n_values = size / max(len(sample), 1) * (sample.count(b",") + sample.count(b"\n"))
    check_fits(str(path), size + _COPIES * 8 * n_values, "reading it")
    try:
        header = pd.read_csv(
            path, header=None, nrows=1, dtype="str", keep_default_na=False, skipinitialspace=True
        ).iloc[0]
        header = header.str.strip()
        frame = pd.read_csv(path, skipinitialspace=True, low_memory=False)
    except pd.errors.EmptyDataError:
        raise InputError(str(path), "must have a header and rows", "an empty file") from None
    except UnicodeDecodeError as error:
        raise InputError(str(path), "must be UTF-8 text", str(error)) from None
    except pd.errors.ParserError as error:
        raise InputError(str(path), "must be comma-separated values", str(error)) from None
    if twice := header[header.duplicated()].tolist():  # which pandas would rename
        raise InputError(str(path), "must have distinct column names", f"{twice[0]!r} twice")
    if not isinstance(frame.index, pd.RangeIndex):  # pandas takes surplus columns for an index
        raise InputError(
            str(path), "must have a name for every column", "rows wider than the header"
        )
    return frame.rename(columns=str.strip)


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        content = parquet.read_metadata(path)
        n_values = content.num_rows * content.num_columns
        check_fits(str(path), _COPIES * 8 * n_values, "reading it")
        return pd.read_parquet(path)
    except ValueError as error:  # Arrow's, too
        raise InputError(str(path), "must be Parquet", str(error)) from None


FILE_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
"""Readers of tables by suffix, in lower case."""
NPZ = ".npz"


def read_npz(path: Path) -> dict[str, Any]:
    """The arrays of a file; none that would have to be unpickled."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        check_fits(str(path), size, "the arrays in it")
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (
        ValueError,
        KeyError,
        EOFError,
        AttributeError,
        RuntimeError,  # it is encrypted, or packed in another way
        MemoryError,  # of an array that says it is larger than what follows
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise InputError(str(path), "must be an NPZ file of plain arrays", str(error)) from None


def _arrays_of(data: Any) -> Mapping[str, Any]:
    """The arrays of an object by their names."""
    if isinstance(data, Mapping):
        return data
    if isinstance(data, tuple | list) and len(data) == 2:
        if all(isinstance(part, tuple | list) and len(part) == 2 for part in data):
            (x_train, y_train), (x_test, y_test) = data
            return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
        return dict(zip("xy", data, strict=True))
    rule = "must be a name, a path, a DataFrame, (x, y) or ((x_train, y_train), (x_test, y_test))"
    raise InputError("data", rule, type(data).__name__)
