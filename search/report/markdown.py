"""A sweep's report as Markdown."""

from collections.abc import Iterable, Iterator, Mapping

from search.report.found import search_in_words
from search.report.rows import alternative_rows, factor_row, sections
from search.report.words import best_recipe, conditions, headline, how_to_read, next_step
from search.sweep.records import SweepReport

_SPECIAL = str.maketrans({character: f"\\{character}" for character in r"\`*[]<>|"})
_FACTOR_COLUMNS = {
    "factor": "factor",
    "default": "default",
    "verdict": "verdict",
    "best": "best alternative",
    "difference": "difference",
    "interval": "range",
    "replicates": "replicates",
    "new_rows": "new rows",
}
_ALTERNATIVE_COLUMNS = {
    "factor": "factor",
    "default": "default",
    "level": "alternative",
    "outcome": "finding",
    "difference": "difference",
    "interval": "range",
    "default_wins": "default better",
    "margin": "changes at a margin of",
    "skewness": "skewness",
    "replicates": "replicates",
    "new_rows": "new rows",
}


def verdict_markdown(report: SweepReport) -> str:
    """The verdicts, every alternative and what the claims are conditional on."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: SweepReport) -> Iterator[str]:
    yield from (f"# {_escaped(report.name)}", "", _escaped(headline(report)), "")
    step = next_step(report)
    if step is not None:
        yield from (_escaped(step), "")
    best = best_recipe(report)
    if best is not None:
        yield from (_escaped(f"Best recipe: {best}"), "")
    for title, factors in sections(report.factors).items():
        yield from () if title is None else (f"## {title}", "")
        yield from _table(_FACTOR_COLUMNS, map(factor_row, factors))
        yield ""
    yield from _definitions(how_to_read(report, detailed=True))
    yield from _section("The search", _definitions(search_in_words(report)))
    yield from _section("Notes", (f"- {_escaped(note)}" for note in report.notes))
    yield from _section("Conditional on", _definitions(conditions(report)))
    for title, factors in sections(report.factors).items():
        at = "" if title is None else f" at {title}"
        rows = (row for factor in factors for row in alternative_rows(factor))
        yield from _section(f"All alternatives{at}", _table(_ALTERNATIVE_COLUMNS, rows))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield from ("", f"## {title}", "", *found)


def _definitions(terms: Mapping[str, str]) -> Iterator[str]:
    for term, text in terms.items():
        yield f"- **{_escaped(term)}**: {_escaped(text)}"


def _table(columns: Mapping[str, str], rows: Iterable[object]) -> Iterator[str]:
    """A table of records; columns as field -> header."""
    yield _line(columns.values())
    yield _line("---" for _ in columns)
    for row in rows:
        yield _line(_escaped(getattr(row, field)) for field in columns)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return " ".join(text.split()).translate(_SPECIAL)
