"""A sweep's report in the terminal."""

from collections.abc import Iterator, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from search.report.found import search_in_words
from search.report.rows import NOTHING, Tone, alternative_rows, factor_row, in_layers, sections
from search.report.words import (
    best_recipe,
    conditions,
    data_name,
    finding,
    headline,
    how_to_read,
    next_step,
)
from search.sweep.records import SweepReport
from search.verdict import FactorVerdict

MARKS: dict[Tone, tuple[str, str]] = {
    "holds": ("✓", "green"),
    "other": ("✓", "cyan"),
    "beaten": ("✗", "red"),
    "open": ("?", "yellow"),
}
"""The mark and colour of each kind of line; the mark tells without colour."""


def verdict_view(report: SweepReport, *, detailed: bool = False) -> RenderableType:
    """The verdicts of a sweep and what they are conditional on.

    Args:
        report: of the sweep.
        detailed: whether to show every alternative instead of the best one of each factor.
    """
    below = (Padding(part, (1, 0, 0, 3)) for part in _below(report, detailed=detailed))
    if not report.factors:
        return Group(*below)
    table = alternatives_table(report.factors) if detailed else verdict_table(report.factors)
    return Group(table, *below)


def verdict_table(factors: Sequence[FactorVerdict]) -> Table:
    """Two lines for each factor, with the alternative to be relied on most for a low loss."""
    table = _table("", "factor\ndefault", "verdict", "best alternative\ndifference")
    table.columns[3].no_wrap = True
    table.add_column("repli-\ncates", justify="right")
    table.add_column("new\nrows")
    for title, found in sections(factors).items():
        if title is not None:
            table.add_row("", Text(title, "bold underline"))
        for row in map(factor_row, found):
            mark, style = MARKS[row.tone]
            table.add_row(
                Text(mark, style),
                _two(row.factor, row.default),
                Text(row.verdict, style),
                _two(row.best, _in_brackets(row.difference, row.interval)),
                row.replicates,
                row.new_rows,
            )
        table.add_section()
    return table


def alternatives_table(factors: Sequence[FactorVerdict]) -> Table:
    """Two lines or more for each alternative of each factor."""
    table = _table("", "alternative\ndifference", "finding")
    table.columns[1].no_wrap = True
    table.add_column("default\nbetter", justify="right")
    table.add_column("repli-\ncates", justify="right")
    table.add_column("new rows")
    title = None
    for factor in factors:
        if factor.depth is not None and title != in_layers(factor.depth):
            title = in_layers(factor.depth)
            table.add_row("", Text(title, "bold underline"))
        table.add_row("", Text(factor.factor, "bold"), Text(f"default: {factor.default}", "bold"))
        for row in alternative_rows(factor):
            mark, style = MARKS[row.tone]
            table.add_row(
                Text(mark, style),
                _two(row.level, _in_brackets(row.difference, row.interval)),
                Text.assemble((row.outcome, style), (_until(row.margin), "dim")),
                row.default_wins,
                row.replicates,
                row.new_rows,
            )
        table.add_section()
    return table


def sweeps_table(sweeps: Mapping[str, SweepReport | Exception]) -> Table:
    """One line for each sweep, by its name: where it stands, or why it cannot be read."""
    table = _table("name", "state", "data", "recipe", "headline")
    for name, report in sweeps.items():
        if isinstance(report, Exception):
            words = Text(f"cannot be read: {report}", "red")
            table.add_row(Text(name, "bold"), NOTHING, NOTHING, NOTHING, words)
            continue
        table.add_row(
            Text(name, "bold"),
            report.state,
            Text(data_name(report)),
            report.settings.default_name,
            Text(finding(report)),
        )
    return table


def _below(report: SweepReport, *, detailed: bool) -> Iterator[RenderableType]:
    yield Text(headline(report), "bold")
    step = next_step(report)
    if step is not None:
        yield Text(step, "yellow")
    found = search_in_words(report)
    if found:
        yield Group("The search", _definitions(found))
    best = best_recipe(report)
    if best is not None:
        yield Text(f"Best recipe: {best}")
    if report.notes:
        yield Text("\n").join(Text(f"Note: {note}") for note in report.notes)
    reading = how_to_read(report, detailed=detailed)
    if reading:
        yield _definitions(reading)
    yield Group("Conditional on", _definitions(conditions(report)))


def _definitions(terms: Mapping[str, str]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for term, text in terms.items():
        grid.add_row(Text(term, "dim"), Text(text, "dim"))
    return grid


def _table(*headers: str) -> Table:
    table = Table(*headers, box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    table.show_edge = False
    return table


def _two(first: str, second: str) -> Text:
    return Text.assemble((first, "bold"), "\n", second)


def _until(margin: str) -> str:
    return "" if margin == NOTHING else f"\nanother at a margin of {margin}"


def _in_brackets(difference: str, interval: str) -> str:
    return f"{difference} ({interval})"
