"""An exported `prepare.py` does what the package did."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from search.data import Dataset, load_dataset
from tests.data.tables import TABLES
from tests.exporting.conftest import run_prepare

PREPARE = Path(__file__).parents[2] / "search" / "exporting" / "prepare.py"


def prepare_of(dataset: Dataset, folder: Path) -> Mapping[str, Any]:
    content = json.dumps(dataset.preparation.to_dict(), allow_nan=False)
    (folder / "preparation.json").write_text(content)
    shutil.copy(PREPARE, folder)
    return run_prepare(folder)


def in_order(dataset: Dataset, development: np.ndarray, confirm: np.ndarray) -> np.ndarray:
    """Both sides as they stood in the table."""
    rows = np.empty((dataset.n_rows, *development.shape[1:]))
    is_confirm = np.isin(np.arange(dataset.n_rows), dataset.confirm_rows)
    rows[is_confirm], rows[~is_confirm] = confirm, development
    return rows


@pytest.mark.parametrize("name", TABLES)
def test_it_makes_the_same_features_and_targets_of_a_table(name: str, tmp_path: Path) -> None:
    case = TABLES[name]()
    dataset = load_dataset(case.frame, target=case.target, roles=case.roles, **case.options)
    prepare = prepare_of(dataset, tmp_path)
    frame = case.frame.dropna(subset=[case.target])
    features = prepare["prepare"](frame)
    assert features.dtype == np.float32
    assert (features == in_order(dataset, dataset.x, dataset.x_confirm)).all()
    targets = prepare["prepare_target"](frame[case.target])
    expected = in_order(dataset, dataset.y, dataset.y_confirm)
    assert np.allclose(targets, expected, rtol=0, atol=1e-6)


def test_a_table_read_from_a_file_gives_the_same_features(tmp_path: Path) -> None:
    TABLES["mixed"]().frame.to_csv(tmp_path / "mixed.csv", index=False)
    dataset = load_dataset(str(tmp_path / "mixed.csv"), target="price")
    prepare = prepare_of(dataset, tmp_path)
    features = prepare["prepare"](pd.read_csv(tmp_path / "mixed.csv"))
    assert (features == in_order(dataset, dataset.x, dataset.x_confirm)).all()


@pytest.mark.parametrize("shape", [(60, 5, 4), (60, 5, 4, 3)])
def test_it_makes_the_same_features_of_images(shape: tuple[int, ...], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, shape).astype(np.uint8), rng.integers(0, 3, 60)
    dataset = load_dataset((x, y))
    prepare = prepare_of(dataset, tmp_path)
    assert (prepare["prepare"](x) == in_order(dataset, dataset.x, dataset.x_confirm)).all()
    assert (prepare["prepare_target"](y) == in_order(dataset, dataset.y, dataset.y_confirm)).all()


def test_categories_and_classes_that_were_never_met_are_no_error(tmp_path: Path) -> None:
    case = TABLES["all_text"]()
    dataset = load_dataset(case.frame, target=case.target)
    prepare = prepare_of(dataset, tmp_path)
    row = case.frame.head(1).assign(t0="never met", y="neither")
    assert (prepare["prepare"](row) == dataset.preparation.transform(row)).all()
    assert prepare["prepare_target"](row["y"]).tolist() == [-1]
