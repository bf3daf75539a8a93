"""Confirm: the whole pipeline again and again, all levels on the same replicates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from search.data import Dataset
from search.rows import Array, Split
from search.seeds import derive, generator
from search.study import TrialRecord
from search.sweep.arms import Arm
from search.sweep.records import PhaseStarted
from search.sweep.scores import Score, record_of, score
from search.sweep.steps import Job, Trial, run_trials
from search.sweep.windows import MOST_DIMENSIONS, Window, choose_lane, lane_points
from search.training.contract import Member, Result, Seeds
from search.verdict import trivial_prediction
from spaces import Space, recipe_at


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Replicate:
    """What all arms of one random stream share in one replicate."""

    index: int
    split: Split
    seeds: Seeds
    """Of every lane: lanes differ in their nuisance hyperparameters alone."""
    shift: Array
    """(MOST_DIMENSIONS,) of the lattice of lanes."""
    trivial: tuple[float, ...]
    """What the trivial predictor says of every row."""


def run_replicates(
    job: Job,
    arms: Sequence[Arm],
    windows: Mapping[Arm, Window],
    *,
    span: tuple[int, int],
    dataset: Dataset,
) -> bool:
    """Train a span of replicates (the first, and the one after the last) of every arm.

    Returns:
        Whether all are stored; False if the budget ran out first.
    """
    indices = range(*span)
    replicates = {
        (stream, index): _replicate(job, stream, index, dataset)
        for stream in {arm.stream for arm in arms}
        for index in indices
    }
    trials = [
        _trial(job, arm, windows[arm].space, replicates[arm.stream, index], dataset)
        for index in indices
        for arm in arms
    ]
    stored = sum(
        record.index >= span[0] for arm in arms for record in job.store.records(arm.confirm_study)
    )
    for listener in job.listeners:
        listener(PhaseStarted("confirm", len(trials), stored))
    return run_trials(job, trials, dataset.training_data(with_confirm=True))


def _replicate(job: Job, stream: tuple[str, ...], index: int, dataset: Dataset) -> _Replicate:
    names: tuple[str | int, ...] = (*stream, "confirm", index)
    seed, targets = job.settings.seed, dataset.y
    split = dataset.split(generator(seed, *names, "split"))
    seeds = Seeds(*(derive(seed, *names, name) for name in ("init", "order", "dropout")))
    shift = generator(seed, *names, "lanes").random(MOST_DIMENSIONS)
    trivial = trivial_prediction(targets[split.train], dataset.n_classes or 1, job.loss)
    return _Replicate(index, split, seeds, shift, tuple(float(x) for x in trivial))


def _trial(job: Job, arm: Arm, window: Space, replicate: _Replicate, dataset: Dataset) -> Trial:
    points = lane_points(window, 1 if arm.is_fixed else job.settings.lanes, replicate.shift)
    members = tuple(
        Member(recipe_at(arm.recipe, point), replicate.split, replicate.seeds) for point in points
    )

    def record(_: Trial, results: Sequence[Result]) -> TrialRecord:
        rows = replicate.split.validation
        targets, weights = dataset.y[rows], dataset.weights_of(rows)
        scores = [score(job.loss, result, targets, weights) for result in results]
        chosen = choose_lane([None if scored is None else scored.loss for scored in scores])
        artifact = None
        if scores[chosen] is not None:
            artifact = f"{arm.name}_{replicate.index:04d}.npy"
            job.store.write_predictions(artifact, np.asarray(results[chosen].held_out, np.float32))
        return _record(arm, replicate, members, scores, results, chosen=chosen, artifact=artifact)

    return Trial(arm.confirm_study, replicate.index, members, record)


def _record(
    arm: Arm,
    replicate: _Replicate,
    members: Sequence[Member],
    scores: Sequence[Score | None],
    results: Sequence[Result],
    *,
    chosen: int,
    artifact: str | None,
) -> TrialRecord:
    member, best, result = members[chosen], scores[chosen], results[chosen]
    lanes = tuple(
        {
            "params": arm.nuisance_of(lane.recipe),
            "value": None if scored is None else scored.value,
            "loss": None if scored is None else scored.loss,
            "best_epoch": its.curve.best_epoch,
            "ending": str(its.curve.ending),
        }
        for lane, scored, its in zip(members, scores, results, strict=True)
    )
    record = record_of(
        (arm.confirm_study, replicate.index), member, result, best, phase="confirm", level=arm.level
    )
    return replace(
        record,
        factor=arm.factor,
        depth=arm.depth,
        reason=f"no lane could be trained: {record.reason}" if best is None else record.reason,
        params=arm.nuisance_of(member.recipe),
        seconds=sum(result.curve.seconds for result in results),
        trainings=len(members),
        replicate=replicate.index,
        lanes=lanes,
        artifact=artifact,
        trivial=replicate.trivial,
    )
