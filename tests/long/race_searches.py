"""Which search finds a better recipe in fewer epochs.

    python tests/long/race_searches.py FOLDER
        [--data NAME ...] [--method NAME ...] [--seeds N] [--trainings N]

runs each search, this project's and others', over the core levels of all six factors and their
numbers, two hidden layers of 100 and batches of 32, under N seeds (10 by default), through the same
trainer and on one split, until each has spent the epochs of N whole trainings (72 by default). It
keeps what it has found in FOLDER, where it goes on if it was interrupted, and prints the error of
the best trial so far against the epochs spent; `curves.png` there shows them.

The best is chosen by its error on the validation rows; its error on the confirm rows is told as
well. A KerasTuner oracle says so little between epochs that its trials are told by their best one.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[2]))  # `tests` is no installed package

import matplotlib as mpl
import numpy as np
import optuna

from search.data import Dataset, load_dataset
from search.rows import Array, Split
from search.seeds import derive, generator
from search.sweep.scores import loss_after, score
from search.training.contract import EpochReport, Member, Result, Seeds
from search.training.dispatch import Workers
from search.training.jobs import stacks_of
from search.verdict import Loss, mean_loss, row_losses
from spaces import SHALLOW, Recipe, recipe_at
from tests.benchmarks.materials import Material, core_space, fashion
from tests.long.searchers import SEARCHERS, KerasTuner, Searcher

DATA: Mapping[str, tuple[Loss, int]] = {
    "digits": (Loss.LOG_LOSS, 30),
    "fashion_mnist": (Loss.ERROR_RATE, 12),
    "breast_cancer": (Loss.LOG_LOSS, 30),
    "diabetes": (Loss.RMSE, 30),
}
"""Name -> what is minimized, and the epochs of a whole training."""
ROWS = 10_000
"""Of a larger data set, the first so many."""


@final
@dataclass(slots=True)
class Run:
    """A search in progress."""

    method: str
    seed: int
    searcher: Searcher
    loss: Loss
    """What it minimizes."""
    budget: int
    """Epochs that it may spend."""
    best: list[tuple[int, float, float]] = field(default_factory=list)
    """(epochs spent, validation loss, confirm loss) whenever there was a better trial."""
    spent: int = 0
    trials: int = 0

    def hear(self, number: int, result: Result, dataset: Dataset, member: Member) -> None:
        """Take in a trial that has ended."""
        self.trials += 1
        self.spent += self.searcher.spent(number, len(result.curve.train_loss))
        scored = score(self.loss, result, dataset.y[member.split.validation])
        value = None if scored is None else scored.value
        if value is not None and (not self.best or value < self.best[-1][1]):
            assert result.held_out is not None
            losses = row_losses(result.held_out, dataset.y_confirm, self.loss)
            self.best.append((self.spent, value, float(mean_loss(losses, self.loss))))
        self.searcher.tell(number, value)

    def prunes(self, number: int, report: EpochReport) -> bool:
        """Whether a trial is to end after an epoch."""
        return self.searcher.prunes(number, report.epoch, loss_after(report, self.loss))


_Wave = list[tuple[Run, int, Member]]
"""What is trained at once: of which search, its number there, and what to train."""


def race(runs: Sequence[Run], dataset: Dataset, workers: Workers) -> Iterator[Run]:
    """Run searches side by side; yield each that has spent its epochs."""
    split = _split_of(dataset)
    data = dataset.training_data(with_confirm=True)
    left = list(runs)
    while left:
        wave: _Wave = []
        for run in left:
            for number, values in run.searcher.ask().items():
                searcher = run.searcher
                first = searcher.seed_of(number) if isinstance(searcher, KerasTuner) else number
                init, dropout = (derive(run.seed, name, first) for name in ("init", "dropout"))
                seeds = Seeds(init, derive(0, "race", "order"), dropout)
                wave.append((run, number, Member(recipe_at(searcher.base, values), split, seeds)))

        members = [member for *_, member in wave]
        stacks = [[wave[index] for index in stack] for stack in stacks_of(members, data)]
        for run in left:
            run.searcher.train_abreast([[n for of, n, _ in x if of is run] for x in stacks])
        results = dict(workers.train(members, data, prune=partial(_ended, wave)))
        for index, (run, number, member) in enumerate(wave):
            run.hear(number, results[index], dataset, member)
        yield from (run for run in left if run.spent >= run.budget)
        asked = {id(run) for run, *_ in wave}
        left = [run for run in left if run.spent < run.budget and id(run) in asked]


def _ended(wave: _Wave, reports: Sequence[EpochReport]) -> set[int]:
    """Which of those in training are to end."""
    in_order = sorted(reports, key=lambda report: report.index)
    return {x.index for x in in_order if wave[x.index][0].prunes(wave[x.index][1], x)}


def first_split(name: str) -> Material:
    """A data set and the split that all searches see."""
    dataset = dataset_of(name)
    data, split = dataset.training_data(with_confirm=False), _split_of(dataset)
    return Material(name, data, split, DATA[name][1], 1)


def _split_of(dataset: Dataset) -> Split:
    return dataset.split(generator(0, "race", "split"))


def dataset_of(name: str) -> Dataset:
    """A data set, no larger than ROWS."""
    if name != "fashion_mnist":
        return load_dataset(name)
    images = fashion().data
    return load_dataset((images.features[:ROWS], images.targets[:ROWS]))


def runs_of(
    methods: Sequence[str], n_seeds: int, base: Recipe, loss: Loss, budget: int
) -> list[Run]:
    """Every method under every seed, with so many epochs to spend."""
    return [
        Run(method, seed, SEARCHERS[method](core_space(), base, seed), loss, budget)
        for seed in range(n_seeds)
        for method in methods
    ]


def curve(best: Sequence[tuple[int, float, float]], at: Array, column: int) -> Array:
    """The error of the best trial so far at so many epochs; NaN before there is one."""
    epochs = np.array([point[0] for point in best])
    places = np.searchsorted(epochs, at, side="right") - 1
    errors = np.array([point[column] for point in best])
    return np.where(places < 0, np.nan, errors[np.maximum(places, 0)])


def table(name: str, found: dict[str, Array], at: Array) -> None:
    """Print what each method had reached after shares of the epochs."""
    print(f"\n{name}: 100 x {DATA[name][0]} of the best so far, mean of seeds ± standard error")
    shares = (0.125, 0.25, 0.5, 1.0)
    places = [np.searchsorted(at, share * at[-1]) for share in shares]
    print(f"{'epochs':24}" + "".join(f"{at[place]:>14,}" for place in places) + "   as random's")
    goal = found["random"][:, -1].mean() if "random" in found else np.nan
    for method, curves in found.items():
        means = 100 * curves.mean(axis=0)
        errors = 100 * curves.std(axis=0, ddof=1) / np.sqrt(len(curves))
        reached = np.flatnonzero(means <= 100 * goal)
        when = f"at {at[reached[0]] / at[-1]:.0%}" if len(reached) else "never"
        cells = "".join(f"{means[p]:8.2f} ± {errors[p]:.2f}" for p in places)
        print(f"{method:24}{cells}   {when}")


def draw(found: dict[str, dict[str, Array]], at: dict[str, Array], path: Path) -> None:
    """The curves of all data sets side by side."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415  # after the choice of a backend

    figure, axes = plt.subplots(1, len(found), figsize=(4.2 * len(found), 3.6), squeeze=False)
    for axis, (name, curves) in zip(axes[0], found.items(), strict=True):
        for method, errors in curves.items():
            axis.plot(at[name], 100 * errors.mean(axis=0), label=method)
        axis.set(title=name, xlabel="epochs spent", xscale="log")
    axes[0, 0].set_ylabel("100 x validation loss of the best so far")
    axes[0, -1].legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", nargs="+", default=list(DATA), choices=list(DATA))
    parser.add_argument("--method", nargs="+", default=list(SEARCHERS), choices=list(SEARCHERS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trainings", type=int, default=72)
    chosen = parser.parse_args(arguments)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    found: dict[str, dict[str, Array]] = {}
    axes: dict[str, Array] = {}
    for name in chosen.data:
        loss, epochs = DATA[name]
        base = SHALLOW.replace(epochs=epochs)
        budget = chosen.trainings * epochs
        wanted = runs_of(chosen.method, chosen.seeds, base, loss, budget)
        paths = {
            id(run): chosen.folder / f"{name}, {run.method}, {budget}, {run.seed}.json"
            for run in wanted
        }
        dataset = dataset_of(name)
        with Workers(cache=chosen.folder / "cache") as workers:
            for run in race([r for r in wanted if not paths[id(r)].exists()], dataset, workers):
                paths[id(run)].write_text(json.dumps(run.best))
                print(f"{name}, {run.method}, {run.seed}: {run.best[-1]}", file=sys.stderr)
        axes[name] = np.arange(epochs, budget + 1)
        found[name] = {
            method: np.array(
                [
                    curve(json.loads(paths[id(run)].read_text()), axes[name], 1)
                    for run in wanted
                    if run.method == method
                ]
            )
            for method in chosen.method
        }
        table(name, found[name], axes[name])
    draw(found, axes, chosen.folder / "curves.png")


if __name__ == "__main__":
    main()
