"""The pilot: where each level's nuisance hyperparameters work, on development data only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import final

from search.data import Dataset
from search.rows import Split
from search.seeds import derive, generator
from search.study import Store, TrialRecord, quasi_random_points
from search.sweep.arms import Arm
from search.sweep.records import PhaseStarted
from search.sweep.scores import record_of, score
from search.sweep.steps import Job, Trial, run_trials
from search.sweep.windows import MOST_WIDENINGS, Window, choose_window, tried_in, widened
from search.training.contract import Member, Result, Seeds
from spaces import Space, recipe_at


@final
@dataclass(frozen=True, slots=True)
class _Round:
    """Trials of one arm that are planned together."""

    arm: Arm
    space: Space
    first: int
    count: int
    widening: int


def run_pilot(job: Job, arms: Sequence[Arm], dataset: Dataset) -> dict[Arm, Window] | None:
    """Find the nuisance window of every arm.

    Returns:
        Arm -> window, or None if the budget ran out first.
    """
    fixed = {arm: Window(Space({}), edge=None) for arm in arms if arm.is_fixed}
    arms = [arm for arm in arms if not arm.is_fixed]
    tried = {arm: arm.space for arm in arms}
    n = job.settings.pilot_trials
    rounds = [_Round(arm, arm.space, 0, n, 0) for arm in arms]
    windows: dict[Arm, Window] = {}
    for widening in range(MOST_WIDENINGS + 1):
        if not _run_rounds(job, rounds, dataset):
            return None
        windows |= {
            r.arm: choose_window(tried[r.arm], _planned(job, r.arm, r.first + r.count))
            for r in rounds
        }
        following = []
        for done in rounds:
            edge = windows[done.arm].edge
            if edge is not None and widening < MOST_WIDENINGS:
                tried[done.arm], new = widened(tried[done.arm], edge)
                first = done.first + done.count
                following.append(_Round(done.arm, new, first, n // 2, widening + 1))
        rounds = following
        if not rounds:
            break
    return windows | fixed


def window_of(store: Store, arm: Arm) -> Window:
    """The nuisance window that an arm's pilot has found, as `run_pilot` gives it at the end."""
    records = store.records(arm.pilot_study)
    return choose_window(tried_in(arm.space, records), records)


def _planned(job: Job, arm: Arm, count: int) -> list[TrialRecord]:
    records = job.store.records(arm.pilot_study)
    return sorted((r for r in records if r.index < count), key=lambda record: record.index)


def _run_rounds(job: Job, rounds: Sequence[_Round], dataset: Dataset) -> bool:
    seed = job.settings.seed
    streams = {r.arm.stream for r in rounds}
    splits = {x: dataset.split(generator(seed, *x, "pilot", "split")) for x in streams}
    trials = [t for r in rounds for t in _trials(job, r, splits[r.arm.stream], dataset)]
    stored = sum(len(job.store.records(study)) for study in {t.study for t in trials})
    for listener in job.listeners:
        planned = sum(r.first + r.count for r in rounds)
        listener(PhaseStarted("pilot", planned, min(stored, planned)))
    return run_trials(job, trials, dataset.training_data(with_confirm=False))


def _trials(job: Job, planned: _Round, split: Split, dataset: Dataset) -> Iterator[Trial]:
    seed, names = job.settings.seed, (*planned.arm.stream, "pilot")
    order = derive(seed, *names, "order")
    record = partial(_record, job, planned, dataset)
    # One sequence for all arms: levels are compared at the same learning rates.
    points = quasi_random_points(
        planned.space, planned.count, derive(seed, *names, planned.widening)
    )
    for i, point in enumerate(points, start=planned.first):
        init, dropout = (derive(seed, *names, name, i) for name in ("init", "drop"))
        member = Member(recipe_at(planned.arm.recipe, point), split, Seeds(init, order, dropout))
        yield Trial(planned.arm.pilot_study, i, (member,), record)


def _record(
    job: Job, planned: _Round, dataset: Dataset, trial: Trial, results: Sequence[Result]
) -> TrialRecord:
    (member,), (result,) = trial.members, results
    rows, arm = member.split.validation, planned.arm
    scored = score(job.loss, result, dataset.y[rows], dataset.weights_of(rows))
    place = trial.study, trial.index
    return replace(
        record_of(place, member, result, scored, phase="pilot", level=arm.level),
        factor=arm.factor,
        depth=arm.depth,
        params=arm.nuisance_of(member.recipe),
        window=planned.widening,
    )
