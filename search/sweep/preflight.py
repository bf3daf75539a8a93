"""What a sweep will take, known before it begins: counts, memory, time and replicates."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

from search.data import Dataset, Summary
from search.memory import check_fits, machine_memory
from search.rows import TrainingData
from search.seeds import generator
from search.sweep.folder import SweepFile
from search.sweep.records import Planned
from search.sweep.reporting import terms_of
from search.sweep.searching import CANDIDATES, SELECTION_REPLICATES, search_of
from search.training.contract import Member, Sample, Seeds
from search.training.plan import LARGEST_STACK, stack_bytes, stack_memory, structure_of
from search.verdict import METRICS, Loss, Terms, look_schedule, replicates_for_spread
from spaces import SHAPE, Choice, Int, Recipe

DISAGREEMENTS = (0.01, 0.03, 0.1)
"""Supposed shares of the confirm rows that one of two trainings gets right and the other wrong."""
SPREADS = (0.5, 1.0, 2.0)
"""Supposed spreads where there is no error rate, in margins."""


@final
@dataclass(frozen=True, slots=True)
class Expectation:
    """The replicates that a comparison of equally good recipes takes, if its spread is so."""

    spread: float
    """Supposed standard deviation of the paired differences, in the loss or in ln of a ratio."""
    disagreement: float | None
    """The share of the confirm rows on which trainings differ that gives this spread at most."""
    replicates: int | None
    """The look that should decide; None if none would."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What a sweep will do and cost."""

    file: SweepFile
    """What is fixed of it."""
    columns: tuple[Summary, ...]
    """What became of each column."""
    terms: Terms
    """What is fixed of every comparison."""
    planned: Planned
    """How much there is to train."""
    workers: int
    """Processes that train."""
    memory: int
    """Bytes that it takes, about."""
    machine_memory: int
    """Bytes there are."""
    programs: int
    """Compiled, or loaded from the cache, up to the first look."""
    compile_seconds: float
    """What that took, by all workers together."""
    training_seconds: float
    """Of one training of all its epochs, on one worker."""
    first_look_seconds: float
    """From the start to the first look, if no training stops early."""
    most_seconds: float
    """The same for all of it, if no level is decided early either."""
    expectations: tuple[Expectation, ...]
    """Replicates by spread; none with too few rows."""
    problems: tuple[str, ...]
    """What could not be trained, and why."""

    def to_dict(self) -> dict[str, Any]:
        """The one JSON document of a check."""
        return {
            "name": self.file.name,
            "settings": self.file.settings.to_dict(),
            "recipe": self.file.recipe.to_dict(),
            "data": dict(self.file.data),
            "comparisons": self.planned.comparisons,
            "margin": self.terms.margin,
            "least_confirm_rows": self.terms.least_rows,
            "trainings": {
                "pilot": self.planned.pilot,
                "first_look": self.planned.first_look,
                "most": self.planned.most,
                "search": self.planned.search,
            },
            "workers": self.workers,
            "memory": {"needed": self.memory, "machine": self.machine_memory},
            "programs": self.programs,
            "seconds": {
                "compiling": round(self.compile_seconds, 2),
                "training": round(self.training_seconds, 4),
                "first_look": round(self.first_look_seconds, 1),
                "most": round(self.most_seconds, 1),
            },
            "expectations": [asdict(each) for each in self.expectations],
            "problems": list(self.problems),
        }


def plan(file: SweepFile) -> Planned:
    """How much a sweep trains, from its first trial on."""
    settings = file.settings
    n_recipes = len(_recipes(file))
    looks = look_schedule(settings.n_replicates)
    first, last = (looks[0], looks[-1]) if looks else (0, 0)
    in_replicate = n_recipes * settings.lanes
    pilot = n_recipes * settings.pilot_trials
    return Planned(
        comparisons=sum(len(contest.alternatives) for contest in file.contests),
        pilot=pilot,
        first_look=pilot + first * in_replicate,
        most=pilot + last * in_replicate + _found(file, last) + file.has_final,
        search=_searched(file),
    )


def _found(file: SweepFile, last: int) -> int:
    """Trainings of a search, of its selection, and of what it found against the default."""
    settings = file.settings
    if file.space is None:
        return 0
    selection = (CANDIDATES + 1) * SELECTION_REPLICATES
    confirmation = 2 * last
    if settings.hypermodel is None:  # else its default is as fixed as what is found
        confirmation += settings.pilot_trials + last * (settings.lanes - 1)
    return _searched(file) + selection + confirmation


def _searched(file: SweepFile) -> int:
    search = search_of(file)
    return 0 if search is None else search.n_trials


def memory_needed(file: SweepFile, dataset: Dataset, workers: int) -> int:
    """Bytes that a sweep takes, about: its rows in every process, and a stack in each worker.

    Raises:
        InputError: if the machine has less.
    """
    data = dataset.training_data(with_confirm=True)
    stack = 0  # of a person's own network nothing is known
    if file.model is None:
        recipes = [recipe for _, recipe in _recipes(file)] + _largest(file)
        sizes = [stack_bytes(structure_of(recipe, data)) for recipe in recipes]
        stack = max(min(LARGEST_STACK * one, max(one, stack_memory())) for one in sizes)
    rows = dataset.x.nbytes + dataset.x_confirm.nbytes
    # A worker has the rows twice, as it received them and as TensorFlow wants them.
    needed = 2 * rows + workers * (2 * rows + stack)
    what = f"{workers} workers with a stack of trainings each, and the rows in every process"
    check_fits(f"sweep {file.name!r}", needed, what)
    return needed


def preflight(
    file: SweepFile,
    dataset: Dataset,
    *,
    workers: int,
    sample: Callable[[Sequence[Sequence[Member]], TrainingData], Sequence[Sample]],
) -> Preflight:
    """Compile and time what a sweep takes up to its first look, and foretell the rest.

    Args:
        file: what is fixed of the sweep.
        dataset: the data it names.
        workers: processes that train.
        sample: see `Workers.sample`.

    Raises:
        InputError: if it does not fit in memory; nothing was compiled.
    """
    memory = memory_needed(file, dataset, workers)
    planned, terms = plan(file), terms_of(file)
    looks = look_schedule(file.settings.n_replicates)
    samples = sample(_steps(file, dataset), dataset.training_data(with_confirm=False))
    pilot, confirm, search, last = (
        sum(x.seconds * x.member_epochs[step] for x in samples) for step in range(4)
    )
    later = looks[-1] / looks[0] - 1 if looks else 0.0
    first, most = (_found(file, n) for n in ((looks[0], looks[-1]) if looks else (0, 0)))
    return Preflight(
        file=file,
        columns=dataset.preparation.summary,
        terms=terms,
        planned=planned,
        workers=workers,
        memory=memory,
        machine_memory=machine_memory(),
        programs=len(samples),
        compile_seconds=sum(x.compile_seconds for x in samples),
        training_seconds=(pilot + confirm + search) / max(planned.first_look + first, 1),
        first_look_seconds=(pilot + confirm + search) / workers,
        most_seconds=(pilot + (1 + later) * confirm + search * most / max(first, 1) + last)
        / workers,
        expectations=tuple(_expectations(terms)),
        problems=tuple(dict.fromkeys(x.problem for x in samples if x.problem is not None)),
    )


def _recipes(file: SweepFile) -> list[tuple[tuple[str, ...], Recipe]]:
    """What is trained, by random stream; once, if a recipe and its block are the same."""
    arms = (arm for contest in file.contests for arm in contest.arms)
    return list(dict.fromkeys((arm.stream, arm.recipe) for arm in arms))


def _largest(file: SweepFile) -> list[Recipe]:
    """What takes the most memory in a search, if there is one."""
    if file.space is None:
        return []
    sizes: dict[str, int] = {}
    for name in SHAPE:
        domain = file.space.domains.get(name)
        if isinstance(domain, Choice):
            sizes[name] = max(int(option) for option in domain.options)
        elif isinstance(domain, Int):
            sizes[name] = domain.high
    return [file.recipe.replace(optimizer="adamw", **sizes)]


def _steps(file: SweepFile, dataset: Dataset) -> tuple[list[Member], ...]:
    """Members that share programs as those of the pilot, up to the first look and at the end will.

    Programs follow from structures, splits' sizes and who sees the same batches; nuisance
    hyperparameters, which only the pilot will find, are numbers.
    """
    settings, recipes = file.settings, _recipes(file)
    splits = {
        stream: dataset.split(generator(settings.seed, *stream, "preflight"))
        for stream, _ in recipes
    }
    pilot = [
        Member(recipe, splits[stream], Seeds(i, 0, i))
        for stream, recipe in recipes
        for i in range(settings.pilot_trials)
    ]
    first_look = next(iter(look_schedule(settings.n_replicates)), 0)
    confirm = [
        Member(recipe, splits[stream], Seeds(i, i, i))
        for i in range(first_look)
        for stream, recipe in recipes
        for _ in range(settings.lanes)
    ]
    default = next(iter(recipes), ((), file.recipe))[1]
    split = dataset.split(generator(settings.seed, "preflight"))
    # As if no trial were pruned and all were like the default.
    search = [Member(default, split, Seeds(i, 0, i)) for i in range(_found(file, first_look))]
    # The final model is the default's, should nothing beat it.
    final = [Member(default, split, Seeds(0, 0, 0))] * file.has_final
    return pilot, confirm, search, final


def _expectations(terms: Terms) -> Iterator[Expectation]:
    if not terms.has_enough_rows:
        return
    if terms.loss is Loss.ERROR_RATE:
        # Each such row adds 1/M or takes it away: the variance of a binomial, if by chance.
        spreads = {share: math.sqrt(share / terms.n_rows) for share in DISAGREEMENTS}
        for share, spread in spreads.items():
            yield Expectation(spread, share, replicates_for_spread(spread, terms))
        return
    is_ratio = METRICS[terms.loss].is_ratio
    for share in SPREADS:
        # Of a ratio the margin is a logarithm.
        size = share * (math.expm1(terms.margin) if is_ratio else terms.margin)
        spread = math.log1p(size) if is_ratio else size
        yield Expectation(spread, None, replicates_for_spread(spread, terms))
