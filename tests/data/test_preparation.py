import numpy as np
import pandas as pd
import pytest

from search.data.preparation import fit_features, fit_target
from search.errors import InputError
from search.rows import Task


def column(values: np.ndarray, names: tuple[str, ...], name: str) -> list[float]:
    found: list[float] = values[:, names.index(name)].tolist()
    return found


def test_numbers_are_standardized() -> None:
    features = pd.DataFrame({"a": np.arange(100.0), "b": np.geomspace(1, 1e6, 100)})
    prepared = fit_features(features)
    x = prepared.transform(features)
    assert prepared.names == ("a", "b")
    assert x.dtype == np.float32
    assert x.mean(axis=0) == pytest.approx([0, 0], abs=1e-6)
    assert x.std(axis=0) == pytest.approx([1, 1], abs=1e-6)


def test_a_missing_number_becomes_the_median_and_is_indicated() -> None:
    features = pd.DataFrame({"a": [np.nan] * 20 + [1.0] * 30 + [4.0] * 50})
    prepared = fit_features(features)
    x = prepared.transform(pd.DataFrame({"a": [np.nan, 4.0, 1.0]}))
    assert prepared.names == ("a", "missingindicator_a")
    median, also_median, other = column(x, prepared.names, "a")
    assert median == also_median != other
    assert column(x, prepared.names, "missingindicator_a") == pytest.approx([2, -0.5, -0.5])


def test_a_number_missing_for_the_first_time_becomes_the_median() -> None:
    prepared = fit_features(pd.DataFrame({"a": [1.0, 2.0, 3.0] * 20}))
    assert prepared.transform(pd.DataFrame({"a": [np.nan]})).tolist() == [[0.0]]


def test_text_is_one_hot_with_a_category_for_missing_and_one_for_the_rare() -> None:
    values = ["red"] * 40 + ["blue"] * 30 + [None] * 20 + ["teal", "plum", "lime"] * 2
    prepared = fit_features(pd.DataFrame({"c": pd.Series(values, dtype="str")}))
    assert prepared.names == ("c=blue", "c=red", "c=missing", "c=other")
    new = pd.Series(["blue", "red", None, "teal", "never met"], dtype="str")
    x = prepared.transform(pd.DataFrame({"c": new}))
    assert x.argmax(axis=1).tolist() == [0, 1, 2, 3, 3]
    assert x.sum(axis=1).tolist() == [1] * 5


def test_a_text_never_met_is_none_of_the_categories_where_none_is_rare() -> None:
    prepared = fit_features(pd.DataFrame({"c": pd.Series(["red", "blue"] * 30, dtype="str")}))
    new = pd.DataFrame({"c": pd.Series(["green", None], dtype="str")})
    assert prepared.transform(new).tolist() == [[0, 0], [0, 0]]


def test_at_most_fifty_features_come_from_a_text_column() -> None:
    texts = pd.Series([f"t{i}" for i in range(80) for _ in range(6 + i % 2)], dtype="str")
    prepared = fit_features(pd.DataFrame({"c": texts}))
    assert len(prepared.names) == 50
    assert "c=other" in prepared.names


def test_what_is_constant_over_the_development_rows_is_left_out_and_harms_nothing() -> None:
    features = pd.DataFrame(
        {
            "a": np.arange(60.0),
            "constant": 0.1,
            "missing": np.nan,
            "text": pd.Series(["one"] * 60, dtype="str"),
        }
    )
    prepared = fit_features(features)
    assert prepared.names == ("a",)
    assert prepared.constant == ("constant", "missing", "missingindicator_missing", "text=one")
    new = features[:1].assign(constant=1e30, missing=5.0, text="two")
    assert (prepared.transform(new) == prepared.transform(features[:1])).all()


def test_every_prepared_value_is_finite() -> None:
    prepared = fit_features(pd.DataFrame({"a": [0.0, 1e-30] * 30, "b": [3e38, -3e38] * 30}))
    x = prepared.transform(pd.DataFrame({"a": [3e38, -3e38], "b": [3e38, np.nan]}))
    assert np.isfinite(x).all()


def test_columns_are_found_by_name() -> None:
    features = pd.DataFrame({"a": np.arange(60.0), "b": np.arange(60.0) ** 2})
    prepared = fit_features(features)
    assert (prepared.transform(features[["b", "a"]]) == prepared.transform(features)).all()


def test_columns_may_be_named_like_prepared_features() -> None:
    features = pd.DataFrame(
        {"c": pd.Series(["x", "y"] * 30, dtype="str"), "c=x": np.arange(60.0), "c__d": range(60)}
    )
    assert fit_features(features).names == ("c=x", "c__d", "c=x", "c=y")


def test_features_that_never_vary_are_refused() -> None:
    with pytest.raises(InputError, match="features must vary over the development rows"):
        fit_features(pd.DataFrame({"a": [1.0] * 60}))


def test_classes_are_numbered_in_order_and_an_unknown_one_is_minus_one() -> None:
    words = fit_target(pd.Series(["b", "c", "a", "b"]), "classification")
    assert words.class_names == ("a", "b", "c")
    assert words.transform(pd.Series(["c", "a", "z"])).tolist() == [2, 0, -1]
    numbers = fit_target(pd.Series([10.0, 2.0, 0.5, -1.0]), "classification")
    assert numbers.class_names == ("-1", "0.5", "2", "10")
    assert numbers.transform(pd.Series([10.0, 3.0])).tolist() == [3, -1]
    assert (numbers.mean, numbers.scale) == (0.0, 1.0)


def test_a_regressions_target_is_standardized() -> None:
    target = fit_target(pd.Series([1.0, 3.0]), "regression")
    assert (target.class_names, target.mean, target.scale) == ((), 2.0, 1.0)
    assert target.transform(pd.Series([5.0])).tolist() == [3.0]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_one_class_or_value_among_the_development_rows_is_refused(task: Task) -> None:
    with pytest.raises(InputError, match=r"target 'y' must have at least two .* development rows"):
        fit_target(pd.Series([1.0] * 5, name="y"), task)


def test_numbers_too_close_to_be_standardized_are_refused() -> None:
    with pytest.raises(InputError, match="target 'y' must have at least two values"):
        fit_target(pd.Series([0.0, 1e-320] * 5, name="y"), "regression")
