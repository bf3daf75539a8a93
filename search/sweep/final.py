"""The final model: the best recipe known, trained once more and kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from search.data import Dataset
from search.rows import Array, Split
from search.seeds import derive, generator
from search.study import Store, TrialRecord
from search.sweep.arms import COMBINATION, DEFAULT, FOUND, Arm
from search.sweep.folder import SweepFile
from search.sweep.pilot import window_of
from search.sweep.records import PhaseStarted
from search.sweep.scores import record_of, score
from search.sweep.standing import Standing
from search.sweep.steps import Job, budget_is_spent
from search.training.contract import Member, Result, Seeds
from search.verdict import Comparison, Outcome
from spaces import Recipe, nuisance_space, recipe_at

FINAL = "final"
"""The study of these trainings, their factor and the stream of their split and seeds."""
N_EXAMPLES = 64
"""Confirm rows kept with the weights, to tell by that a model built from them is the one."""
_WEIGHT = "weight_"


@final
@dataclass(frozen=True, slots=True, eq=False)
class FinalModel:
    """What is kept of a final training; enough to build the model again without the data."""

    weights: tuple[Array, ...]
    """In the order of `keras.Model.get_weights`."""
    examples: Array
    """(at most N_EXAMPLES, features) float32, the first confirm rows, prepared."""
    predictions: Array
    """(confirm rows, outputs) float32: probabilities, or standardized numbers."""
    rows: Mapping[str, Array]
    """train, validation, confirm: which rows they are of those with a target, as read, from 0."""


@final
@dataclass(frozen=True, slots=True)
class BestRecipe:
    """The best recipe known at the first depth."""

    recipe: Recipe
    """With its numbers: the centre of its window, or what the search found."""
    reason: str
    """Why it is the best, in words."""
    versus_default: Comparison | None
    """That shows it to beat the default; None if it is the default."""


def best_recipe(file: SweepFile, standing: Standing, store: Store) -> BestRecipe:
    """The best recipe known; the first that applies.

    1. What a search found, the newest if there are several, if it beats the default.
    2. A combination that beats the default.
    3. Of what beats the default alone, that with the lowest upper bound.
    4. The default.

    Args:
        file: what is fixed of the sweep.
        standing: where it stands.
        store: has the pilots.
    """
    asked = Arm(DEFAULT, file.settings.recipe, file.recipe)
    default = next((stage.contests[0].default for stage in standing.stages), asked)
    order = {FOUND: 0, COMBINATION: 1}
    winners = _winners(standing, default.depth)
    best = min(winners, key=lambda w: (order.get(w[0].factor, 2), w[1].high), default=None)
    arm, comparison = best or (default, None)
    reason = "nothing is shown to beat the default"
    if comparison is not None:
        reason = {
            FOUND: f"{arm.level} of the search beats the default",
            COMBINATION: f"{arm.level} together beat the default",
        }.get(arm.factor, f"{arm.factor} {arm.level} beats the default")
    recipe = recipe_at(arm.recipe, window_of(store, arm).space.defaults())
    return BestRecipe(recipe, reason, comparison)


def final_record(store: Store, recipe: Recipe) -> TrialRecord | None:
    """The final training of a recipe, if the store has it."""
    wanted = recipe.to_dict()
    return next((r for r in store.records(FINAL) if r.recipe == wanted), None)


def train_final(job: Job, recipe: Recipe, dataset: Dataset) -> bool:
    """Train a recipe once more and keep its weights, unless the store has them.

    Returns:
        Whether they are stored; False if the budget ran out first.
    """
    if final_record(job.store, recipe) is not None:
        return True
    if budget_is_spent(job):
        return False
    for listener in job.listeners:
        listener(PhaseStarted("final", 1, 0))
    seed, before = job.settings.seed, job.clock()
    seeds = Seeds(*(derive(seed, FINAL, name) for name in ("init", "order", "dropout")))
    member = Member(recipe, dataset.split(generator(seed, FINAL, "split")), seeds)
    data = dataset.training_data(with_confirm=True)
    ((_, result),) = job.train([member], data, keep_weights=True)
    index = len(job.store.records(FINAL))
    rows = member.split.validation
    scored = score(job.loss, result, dataset.y[rows], dataset.weights_of(rows))
    artifact = None if scored is None else _keep(job.store, index, result, member.split, dataset)
    place, level = (FINAL, index), job.settings.recipe
    job.tell(
        replace(
            record_of(place, member, result, scored, phase="final", level=level),
            params={name: getattr(recipe, name) for name in nuisance_space(recipe).domains},
            wall_seconds=job.clock() - before,
            compile_seconds=result.compile_seconds,
            artifact=artifact,
        )
    )
    return True


def read_final(store: Store, record: TrialRecord) -> FinalModel | None:
    """What is kept of a final training; None if that failed.

    Raises:
        StoreError: if it is missing or damaged.
    """
    if record.artifact is None:
        return None
    arrays = store.read_arrays(_weights_of(record.artifact))
    weights = tuple(arrays[name] for name in sorted(arrays) if name.startswith(_WEIGHT))
    rows = {name: arrays[name] for name in ("train", "validation", "confirm")}
    predictions = store.read_predictions(record.artifact)
    return FinalModel(weights, arrays["examples"], predictions, rows)


def _winners(standing: Standing, depth: int | None) -> Iterator[tuple[Arm, Comparison]]:
    """What beats the default at one depth; of the searches, what the newest chose."""
    *_, newest = (None, *(x for x in standing.stages if x.contests[0].default.factor == FOUND))
    for stage in standing.stages:
        if stage.contests[0].default.factor == FOUND and stage is not newest:
            continue
        found = {(f.factor, f.depth, c.level): c for f in stage.factors for c in f.comparisons}
        for arm in (arm for contest in stage.contests for arm in contest.alternatives):
            comparison = found[arm.factor, arm.depth, arm.level]
            at_depth = arm.depth == depth or arm.factor == FOUND  # it is of the first
            if at_depth and comparison.outcome is Outcome.BEATS_DEFAULT:
                yield arm, comparison


def _keep(store: Store, index: int, result: Result, split: Split, dataset: Dataset) -> str:
    """Write down weights and predictions; returns where the latter are."""
    assert result.weights is not None
    artifact = f"{FINAL}_{index:04d}.npy"
    arrays = {f"{_WEIGHT}{i:04d}": weight for i, weight in enumerate(result.weights)}
    rows = np.delete(np.arange(dataset.n_rows), dataset.confirm_rows)
    arrays |= {
        "examples": dataset.x_confirm[:N_EXAMPLES],
        "train": rows[split.train],
        "validation": rows[split.validation],
        "confirm": dataset.confirm_rows,
    }
    store.write_arrays(_weights_of(artifact), arrays)
    store.write_predictions(artifact, np.asarray(result.held_out, np.float32))
    return artifact


def _weights_of(artifact: str) -> str:
    """Where the weights are that made these predictions."""
    return artifact.removesuffix(".npy") + ".npz"
