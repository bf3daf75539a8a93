"""How wide the valley of good learning rates is, as a pilot found it."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from search.report.figures.groups import Trained
from search.rows import Array
from search.sweep.windows import LEARNING_RATE, choose_window, tried_in
from search.verdict import METRICS, Terms
from spaces import Float, Recipe, nuisance_space

BANDWIDTH = 0.15
"""Standard deviation of the kernel that smooths a pilot's values, in decades."""
FLOOR = 1e-3
"""Lower values count as this one: what is smoothed is their logarithm."""
_GRID = 400


@final
@dataclass(frozen=True, slots=True, eq=False)
class Valley:
    """A level's pilot over the decimal logarithm of the learning rate."""

    rates: Array
    """(trials,) log10 of the learning rates, rising."""
    values: Array
    """(trials,) the loss on the validation rows, FLOOR where it is less; NaN for a trial
    that failed."""
    grid: Array
    """(points,) over all rates tried."""
    smooth: Array
    """(points,) the values smoothed over the grid."""
    low: float
    """Where the valley begins."""
    high: float
    """Where it ends."""
    window: tuple[float, float]
    """What lanes were drawn from afterwards."""

    @property
    def width(self) -> float:
        """Of the valley, in decades."""
        return self.high - self.low

    @property
    def bottom(self) -> float:
        """The smoothed value at its best."""
        return float(self.smooth.min())


def valley_of(level: Trained, terms: Terms) -> Valley | None:
    """The valley that a level's pilot found.

    That is the stretch around the smoothed minimum in which a rate costs no more than one standard
    error of the best trial, or the margin where that is more. The smoothing is that of the lanes
    (kernel regression: Nadaraya 1964, Watson 1964); a trial that failed counts as the worst.

    Returns:
        None if no trial ended with a value.
    """
    pilot = level.pilot
    scored = [record for record in pilot if record.value is not None]
    if not scored:
        return None
    rates = np.log10([float(record.params[LEARNING_RATE]) for record in pilot])
    values = np.array([math.nan if r.value is None else max(r.value, FLOOR) for r in pilot])
    filled = np.where(np.isnan(values), np.nanmax(values), values)
    grid = np.linspace(rates[0], rates[-1], _GRID)
    weights = np.exp(-(((grid[:, None] - rates) / BANDWIDTH) ** 2) / 2)
    smooth = np.exp(weights @ np.log(filled) / weights.sum(axis=1))
    best = min(scored, key=lambda record: record.value or 0.0)
    bottom = int(smooth.argmin())
    is_ratio = METRICS[terms.loss].is_ratio
    margin = float(smooth[bottom]) * math.expm1(terms.margin) if is_ratio else terms.margin
    outside = np.flatnonzero(smooth > smooth[bottom] + max(margin, best.standard_error or 0.0))
    first = max(outside[outside < bottom], default=-1) + 1
    last = min(outside[outside > bottom], default=_GRID) - 1
    window = _window(level)
    return Valley(rates, values, grid, smooth, float(grid[first]), float(grid[last]), window)


def _window(level: Trained) -> tuple[float, float]:
    """The learning rates that confirm drew its lanes from, as the sweep chose them."""
    space = nuisance_space(Recipe.from_dict(level.pilot[0].recipe))
    rate = choose_window(tried_in(space, level.pilot), level.pilot).space.domains[LEARNING_RATE]
    assert isinstance(rate, Float)
    return math.log10(rate.low), math.log10(rate.high)
