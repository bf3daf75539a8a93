"""Arrays, from NPZ files or from memory: tables of numbers, or images with their shape."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from search.data.table import Mask, Roles, Table, make_images, make_table
from search.errors import InputError
from search.rows import Array, Task

TARGET = "target"
_KEYS = ({"x", "y"}, {"x_train", "y_train", "x_test", "y_test"})


def table_from_arrays(
    arrays: Mapping[str, Any], *, source: str, name: str, task: Task | None, roles: Roles
) -> Table:
    """Data in arrays called x and y, or x_train, y_train, x_test and y_test.

    x is (rows, columns), whose columns are then called x0, x1, ..., or images: (rows, height,
    width) or (rows, height, width, channels). y is (rows,) or (rows, 1). Whole numbers in y are
    classes unless `task` says otherwise. The test rows become the confirm split.

    Args:
        arrays: by name.
        source: what the person named.
        name: the same, short.
        task: what is predicted; None leaves it to y.
        roles: columns with other roles, where x is a table.

    Raises:
        InputError: naming the array that breaks a rule.
    """
    if set(arrays) not in _KEYS:
        rule = "must have the arrays x and y, or x_train, y_train, x_test and y_test"
        raise InputError(source, rule, ", ".join(sorted(map(str, arrays))) or "none")
    confirm = None
    if "x" in arrays:
        x, y = features_of(arrays["x"], source), _targets(arrays["y"], source)
    else:
        parts = [features_of(arrays[key], source) for key in ("x_train", "x_test")]
        targets = [_targets(arrays[key], source) for key in ("y_train", "y_test")]
        confirm = np.repeat([False, True], [len(part) for part in parts])
        x, y = _joined(parts, source), pd.concat(targets, ignore_index=True)
    if len(x) != len(y):
        raise InputError(source, "must have as many targets as rows", f"{len(y)} for {len(x)}")
    if confirm is not None and (roles.group or roles.time):
        thing = "--group" if roles.group else "--time"
        raise InputError(thing, "must be left out where there are test rows", source)
    if task == "regression" or (task is None and y.dtype.kind == "f"):
        y = y.astype("float64") if y.dtype.kind in "iuf" else y
    elif y.dtype.kind in "iu":
        y = y.astype("str")
    if isinstance(x, pd.DataFrame):
        return _table(x, y, task, source=source, name=name, roles=roles, confirm=confirm)
    if roles != Roles():
        raise InputError("--group, --time and --categories", "take a table's columns", "images")
    return make_images(x, y.rename(TARGET), task, source=source, name=name, confirm=confirm)


def _table(
    x: pd.DataFrame, y: pd.Series, task: Task | None, *, confirm: Mask | None, **names: Any
) -> Table:
    frame = x.reset_index(drop=True)
    target = next(name for name in (TARGET, "y", "label", "_y") if name not in frame.columns)
    return make_table(frame.assign(**{target: y}), target, task, confirm=confirm, **names)


def features_of(x: Any, source: str) -> pd.DataFrame | Array:
    """A table whose columns are called x0, x1, ..., or images in their shape.

    Raises:
        InputError: if it is neither.
    """
    if isinstance(x, pd.DataFrame):
        return x
    values = np.asarray(x)
    if values.dtype.kind not in "biuf" or not 1 <= values.ndim <= 4 or not values.size:
        rule = "must have numbers in x: (rows, columns) or (rows, height, width[, channels])"
        raise InputError(source, rule, f"{values.dtype} {values.shape}")
    if values.ndim > 2:
        return values
    values = values.reshape(len(values), -1)
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(values.shape[1])])


def _targets(y: Any, source: str) -> pd.Series:
    values = y.to_numpy() if isinstance(y, pd.Series | pd.DataFrame) else np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:  # as Keras has the labels of CIFAR-10
        values = values[:, 0]
    if values.ndim != 1 or values.dtype.kind not in "biufUSO":
        raise InputError(source, "must have y of (rows,)", f"{values.dtype} {values.shape}")
    target = pd.Series(values.astype("str") if values.dtype.kind == "S" else values)
    if target.isna().any() or (target.dtype.kind == "f" and not np.isfinite(target).all()):
        raise InputError(source, "must have a finite target in every row", "some that are not")
    return target


def _joined(parts: list[pd.DataFrame | Array], source: str) -> pd.DataFrame | Array:
    first, second = parts
    if isinstance(first, pd.DataFrame) and isinstance(second, pd.DataFrame):
        if list(first.columns) != list(second.columns):
            raise InputError(source, "must have the same columns in both x", "others")
        return pd.concat([first, second], ignore_index=True)
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if len(arrays) < 2 or arrays[0].shape[1:] != arrays[1].shape[1:]:
        shapes = " and ".join(str(part.shape) for part in parts)
        raise InputError(source, "must have rows of one shape in both x", shapes)
    return np.concatenate(arrays)
