"""Where a sweep stands: its verdicts, recomputed from the store and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import final

import numpy as np

from search.rows import Array
from search.study import Store, TrialRecord
from search.sweep.arms import DEFAULT, Arm
from search.sweep.records import ArmEvidence
from search.verdict import (
    METRICS,
    Calibration,
    FactorVerdict,
    Terms,
    active_levels,
    by_group,
    compare,
    delta,
    look_schedule,
    mean_loss,
    or_trivial,
    row_differences,
    row_losses,
)

LABELS = "confirm_labels.npy"
"""The confirm labels are put beside the predictions at the first look, not before."""
GROUPS = "confirm_groups.npy"
"""And with them, where rows are grouped, (confirm rows,) the number of each row's group."""


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """Where a sweep stands after its last complete look."""

    look: int
    """Replicates at that look; 0 before the first."""
    factors: tuple[FactorVerdict, ...]
    """The verdicts at that look."""
    next_look: int | None
    """Replicates at the next one; None when there is nothing left to do."""
    active: tuple[Arm, ...]
    """The arms that need replicates up to the next look, the default among them."""
    used: Mapping[Arm, int]
    """How many replicates of each arm the looks have used."""


@final
class Judge:
    """Takes the looks of one sweep; remembers the losses it has read.

    Args:
        arms: the default first.
        terms: fixed beforehand.
        store: holds the replicates and their predictions.
    """

    def __init__(self, arms: tuple[Arm, ...], terms: Terms, store: Store) -> None:
        self._arms = arms
        self._terms = terms
        self._store = store
        self._losses: dict[tuple[str, int], tuple[Array, bool]] = {}
        self._labels: Array | None = None

    def take_stock(self, replicates: int) -> Standing:
        """Take every look that the store's replicates allow, in order.

        Args:
            replicates: at most this many.
        """
        factors = self._verdicts(dict.fromkeys(self._arms, 0))
        active, used, look = self._arms, dict.fromkeys(self._arms, 0), 0
        for n in look_schedule(replicates):
            if not self._has_replicates(active, n) or not self._store.has_predictions(LABELS):
                return Standing(look, factors, n, active, used)
            used.update(dict.fromkeys(active, n))
            factors, look = self._verdicts(used), n
            active = self._still_active(factors)
            if not active:
                return Standing(look, factors, None, (), used)
        return Standing(look, factors, None, (), used)

    def evidence(self, standing: Standing) -> tuple[ArmEvidence, ...]:
        """What the looks up to a standing saw of each arm."""
        return tuple(self._evidence(arm, standing.used[arm]) for arm in self._arms)

    def first_look_is_due(self, replicates: int) -> bool:
        """Whether the store has all replicates of the first look, if there is to be one."""
        looks = look_schedule(replicates)
        return bool(looks) and self._has_replicates(self._arms, looks[0])

    def _has_replicates(self, arms: Iterable[Arm], n: int) -> bool:
        return all(len(self._replicates(arm, n)) == n for arm in arms)

    def _replicates(self, arm: Arm, n: int) -> list[TrialRecord]:
        records = self._store.records(arm.confirm_study)
        return sorted((r for r in records if r.index < n), key=lambda record: record.index)

    def _verdicts(self, used: dict[Arm, int]) -> tuple[FactorVerdict, ...]:
        default, *alternatives = self._arms
        by_factor: dict[str, list[Arm]] = {}
        for arm in alternatives:
            by_factor.setdefault(arm.factor, []).append(arm)
        verdicts = []
        for factor, arms in by_factor.items():
            level = getattr(default.recipe, factor)
            comparisons = []
            for arm in arms:
                n = used[arm]
                mine, theirs, failures = self._paired_losses(arm, default, n)
                loss = self._terms.loss
                comparison = compare(
                    delta(mine, theirs, loss) if n else np.zeros(0),
                    self._differences(mine, theirs) if n else np.zeros(self._terms.n_rows),
                    self._terms,
                    level=arm.level,
                    guideline=arm.guideline,
                    failures=failures,
                )
                comparisons.append(comparison)
            verdicts.append(FactorVerdict(factor, level, tuple(comparisons)))
        return tuple(verdicts)

    def _still_active(self, factors: Iterable[FactorVerdict]) -> tuple[Arm, ...]:
        levels = active_levels({f.factor: f.comparisons for f in factors})
        return tuple(
            arm
            for arm in self._arms
            if arm.level in levels.get(arm.factor, ()) or (arm.factor == DEFAULT and levels)
        )

    def _evidence(self, arm: Arm, n: int) -> ArmEvidence:
        records = self._replicates(arm, n)
        seen = [self._row_losses(arm, record) for record in records]
        return ArmEvidence(
            factor=arm.factor,
            level=arm.level,
            depth=arm.recipe.depth,
            losses=tuple(float(mean_loss(losses, self._terms.loss)) for losses, _ in seen),
            failed=tuple(failed for _, failed in seen),
            calibration=self._calibration(records),
        )

    def _calibration(self, records: Iterable[TrialRecord]) -> Calibration | None:
        """Of the predictions on disk: a failed replicate says nothing about probabilities."""
        if METRICS[self._terms.loss].task != "classification":
            return None
        each = [
            Calibration.of(self._store.read_predictions(record.artifact), self._confirm_labels())
            for record in records
            if record.artifact is not None
        ]
        return reduce(add, each) if each else None

    def _paired_losses(self, arm: Arm, default: Arm, n: int) -> tuple[Array, Array, int]:
        """(replicates, rows) of an arm and of the default, and how often the arm failed."""
        if not n:
            nothing = np.zeros((0, self._terms.n_rows))
            return nothing, nothing, 0
        mine = [self._row_losses(arm, record) for record in self._replicates(arm, n)]
        theirs = [self._row_losses(default, record) for record in self._replicates(default, n)]
        failures = sum(failed for _, failed in mine)
        return np.stack([x for x, _ in mine]), np.stack([x for x, _ in theirs]), failures

    def _differences(self, mine: Array, theirs: Array) -> Array:
        """(rows,) what each confirm row adds to the difference, or (groups,) of them."""
        differences = row_differences(mine, theirs, self._terms.loss, self._confirm_labels())
        if self._terms.n_groups is None:
            return differences
        return by_group(differences, self._store.read_predictions(GROUPS))

    def _row_losses(self, arm: Arm, record: TrialRecord) -> tuple[Array, bool]:
        key = arm.name, record.index
        if key not in self._losses:
            predictions = None
            if record.artifact is not None:
                predictions = self._store.read_predictions(record.artifact)
            trivial = np.asarray(record.trivial)
            predictions, failed = or_trivial(predictions, trivial, self._terms.n_rows)
            losses = row_losses(predictions, self._confirm_labels(), self._terms.loss)
            self._losses[key] = losses, failed
        return self._losses[key]

    def _confirm_labels(self) -> Array:
        if self._labels is None:
            self._labels = self._store.read_predictions(LABELS)
        return self._labels
