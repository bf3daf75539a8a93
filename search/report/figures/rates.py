"""Sensitivity to the learning rate: the pilot's values, the valley and the chosen window."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from search.report.figures.groups import all_trained, plural, trained
from search.report.figures.ink import BAND, BLUE, GREEN, INK, MUTED, VERMILION
from search.report.figures.panels import Ticks, small_multiples
from search.report.figures.scale import logarithms
from search.report.figures.valley import Valley, valley_of
from search.sweep.records import SweepReport

_HEIGHT = 1.0
_FAILED = 0.15
"""How far above all values failed trials stand, in decades."""


def draw(report: SweepReport) -> Figure | None:
    """A panel a level: what every rate of its pilot reached; None before the pilot."""
    found = _valleys(report)
    if not found:
        return None
    parts = {depth: list(part) for depth, part in trained(report).items()}
    for depth, part in parts.items():
        parts[depth] = [level for level in part if level.name in found]
    lowest = min(valley.grid[0] for valley in found.values())
    highest = max(valley.grid[-1] for valley in found.values())
    powers = range(math.ceil(lowest), math.floor(highest) + 1)
    x = Ticks(
        lowest - 0.1, highest + 0.1, {float(p): f"{10.0**p:g}" for p in powers}, "learning rate"
    )
    y = _values(found, report)
    figure, panels = small_multiples(parts, x, y, height=_HEIGHT, legend=_legend())
    for level, axes in panels:
        _draw(axes, found[level.name], y.high)
    return figure


def see(report: SweepReport) -> str:
    """The widest and the narrowest valley, and the default's."""
    found = _valleys(report)
    names = sorted(found, key=lambda name: found[name].width)
    narrow, wide = names[0], names[-1]
    if _decades(found[narrow]) == _decades(found[wide]):
        text = f"The valley of every level is {_decades(found[wide])} wide."
    else:
        text = (
            f"The widest valley is that of {wide}, {_decades(found[wide])}; the narrowest that of "
            f"{narrow}, {_decades(found[narrow])}."
        )
    for level in all_trained(report):
        if level.is_default and level.name in found:
            valley = found[level.name]
            text += f" For {level.name} it is {_rate(valley.low)} to {_rate(valley.high)}."
    failed = [float(rate) for v in found.values() for rate in v.rates[np.isnan(v.values)]]
    if failed:
        text += (
            f" {plural(len(failed), 'trial')} diverged, none below a rate of {_rate(min(failed))}."
        )
    return text


def _valleys(report: SweepReport) -> dict[str, Valley]:
    """Level's name -> its valley, of the levels that have one."""
    found = {
        level.name: valley_of(level, report.terms)
        for part in trained(report).values()
        for level in part
    }
    return {name: valley for name, valley in found.items() if valley is not None}


def _values(found: Mapping[str, Valley], report: SweepReport) -> Ticks:
    """An axis over all values, with room above them for what failed."""
    values = np.concatenate([valley.values for valley in found.values()])
    return logarithms(values, report.terms.loss, room=_FAILED + 0.1)


def _draw(axes: Axes, valley: Valley, top: float) -> None:
    axes.axvspan(*valley.window, color=BAND)
    smooth = np.log10(valley.smooth)
    inside = (valley.grid >= valley.low) & (valley.grid <= valley.high)
    axes.plot(valley.grid, smooth, color=MUTED, linewidth=1)
    axes.plot(valley.grid[inside], smooth[inside], color=GREEN, linewidth=3)
    axes.plot(valley.rates, np.log10(valley.values), "o", color=BLUE, markersize=2.4, alpha=0.8)
    failed = valley.rates[np.isnan(valley.values)]
    axes.plot(
        failed, np.full(failed.size, top - 0.1), "x", color=VERMILION, markersize=3.4,
        markeredgewidth=1,
    )  # fmt: skip
    axes.annotate(
        f"{valley.width:.1f}", (1, 1), (0, 4.5), xycoords="axes fraction",
        textcoords="offset points", ha="right", fontsize=8, color=INK,
    )  # fmt: skip


def _legend() -> list[Line2D | Patch]:
    return [
        Line2D([], [], color=GREEN, linewidth=2.6, label="valley, width in decades"),
        Line2D([], [], color=BLUE, marker="o", markersize=3, linestyle="", label="trial"),
        Line2D([], [], color=VERMILION, marker="x", markersize=4, linestyle="", label="diverged"),
        Patch(color=BAND, label="window of the lanes"),
    ]


def _decades(valley: Valley) -> str:
    return f"{valley.width:.1f} decades"


def _rate(log: float) -> str:
    return f"{10**log:.2g}"
