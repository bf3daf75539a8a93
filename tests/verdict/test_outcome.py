import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from search.verdict import Outcome, decide
from search.verdict.outcome import ORDER, margin_of_change, outcome_index

BOUNDS = st.floats(-3, 3) | st.sampled_from([-math.inf, math.inf, -1.0, 0.0, 1.0])
MARGINS = st.floats(0.01, 3)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (-3, -1.1, Outcome.BEATS_DEFAULT),
        (-3, -1, Outcome.UNDECIDED),
        (-math.inf, math.inf, Outcome.UNDECIDED),
        (-1, 1, Outcome.UNDECIDED),
        (-0.9, 0.9, Outcome.EQUIVALENT),
        (-0.9, -0.1, Outcome.EQUIVALENT),
        (-0.9, 1, Outcome.NOT_BETTER),
        (0.5, math.inf, Outcome.NOT_BETTER),
        (1, 2, Outcome.NOT_BETTER),
        (1.1, 2, Outcome.WORSE),
        (2, 1.9, Outcome.UNDECIDED),
        (-2, -2.1, Outcome.UNDECIDED),
    ],
)
def test_the_first_condition_that_applies_decides(
    low: float, high: float, outcome: Outcome
) -> None:
    assert decide(low, high, 1.0) is outcome


@given(BOUNDS, BOUNDS, MARGINS, MARGINS)
def test_outcomes_are_monotone_in_the_margin(low: float, high: float, a: float, b: float) -> None:
    small, large = decide(low, high, min(a, b)), decide(low, high, max(a, b))
    for lost in (Outcome.BEATS_DEFAULT, Outcome.WORSE):
        assert small is lost or large is not lost
    assert large is Outcome.EQUIVALENT or small is not Outcome.EQUIVALENT
    not_better = (Outcome.WORSE, Outcome.NOT_BETTER, Outcome.EQUIVALENT)
    assert large in not_better or small not in not_better


@given(BOUNDS, BOUNDS, MARGINS)
def test_the_outcome_changes_at_the_margin_of_change_and_not_before(
    low: float, high: float, margin: float
) -> None:
    assume(low <= high)
    change = margin_of_change(low, high, margin)
    outcome = decide(low, high, margin)
    if change is None:
        others = [decide(low, high, other) for other in (1e-300, 0.1, 10, 1e300)]
        assert others == [outcome] * 4
        return
    assume(change > 1e-9)
    around = [decide(low, high, change * factor) for factor in (1 - 1e-9, 1 + 1e-9)]
    assert around[0] is not around[1]
    assume(abs(change - margin) > 1e-6)
    assert decide(low, high, change + (margin - change) * 1e-3) is outcome


def test_contradicting_looks_have_no_margin_of_change() -> None:
    assert margin_of_change(1.0, 0.9, 0.5) is None


@given(st.lists(st.tuples(BOUNDS, BOUNDS), min_size=1))
def test_arrays_are_decided_as_one_by_one(bounds: list[tuple[float, float]]) -> None:
    low, high = np.array(bounds).T
    found = [ORDER[i] for i in outcome_index(low, high, 1.0)]
    assert found == [decide(*pair, 1.0) for pair in bounds]
