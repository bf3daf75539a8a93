"""The search: trials over the joint space, asked in batches that fill the stacks.

A batch has two parts. The first trial of a part is asked freely: what was learned so far decides
on its structure. The others of the part are asked with that structure fixed, so that all of them
train side by side. Activation, optimizer and regularization vary among them, and all numbers. What
a trial shows is told to the study when the whole batch has ended; it may be ended earlier by what
the batches before it showed, and those that train beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import final

from search.data import Dataset
from search.seeds import derive, generator
from search.settings import Settings
from search.study import (
    BasePruner,
    BaseSampler,
    BatchedStudy,
    MakePruner,
    MakeSampler,
    PriorSampler,
    Store,
    Told,
    TrialRecord,
    get_pruner,
    get_sampler,
    n_points,
)
from search.sweep.batches import SIZE, parts_of, whole_batches
from search.sweep.folder import SweepFile
from search.sweep.records import PhaseStarted
from search.sweep.scores import loss_after, record_of, score
from search.sweep.steps import Job, Trial, run_trials
from search.training.contract import EpochReport, Member, Result, Seeds
from search.training.jobs import stacks_of
from search.verdict import LOOKS
from spaces import Prior, Recipe, Space, Value, guideline_points, recipe_at

STUDY = "search"
STRUCTURE = ("normalization", "depth", "width", "batch_size")
"""Parameters that decide which trainings can share a stack."""
CANDIDATES = 5
"""The best trials that are trained again, beside the default."""
SELECTION_REPLICATES = 8
"""Trainings of each, under as many seeds and splits."""
FLAT_BATCHES = 3
"""Batches without a gain worth the noise before a search has gone flat."""


@final
@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, and how."""

    space: Space
    """What may vary."""
    recipe: Recipe
    """The default, which gives every field that the space does not name."""
    starts: Sequence[Mapping[str, Value]]
    """Its first trials: the point nearest to the default; then, but for a grid, the guideline's
    other recipes inside the space."""
    n_trials: int
    """At most this many."""
    make_sampler: MakeSampler
    """The sampler of a batch, from the space and a seed."""
    make_pruner: MakePruner
    """Says which trials end early, from the epochs of a training."""
    fills_stacks: bool = True
    """Whether the structure of a part may be fixed; a grid has its own order, and a hypermodel no
    stacks."""
    objects: Mapping[str, str] = field(default_factory=dict)
    """sampler, pruner -> the name of its class, where a person handed one over: every trial says
    so, since the settings do not."""


def search_of(
    file: SweepFile, sampler: BaseSampler | None = None, pruner: BasePruner | None = None
) -> Search | None:
    """The search that a sweep asks for, if it does.

    Args:
        file: what is fixed of the sweep.
        sampler: in place of the one that the settings name.
        pruner: the same.
    """
    settings, space = file.settings, file.space
    if space is None:
        return None
    base = get_sampler(settings.sampler)
    starts = guideline_points(space, file.recipe, settings.recipe)
    priors = _priors(settings, space, starts)
    is_grid = settings.sampler == "grid" and sampler is None
    n_trials = min(settings.n_trials, 1 + n_points(space)) if is_grid else settings.n_trials

    def make_sampler(space: Space, seed: int) -> BaseSampler:
        if sampler is not None:
            return sampler
        its = base(space, seed)
        return PriorSampler(priors, its, seed) if priors else its

    return Search(
        space,
        file.recipe,
        starts[:1] if is_grid else starts,
        n_trials,
        make_sampler,
        get_pruner(settings.pruner) if pruner is None else lambda _: pruner,
        fills_stacks=not (file.recipe.values or is_grid),
        objects={
            name: type(given).__name__
            for name, given in {"sampler": sampler, "pruner": pruner}.items()
            if given is not None
        },
    )


def _priors(settings: Settings, space: Space, points: Sequence[Mapping[str, Value]]) -> list[Prior]:
    """Around these points, where the sampler may be told."""
    is_told = settings.used_prior != "none"
    return [Prior(space, point, settings.prior) for point in points] if is_told else []


def run_search(job: Job, search: Search, dataset: Dataset) -> bool:
    """Search until all trials are done, nothing is gained any more, or time is up.

    Args:
        job: of the sweep.
        search: what is searched.
        dataset: the data; its confirm rows are not used.

    Returns:
        Whether it is over; False if the budget ran out in the middle of a batch.

    Raises:
        AllTrialsFailedError: if the first trials all failed.
    """
    seed = job.settings.seed
    make, epochs = search.make_sampler, search.recipe.epochs
    study = BatchedStudy(search.space, partial(make, search.space), search.make_pruner(epochs))
    split = dataset.split(generator(seed, STUDY, "split"))
    order = derive(seed, STUDY, "order")
    data = dataset.training_data(with_confirm=False)
    budget = job.settings.budget
    left = None if budget is None else max(0.0, budget - job.store.seconds)
    n_stored = len(job.store.indices(STUDY))
    for listener in job.listeners:
        listener(PhaseStarted("search", search.n_trials, n_stored, left))
    trials = search_trials(job.store)
    batch, begun = whole_batches(len(trials))
    study.restore(map(_told, trials[:begun]))
    while True:
        trials = _sorted([*trials, *job.store.records(STUDY, start=len(trials))])
        if why_over(trials, search.n_trials, job.settings, job.store.seconds) is not None:
            return True
        stored = {trial.index: trial for trial in trials[begun:]}
        asked = study.ask(
            parts_of(batch),
            derive(seed, STUDY, "sampler", batch),
            alike=STRUCTURE if search.fills_stacks else (),
            first=search.starts if batch == 0 else (),
        )
        for number in stored.keys() & asked.keys():
            study.tell_again(number, _told(stored[number]))
        planned = []
        for number, values in asked.items():
            init, dropout = (derive(seed, STUDY, name, number) for name in ("init", "dropout"))
            member = Member(recipe_at(search.recipe, values), split, Seeds(init, order, dropout))
            if number < search.n_trials:
                planned.append(_trial(job, search, study, number, member, dataset=dataset))
        is_own = job.settings.model is not None or job.settings.hypermodel is not None
        stacks = stacks_of([trial.members[0] for trial in planned], data, is_own=is_own)
        study.train_abreast([[planned[i].index for i in stack] for stack in stacks])
        if not run_trials(job, planned, data):
            return False
        batch, begun = batch + 1, begun + len(asked)


def search_trials(store: Store) -> list[TrialRecord]:
    """The trials of a search that ended, by number."""
    return _sorted(store.records(STUDY))


def _sorted(records: Sequence[TrialRecord]) -> list[TrialRecord]:
    return sorted(records, key=lambda record: record.index)


def why_over(
    trials: Sequence[TrialRecord], n_trials: int, settings: Settings, seconds: float
) -> str | None:
    """Why a search does not go on; None if it does.

    Args:
        trials: those that ended, by number.
        n_trials: at most this many.
        settings: of the sweep.
        seconds: that the sweep has taken.
    """
    if len(trials) >= n_trials:
        return f"all {n_trials:,} trials are done"
    if whole_batches(len(trials))[1] != len(trials):
        return None
    if settings.until == "flat" and is_flat(trials):
        n = FLAT_BATCHES * SIZE
        return f"the last {n} trials gained less than the noise of the validation rows"
    last = sum(trial.wall_seconds for trial in trials[-SIZE:])
    needed = seconds + last + confirmation_seconds(trials, settings)
    if settings.budget is not None and needed > settings.budget:
        return "the rest of the budget is for the confirmation"
    return None


def confirmation_seconds(trials: Sequence[TrialRecord], settings: Settings) -> float:
    """About how long selection and confirmation up to the first look will take.

    Args:
        trials: of the search, the first that of the default.
        settings: of the sweep.
    """
    busy = sum(trial.seconds for trial in trials)
    wall = sum(trial.wall_seconds for trial in trials)
    ranked = sorted(
        (t for t in trials if t.state == "complete"), key=lambda trial: trial.value or 0
    )
    best = [trial.seconds for trial in ranked[:CANDIDATES]]
    if not best or not busy:
        return 0.0
    default = trials[0].seconds * float(trials[0].recipe["epochs"]) / max(trials[0].epochs, 1)
    first_look = min(LOOKS[0], settings.n_replicates)
    n_default = SELECTION_REPLICATES + first_look
    if settings.hypermodel is None:  # else it is as fixed as what was found
        n_default += settings.pilot_trials + (settings.lanes - 1) * first_look
    n_found = SELECTION_REPLICATES * len(best) + first_look
    return (default * n_default + sum(best) / len(best) * n_found) * wall / busy


def is_flat(trials: Sequence[TrialRecord]) -> bool:
    """Whether the last batches gained less than the noise: the best value's standard error."""
    n = FLAT_BATCHES * SIZE
    old, new = best_of(trials[:-n]), best_of(trials[-n:])
    if old is None or new is None:
        return False
    assert old.value is not None
    assert new.value is not None
    return old.value - new.value < (old.standard_error or 0.0)


def best_of(trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The trial with the lowest value among those trained to their end; the first of equals."""
    complete = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    return min(complete, key=lambda trial: trial.value or 0.0, default=None)


def _trial(
    job: Job, search: Search, study: BatchedStudy, number: int, member: Member, *, dataset: Dataset
) -> Trial:
    def record(_: Trial, results: Sequence[Result]) -> TrialRecord:
        (result,) = results
        rows, level = member.split.validation, f"trial {number}"
        scored = score(job.loss, result, dataset.y[rows], dataset.weights_of(rows))
        told = study.tell(number, None if scored is None else scored.value)
        return replace(
            record_of((STUDY, number), member, result, scored, phase="search", level=level),
            state=told.state,
            params=told.values,
            reported=told.reported,
            noted={**told.attributes, **search.objects},
        )

    def prunes(report: EpochReport) -> bool:
        return study.prunes(number, report.epoch, loss_after(report, job.loss))

    return Trial(STUDY, number, (member,), record, prunes, search.space)


def _told(record: TrialRecord) -> Told:
    return Told(record.params, record.state, record.value, record.reported, record.noted)
