"""Tables of many kinds are loaded, split and prepared, and a fresh process prepares them alike."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.data import Dataset, Preparation, load_dataset, load_table
from tests.data.tables import TABLES, Case

FRESH = """
import json, sys
import numpy as np, pandas as pd
from search.data import Preparation
for name in sys.argv[1:]:
    with open(name + ".json") as file:
        preparation = Preparation.from_dict(json.load(file))
    frame = pd.read_csv(name + ".csv", low_memory=False)
    np.save(name + ".npy", preparation.transform(frame))
"""


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {name: made() for name, made in TABLES.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, cases: dict[str, Case]) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    for name, case in cases.items():
        case.frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def loaded(folder: Path, cases: dict[str, Case]) -> dict[str, Dataset]:
    return {
        name: load_dataset(
            str(folder / f"{name}.csv"), target=case.target, roles=case.roles, **case.options
        )
        for name, case in cases.items()
    }


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_loaded_split_and_prepared(
    name: str, cases: dict[str, Case], loaded: dict[str, Dataset]
) -> None:
    data, case = loaded[name], cases[name]
    assert data.n_classes == case.n_classes
    assert data.n_rows == case.frame[case.target].notna().sum()
    assert data.x.shape == (data.n_development, len(data.feature_names))
    assert np.isfinite(data.x).all()
    assert np.isfinite(data.x_confirm).all()
    columns = case.frame.columns.drop(case.target)
    others = [case.roles.group, case.roles.time]
    assert [s.name for s in data.preparation.summary] == [c for c in columns if c not in others]
    assert sum(s.n_features for s in data.preparation.summary) == data.n_features
    assert 0.1 < data.n_confirm / data.n_rows < 0.3
    splits = [data.split(np.random.default_rng(seed)) for seed in range(3)]
    assert len({(len(split.train), len(split.validation)) for split in splits}) == 1
    assert not set(splits[0].train) & set(splits[0].validation)


def test_a_fresh_process_prepares_the_same_features_bit_for_bit(
    folder: Path, cases: dict[str, Case], loaded: dict[str, Dataset]
) -> None:
    for name, data in loaded.items():
        (folder / f"{name}.json").write_text(json.dumps(data.preparation.to_dict()))
    subprocess.run([sys.executable, "-c", FRESH, *loaded], cwd=folder, check=True, timeout=120)
    for name, data in loaded.items():
        table = load_table(
            str(folder / f"{name}.csv"),
            target=cases[name].target,
            task=data.task,
            roles=cases[name].roles,
        )
        there = cases[name].frame[cases[name].target].notna().to_numpy()
        found = np.load(folder / f"{name}.npy")[there]
        expected = data.preparation.transform(table.features)
        assert found.tobytes() == expected.tobytes(), name
        assert {row.tobytes() for row in data.x} <= {row.tobytes() for row in found}


@pytest.mark.parametrize("name", TABLES)
def test_a_preparation_is_equal_after_json(name: str, loaded: dict[str, Dataset]) -> None:
    preparation = loaded[name].preparation
    assert Preparation.from_dict(json.loads(json.dumps(preparation.to_dict()))) == preparation


def test_a_table_from_memory_is_the_one_from_a_file(
    cases: dict[str, Case], loaded: dict[str, Dataset], folder: Path
) -> None:
    for name in ("mixed", "useless", "groups"):
        case, data = cases[name], loaded[name]
        case.frame.to_parquet(folder / f"{name}.parquet")
        for source in (case.frame, str(folder / f"{name}.parquet")):
            again = load_dataset(source, target=case.target, roles=case.roles, **case.options)
            assert again.fingerprint == data.fingerprint
            assert again.x.tobytes() == data.x.tobytes()


def test_columns_become_what_they_look_like(loaded: dict[str, Dataset]) -> None:
    found = {s.name: s for name in ("mixed", "useless") for s in loaded[name].preparation.summary}
    assert {name: s.kind for name, s in found.items()} == {
        "age": "number",
        "income": "number",
        "member": "number",
        "city": "category",
        "since": "date",
        "changed": "date",
        "customer_id": "identifier",
        "constant": "constant",
        "empty": "constant",
        "Unnamed: 0": "identifier",
        "key": "identifier",
        "useful": "number",
        "code": "category",
    }
    assert found["age"].done == "median where missing, and an indicator of it; standardized"
    assert found["income"].done == "heavy tails drawn in by asinh; standardized"
    assert found["code"].n_features == 4
    assert "written %d.%m.%Y: year, month, weekday, days" in found["since"].done
    notes = loaded["useless"].notes
    assert "left out as identifiers, with another value in every row: Unnamed: 0, key" in notes


def test_text_in_a_column_that_was_numeric_is_missing(loaded: dict[str, Dataset]) -> None:
    preparation = loaded["one_column"].preparation
    found = preparation.transform(pd.DataFrame({"x": ["1.5", "what", None]}))
    expected = preparation.transform(pd.DataFrame({"x": [1.5, np.nan, np.nan]}))
    assert np.array_equal(found, expected)
