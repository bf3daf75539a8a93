"""Dates written as text: recognised, and taken apart into numbers."""

import numpy as np
import pandas as pd

from search.rows import Array

FORMATS = (
    "ISO8601",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
)
"""What a column of dates may be written in, the first that reads all of its values."""
# Two separators: neither a year alone nor a number is taken for a date.
_LOOKS_LIKE_A_DATE = r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?!\d|\1)"
_DAY = pd.Timedelta(days=1)
_EPOCH = pd.Timestamp(0)


def date_format(texts: pd.Series) -> str | None:
    """The first of `FORMATS` that reads every text, missing ones apart; None if none does."""
    there = pd.Series(texts.dropna().unique(), dtype="str")
    if there.empty or not there.str.match(_LOOKS_LIKE_A_DATE).all():
        return None
    return next((form for form in FORMATS if parse_dates(there, form).notna().all()), None)


def parse_dates(texts: pd.Series, form: str) -> pd.Series:
    """(rows,) times in UTC; not a time where the text is missing or written otherwise."""
    times = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    return times.dt.tz_convert(None).dt.as_unit("us")


def elapsed_days(texts: pd.Series, form: str) -> Array:
    """(rows,) days since 1970, with their fractions; NaN where there is no time."""
    return ((parse_dates(texts, form) - _EPOCH) / _DAY).to_numpy("float64", na_value=np.nan)


def date_parts(texts: pd.Series, form: str) -> dict[str, Array]:
    """Year, month, weekday (Monday is 0), hour and elapsed days, each (rows,) float64 with NaN."""
    times = parse_dates(texts, form)
    parts = {
        "year": times.dt.year,
        "month": times.dt.month,
        "weekday": times.dt.day_of_week,
        "hour": times.dt.hour,
    }
    numbers = {name: part.to_numpy("float64", na_value=np.nan) for name, part in parts.items()}
    return {**numbers, "days": elapsed_days(texts, form)}
