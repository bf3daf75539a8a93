"""What a sweep tells: events while it runs, and the report of where it stands."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import pandas as pd

from search.settings import Settings
from search.study.record import Phase, TrialRecord
from search.verdict import Calibration, Comparison, FactorVerdict, Terms
from spaces import Edge, Recipe, Space

_LONG = ("columns", "preparation")
"""What a report has of the data beside what its JSON document repeats."""

State = Literal["running", "interrupted", "stopped", "done"]
"""Interrupted: no process holds it and work is left. Stopped: its budget is spent."""


@final
@dataclass(frozen=True, slots=True)
class Planned:
    """A sweep begins or goes on: how much it takes, counted from its first trial on."""

    comparisons: int
    """Alternatives compared with their default."""
    pilot: int
    """Trainings of the pilot, if no range is widened."""
    first_look: int
    """Trainings up to the first look at the replicates, those of the pilot included."""
    most: int
    """Trainings in all, if no level is decided before the last look."""
    search: int = 0
    """Trials of the search among them, at most; some end early."""


@final
@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """A phase begins or goes on."""

    phase: Phase
    """Pilot, confirm or final."""
    trials: int
    """Trials this phase has planned up to its next decision, those already stored included."""
    stored: int
    """How many of them the store has."""
    seconds: float | None = None
    """At most so many are left, by the budget; None without one."""


@final
@dataclass(frozen=True, slots=True)
class TrialStored:
    """A finished trial has reached the store."""

    record: TrialRecord
    """What the store has."""


@final
@dataclass(frozen=True, slots=True)
class LookTaken:
    """The intervals were looked at."""

    replicates: int
    """At this number of replicates."""
    factors: tuple[FactorVerdict, ...]
    """Where each factor stands."""


Event = Planned | PhaseStarted | TrialStored | LookTaken
Listener = Callable[[Event], None]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ArmEvidence:
    """What the looks saw of one level: its losses on the confirm rows, replicate by replicate."""

    factor: str
    """The factor whose level it is; `default` for the default recipe itself, but `combination` for
    the default that a combination is compared with."""
    level: str
    """The level; the recipe's name for the default recipe."""
    depth: int
    """Hidden layers."""
    study: str
    """Where its replicates are."""
    losses: tuple[float, ...]
    """(replicates,) the metric's loss on the confirm rows, up to its last look."""
    deltas: tuple[float, ...]
    """(replicates,) difference to the default it is compared with; zeros for a default."""
    failed: tuple[bool, ...]
    """(replicates,) whether it scored as the trivial predictor."""
    calibration: Calibration | None
    """Of the predicted probabilities on the confirm rows, all replicates pooled; None where there
    are no probabilities or no look has been taken."""


@final
@dataclass(frozen=True, slots=True)
class Candidate:
    """A recipe that a selection may choose."""

    number: int
    """Of its trial."""
    recipe: Recipe
    """With the numbers that were found."""
    changes: int
    """Choices in which it differs from the default."""
    found: float
    """The trial's value, which made it a candidate."""


@final
@dataclass(frozen=True, slots=True)
class Selected:
    """A candidate after its replicates."""

    candidate: Candidate
    """Of the search."""
    values: tuple[float, ...]
    """(replicates,) the metric's loss on their validation rows; infinite where one failed."""

    @property
    def mean(self) -> float:
        """Of the values."""
        return sum(self.values) / len(self.values)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReport:
    """Where a search stands."""

    space: Space
    """What it varies."""
    sampler: str
    """Who says what is tried next: its name, or its class where an object was handed over."""
    pruner: str
    """Who ends trials early; the same."""
    prior: str
    """How far the default recipes are trusted."""
    trials: int
    """Trials that ended."""
    most: int
    """At most so many."""
    reason: str | None
    """Why it is over; None if it is not."""
    selected: tuple[Selected, ...]
    """The candidates after their replicates, the default first; none before."""
    chosen: Selected | None
    """The winner."""
    edges: tuple[Edge, ...]
    """Where the winner lies at an edge of what was searched."""

    def to_dict(self) -> dict[str, Any]:
        """For the JSON document."""
        chosen = self.chosen
        return {
            "sampler": self.sampler,
            "pruner": self.pruner,
            "prior": self.prior,
            "trials": self.trials,
            "most": self.most,
            "reason": self.reason,
            "candidates": [
                {
                    "trial": each.candidate.number,
                    "changes": each.candidate.changes,
                    "found": _finite(each.candidate.found),
                    "validation": _finite(each.mean),
                }
                for each in self.selected
            ],
            "chosen": None if chosen is None else chosen.candidate.number,
            "recipe": None if chosen is None else chosen.candidate.recipe.to_dict(),
            "edges": [str(edge) for edge in self.edges],
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The best recipe known, and how its final model did."""

    recipe: Recipe
    """The recipe, its numbers as the pilot or the search found them."""
    reason: str
    """Why it is the best, in words."""
    validation: float | None
    """The metric as a loss, of standardized targets, on the model's validation rows; None if its
    training failed."""
    confirm: float | None
    """The same on the confirm rows; None before the first look, too."""
    versus_default: Comparison | None
    """That shows it to beat the default; None if it is the default."""
    record: TrialRecord
    """Of the final training."""

    def to_dict(self) -> dict[str, Any]:
        """All but the record, ready for JSON."""
        return {
            "recipe": self.recipe.to_dict(),
            "reason": self.reason,
            "validation": self.validation,
            "confirm": self.confirm,
            "versus_default": versus.to_dict() if (versus := self.versus_default) else None,
        }


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReport:
    """Where a sweep stands, computed from its store alone."""

    name: str
    """Of the sweep."""
    state: State
    """Whether it is done."""
    settings: Settings
    """What was asked for."""
    recipe: Recipe
    """The default that was checked, its numbers at their own defaults; at the first depth."""
    data: Mapping[str, Any]
    """source, task, target, notes, fingerprint, and the counts of rows, features and classes."""
    conditions: Mapping[str, Any]
    """What every claim is conditional on."""
    terms: Terms
    """What was fixed beforehand of every comparison."""
    factors: tuple[FactorVerdict, ...]
    """The verdicts, in the order of the depths and of the table."""
    notes: tuple[str, ...]
    """What a reader should know: windows at the edge, failures."""
    complete: int
    """Trials that ended with a value."""
    failed: int
    """Trials in which every training diverged."""
    pruned: int = 0
    """Trials of the search that were told to end."""
    trainings: int
    """Members trained."""
    seconds: float
    """Wall time spent training."""
    compile_seconds: float
    """What workers spent on compiling in that time, each counted by itself."""
    best: Best | None = None
    """The best recipe known, once its final model is trained."""
    evidence: tuple[ArmEvidence, ...] = ()
    """The default first, then the alternatives in the table's order."""
    records: tuple[TrialRecord, ...] = ()
    """Every finished trial, as the store has them."""
    search: SearchReport | None = None
    """Where the search stands, if there is one."""
    mlflow: Mapping[str, Any] | None = None
    """tracking_uri, experiment_id and run_id, once logged."""

    @property
    def verdicts(self) -> pd.DataFrame:
        """One row for each comparison; `search/docs/frames.md` lists the columns."""
        from search.sweep import frames  # noqa: PLC0415  # it knows this record

        return frames.verdicts(self)

    @property
    def replicates(self) -> pd.DataFrame:
        """One row for each depth, factor, level and replicate that a look has used."""
        from search.sweep import frames  # noqa: PLC0415  # it knows this record

        return frames.replicates(self)

    @property
    def trials(self) -> pd.DataFrame:
        """One row for each trial of the pilot."""
        from search.sweep import frames  # noqa: PLC0415  # it knows this record

        return frames.trials(self)

    def to_dict(self) -> dict[str, Any]:
        """The one JSON document of a sweep."""
        return {
            "name": self.name,
            "state": self.state,
            "seed": self.settings.seed,
            "seconds": round(self.seconds, 1),
            "compile_seconds": round(self.compile_seconds, 1),
            "trainings": self.trainings,
            "conditions": dict(self.conditions),
            "data": {key: value for key, value in self.data.items() if key not in _LONG},
            "recipe": self.recipe.to_dict(),
            "trials": {"complete": self.complete, "pruned": self.pruned, "failed": self.failed},
            "factors": [factor.to_dict() for factor in self.factors],
            "notes": list(self.notes),
            "search": None if self.search is None else self.search.to_dict(),
            "best": None if self.best is None else self.best.to_dict(),
            "mlflow": None if self.mlflow is None else dict(self.mlflow),
        }
