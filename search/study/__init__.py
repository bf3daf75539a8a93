"""The one door to Optuna: what to try next, and the store of what was tried."""

from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from search.study.ask import quasi_random_points
from search.study.batches import BatchedStudy, Told
from search.study.grid import n_points
from search.study.prior import PriorSampler
from search.study.record import TrialRecord
from search.study.samplers import (
    PRUNERS,
    SAMPLERS,
    MakePruner,
    MakeSampler,
    get_pruner,
    get_sampler,
)
from search.study.store import Store

__all__ = [
    "PRUNERS",
    "SAMPLERS",
    "BasePruner",
    "BaseSampler",
    "BatchedStudy",
    "MakePruner",
    "MakeSampler",
    "PriorSampler",
    "Store",
    "Told",
    "TrialRecord",
    "get_pruner",
    "get_sampler",
    "n_points",
    "quasi_random_points",
]
