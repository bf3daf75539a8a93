"""Rows as read -> what model.keras takes, as preparation.json says.

import keras, pandas as pd
from prepare import prepare

model = keras.models.load_model("model.keras")
model.predict(prepare(pd.read_csv("new_rows.csv")))
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[Any]
PREPARATION = json.loads((Path(__file__).parent / "preparation.json").read_text("utf-8"))
FEATURES, TARGET = PREPARATION["features"], PREPARATION["target"]
LARGEST = 1e6


def prepare(rows: Any) -> Array:
    """A DataFrame with the columns of the data, or images -> (rows, features) float32."""
    if FEATURES["kind"] == "images":
        x = (rows.astype("float64") - FEATURES["mean"]) / FEATURES["scale"]
        x = x.reshape(len(rows), -1)
    else:
        x = np.column_stack([_features(rows[c["name"]], c) for c in FEATURES["columns"]])
    return np.asarray(x.clip(-LARGEST, LARGEST), "float32")


def prepare_target(target: Any) -> Array:
    """The column to predict -> class indices, -1 for an unknown class, or standardized numbers."""
    if not TARGET["labels"]:
        numbers = np.asarray(target, "float64")
        return np.asarray((numbers - TARGET["mean"]) / TARGET["scale"], "float32")
    values = pd.Series(np.asarray(target))
    if isinstance(TARGET["labels"][0], str):
        values = values.astype("str")
    return np.asarray(pd.Index(TARGET["labels"]).get_indexer(values))


def _features(values: pd.Series, column: Any) -> Array:
    """(rows, features of this column) float64."""
    if column["kind"] == "categories":
        return _one_hot(_as_text(values), column)
    parts = {"": values} if column["date_format"] is None else _date_parts(values, column)
    numbers = {part: _as_numbers(its) for part, its in parts.items()}
    numbers["missing"] = np.isnan(next(iter(numbers.values()))).astype("float64")
    return np.column_stack([_standardized(numbers[n["part"]], n) for n in column["numbers"]])


def _standardized(x: Array, number: Any) -> Array:
    """Imputed with the median; heavy tails drawn in; zero mean and unit variance."""
    with np.errstate(over="ignore"):
        x = np.where(np.isnan(x), number["median"], x)
        if number["tails"]:
            centre, scale = number["tails"]
            x = np.arcsinh((x - centre) / scale)
        return np.asarray((x - number["mean"]) / number["scale"])


def _one_hot(texts: pd.Series, column: Any) -> Array:
    """A column for each known category, and one for all others where there is one."""
    known = [texts.isna() if c is None else texts == c for c in column["known"]]
    x = np.column_stack([*known, np.zeros(len(texts), bool)])
    x[:, -1] = ~x.any(axis=1)
    return x[:, : len(known) + column["other"]].astype("float64")


def _date_parts(values: pd.Series, column: Any) -> dict[str, pd.Series]:
    texts = values.astype("str")
    times = pd.to_datetime(texts, format=column["date_format"], errors="coerce", utc=True)
    times = times.dt.tz_convert(None).dt.as_unit("us")
    return {
        "year": times.dt.year,
        "month": times.dt.month,
        "weekday": times.dt.day_of_week,
        "hour": times.dt.hour,
        "days": (times - pd.Timestamp(0)) / pd.Timedelta(days=1),
    }


def _as_numbers(values: pd.Series) -> Array:
    if pd.api.types.is_timedelta64_dtype(values):
        values = values.dt.total_seconds()
    return pd.to_numeric(values, errors="coerce").to_numpy("float64", na_value=np.nan)


def _as_text(values: pd.Series) -> pd.Series:
    """Whole numbers without a decimal point; a missing value stays one."""
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return values.astype("str")
    numbers = values.astype("float64")
    texts = numbers.map(lambda x: f"{x:.0f}" if x.is_integer() else str(x), na_action="ignore")
    return texts.astype("str")
