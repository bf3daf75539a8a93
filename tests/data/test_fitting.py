import numpy as np
import pandas as pd
import pytest

from search.data.columns import Numbers
from search.data.fitting import fit_features
from search.errors import InputError


def column(values: np.ndarray, names: tuple[str, ...], name: str) -> list[float]:
    found: list[float] = values[:, names.index(name)].tolist()
    return found


def test_numbers_are_standardized() -> None:
    features = pd.DataFrame({"a": np.arange(100.0), "b": np.linspace(5, 7, 100) ** 2})
    prepared, _ = fit_features(features)
    x = prepared.transform(features)
    assert prepared.names == ("a", "b")
    assert x.dtype == np.float32
    assert x.mean(axis=0) == pytest.approx([0, 0], abs=1e-6)
    assert x.std(axis=0) == pytest.approx([1, 1], abs=1e-6)


def test_a_missing_number_becomes_the_median_and_is_indicated() -> None:
    features = pd.DataFrame({"a": [np.nan] * 20 + [1.0] * 30 + [4.0] * 50})
    prepared, _ = fit_features(features)
    x = prepared.transform(pd.DataFrame({"a": [np.nan, 4.0, 1.0]}))
    assert prepared.names == ("a", "a=missing")
    median, also_median, other = column(x, prepared.names, "a")
    assert median == also_median != other
    assert column(x, prepared.names, "a=missing") == pytest.approx([2, -0.5, -0.5])


def test_a_number_missing_for_the_first_time_becomes_the_median() -> None:
    prepared, _ = fit_features(pd.DataFrame({"a": [1.0, 2.0, 3.0] * 20}))
    assert prepared.transform(pd.DataFrame({"a": [np.nan]})).tolist() == [[0.0]]


def test_text_is_one_hot_with_a_category_for_missing_and_one_for_the_rare() -> None:
    values = ["red"] * 40 + ["blue"] * 30 + [None] * 20 + ["teal", "plum", "lime"] * 2
    prepared, _ = fit_features(pd.DataFrame({"c": pd.Series(values, dtype="str")}))
    assert prepared.names == ("c=blue", "c=red", "c=missing", "c=other")
    new = pd.Series(["blue", "red", None, "teal", "never met"], dtype="str")
    x = prepared.transform(pd.DataFrame({"c": new}))
    assert x.argmax(axis=1).tolist() == [0, 1, 2, 3, 3]
    assert x.sum(axis=1).tolist() == [1] * 5


def test_a_text_never_met_is_none_of_the_categories_where_none_is_rare() -> None:
    prepared, _ = fit_features(pd.DataFrame({"c": pd.Series(["red", "blue"] * 30, dtype="str")}))
    new = pd.DataFrame({"c": pd.Series(["green", None], dtype="str")})
    assert prepared.transform(new).tolist() == [[0, 0], [0, 0]]


def test_at_most_fifty_features_come_from_a_text_column() -> None:
    texts = pd.Series([f"t{i}" for i in range(80) for _ in range(6 + i % 2)], dtype="str")
    prepared, _ = fit_features(pd.DataFrame({"c": texts}))
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
    prepared, summary = fit_features(features)
    assert prepared.names == ("a",)
    assert [(each.name, each.kind) for each in summary if not each.n_features] == [
        ("constant", "constant"),
        ("missing", "constant"),
        ("text", "constant"),
    ]
    new = features[:1].assign(constant=1e30, missing=5.0, text="two")
    assert (prepared.transform(new) == prepared.transform(features[:1])).all()


def test_every_prepared_value_is_finite() -> None:
    prepared, _ = fit_features(pd.DataFrame({"a": [0.0, 1e-30] * 30, "b": [3e38, -3e38] * 30}))
    x = prepared.transform(pd.DataFrame({"a": [3e38, -3e38], "b": [3e38, np.nan]}))
    assert np.isfinite(x).all()


def test_columns_are_found_by_name() -> None:
    features = pd.DataFrame({"a": np.arange(60.0), "b": np.arange(60.0) ** 2})
    prepared, _ = fit_features(features)
    assert (prepared.transform(features[["b", "a"]]) == prepared.transform(features)).all()


def test_columns_may_be_named_like_prepared_features() -> None:
    features = pd.DataFrame(
        {"c": pd.Series(["x", "y"] * 30, dtype="str"), "c=x": np.arange(60.0), "c__d": range(60)}
    )
    assert fit_features(features)[0].names == ("c=x", "c=y", "c=x", "c__d")


def test_features_that_never_vary_are_refused() -> None:
    with pytest.raises(InputError, match="features must vary over the development rows"):
        fit_features(pd.DataFrame({"a": [1.0] * 60}))


def test_heavy_tails_are_drawn_in_on_both_sides_and_the_middle_stays() -> None:
    rng = np.random.default_rng(0)
    features = pd.DataFrame(
        {
            "income": rng.lognormal(0, 2, 2_000),
            "debt": -rng.lognormal(0, 2, 2_000),
            "height": rng.normal(170, 10, 2_000),
            "marks": np.minimum(rng.geometric(0.6, 2_000), 15),
        }
    )
    prepared, summary = fit_features(features)
    numbers = [column for column in prepared.columns if isinstance(column, Numbers)]
    tails = {column.name: column.numbers[0].tails for column in numbers}
    assert [name for name, its in tails.items() if its] == ["income", "debt"]
    assert [s.name for s in summary if "asinh" in s.done] == ["income", "debt"]
    x = prepared.transform(features)
    before = ((features - features.mean()) / features.std()).abs().max()
    assert before["income"] > 15
    assert np.abs(x[:, :2]).max() < 6
    assert (np.argsort(x, axis=0) == np.argsort(features.to_numpy(), axis=0)).all()


def test_a_mostly_equal_column_has_its_tails_drawn_in_too() -> None:
    values = np.concatenate([np.zeros(900), np.random.default_rng(0).lognormal(3, 2, 100)])
    (column,) = fit_features(pd.DataFrame({"sales": values}))[0].columns
    assert isinstance(column, Numbers)
    assert column.numbers[0].tails is not None
    assert column.numbers[0].tails == pytest.approx((0.0, values.mean()))


@pytest.mark.parametrize(
    "name", ["id", "patient_id", "customerID", "Row Key", "Unnamed: 0", "UUID"]
)
def test_whole_numbers_called_an_identifier_that_never_repeat_are_left_out(name: str) -> None:
    numbers = np.random.default_rng(0).permutation(60)
    features = pd.DataFrame({name: numbers, "a": numbers % 7})
    assert fit_features(features)[0].names == ("a",)
    assert fit_features(features.assign(**{name: numbers // 2}))[0].names == (name, "a")
    assert fit_features(features.assign(**{name: numbers + 0.5}))[0].names == (name, "a")


@pytest.mark.parametrize("name", ["width", "paid", "idea", "monkey"])
def test_other_whole_numbers_that_never_repeat_are_numbers(name: str) -> None:
    assert fit_features(pd.DataFrame({name: np.arange(60)}))[0].names == (name,)


def test_text_that_never_repeats_is_an_identifier() -> None:
    features = pd.DataFrame({"a": np.arange(60), "name": [f"n{i}" for i in range(60)]})
    prepared, summary = fit_features(features.astype({"name": "str"}))
    assert prepared.names == ("a",)
    assert summary[1].kind == "identifier"
    new = pd.DataFrame({"a": [1.0]})
    assert prepared.transform(new).shape == (1, 1)  # which nobody has to have


def test_codes_become_categories_where_asked_for_whatever_they_are_read_as() -> None:
    codes = pd.Series([1.0, 2.0, 3.5] * 20)
    prepared, _ = fit_features(pd.DataFrame({"code": codes}), ["code"])
    assert prepared.names == ("code=1", "code=2", "code=3.5")
    for new in (codes, codes.map("{:g}".format).astype("str")):
        assert (
            prepared.transform(pd.DataFrame({"code": new})).argmax(axis=1).tolist()
            == [0, 1, 2] * 20
        )


def test_what_is_fitted_without_a_column_is_refused_with_its_name() -> None:
    prepared, _ = fit_features(pd.DataFrame({"a": np.arange(60), "b": np.arange(60) % 7}))
    with pytest.raises(InputError, match="rows must have the column 'b'; received a, c"):
        prepared.transform(pd.DataFrame({"a": [1], "c": [2]}))
