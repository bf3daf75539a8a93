"""A data set ready for training: prepared arrays, and the confirm rows apart."""

from dataclasses import dataclass
from typing import final

import numpy as np

from search.data.hashing import fingerprint
from search.data.preparation import fit_features, fit_target
from search.data.sources import load_table
from search.data.splits import confirm_mask
from search.data.table import Table, listed
from search.defaults import CONFIRM_SHARE
from search.rows import Array, Task, TrainingData


@final
@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Development and confirm rows, both prepared by what the development rows say."""

    source: str
    """What the person named: an embedded data set or a path."""
    name: str
    """The same, short: the data set or the file's stem."""
    task: Task
    """What is predicted."""
    feature_names: tuple[str, ...]
    """Of the prepared features."""
    class_names: tuple[str, ...]
    """By class index; none for a regression."""
    target_name: str
    """Column that is predicted."""
    target_mean: float
    """Of a regression's target before it was standardized; 0 for a classification."""
    target_scale: float
    """Its standard deviation; 1 for a classification."""
    x: Array
    """(development rows, features) float32."""
    y: Array
    """(development rows,) int32 class indices, or float32 standardized numbers."""
    x_confirm: Array
    """(confirm rows, features) float32."""
    y_confirm: Array
    """(confirm rows,) float64, the same as `y`; -1 for a class that no development row has.

    Nothing reads it before a look of the verdict.
    """
    fingerprint: str
    """16 hexadecimal digits: changes with the data as read and with the side of any row."""
    notes: tuple[str, ...]
    """How the data was read and prepared, where that is no matter of course."""

    @property
    def n_rows(self) -> int:
        """All rows."""
        return self.n_development + self.n_confirm

    @property
    def n_development(self) -> int:
        """Rows that trainings may draw from."""
        return len(self.x)

    @property
    def n_confirm(self) -> int:
        """Rows locked away for the verdict."""
        return len(self.x_confirm)

    @property
    def n_features(self) -> int:
        """Prepared features."""
        return len(self.feature_names)

    @property
    def n_classes(self) -> int:
        """Classes among the development rows; 0 for a regression."""
        return len(self.class_names)

    def training_data(self, *, with_confirm: bool) -> TrainingData:
        """The development rows, and the confirm rows' features to be predicted or no such rows."""
        return TrainingData(
            features=self.x,
            targets=self.y,
            task=self.task,
            n_outputs=self.n_classes or 1,
            held_out=self.x_confirm if with_confirm else self.x_confirm[:0],
        )


def load_dataset(data: str, *, target: str | None = None, task: Task | None = None) -> Dataset:
    """Read, split and prepare an embedded data set or a file.

    Args:
        data: a name or a path, as `load_table` takes it.
        target: the column to predict.
        task: what is predicted; None leaves it to the target's values.

    Raises:
        InputError: if there is no such data or it breaks a rule.
    """
    return prepare(load_table(data, target=target, task=task))


def prepare(table: Table) -> Dataset:
    """Split a table and prepare both sides by what its development rows say.

    Raises:
        InputError: if a side has too few rows, or nothing varies over the development rows.
    """
    confirm = confirm_mask(table.features, CONFIRM_SHARE)
    features = fit_features(table.features[~confirm])
    target = fit_target(table.target[~confirm], table.task)
    y = target.transform(table.target)
    notes = table.notes
    if features.constant:
        left_out = listed(features.constant)
        notes += (f"left out as constant over the development rows: {left_out}",)
    return Dataset(
        source=table.source,
        name=table.name,
        task=table.task,
        feature_names=features.names,
        class_names=target.class_names,
        target_name=str(table.target.name),
        target_mean=target.mean,
        target_scale=target.scale,
        x=features.transform(table.features[~confirm]),
        y=y[~confirm].astype(np.int32 if table.task == "classification" else np.float32),
        x_confirm=features.transform(table.features[confirm]),
        y_confirm=y[confirm],
        fingerprint=fingerprint(table, confirm),
        notes=notes,
    )
