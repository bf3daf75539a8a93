"""Whether the answer changed: what one sweep found against what was known before.

An outcome is a claim about the true difference d of an alternative to its default, in margins. Two
outcomes contradict each other if no d fulfils both. So an undecided one contradicts nothing, and
neither do two of which one says more than the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import inf
from typing import Any, NamedTuple, Self, final

from search.sweep.arms import FOUND
from search.verdict import Outcome
from search.verdict.levels import ALPHA

CLAIMS = {
    Outcome.BEATS_DEFAULT: (-inf, -1.0),
    Outcome.WORSE: (1.0, inf),
    Outcome.EQUIVALENT: (-1.0, 1.0),
    Outcome.NOT_BETTER: (-1.0, inf),
    Outcome.UNDECIDED: (-inf, inf),
}
"""Outcome -> the differences that it allows, in margins; open intervals."""

_DAYS = 365.25


def contradict(one: str, other: str) -> bool:
    """Whether two outcomes cannot both be true."""
    (low, high), (least, most) = CLAIMS[Outcome(one)], CLAIMS[Outcome(other)]
    return max(low, least) >= min(high, most)


def says_less(one: str, other: str) -> bool:
    """Whether an outcome is another's mere consequence: not better, where that is worse."""
    (low, high), (least, most) = CLAIMS[Outcome(one)], CLAIMS[Outcome(other)]
    return one != other and low <= least and most <= high


class Key(NamedTuple):
    """What is compared with what, whichever sweep does it."""

    depth: int | None
    """Hidden layers, where a sweep compares at several depths; else None."""
    factor: str
    """The factor, or another question."""
    default: str
    """The default's level."""
    level: str
    """The alternative."""

    def __str__(self) -> str:
        """`activation: swish against elu`, perhaps with the depth."""
        depth = "" if self.depth is None else f" at {self.depth} hidden layers"
        return f"{self.factor}: {self.level} against {self.default}{depth}"


@final
@dataclass(frozen=True, slots=True)
class Known:
    """What was decided last of a comparison."""

    slot: str
    """The sweep that decided it."""
    outcome: str
    """On its data."""
    new_rows: str
    """On new rows."""


@final
@dataclass(frozen=True, slots=True)
class Change:
    """A decided outcome that one of a later sweep contradicts."""

    depth: int | None
    """As of `Key`, and so are the next three."""
    factor: str
    """The factor."""
    default: str
    """The default's level."""
    level: str
    """The alternative."""
    was: str
    """The outcome that was decided before."""
    since: str
    """The sweep that decided it."""
    now: str
    """The outcome of this sweep."""
    carries_over: bool
    """Whether what both sweeps say of new rows is contradictory, too. If not, it may lie in which
    rows the data happened to have."""

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The change written by `to_dict`."""
        return cls(**fields)

    def __str__(self) -> str:
        """In a line for a person."""
        key = Key(self.depth, self.factor, self.default, self.level)
        scope = "on new rows, too" if self.carries_over else "not shown on new rows"
        was, now = (outcome.replace("_", " ") for outcome in (self.was, self.now))
        return f"{key} was {was} ({self.since}), is {now}; {scope}"


def comparisons(report: Mapping[str, Any]) -> dict[Key, Mapping[str, Any]]:
    """Every comparison of a report as JSON (`SweepReport.to_dict`) that another sweep repeats.

    What a search found is no level: `trial 7` is another recipe in each sweep.
    """
    return {
        Key(factor["depth"], factor["factor"], factor["default"], found["level"]): found
        for factor in report["factors"]
        if factor["factor"] != FOUND
        for found in factor["alternatives"]
    }


def known(reports: Iterable[Mapping[str, Any]]) -> dict[Key, Known]:
    """Of each comparison the last decided outcome, but for those that say less than the one before.

    Args:
        reports: as JSON, the earliest first. Where the terms of their claims changed (`terms`),
            what was known before does not count any more.
    """
    found: dict[Key, Known] = {}
    before: Mapping[str, Any] | None = None
    for report in reports:
        if before is not None and terms(before) != terms(report):
            found = {}
        before = report
        for key, comparison in comparisons(report).items():
            outcome = comparison["outcome"]
            if outcome == Outcome.UNDECIDED:
                continue
            if key not in found or not says_less(outcome, found[key].outcome):
                scope = comparison["new_rows"]["outcome"]
                found[key] = Known(report["name"], outcome, scope)
    return found


def changes(before: Iterable[Mapping[str, Any]], report: Mapping[str, Any]) -> list[Change]:
    """What a report contradicts of those before it, the earliest first."""
    earlier = list(before)
    if earlier and terms(earlier[-1]) != terms(report):
        return []
    was = known(earlier)
    return [
        Change(
            *key,
            was=was[key].outcome,
            since=was[key].slot,
            now=found["outcome"],
            carries_over=contradict(was[key].new_rows, found["new_rows"]["outcome"]),
        )
        for key, found in comparisons(report).items()
        if key in was and contradict(was[key].outcome, found["outcome"])
    ]


def terms(report: Mapping[str, Any]) -> dict[str, Any]:
    """What a claim is about: outcomes under other terms do not contradict each other.

    How much was tried, and on how many rows, is no part of it.
    """
    effort = {"replicates", "pilot_trials", "lanes", "comparisons", "n_development", "n_confirm"}
    conditions = report["conditions"]
    return {key: value for key, value in conditions.items() if key not in effort}


def false_alarms(seconds: float) -> str:
    """The false alarms to expect of one sweep every so many seconds, in a sentence.

    All claims of a sweep hold together with probability 1 - ALPHA. Without any change in truth two
    outcomes can only contradict each other if one of their sweeps errs, and a sweep that errs can
    raise two alarms: as the answer goes and as it comes back.
    """
    n = _DAYS * 86400 / seconds
    often = f"{n:.0f} sweeps a year" if n >= 1.5 else "a sweep a year"
    return (
        f"Each sweep errs anywhere about its own rows with a probability of at most {ALPHA:.0%}: "
        f"of {often} at most {ALPHA * n:.3g} are expected to, and to raise at most "
        f"{2 * ALPHA * n:.3g} false alarms, as the answer goes and as it comes back; in "
        "simulations errors are far rarer. Other rows of the same population can move an outcome "
        "near the margin without any error: what is not shown on new rows may be that."
    )
