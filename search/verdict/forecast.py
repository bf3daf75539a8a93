"""What an open question would still take. Forecasts, not claims: they spend no error probability.

All suppose that what comes will vary as what was seen: the mean and the spread stay, and so does
the distribution around them.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from search.verdict.intervals import Array, mean_reach, median_rank
from search.verdict.levels import ALL_LOOKS, look_alpha
from search.verdict.outcome import Outcome
from search.verdict.rows import rows_for_widening
from search.verdict.terms import Terms

MOST_TIMES_ROWS = 10
"""An open difference that would take more than this many times the rows is called too close."""
MOST_TIMES_NEW_ROWS = 1000
"""The same for a decided one that is to hold for new rows."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a comparison would still take; all empty if it takes nothing."""

    replicates: int | None = None
    """The number of replicates in all, a look, that should bring an outcome."""
    rows: int | None = None
    """The number of confirm rows in all that should bring an outcome, or carry it to new rows."""
    too_close: bool = False
    """Whether the difference is so close to the margin that neither would help."""

    def to_dict(self) -> dict[str, Any]:
        """The fields, ready for JSON."""
        return {"replicates": self.replicates, "rows": self.rows, "too_close": self.too_close}


def needs_before_first_look(terms: Terms) -> Needs:
    """What a comparison without any look takes: the first look whose interval is finite."""
    if not terms.has_enough_rows:
        return Needs(rows=terms.least_rows)
    looks = (n for n in ALL_LOOKS if median_rank(n, look_alpha(n, terms.alpha)) > 0)
    return Needs(replicates=next(looks, None))


def replicates_for_spread(spread: float, terms: Terms) -> int | None:
    """The first look that should decide between recipes that do not differ, before any was seen.

    Args:
        spread: standard deviation of the paired differences, supposed to be normal.
        terms: what was fixed beforehand.

    Returns:
        None if there are too few rows, or no look would do.
    """
    if not terms.has_enough_rows:
        return None
    for n in ALL_LOOKS:
        a = look_alpha(n, terms.alpha)
        d = median_rank(n, a)
        # X_(d) of n values estimates the quantile at (d - 1/2) / n.
        if d and spread * max(mean_reach(n, a), float(norm.isf((d - 0.5) / n))) < terms.margin:
            return n
    return None


def needs_for_decision(deltas: Array, low: float, high: float, terms: Terms) -> Needs:
    """What would decide a comparison that is undecided.

    Undecided means that -margin lies in the interval, so an outcome is reached at the first later
    look whose projected interval leaves it out. If none up to the last does, more confirm rows may:
    the differences then vary less, their spread shrinking as 1/sqrt(rows). Looks that contradict
    each other go on doing so: then nothing helps.

    Args:
        deltas: (replicates,) at the last look.
        low: lower bound.
        high: upper bound.
        terms: what was fixed beforehand.
    """
    if not terms.has_enough_rows:
        return Needs(rows=terms.least_rows)
    if low > high:
        return Needs()
    to_margin = -terms.margin - float(deltas.mean())
    for n in (look for look in ALL_LOOKS if look > deltas.size):
        below, above = _projected_reach(deltas, n, terms.alpha)
        if not -below <= to_margin <= above:
            return Needs(replicates=n)
    below, above = _projected_reach(deltas, ALL_LOOKS[-1], terms.alpha)
    reach = above if to_margin > 0 else below
    if reach**2 >= MOST_TIMES_ROWS * to_margin**2:
        return Needs(too_close=True)
    return Needs(rows=math.floor(terms.n_rows * (reach / to_margin) ** 2) + 1)


def needs_for_new_rows(
    outcome: Outcome, low: float, high: float, differences: Array, terms: Terms
) -> Needs:
    """What would carry an outcome over to new rows; nothing if these rows suffice.

    Args:
        outcome: on these rows, not undecided.
        low: lower bound on these rows.
        high: upper bound on these rows.
        differences: (rows,) from `row_differences`, or (groups,).
        terms: what was fixed beforehand.
    """
    room = {
        Outcome.BEATS_DEFAULT: -terms.margin - high,
        Outcome.WORSE: low - terms.margin,
        Outcome.EQUIVALENT: min(low + terms.margin, terms.margin - high),
        Outcome.NOT_BETTER: low + terms.margin,
    }[outcome]
    rows = rows_for_widening(differences, terms, room)
    if rows < terms.n_rows:
        return Needs()
    if rows > MOST_TIMES_NEW_ROWS * terms.n_rows:
        return Needs(too_close=True)
    return Needs(rows=math.floor(rows) + 1)


def _projected_reach(deltas: Array, n: int, alpha_c: float) -> tuple[float, float]:
    """How far below and above the mean the interval of the look at n should reach."""
    a = look_alpha(n, alpha_c)
    centre = float(deltas.mean())
    reach = mean_reach(n, a) * float(deltas.std(ddof=1))
    d = median_rank(n, a)
    if d == 0:
        return math.inf, math.inf
    # X_(d) of n values estimates the quantile at (d - 1/2) / n.
    share = (d - 0.5) / n
    low, high = np.quantile(deltas, (share, 1 - share), method="hazen")
    return max(reach, centre - float(low)), max(reach, float(high) - centre)
