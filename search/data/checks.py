"""What a person should know of their data before they believe a figure: notes, not errors."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy.stats import rankdata
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from search.data.columns import Summary
from search.data.hashing import table_hashes
from search.data.table import Mask, Table, listed
from search.rows import Array, Task

LEAK_SCORE = 0.99
"""A column that alone explains this share of the target's errors or variance is pointed out."""
_LEAK_ROWS = 2000
"""So many rows are enough to see that."""
_LEAVES = 64
MANY_DUPLICATES = 0.01
MAJORITY = 0.9
"""Above this share of one class the error rate means little."""


def left_out_notes(summary: tuple[Summary, ...]) -> Iterator[str]:
    """Columns that became no feature, by the reason."""
    reasons = {
        "constant": "left out as constant over the development rows",
        "identifier": "left out as identifiers, with another value in every row",
    }
    for kind, reason in reasons.items():
        if names := [column.name for column in summary if column.kind == kind]:
            yield f"{reason}: {listed(names)}"


def duplicate_notes(table: Table, confirm: Mask) -> Iterator[str]:
    """Rows that repeat another row's features; on both sides if no hash of them decides."""
    hashes = table_hashes(table)
    on_both = int(np.isin(hashes[confirm], hashes[~confirm]).sum())
    if on_both:
        yield f"{on_both} of {confirm.sum()} confirm rows equal a development row in every feature"
    repeated = len(hashes) - len(np.unique(hashes))
    if not on_both and repeated > MANY_DUPLICATES * len(hashes):
        yield (
            f"{repeated} of {len(hashes)} rows repeat another row's features; "
            "equal rows are on one side of the confirm split"
        )


def leak_notes(features: pd.DataFrame, target: Array, task: Task) -> Iterator[str]:
    """Columns that alone nearly determine the target, as one made after the fact would.

    A small decision tree of a single column learns one half of some development rows and is scored
    on the other: by how much less it errs than the majority class, or by R^2 of the target's ranks.

    Args:
        features: (development rows, columns).
        target: (development rows,) class indices or standardized numbers.
        task: what is predicted.
    """
    rows = np.random.default_rng(0).permutation(len(features))[:_LEAK_ROWS]
    learnt, scored = np.array_split(rows, 2)
    if task == "classification" and len(np.unique(target[learnt])) > len(learnt) / 2:
        return  # with a row or two of each class nothing can be learnt
    if task == "regression":
        target = rankdata(target)
    names = [
        str(name)
        for name in features.columns
        if _score(features[name], target, task, learnt=learnt, scored=scored) > LEAK_SCORE
    ]
    if names:
        yield f"nearly determines the target by itself, is it known beforehand? {listed(names)}"


def imbalance_notes(class_names: tuple[str, ...], target: Array) -> Iterator[str]:
    """Whether one class is so frequent that the error rate means little.

    Args:
        class_names: by class index.
        target: (development rows,) class indices.
    """
    shares = np.bincount(target, minlength=len(class_names)) / len(target)
    most = int(shares.argmax())
    if shares[most] > MAJORITY:
        better = (
            "balanced_error, log_loss or auc" if len(shares) == 2 else "balanced_error or log_loss"
        )
        yield (
            f"{100 * shares[most]:.0f} % of the development rows are {class_names[most]!r}: "
            f"an error rate says little; --metric {better} says more"
        )


def _score(column: pd.Series, target: Array, task: Task, *, learnt: Array, scored: Array) -> float:
    """The share of errors or variance that a tree of this column explains; at most 1."""
    values = column if is_numeric_dtype(column) else pd.Series(pd.factorize(column)[0])
    x = values.to_numpy("float64")[:, None]
    tree = DecisionTreeClassifier if task == "classification" else DecisionTreeRegressor
    model = tree(max_leaf_nodes=_LEAVES, min_samples_leaf=2, random_state=0)
    model.fit(x[learnt], target[learnt])
    predicted, truth = model.predict(x[scored]), target[scored]
    if task == "classification":
        majority = np.bincount(target[learnt]).argmax()
        blind, errors = (truth != majority).sum(), (truth != predicted).sum()
    else:
        blind, errors = ((truth - truth.mean()) ** 2).sum(), ((truth - predicted) ** 2).sum()
    return float(1 - errors / blind) if blind else 0.0
