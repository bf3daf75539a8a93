"""Calibration: whether predictions of a confidence are right as often."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from search.report.figures.groups import Trained, all_trained, sentence, trained
from search.report.figures.ink import BLUE, INK, MUTED, PAPER
from search.report.figures.panels import Ticks, small_multiples
from search.rows import Array
from search.sweep.records import SweepReport
from search.verdict import Calibration

LEAST_PREDICTIONS = 30
"""Bins with fewer predictions are hollow and apart: their share is mostly chance."""
_HEIGHT = 1.3
_LARGEST, _SMALLEST = 7.5, 3.0


def draw(report: SweepReport) -> Figure | None:
    """A reliability diagram a level (Guo et al. 2017); None where there are no probabilities."""
    parts = {depth: [t for t in part if _of(t)] for depth, part in trained(report).items()}
    if not any(parts.values()):
        return None
    low = min(float(_points(level)[0].min()) for part in parts.values() for level in part)
    low = min(math.floor(10 * low) / 10, 0.5)
    places = {p: f"{100 * p:g}" for p in (0.2, 0.4, 0.6, 0.8, 1.0) if p > low}
    x = Ticks(low, 1.02, places, "mean confidence in a bin, %")
    y = Ticks(0, 1.04, {p: f"{100 * p:g}" for p in (0.0, 0.25, 0.5, 0.75, 1.0)}, "right, %")
    legend = [
        Line2D([], [], color=BLUE, marker="o", markersize=4.5, linewidth=1, label="observed"),
        Line2D([], [], color=BLUE, marker="o", markersize=3, linewidth=0, markerfacecolor=PAPER,
               label=f"from fewer than {LEAST_PREDICTIONS} predictions"),
        Line2D([], [], color=MUTED, linewidth=0.9, linestyle="--", label="well calibrated"),
    ]  # fmt: skip
    figure, panels = small_multiples(parts, x, y, height=_HEIGHT, legend=legend)
    for level, axes in panels:
        _diagram(axes, level)
    return figure


def see(report: SweepReport) -> str:
    """Whether the default is sure of itself with reason, and who is calibrated best and worst."""
    found = {level.name: _of(level) for level in all_trained(report)}
    errors = {name: c.error for name, c in found.items() if c is not None}
    text = ""
    for level in all_trained(report):
        calibration = found[level.name]
        if level.is_default and calibration is not None:
            n = sum(calibration.counts)
            sure, right = sum(calibration.confidence) / n, sum(calibration.right) / n
            text += (
                f"{sentence(level.name)} is {100 * sure:.1f} % sure on average and right in "
                f"{100 * right:.1f} % of its predictions: {_bias(sure - right)}. "
            )
    best, worst = min(errors, key=lambda e: errors[e]), max(errors, key=lambda e: errors[e])
    text += f"The expected calibration error is {100 * errors[best]:.2g} points"
    if errors[best] == errors[worst]:
        return f"{text}."
    return f"{text} for {best} at the best and {100 * errors[worst]:.2g} for {worst} at the worst."


def _of(level: Trained) -> Calibration | None:
    calibration = None if level.evidence is None else level.evidence.calibration
    return calibration if calibration is not None and any(calibration.counts) else None


def _points(level: Trained) -> tuple[Array, Array, Array]:
    """Mean confidence, share that was right and predictions of each bin that is not empty."""
    calibration = _of(level)
    assert calibration is not None
    counts, confidence, right = (
        np.array(column, float)
        for column in (calibration.counts, calibration.confidence, calibration.right)
    )
    used = counts > 0
    return confidence[used] / counts[used], right[used] / counts[used], counts[used]


def _diagram(axes: Axes, level: Trained) -> None:
    confidence, right, counts = _points(level)
    axes.plot((0, 1), (0, 1), color=MUTED, linewidth=0.9, linestyle="--")
    solid = counts >= LEAST_PREDICTIONS
    axes.plot(confidence[solid], right[solid], color=BLUE, linewidth=1)
    sizes = np.maximum(_LARGEST * np.sqrt(counts / counts.max()), _SMALLEST)
    for x, y, size, is_solid in zip(confidence, right, sizes, solid, strict=True):
        face = BLUE if is_solid else PAPER
        axes.plot(
            x, y, "o", markersize=size, markerfacecolor=face, markeredgecolor=BLUE,
            markeredgewidth=0.8, clip_on=False,
        )  # fmt: skip
    calibration = _of(level)
    assert calibration is not None
    axes.annotate(
        f"ECE {100 * calibration.error:.1f}", (1, 1), (0, 4.5), xycoords="axes fraction",
        textcoords="offset points", ha="right", fontsize=8, color=INK,
    )  # fmt: skip


def _bias(excess: float) -> str:
    if abs(excess) < 0.005:
        return "well calibrated on the whole"
    return f"{'over' if excess > 0 else 'under'}confident by {100 * abs(excess):.1f} points"
