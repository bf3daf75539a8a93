"""The pilot: where each level's nuisance hyperparameters work, on development data only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from search.data import Dataset
from search.seeds import derive, generator
from search.study import TrialRecord, quasi_random_points
from search.sweep.arms import Arm
from search.sweep.records import PhaseStarted
from search.sweep.steps import Job, Trial, run_trials, score, thinned
from search.sweep.windows import MOST_WIDENINGS, Window, choose_window, widened
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


def _planned(job: Job, arm: Arm, count: int) -> list[TrialRecord]:
    records = job.store.records(arm.pilot_study)
    return sorted((r for r in records if r.index < count), key=lambda record: record.index)


def _run_rounds(job: Job, rounds: Sequence[_Round], dataset: Dataset) -> bool:
    seed = job.settings.seed
    streams = {r.arm.stream for r in rounds}
    splits = {x: dataset.split(generator(seed, *x, "pilot", "split")) for x in streams}
    trials = []
    for r in rounds:
        names = (*r.arm.stream, "pilot")
        order = derive(seed, *names, "order")
        # One sequence for all arms: levels are compared at the same learning rates.
        points = quasi_random_points(r.space, r.count, derive(seed, *names, r.widening))
        for i, point in enumerate(points, start=r.first):
            init, dropout = (derive(seed, *names, name, i) for name in ("init", "drop"))
            seeds = Seeds(init, order, dropout)
            member = Member(recipe_at(r.arm.recipe, point), splits[r.arm.stream], seeds)
            trials.append(_trial(job, r, i, member, dataset))
    stored = sum(len(job.store.records(study)) for study in {t.study for t in trials})
    for listener in job.listeners:
        planned = sum(r.first + r.count for r in rounds)
        listener(PhaseStarted("pilot", planned, min(stored, planned)))
    return run_trials(job, trials, dataset.training_data(with_confirm=False))


def _trial(job: Job, planned: _Round, index: int, member: Member, dataset: Dataset) -> Trial:
    def record(results: Sequence[Result]) -> TrialRecord:
        (result,) = results
        curve = result.curve
        rows = member.split.validation
        scored = score(job.loss, result, dataset.y[rows], dataset.weights_of(rows))
        return TrialRecord(
            study=planned.arm.pilot_study,
            index=index,
            phase="pilot",
            factor=planned.arm.factor,
            level=planned.arm.level,
            depth=planned.arm.depth,
            state="failed" if scored is None else "complete",
            reason=curve.reason,
            value=None if scored is None else scored.value,
            standard_error=None if scored is None else scored.standard_error,
            params=planned.arm.nuisance_of(member.recipe),
            recipe=member.recipe.to_dict(),
            epochs=len(curve.train_loss),
            best_epoch=curve.best_epoch,
            curve=thinned(curve),
            seconds=curve.seconds,
            trainer=result.trainer,
            window=planned.widening,
        )

    return Trial(planned.arm.pilot_study, index, (member,), record)
