"""Features and targets as a network wants them, by what the development rows say."""

from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from search.data.table import listed
from search.errors import InputError
from search.rows import Array, Task

MAX_CATEGORIES = 50
MIN_CATEGORY_ROWS = 5
"""Rarer categories, and those beyond the most frequent, share one feature."""
LARGEST_FEATURE = 1e6
"""No development row can be as many standard deviations out; a confirm row is moved back there."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeaturePreparation:
    """The fitted way from raw columns to network inputs."""

    columns: ColumnTransformer
    """Fitted on development rows."""
    varies: Array
    """(outputs of `columns`,) False for what is the same in all development rows: left out."""
    names: tuple[str, ...]
    """Prepared features: `age`, `missingindicator_age`, `city=Bern`, `city=other`."""
    constant: tuple[str, ...]
    """What was left out."""

    def transform(self, features: pd.DataFrame) -> Array:
        """(rows, columns) as in `Table` -> (rows, prepared features) float32, all finite."""
        prepared: Array = self.columns.transform(features)[:, self.varies]
        return prepared.clip(-LARGEST_FEATURE, LARGEST_FEATURE).astype(np.float32)


def fit_features(features: pd.DataFrame) -> FeaturePreparation:
    """Fit the preparation of the features.

    Numbers: the median where missing and an indicator of it, standardized. Text: one-hot, with
    missing as a category like any other, and with rare categories pooled, among them those never
    met. What is the same in all rows is left out.

    Args:
        features: (development rows, columns) as in `Table`.

    Raises:
        InputError: if everything is the same in all rows.
    """
    numeric = [name for name in features.columns if is_numeric_dtype(features[name])]
    text = [name for name in features.columns if name not in numeric]
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    categories = OneHotEncoder(
        max_categories=MAX_CATEGORIES,
        min_frequency=MIN_CATEGORY_ROWS,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
        feature_name_combiner=_category_name,
    )
    columns = ColumnTransformer([("numeric", numbers, numeric), ("text", categories, text)])
    varies = np.ptp(columns.fit_transform(features), axis=0) > 0
    names = np.array([name.split("__", 1)[1] for name in columns.get_feature_names_out()])
    if not varies.any():
        rule = "must vary over the development rows, rare categories pooled"
        raise InputError("features", rule, f"only constants: {listed(names)}")
    return FeaturePreparation(
        columns, varies, tuple(names[varies].tolist()), tuple(names[~varies].tolist())
    )


@final
@dataclass(frozen=True, slots=True, eq=False)
class TargetPreparation:
    """The fitted way from a target to class indices or standardized numbers."""

    labels: pd.Index
    """The development rows' distinct labels in order; none for a regression."""
    mean: float
    """Mean over the development rows; 0 for a classification."""
    scale: float
    """Standard deviation over the development rows; 1 for a classification."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels as text, whole numbers without a decimal point."""
        return tuple(
            f"{label:.0f}" if isinstance(label, float) and label.is_integer() else str(label)
            for label in self.labels
        )

    def transform(self, target: pd.Series) -> Array:
        """(rows,) as in `Table` -> (rows,) float64; -1 for a label without an index."""
        if len(self.labels):
            return self.labels.get_indexer(pd.Index(target)).astype(np.float64)
        return (target.to_numpy() - self.mean) / self.scale


def fit_target(target: pd.Series, task: Task) -> TargetPreparation:
    """Fit the preparation of the target.

    Args:
        target: (development rows,) as in `Table`.
        task: what is predicted.

    Raises:
        InputError: if the rows have only one class or one value.
    """
    distinct = sorted(target.unique())
    scale = 1.0 if task == "classification" else float(target.std(ddof=0))
    if len(distinct) < 2 or scale == 0.0:  # or numbers too close to tell apart
        kind = "classes" if task == "classification" else "values"
        rule = f"must have at least two {kind} in the development rows"
        raise InputError(f"target {target.name!r}", rule, f"only {distinct[0]}")
    if task == "classification":
        return TargetPreparation(pd.Index(distinct), mean=0.0, scale=scale)
    return TargetPreparation(pd.Index([]), mean=float(target.mean()), scale=scale)


def _category_name(column: str, category: str | float) -> str:
    if category == "infrequent_sklearn":
        return f"{column}=other"
    return f"{column}=missing" if pd.isna(category) else f"{column}={category}"
