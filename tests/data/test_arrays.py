from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from search.data import Roles, load_dataset
from search.errors import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 3))
Y = RNG.integers(0, 3, 100)
PARTS = {"x_train": X[:70], "y_train": Y[:70], "x_test": X[70:], "y_test": Y[70:]}


def npz(folder: Path, **arrays: Any) -> str:
    np.savez(folder / "data.npz", **arrays)
    return str(folder / "data.npz")


def test_a_file_of_arrays_is_what_they_are_in_memory(tmp_path: Path) -> None:
    data = load_dataset(npz(tmp_path, x=X, y=Y))
    assert (data.name, data.task, data.n_classes) == ("data", "classification", 3)
    assert data.feature_names == ("x0", "x1", "x2")
    for same in ((X, Y), [X, Y], {"x": X, "y": Y}, (pd.DataFrame(X).add_prefix("x"), pd.Series(Y))):
        again = load_dataset(same)
        assert again.fingerprint == data.fingerprint
        assert (again.source, again.name) == ("data in memory", "memory")


def test_test_rows_are_the_confirm_rows(tmp_path: Path) -> None:
    data = load_dataset(npz(tmp_path, **PARTS))
    assert (data.n_development, data.n_confirm) == (70, 30)
    assert data.y_confirm.tolist() == Y[70:].tolist()
    as_keras = load_dataset(((X[:70], Y[:70, None]), (X[70:], Y[70:, None])))
    assert as_keras.fingerprint == data.fingerprint


@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 3)])
def test_arrays_of_images_keep_their_shape(shape: tuple[int, ...], dtype: str) -> None:
    images = RNG.integers(0, 256, (100, *shape)).astype(dtype)
    data = load_dataset((images, Y))
    assert data.feature_shape == shape
    assert data.n_features == len(data.feature_names) == np.prod(shape)
    assert (data.x.mean(), data.x.std()) == pytest.approx((0, 1), abs=1e-4)
    assert load_dataset((images, Y / 2)).task == "regression"
    assert load_dataset((images[::-1], Y[::-1])).n_confirm == data.n_confirm


def test_whole_numbers_are_classes_unless_the_task_says_otherwise() -> None:
    assert load_dataset((X, Y)).class_names == ("0", "1", "2")
    assert load_dataset((X, Y.astype(float))).task == "regression"
    assert load_dataset((X, Y), task="regression").task == "regression"
    assert load_dataset((X, Y > 0)).class_names == ("False", "True")
    assert load_dataset((X, np.array(["a", "b", "c"])[Y])).class_names == ("a", "b", "c")


@pytest.mark.parametrize("shape", [(4,), (4, 4)])
@pytest.mark.parametrize("dtype", ["int64", "float32", "bool", "str"])
def test_images_have_the_task_that_a_table_with_their_target_has(
    dtype: str, shape: tuple[int, ...]
) -> None:
    x, y = RNG.normal(size=(100, *shape)), Y.astype(dtype)
    numbers, found = dtype in {"int64", "float32"}, load_dataset((x, y))
    assert found.task == ("regression" if dtype == "float32" else "classification")
    assert any("was read as a regression" in note for note in found.notes) == (dtype == "float32")
    classes = load_dataset((x, y), task="classification")
    assert classes.class_names == (("0", "1", "2") if dtype != "bool" else ("False", "True"))
    if numbers:
        assert load_dataset((x, y), task="regression").task == "regression"
    else:
        with pytest.raises(InputError, match="must be numeric for a regression"):
            load_dataset((x, y), task="regression")


@pytest.mark.parametrize(
    ("column", "wrong", "words"),
    [
        ("a", np.inf, "column 'a' must be finite .* received inf in row 7"),
        ("patient", np.nan, "column 'patient' must have a group in every row; received none in 7"),
        ("y", np.inf, "column 'y' must be finite .* received inf in row 7"),
    ],
)
@pytest.mark.parametrize("index", [pd.date_range("2024-01-01", periods=100), [*"ab"] * 50])
def test_a_wrong_value_is_found_by_its_row_whatever_the_index(
    index: Any, column: str, wrong: float, words: str
) -> None:
    frame = pd.DataFrame({"a": X[:, 0], "patient": Y * 1.0, "y": X[:, 1]})
    frame.loc[6, column] = wrong
    with pytest.raises(InputError, match=words):
        load_dataset(frame.set_index(pd.Index(index)), target="y", roles=Roles(group="patient"))


def test_a_frame_in_memory_may_have_any_names_and_types() -> None:
    frame = pd.DataFrame(
        {
            0: X[:, 0],
            ("a", 1): pd.Categorical(np.array(["u", "v"])[Y % 2]),
            "day": pd.date_range("2024-01-01", periods=100, tz="Europe/Zurich"),
            "span": pd.to_timedelta(RNG.integers(0, 9, 100), unit="h"),
            "flag": pd.array(Y > 1, dtype="boolean"),
            "whole": pd.array(Y, dtype="Int64"),
            "y": Y,
        }
    )
    data = load_dataset(
        frame, target="y", task="classification", roles=Roles(categories=("whole",))
    )
    kinds = {s.name: s.kind for s in data.preparation.summary}
    assert kinds["0"] == kinds["span"] == kinds["flag"] == "number"
    assert kinds["('a', 1)"] == kinds["whole"] == "category"
    assert kinds["day"] == "date"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"x": X}, "must have the arrays x and y, or x_train"),
        ({"x": X, "y": Y, "z": Y}, "must have the arrays x and y"),
        ((X, Y[:50]), "must have as many targets as rows; received 50 for 100"),
        ((X, X), "must have y of (rows,)"),
        ((X[:20], Y[:20]), "must have at least 50 rows; received 20 rows"),
        ((X.astype(str), Y), "must have numbers in x"),
        ((np.zeros((100, 2, 2, 2, 2)), Y), "must have numbers in x"),
        ((np.full((100, 4, 4), np.nan), Y), "must be finite"),
        (
            ((np.ones((70, 4, 4)), Y[:70]), (RNG.normal(size=(30, 4, 4)), Y[70:])),
            "images must vary over the development rows; received only 1",
        ),
        (
            ((X[:97], Y[:97]), (X[97:], Y[97:])),
            "confirm rows must be at least 5; received 3 of 100 rows",
        ),
        (
            ((X[:3], Y[:3]), (X[3:], Y[3:])),
            "development rows must be at least 5; received 3 of 100 rows",
        ),
        ((X, np.where(Y == 0, np.nan, Y)), "must have a finite target in every row"),
        (((X[:70], Y[:70]), (X[70:, :2], Y[70:])), "must have the same columns in both x"),
        ((RNG.normal(size=(300, 4, 4)), np.arange(300)), "must have at most 200 classes"),
        (X, "data must be a name, a path, a DataFrame, (x, y) or"),
        (3, "data must be a name, a path, a DataFrame, (x, y) or"),
    ],
)
def test_arrays_that_break_a_rule_are_refused(data: Any, words: str) -> None:
    with pytest.raises(InputError) as error:
        load_dataset(data)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"target": "y"}, "target must be left out for arrays, which has its own"),
        ({"roles": Roles(group="x0")}, "--group must be left out where there are test rows"),
        ({"task": "regression", "class_weight": "balanced"}, "--class-weight must be left out"),
    ],
)
def test_options_that_do_not_fit_arrays_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as error:
        load_dataset(PARTS, **options)
    assert words in str(error.value)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path = npz(tmp_path, x=np.array([{"a": 1}] * 60), y=Y[:60])
    with pytest.raises(InputError, match="must be an NPZ file of plain arrays"):
        load_dataset(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"PAR1PAR1"])
@pytest.mark.parametrize("suffix", ["npz", "parquet"])
def test_a_damaged_file_is_refused_in_one_line(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"data.{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        load_dataset(str(path), target=None if suffix == "npz" else "y")
    assert "\n" not in str(error.value)
