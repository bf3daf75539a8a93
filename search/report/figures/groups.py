"""Everything that was trained for each level, beside the comparison it served."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import final

from search.report.rows import in_layers, sections
from search.study.record import TrialRecord
from search.sweep.arms import DEFAULT
from search.sweep.records import ArmEvidence, SweepReport
from search.verdict import Comparison, FactorVerdict


@final
@dataclass(frozen=True, slots=True)
class Trained:
    """One level, or the default, with what was trained for it."""

    factor: str
    """The factor whose level it is; `default` for the default."""
    level: str
    """The level; the recipe's name for the default."""
    depth: int | None
    """Hidden layers, where a report compares at several depths; else None."""
    comparison: Comparison | None
    """With the default; None for the default itself."""
    evidence: ArmEvidence | None
    """Its confirm losses; None if it has none."""
    records: tuple[TrialRecord, ...]
    """Its trials in both phases."""

    @property
    def is_default(self) -> bool:
        """Whether it is the default."""
        return self.factor == DEFAULT

    @property
    def name(self) -> str:
        """`activation swish`, or `the default`."""
        name = "the default" if self.is_default else f"{self.factor} {self.level}"
        return name if self.depth is None else f"{name} at depth {self.depth}"

    @property
    def pilot(self) -> tuple[TrialRecord, ...]:
        """Its pilot trials, by their learning rates."""
        found = (r for r in self.records if r.phase == "pilot" and "learning_rate" in r.params)
        return tuple(sorted(found, key=lambda r: (float(r.params["learning_rate"]), r.index)))

    @property
    def confirm(self) -> tuple[TrialRecord, ...]:
        """Its replicates in confirm, in order."""
        found = (r for r in self.records if r.phase == "confirm")
        return tuple(sorted(found, key=lambda r: r.index))

    @property
    def loss(self) -> float | None:
        """Mean loss on the confirm rows; None before the first look."""
        return mean(self.evidence.losses) if self.evidence and self.evidence.losses else None


def section_title(depth: int | None) -> str | None:
    """`8 hidden layers`; None where there is only one depth."""
    return None if depth is None else in_layers(depth)


def trained(report: SweepReport) -> dict[int | None, list[Trained]]:
    """By depth: the default first, then every alternative in the order of the tables.

    What is compared with a default of its own, on replicates of its own, comes after that one.
    """
    return {
        part[0].depth: [_default(report, part[0].depth), *_alternatives(report, part)]
        for part in sections(report.factors).values()
    }


def all_trained(report: SweepReport) -> list[Trained]:
    """The same in one list."""
    return [one for section in trained(report).values() for one in section]


def by_name(names: Sequence[Trained]) -> str:
    """`activation swish, activation relu and optimizer adam`."""
    *most, last = (one.name for one in names)
    return f"{', '.join(most)} and {last}" if most else last


def sentence(text: str) -> str:
    """Words as a sentence begins with them."""
    return text[0].upper() + text[1:]


def shortened(name: str, most: int) -> str:
    """A name of at most so many characters, the middle of a longer one left out."""
    if len(name) <= most:
        return name
    half = (most - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def plural(count: int, noun: str) -> str:
    """`1 level`, `14 levels`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _default(report: SweepReport, depth: int | None) -> Trained:
    return _trained(report, DEFAULT, report.settings.default_name, depth=depth, comparison=None)


def _alternatives(report: SweepReport, factors: Sequence[FactorVerdict]) -> Iterator[Trained]:
    for factor in factors:
        name, depth = factor.factor, factor.depth
        own = _trained(report, name, factor.default, depth=depth, comparison=None)
        if own.records:
            yield own
        for comparison in factor.comparisons:
            yield _trained(report, name, comparison.level, depth=depth, comparison=comparison)


def _trained(
    report: SweepReport,
    factor: str,
    level: str,
    *,
    depth: int | None,
    comparison: Comparison | None,
) -> Trained:
    def is_meant(other: TrialRecord | ArmEvidence, its_depth: object) -> bool:
        is_level = other.factor == factor and (factor == DEFAULT or other.level == level)
        return is_level and (depth is None or its_depth == depth)

    evidence = (e for e in report.evidence if is_meant(e, e.depth))
    records = (r for r in report.records if is_meant(r, r.recipe.get("depth")))
    return Trained(factor, level, depth, comparison, next(evidence, None), tuple(records))
