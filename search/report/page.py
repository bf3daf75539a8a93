"""The page: one self-contained HTML file about a sweep."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from search.report.figures import FIGURES, draw_all
from search.report.figures.export import to_png, to_svg
from search.report.figures.groups import plural
from search.report.figures.ink import COLOURS
from search.report.found import search_in_words
from search.report.progress import in_time
from search.report.rows import (
    NOTHING,
    AlternativeRow,
    FactorRow,
    alternative_rows,
    factor_row,
    sections,
)
from search.report.table import MARKS
from search.report.words import (
    best_recipe,
    conditions,
    data_name,
    headline,
    how_to_read,
    next_step,
)
from search.sweep.records import SweepReport
from search.verdict import ALPHA, Comparison, Outcome

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "template"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: "" if value is None else value,
)
_READING = {
    "verdict": "what is concluded of a default; beaten: an alternative from outside the guideline "
    "is better by more than the margin; undecided: not known yet",
    "best alternative": "the one that can be relied on for the lowest loss",
    "replicate": "the whole pipeline again under new seeds and a new split, the learning rate "
    "chosen anew; all levels share it, so that differences are paired",
    "look": "the intervals are looked at after so many replicates and only then; they pay for "
    "every look and every comparison",
}


class Drawn(NamedTuple):
    """A figure on the page."""

    name: str
    """Of its file."""
    title: str
    """Above it."""
    see: str
    """What one sees in it."""
    about: str
    """What is drawn."""
    svg: Markup
    """The figure."""


@final
@dataclass(frozen=True, slots=True)
class FactorLines:
    """A factor in the table of verdicts: its line and those of its alternatives."""

    row: FactorRow
    """The line of the factor."""
    difference: float | None
    """What it is sorted by: of the best alternative."""
    alternatives: tuple[tuple[AlternativeRow, str], ...]
    """The lines below it, and whether each is shown for new rows in a word."""


def page_and_pictures(report: SweepReport) -> tuple[str, dict[str, bytes]]:
    """The page of a sweep, and its figures as PNG; the same bytes for the same store.

    Args:
        report: computed from the store alone.

    Returns:
        The HTML document, and name -> PNG.
    """
    figures = draw_all(report)
    pictures = {name: to_png(figure) for name, figure in figures.items()}
    return _render(report, figures), pictures


def page(report: SweepReport) -> str:
    """The page of a sweep alone."""
    return _render(report, draw_all(report))


def _render(report: SweepReport, figures: Mapping[str, Figure]) -> str:
    drawn = [
        Drawn(name, FIGURES[name].title, FIGURES[name].see(report), FIGURES[name].about, svg)
        for name, figure in figures.items()
        for svg in [Markup(to_svg(figure, name))]  # noqa: S704  # matplotlib escapes what it writes
    ]
    return _TEMPLATES.get_template("page.html").render(
        report=report,
        title=f"{data_name(report)}: {_question(report)}",
        headline=headline(report),
        basis=_basis(report),
        step=next_step(report),
        tables=list(_tables(report)),
        marks={tone: mark for tone, (mark, _) in MARKS.items()},
        figures=drawn,
        colours=COLOURS,
        conditions=conditions(report),
        best=best_recipe(report),
        found=search_in_words(report),
        reading=_READING | how_to_read(report, detailed=True) if report.factors else {},
    )


def _question(report: SweepReport) -> str:
    """What the sweep is to answer."""
    if report.search is not None and not report.settings.checked_factors:
        return "which recipe is best?"
    return "does the guideline hold?"


def _basis(report: SweepReport) -> str:
    """What the answer rests on, in a sentence."""
    used = [c.replicates for factor in report.factors for c in factor.comparisons if c.replicates]
    done = f"{plural(report.trainings, 'training')} in {in_time(report.seconds)}"
    if not used and report.state == "done" and not report.factors:
        return f"That rests on {done}; no confirm row was used."
    if not used:
        return f"So far there are {done}; nothing is concluded before the first look."
    few, many = min(used), max(used)
    span = f"{few}" if few == many else f"{few} to {many}"
    return (
        f"That rests on {done}, {span} paired replicates for each of "
        f"{plural(len(used), 'comparison')}; the probability of any false claim is at most "
        f"{100 * ALPHA:g} %."
    )


def _tables(report: SweepReport) -> Iterator[tuple[str | None, Sequence[FactorLines]]]:
    """Title (None where there is only one) and lines of each table of verdicts."""
    for title, factors in sections(report.factors).items():
        lines = []
        for factor in factors:
            carried = map(_carries_over, factor.comparisons)
            found = zip(alternative_rows(factor), carried, strict=True)
            lines.append(FactorLines(factor_row(factor), factor.best.difference, tuple(found)))
        yield title, lines


def _carries_over(comparison: Comparison) -> str:
    """Whether an outcome is shown for new rows, too."""
    outcome, on_new_rows = comparison.outcome, comparison.new_rows.outcome
    if outcome is Outcome.UNDECIDED:
        return NOTHING
    if on_new_rows is outcome:
        return "yes"
    return "no" if on_new_rows is Outcome.UNDECIDED else "partly"
