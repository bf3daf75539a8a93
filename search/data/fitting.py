"""How the columns of a table become features: the rules, fitted on the development rows."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from search.data.columns import (
    MISSING,
    Categories,
    Number,
    Numbers,
    Summary,
    drawn_in,
    parts_of,
    texts_of,
)
from search.data.dates import date_format
from search.data.preparation import TablePreparation
from search.data.table import FEW_NUMBERS, listed
from search.errors import InputError
from search.rows import Array

MAX_CATEGORIES = 50
MIN_CATEGORY_ROWS = 5
"""Rarer categories, and those beyond the most frequent, share one feature."""
HEAVY_SKEW = 2.0
"""Of a column with more distinct values than a scale of marks has; an exponential's skewness."""
_NORMAL_IQR = 1.349
"""Interquartile range of a standard normal."""
_IDENTIFIER = re.compile(r"(^|[^a-z])(id|uuid|guid|key|index|idx|unnamed)([^a-z]|$)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

_Kind = Literal["number", "category", "date", "identifier", "constant"]


@final
@dataclass(frozen=True, slots=True)
class _Reading:
    """What a column is taken for."""

    kind: _Kind
    date_format: str | None = None


def fit_features(
    features: pd.DataFrame, categories: Collection[str] = ()
) -> tuple[TablePreparation, tuple[Summary, ...]]:
    """Fit the preparation of the features, and say what became of each column.

    Numbers: the median where missing, and an indicator of it; heavy tails drawn in; standardized.
    Text: one-hot, with missing as a category like any other, and with rare categories pooled,
    among them those never met. Text that is dates: year, month, weekday, hour and elapsed days,
    each a number. Left out is what is the same in all rows, text that is another in every row, and
    whole numbers that are another in every row of a column called an id, key or index.

    Args:
        features: (development rows, columns) as in `Table`.
        categories: numeric columns that are codes of categories.

    Raises:
        InputError: if nothing is left.
    """
    readings = {name: _read(features[name], coded=name in categories) for name in features.columns}
    fitted = _fit_numbers(features, readings)
    for name, reading in readings.items():
        if reading.kind == "category" and (column := _fit_categories(features[name])):
            fitted[name] = column
    columns = tuple(fitted[name] for name in readings if name in fitted)
    summary = tuple(_summary(name, readings[name], fitted.get(name)) for name in readings)
    if not columns:
        rule = "must vary over the development rows, rare categories pooled, identifiers left out"
        raise InputError("features", rule, f"only {listed(readings)}")
    return TablePreparation(columns), summary


def _read(column: pd.Series, *, coded: bool) -> _Reading:
    if column.nunique(dropna=False) < 2:
        return _Reading("constant")
    if coded:
        return _Reading("category")
    there = column.dropna()
    if is_numeric_dtype(column):
        is_whole = (there == np.round(there)).all()
        is_identifier = is_whole and _is_called_identifier(str(column.name)) and there.is_unique
        return _Reading("identifier" if is_identifier else "number")
    written = date_format(column)
    if written is not None:
        return _Reading("date", written)
    return _Reading("identifier" if there.is_unique and len(there) > 1 else "category")


def _is_called_identifier(name: str) -> bool:
    return _IDENTIFIER.search(_CAMEL.sub("_", name).lower()) is not None


def _fit_numbers(
    features: pd.DataFrame, readings: Mapping[str, _Reading]
) -> dict[str, Numbers | Categories]:
    """The columns of numbers and dates of which anything varies, by name."""
    owners: list[tuple[str, str]] = []  # column and part
    values: list[Array] = []
    for name, reading in readings.items():
        if reading.kind in ("number", "date"):
            parts = parts_of(features[name], reading.date_format)
            if not parts[MISSING].any():
                del parts[MISSING]
            owners += [(name, part) for part in parts]
            values += parts.values()
    if not owners:
        return {}
    matrix = np.stack(values, axis=1)
    medians, tails = [], []
    for column in matrix.T:  # views: filled in place
        missing = np.isnan(column)
        there = column[~missing]
        medians.append(float(np.median(there)))
        tails.append(_heavy_tails(there))
        column[missing] = medians[-1]
        column[:] = drawn_in(column, tails[-1])
    scaler = StandardScaler().fit(matrix)
    varies = np.ptp((matrix - scaler.mean_) / scaler.scale_, axis=0) > 0
    numbers: dict[str, list[Number]] = {}
    for i, (name, part) in enumerate(owners):
        if varies[i]:
            mean, scale = float(scaler.mean_[i]), float(scaler.scale_[i])
            number = Number(part, medians[i], tails[i], mean, scale)
            numbers.setdefault(name, []).append(number)
    return {
        name: Numbers(name, readings[name].date_format, tuple(its)) for name, its in numbers.items()
    }


def _heavy_tails(values: Array) -> tuple[float, float] | None:
    """Centre and scale of the inverse hyperbolic sine that draws in heavy tails, if they are.

    The median and the deviation of a normal with the same interquartile range (the mean distance
    from the median if half of the values are equal), so that the middle stays nearly as it is
    (Burbidge, Magee and Robb 1988). Only where it leaves less skewness than there was.
    """
    before = _skewness(values)
    if not before > HEAVY_SKEW or len(np.unique(values)) <= FEW_NUMBERS:
        return None
    low, centre, high = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    scale = (high - low) / _NORMAL_IQR or float(np.abs(values - centre).mean())
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        after = _skewness(drawn_in(values, (centre, scale)))
    return (centre, scale) if after < before else None


def _skewness(values: Array) -> float:
    """Absolute third standardized moment; 0 of equal values or none, NaN beyond all numbers."""
    deviation = float(values.std()) if values.size else 0.0
    if deviation == 0:
        return 0.0
    return abs(float((((values - values.mean()) / deviation) ** 3).mean()))


def _fit_categories(column: pd.Series) -> Categories | None:
    """One-hot with rare categories pooled; None if that leaves one category for all rows."""
    encoder = OneHotEncoder(
        max_categories=MAX_CATEGORIES,
        min_frequency=MIN_CATEGORY_ROWS,
        handle_unknown="infrequent_if_exist",
    )
    encoder.fit(texts_of(column).to_frame())
    (found,), (pooled,) = encoder.categories_, encoder.infrequent_categories_
    rare = set() if pooled is None else {_or_none(category) for category in pooled}
    known = tuple(c for c in map(_or_none, found) if c not in rare)
    return Categories(str(column.name), known, bool(rare)) if len(known) + bool(rare) > 1 else None


def _or_none(category: str | float) -> str | None:
    return None if pd.isna(category) else str(category)


def _summary(name: str, reading: _Reading, column: Numbers | Categories | None) -> Summary:
    if column is None:
        why = {
            "identifier": "left out: another value in every development row",
            "constant": "left out: the same in all development rows",
        }.get(reading.kind, "left out: the same in all development rows, rare values pooled")
        kind = "identifier" if reading.kind == "identifier" else "constant"
        return Summary(name, kind, why, 0)
    n = len(column.feature_names)
    if isinstance(column, Categories):
        pooled = ", the rare ones pooled" if column.other else ""
        return Summary(name, "category", f"one-hot: {n} categories{pooled}", n)
    steps = []
    if any(number.part == MISSING for number in column.numbers):
        steps.append("median where missing, and an indicator of it")
    if column.date_format is not None:
        parts = (number.part for number in column.numbers if number.part != MISSING)
        steps.insert(0, f"a date, written {column.date_format}: {', '.join(parts)}")
    if any(number.tails for number in column.numbers):
        steps.append("heavy tails drawn in by asinh")
    return Summary(name, reading.kind, "; ".join([*steps, "standardized"]), n)
