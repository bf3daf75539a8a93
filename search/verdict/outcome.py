"""What an interval says about one alternative."""

from enum import StrEnum

import numpy as np

from search.verdict.intervals import Array


class Outcome(StrEnum):
    """What is concluded of one alternative."""

    UNDECIDED = "undecided"
    BEATS_DEFAULT = "beats_default"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    NOT_BETTER = "not_better"


ORDER = tuple(Outcome)


def outcome_index(low: Array, high: Array, margin: float) -> Array:
    """The outcome of each interval as its position in `ORDER`; the first that applies.

    The margin is a region of practical equivalence (Benavoli et al. 2017, JMLR 18(77)).

    Args:
        low: lower bounds of alternative minus default in the loss.
        high: upper bounds, the same shape; below `low` where the looks contradict each other.
        margin: the smallest difference that matters, positive.
    """
    conditions = [
        low > high,
        high < -margin,
        low > margin,
        (-margin < low) & (high < margin),
        low > -margin,
    ]
    outcomes = [
        Outcome.UNDECIDED,
        Outcome.BEATS_DEFAULT,
        Outcome.WORSE,
        Outcome.EQUIVALENT,
        Outcome.NOT_BETTER,
    ]
    return np.select(conditions, [ORDER.index(o) for o in outcomes], ORDER.index(Outcome.UNDECIDED))


def decide(low: float, high: float, margin: float) -> Outcome:
    """The outcome of one interval; `outcome_index` says how."""
    return ORDER[int(outcome_index(np.asarray(low), np.asarray(high), margin))]


def margin_of_change(low: float, high: float, margin: float) -> float | None:
    """The margin nearest to `margin` at which the outcome of an interval would become another.

    Returns:
        A positive number; None if the outcome is the same for every margin.
    """
    if low > high:
        return None
    # The outcome can only change where the margin passes a bound; inside (-low, low) it does not.
    changes = {abs(low), abs(high)} if low > 0 or high < 0 else {-low, max(-low, high)}
    usable = sorted(change for change in changes if 0 < change < np.inf)
    return min(usable, key=lambda change: abs(change - margin), default=None)
