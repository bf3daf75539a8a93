"""The selection: the best trials of a search again, under fresh seeds and splits.

The best of many noisy values flatters the trial that has it. So the best few are trained anew,
side by side with the default, and the choice is made there: the simplest of those that one cannot
tell from the best (the one-standard-error rule of Breiman et al. 1984).
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from search.data import Dataset
from search.seeds import derive, generator
from search.study import Store, TrialRecord
from search.sweep.arms import DEFAULT, Arm, Contest, found_contest
from search.sweep.folder import SweepFile
from search.sweep.records import Candidate, PhaseStarted, Selected
from search.sweep.scores import record_of, score
from search.sweep.searching import (
    CANDIDATES,
    SELECTION_REPLICATES,
    Search,
    search_of,
    search_trials,
)
from search.sweep.steps import Job, Trial, run_trials
from search.training.contract import Member, Result, Seeds
from spaces import Recipe, changes


def candidates(search: Search, trials: Sequence[TrialRecord]) -> list[Candidate]:
    """The default, which is the first trial, and the best others that were trained to their end."""
    first, *others = trials
    ranked = sorted(
        (t for t in others if t.state == "complete" and t.value is not None),
        key=lambda trial: (trial.value, trial.index),
    )
    chosen = {Recipe.from_dict(t.recipe): t for t in reversed(ranked)}  # the best of equals
    best = [t for t in ranked if chosen[Recipe.from_dict(t.recipe)] is t][:CANDIDATES]
    return [
        Candidate(
            trial.index,
            Recipe.from_dict(trial.recipe),
            changes(search.space, search.recipe, trial.params),
            math.inf if trial.value is None else trial.value,
        )
        for trial in (first, *best)
    ]


def study_of(n_trials: int) -> str:
    """The study of the selection after so many trials."""
    return f"select/{n_trials}"


def run_selection(job: Job, search: Search, dataset: Dataset) -> bool:
    """Train the candidates anew; False if the budget ran out first."""
    found = search_trials(job.store)
    chosen, study = candidates(search, found), study_of(len(found))
    seed = job.settings.seed
    trials: list[Trial] = []
    for replicate in range(SELECTION_REPLICATES):
        names = "select", replicate
        split = dataset.split(generator(seed, *names, "split"))
        seeds = Seeds(*(derive(seed, *names, name) for name in ("init", "order", "dropout")))
        for candidate in chosen:
            member = Member(candidate.recipe, split, seeds)
            record = partial(_record, job, dataset, candidate, replicate)
            trials.append(Trial(study, len(trials), (member,), record))
    for listener in job.listeners:
        listener(PhaseStarted("select", len(trials), len(job.store.records(study))))
    return run_trials(job, trials, dataset.training_data(with_confirm=False))


def selections(search: Search, store: Store) -> list[tuple[int, tuple[Selected, ...]]]:
    """Every selection that is complete: after how many trials, and its candidates."""
    trials, found = search_trials(store), []
    for n in sorted({int(x.partition("/")[2]) for x in store.studies if x.startswith("select/")}):
        chosen, records = candidates(search, trials[:n]), store.records(study_of(n))
        values: dict[str, list[float]] = {}
        for record in sorted(records, key=lambda record: record.index):
            value = math.inf if record.value is None else record.value
            values.setdefault(record.level, []).append(value)
        if len(records) == SELECTION_REPLICATES * len(chosen):
            found.append((n, tuple(Selected(c, tuple(values[level_of(c.number)])) for c in chosen)))
    return found


def found_contests(file: SweepFile, store: Store) -> list[Contest]:
    """What each selection chose against the default; nothing where it chose the default itself."""
    search = search_of(file)
    if search is None:
        return []
    is_fixed = bool(file.recipe.values)
    default = Arm(DEFAULT, file.settings.default_name, file.recipe, is_fixed=is_fixed)
    chosen = ((n, choose(selected).candidate) for n, selected in selections(search, store))
    return [
        found_contest(default, n, level_of(winner.number), winner.recipe)
        for n, winner in chosen
        if winner.recipe != file.recipe
    ]


def choose(selected: Sequence[Selected]) -> Selected:
    """The simplest candidate within one standard error of the best.

    The error is that of the mean difference to the best, replicate by replicate. Simplest is who
    has the fewest changes from the default, and of those the lowest mean.
    """
    best = min(selected, key=lambda x: x.mean)
    tied = [x for x in selected if x is best or _is_tied(x, best)]
    return min(tied, key=lambda x: (x.candidate.changes, x.mean, x.candidate.number))


def _is_tied(one: Selected, best: Selected) -> bool:
    differences = np.subtract(one.values, best.values)
    if not np.isfinite(differences).all():
        return False
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    return bool(differences.mean() <= error)


def level_of(number: int) -> str:
    """What a trial of the search is called."""
    return f"trial {number}"


def _record(
    job: Job,
    dataset: Dataset,
    candidate: Candidate,
    replicate: int,
    trial: Trial,
    results: Sequence[Result],
) -> TrialRecord:
    (member,), (result,) = trial.members, results
    rows, level = member.split.validation, level_of(candidate.number)
    scored = score(job.loss, result, dataset.y[rows], dataset.weights_of(rows))
    place = trial.study, trial.index
    record = record_of(place, member, result, scored, phase="select", level=level)
    return replace(record, replicate=replicate)
