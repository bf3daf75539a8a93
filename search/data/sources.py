"""Where data comes from: embedded data sets and a person's files."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine

from search.data.table import Table, listed, make_table, one_of
from search.errors import InputError
from search.rows import Task


def load_table(data: str, *, target: str | None = None, task: Task | None = None) -> Table:
    """Read an embedded data set by its name, or a file by its path.

    Args:
        data: a name in `SOURCES`, or a path with a suffix in `FILE_READERS`.
        target: the column to predict. A file needs it; an embedded data set has its own.
        task: what is predicted; None leaves it to the target's values, see `make_table`.

    Raises:
        InputError: if there is no such data, or the data or the choice of target breaks a rule.
    """
    if data in SOURCES:
        return _load_embedded(data, target, task)
    path = Path(data)
    if path.suffix.lower() not in FILE_READERS:
        rule = f"{one_of(SOURCES, data)}, or a file ending in {', '.join(FILE_READERS)}"
        raise InputError("data", rule, data)
    try:
        if not path.is_file():
            raise InputError("data", "must be a file that exists", data)
        frame = FILE_READERS[path.suffix.lower()](path)
    except OSError as error:
        raise InputError(data, "must be readable", error.strerror or str(error)) from None
    if target is None:
        rule = f"must name the column to predict, one of {listed(frame.columns)}"
        raise InputError("target", rule, "none")
    return make_table(frame, target, task, source=data, name=path.stem)


def _load_embedded(name: str, target: str | None, task: Task | None) -> Table:
    if target is not None:
        raise InputError("target", f"must be left out for {name}, which has its own", target)
    table = SOURCES[name]()
    if task not in {None, table.task}:
        raise InputError("task", f"must be {table.task} for {name}", str(task))
    return table


def _embedded(name: str, task: Task, load: Callable[..., Any]) -> Table:
    """A data set that comes with scikit-learn, its classes under their names."""
    bunch = load(as_frame=True)
    target = bunch.target if task == "regression" else bunch.target_names[bunch.target]
    return make_table(bunch.data.assign(target=target), "target", task, source=name, name=name)


SOURCES: dict[str, Callable[[], Table]] = {
    "digits": partial(_embedded, "digits", "classification", load_digits),
    "wine": partial(_embedded, "wine", "classification", load_wine),
    "iris": partial(_embedded, "iris", "classification", load_iris),
    "breast_cancer": partial(_embedded, "breast_cancer", "classification", load_breast_cancer),
    # Unscaled, because its own scaling has seen all rows.
    "diabetes": partial(_embedded, "diabetes", "regression", partial(load_diabetes, scaled=False)),
}
"""Embedded data sets by name."""


def _read_csv(path: Path) -> pd.DataFrame:
    """Comma-separated values with a header, in UTF-8."""
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


FILE_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _read_csv,
}
"""Readers of files by suffix, in lower case."""
