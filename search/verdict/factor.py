"""What the comparisons say about a factor, and which of them need more replicates."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from search.verdict.comparison import Comparison
from search.verdict.forecast import Needs
from search.verdict.outcome import Outcome

Key = TypeVar("Key", bound=Hashable)


class Verdict(StrEnum):
    """What is concluded of a factor's default."""

    BEATEN = "beaten"
    HOLDS_OTHER = "holds_other"
    HOLDS_BETTER = "holds_better"
    HOLDS_EQUIVALENT = "holds_equivalent"
    HOLDS = "holds"
    UNDECIDED = "undecided"


# From the strongest to the weakest; each allows no other outcome than these.
_HOLDS = {
    Verdict.HOLDS_BETTER: {Outcome.WORSE},
    Verdict.HOLDS_EQUIVALENT: {Outcome.WORSE, Outcome.EQUIVALENT},
    Verdict.HOLDS: {Outcome.WORSE, Outcome.EQUIVALENT, Outcome.NOT_BETTER},
}


@dataclass(frozen=True, slots=True)
class FactorVerdict:
    """A factor's default and everything it was compared with.

    Raises:
        ValueError: if there is no alternative.
    """

    factor: str
    """The factor."""
    default: str
    """The default's level."""
    comparisons: tuple[Comparison, ...]
    """The alternatives, at least one."""
    depth: int | None = None
    """Hidden layers, where a report compares at several depths; else None."""

    def __post_init__(self) -> None:
        if not self.comparisons:
            raise ValueError(f"{self.factor} must have an alternative; received none")

    @property
    def verdict(self) -> Verdict:
        """The verdict, the first that applies."""
        return judge(self.comparisons)

    @property
    def beaten_by(self) -> tuple[str, ...]:
        """The levels outside the guideline that beat the default."""
        return tuple(c.level for c in self.comparisons if _beats(c) and not c.guideline)

    @property
    def decisive(self) -> tuple[Comparison, ...]:
        """The comparisons that the verdict rests on: those that beat the default, or else all."""
        if self.verdict is Verdict.BEATEN:
            return tuple(c for c in self.comparisons if c.level in self.beaten_by)
        if self.verdict is Verdict.HOLDS_OTHER:
            return tuple(filter(_beats, self.comparisons))
        return self.comparisons

    @property
    def is_skewed(self) -> bool:
        """Whether the verdict should be worded as one about a typical training."""
        return any(c.is_skewed for c in self.decisive)

    @property
    def best(self) -> Comparison:
        """The alternative that can be relied on for the lowest loss.

        That is the one with the lowest upper bound of its difference to the default, and among
        equals the lowest mean. So where any alternative beats the default, this one does. Looks
        that contradict each other have no bound to rely on.
        """
        return min(
            self.comparisons,
            key=lambda c: (
                math.inf if c.inconsistent else c.high,
                math.inf if c.difference is None else c.difference,
            ),
        )

    @property
    def needs(self) -> Needs:
        """What the alternatives still undecided take together; nothing if the verdict stands.

        The hardest decides: looks that contradict each other (nothing helps), too close to the
        margin, rows, replicates.
        """
        if self.verdict is not Verdict.UNDECIDED or any(c.inconsistent for c in self.comparisons):
            return Needs()
        needs = [c.needs for c in self.comparisons if c.outcome is Outcome.UNDECIDED]
        if any(need.too_close for need in needs):
            return Needs(too_close=True)
        rows = max((need.rows or 0 for need in needs), default=0)
        replicates = max((need.replicates or 0 for need in needs), default=0)
        return Needs(rows=rows) if rows else Needs(replicates=replicates or None)

    def to_dict(self) -> dict[str, Any]:
        """The fields that a report shows, ready for JSON."""
        return {
            "factor": self.factor,
            "depth": self.depth,
            "default": self.default,
            "verdict": str(self.verdict),
            "alternatives": [comparison.to_dict() for comparison in self.comparisons],
        }


def judge(comparisons: Sequence[Comparison]) -> Verdict:
    """The verdict on a factor's default, the first that applies.

    The guideline's other choice is an alternative like any, but it cannot beat the guideline.

    Args:
        comparisons: all of the factor's alternatives, at least one.
    """
    outcomes = {c.outcome for c in comparisons}
    beats_from_outside = {c.guideline for c in comparisons if _beats(c)}
    if False in beats_from_outside:
        return Verdict.BEATEN
    if True in beats_from_outside and Outcome.UNDECIDED not in outcomes:
        return Verdict.HOLDS_OTHER
    for verdict, allowed in _HOLDS.items():
        if outcomes <= allowed:
            return verdict
    return Verdict.UNDECIDED


def needs_replicates(comparison: Comparison) -> bool:
    """Whether more replicates can give or sharpen the outcome of one alternative.

    beats_default, worse and equivalent are final. So is what stays undecided whatever comes: looks
    that contradict each other, and too few confirm rows.
    """
    if comparison.inconsistent or not comparison.terms.has_enough_rows:
        return False
    return comparison.outcome in (Outcome.UNDECIDED, Outcome.NOT_BETTER)


def active_levels(factors: Mapping[Key, Sequence[Comparison]]) -> dict[Key, tuple[str, ...]]:
    """The alternatives to train until the next look, by factor.

    A factor stops once none of its alternatives is undecided (and could still be decided). Until
    then an alternative at not_better goes on with it. Leaving costs no validity: each comparison's
    looks were fixed in advance.

    Args:
        factors: factor -> its comparisons as of the last look.

    Returns:
        Factor -> levels; factors that have stopped are left out.
    """
    active: dict[Key, tuple[str, ...]] = {}
    for factor, comparisons in factors.items():
        open_ones = [c for c in comparisons if needs_replicates(c)]
        if any(c.outcome is Outcome.UNDECIDED for c in open_ones):
            active[factor] = tuple(c.level for c in open_ones)
    return active


def _beats(comparison: Comparison) -> bool:
    return comparison.outcome is Outcome.BEATS_DEFAULT
