from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from search.data import SOURCES, load_table
from search.data.images import IMAGES
from search.errors import InputError

EMBEDDED = ("digits", "wine", "iris", "breast_cancer", "diabetes")
WriteCsv = Callable[[pd.DataFrame | str | bytes], str]


def frame(**columns: Any) -> pd.DataFrame:
    """60 rows with two features and a target, or with other columns."""
    numbers = np.arange(60)
    return pd.DataFrame({"x": numbers, "z": numbers % 7, "y": numbers / 2.0} | columns)


def text(rows: int, header: str = "x,z,y", row: str = "1,2,3") -> str:
    return "\n".join([header, *[row] * rows]) + "\n"


@pytest.mark.parametrize(
    ("name", "task", "shape", "classes"),
    [
        ("digits", "classification", (1797, 64), 10),
        ("wine", "classification", (178, 13), 3),
        ("iris", "classification", (150, 4), 3),
        ("breast_cancer", "classification", (569, 30), 2),
        ("diabetes", "regression", (442, 10), 214),
    ],
)
def test_embedded_data_sets_are_read(
    name: str, task: str, shape: tuple[int, int], classes: int
) -> None:
    table = load_table(name)
    assert (table.source, table.name, table.task, table.notes) == (name, name, task, ())
    assert table.features.shape == shape
    assert table.target.nunique() == classes


def test_every_source_is_known_to_the_tests() -> None:
    assert set(SOURCES) == {*EMBEDDED, "california_housing", *IMAGES}


def test_classes_of_embedded_data_sets_have_their_names() -> None:
    assert set(load_table("iris").target) == {"setosa", "versicolor", "virginica"}


def test_diabetes_is_not_scaled_by_rows_that_will_be_confirm_rows() -> None:
    assert load_table("diabetes").features["age"].between(19, 79).all()


def test_columns_become_numbers_or_text(write_csv: WriteCsv, houses: pd.DataFrame) -> None:
    houses["sold"] = houses["garden"].astype(object).mask(houses["rooms"] == 8)
    houses["id"] = 10**25 + houses["rooms"].astype(object)
    houses["mixed"] = houses["city"].where(houses["rooms"] < 5, "7")
    table = load_table(write_csv(houses), target="price")
    kinds = {name: str(dtype) for name, dtype in table.features.dtypes.items()}
    numbers, words = ["rooms", "area", "garden", "sold", "id"], ["city", "mixed", "kind"]
    assert kinds == dict.fromkeys(numbers, "float64") | dict.fromkeys(words, "str")
    assert table.features["garden"].tolist() == houses["garden"].astype(float).tolist()
    assert table.features["sold"].isna().sum() == (houses["rooms"] == 8).sum()
    assert table.features["city"].isna().sum() == houses["city"].isna().sum()
    assert (table.name, table.target.name) == ("houses", "price")


@pytest.mark.parametrize(
    ("target", "task", "expected"),
    [
        ("price", None, "regression"),
        ("price", "regression", "regression"),
        ("rooms", None, "regression"),
        ("rooms", "classification", "classification"),
        ("kind", None, "classification"),
        ("kind", "classification", "classification"),
        ("garden", None, "classification"),
    ],
)
def test_the_task_follows_the_target_unless_it_is_given(
    write_csv: WriteCsv, houses: pd.DataFrame, target: str, task: Any, expected: str
) -> None:
    assert load_table(write_csv(houses), target=target, task=task).task == expected


def test_whole_numbers_with_few_values_are_pointed_out(
    write_csv: WriteCsv, houses: pd.DataFrame
) -> None:
    path = write_csv(houses)
    note = (
        "target 'rooms' was read as a regression; --task classification makes its 8 values classes"
    )
    assert load_table(path, target="rooms").notes == (note,)
    assert load_table(path, target="rooms", task="regression").notes == ()
    assert load_table(path, target="rooms", task="classification").notes == ()
    assert load_table(path, target="price").notes == ()


def test_rows_without_a_target_are_dropped_and_counted(write_csv: WriteCsv) -> None:
    data = frame(y=np.where(np.arange(60) % 10 == 0, np.nan, np.arange(60) / 2))
    table = load_table(write_csv(data), target="y")
    assert table.notes == ("dropped 6 of 60 rows without 'y'",)
    assert table.features.index.tolist() == table.target.index.tolist() == list(range(54))
    assert table.features["x"].tolist() == [x for x in range(60) if x % 10]


def test_a_byte_order_mark_spaces_and_the_suffixs_case_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "Sales 2024.CSV"
    rows = "\n".join(f"{i}, red, {i / 2}" for i in range(60))
    path.write_text("\ufeffx, z , y\n" + rows, encoding="utf-8")
    table = load_table(str(path), target="y")
    assert table.features.columns.tolist() == ["x", "z"]
    assert set(table.features["z"]) == {"red"}
    assert (table.source, table.name) == (str(path), "Sales 2024")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"data": "digit"},
            "(did you mean 'digits'?), or a file ending in .csv, .parquet, .npz; received digit",
        ),
        ({"data": "table.xlsx"}, "or a file ending in .csv, .parquet, .npz; received table.xlsx"),
        ({"data": ""}, ".npz; received nothing"),
        ({"data": "n" * 300 + ".csv"}, "must be readable; received File name too long"),
        ({"data": "nowhere.csv"}, "data must be a file that exists; received nowhere.csv"),
        (
            {"data": "iris", "target": "species"},
            "target must be left out for iris, which has its own; received species",
        ),
        (
            {"data": "iris", "task": "regression"},
            "task must be classification for iris; received regression",
        ),
        (
            {"data": "diabetes", "task": "classification"},
            "task must be regression for diabetes; received classification",
        ),
    ],
)
def test_an_unknown_data_set_or_a_wrong_choice_is_refused(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as error:
        load_table(**arguments)
    assert str(error.value).endswith(message)


def test_the_task_of_an_embedded_data_set_may_be_repeated() -> None:
    assert load_table("iris", task="classification").task == "classification"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must have a header and rows; received an empty file"),
        (b"\n \n", "must have a header and rows; received an empty file"),
        ("x,z,y\n", "must have at least 50 rows; received 0 rows"),
        (text(49), "must have at least 50 rows; received 49 rows"),
        (
            text(30) + "1,2,3,4\n",
            "must be comma-separated values; received Error tokenizing data. C error: Expected 3",
        ),
        (text(60) + '"1,2,3', "C error: EOF inside string starting at row 61"),
        (text(60, row="1,2,3,4"), "a name for every column; received rows wider than the header"),
        (text(60).encode() + b"1,2,\xe9\n", "must be UTF-8 text; received 'utf-8' codec can't"),
        (b"x,z\xe9,y\n1,2,3\n", "must be UTF-8 text; received 'utf-8' codec can't"),
        (text(60, "x, x ,y"), "must have distinct column names; received 'x' twice"),
        (text(60, ",,y"), "must have distinct column names; received '' twice"),
        (
            text(60, "x,z,yy"),
            "target must be one of x, z, yy (did you mean 'yy'?); received y",
        ),
        (text(60, "x,z,y", "1,2,"), "target 'y' must have values; received none in 60 rows"),
        (text(60, "y", "3"), "must have a column besides the target; received only 'y'"),
        (frame(y="no"), "target 'y' must have at least two classes; received only no"),
        (frame(y=1.5), "target 'y' must have at least two values; received only 1.5"),
        (
            frame(x=[np.inf, *range(59)]),
            "column 'x' must be finite and within 3.4e+38; received inf in row 1",
        ),
        (
            frame(x=[*range(59), -1e39]),
            "column 'x' must be finite and within 3.4e+38; received -1e+39 in row 60",
        ),
        (
            frame(y=[*range(59), -np.inf]),
            "column 'y' must be finite and within 3.4e+38; received -inf in row 60",
        ),
        (
            frame(x=10**400),
            "column 'x' must be finite and within 3.4e+38; received a larger whole number",
        ),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_in_one_line(
    write_csv: WriteCsv, content: pd.DataFrame | str | bytes, message: str
) -> None:
    path = write_csv(content)
    with pytest.raises(InputError) as error:
        load_table(path, target="y")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_needs_a_target(write_csv: WriteCsv) -> None:
    path = write_csv(frame())
    with pytest.raises(InputError) as error:
        load_table(path)
    message = "target must name the column to predict, one of x, z, y; received none"
    assert str(error.value) == message


def test_text_is_no_target_of_a_regression(write_csv: WriteCsv, houses: pd.DataFrame) -> None:
    path = write_csv(houses)
    for target in ("kind", "garden"):
        with pytest.raises(InputError, match=f"target '{target}' must be numeric for a regression"):
            load_table(path, target=target, task="regression")


def test_two_hundred_classes_are_the_most(write_csv: WriteCsv) -> None:
    names = pd.Series([f"class {i % 201}" for i in range(402)])
    data = pd.DataFrame({"x": range(402), "y": names})
    with pytest.raises(InputError, match="target 'y' must have at most 200 classes; received 201"):
        load_table(write_csv(data), target="y")
    few = write_csv(data[names != "class 200"])
    assert load_table(few, target="y").target.nunique() == 200


def test_only_the_first_of_many_columns_are_listed(write_csv: WriteCsv) -> None:
    path = write_csv(pd.DataFrame(np.ones((60, 30))).add_prefix("c"))
    with pytest.raises(InputError, match=r"one of c0, .*, c19 and 10 more; received none"):
        load_table(path)
