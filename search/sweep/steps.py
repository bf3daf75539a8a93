"""One step of a sweep: members in, finished trials in the store."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, final

from search.errors import AllTrialsFailedError
from search.rows import TrainingData
from search.settings import Settings
from search.study import Store, TrialRecord
from search.sweep.records import Listener, TrialStored
from search.training.contract import EpochReport, Member, Prune, Result, Seeds
from search.verdict import Loss
from spaces import Recipe, Space

FIRST_TRIALS = 16
"""If as many trials at the head of a plan all fail, a sweep stops."""


class Train(Protocol):
    """What a sweep asks of training; see `Workers.train`."""

    def __call__(
        self,
        members: Sequence[Member],
        data: TrainingData,
        *,
        done: Collection[int] = (),
        keep_weights: bool = False,
        prune: Prune | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """Yield (index, result) as each member is finished."""


@final
@dataclass(frozen=True, slots=True)
class Job:
    """What every step of a sweep works with."""

    settings: Settings
    """What was asked for."""
    loss: Loss
    """What is measured."""
    store: Store
    """Where finished trials go."""
    train: Train
    """Trains members."""
    listeners: tuple[Listener, ...]
    """Hear of every trial once it is stored."""
    clock: Callable[[], float]
    """Seconds that never go back."""

    def tell(self, record: TrialRecord, space: Space | None = None) -> None:
        """Store a finished trial, then let others hear of it."""
        self.store.add(record, space)
        for listener in self.listeners:
            listener(TrialStored(record))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A planned trial: the members it takes, and how their results become its record."""

    study: str
    """Where it will stand."""
    index: int
    """Its place in the plan."""
    members: tuple[Member, ...]
    """One, or a replicate's lanes."""
    record: "Callable[[Trial, Sequence[Result]], TrialRecord]"
    """Makes the record from the trial and the results of its members, in their order."""
    prunes: Callable[[EpochReport], bool] | None = None
    """Whether its only member is to end after an epoch, where it may be told to."""
    space: Space | None = None
    """That its parameters come from, where they are not all numbers."""


def run_trials(job: Job, trials: Sequence[Trial], data: TrainingData) -> bool:
    """Train what the store does not have yet of a list of trials.

    The list is the same however often it is interrupted, so the same members share a stack. A
    member that several trials ask for is trained once: a recipe and its block may be the same.

    Returns:
        Whether all are stored; False if the budget ran out first.

    Raises:
        AllTrialsFailedError: if the first of the list all failed.
    """
    stored = {name: job.store.indices(name) for name in {trial.study for trial in trials}}
    members, owners = _distinct_members(trials)
    missing = {n for n, trial in enumerate(trials) if trial.index not in stored[trial.study]}
    done = {i for i, own in enumerate(owners) if missing.isdisjoint(n for n, _ in own)}
    leading = _leading(trials)
    if leading.isdisjoint(missing):
        _check_that_some_work(job.store, [trials[n] for n in leading])
    if not missing:
        return True
    if budget_is_spent(job):
        return False
    results: dict[int, dict[int, Result]] = {}
    before = job.clock()
    prune = _prune(trials, owners)
    for index, result in job.train(members, data, done=done, prune=prune):
        for number, lane in owners[index]:
            if number not in missing:
                continue
            trial, lanes = trials[number], results.setdefault(number, {})
            lanes[lane] = result
            if len(lanes) < len(trial.members):
                continue
            now = job.clock()
            _tell(job, trial, [lanes[i] for i in range(len(lanes))], wall_seconds=now - before)
            before = now
            del results[number]
            missing.remove(number)
            if number in leading and leading.isdisjoint(missing):
                _check_that_some_work(job.store, [trials[n] for n in leading])
            if budget_is_spent(job):
                return not missing
    return True


def _distinct_members(
    trials: Sequence[Trial],
) -> tuple[list[Member], list[tuple[tuple[int, int], ...]]]:
    """Every training once, and of each the trials that ask for it with their lanes."""
    owners: dict[tuple[Recipe, int, Seeds], list[tuple[int, int]]] = {}
    for number, trial in enumerate(trials):
        for lane, member in enumerate(trial.members):
            same = member.recipe, id(member.split), member.seeds  # a replicate's split is shared
            owners.setdefault(same, []).append((number, lane))
    members = [trials[number].members[lane] for (number, lane), *_ in owners.values()]
    return members, [tuple(own) for own in owners.values()]


def _tell(job: Job, trial: Trial, results: Sequence[Result], *, wall_seconds: float) -> None:
    """Store a trial whose members are all trained."""
    compiling = sum(result.compile_seconds for result in results)
    record = trial.record(trial, results)
    record = replace(record, wall_seconds=wall_seconds, compile_seconds=compiling)
    job.tell(record, trial.space)


def _prune(trials: Sequence[Trial], owners: Sequence[Sequence[tuple[int, int]]]) -> Prune | None:
    """Ask each trial about its member; None where no training may be told to end."""
    if not any(trial.prunes for trial in trials):
        return None
    asked = {index: trials[its[0][0]].prunes for index, its in enumerate(owners)}

    def prune(reports: Sequence[EpochReport]) -> Collection[int]:
        in_order = sorted(reports, key=lambda report: report.index)
        pairs = ((report, asked[report.index]) for report in in_order)
        return {report.index for report, prunes in pairs if prunes is not None and prunes(report)}

    return prune


def _leading(trials: Sequence[Trial]) -> set[int]:
    """Which trials lead a plan; none do where it goes on with a study, as a widened pilot does."""
    begins = bool(trials) and trials[0].index == 0
    return set(range(min(FIRST_TRIALS, len(trials)))) if begins else set()


def _check_that_some_work(store: Store, leading: Sequence[Trial]) -> None:
    """Stop a sweep if the trials that lead its plan all failed: the rest would, too.

    Those that are first to end say nothing: a training that diverges is over at once.

    Raises:
        AllTrialsFailedError: saying how the first one did.
    """
    wanted = {(trial.study, trial.index) for trial in leading}
    records = [
        record
        for study in {trial.study for trial in leading}
        for record in store.records(study)
        if (record.study, record.index) in wanted
    ]
    if records and all(record.state == "failed" for record in records):
        raise AllTrialsFailedError(len(records), records[0].reason)


def budget_is_spent(job: Job) -> bool:
    """Whether there is a budget and training has used it up."""
    budget = job.settings.budget
    return budget is not None and job.store.seconds >= budget
