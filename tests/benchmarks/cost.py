"""What a trial costs beside its training, as sweeps grow.

The pilot itself runs, from asking for points to the trial in the store, with a trainer that answers
at once; each size in a fresh process with a fresh store. In full also with real trainings (digits,
the shallow recipe): then a trial costs its training as well, which should not grow either.
"""

import importlib
import itertools
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np

from search.data import Dataset, load_dataset
from search.rows import TrainingData
from search.settings import Settings
from search.study import Store, quasi_random_points
from search.sweep import pilot
from search.sweep.arms import plan_arms
from search.sweep.records import Event, TrialStored
from search.sweep.steps import Job, Train
from search.training.contract import Curve, Ending, Member, Prune, Result
from search.verdict import Loss
from tests.benchmarks.measuring import Side, Stopwatch, memory, progress
from tests.benchmarks.tables import Findings, Headline, Table, duration, figures, times

LAST = 100
"""Trials at the end of a run whose median is taken apart, beside what asking for them takes."""
SAMPLE = 50
"""Memory is looked at after so many trials."""


def run(*, quick: bool) -> Findings:
    """Grow stores, open the largest again, and train for real."""
    sizes = (20, 40) if quick else (100, 1_000, 10_000)
    found = []
    for size in sizes:
        with TemporaryDirectory() as folder:
            found.append(_grow(Path(folder), size, real=False))
            if size == sizes[-1]:
                reopened = Side("cost.reopen", Path(folder)).result()
    rows = [_row("instant", result) for result in found]
    if not quick:
        for size in sizes[:2]:
            with TemporaryDirectory() as folder:
                rows.append(_row("real", _grow(Path(folder), size, real=True)))
    ratio = found[-1]["last"] / found[0]["last"]
    notes = (
        f"the last trials, {sizes[-1]:,} against {sizes[0]:,}: {times(ratio)}",
        f"opening {reopened['trials']:,} trials again: {duration(reopened['seconds'])} and imports",
        "memory: resident, workers included, pages they share counted for each of them",
    )
    columns = ("training", "trials", "asking", "a trial", f"median of the last {LAST}", "memory")
    table = Table("cost: a trial beside its training", columns, tuple(rows), notes)
    return Findings((table,), _headlines(found, reopened))


def _grow(folder: Path, trials: int, *, real: bool) -> dict[str, Any]:
    progress(f"cost: {trials:,} trials, {'real' if real else 'instant'} training")
    return Side("cost.grow", folder, trials=trials, real=real).result()


def _row(training: str, found: dict[str, Any]) -> tuple[str, ...]:
    return (
        training,
        f"{found['trials']:,}",
        duration(found["asking"]),
        duration(found["mean"]),
        duration(found["last"]),
        _megabytes(found["memory"]),
    )


def _megabytes(amount: float | None) -> str:
    return "not known" if amount is None else f"{figures(amount)} MB"


def _headlines(found: list[dict[str, Any]], reopened: dict[str, Any]) -> tuple[Headline, ...]:
    few, many = found[0], found[-1]
    return (
        Headline(
            f"storing a trial, the last of {few['trials']:,} and of {many['trials']:,}",
            duration(few["last"]),
            duration(many["last"]),
            times(many["last"] / few["last"]),
        ),
        Headline(
            f"memory after {found[-2]['trials']:,} and {many['trials']:,} trials",
            _megabytes(found[-2]["memory"]),
            _megabytes(many["memory"]),
            times(many["memory"] / found[-2]["memory"]) if many["memory"] else "",
        ),
        Headline(f"opening {many['trials']:,} trials", "", duration(reopened["seconds"]), ""),
    )


def grow_side(options: dict[str, Any]) -> dict[str, Any]:
    """Run a pilot of one arm in a fresh store, and tell what its trials took."""
    importlib.import_module("search.main")  # a run's own process has all that a run needs
    settings = Settings(pilot_trials=options["trials"])
    dataset = load_dataset(settings.data)
    arms = plan_arms(settings, settings.default_recipe(dataset.n_development))
    stored: list[float] = []
    resident: list[float] = []

    def hear(event: Event) -> None:
        if isinstance(event, TrialStored):
            stored.append(time.perf_counter())
            if options["real"] and len(stored) % SAMPLE == 0:
                resident.append(memory() or 0.0)

    store, watch = Store(Path.cwd()), Stopwatch()
    train = _real_train() if options["real"] else _instant(dataset)
    job = Job(settings, Loss.ERROR_RATE, store, train, (hear,), time.monotonic)
    quasi_random_points(arms[0].space, 1, settings.seed)  # loads what it needs
    start = time.perf_counter()
    with watch.around(pilot, "quasi_random_points", label="asking"):
        pilot.run_pilot(job, arms[:1], dataset)
    apart = [after - before for before, after in itertools.pairwise(stored)][-LAST:]
    return {
        "trials": store.n_records,
        "asking": watch.seconds["asking"] / store.n_records,
        "mean": (stored[-1] - start) / store.n_records,
        "last": median(apart),
        "memory": max([*resident, memory() or 0.0]) or None,
    }


def reopen_side(_: dict[str, Any]) -> dict[str, Any]:
    """Open a store that another process has written."""
    start = time.perf_counter()
    store = Store(Path.cwd())
    return {"seconds": time.perf_counter() - start, "trials": store.n_records}


def _real_train() -> Train:
    # TensorFlow is for those alone who really train: it would drown the rest.
    return cast("Train", importlib.import_module("search.training.dispatch").Workers().train)


def _instant(dataset: Dataset) -> Train:
    """A trainer that answers at once: results of the right shape, best in the middle of a range."""
    right = np.eye(dataset.n_classes, dtype=np.float32)
    curve = Curve((1.0,) * 30, (1.0,) * 30, (0.1,) * 30, (0.1,) * 30, 20, Ending.COMPLETED, "", 0.0)

    def train(
        members: Sequence[Member],
        data: TrainingData,
        *,
        done: Collection[int] = (),
        keep_weights: bool = False,
        prune: Prune | None = None,  # noqa: ARG001  # nothing is trained that could be pruned
    ) -> Iterator[tuple[int, Result]]:
        for index, member in enumerate(members):
            if index not in done:
                distance = abs(np.log10(member.recipe.learning_rate / 0.03))
                n_wrong = int(20 * (1 + distance))
                predictions = right[data.targets[member.split.validation]]
                predictions[:n_wrong] = 1 - predictions[:n_wrong]
                held_out = right[np.zeros(len(data.held_out), int)]
                weights = () if keep_weights else None
                yield index, Result(curve, predictions, held_out, weights)

    return train
