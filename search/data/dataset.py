"""A data set ready for training: prepared arrays, and the confirm rows apart."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, final

import numpy as np
import pandas as pd

from search.data.checks import duplicate_notes, imbalance_notes, leak_notes, left_out_notes
from search.data.fitting import fit_features
from search.data.hashing import fingerprint
from search.data.preparation import (
    ImagePreparation,
    Preparation,
    TablePreparation,
    fit_images,
    fit_target,
)
from search.data.sources import load_table
from search.data.splits import (
    check_development,
    confirm_rows,
    split_development,
    split_groups,
    split_over_time,
    times_of,
)
from search.data.table import Mask, Roles, Table
from search.defaults import CONFIRM_SHARE, VALIDATION_SHARE
from search.errors import InputError
from search.memory import check_fits
from search.rows import Array, Split, Task, TrainingData

ClassWeight = Literal["balanced"]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Development and confirm rows, both prepared by what the development rows say."""

    source: str
    """What the person named: a data set or a path."""
    name: str
    """The same, short: the data set or the file's stem."""
    task: Task
    """What is predicted."""
    preparation: Preparation
    """How the features and the target were made, and what became of each column."""
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
    confirm_rows: Array
    """(confirm rows,) which ones they are of the rows with a target, as read, from 0; ascending."""
    sample_weight: Array | None
    """(development rows,) float32 that balances the classes, if asked for."""
    groups: Array | None
    """(development rows,) whole numbers from 0: rows of one group stay together, if given."""
    confirm_groups: Array | None
    """(confirm rows,) the same of the confirm rows."""
    times: Array | None
    """(development rows,) that order the rows, if given."""
    fingerprint: str
    """16 hexadecimal digits: changes with the data as read and with the side of any row."""
    notes: tuple[str, ...]
    """How the data was read and prepared, and what looks odd about it."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Of the prepared features."""
        return self.preparation.features.names

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """Of one row before it was flattened: of an image its own, else (features,)."""
        return self.preparation.features.feature_shape

    @property
    def class_names(self) -> tuple[str, ...]:
        """By class index; none for a regression."""
        return self.preparation.target.class_names

    @property
    def target_name(self) -> str:
        """Column that is predicted."""
        return self.preparation.target_name

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
    def n_confirm_groups(self) -> int | None:
        """Groups among them; None where rows are not grouped."""
        return None if self.confirm_groups is None else int(self.confirm_groups.max()) + 1

    @property
    def n_features(self) -> int:
        """Prepared features."""
        return int(self.x.shape[1])

    @property
    def n_classes(self) -> int:
        """Classes among the development rows; 0 for a regression."""
        return len(self.class_names)

    @property
    def rarest_share(self) -> float:
        """Share of the rarest class among the development rows; 1 for a regression."""
        if not self.n_classes:
            return 1.0
        return float(np.bincount(self.y, minlength=self.n_classes).min() / len(self.y))

    @lru_cache(maxsize=2)  # noqa: B019  # a data set lives as long as its process
    def training_data(self, *, with_confirm: bool) -> TrainingData:
        """The development rows, and the confirm rows' features to be predicted or no such rows.

        The same object each time: workers know by it that they have the rows already.
        """
        return TrainingData(
            features=self.x,
            targets=self.y,
            task=self.task,
            n_outputs=self.n_classes or 1,
            held_out=self.x_confirm if with_confirm else self.x_confirm[:0],
            sample_weight=self.sample_weight,
        )

    def weights_of(self, rows: Array) -> Array | None:
        """The weights of some development rows, if there are any."""
        return None if self.sample_weight is None else self.sample_weight[rows]

    def split(self, generator: np.random.Generator) -> Split:
        """A replicate's training and validation rows; equal sizes whatever the generator."""
        if self.times is not None:
            return split_over_time(self.times, VALIDATION_SHARE, generator)
        if self.groups is not None:
            return split_groups(self.y, self.groups, VALIDATION_SHARE, generator)
        return split_development(self.y, VALIDATION_SHARE, generator)


def load_dataset(
    data: Any,
    *,
    target: str | None = None,
    task: Task | None = None,
    roles: Roles | None = None,
    class_weight: ClassWeight | None = None,
) -> Dataset:
    """Read, split and prepare a data set.

    Args:
        data: a name, a path or objects in memory, as `load_table` takes them.
        target: the column to predict.
        task: what is predicted; None leaves it to the target's values.
        roles: columns that group the rows, tell their time or are codes of categories.
        class_weight: `balanced` makes every class weigh the same in training.

    Raises:
        InputError: if there is no such data or it breaks a rule.
    """
    table = load_table(data, target=target, task=task, roles=roles)
    return prepare(table, class_weight=class_weight)


def prepare(table: Table, *, class_weight: ClassWeight | None = None) -> Dataset:
    """Split a table and prepare both sides by what its development rows say.

    Raises:
        InputError: if a side has too few rows, or nothing varies over the development rows.
    """
    confirm = confirm_rows(table, CONFIRM_SHARE)
    preparation, x, x_confirm = _prepared(table, confirm)
    y = preparation.target.transform(table.target)
    is_classification = table.task == "classification"
    y_development = y[~confirm].astype(np.int32 if is_classification else np.float32)
    groups = None if table.group is None else _numbered(table.group[~confirm])
    times = None if table.time is None else times_of(table.time)[~confirm]
    check_development(groups, times)
    return Dataset(
        source=table.source,
        name=table.name,
        task=table.task,
        preparation=preparation,
        x=x,
        y=y_development,
        x_confirm=x_confirm,
        y_confirm=y[confirm],
        confirm_rows=np.flatnonzero(confirm),
        sample_weight=_weights(y_development, table.task, class_weight),
        groups=groups,
        confirm_groups=None if table.group is None else _numbered(table.group[confirm]),
        times=times,
        fingerprint=fingerprint(table, confirm),
        notes=(*table.notes, *_notes(table, confirm, y_development, preparation)),
    )


def _prepared(table: Table, confirm: Mask) -> tuple[Preparation, Array, Array]:
    """The preparation, fitted on the development rows, and the features of both sides."""
    target = fit_target(table.target[~confirm], table.task)
    name = str(table.target.name)
    if table.images is None:
        rows, held_out = table.features[~confirm], table.features[confirm]
        columns, summary = fit_features(rows, table.categories)
        _check_size(table, columns)
        preparation = Preparation(columns, target, name, summary)
        return preparation, columns.transform(rows), columns.transform(held_out)
    seen = table.images[~confirm]
    images, summary = fit_images(seen)
    _check_size(table, images)
    preparation = Preparation(images, target, name, summary)
    return preparation, images.transform(seen), images.transform(table.images[confirm])


def _check_size(table: Table, prepared: TablePreparation | ImagePreparation) -> None:
    n_rows, n_features = len(table.target), math.prod(prepared.feature_shape)
    what = f"{n_rows:,} rows of {n_features:,} prepared features, in 4 bytes each"
    check_fits(table.source, 4 * n_rows * n_features, what)


def _weights(y: Array, task: Task, class_weight: ClassWeight | None) -> Array | None:
    """Rows over (K n_c) for a row of class c, as scikit-learn's `balanced`; they average to 1."""
    if class_weight is None:
        return None
    if task != "classification":
        raise InputError("--class-weight", "must be left out for a regression", class_weight)
    counts = np.bincount(y)
    return np.asarray((len(y) / (len(counts) * counts))[y], dtype=np.float32)


def _numbered(groups: pd.Series) -> Array:
    """(rows,) whole numbers from 0, in the order of the groups' names."""
    return np.unique(groups.to_numpy(), return_inverse=True)[1]


def _notes(table: Table, confirm: Mask, y: Array, preparation: Preparation) -> list[str]:
    notes = [*left_out_notes(preparation.summary), *duplicate_notes(table, confirm)]
    if table.images is None:
        notes += leak_notes(table.features[~confirm], y, table.task)
    if table.task == "classification":
        notes += imbalance_notes(preparation.target.class_names, y)
    return notes
