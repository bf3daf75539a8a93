"""Final models that were really trained, without the sweep before them."""

import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.data import Dataset, load_dataset
from search.exporting.contents import fill
from search.seeds import generator
from search.settings import Settings
from search.study import TrialRecord
from search.sweep.final import N_EXAMPLES, FinalModel
from search.sweep.records import Best
from search.sweep.run import sweep_file
from search.training import Member, Seeds
from spaces import Recipe
from tests.factories import pilot_trial
from tests.training.reference import by_stacks

Exported = Callable[..., float]


def best_of(recipe: Recipe, confirm: float | None = 0.02) -> Best:
    record: TrialRecord = pilot_trial(recipe=recipe.to_dict())
    return Best(
        recipe=recipe,
        reason="it is asked for",
        validation=0.01,
        confirm=confirm,
        versus_default=None,
        record=record,
    )


def final_model(recipe: Recipe, dataset: Dataset) -> FinalModel:
    split = dataset.split(generator(0, "split"))
    data = dataset.training_data(with_confirm=True)
    ((_, result),) = by_stacks([Member(recipe, split, Seeds(1, 2, 3))], data)
    assert result.weights is not None
    assert result.held_out is not None
    development = np.delete(np.arange(dataset.n_rows), dataset.confirm_rows)
    rows = {
        "train": development[split.train],
        "validation": development[split.validation],
        "confirm": dataset.confirm_rows,
    }
    return FinalModel(result.weights, dataset.x_confirm[:N_EXAMPLES], result.held_out, rows)


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    """Trains a recipe and writes the folder; returns how far its predictions are off."""

    def exported(to: Path, recipe: Recipe, data: Any = "digits", **settings: Any) -> float:
        source = data if isinstance(data, str) else "memory"
        roles = {k: settings.pop(k) for k in ("roles",) if k in settings}
        known = ("target", "task", "class_weight")
        options = {name: settings[name] for name in known if name in settings}
        dataset = load_dataset(data, **options, **roles)
        file = sweep_file(Settings(data=source, **settings), dataset, tmp_path)
        return fill(to, file, best_of(recipe), final_model(recipe, dataset))

    return exported


def run_prepare(folder: Path) -> Mapping[str, Any]:
    """The names that an exported `prepare.py` defines."""
    return runpy.run_path(str(folder / "prepare.py"))
