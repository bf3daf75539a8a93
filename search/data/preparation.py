"""Features and targets as a network wants them, by what the development rows say.

Fitted with scikit-learn and held as plain numbers and text, so that a fitted preparation is JSON
and needs no pickle: a fresh process computes the same features, bit for bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import pandas as pd

from search.data.columns import (
    Categories,
    Numbers,
    Summary,
    column_from_dict,
    column_to_dict,
    number_as_text,
)
from search.data.table import listed
from search.errors import InputError
from search.rows import Array, Task

LARGEST_FEATURE = 1e6
"""No development row can be as many standard deviations out; a confirm row is moved back there."""
ROWS_AT_ONCE = 4096
"""Images are prepared in pieces: as float64 all of them would take eight times their memory."""


@final
@dataclass(frozen=True, slots=True)
class TablePreparation:
    """The fitted way from the columns of a table to network inputs."""

    columns: tuple[Numbers | Categories, ...]
    """Those that became features, in order; others are not looked at."""

    @property
    def names(self) -> tuple[str, ...]:
        """Prepared features: `age`, `age=missing`, `sold:year`, `city=Bern`, `city=other`."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """Of a row."""
        return (len(self.names),)

    def transform(self, features: pd.DataFrame) -> Array:
        """(rows, columns) as read, in any order -> (rows, prepared features) float32, all finite.

        Raises:
            InputError: if a column is not there.
        """
        prepared = np.empty((len(features), len(self.names)), np.float32)
        start = 0
        for column in self.columns:
            if column.name not in features.columns:
                rule = f"must have the column {column.name!r}"
                raise InputError("rows", rule, listed(map(str, features.columns)))
            end = start + len(column.feature_names)
            values = np.empty((len(features), end - start))
            column.fill(features[column.name], values)
            prepared[:, start:end] = values.clip(-LARGEST_FEATURE, LARGEST_FEATURE)
            start = end
        return prepared


@final
@dataclass(frozen=True, slots=True)
class ImagePreparation:
    """The fitted way from images to network inputs: standardized by channel, then flattened.

    One mean and one standard deviation for all pixels of a channel: pixels keep their relation to
    each other, and those at the rim, nearly always the same, are not blown up by a tiny deviation
    of their own.
    """

    feature_shape: tuple[int, ...]
    """(height, width) or (height, width, channels)."""
    mean: tuple[float, ...]
    """Of each channel."""
    scale: tuple[float, ...]
    """Its standard deviation."""

    @property
    def names(self) -> tuple[str, ...]:
        """`pixel_3_7`, or `pixel_3_7_0` of several channels, in the order of the features."""
        where = np.indices(self.feature_shape).reshape(len(self.feature_shape), -1).T
        return tuple("_".join(["pixel", *map(str, place)]) for place in where.tolist())

    def transform(self, features: Array) -> Array:
        """(rows, *feature_shape) of any numeric type -> (rows, pixels) float32.

        Raises:
            InputError: if the images have another shape.
        """
        if features.shape[1:] != self.feature_shape:
            rule = f"must have the shape {self.feature_shape}"
            raise InputError("images", rule, str(features.shape[1:]))
        prepared = np.empty(features.shape, np.float32)
        for start in range(0, len(features), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            values = (features[rows].astype(np.float64) - self.mean) / self.scale
            prepared[rows] = values.clip(-LARGEST_FEATURE, LARGEST_FEATURE)
        return prepared.reshape(len(features), -1)


@final
@dataclass(frozen=True, slots=True)
class TargetPreparation:
    """The fitted way from a target to class indices or standardized numbers."""

    labels: tuple[str | float, ...]
    """The development rows' distinct labels in order; none for a regression."""
    mean: float
    """Mean over the development rows; 0 for a classification."""
    scale: float
    """Standard deviation over the development rows; 1 for a classification."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels as text, whole numbers without a decimal point."""
        return tuple(
            label if isinstance(label, str) else number_as_text(label) for label in self.labels
        )

    def transform(self, target: pd.Series) -> Array:
        """(rows,) as in `Table` -> (rows,) float64; -1 for a label without an index."""
        if self.labels:
            return pd.Index(self.labels).get_indexer(pd.Index(target)).astype(np.float64)
        return (target.to_numpy() - self.mean) / self.scale


@final
@dataclass(frozen=True, slots=True)
class Preparation:
    """All that was fitted on the development rows, and what it did with each column."""

    features: TablePreparation | ImagePreparation
    """Of the features."""
    target: TargetPreparation
    """Of the target."""
    target_name: str
    """The column that is predicted."""
    summary: tuple[Summary, ...]
    """What became of each column, in the order of the table."""

    def transform(self, rows: Any) -> Array:
        """Rows as read, a DataFrame with the columns or images -> (rows, features) float32.

        Raises:
            InputError: if a column is not there, or images have another shape.
        """
        return self.features.transform(rows)

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        target = self.target
        return {
            "features": _features_to_dict(self.features),
            "target": {
                "name": self.target_name,
                "labels": list(target.labels),
                "mean": target.mean,
                "scale": target.scale,
            },
            "summary": [
                {"name": s.name, "kind": s.kind, "done": s.done, "n_features": s.n_features}
                for s in self.summary
            ],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The preparation written by `to_dict`, perhaps read back from JSON."""
        target = values["target"]
        return cls(
            features=_features_from_dict(values["features"]),
            target=TargetPreparation(tuple(target["labels"]), target["mean"], target["scale"]),
            target_name=target["name"],
            summary=tuple(Summary(**each) for each in values["summary"]),
        )


def fit_images(images: Array) -> tuple[ImagePreparation, tuple[Summary, ...]]:
    """Fit the preparation of images, (development rows, height, width[, channels]).

    Raises:
        InputError: if all pixels of all images are the same.
    """
    shape = images.shape[1:]
    channels = shape[2] if len(shape) > 2 else 1
    count = images.size / channels

    def total(of: Any) -> Array:
        """Sums over all pixels of each channel, (channels,)."""
        pieces = (images[i : i + ROWS_AT_ONCE] for i in range(0, len(images), ROWS_AT_ONCE))
        return np.asarray(
            sum(of(piece.reshape(-1, channels).astype(np.float64)).sum(axis=0) for piece in pieces)
        )

    mean = total(lambda pixels: pixels) / count
    scale = np.sqrt(total(lambda pixels: (pixels - mean) ** 2) / count)
    if not scale.any():
        raise InputError("images", "must vary over the development rows", f"only {mean[0]:g}")
    scale[scale == 0] = 1.0
    size = " x ".join(map(str, shape))
    done = "standardized over all pixels of a channel, flattened for dense layers"
    n_features = int(np.prod(shape))
    summary = Summary("images", "image", f"{size}: {done}", n_features)
    prepared = ImagePreparation(tuple(shape), tuple(mean.tolist()), tuple(scale.tolist()))
    return prepared, (summary,)


def fit_target(target: pd.Series, task: Task) -> TargetPreparation:
    """Fit the preparation of the target.

    Args:
        target: (development rows,) as in `Table`.
        task: what is predicted.

    Raises:
        InputError: if the rows have only one class or one value.
    """
    distinct = sorted(target.unique().tolist())
    scale = 1.0 if task == "classification" else float(target.std(ddof=0))
    if len(distinct) < 2 or scale == 0.0:  # or numbers too close to tell apart
        kind = "classes" if task == "classification" else "values"
        rule = f"must have at least two {kind} in the development rows"
        raise InputError(f"target {target.name!r}", rule, f"only {distinct[0]}")
    if task == "classification":
        return TargetPreparation(tuple(distinct), mean=0.0, scale=scale)
    return TargetPreparation((), mean=float(target.mean()), scale=scale)


def _features_to_dict(features: TablePreparation | ImagePreparation) -> dict[str, Any]:
    if isinstance(features, TablePreparation):
        return {"kind": "table", "columns": [column_to_dict(c) for c in features.columns]}
    return {
        "kind": "images",
        "shape": list(features.feature_shape),
        "mean": list(features.mean),
        "scale": list(features.scale),
    }


def _features_from_dict(values: Mapping[str, Any]) -> TablePreparation | ImagePreparation:
    if values["kind"] == "table":
        return TablePreparation(tuple(column_from_dict(each) for each in values["columns"]))
    return ImagePreparation(tuple(values["shape"]), tuple(values["mean"]), tuple(values["scale"]))
