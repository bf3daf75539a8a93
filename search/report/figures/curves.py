"""Learning curves: how levels learn, and how much that varies between replicates."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from search.report.figures.groups import Trained, all_trained, trained
from search.report.figures.ink import BLUE, MUTED
from search.report.figures.panels import Ticks, small_multiples
from search.report.figures.scale import round_step
from search.rows import Array
from search.study.record import TrialRecord
from search.sweep.records import SweepReport

STILL_RUNNING = 0.5
"""A curve is drawn as long as this share of the replicates were still training."""
_HEIGHT = 1.1
_QUARTILES = (0.25, 0.5, 0.75)
_LINES: dict[str, Any] = {"validation_loss": "-", "train_loss": (0, (3, 1.5))}
"""Column of a curve -> its line style."""
_LEAST = 1e-6


def draw(report: SweepReport) -> Figure | None:
    """A panel a level, the default behind it; None before the first replicate."""
    parts = {
        depth: [level for level in part if _seen(level)] for depth, part in trained(report).items()
    }
    curves = {
        level.name: {column: quartiles(_seen(level), column) for column in _LINES}
        for part in parts.values()
        for level in part
    }
    drawn = [curve for both in curves.values() for curve in both.values() if curve.size]
    if not drawn:
        return None
    epochs = max(curve.shape[1] for curve in drawn)
    y = decades([np.log10(curve) for curve in drawn])
    step = round_step(epochs, 4)
    places = {step * i: f"{step * i:g}" for i in range(int(epochs // step) + 1)}
    figure, panels = small_multiples(
        parts, Ticks(0, epochs + 0.5, places, "epoch"), y, height=_HEIGHT, legend=_legend()
    )
    for level, axes in panels:
        first = parts[level.depth][0]
        if first.is_default and first is not level:
            _curve(axes, curves[first.name], MUTED)
        _curve(axes, curves[level.name], BLUE)
    return figure


def see(report: SweepReport) -> str:
    """When levels are at their best."""
    best = {
        level.name: float(np.median([r.best_epoch for r in _seen(level)]))
        for level in all_trained(report)
        if _seen(level)
    }
    fastest, slowest = min(best, key=lambda n: best[n]), max(best, key=lambda n: best[n])
    text = f"In the median replicate {fastest} is at its best after {_epochs(best[fastest])}"
    if best[fastest] < best[slowest]:
        text += f", {slowest} only after {_epochs(best[slowest])}"
    elif len(best) > 1:
        text = f"In the median replicate every level is at its best after {_epochs(best[fastest])}"
    defaults = [t.name for t in all_trained(report) if t.is_default and t.name in best]
    for name in defaults:
        if best[fastest] < best[slowest] and name not in (fastest, slowest):
            text += f"; {name} after {_epochs(best[name])}"
    full = [r for level in all_trained(report) for r in _seen(level)]
    late = sum(r.best_epoch >= report.recipe.epochs for r in full) / len(full)
    if late < 0.01:
        return f"{text}. Hardly any training would have gained from more epochs."
    return f"{text}. In {100 * late:.0f} % of the replicates the last epoch allowed was the best."


def quartiles(records: Sequence[TrialRecord], name: str) -> Array:
    """Lower quartile, median and upper quartile of a curve over replicates, by epoch.

    Thinned curves are joined by straight lines in the logarithm.

    Args:
        records: replicates that were trained.
        name: train_loss or validation_loss.

    Returns:
        (3, epochs) from epoch 1 for as long as STILL_RUNNING of them train; NaN where nothing is
        finite.
    """
    longest = max((int(record.curve["epoch"][-1]) for record in records), default=0)
    grid = np.arange(1, longest + 1)
    logs = np.full((len(records), longest), math.nan)
    for row, record in zip(logs, records, strict=True):
        values = np.asarray(record.curve[name], float)
        known = np.isfinite(values)
        if known.any():
            epochs = np.asarray(record.curve["epoch"], float)[known]
            reached = grid <= record.curve["epoch"][-1]
            heights = np.log(np.maximum(values[known], _LEAST))
            row[reached] = np.interp(grid[reached], epochs, heights)
    shown = np.isfinite(logs).mean(axis=0) >= STILL_RUNNING if len(records) else np.zeros(0, bool)
    found: Array = np.exp(np.nanquantile(logs[:, shown], _QUARTILES, axis=0))
    return found


def _seen(level: Trained) -> list[TrialRecord]:
    return [r for r in level.confirm if r.state == "complete" and len(r.curve["epoch"])]


def _curve(axes: Axes, curves: Mapping[str, Array], colour: str) -> None:
    for name, style in _LINES.items():
        low, middle, high = np.log10(curves[name])
        epochs = np.arange(1, len(middle) + 1)
        axes.fill_between(epochs, low, high, color=colour, alpha=0.22, linewidth=0)
        axes.plot(epochs, middle, color=colour, linestyle=style, linewidth=1.3)


def decades(logs: Sequence[Array]) -> Ticks:
    """A logarithmic axis of losses around all these decimal logarithms, which are its positions."""
    low = min(float(np.nanmin(log)) for log in logs)
    high = max(float(np.nanmax(log)) for log in logs)
    powers = range(math.ceil(low - 0.3), math.floor(high + 0.3) + 1)
    return Ticks(low - 0.1, high + 0.1, {float(p): f"{10.0**p:g}" for p in powers}, "loss")


def _legend() -> list[Line2D]:
    solid, dashed = _LINES.values()
    return [
        Line2D([], [], color=BLUE, linestyle=solid, label="validation"),
        Line2D([], [], color=BLUE, linestyle=dashed, label="training"),
        Line2D([], [], color=MUTED, linestyle=solid, label="the default"),
    ]


def _epochs(count: float) -> str:
    return f"{count:g} epoch{'s' * (count != 1)}"
