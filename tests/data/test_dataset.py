import dataclasses
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from search.data import Dataset, load_dataset, load_table
from search.data.dataset import prepare
from search.data.hashing import fingerprint, row_hashes
from search.data.splits import confirm_mask
from search.defaults import CONFIRM_SHARE
from search.errors import InputError

EMBEDDED = ("digits", "wine", "iris", "breast_cancer", "diabetes")
WriteCsv = Callable[[pd.DataFrame | str | bytes], str]


@pytest.mark.parametrize("name", EMBEDDED)
def test_an_embedded_data_set_is_prepared(name: str) -> None:
    data = load_dataset(name)
    table = load_table(name)
    assert (data.source, data.name, data.target_name) == (name, name, "target")
    assert data.n_rows == data.n_development + data.n_confirm == len(table.target)
    assert data.x.shape == (data.n_development, data.n_features)
    assert data.x_confirm.shape == (data.n_confirm, data.n_features)
    assert data.x.dtype == data.x_confirm.dtype == np.float32
    assert data.y.shape == (data.n_development,)
    assert data.y_confirm.shape == (data.n_confirm,)
    assert data.y_confirm.dtype == np.float64
    assert np.isfinite(data.x).all()
    assert np.isfinite(data.x_confirm).all()
    assert data.x.mean(axis=0) == pytest.approx(np.zeros(data.n_features), abs=1e-5)


def test_classes_and_numbers_come_back_from_the_arrays() -> None:
    for name in ("iris", "diabetes"):
        table, data = load_table(name), load_dataset(name)
        target = table.target[confirm_mask(row_hashes(table.features), CONFIRM_SHARE)].tolist()
        if data.task == "classification":
            assert data.y.dtype == np.int32
            assert [data.class_names[int(label)] for label in data.y_confirm] == target
        else:
            assert data.y.dtype == np.float32
            values = data.y_confirm * data.preparation.target.scale + data.preparation.target.mean
            assert values.tolist() == pytest.approx(target)
            assert (data.y.mean(), data.y.std()) == pytest.approx((0, 1), abs=1e-5)


def test_a_csv_with_numbers_text_and_missing_values_as_regression(
    write_csv: WriteCsv, houses: pd.DataFrame
) -> None:
    data = load_dataset(write_csv(houses), target="price")
    assert (data.task, data.n_classes, data.class_names) == ("regression", 0, ())
    assert data.feature_names[:4] == ("rooms", "area", "area=missing", "garden")
    cities = [name for name in data.feature_names if name.startswith("city=")]
    assert "city=missing" in cities
    assert 10 < len(cities) <= 32
    assert data.training_data(with_confirm=True).n_outputs == 1


def test_a_csv_with_a_text_target_as_classification(
    write_csv: WriteCsv, houses: pd.DataFrame
) -> None:
    data = load_dataset(write_csv(houses), target="kind")
    assert (data.task, data.class_names) == ("classification", ("flat", "house"))
    assert (data.preparation.target.mean, data.preparation.target.scale) == (0.0, 1.0)
    assert data.training_data(with_confirm=True).n_outputs == 2


def test_training_data_has_the_confirm_rows_features_only_where_asked_for() -> None:
    data = load_dataset("wine")
    without = data.training_data(with_confirm=False)
    assert without.features is data.x
    assert without.targets is data.y
    assert without.held_out.shape == (0, data.n_features)
    assert data.training_data(with_confirm=True).held_out is data.x_confirm


def assert_same(first: Dataset, second: Dataset, *, but: set[str]) -> None:
    """All fields are equal but some, which differ."""
    for field in dataclasses.fields(Dataset):
        a, b = getattr(first, field.name), getattr(second, field.name)
        assert np.array_equal(a, b) != (field.name in but), field.name


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_confirm_labels_reach_nothing_but_their_array_and_the_fingerprint(name: str) -> None:
    table = load_table(name)
    confirm = confirm_mask(row_hashes(table.features), CONFIRM_SHARE)
    poison = "never met" if table.task == "classification" else 1e30
    poisoned = dataclasses.replace(table, target=table.target.mask(confirm, poison))
    assert_same(prepare(table), prepare(poisoned), but={"y_confirm", "fingerprint"})
    if table.task == "classification":
        assert set(prepare(poisoned).y_confirm) == {-1}


def test_confirm_features_do_not_reach_the_preparation() -> None:
    table = load_table("wine")
    confirm = confirm_mask(row_hashes(table.features), CONFIRM_SHARE)
    # Wild rows that are confirm rows, too, in the place of the real ones.
    wild = pd.concat([table.features * 10.0**power for power in range(3, 9)])
    wild = wild[confirm_mask(row_hashes(wild), CONFIRM_SHARE)][: confirm.sum()].set_index(
        np.flatnonzero(confirm)
    )
    features = pd.concat([table.features[~confirm], wild]).sort_index()
    poisoned = dataclasses.replace(table, features=features)
    assert_same(prepare(table), prepare(poisoned), but={"x_confirm", "fingerprint"})


def test_one_class_among_the_development_rows_is_refused(write_csv: WriteCsv) -> None:
    features = pd.DataFrame({"x": np.arange(100.0)})
    kinds = np.where(confirm_mask(row_hashes(features), CONFIRM_SHARE), "a", "b")
    path = write_csv(features.assign(kind=kinds))
    with pytest.raises(InputError, match="at least two classes in the development rows"):
        load_dataset(path, target="kind")


def test_what_was_left_out_is_noted() -> None:
    note = "left out as constant over the development rows: pixel_0_0, pixel_4_0, pixel_4_7"
    assert load_dataset("digits").notes == (note,)


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    script = "from search.data import load_dataset; print(load_dataset('iris').fingerprint)"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    found = load_dataset("iris").fingerprint
    assert run.stdout.strip() == found
    assert len(found) == 16
    assert int(found, 16) >= 0


def test_the_fingerprint_changes_with_any_cell_name_order_or_side_of_a_row(
    write_csv: WriteCsv, houses: pd.DataFrame
) -> None:
    tables = [houses.copy() for _ in range(6)]
    tables[1].loc[7, "area"] = 1.0
    tables[2].loc[7, "city"] = "elsewhere"
    tables[3].loc[7, "price"] = 1.0
    tables[4] = houses.rename(columns={"area": "surface"})
    tables[5] = houses[::-1]
    sides = np.arange(len(houses)) % 5 == 0
    prints = [
        fingerprint(load_table(write_csv(x), target="price"), mask)
        for x, mask in [*((x, sides) for x in tables), (houses, ~sides)]
    ]
    assert len(set(prints)) == 7
    assert prints[0] == fingerprint(load_table(write_csv(houses), target="price"), sides)
