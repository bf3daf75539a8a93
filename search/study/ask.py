"""What to try next.

Trials are asked of a study in memory and reach the store only when they are finished, so that a
killed process leaves no trial behind that is neither running nor done, and asking again gives the
same answer.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.exceptions import ExperimentalWarning

from spaces import Choice, Domain, Float, Int, Space, Value


def quasi_random_points(space: Space, n: int, seed: int) -> list[dict[str, Value]]:
    """`n` points that cover a space without conditions evenly (scrambled Sobol sequence).

    Raises:
        ValueError: if the space has conditions; a quasi-random sequence has a fixed dimension.
    """
    if space.conditions:
        raise ValueError(f"quasi-random points need a space without conditions; received {space}")
    with known_experiments():
        sampler = optuna.samplers.QMCSampler(scramble=True, seed=seed)
    study = optuna.create_study(sampler=sampler)
    distributions = {name: distribution(domain) for name, domain in space.parameters()}
    study.ask(distributions)  # the sampler draws a study's first trial at random: leave it out
    return [dict(study.ask(distributions).params) for _ in range(n)]


@contextmanager
def known_experiments() -> Iterator[None]:
    """Use what Optuna calls experimental: of a pinned version it is known how it behaves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def distribution(domain: Domain) -> BaseDistribution:
    """A domain in Optuna's terms."""
    match domain:
        case Float():
            return FloatDistribution(domain.low, domain.high, log=domain.log)
        case Int():
            return IntDistribution(domain.low, domain.high, log=domain.log)
        case Choice():
            return CategoricalDistribution(domain.options)
