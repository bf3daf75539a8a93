import dataclasses
import math

import numpy as np
import pytest

from search.verdict import (
    Comparison,
    FactorVerdict,
    Loss,
    Needs,
    NewRows,
    Outcome,
    Terms,
    compare,
    new_rows_in_words,
    outcome_in_words,
    verdict_in_words,
)
from search.verdict.words import in_units

TERMS = Terms(Loss.ERROR_RATE, margin=0.01, comparisons=16, n_rows=1000)
EQUAL = compare(np.zeros(16), np.zeros(1000), TERMS, level="relu")


def alternative(outcome: Outcome, level: str = "relu", needs: Needs | None = None) -> Comparison:
    return dataclasses.replace(EQUAL, outcome=outcome, level=level, needs=needs or Needs())


def verdict(*comparisons: Comparison) -> str:
    return verdict_in_words(FactorVerdict("activation", "elu", comparisons))


@pytest.mark.parametrize(
    ("difference", "loss", "words"),
    [
        (0.01, Loss.ERROR_RATE, "1 percentage point"),
        (-0.0251, Loss.ERROR_RATE, "2.51 percentage points"),
        (math.log(1.02), Loss.RMSE, "2 % of the RMSE"),
        (math.log(1.02), Loss.MAE, "2 % of the MAE"),
        (0.01, Loss.LOG_LOSS, "0.01 nats of the log loss"),
        (0.01, Loss.AUC, "1 percentage point of 1 − AUC"),
        (-0.02, Loss.BALANCED_ERROR, "2 percentage points of the balanced error"),
    ],
)
def test_differences_are_told_in_units_people_know(
    difference: float, loss: Loss, words: str
) -> None:
    assert in_units(difference, loss) == words


def test_outcomes_are_told_in_words() -> None:
    assert outcome_in_words(EQUAL) == "no difference that matters (within ±1 percentage point)"
    worse = outcome_in_words(alternative(Outcome.WORSE))
    assert worse == "worse than the default by more than 1 percentage point"


def test_a_strongly_skewed_claim_is_one_about_a_typical_training() -> None:
    skewed = dataclasses.replace(alternative(Outcome.WORSE), skewness=-1.1)
    assert outcome_in_words(skewed).endswith(" in a typical training")
    mild = dataclasses.replace(skewed, skewness=1.0)
    assert "typical" not in outcome_in_words(mild)


def test_a_verdict_that_rests_on_a_skewed_comparison_is_about_a_typical_training() -> None:
    skewed = dataclasses.replace(alternative(Outcome.BEATS_DEFAULT), skewness=2.0)
    assert verdict(skewed) == "elu is beaten by relu in a typical training"
    worse = dataclasses.replace(alternative(Outcome.WORSE, "selu"), skewness=2.0)
    assert verdict(worse) == "elu holds: every alternative is worse in a typical training"
    assert verdict(alternative(Outcome.BEATS_DEFAULT), worse) == "elu is beaten by relu"
    close = dataclasses.replace(worse, outcome=Outcome.NOT_BETTER)
    words = "not better than the default by 1 percentage point in a typical training; perhaps"
    assert outcome_in_words(close).startswith(words)


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (Needs(replicates=48), "needs about 32 more replicates (48 in all)"),
        (
            Needs(rows=1871),
            "replicates cannot settle this: needs about 880 more confirm rows",
        ),
        (Needs(too_close=True), "too close to the margin to be settled by more training"),
    ],
)
def test_an_open_end_says_what_it_needs(needs: Needs, words: str) -> None:
    undecided = alternative(Outcome.UNDECIDED, needs=needs)
    assert outcome_in_words(undecided) == verdict(undecided) == f"undecided: {words}"


def test_contradicting_looks_are_told_as_such() -> None:
    stuck = dataclasses.replace(alternative(Outcome.UNDECIDED), inconsistent=True)
    words = "undecided: early and late replicates contradict each other"
    assert outcome_in_words(stuck) == verdict(stuck) == words


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.BEATS_DEFAULT, "elu is beaten by relu"),
        (Outcome.WORSE, "elu holds: every alternative is worse"),
        (Outcome.EQUIVALENT, "elu holds: every alternative is worse or about as good"),
        (Outcome.NOT_BETTER, "elu holds: no alternative is better by a difference that matters"),
    ],
)
def test_verdicts_are_told_in_words(outcome: Outcome, words: str) -> None:
    assert verdict(alternative(outcome)) == words


def test_verdicts_name_who_beats_the_default() -> None:
    both = (alternative(Outcome.BEATS_DEFAULT), alternative(Outcome.BEATS_DEFAULT, "selu"))
    assert verdict(*both) == "elu is beaten by relu and selu"
    other = dataclasses.replace(both[0], guideline=True)
    assert verdict(other) == "elu is beaten only by the guideline's other choice, relu"


def test_what_carries_over_to_new_rows_is_told_apart() -> None:
    assert new_rows_in_words(EQUAL) == "expected to hold on new rows too"
    short = dataclasses.replace(
        EQUAL, new_rows=NewRows(Outcome.UNDECIDED, -0.02, 0.02), needs=Needs(rows=16_835)
    )
    words = "not shown for new rows; showing more would take about 17,000 confirm rows"
    assert new_rows_in_words(short) == words
    weaker = dataclasses.replace(
        EQUAL, new_rows=NewRows(Outcome.NOT_BETTER, -0.005, 0.02), needs=Needs(too_close=True)
    )
    assert "not better than the default by 1 percentage point" in new_rows_in_words(weaker)
    assert "about new rows before" in new_rows_in_words(alternative(Outcome.UNDECIDED))
