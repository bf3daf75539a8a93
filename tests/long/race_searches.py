"""Which search finds a better recipe in fewer epochs.

    python tests/long/race_searches.py FILE
        [--data NAME ...] [--method NAME ...] [--seeds N] [--trainings N] [--once] [--cache FOLDER]

runs each search, this project's and others', over the core levels of all six factors and their
numbers, two hidden layers of 100 and batches of 32, under N seeds (10 by default), through the same
trainer and on one split, until each has spent the epochs of N whole trainings (72 by default). It
adds what each has found to FILE, where it goes on if it was interrupted; prints the loss of the
best trial so far against the epochs spent, and draws it beside FILE.

The least of many noisy losses flatters: another trial may be better, and the best one of a bold
search may have been lucky. So the best few of each search, after a quarter of its epochs and after
all, are trained again under fresh seeds and splits, much as a sweep does, but with no favour for
the default; the one that does best there is judged under still others, on the confirm rows.
`--once` leaves this out.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[2]))  # `tests` is no installed package

import numpy as np
import optuna

from search.data import Dataset, load_dataset
from search.rows import Split
from search.seeds import derive, generator
from search.sweep.scores import loss_after, score
from search.sweep.searching import CANDIDATES, SELECTION_REPLICATES
from search.training.contract import EpochReport, Member, Result, Seeds
from search.training.dispatch import Workers
from search.training.jobs import stacks_of
from search.verdict import Loss, mean_loss, row_losses
from spaces import SHALLOW, Recipe, recipe_at
from tests.benchmarks.materials import Material, core_space, fashion
from tests.long.race_results import AGAIN, Found, draw, keep, read, table
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
JUDGES = 12
"""Trainings that judge the recipe that was chosen."""


@final
@dataclass(frozen=True, slots=True)
class Tried:
    """A trial that has ended."""

    spent: int
    """Epochs that the search had spent when it ended."""
    loss: float
    """On the validation rows."""
    recipe: Recipe


@final
@dataclass(slots=True, eq=False)
class Run:
    """A search in progress."""

    method: str
    seed: int
    searcher: Searcher
    loss: Loss
    """What it minimizes."""
    budget: int
    """Epochs that it may spend."""
    tried: list[Tried] = field(default_factory=list)
    spent: int = 0
    trials: int = 0
    again: dict[str, float] = field(default_factory=dict)
    """Share of the epochs -> loss of the recipe chosen from the best until then."""

    def hear(self, number: int, result: Result, dataset: Dataset, member: Member) -> None:
        """Take in a trial that has ended."""
        self.trials += 1
        self.spent += self.searcher.spent(number, len(result.curve.train_loss))
        scored = score(self.loss, result, dataset.y[member.split.validation])
        if scored is not None:
            self.tried.append(Tried(self.spent, scored.value, member.recipe))
        self.searcher.tell(number, None if scored is None else scored.value)

    def prunes(self, number: int, report: EpochReport) -> bool:
        """Whether a trial is to end after an epoch."""
        return self.searcher.prunes(number, report.epoch, loss_after(report, self.loss))

    def best(self, share: float = 1.0) -> list[Recipe]:
        """The best few different recipes of a share of the epochs, best first."""
        within = [x for x in self.tried if x.spent <= share * self.budget] or self.tried[:1]
        recipes = dict.fromkeys(x.recipe for x in sorted(within, key=lambda x: x.loss))
        return list(recipes)[:CANDIDATES]

    def found(self, data: str) -> Found:
        """What it has found on a data set."""
        best: list[tuple[int, float]] = []
        for x in self.tried:
            if not best or x.loss < best[-1][1]:
                best.append((x.spent, x.loss))
        given = data, str(self.loss), self.method, self.budget, self.seed, self.trials
        return Found(*given, best, self.again)


_Wave = list[tuple[Run, int, Member]]
"""What is trained at once: of which search, its number there, and what to train."""


def race(runs: Sequence[Run], dataset: Dataset, workers: Workers) -> Iterator[list[Run]]:
    """Run searches side by side; yield those that have spent their epochs, as they do."""
    split = _split_of(dataset)
    data = dataset.training_data(with_confirm=False)
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
        asked = {id(run) for run, *_ in wave}
        over = [run for run in left if run.spent >= run.budget or id(run) not in asked]
        left = [run for run in left if run not in over]
        if over:
            yield over


def _ended(wave: _Wave, reports: Sequence[EpochReport]) -> set[int]:
    """Which of those in training are to end."""
    in_order = sorted(reports, key=lambda report: report.index)
    return {x.index for x in in_order if wave[x.index][0].prunes(wave[x.index][1], x)}


def try_again(runs: Sequence[Run], dataset: Dataset, workers: Workers) -> None:
    """Choose from the best of each search, and judge the choice, under fresh seeds and splits."""
    kinds = [(run, share) for run in runs for share in AGAIN]
    asked = [(run, recipe) for run, share in kinds for recipe in run.best(share)]
    replicates = range(SELECTION_REPLICATES)
    losses = _retrained(asked, replicates, dataset, workers, on_confirm=False)
    chosen = [
        (run, min(run.best(share), key=lambda recipe: losses[run, recipe])) for run, share in kinds
    ]
    judges = range(SELECTION_REPLICATES, SELECTION_REPLICATES + JUDGES)
    losses = _retrained(chosen, judges, dataset, workers, on_confirm=True)
    for (run, share), (_, recipe) in zip(kinds, chosen, strict=True):
        run.again[str(share)] = losses[run, recipe]


def _retrained(
    asked: Sequence[tuple[Run, Recipe]],
    replicates: Sequence[int],
    dataset: Dataset,
    workers: Workers,
    *,
    on_confirm: bool,
) -> dict[tuple[Run, Recipe], float]:
    """The mean loss of recipes over replicates, infinite where one diverged."""
    planned = [(*of, replicate) for of in dict.fromkeys(asked) for replicate in replicates]
    members = []
    for run, recipe, replicate in planned:
        names = "race", run.seed, replicate
        seeds = Seeds(*(derive(0, *names, name) for name in ("init", "order", "dropout")))
        members.append(Member(recipe, dataset.split(generator(0, *names, "split")), seeds))
    data = dataset.training_data(with_confirm=on_confirm)
    losses: dict[tuple[Run, Recipe], list[float]] = {}
    for index, result in workers.train(members, data):
        run, recipe, _ = planned[index]
        targets = dataset.y_confirm if on_confirm else dataset.y[members[index].split.validation]
        outputs, loss = result.held_out if on_confirm else result.validation, np.inf
        if outputs is not None and np.isfinite(outputs).all():
            loss = float(mean_loss(row_losses(outputs, targets, run.loss), run.loss))
        losses.setdefault((run, recipe), []).append(loss)
    return {key: float(np.mean(values)) for key, values in losses.items()}


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


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", nargs="+", default=list(DATA), choices=list(DATA))
    parser.add_argument("--method", nargs="+", default=list(SEARCHERS), choices=list(SEARCHERS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trainings", type=int, default=72)
    parser.add_argument("--once", action="store_true", help="do not judge what was found")
    parser.add_argument("--cache", type=Path, help="of compiled programs")
    chosen = parser.parse_args(arguments)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    chosen.file.parent.mkdir(parents=True, exist_ok=True)
    cache = tempfile.TemporaryDirectory()
    for name in chosen.data:
        loss, epochs = DATA[name]
        budget = chosen.trainings * epochs
        base = SHALLOW.replace(epochs=epochs)
        wanted = runs_of(chosen.method, chosen.seeds, base, loss, budget)
        done = {found.key for found in read(chosen.file)}
        missing = [run for run in wanted if run.found(name).key not in done]
        dataset = dataset_of(name)
        with Workers(cache=chosen.cache or Path(cache.name)) as workers:
            for over in race(missing, dataset, workers):
                if not chosen.once:
                    try_again(over, dataset, workers)
                for found in (run.found(name) for run in over):
                    keep(chosen.file, found)
                    print(*found.key, found.best[-1], found.again, file=sys.stderr)
        print(f"\n{name}: {table([x for x in read(chosen.file) if x.data == name])}")
    draw(read(chosen.file), chosen.file.with_suffix(".png"))


if __name__ == "__main__":
    main()
