"""Trainings by this project, called as a sweep calls them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any, final

import numpy as np

from search.errors import SearchError
from search.training.contract import Ending, Member, Result, Seeds
from search.training.dispatch import Workers, train
from spaces import SHALLOW, Recipe
from tests.benchmarks.materials import SEED, Material, digits, random_points, recipe_of

CLEAR = 10.0
"""Seconds that no start of a process and no compilation varies by."""


def train_all(
    recipes: Sequence[Recipe], material: Material, workers: Workers | None = None
) -> list[Result]:
    """Train recipes on one split with seeds of their own, as the pilot does.

    Args:
        recipes: one for each training.
        material: what to train on.
        workers: by whom; by workers of their own if None.

    Raises:
        SearchError: if one could not be trained.
    """
    members = [
        Member(recipe, material.split, Seeds(init=i, order=SEED, dropout=i))
        for i, recipe in enumerate(recipes)
    ]
    results = dict((workers.train if workers else train)(members, material.data))
    for result in results.values():
        if result.curve.ending is Ending.FAILED:
            raise SearchError(result.curve.reason)
    return [results[i] for i in range(len(members))]


@final
@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a call trains, told from two calls of different lengths."""

    epoch: float
    """Seconds for an epoch of one training once everything runs."""
    start: float
    """Seconds of the shorter call beyond its epochs: starting and compiling."""


def pace(recipe: Recipe, material: Material, lengths: tuple[int, int]) -> Pace:
    """Train for fewer and for more epochs; what the difference took is the pace.

    Where noise swallows the difference, all of the longer call counts as its epochs.

    Args:
        recipe: one that ends no training early.
        material: what to train on, as many at once as keep the machine busy.
        lengths: epochs of the two calls, the smaller number first.

    Raises:
        SearchError: if a training ended before its last epoch.
    """
    few, many = lengths
    short, long = (_seconds(recipe, material, length) for length in lengths)
    if short >= long:
        return Pace(long / (material.n_members * many), 0.0)
    epoch = (long - short) / (material.n_members * (many - few))
    return Pace(epoch, max(0.0, short - epoch * material.n_members * few))


def find_lengths(recipe: Recipe, material: Material) -> tuple[int, int]:
    """Lengths for `pace` that are far enough apart for its difference to stand out."""
    length = 1
    short = _seconds(recipe, material, length)
    while _seconds(recipe, material, length + 1) - short < CLEAR:
        length *= 3
    return 1, length + 1


def warm_up() -> None:
    """Train once, so that what is loaded once in a process is."""
    train_all([SHALLOW.replace(epochs=1, width=4)], digits().tiny())


def _seconds(recipe: Recipe, material: Material, epochs: int) -> float:
    start = time.perf_counter()
    results = train_all([recipe.replace(epochs=epochs)] * material.n_members, material)
    seconds = time.perf_counter() - start
    for result in results:
        if len(result.curve.train_loss) != epochs:
            raise SearchError(f"{recipe} must run all epochs; {result.curve.reason}")
    return seconds


def search_side(options: dict[str, Any]) -> dict[str, Any]:
    """Train all random configurations; what a fresh process does for the benchmark `search`."""
    with Workers(cache=Path(options["cache"])) as workers:
        workers.prepare()  # as a sweep does
        material = digits().tiny() if options["tiny"] else digits()
        points = random_points(options["trials"])
        results = train_all([recipe_of(x, options["epochs"]) for x in points], material, workers)
    compared = results[: options["compared"]]
    targets = material.validation[1]
    errors = [
        1.0 if result.validation is None else np.mean(result.validation.argmax(axis=1) != targets)
        for result in compared
    ]
    return {
        "trials": len(results),
        "epochs": mean(len(result.curve.train_loss) for result in compared),
        "error": float(median(errors)),
    }
