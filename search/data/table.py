"""A person's data as read: tidied to numbers and text, and checked once."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Real

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype, is_object_dtype

from search.errors import InputError
from search.rows import Task

MIN_ROWS = 50
MAX_CLASSES = 200
LARGEST_NUMBER = float(np.finfo(np.float32).max)
"""Networks are trained in 32 bits."""
_FINITE = f"must be finite and within {LARGEST_NUMBER:.1e}"
FEW_NUMBERS = 20
"""A numeric target with at most this many distinct whole numbers may be meant as classes."""
LISTED = 20
"""How many names an error lists."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Features and target before anything is split or fitted.

    A feature column is float64 (numbers, and booleans as 0 and 1) or `str`, with NaN where a value
    is missing. Rows are numbered from 0.
    """

    source: str
    """What the person named: an embedded data set or a path."""
    name: str
    """The same, short: the data set or the file's stem."""
    features: pd.DataFrame
    """(rows, columns)."""
    target: pd.Series
    """(rows,) float64 or `str`, none missing; it has its column's name."""
    task: Task
    """What is predicted."""
    notes: tuple[str, ...] = ()
    """How the data was read, where that is no matter of course."""


def make_table(
    frame: pd.DataFrame, target: str, task: Task | None, *, source: str, name: str
) -> Table:
    """Tidy and check a frame.

    Args:
        frame: (rows, columns); every column but `target` is a feature.
        target: the column to predict.
        task: None makes a text or boolean target a classification, a numeric one a regression.
        source: what the person named.
        name: the same, short.

    Raises:
        InputError: naming the column or the count that breaks a rule.
    """
    rows = _rows_with_target(frame, target, source)
    values = _tidy_target(rows[target])
    chosen = _task_of(values, task)
    features = pd.DataFrame({str(c): _tidy(rows[c]) for c in frame.columns if c != target})
    for column in features.columns:
        _check_feature(features[column])
    notes = _check_target(values, chosen, asked=task is not None)
    if len(rows) < len(frame):
        notes += (f"dropped {len(frame) - len(rows)} of {len(frame)} rows without {target!r}",)
    return Table(
        source=source,
        name=name,
        features=features.reset_index(drop=True),
        target=values.reset_index(drop=True),
        task=chosen,
        notes=notes,
    )


def one_of(names: Iterable[str], received: str) -> str:
    """The rule that `received` breaks by not being one of `names`, with the nearest of them."""
    known = list(names)
    near = get_close_matches(received, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"must be one of {listed(known)}{hint}"


def listed(names: Iterable[str]) -> str:
    """The names, the first `LISTED` of them if there are many."""
    known = list(names)
    more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
    return ", ".join(known[:LISTED]) + more


def _rows_with_target(frame: pd.DataFrame, target: str, source: str) -> pd.DataFrame:
    if target not in frame.columns:
        raise InputError("target", one_of(frame.columns, target), target)
    if frame.shape[1] == 1:
        raise InputError(source, "must have a column besides the target", f"only {target!r}")
    rows = frame[frame[target].notna()]
    if rows.empty and not frame.empty:
        raise InputError(f"target {target!r}", "must have values", f"none in {len(frame)} rows")
    if len(rows) < MIN_ROWS:
        raise InputError(source, f"must have at least {MIN_ROWS} rows", f"{len(rows)} rows")
    return rows


def _tidy(column: pd.Series) -> pd.Series:
    """The column as float64 if its values are numbers or booleans, else as text."""
    # Booleans with a missing value, and whole numbers beyond 64 bits, are read as objects.
    are_objects = is_object_dtype(column)
    if is_numeric_dtype(column) or (are_objects and column.dropna().map(_is_number).all()):
        try:
            return pd.Series(column.to_numpy("float64", na_value=np.nan), column.index)
        except OverflowError:
            raise InputError(f"column {column.name!r}", _FINITE, "a larger whole number") from None
    return column.astype("str")


def _is_number(value: object) -> bool:
    return isinstance(value, Real)  # booleans, too


def _tidy_target(column: pd.Series) -> pd.Series:
    """As a feature, but booleans are the classes False and True."""
    values = column.infer_objects()
    tidy = values.astype("str") if is_bool_dtype(values) else _tidy(values)
    return tidy.rename(str(column.name))


def _task_of(target: pd.Series, task: Task | None) -> Task:
    if is_numeric_dtype(target):
        return task or "regression"
    if task == "regression":
        raise InputError(
            f"target {target.name!r}", "must be numeric for a regression", f"{target.iloc[0]!r}"
        )
    return "classification"


def _check_feature(column: pd.Series) -> None:
    if column.isna().all():
        raise InputError(
            f"column {column.name!r}", "must have values", f"none in {len(column)} rows"
        )
    _check_finite(column)


def _check_finite(column: pd.Series) -> None:
    if not is_numeric_dtype(column):
        return
    wrong = column[column.abs() > LARGEST_NUMBER]
    if not wrong.empty:
        raise InputError(
            f"column {column.name!r}",
            _FINITE,
            f"{wrong.iloc[0]:g} in row {wrong.index[0] + 1}",
        )


def _check_target(target: pd.Series, task: Task, *, asked: bool) -> tuple[str, ...]:
    """Check the values to predict; notes on how they were read."""
    _check_finite(target)
    distinct = target.unique()
    thing = f"target {target.name!r}"
    kind = "classes" if task == "classification" else "values"
    if len(distinct) < 2:
        raise InputError(thing, f"must have at least two {kind}", f"only {distinct[0]}")
    if task == "classification" and len(distinct) > MAX_CLASSES:
        raise InputError(thing, f"must have at most {MAX_CLASSES} classes", f"{len(distinct)}")
    few = len(distinct) <= FEW_NUMBERS
    if task == "regression" and not asked and few and (distinct == np.round(distinct)).all():
        rule = f"--task classification makes its {len(distinct)} values classes"
        return (f"{thing} was read as a regression; {rule}",)
    return ()
