"""The forest plot: every comparison's interval beside the margin."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from search.report.figures.groups import plural
from search.report.figures.ink import BAND, INK, MARKS, MUTED, WIDTH
from search.report.figures.rows import room_for, write, write_right
from search.report.figures.scale import Reach
from search.report.rows import AlternativeRow, alternative_rows, sections
from search.sweep.records import SweepReport
from search.verdict import METRICS, Comparison, Outcome, in_units, points

_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT = 0.215, 0.66, 0.42, 1.55, 1.75
_MARGIN, _INDENT, _DEFAULT = 0.06, 0.14, 1.12
_ENDED = {
    Outcome.BEATS_DEFAULT: ("beats its default", "beat their defaults"),
    Outcome.EQUIVALENT: ("makes no difference that matters", "make no difference that matters"),
    Outcome.NOT_BETTER: ("is not better", "are not better"),
    Outcome.WORSE: ("is worse", "are worse"),
    Outcome.UNDECIDED: ("is undecided", "are undecided"),
}
"""In words, of one alternative and of several."""
_HEADS = {"section": 1.5, "factor": 1.35, "level": 1.0}
"""Kind of line -> its height in rows."""


@final
@dataclass(frozen=True, slots=True)
class _Line:
    kind: str
    text: str
    finding: tuple[Comparison, AlternativeRow] | None = None
    default: str = ""


def draw(report: SweepReport) -> Figure | None:
    """Thick intervals on these data, thin ones on new rows; None before the first look.

    Bounds beyond the axis end in an arrow; numbers stand beside.
    """
    shown = [c for factor in report.factors for c in factor.comparisons if c.replicates]
    if not shown:
        return None
    lines = _lines(report)
    rows = sum(_HEADS[line.kind] for line in lines)
    left = room_for((line.text for line in lines), least=_LEFT, start=_MARGIN + _INDENT)
    height = _TOP + _BOTTOM + rows * _ROW
    figure = Figure(figsize=(WIDTH, height))
    place = (left / WIDTH, _BOTTOM / height, 1 - (left + _RIGHT) / WIDTH, rows * _ROW / height)
    axes = figure.add_axes(place)
    reach = _reach(shown, report)
    _prepare(axes, report, reach, rows)
    at = 0.0
    for line in lines:
        at += _HEADS[line.kind]
        if line.finding is None:
            _head(axes, line, at - 0.42)
        else:
            _interval(axes, line, at - 0.5, reach)
    for row, handles in enumerate((_outcomes(shown), _scopes(report))):
        figure.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(_MARGIN / WIDTH, 1 - (0.04 + 0.2 * row) / height),
            ncols=len(handles),
            borderaxespad=0.1,
            borderpad=0,
            handlelength=1.4,
            handletextpad=0.5,
            columnspacing=1.4,
        )
    return figure


def see(report: SweepReport) -> str:
    """How many comparisons ended in which way, and what carries over to new rows."""
    found = [c for factor in report.factors for c in factor.comparisons if c.replicates]
    counts = {outcome: sum(c.outcome is outcome for c in found) for outcome in MARKS}
    parts = [f"{n} {_ENDED[outcome][n != 1]}" for outcome, n in counts.items() if n]
    text = f"Of {plural(len(found), 'alternative')}, {', '.join(parts)}."
    decided = [c for c in found if c.outcome is not Outcome.UNDECIDED]
    kept = sum(c.new_rows.outcome is c.outcome for c in decided)
    if not decided:
        return text
    if len(found) == 1:
        return f"{text} On new rows the same is {'' if kept else 'not '}shown."
    count = f"{kept or 'none'} of the {plural(len(decided), 'finding')}"
    return f"{text} On new rows the same is shown for {count}."


def _lines(report: SweepReport) -> list[_Line]:
    lines = []
    for title, factors in sections(report.factors).items():
        lines += [_Line("section", title)] if title is not None else []
        for factor in factors:
            lines += [_Line("factor", factor.factor, default=factor.default)]
            found = zip(factor.comparisons, alternative_rows(factor), strict=True)
            lines += [_Line("level", row.level, (c, row)) for c, row in found]
    return lines


def _reach(shown: Sequence[Comparison], report: SweepReport) -> Reach:
    bounds = [b for c in shown for b in (c.low, c.high, c.new_rows.low, c.new_rows.high)]
    return Reach.of((points(b, report.terms.loss) for b in bounds), report.terms)


def _prepare(axes: Axes, report: SweepReport, reach: Reach, rows: float) -> None:
    terms = report.terms
    axes.axvspan(points(-terms.margin, terms.loss), points(terms.margin, terms.loss), color=BAND)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_ylim(rows, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    ticks = reach.ticks(f"difference, {METRICS[terms.loss].unit}", 9)
    axes.set_xlim(ticks.low, ticks.high)
    axes.set_xticks(list(ticks.at), list(ticks.at.values()))
    axes.set_xlabel(f"{ticks.label}: alternative minus default", labelpad=3)
    for x, side, words in ((0, "left", "← alternative better"), (1, "right", "default better →")):
        axes.annotate(
            words, (x, 1), (0, 2), xycoords="axes fraction", textcoords="offset points",
            ha=side, fontsize=7.5, color=MUTED,
        )  # fmt: skip


def _head(axes: Axes, line: _Line, y: float) -> None:
    size = 10 if line.kind == "section" else 8.5
    write(axes, line.text, (_MARGIN, y), fontsize=size, fontweight="bold")
    if line.default:
        write(axes, line.default, (_DEFAULT, y), color=MUTED)


def _interval(axes: Axes, line: _Line, y: float, reach: Reach) -> None:
    assert line.finding is not None
    comparison, row = line.finding
    mark, loss = MARKS[comparison.outcome], comparison.terms.loss
    write(axes, line.text, (_MARGIN + _INDENT, y))
    numbers = f"{row.difference} ({row.interval})" if comparison.replicates else row.difference
    write_right(axes, numbers, y)
    if comparison.difference is None:
        return
    scopes = (
        (comparison.new_rows.low, comparison.new_rows.high, 1.0),
        (comparison.low, comparison.high, 3.4),
    )
    for low, high, width in scopes:
        if low <= high:
            ends = points(low, loss), points(high, loss)
            _bar(axes, ends, y, reach, colour=mark.colour, width=width)
    centre = reach.clip(points(comparison.difference, loss))
    axes.plot(centre, y, clip_on=False, **mark.style())


def _bar(
    axes: Axes, bounds: tuple[float, float], y: float, reach: Reach, *, colour: str, width: float
) -> None:
    ends = [reach.clip(bound) for bound in bounds]
    axes.plot(ends, (y, y), color=colour, linewidth=width, solid_capstyle="butt")
    for bound, end in zip(bounds, ends, strict=True):
        if not math.isclose(bound, end):
            arrow = "<" if end == reach.low else ">"
            axes.plot(end, y, arrow, color=colour, markersize=3.5, clip_on=False)


def _outcomes(shown: Sequence[Comparison]) -> list[Line2D | Patch]:
    found = {c.outcome for c in shown}
    return [
        Line2D([], [], linewidth=2.4, label=mark.words, **mark.style())
        for outcome, mark in MARKS.items()
        if outcome in found
    ]


def _scopes(report: SweepReport) -> list[Line2D | Patch]:
    return [
        Line2D([], [], color=INK, linewidth=3.4, label="on these data"),
        Line2D([], [], color=INK, linewidth=1.0, label="on new rows"),
        Patch(color=BAND, label=f"within {in_units(report.terms.margin, report.terms.loss)}"),
    ]
