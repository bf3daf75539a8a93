"""Fitted columns: how each becomes features, as plain numbers and text that JSON can hold."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from search.data.dates import date_parts
from search.data.table import tidy
from search.rows import Array

MISSING = "missing"
"""The part of a column that says whether its value is missing."""
OTHER = "other"
"""The category of all that are rare or were never met."""


@final
@dataclass(frozen=True, slots=True)
class Summary:
    """What became of one column."""

    name: str
    """Of the column as read; `images` for all pixels together."""
    kind: str
    """number, category, date, identifier, constant or image."""
    done: str
    """What was done with it, in words."""
    n_features: int
    """How many features it became."""


@final
@dataclass(frozen=True, slots=True)
class Number:
    """One number out of a column as a feature: imputed, its tails drawn in, standardized."""

    part: str
    """Empty for the column's own number, `missing`, or a part of a date."""
    median: float
    """Stands in for a missing value."""
    tails: tuple[float, float] | None
    """Centre c and scale s of asinh((x - c) / s), where the tails are heavy."""
    mean: float
    """Taken off."""
    scale: float
    """Then divided by."""

    def feature(self, values: Array) -> Array:
        """(rows,) float64 with NaN -> (rows,) float64; an infinite value may stay one."""
        with np.errstate(over="ignore"):
            x = drawn_in(np.where(np.isnan(values), self.median, values), self.tails)
            return np.asarray((x - self.mean) / self.scale)


@dataclass(frozen=True, slots=True)
class Column(ABC):
    """One column of the data that became features."""

    name: str
    """As it was read."""

    @property
    @abstractmethod
    def feature_names(self) -> tuple[str, ...]:
        """Of its features, in order."""

    @abstractmethod
    def fill(self, values: pd.Series, out: Array) -> None:
        """Write the features of a column, (rows,) as read, into `out`, (rows, features)."""


@final
@dataclass(frozen=True, slots=True)
class Numbers(Column):
    """A number, or a date taken apart into some."""

    date_format: str | None
    """How its dates are written; None for a number."""
    numbers: tuple[Number, ...]
    """Its features."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """`age`, `age=missing`, `sold:year`."""
        return tuple(_feature_name(self.name, number.part) for number in self.numbers)

    def fill(self, values: pd.Series, out: Array) -> None:
        """Write its parts."""
        parts = parts_of(values, self.date_format)
        for i, number in enumerate(self.numbers):
            out[:, i] = number.feature(parts[number.part])


@final
@dataclass(frozen=True, slots=True)
class Categories(Column):
    """One feature, 0 or 1, for each frequent category."""

    known: tuple[str | None, ...]
    """The categories with a feature of their own; None is a missing value."""
    other: bool
    """Whether there is a feature for all others together, among them those never met."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """`city=Bern`, `city=missing`, `city=other`."""
        names = [MISSING if category is None else category for category in self.known]
        return tuple(f"{self.name}={name}" for name in [*names, OTHER][: len(names) + self.other])

    def fill(self, values: pd.Series, out: Array) -> None:
        """Write a 1 where the category is."""
        texts = texts_of(values)
        index = pd.Index([c for c in self.known if c is not None], dtype="str")
        codes = index.get_indexer(pd.Index(texts))
        if None in self.known:
            codes[texts.isna()] = len(index)  # the last of the known
        out[:] = 0
        met = codes >= 0
        out[np.flatnonzero(met), codes[met]] = 1
        if self.other:
            out[~met, -1] = 1


_KINDS: dict[str, type[Numbers | Categories]] = {"numbers": Numbers, "categories": Categories}


def column_to_dict(column: Numbers | Categories) -> dict[str, Any]:
    """Its kind and fields, ready for JSON."""
    kind = next(name for name, its in _KINDS.items() if isinstance(column, its))
    return {"kind": kind, **asdict(column)}


def column_from_dict(values: Mapping[str, Any]) -> Numbers | Categories:
    """A column written by `column_to_dict`, perhaps read back from JSON."""
    if values["kind"] == "categories":
        return Categories(values["name"], tuple(values["known"]), values["other"])
    numbers = tuple(
        Number(**{**each, "tails": None if each["tails"] is None else tuple(each["tails"])})
        for each in values["numbers"]
    )
    return Numbers(values["name"], values["date_format"], numbers)


def parts_of(values: pd.Series, date_format: str | None) -> dict[str, Array]:
    """The numbers in a column by their part, each (rows,) float64 with NaN where missing."""
    if date_format is None:
        tidied = tidy(values)
        if not is_numeric_dtype(tidied):  # a text in a column that was numeric so far
            tidied = pd.to_numeric(tidied, errors="coerce")
        parts = {"": tidied.to_numpy("float64", na_value=np.nan)}
    else:
        parts = date_parts(texts_of(values), date_format)
    return {**parts, MISSING: np.isnan(next(iter(parts.values()))).astype(np.float64)}


def texts_of(values: pd.Series) -> pd.Series:
    """A column as text with NaN where missing; whole numbers without a decimal point."""
    tidied = tidy(values)
    if not is_numeric_dtype(tidied):
        return tidied
    return tidied.map(number_as_text, na_action="ignore").astype("str")


def number_as_text(number: float) -> str:
    """Whole numbers without a decimal point."""
    return f"{number:.0f}" if float(number).is_integer() else str(number)


def drawn_in(values: Array, tails: tuple[float, float] | None) -> Array:
    """asinh((x - c) / s): linear near c, logarithmic far from it, on both sides."""
    return values if tails is None else np.arcsinh((values - tails[0]) / tails[1])


def _feature_name(column: str, part: str) -> str:
    if part == MISSING:
        return f"{column}={MISSING}"
    return f"{column}:{part}" if part else column
