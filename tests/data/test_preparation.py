import pandas as pd
import pytest

from search.data.preparation import fit_target
from search.errors import InputError
from search.rows import Task


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
