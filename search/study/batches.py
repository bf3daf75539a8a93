"""A study that is asked for trials in batches, each a pure function of the batches before it.

Trials of a batch are asked before any of them is trained. Each is judged by what was learned in the
batches before it and by those of its own batch that train ahead of it: by what these had come to
after as many epochs. So neither the order in which stacks report nor where a process was killed
changes what is tried or pruned.
"""

import copy
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import optuna
from optuna.pruners import BasePruner, NopPruner
from optuna.samplers import BaseSampler, PartialFixedSampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from search.study.ask import distribution, known_experiments
from search.study.record import State
from spaces import Choice, Domain, Float, Int, Space, Value

_NAME = "search"  # Hyperband deals its brackets by this name and a trial's number
# Optuna leaves failed trials out of what it learns from; that a rate is too high is worth learning.
# A pruned trial that has reported nothing is taken for worse than any other.
_STATES: dict[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.PRUNED,
}


@final
@dataclass(frozen=True, slots=True)
class Told:
    """What became of a trial."""

    values: Mapping[str, Value]
    """Its point in the space."""
    state: State
    """How it ended."""
    value: float | None
    """Its loss; None if it failed."""
    reported: Sequence[float]
    """The loss after each of its epochs."""
    attributes: Mapping[str, Any]
    """What pruner and sampler noted of it."""

    @property
    def by_epoch(self) -> dict[int, float]:
        """Epoch, from 1 -> the loss after it; none for a trial that failed."""
        return {} if self.state == "failed" else dict(enumerate(self.reported, start=1))


@final
class BatchedStudy:
    """Asks in batches, judges trials in training, and hears of those that ended.

    Args:
        space: what may vary.
        make_sampler: a seed -> the sampler of a batch.
        pruner: says which trials are to end early.
    """

    def __init__(
        self, space: Space, make_sampler: Callable[[int], BaseSampler], pruner: BasePruner
    ) -> None:
        self._space = space
        self._make_sampler = make_sampler
        self._pruner = pruner
        self._storage = _Storage()
        self._study = optuna.create_study(
            storage=self._storage, study_name=_NAME, direction="minimize"
        )
        self._running: dict[int, Trial] = {}
        self._reported: dict[int, list[float]] = {}
        self._pruned_after: dict[int, int] = {}
        self._ended: dict[int, Told] = {}
        self._ahead: dict[int, Sequence[int]] = {}

    def restore(self, trials: Iterable[Told]) -> None:
        """Take in the trials of whole batches that ended before, in the order of their numbers."""
        domains = dict(self._space.parameters())
        for number, told in enumerate(trials, start=self._storage.view.n_before or 0):
            reported = told.by_epoch
            self._study.add_trial(
                create_trial(
                    state=_STATES[told.state],
                    value=told.value if told.state == "complete" else reported.get(len(reported)),
                    params=dict(told.values),
                    distributions={name: distribution(domains[name]) for name in told.values},
                    intermediate_values=reported,
                    system_attrs=dict(told.attributes),
                )
            )
            self._storage.view = _View(number + 1)

    def ask(
        self,
        sizes: Sequence[int],
        seed: int,
        *,
        alike: Collection[str] = (),
        first: Sequence[Mapping[str, Value]] = (),
    ) -> dict[int, dict[str, Value]]:
        """The next batch: number -> point.

        Args:
            sizes: how many trials each part of the batch has.
            seed: of the sampler.
            alike: parameters that are the same throughout a part, as its first trial has them.
            first: points that the batch begins with, instead of asking for them.

        Raises:
            RuntimeError: if a trial of the last batch has not ended.
        """
        if self._running:
            raise RuntimeError(f"a batch must end before the next; left: {sorted(self._running)}")
        self._ended.clear()
        self._pruned_after.clear()
        self._ahead.clear()
        sampler, given = self._make_sampler(seed), list(first)
        batch: dict[int, dict[str, Value]] = {}
        self._storage.view = _View(None)  # so that neighbours can keep their distance
        # Optuna would show a sampler no more than the trials of the same bracket of Hyperband.
        self._study.pruner = NopPruner()
        for size in sizes:
            fixed: dict[str, Value] = {}
            for _ in range(size):
                if given:
                    number, values = self._ask(_fixing(given.pop(0), sampler))
                else:
                    number, values = self._ask(_fixing(fixed, sampler))
                    fixed = fixed or {name: values[name] for name in alike if name in values}
                batch[number] = values
        self._storage.view = _View(min(batch, default=0))
        self._study.pruner = self._pruner
        return batch

    def train_abreast(self, stacks: Iterable[Sequence[int]]) -> None:
        """Let trials of the batch be judged by those that train beside them.

        Args:
            stacks: numbers of trials that train in one stack. Who stands before another has
                reported an epoch of the same number, or has ended, when the other reports it.
        """
        self._ahead = {stack[i]: stack[:i] for stack in stacks for i in range(len(stack))}

    def prunes(self, number: int, epoch: int, loss: float) -> bool:
        """Whether a trial that has come to a loss after an epoch, counted from 1, is to end.

        What was answered once is answered again.
        """
        if number in self._ended:
            told = self._ended[number]
            return told.state == "pruned" and epoch >= len(told.reported)
        trial, reported = self._running[number], self._reported[number]
        if epoch > len(reported):
            reported.append(min(loss, *reported) if reported else loss)
            trial.report(reported[-1], step=epoch)
            if number not in self._pruned_after and self._should_prune(trial, epoch):
                self._pruned_after[number] = epoch
        return epoch >= self._pruned_after.get(number, epoch + 1)

    def tell(self, number: int, value: float | None) -> Told:
        """End a trial; of one without a value nothing could be learned."""
        trial = self._running[number]
        pruned = number in self._pruned_after
        state: State = "failed" if value is None else "pruned" if pruned else "complete"
        noted = self._storage.get_trial_system_attrs(trial._trial_id)  # noqa: SLF001  # Optuna 5 has no public way
        told = Told(trial.params, state, value, tuple(self._reported[number]), dict(noted))
        self.tell_again(number, told)
        return told

    def tell_again(self, number: int, told: Told) -> None:
        """End a trial as it ended before.

        Where it was asked for another point, as after its space was extended, nothing is learned.
        """
        trial, reported = self._running.pop(number), self._reported.pop(number)
        self._ended[number] = told
        if trial.params != told.values:
            self._study.tell(trial, state=TrialState.FAIL)
            return
        if told.state == "failed":
            self._storage.forget_reports(trial._trial_id)  # noqa: SLF001  # as in `tell`
        for epoch, loss in told.by_epoch.items():
            if epoch > len(reported):
                trial.report(loss, step=epoch)
        for name, noted in told.attributes.items():
            self._storage.set_trial_system_attr(trial._trial_id, name, noted)  # noqa: SLF001  # as in `tell`
        value = told.value if told.state == "complete" else None  # Optuna takes the last reported
        self._study.tell(trial, value, state=_STATES[told.state])

    def _should_prune(self, trial: Trial, epoch: int) -> bool:
        before, ahead = self._storage.view, self._ahead.get(trial.number, ())
        shown = {number: self._reports_of(number)[:epoch] for number in ahead}
        self._storage.view = _View(before.n_before, shown)
        try:
            return trial.should_prune()
        finally:
            self._storage.view = before

    def _reports_of(self, number: int) -> Sequence[float]:
        ended = self._ended.get(number)
        return self._reported[number] if ended is None else ended.reported

    def _ask(self, sampler: BaseSampler) -> tuple[int, dict[str, Value]]:
        self._study.sampler = sampler
        trial = self._study.ask()
        values: dict[str, Value] = {}
        for name, domain in self._space.active(values):
            values[name] = _suggest(trial, name, domain)
        self._running[trial.number] = trial
        self._reported[trial.number] = []
        return trial.number, values


@final
@dataclass(frozen=True, slots=True)
class _View:
    """What a sampler or pruner is shown."""

    n_before: int | None
    """The trials with a lower number than this; None for all."""
    ahead: Mapping[int, Sequence[float]] = field(default_factory=dict)
    """Trials beyond those that are shown in training, and what of their reports is shown."""

    def of(self, trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
        """What is shown of trials in the order of their numbers."""
        if self.n_before is None:
            return list(trials)
        return [
            self._then(trial) if trial.number in self.ahead else trial
            for trial in trials
            if trial.number < self.n_before or trial.number in self.ahead
        ]

    def _then(self, trial: FrozenTrial) -> FrozenTrial:
        """A trial as it was when it was in training."""
        then = copy.copy(trial)
        then.state, then.value = TrialState.RUNNING, None
        then.intermediate_values = dict(enumerate(self.ahead[trial.number], start=1))
        return then


@final
class _Storage(InMemoryStorage):
    """Shows some trials only: a pruner is not to see what may come sooner or later."""

    def __init__(self) -> None:
        super().__init__()
        self.view = _View(0)
        """What is shown now."""

    def forget_reports(self, trial_id: int) -> None:
        """Take back what a running trial has reported."""
        with self._lock:
            trial = copy.copy(self._get_trial(trial_id))
            trial.intermediate_values = {}
            self._set_trial(trial_id, trial)

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,  # noqa: FBT001, FBT002  # as Optuna declares it
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        trials = self.view.of(super().get_all_trials(study_id, deepcopy))
        return [trial for trial in trials if states is None or trial.state in states]


def _fixing(values: Mapping[str, Value], sampler: BaseSampler) -> BaseSampler:
    """A sampler that takes some values as given."""
    with known_experiments():
        return PartialFixedSampler(dict(values), sampler) if values else sampler


def _suggest(trial: Trial, name: str, domain: Domain) -> Value:
    match domain:
        case Float():
            return trial.suggest_float(name, domain.low, domain.high, log=domain.log)
        case Int():
            return trial.suggest_int(name, domain.low, domain.high, log=domain.log)
        case Choice():
            chosen = trial.suggest_categorical(name, domain.options)
            assert isinstance(chosen, str | int)
            return chosen
