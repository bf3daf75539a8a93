"""The search: what every trial reached, and the best so far, by the epochs spent."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from search.report.figures.groups import plural
from search.report.figures.ink import BLUE, GREEN, INK, MUTED, RULE, VERMILION, WIDTH
from search.report.figures.scale import logarithms
from search.rows import Array
from search.study.record import TrialRecord
from search.sweep.records import SweepReport
from search.verdict import METRICS

_HEIGHT = 2.6
_ROOM = 0.25
"""Above all values, for what failed, in decades."""
_WHOLE: dict[str, Any] = {"color": BLUE, "markersize": 3.6}
_PRUNED: dict[str, Any] = {
    "color": MUTED,
    "markersize": 2.6,
    "markerfacecolor": "none",
    "markeredgewidth": 0.7,
}


def draw(report: SweepReport) -> Figure | None:
    """Trials over the epochs spent up to their end; None before the first, or without a search."""
    trials = _trials(report)
    values = _values(trials)
    if not np.isfinite(values).any():
        return None
    epochs = np.cumsum([trial.epochs for trial in trials])
    figure = Figure(figsize=(WIDTH, _HEIGHT))
    axes = figure.add_axes((0.08, 0.17, 0.9, 0.69))
    y = logarithms(values, report.terms.loss, room=_ROOM)
    axes.set_ylim(y.low, y.high)
    axes.set_yticks(list(y.at), list(y.at.values()))
    axes.grid(axis="y", color=RULE, linewidth=0.4)
    axes.set_xlim(0, 1.02 * epochs[-1])
    axes.set_xlabel("epochs spent")
    figure.text(0.008, 0.985, y.label, ha="left", va="top", color=MUTED)
    _draw(axes, epochs, trials, y.high)
    figure.legend(
        handles=_legend(), loc="upper right", ncols=5, borderaxespad=0.2, handletextpad=0.5
    )
    return figure


def see(report: SweepReport) -> str:
    """What the default and the best trial reached, and what pruning spared."""
    trials = _trials(report)
    ended = [t for t in trials if t.state == "complete" and t.value is not None]
    pruned = sum(trial.state == "pruned" for trial in trials)
    text = f"{plural(pruned, 'trial')} of {len(trials):,} ended early."
    if not ended:
        return text
    best = min(ended, key=lambda trial: trial.value or 0.0)
    spent = sum(trial.epochs for trial in trials)
    reached = sum(trial.epochs for trial in trials[: trials.index(best) + 1])
    told = f"The best trial, {best.level}, came to {_told(best, report)}"
    if trials[0] is best:
        told = f"The default itself came to {_told(best, report)}, and no trial to less"
    elif trials[0] in ended:
        told += f" and the default to {_told(trials[0], report)}"
    return f"{told}, after {reached:,} of {spent:,} epochs. {text}"


def _trials(report: SweepReport) -> list[TrialRecord]:
    found = (record for record in report.records if record.phase == "search")
    return sorted(found, key=lambda record: record.index)


def _values(trials: Sequence[TrialRecord]) -> Array:
    """What each trial reached; NaN where it failed. A logarithm has no place for none at all."""
    values = np.array([np.nan if t.value is None else t.value for t in trials])
    positive = values[values > 0]
    return np.maximum(values, positive.min() / 2) if positive.size else values * np.nan


def _draw(axes: Axes, epochs: Array, trials: Sequence[TrialRecord], top: float) -> None:
    heights = np.log10(_values(trials))
    states = np.array([trial.state for trial in trials])
    ended, failed = states == "complete", states == "failed"
    best = np.fmin.accumulate(np.where(ended, heights, np.nan))
    axes.step(epochs, best, where="post", color=GREEN, linewidth=2)
    dots: dict[str, Any] = {"marker": "o", "linestyle": ""}
    axes.plot(epochs[states == "pruned"], heights[states == "pruned"], **dots, **_PRUNED)
    axes.plot(epochs[ended], heights[ended], **dots, **_WHOLE)
    axes.plot(epochs[failed], np.full(failed.sum(), top - 0.1), "x", color=VERMILION, markersize=4)
    axes.plot(epochs[:1], heights[:1], "D", color=INK, markersize=5)


def _legend() -> list[Line2D]:
    none: dict[str, Any] = {"linestyle": ""}
    return [
        Line2D([], [], color=GREEN, linewidth=2, label="best so far"),
        Line2D([], [], marker="o", label="trained to its end", **none, **_WHOLE),
        Line2D([], [], marker="o", label="pruned", **none, **_PRUNED),
        Line2D([], [], marker="x", color=VERMILION, markersize=4, label="failed", **none),
        Line2D([], [], marker="D", color=INK, markersize=5, label="the default", **none),
    ]


def _told(trial: TrialRecord, report: SweepReport) -> str:
    metric = METRICS[report.terms.loss]
    assert trial.value is not None
    scale = 1 if metric.is_ratio else metric.scale
    unit = " %" if scale == 100 else ""
    return f"{trial.value * scale:.3g}{unit}"
