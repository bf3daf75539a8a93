"""The figures of a report: what each is called, how it is drawn and what one sees in it.

Every figure is a function of the report, and so of the store alone. They are drawn on figures of
their own, without matplotlib's global state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from matplotlib.figure import Figure

from search.report.figures import calibration, cost, curves, fit, forest, found, racing, rates
from search.report.figures.ink import styled
from search.sweep.records import SweepReport


@final
@dataclass(frozen=True, slots=True)
class Plot:
    """One figure."""

    title: str
    """Above it."""
    about: str
    """What is drawn, in a sentence or two."""
    draw: Callable[[SweepReport], Figure | None]
    """Draws it; None where there is nothing to draw yet, or never."""
    see: Callable[[SweepReport], str]
    """What one sees in it, in sentences; only of reports that it can be drawn of."""


FIGURES: dict[str, Plot] = {
    "forest": Plot(
        "Every comparison",
        "Each alternative's difference to the default: the marker is the mean over the replicates, "
        "the thick line where the difference lies on these data, the thin line where it lies on "
        "new rows. The shaded band holds the differences that do not matter.",
        forest.draw,
        forest.see,
    ),
    "racing": Plot(
        "From look to look",
        "The interval of each comparison at every look it took part in. A level leaves as soon as "
        "its interval is clear of one edge of the band, or lies within it.",
        racing.draw,
        racing.see,
    ),
    "search": Plot(
        "Trials of the search",
        "What each trial reached on its validation rows, by the epochs that were spent up to its "
        "end, and the best so far of those trained to their end. Pruned trials stand where they "
        "were ended.",
        found.draw,
        found.see,
    ),
    "curves": Plot(
        "Learning curves",
        "Median and middle half over the replicates of the loss on training and validation rows, "
        "by epoch, as long as half of the replicates were still training.",
        curves.draw,
        curves.see,
    ),
    "rates": Plot(
        "Sensitivity to the learning rate",
        "What each trial of the pilot reached. The valley holds the rates whose smoothed value is "
        "within one standard error of the best, or within the margin where that is more; the wider "
        "it is, the less a rate that is somewhat off costs.",
        rates.draw,
        rates.see,
    ),
    "fit": Plot(
        "Overfitting and underfitting",
        "The loss on training and on validation rows at the best epoch of each replicate. The "
        "training loss is a mean over the epoch, while the weights still move. A validation loss "
        f"above {fit.LARGE_GAP:g} times it is called a large gap, one below {fit.SMALL_GAP:g} "
        "times it a small one; with dropout or class weights in training the two do not compare.",
        fit.draw,
        fit.see,
    ),
    "calibration": Plot(
        "Calibration",
        "How often predictions of a confidence were right on the confirm rows, all replicates "
        "pooled; larger points stand for more predictions. ECE is the expected calibration error, "
        "in percentage points.",
        calibration.draw,
        calibration.see,
    ),
    "cost": Plot(
        "Cost",
        "Seconds of training and compiling that each level took.",
        cost.draw,
        cost.see,
    ),
}
"""File name without its ending -> figure, in the order of the page."""


def draw_all(report: SweepReport) -> dict[str, Figure]:
    """Name -> figure, of all that can be drawn of a report."""
    with styled():
        drawn = {name: plot.draw(report) for name, plot in FIGURES.items()}
    return {name: figure for name, figure in drawn.items() if figure is not None}
