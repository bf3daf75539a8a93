"""A person's data as read: tidied to numbers and text, and checked once."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import (
    is_bool_dtype,
    is_complex_dtype,
    is_numeric_dtype,
    is_object_dtype,
    is_timedelta64_dtype,
)

from search.errors import InputError
from search.rows import Array, Task

Mask = NDArray[np.bool_]

MIN_ROWS = 50
MAX_CLASSES = 200
LARGEST_NUMBER = float(np.finfo(np.float32).max)
"""Networks are trained in 32 bits."""
_FINITE = f"must be finite and within {LARGEST_NUMBER:.1e}"
FEW_NUMBERS = 20
"""A numeric target with at most this many distinct whole numbers may be meant as classes."""
LISTED = 20
"""How many names an error lists."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns are for something else than to be read as they are."""

    group: str | None = None
    """Whose rows belong together, as those of one patient do; no feature."""
    time: str | None = None
    """When a row was made; no feature."""
    categories: tuple[str, ...] = ()
    """Numbers that are codes of categories."""


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
    """(rows, columns); no columns where there are images."""
    target: pd.Series
    """(rows,) float64 or `str`, none missing; it has its column's name."""
    task: Task
    """What is predicted."""
    notes: tuple[str, ...] = ()
    """How the data was read, where that is no matter of course."""
    images: Array | None = None
    """(rows, height, width) or (rows, height, width, channels) numbers, in place of columns."""
    categories: tuple[str, ...] = ()
    """Numeric features that are codes of categories."""
    confirm: Mask | None = None
    """(rows,) the official test split, if there is one."""
    group: pd.Series | None = None
    """(rows,) float64 or `str`, none missing: rows with equal values belong together."""
    time: pd.Series | None = None
    """(rows,) float64 or `str`, none missing: when a row was made."""


def make_table(
    frame: pd.DataFrame,
    target: str,
    task: Task | None,
    *,
    source: str,
    name: str,
    roles: Roles | None = None,
    confirm: Mask | None = None,
) -> Table:
    """Tidy and check a frame.

    Args:
        frame: (rows, columns); every column but `target` and those with another role is a feature.
        target: the column to predict.
        task: None makes a text or boolean target a classification, a numeric one a regression.
        source: what the person named.
        name: the same, short.
        roles: columns with other roles.
        confirm: (rows,) an official test split.

    Raises:
        InputError: naming the column or the count that breaks a rule.
    """
    roles = roles or Roles()
    frame = _with_text_names(frame.reset_index(drop=True), source)
    _check_roles(frame, target, roles)
    there = frame[target].notna()
    rows = _rows_with_target(frame, there, target, source)
    values = _tidy_target(rows[target])
    chosen = _task_of(values, task)
    others = {target, roles.group, roles.time}
    features = pd.DataFrame({c: tidy(rows[c]) for c in frame.columns if c not in others})
    if features.empty:
        raise InputError(source, "must have a column besides the target", f"only {target!r}")
    for column in features.columns:
        _check_finite(features[column])
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
        categories=roles.categories,
        confirm=None if confirm is None else confirm[there.to_numpy()],
        group=_complete(rows, roles.group, "a group"),
        time=_complete(rows, roles.time, "a time"),
    )


def make_images(
    images: Array,
    target: pd.Series,
    task: Task | None,
    *,
    source: str,
    name: str,
    confirm: Mask | None = None,
) -> Table:
    """Check images and their classes or numbers.

    Args:
        images: (rows, height, width) or (rows, height, width, channels) numbers.
        target: (rows,), none missing.
        task: None makes text or booleans a classification, numbers a regression.
        source: what the person named.
        name: the same, short.
        confirm: (rows,) an official test split.

    Raises:
        InputError: naming the rule that is broken.
    """
    if len(images) < MIN_ROWS:
        raise InputError(source, f"must have at least {MIN_ROWS} rows", f"{len(images)} rows")
    extremes = float(images.min()), float(images.max())
    if not all(abs(value) <= LARGEST_NUMBER for value in extremes):
        raise InputError(f"images of {source}", _FINITE, f"{extremes[0]:g} to {extremes[1]:g}")
    values = _tidy_target(target)
    chosen = _task_of(values, task)
    notes = _check_target(values, chosen, asked=task is not None)
    nothing = pd.DataFrame(index=values.index)
    return Table(source, name, nothing, values, chosen, notes, images=images, confirm=confirm)


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


def tidy(column: pd.Series) -> pd.Series:
    """The column as float64 if its values are numbers or booleans, else as text.

    Times are text, too: `dates` finds them again. Spans of time are seconds.

    Raises:
        InputError: if a number is too large or complex.
    """
    # Booleans with a missing value, and whole numbers beyond 64 bits, are read as objects.
    are_objects = is_object_dtype(column)
    if is_complex_dtype(column):
        raise InputError(f"column {column.name!r}", "must have real numbers or text", "complex")
    if is_timedelta64_dtype(column):
        return pd.Series(column.dt.total_seconds(), column.index)
    if is_numeric_dtype(column) or (are_objects and column.dropna().map(_is_number).all()):
        try:
            return pd.Series(column.to_numpy("float64", na_value=np.nan), column.index)
        except OverflowError:
            raise InputError(f"column {column.name!r}", _FINITE, "a larger whole number") from None
    return column.astype("str")


def _with_text_names(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    frame = frame.set_axis([str(column) for column in frame.columns], axis=1)
    if twice := frame.columns[frame.columns.duplicated()].tolist():
        raise InputError(source, "must have distinct column names", f"{twice[0]!r} twice")
    return frame


def _check_roles(frame: pd.DataFrame, target: str, roles: Roles) -> None:
    """Check that every column named is there, and has one role."""
    if roles.group is not None and roles.time is not None:
        raise InputError("--group and --time", "exclude each other", "both")
    named = [("target", target), ("--group", roles.group), ("--time", roles.time)]
    named += [("--categories", column) for column in roles.categories]
    taken: dict[str, str] = {}
    for thing, column in named:
        if column is None:
            continue
        if column not in frame.columns:
            raise InputError(thing, one_of(frame.columns, column), column)
        if column in taken and taken[column] != thing:
            rule = f"must be another column than {taken[column].removeprefix('--')}"
            raise InputError(thing, rule, column)
        taken[column] = thing


def _rows_with_target(
    frame: pd.DataFrame, there: pd.Series, target: str, source: str
) -> pd.DataFrame:
    rows = frame[there]
    if rows.empty and not frame.empty:
        raise InputError(f"target {target!r}", "must have values", f"none in {len(frame)} rows")
    if len(rows) < MIN_ROWS:
        raise InputError(source, f"must have at least {MIN_ROWS} rows", f"{len(rows)} rows")
    return rows


def _is_number(value: object) -> bool:
    return isinstance(value, Real | Decimal)  # booleans, too


def _tidy_target(column: pd.Series) -> pd.Series:
    """As a feature, but booleans are the classes False and True."""
    values = column.infer_objects()
    numbers_or_text = values.astype("str") if is_bool_dtype(values) else tidy(values)
    return numbers_or_text.rename(str(column.name))


def _task_of(target: pd.Series, task: Task | None) -> Task:
    if is_numeric_dtype(target):
        return task or "regression"
    if task == "regression":
        raise InputError(
            f"target {target.name!r}", "must be numeric for a regression", f"{target.iloc[0]!r}"
        )
    return "classification"


def _complete(rows: pd.DataFrame, column: str | None, what: str) -> pd.Series | None:
    """A column that must have a value in every row."""
    if column is None:
        return None
    values = tidy(rows[column]).rename(column)
    _check_finite(values)
    missing = np.flatnonzero(values.isna())
    if missing.size:
        rule, row = f"must have {what} in every row", rows.index[missing[0]] + 1
        raise InputError(f"column {column!r}", rule, f"none in {row}")
    return values.reset_index(drop=True)


def _check_finite(column: pd.Series) -> None:
    if not is_numeric_dtype(column):
        return
    wrong = column[column.abs() > LARGEST_NUMBER]
    if not wrong.empty:
        received = f"{wrong.iloc[0]:g} in row {wrong.index[0] + 1}"
        raise InputError(f"column {column.name!r}", _FINITE, received)


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
