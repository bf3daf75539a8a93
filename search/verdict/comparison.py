"""One alternative against the default: everything a report says of it."""

import math
from dataclasses import dataclass, replace
from typing import Any

from search.verdict.forecast import (
    Needs,
    needs_before_first_look,
    needs_for_decision,
    needs_for_new_rows,
)
from search.verdict.intervals import Array, running_intervals, skewness
from search.verdict.levels import look_schedule
from search.verdict.losses import finite
from search.verdict.outcome import Outcome, decide, margin_of_change
from search.verdict.rows import widening
from search.verdict.terms import Terms

STRONG_SKEW = 1.0
"""Above this absolute skewness a claim is worded as one about a typical training."""


@dataclass(frozen=True, slots=True)
class NewRows:
    """The claim about rows that are not in the confirm split."""

    outcome: Outcome
    """What is concluded for new rows."""
    low: float
    """Lower bound; may be -inf."""
    high: float
    """Upper bound; may be inf."""

    def to_dict(self) -> dict[str, Any]:
        """The fields, ready for JSON; an infinite bound is None."""
        return {
            "outcome": str(self.outcome),
            "low": _or_none(self.low),
            "high": _or_none(self.high),
        }


@dataclass(frozen=True, slots=True)
class Look:
    """What was known at one look."""

    replicates: int
    """Used for it."""
    difference: float
    """Mean difference over them."""
    low: float
    """Lower bound on these data, earlier looks included; may be -inf."""
    high: float
    """Upper bound; may be inf."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One alternative against the default; a positive difference favours the default."""

    level: str
    """The alternative."""
    guideline: bool
    """Whether it is the guideline's other choice."""
    terms: Terms
    """What was fixed beforehand."""
    outcome: Outcome
    """What is concluded on these data."""
    inconsistent: bool
    """Whether the looks contradict each other; then the outcome is and stays undecided."""
    difference: float | None
    """Mean difference over the replicates; None before the first look."""
    low: float
    """Lower bound on these data; -inf before the first look."""
    high: float
    """Upper bound on these data; inf before the first look."""
    replicates: int
    """Replicates used: those of the last look, 0 before the first."""
    failures: int
    """Replicates in which the alternative failed and scored as the trivial predictor."""
    default_wins: float | None
    """Share of the replicates in which the default is better, a tie counting half."""
    margin: float | None
    """The margin nearest to the chosen one at which the outcome would change; None if at none."""
    skewness: float | None
    """Third standardized moment of the differences."""
    new_rows: NewRows
    """What is concluded for new rows."""
    needs: Needs
    """What an outcome, or carrying it over to new rows, would still take."""
    looks: tuple[Look, ...] = ()
    """The looks so far, the last of which the fields above tell."""

    @property
    def is_skewed(self) -> bool:
        """Whether the claim should be worded as one about a typical training."""
        return self.skewness is not None and abs(self.skewness) > STRONG_SKEW

    def to_dict(self) -> dict[str, Any]:
        """The fields that a report shows, ready for JSON; an infinite bound is None."""
        return {
            "level": self.level,
            "guideline": self.guideline,
            "outcome": str(self.outcome),
            "inconsistent": self.inconsistent,
            "difference": self.difference,
            "low": _or_none(self.low),
            "high": _or_none(self.high),
            "replicates": self.replicates,
            "failures": self.failures,
            "default_wins": self.default_wins,
            "margin": self.margin,
            "skewness": self.skewness,
            "new_rows": self.new_rows.to_dict(),
            "needs": self.needs.to_dict(),
        }


def compare(  # the last three only name what is compared
    deltas: Array,
    differences: Array,
    terms: Terms,
    *,
    level: str,
    guideline: bool = False,
    failures: int = 0,
) -> Comparison:
    """Compare an alternative with the default at every look its replicates allow.

    Args:
        deltas: (replicates,) from `losses.delta`, in the order of the replicates. Those beyond the
            last look are not used.
        differences: (confirm rows,) from `losses.row_differences`, over the replicates of the last
            look, or (groups,) of them from `rows.by_group`. Not read before the first.
        terms: what was fixed beforehand.
        level: the alternative's name.
        guideline: whether it is the guideline's other choice.
        failures: replicates of the alternative that scored as the trivial predictor.

    Raises:
        ValueError: if a value is not finite or there is not one for each row or group.
    """
    nothing_yet = _before_first_look(terms, level=level, guideline=guideline, failures=failures)
    looks = look_schedule(len(deltas))
    if not looks:
        return nothing_yet
    used = deltas[: looks[-1]]
    _check(used, differences, terms)
    return _at_last_look(nothing_yet, used, differences)


def _at_last_look(nothing_yet: Comparison, deltas: Array, differences: Array) -> Comparison:
    terms = nothing_yet.terms
    lows, highs = running_intervals(deltas, terms.alpha)
    low, high = float(lows[-1]), float(highs[-1])
    outcome = decide(low, high, terms.margin) if terms.has_enough_rows else Outcome.UNDECIDED
    if outcome is Outcome.UNDECIDED:
        needs = needs_for_decision(deltas, low, high, terms)
    else:
        needs = needs_for_new_rows(outcome, low, high, differences, terms)
    return replace(
        nothing_yet,
        outcome=outcome,
        inconsistent=low > high,
        difference=float(deltas.mean()),
        low=low,
        high=high,
        replicates=len(deltas),
        default_wins=float(((deltas > 0) + (deltas == 0) / 2).mean()),
        margin=margin_of_change(low, high, terms.margin) if terms.has_enough_rows else None,
        skewness=float(skewness(deltas)),
        new_rows=_on_new_rows(outcome, low, high, differences, terms),
        needs=needs,
        looks=tuple(
            Look(n, float(deltas[:n].mean()), float(below), float(above))
            for n, below, above in zip(look_schedule(len(deltas)), lows, highs, strict=True)
        ),
    )


def _check(deltas: Array, differences: Array, terms: Terms) -> None:
    finite("differences on the replicates", deltas)
    finite("differences on the rows", differences)
    n = terms.n_groups or terms.n_rows
    if differences.shape != (n,):
        raise ValueError(f"differences must have the shape ({n},); received {differences.shape}")


def _on_new_rows(
    outcome: Outcome, low: float, high: float, differences: Array, terms: Terms
) -> NewRows:
    """The interval widened; what these rows leave open stays open for new ones."""
    reach = float(widening(differences, terms))
    wide = low - reach, high + reach
    if outcome is not Outcome.UNDECIDED:
        outcome = decide(*wide, terms.margin)
    return NewRows(outcome, *wide)


def _before_first_look(terms: Terms, *, level: str, guideline: bool, failures: int) -> Comparison:
    return Comparison(
        level=level,
        guideline=guideline,
        terms=terms,
        outcome=Outcome.UNDECIDED,
        inconsistent=False,
        difference=None,
        low=-math.inf,
        high=math.inf,
        replicates=0,
        failures=failures,
        default_wins=None,
        margin=None,
        skewness=None,
        new_rows=NewRows(Outcome.UNDECIDED, -math.inf, math.inf),
        needs=needs_before_first_look(terms),
    )


def _or_none(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None
