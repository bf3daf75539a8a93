"""How the answer moves: each comparison's interval over the sweeps of a schedule."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from search.report.figures.export import to_png
from search.report.figures.groups import Trained
from search.report.figures.ink import BAND, MARKS, MUTED, styled
from search.report.figures.panels import Ticks, small_multiples
from search.report.figures.scale import Reach
from search.sweep.arms import FOUND
from search.verdict import METRICS, Loss, Outcome, Terms, points

MOST_SWEEPS = 60
"""The latest are shown."""
_FEW, _MANY = 4, 20
_HEIGHT = 0.95

History = Sequence[tuple[datetime, Mapping[str, Any]]]
"""When each sweep was due, and its report as JSON, the earliest first."""


class Interval(NamedTuple):
    """What one sweep found of a comparison."""

    at: int
    """The sweep's place."""
    outcome: Outcome
    """On its data."""
    low: float
    """Lower bound in points; may be -inf."""
    mean: float
    """Difference in points."""
    high: float
    """Upper bound; may be inf."""


def drift_png(history: History) -> bytes | None:
    """The figure as PNG; None where no sweep has come to a first look."""
    with styled():
        figure = draw(history)
    return None if figure is None else to_png(figure)


def draw(history: History) -> Figure | None:
    """A panel for each comparison of the last sweep, with those before that had its margin."""
    if not history:
        return None
    conditions = history[-1][1]["conditions"]
    margin, loss = conditions["margin"], Loss(conditions["loss"])
    terms = Terms(loss, margin, conditions["comparisons"], conditions["n_confirm"])
    alike = [
        (at, report)
        for at, report in history
        if [report["conditions"][key] for key in ("margin", "loss")] == [margin, str(loss)]
    ][-MOST_SWEEPS:]
    found = {level: _intervals(level, alike, loss) for level in _levels(history[-1][1])}
    found = {level: intervals for level, intervals in found.items() if intervals}
    if not found:
        return None
    bounds = [bound for each in found.values() for one in each for bound in (one.low, one.high)]
    reach = Reach.of(bounds, terms)
    slots = [at for at, _ in alike]
    x = Ticks(-0.7, len(alike) - 0.3, _dates(slots), "day of the sweep, UTC" * _is_daily(slots))
    y = reach.ticks(f"difference, {METRICS[loss].short_unit}", 6)
    parts: dict[int | None, list[Trained]] = {}
    for level in found:
        parts.setdefault(level.depth, []).append(level)
    figure, panels = small_multiples(parts, x, y, height=_HEIGHT, legend=_legend(found))
    for level, axes in panels:
        band = points(-margin, loss), points(margin, loss)
        axes.axhspan(*band, color=BAND)
        axes.axhline(0, color=MUTED, linewidth=0.8)
        _draw(axes, found[level], reach, sweeps=len(alike))
    return figure


def _levels(report: Mapping[str, Any]) -> list[Trained]:
    return [
        Trained(factor["factor"], found["level"], factor["depth"], None, None, ())
        for factor in report["factors"]
        if factor["factor"] != FOUND  # another recipe in each sweep
        for found in factor["alternatives"]
    ]


def _intervals(level: Trained, history: History, loss: Loss) -> list[Interval]:
    """What each sweep found of a level, where it came to a look."""
    return [
        Interval(
            place,
            Outcome(found["outcome"]),
            _points(found["low"], loss, missing=float("-inf")),
            points(found["difference"], loss),
            _points(found["high"], loss, missing=float("inf")),
        )
        for place, (_, report) in enumerate(history)
        for factor in report["factors"]
        for found in factor["alternatives"]
        if (factor["factor"], factor["depth"], found["level"])
        == (level.factor, level.depth, level.level)
        and found["difference"] is not None
    ]


def _legend(found: Mapping[Trained, Sequence[Interval]]) -> list[Line2D]:
    """The marks that there are."""
    outcomes = {one.outcome for intervals in found.values() for one in intervals}
    return [
        Line2D([], [], linestyle="", label=outcome.replace("_", " "), **mark.style())
        for outcome, mark in MARKS.items()
        if outcome in outcomes
    ]


def _draw(axes: Axes, intervals: Sequence[Interval], reach: Reach, *, sweeps: int) -> None:
    means = [reach.clip(one.mean) for one in intervals]
    axes.plot([one.at for one in intervals], means, color=MUTED, linewidth=0.6)
    for one, mean in zip(intervals, means, strict=True):
        mark = MARKS[one.outcome]
        ends = reach.clip(one.low), reach.clip(one.high)
        axes.vlines(one.at, *ends, color=mark.colour, linewidth=1.0 if sweeps > _MANY else 2.2)
        style = mark.style()
        axes.plot(one.at, mean, **{**style, "markersize": style["markersize"] * 0.7})
    labels = axes.get_xticklabels()
    if sweeps > _FEW:  # they stand at the panel's edges: away from the next panel's
        labels[0].set_horizontalalignment("left")
        labels[-1].set_horizontalalignment("right")


def _dates(slots: Sequence[datetime]) -> dict[float, str]:
    """The first and the last slot's date, with the time below it where days have several."""
    form = "%d %b" if _is_daily(slots) else "%d %b\n%H:%MZ"
    return {float(place): slots[place].strftime(form) for place in (0, len(slots) - 1)}


def _is_daily(slots: Sequence[datetime]) -> bool:
    return len({slot.date() for slot in slots}) == len(slots)


def _points(bound: float | None, loss: Loss, *, missing: float) -> float:
    return missing if bound is None else points(bound, loss)
