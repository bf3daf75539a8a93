"""An epoch of one training: many trained at once here, against Keras `fit` one after the other.

Against `fit` with its defaults, and against the best that `compile` can make of it by
`steps_per_execution` and `jit_compile`, which is looked for anew in every row. Keras has no
callbacks to serve, and its epochs are timed from inside a `fit` that is already running. Ours is
what an epoch adds to a whole call, results, kept weights and predictions included. Starting and
compiling is reported apart: Keras does it for every model, a stack for all its members at once.

A recipe has one regularization, so that "everything" is three rows: batch norm, AdamW and an
exponential schedule with dropout in every hidden layer, with l1 + l2 and with max-norm. None of
them ends a training early. All rows: 100 units a layer, batches of 32, validation every epoch.

In full it takes some half an hour on two cores.
"""

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, final

import keras

from search.errors import SearchError
from spaces import Recipe
from tests.benchmarks.keras_code import compiled, n_steps
from tests.benchmarks.materials import RECIPES, Material, digits, fashion
from tests.benchmarks.measuring import interleaved, progress
from tests.benchmarks.ours import Pace, find_lengths, pace, warm_up
from tests.benchmarks.tables import Findings, Headline, Table, duration, figures, times


@final
@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    depths: Mapping[str, tuple[int, ...]]
    """Name in RECIPES -> hidden layers."""
    steps: tuple[int | None, ...]
    """Values of steps_per_execution; None for the whole epoch."""
    rounds: int
    """How often the sides take turns."""
    is_exact: bool
    """Whether trainings are long enough for their epochs to be told from their start."""


_DEPTHS = {name: (2, 8, 20) if number < 2 else (2,) for number, name in enumerate(RECIPES)}
FULL = Size(_DEPTHS, (1, 32, None), rounds=2, is_exact=True)
QUICK = Size({"plain": (2,)}, (None,), rounds=1, is_exact=False)


@final
@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one recipe at one depth."""

    material: str
    recipe: str
    depth: int
    fit: Pace
    best: Pace
    settings: str
    ours: Pace
    n_members: int
    epochs: int

    def an_hour(self, pace: Pace, n_members: int) -> float:
        """Trainings an hour if `n_members` share what starting takes."""
        return 3600 / (pace.start / n_members + self.epochs * pace.epoch)


def run_digits(*, quick: bool) -> Findings:
    """Measure all rows on digits."""
    return _run(digits(), quick=quick)


def run_fashion(*, quick: bool) -> Findings:
    """Measure all rows on Fashion-MNIST, where it is installed."""
    try:
        return _run(fashion(), quick=quick)
    except SearchError as problem:
        return Findings((Table(f"fit: {problem}", ("",), ()),))


def _run(material: Material, *, quick: bool) -> Findings:
    size, rows = QUICK if quick else FULL, []
    if size.is_exact:
        warm_up()
    for name, depth in [(name, depth) for name, each in size.depths.items() for depth in each]:
        progress(f"fit: {material.name}, {name}, {depth} hidden layers")
        rows.append(_row(material.tiny() if quick else material, name, depth, size))
        keras.backend.clear_session()
    return Findings((_epochs(rows), _trainings(rows)), _headlines(rows))


@final
class _Model:
    """A Keras model that goes on training, and what its epochs take."""

    def __init__(self, recipe: Recipe, material: Material, options: dict[str, Any]) -> None:
        self._recipe, self._material = recipe, material
        self._model = compiled(recipe, material, options)
        self._first, self.second = self._epochs(2)

    def pace(self) -> Pace:
        """What an epoch takes now, and what the first took beyond that."""
        seconds = median(self._epochs(min(5, self._recipe.epochs // 6)))
        return Pace(seconds, max(0.0, self._first - seconds))

    def _epochs(self, n: int) -> list[float]:
        """Seconds of each of `n` more epochs, its validation included."""
        clock = _Clock()
        x, y = self._material.train
        self._model.fit(
            x,
            y,
            batch_size=self._recipe.batch_size,
            epochs=n,
            validation_data=self._material.validation,
            callbacks=[clock],
            verbose=0,
        )
        return clock.seconds


@final
class _Clock(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Takes the time of every epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._start = 0.0

    def on_epoch_begin(self, *_: Any) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, *_: Any) -> None:
        self.seconds.append(time.perf_counter() - self._start)


def _row(material: Material, name: str, depth: int, size: Size) -> Row:
    recipe = RECIPES[name].replace(depth=depth, epochs=material.epochs)
    fit = _Model(recipe, material, {})
    best, settings = _best(recipe, material, size)
    lengths = find_lengths(recipe, material) if size.is_exact else (1, 2)
    found = interleaved(
        {"ours": lambda: pace(recipe, material, lengths), "fit": fit.pace, "best": best.pace},
        size.rounds,
    )
    paces = {
        side: Pace(median(x.epoch for x in rounds), median(x.start for x in rounds))
        for side, rounds in found.items()
    }
    return Row(
        material=material.name,
        recipe=name,
        depth=depth,
        fit=paces["fit"],
        best=paces["best"],
        settings=settings,
        ours=paces["ours"],
        n_members=material.n_members,
        epochs=material.epochs,
    )


def _best(recipe: Recipe, material: Material, size: Size) -> tuple[_Model, str]:
    """The settings of `compile` under which the second epoch was the fastest."""
    best, words = None, ""
    for steps, jit in itertools.product(size.steps, (False, True)):
        count = n_steps(material, recipe.batch_size) if steps is None else steps
        options = {"steps_per_execution": count, "jit_compile": jit}
        model = _Model(recipe, material, options)
        if best is None or model.second < best.second:
            best = model
            words = f"{'the epoch' if steps is None else steps} at once{', jit' if jit else ''}"
    assert best is not None
    return best, words


def _epochs(rows: list[Row]) -> Table:
    columns = ("an epoch of one training", "layers", "fit", "best fit", "by", "ours")
    cells = tuple(
        (
            f"{row.material}, {row.recipe}",
            str(row.depth),
            duration(row.fit.epoch),
            duration(row.best.epoch),
            row.settings,
            duration(row.ours.epoch),
            times(row.fit.epoch / row.ours.epoch),
            times(row.best.epoch / row.ours.epoch),
        )
        for row in rows
    )
    note = "Keras trains one model on all cores; ours is the share of one of many trained at once"
    title = "fit: seconds for an epoch of one training"
    return Table(title, (*columns, "fit / ours", "best / ours"), cells, (note,))


def _trainings(rows: list[Row]) -> Table:
    columns = ("trainings an hour", "layers", "epochs", "at once", "start: fit", "best fit", "ours")
    cells = tuple(
        (
            f"{row.material}, {row.recipe}",
            str(row.depth),
            str(row.epochs),
            str(row.n_members),
            duration(row.fit.start),
            duration(row.best.start),
            duration(row.ours.start),
            *(figures(rate) for rate in _rates(row)),
            times(_rates(row)[2] / max(_rates(row)[:2])),
        )
        for row in rows
    )
    note = "start: what the first epoch or call takes beyond its epochs, mostly compiling"
    more = ("an hour: fit", "best fit", "ours", "ours / the better")
    return Table("fit: whole trainings, compiling included", (*columns, *more), cells, (note,))


def _rates(row: Row) -> tuple[float, float, float]:
    return row.an_hour(row.fit, 1), row.an_hour(row.best, 1), row.an_hour(row.ours, row.n_members)


def _headlines(rows: list[Row]) -> tuple[Headline, ...]:
    """One for each recipe on each data set that was trained at several depths, side by side."""
    found = []
    for (material, name), group in itertools.groupby(rows, lambda row: (row.material, row.recipe)):
        same = list(group)
        if len(same) < 2:
            continue
        layers = ", ".join(str(row.depth) for row in same)
        sides = [[row.fit.epoch for row in same], [row.best.epoch for row in same]]
        ours = [row.ours.epoch for row in same]
        found.append(
            Headline(
                f"epoch on {material}, {name}; {layers} layers; `fit` by default; at its best",
                "; ".join(", ".join(map(duration, side)) for side in sides),
                ", ".join(map(duration, ours)),
                "; ".join(
                    ", ".join(times(theirs / mine) for theirs, mine in zip(side, ours, strict=True))
                    for side in sides
                ),
            )
        )
    return tuple(found)
