# ruff: noqa: ARG001  # all makers are called alike
"""Samplers and pruners by name."""

import logging
from collections.abc import Callable, Mapping

import optuna
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from search.study.ask import known_experiments
from search.study.grid import GridSampler
from spaces import Space

MakeSampler = Callable[[Space, int], BaseSampler]
"""A space and a seed -> a sampler."""
MakePruner = Callable[[int], BasePruner]
"""The epochs of a whole training -> a pruner."""

REDUCTION_FACTOR = 3
"""One of so many trials goes on at each rung (Li et al. 2018)."""
STARTUP_TRIALS = 10
"""Trials before the median says anything."""


def _tpe(space: Space, seed: int) -> BaseSampler:
    # Without groups, what exists only under some choices would be sampled apart from the rest.
    with known_experiments():
        return optuna.samplers.TPESampler(seed=seed, group=True)


def _random(space: Space, seed: int) -> BaseSampler:
    return optuna.samplers.RandomSampler(seed=seed)


logging.getLogger("optuna.samplers._qmc").setLevel(logging.ERROR)  # of conditions it warns always


def _qmc(space: Space, seed: int) -> BaseSampler:
    # What exists only under some choices is drawn at random: a sequence has a fixed dimension.
    with known_experiments():
        return optuna.samplers.QMCSampler(scramble=True, seed=seed, warn_independent_sampling=False)


def _grid(space: Space, seed: int) -> BaseSampler:
    return GridSampler(space)


SAMPLERS: Mapping[str, MakeSampler] = {
    "tpe": _tpe,
    "random": _random,
    "qmc": _qmc,
    "grid": _grid,
}
"""Tree-structured Parzen estimator (Bergstra et al. 2011), random, quasi-random, a whole grid."""


def _hyperband(epochs: int) -> BasePruner:
    # Its other brackets let a long training go on for a third of its epochs, or all, unjudged.
    latest = max(REDUCTION_FACTOR, epochs // REDUCTION_FACTOR**2)
    return optuna.pruners.HyperbandPruner(1, latest, REDUCTION_FACTOR)


def _asha(epochs: int) -> BasePruner:
    return optuna.pruners.SuccessiveHalvingPruner(1, REDUCTION_FACTOR)


def _median(epochs: int) -> BasePruner:
    return optuna.pruners.MedianPruner(STARTUP_TRIALS, n_warmup_steps=epochs // 10)


def _none(epochs: int) -> BasePruner:
    return optuna.pruners.NopPruner()


PRUNERS: Mapping[str, MakePruner] = {
    "hyperband": _hyperband,
    "asha": _asha,
    "median": _median,
    "none": _none,
}
"""Hyperband (Li et al. 2018) without the brackets that first judge a trial after its third epoch
and a ninth of its training, asynchronous successive halving (Li et al. 2020), worse than the median
of those before, and no pruning."""


def get_sampler(name: str) -> MakeSampler:
    """The maker of the sampler called `name`.

    Raises:
        ValueError: listing the samplers.
    """
    if name not in SAMPLERS:
        raise ValueError(f"sampler must be one of {', '.join(SAMPLERS)}; received {name!r}")
    return SAMPLERS[name]


def get_pruner(name: str) -> MakePruner:
    """The maker of the pruner called `name`.

    Raises:
        ValueError: listing the pruners.
    """
    if name not in PRUNERS:
        raise ValueError(f"pruner must be one of {', '.join(PRUNERS)}; received {name!r}")
    return PRUNERS[name]
