import math
from dataclasses import replace

import pytest

from search.report.rows import alternative_rows, factor_row, in_points, sections
from search.verdict import FactorVerdict, Loss, Terms
from tests.reports import TERMS, comparison, factor, mixed


@pytest.mark.parametrize(
    ("difference", "loss", "text"),
    [
        (0.0031, Loss.ERROR_RATE, "+0.31"),
        (-0.0142, Loss.ERROR_RATE, "−1.42"),
        (-0.00001, Loss.ERROR_RATE, "0.00"),
        (math.log(1.02), Loss.RMSE, "+2.00"),
        (math.log(25.0), Loss.RMSE, "+2,400"),
        (0.0031, Loss.AUC, "+0.31"),
        (-0.0031, Loss.BALANCED_ERROR, "−0.31"),
        (0.0031, Loss.LOG_LOSS, "+0.0031"),
        (-0.00001, Loss.LOG_LOSS, "0.0000"),
        (math.log(1.02), Loss.MAE, "+2.00"),
    ],
)
def test_differences_are_shown_in_points_with_their_sign(
    difference: float, loss: Loss, text: str
) -> None:
    assert in_points(difference, loss) == text


def test_the_best_alternative_is_the_one_to_be_relied_on() -> None:
    """A lower mean that is less sure does not count for more."""
    unsure = comparison("swish", -0.02, spread=0.05)
    sure = comparison("relu", -0.015, spread=0.001)
    assert FactorVerdict("activation", "elu", (unsure, sure)).best is sure


def test_a_default_that_is_beaten_is_shown_with_what_beats_it() -> None:
    row = factor_row(factor("normalization", {"batch": -0.03}))
    assert (row.tone, row.default, row.verdict) == ("beaten", "none", "is beaten by batch")
    assert (row.best, row.difference) == ("batch", "−3.00")
    assert row.interval.startswith("−3.")
    assert row.replicates == "32"


def test_the_guidelines_other_choice_is_marked() -> None:
    row = factor_row(factor("optimizer", {"adamw": -0.03, "adam": 0.03}))
    assert (row.tone, row.best) == ("other", "adamw*")
    tones = [r.tone for r in alternative_rows(factor("optimizer", {"adamw": -0.03, "adam": 0.03}))]
    assert tones == ["other", "holds"]


def test_before_the_first_look_there_is_nothing_to_show() -> None:
    row = factor_row(factor("activation", {"relu": 0.0, "selu": 0.0}, replicates=0))
    assert (row.tone, row.best, row.difference, row.interval) == ("open", "–", "–", "–")
    assert (row.replicates, row.new_rows) == ("0", "–")


def test_bounds_that_do_not_exist_yet_are_not_shown_as_infinite() -> None:
    many = Terms(Loss.ERROR_RATE, margin=0.01, comparisons=1000, n_rows=360)
    row = factor_row(factor("activation", {"relu": 0.0}, terms=many, replicates=16))
    assert row.interval == "no bounds yet"


@pytest.mark.parametrize(
    ("mean", "n_rows", "words"),
    [(0.0, 1_000_000, "yes"), (0.0, 360, "no"), (-0.012, 360, "–")],
)
def test_new_rows_tell_whether_the_verdict_carries_over(
    mean: float, n_rows: int, words: str
) -> None:
    terms = Terms(Loss.ERROR_RATE, margin=0.01, comparisons=16, n_rows=n_rows)
    assert factor_row(factor("activation", {"relu": mean}, terms=terms)).new_rows == words


def test_a_verdict_that_weakens_on_new_rows_carries_over_partly() -> None:
    row = factor_row(factor("activation", {"selu": 0.02}))
    assert (row.verdict, row.new_rows) == ("holds: every alternative is worse", "partly")


def test_a_line_of_an_alternative_tells_how_often_the_default_won_and_what_failed() -> None:
    (row,) = alternative_rows(factor("activation", {"selu": 0.03}, failures=3))
    assert row.outcome.startswith("worse than the default by more than 1 percentage point")
    assert "every training failed in 3 replicates" in row.outcome
    assert (row.level, row.default_wins, row.replicates) == ("selu", "100 %", "32")
    assert row.new_rows == "expected to hold on new rows too"


def test_one_failed_replicate_is_one() -> None:
    (row,) = alternative_rows(factor("activation", {"selu": 0.03}, failures=1))
    assert "every training failed in 1 replicate, scored" in row.outcome


def test_a_line_of_an_alternative_tells_the_margin_that_would_change_it() -> None:
    (row,) = alternative_rows(factor("activation", {"selu": 0.03}))
    (found,) = factor("activation", {"selu": 0.03}).comparisons
    assert found.skewness is not None
    assert float(row.skewness.replace("−", "-")) == pytest.approx(found.skewness, abs=0.05)
    assert row.margin == f"{100 * found.low:.3g} percentage points"
    (early,) = alternative_rows(factor("activation", {"selu": 0.03}, replicates=0))
    assert (early.margin, early.skewness) == ("–", "–")


def test_sections_are_the_depths_in_words() -> None:
    shallow, deep = factor("activation", {"selu": 0.03}), factor("optimizer", {"adam": 0.03})
    assert sections((shallow, deep)) == {None: [shallow, deep]}
    one, twenty = replace(shallow, depth=1), replace(deep, depth=20)
    assert sections((one, twenty)) == {"1 hidden layer": [one], "20 hidden layers": [twenty]}


def test_each_verdict_has_its_tone() -> None:
    tones = [factor_row(x).tone for x in mixed(terms=TERMS)]
    assert tones == ["holds", "open", "beaten", "holds", "other", "holds"]
