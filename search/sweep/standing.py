"""Where a sweep stands: its verdicts, recomputed from the store and nothing else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import final

import numpy as np

from search.rows import Array
from search.study import Store, TrialRecord
from search.sweep.arms import Arm, Contest, combination
from search.sweep.records import ArmEvidence
from search.verdict import (
    METRICS,
    Calibration,
    Comparison,
    FactorVerdict,
    Loss,
    Terms,
    Verdict,
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
from spaces import FACTORS

LABELS = "confirm_labels.npy"
"""The confirm labels are put beside the predictions at the first look, not before."""
GROUPS = "confirm_groups.npy"
"""And with them, where rows are grouped, (confirm rows,) the number of each row's group."""


@final
@dataclass(frozen=True, slots=True)
class Stage:
    """Contests that are looked at together, and where they stand after their last look."""

    contests: tuple[Contest, ...]
    """What is compared."""
    look: int
    """Replicates at that look; 0 before the first."""
    factors: tuple[FactorVerdict, ...]
    """The verdicts at that look, contest by contest."""
    next_look: int | None
    """Replicates at the next one; None when there is nothing left to do."""
    active: tuple[Arm, ...]
    """The arms that need replicates up to the next look, their defaults among them."""
    used: Mapping[Arm, int]
    """How many replicates of each arm the looks have used."""

    @property
    def arms(self) -> tuple[Arm, ...]:
        """All arms, each default before its alternatives."""
        return tuple(arm for contest in self.contests for arm in contest.arms)


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """Where a sweep stands."""

    stages: tuple[Stage, ...]
    """What was asked for, then a combination for each depth at which several factors are beaten,
    then what searches found."""

    @property
    def current(self) -> Stage | None:
        """The first stage with something left to do."""
        return next((stage for stage in self.stages if stage.next_look is not None), None)

    @property
    def factors(self) -> tuple[FactorVerdict, ...]:
        """All verdicts, in the order of the depths."""
        found = [factor for stage in self.stages for factor in stage.factors]
        return tuple(sorted(found, key=lambda factor: factor.depth or 0))


@final
class Judge:
    """Takes the looks of one sweep; remembers the losses it has read.

    Args:
        contests: what was asked for.
        terms: fixed beforehand.
        store: holds the replicates and their predictions.
        found: what searches have found so far, each against its default.
    """

    def __init__(
        self,
        contests: tuple[Contest, ...],
        terms: Terms,
        store: Store,
        found: Callable[[], Sequence[Contest]] = tuple,
    ) -> None:
        self._found = found
        self._contests = contests
        self._terms = terms
        self._store = store
        self._losses: dict[tuple[str, int], tuple[Array, bool]] = {}
        self._calibrations: dict[str, Calibration] = {}
        self._labels: Array | None = None

    @property
    def terms(self) -> Terms:
        """What was fixed beforehand, and whether the labels allow a verdict once they are there."""
        if self._terms.loss is not Loss.AUC or not self._store.has_predictions(LABELS):
            return self._terms
        one_class = len(np.unique(self._confirm_labels() == 1)) < 2
        return replace(self._terms, one_class=one_class)

    def take_stock(self, replicates: int) -> Standing:
        """Take every look that the store's replicates allow, in order.

        Args:
            replicates: at most this many for each arm.
        """
        stages = []
        if self._contests:
            asked = self._stage(self._contests, replicates)
            stages.append(asked)
            for contest in self._contests:
                levels = _levels_to_combine(asked, contest)
                if levels:
                    stages.append(self._stage((combination(contest, levels),), replicates))
        for n, contest in enumerate(self._found(), start=1):
            # Each longer search tests anew: together they may err as often as one comparison.
            stages.append(self._stage((contest,), replicates, split=n * (n + 1)))
        return Standing(tuple(stages))

    def evidence(self, standing: Standing) -> tuple[ArmEvidence, ...]:
        """What the looks up to a standing saw of each arm."""
        return tuple(
            self._evidence(arm, contest.default, stage.used[arm])
            for stage in standing.stages
            for contest in stage.contests
            for arm in contest.arms
        )

    def first_look_is_due(self, replicates: int) -> bool:
        """Whether the store has all replicates of the first look, if there is to be one."""
        looks = look_schedule(replicates)
        together = [self._contests, *((contest,) for contest in self._found())]
        return bool(looks) and any(
            self._has_replicates([arm for x in contests for arm in x.arms], looks[0])
            for contests in together
            if contests
        )

    def confirm_loss(self, record: TrialRecord) -> float | None:
        """The loss of a trial's predictions on the confirm rows; None before the first look."""
        if record.artifact is None or not self._store.has_predictions(LABELS):
            return None
        predictions, loss = self._store.read_predictions(record.artifact), self.terms.loss
        return float(mean_loss(row_losses(predictions, self._confirm_labels(), loss), loss))

    def _stage(self, contests: tuple[Contest, ...], replicates: int, *, split: int = 1) -> Stage:
        """Take a stage's looks; `split` comparisons share the error probability of one."""
        arms = tuple(arm for contest in contests for arm in contest.arms)
        used, active, look = dict.fromkeys(arms, 0), arms, 0
        factors = self._verdicts(contests, used, split)
        for n in look_schedule(replicates):
            if not self._has_replicates(active, n) or not self._store.has_predictions(LABELS):
                return Stage(contests, look, factors, n, active, used)
            used.update(dict.fromkeys(active, n))
            factors, look = self._verdicts(contests, used, split), n
            active = _still_active(contests, factors)
            if not active:
                break
        return Stage(contests, look, factors, None, active, used)

    def _has_replicates(self, arms: Iterable[Arm], n: int) -> bool:
        return all(len(self._replicates(arm, n)) == n for arm in arms)

    def _replicates(self, arm: Arm, n: int) -> list[TrialRecord]:
        records = self._store.records(arm.confirm_study)
        return sorted((r for r in records if r.index < n), key=lambda record: record.index)

    def _verdicts(
        self, contests: Iterable[Contest], used: Mapping[Arm, int], split: int
    ) -> tuple[FactorVerdict, ...]:
        return tuple(
            FactorVerdict(
                factor,
                contest.default_level(factor),
                tuple(self._comparison(arm, contest.default, used[arm], split) for arm in arms),
                contest.default.depth,
            )
            for contest in contests
            for factor, arms in contest.factors.items()
        )

    def _comparison(self, arm: Arm, default: Arm, n: int, split: int) -> Comparison:
        mine, theirs, failures = self._paired_losses(arm, default, n)
        terms = replace(self.terms, comparisons=self.terms.comparisons * split)
        return compare(
            delta(mine, theirs, terms.loss) if n else np.zeros(0),
            self._differences(mine, theirs) if n else np.zeros(terms.n_rows),
            terms,
            level=arm.level,
            guideline=arm.guideline,
            failures=failures,
        )

    def _evidence(self, arm: Arm, default: Arm, n: int) -> ArmEvidence:
        records = self._replicates(arm, n)
        seen = [self._row_losses(arm, record) for record in records]
        mine, theirs, _ = self._paired_losses(arm, default, n)
        return ArmEvidence(
            factor=arm.factor,
            level=arm.level,
            depth=arm.recipe.depth,
            study=arm.confirm_study,
            losses=tuple(float(mean_loss(losses, self.terms.loss)) for losses, _ in seen),
            deltas=tuple(map(float, delta(mine, theirs, self.terms.loss))) if n else (),
            failed=tuple(failed for _, failed in seen),
            calibration=self._calibration(records),
        )

    def _calibration(self, records: Iterable[TrialRecord]) -> Calibration | None:
        """Of the predictions on disk: a failed replicate says nothing about probabilities."""
        if METRICS[self.terms.loss].task != "classification":
            return None
        each = [self._calibration_of(r.artifact) for r in records if r.artifact is not None]
        return reduce(add, each) if each else None

    def _calibration_of(self, artifact: str) -> Calibration:
        if artifact not in self._calibrations:
            predictions = self._store.read_predictions(artifact)
            self._calibrations[artifact] = Calibration.of(predictions, self._confirm_labels())
        return self._calibrations[artifact]

    def _paired_losses(self, arm: Arm, default: Arm, n: int) -> tuple[Array, Array, int]:
        """(replicates, rows) of an arm and of the default, and how often the arm failed."""
        if not n:
            nothing = np.zeros((0, self.terms.n_rows))
            return nothing, nothing, 0
        mine = [self._row_losses(arm, record) for record in self._replicates(arm, n)]
        theirs = [self._row_losses(default, record) for record in self._replicates(default, n)]
        failures = sum(failed for _, failed in mine)
        return np.stack([x for x, _ in mine]), np.stack([x for x, _ in theirs]), failures

    def _differences(self, mine: Array, theirs: Array) -> Array:
        """(rows,) what each confirm row adds to the difference, or (groups,) of them."""
        differences = row_differences(mine, theirs, self.terms.loss, self._confirm_labels())
        if self.terms.n_groups is None:
            return differences
        return by_group(differences, self._store.read_predictions(GROUPS))

    def _row_losses(self, arm: Arm, record: TrialRecord) -> tuple[Array, bool]:
        key = arm.name, record.index
        if key not in self._losses:
            predictions = None
            if record.artifact is not None:
                predictions = self._store.read_predictions(record.artifact)
            trivial = np.asarray(record.trivial)
            predictions, failed = or_trivial(predictions, trivial, self.terms.n_rows)
            losses = row_losses(predictions, self._confirm_labels(), self.terms.loss)
            self._losses[key] = losses, failed
        return self._losses[key]

    def _confirm_labels(self) -> Array:
        if self._labels is None:
            self._labels = self._store.read_predictions(LABELS)
        return self._labels


def _still_active(contests: Iterable[Contest], factors: Iterable[FactorVerdict]) -> tuple[Arm, ...]:
    """The arms that need more replicates, the default of each among them."""
    levels = active_levels({(f.depth, f.factor): f.comparisons for f in factors})
    found: list[Arm] = []
    for contest in contests:
        arms = [
            arm
            for arm in contest.alternatives
            if arm.level in levels.get((arm.depth, arm.factor), ())
        ]
        found += [contest.default, *arms] if arms else []
    return tuple(found)


def _levels_to_combine(asked: Stage, contest: Contest) -> dict[str, str]:
    """Factor -> the best level that beats its default, once all factors of a contest are settled.

    Empty before that, and where fewer than two are beaten: then no other recipe is claimed better.
    Once settled, no further replicate can change them, so the combination is fixed, too.
    """
    if any(arm.factor in FACTORS for arm in asked.active if arm in contest.alternatives):
        return {}
    beaten = {
        factor.factor: factor.best.level
        for factor in asked.factors
        if factor.depth == contest.default.depth
        and factor.factor in FACTORS
        and factor.verdict is Verdict.BEATEN
    }
    return beaten if len(beaten) > 1 else {}
