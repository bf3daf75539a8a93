"""Differences as they are drawn: in the unit of their metric."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np

from search.report.figures.panels import Ticks
from search.rows import Array
from search.verdict import METRICS, Loss, Terms, points

LEAST_MARGINS, MOST_MARGINS = 2.2, 12.0
"""An axis of differences reaches as far as its bounds, within so many margins of zero."""
_STEPS = (1, 2, 5)
_BELOW, _CLOSE = 0.08, 0.6
"""In decades: what a logarithmic axis leaves below its least value, and when it is a short one."""
_MINUS = "\N{MINUS SIGN}"


@final
@dataclass(frozen=True, slots=True)
class Reach:
    """An axis of differences; what lies beyond it is drawn at its end."""

    low: float
    """Its lower end, in points."""
    high: float
    """Its upper end."""

    @classmethod
    def of(cls, bounds: Iterable[float], terms: Terms) -> "Reach":
        """As far as these bounds in points go; infinite ones do not count."""
        margin = points(terms.margin, terms.loss)
        found = [bound for bound in bounds if math.isfinite(bound)]
        least, most = LEAST_MARGINS * margin, MOST_MARGINS * margin
        low = min(max(-1.05 * min(found, default=0.0), least), most)
        return cls(-low, min(max(1.05 * max(found, default=0.0), least), most))

    def clip(self, value: float) -> float:
        """The nearest place on the axis."""
        return min(max(value, self.low), self.high)

    def ticks(self, label: str, most: int) -> Ticks:
        """At most so many round places, zero among them."""
        step = round_step(self.high - self.low, most)
        places = range(math.ceil(self.low / step), math.floor(self.high / step) + 1)
        return Ticks(self.low, self.high, {i * step: _written(i * step) for i in places}, label)


def round_step(span: float, most: int) -> float:
    """The least of 1, 2 and 5 times a power of ten that divides a span into fewer parts."""
    power = math.floor(math.log10(span / most))
    steps = (factor * 10.0**exponent for exponent in (power, power + 1) for factor in _STEPS)
    return next(step for step in steps if span / step <= most)


def logarithms(values: Array, loss: Loss, *, room: float) -> Ticks:
    """An axis over positive validation losses; positions are decimal logarithms.

    Args:
        values: to be shown; NaN where there is none.
        loss: what they are.
        room: that is left above the largest.
    """
    low, high = float(np.log10(np.nanmin(values))) - _BELOW, float(np.log10(np.nanmax(values)))
    metric = METRICS[loss]
    scale = 1 if metric.is_ratio else metric.scale
    unit = "standardized" if metric.is_ratio else "%" if scale == 100 else "nats"
    shown = {math.log10(p): f"{p * scale:.6g}" for p in _places(low, high)}
    at = {place: text for place, text in shown.items() if low <= place <= high}
    return Ticks(low, high + room, at, f"validation {metric.name}, {unit}")


def _places(low: float, high: float) -> list[float]:
    """Round numbers whose logarithms may lie within bounds; evenly spaced where those are close."""
    if high - low < _CLOSE:
        step = round_step(10**high - 10**low, most=5)
        return [step * i for i in range(1, math.floor(10**high / step) + 1)]
    steps = (1, 3) if high - low > 1 else (1, 2, 5)
    return [step * 10.0**power for power in range(-4, 6) for step in steps]


def _written(value: float) -> str:
    return "0" if value == 0 else f"{value:+g}".replace("-", _MINUS)
