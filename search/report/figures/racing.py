"""The racing history: each interval from look to look, until its comparison was decided."""

from collections import Counter
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from search.report.figures.groups import Trained, by_name, plural, trained
from search.report.figures.ink import BAND, MARKS, MUTED
from search.report.figures.panels import Ticks, small_multiples
from search.report.figures.scale import Reach
from search.sweep.records import SweepReport
from search.verdict import METRICS, Comparison, Look, Outcome, points

_HEIGHT = 0.95


def draw(report: SweepReport) -> Figure | None:
    """A panel a comparison: the interval against replicates; None before the first look."""
    parts = {depth: [t for t in part if _looks(t)] for depth, part in trained(report).items()}
    shown = [level for part in parts.values() for level in part]
    if not shown:
        return None
    schedule = sorted({look.replicates for level in shown for look in _looks(level)})
    terms = report.terms
    # Early intervals may be very wide: what counts is how they close in on the margin.
    bounds = [b for level in shown for look in _looks(level) for b in (look.low, look.high)]
    reach = Reach.of((points(bound, terms.loss) for bound in bounds), terms)
    places = {float(i): str(n) for i, n in enumerate(schedule)}
    x = Ticks(-0.6, len(schedule) - 0.4, places, "replicates at the look")
    y = reach.ticks(f"difference, {METRICS[terms.loss].short_unit}", 6)
    figure, panels = small_multiples(parts, x, y, height=_HEIGHT)
    for level, axes in panels:
        assert level.comparison is not None
        _history(axes, level.comparison, schedule, reach)
    return figure


def see(report: SweepReport) -> str:
    """When comparisons were decided, and what stopping early has saved."""
    shown = [level for part in trained(report).values() for level in part if _looks(level)]
    done = [t for t in shown if t.comparison and t.comparison.outcome is not Outcome.UNDECIDED]
    at = Counter(_looks(level)[-1].replicates for level in done)
    parts = [f"{count} at {n} replicates" for n, count in sorted(at.items())]
    text = f"Decided: {', '.join(parts)}." if parts else "No comparison is decided yet."
    most = max(_looks(level)[-1].replicates for level in shown)
    used = sum(_looks(level)[-1].replicates for level in shown)
    if used < most * len(shown):
        saved = 1 - used / (most * len(shown))
        text += f" Levels that left before {most} saved {100 * saved:.0f} % of the replicates."
    waiting = [level for level in shown if level not in done]
    if 0 < len(waiting) <= 3:
        text += f" Still open: {by_name(waiting)}."
    elif waiting:
        text += f" {plural(len(waiting), 'comparison')} are still open."
    return text


def _looks(level: Trained) -> Sequence[Look]:
    return () if level.comparison is None else level.comparison.looks


def _history(axes: Axes, comparison: Comparison, schedule: Sequence[int], reach: Reach) -> None:
    terms, mark = comparison.terms, MARKS[comparison.outcome]
    axes.axhspan(points(-terms.margin, terms.loss), points(terms.margin, terms.loss), color=BAND)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    x = [schedule.index(look.replicates) for look in comparison.looks]
    low, high, mean = (
        [reach.clip(points(getattr(look, name), terms.loss)) for look in comparison.looks]
        for name in ("low", "high", "difference")
    )
    axes.vlines(x, low, high, color=mark.colour, linewidth=2.6)
    axes.plot(x, mean, color=mark.colour, linewidth=0.8)
    axes.plot(x, mean, "o", color=mark.colour, markersize=2.5)
    axes.plot(x[-1], mean[-1], **mark.style())
