"""From a pilot's trials to the window that confirm draws its lanes from.

The Deep Learning Tuning Playbook (Godbole et al. 2023): tune nuisance hyperparameters for every
level anew, and look whether the best point lies at the edge of its range.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import final

import numpy as np

from search.rows import Array
from search.study.record import TrialRecord
from spaces import Float, Space, Value

LEARNING_RATE = "learning_rate"
WINDOW_RATIO = 100.0
"""Confirm's window of the learning rate spans two decades."""
CENTRES_A_DECADE = 2
"""Windows are centred on half decades: levels that learn alike then get the very same learning
rates in a replicate, and their difference is rid of what these share (common random numbers)."""
STRENGTH_SHARE = 0.5
"""Confirm's window of a strength is this share of its range, on the range's own scale."""
WIDENING_RATIO = 10.0
"""An optimum at the edge adds a decade beyond it."""
MOST_WIDENINGS = 2
EDGE_SHARE = 0.1
"""An optimum in this outer share of the learning rates tried is at the edge."""
LANE_BANDWIDTH = 1.0
"""Standard deviation of the kernel that smooths the losses of a replicate's lanes, in lanes."""
LEAST_LANES_WITH_A_RIM = 4
"""With fewer lanes all of them may be chosen."""
_IRRATIONAL = (0.618033988749895, 0.7548776662466927, 0.5698402909980532)
MOST_DIMENSIONS = 1 + len(_IRRATIONAL)
"""Of a nuisance window: AdamW's learning rate and decay, and both factors of l1_l2."""


@final
@dataclass(frozen=True, slots=True)
class Window:
    """The nuisance window of one arm."""

    space: Space
    """What lanes are drawn from."""
    edge: str | None
    """`low` or `high` if the best learning rates were still at the edge of what was tried."""


def choose_window(tried: Space, records: Sequence[TrialRecord]) -> Window:
    """The window around the best trials.

    All trials within one standard error of the best count as the best; the window is centred on
    their median, or on the half decade next to it for the learning rate. So a plateau, flat within
    noise, counts as an optimum inside.

    Args:
        tried: the ranges that the trials came from, widenings included.
        records: an arm's pilot trials; failed ones are left out.
    """
    scored = [(r.value, r) for r in records if r.value is not None]
    if not scored:
        return Window(tried, edge=None)
    best_value, best = min(scored, key=lambda pair: pair[0])
    limit = best_value + (best.standard_error or 0.0)
    tied = [record for value, record in scored if value <= limit]
    domains: dict[str, Float] = {}
    edge = None
    for name, domain in tried.parameters():
        assert isinstance(domain, Float)
        centre = domain.at(median(domain.position(float(r.params[name])) for r in tied))
        if name == LEARNING_RATE:
            position = domain.position(centre)
            edge = "low" if position < EDGE_SHARE else "high" if position > 1 - EDGE_SHARE else None
            half = math.sqrt(WINDOW_RATIO)
            centre = 10 ** (round(math.log10(centre) * CENTRES_A_DECADE) / CENTRES_A_DECADE)
            domains[name] = Float(centre / half, centre * half, default=centre, log=True)
        else:
            domains[name] = _narrowed(domain, centre)
    return Window(Space(domains), edge)


def widened(tried: Space, edge: str) -> tuple[Space, Space]:
    """All that will have been tried once the learning rate is widened, and the new part alone."""
    rate = tried.domains[LEARNING_RATE]
    assert isinstance(rate, Float)
    low, high = rate.low, rate.high
    if edge == "low":
        new = Float(low / WIDENING_RATIO, low, default=low, log=True)
        whole = Float(new.low, high, default=rate.default, log=True)
    else:
        new = Float(high, high * WIDENING_RATIO, default=high, log=True)
        whole = Float(low, new.high, default=rate.default, log=True)
    others = dict(tried.domains)
    return Space({**others, LEARNING_RATE: whole}), Space({**others, LEARNING_RATE: new})


def tried_in(space: Space, records: Sequence[TrialRecord]) -> Space:
    """All the ranges that an arm's trials came from: `space`, widened as often as it was.

    Args:
        space: the ranges at the start of the pilot.
        records: the arm's pilot trials.
    """
    for widening in range(max((record.window for record in records), default=0)):
        before = [record for record in records if record.window <= widening]
        edge = choose_window(space, before).edge
        if edge is not None:
            space, _ = widened(space, edge)
    return space


def lane_points(window: Space, n_lanes: int, shift: Array) -> list[dict[str, Value]]:
    """The lanes of one replicate: a lattice in the window, randomly shifted.

    The learning rate is spread evenly; each further dimension advances by an irrational step
    (Kronecker lattice, Niederreiter 1992).

    Args:
        window: at most MOST_DIMENSIONS continuous hyperparameters.
        n_lanes: points, at least 1.
        shift: (MOST_DIMENSIONS,) in [0, 1), the same for all arms of a replicate.
    """
    points: list[dict[str, Value]] = [{} for _ in range(n_lanes)]
    for dimension, (name, domain) in enumerate(window.parameters()):
        assert isinstance(domain, Float)
        step = 1 / n_lanes if dimension == 0 else _IRRATIONAL[dimension - 1]
        positions = np.mod(shift[dimension] * step if dimension == 0 else shift[dimension], 1.0)
        for lane, point in enumerate(points):
            point[name] = domain.at(float(np.mod(positions + lane * step, 1.0)))
    return points


def choose_lane(losses: Sequence[float | None]) -> int:
    """The lane with the lowest smoothed loss, not at the rim of the window.

    Lanes near the optimum differ by less than a few hundred rows can tell, and the lowest of
    several noisy losses is often the luck of a lane next to those that diverge. So the losses are
    smoothed over the lanes (kernel regression: Nadaraya 1964, Watson 1964), as log(1 + loss), lest
    a huge one drown the others. The first and the last lane, which have neighbours on one side
    only, are there to smooth the others.

    Args:
        losses: cross entropy or mean squared error (which say more about a lane than the few values
            that an error rate can have) on the replicate's own validation rows, in the order of the
            learning rates; None for a lane that failed, which counts as the worst of the others.

    Returns:
        A lane inside; one at the rim if none inside works or there are fewer than
        LEAST_LANES_WITH_A_RIM, and the first if none works at all.
    """
    works = np.array([loss is not None for loss in losses])
    if not works.any():
        return 0
    worst = max(loss for loss in losses if loss is not None)
    filled = np.array([worst if loss is None else loss for loss in losses])
    lanes = np.arange(len(losses))
    weights = np.exp(-(((lanes[:, None] - lanes) / LANE_BANDWIDTH) ** 2) / 2)
    smooth = weights @ np.log1p(filled) / weights.sum(axis=1)
    inside = works & (lanes > 0) & (lanes < len(lanes) - 1)
    eligible = inside if inside.any() and len(lanes) >= LEAST_LANES_WITH_A_RIM else works
    return int(np.where(eligible, smooth, math.inf).argmin())


def _narrowed(domain: Float, centre: float) -> Float:
    position = domain.position(centre)
    start = min(max(position - STRENGTH_SHARE / 2, 0.0), 1.0 - STRENGTH_SHARE)
    low, high = domain.at(start), domain.at(start + STRENGTH_SHARE)
    return Float(low, high, default=min(max(centre, low), high), log=domain.log)
