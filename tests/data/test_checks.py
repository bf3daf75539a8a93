import numpy as np
import pandas as pd
import pytest

from search.data import load_dataset
from search.errors import InputError


def frame(n: int = 1_000) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    ill = rng.random(n) < 0.3
    return pd.DataFrame(
        {
            "age": rng.normal(50, 10, n),
            "dose": rng.normal(ill, 1),
            "ill": np.where(ill, "yes", "no"),
        }
    )


def noted(data: pd.DataFrame, words: str, target: str = "ill") -> bool:
    return any(words in note for note in load_dataset(data, target=target).notes)


def test_a_column_that_gives_the_target_away_is_pointed_out() -> None:
    words = "nearly determines the target by itself, is it known beforehand? "
    data, ill = frame(), frame()["ill"]
    assert not noted(data, words)
    assert noted(
        data.assign(bill=np.where(ill == "yes", 100.0, 0) + data["age"] / 10), words + "bill"
    )
    assert noted(data.assign(drug=ill.map({"yes": "A", "no": "B"})), words + "drug")
    assert noted(data.assign(died_on=np.where(ill == "yes", 1.0, np.nan)), words + "died_on")
    priced = data.assign(price=np.exp(data["age"] / 10), tax=np.exp(data["age"] / 10) * 0.2)
    assert noted(priced.drop(columns="age"), words + "tax", "price")


@pytest.mark.parametrize("name", ["digits", "wine", "iris", "breast_cancer", "diabetes"])
def test_no_embedded_data_set_gives_its_target_away(name: str) -> None:
    assert not any("determines" in note for note in load_dataset(name).notes)


def test_one_class_over_nine_tenths_is_pointed_out() -> None:
    words = "an error rate says little; --metric balanced_error, log_loss or auc says more"
    assert not noted(frame(), words)
    assert noted(frame().loc[lambda f: (f["ill"] == "no") | (f.index % 10 == 0)], words)


def test_duplicates_are_counted_and_stay_on_one_side() -> None:
    data = frame()
    assert not noted(data, "repeat another row")
    twice = pd.concat([data, data[:50]])
    assert noted(twice, "50 of 1050 rows repeat another row's features; equal rows are on one side")


def test_test_rows_that_are_training_rows_are_counted() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 4)), rng.integers(0, 2, 300)
    found = load_dataset(((x[:200], y[:200]), (x[190:], y[190:])))
    assert found.n_confirm == 110
    words = "10 of 110 confirm rows equal a development row in every feature"
    assert words in found.notes


def test_balanced_classes_weigh_the_same_and_average_to_one() -> None:
    data = load_dataset(frame(), target="ill", class_weight="balanced")
    weights = data.training_data(with_confirm=False).sample_weight
    assert weights is not None
    assert weights.dtype == np.float32
    totals = np.bincount(data.y, weights)
    assert totals == pytest.approx(np.full(2, len(data.y) / 2))
    assert data.weights_of(np.array([3, 5])) == pytest.approx(weights[[3, 5]])
    assert load_dataset(frame(), target="ill").sample_weight is None


def test_a_regression_has_no_classes_to_weigh() -> None:
    with pytest.raises(InputError, match="--class-weight must be left out for a regression"):
        load_dataset(frame(), target="age", class_weight="balanced")
