"""What a sweep would do and cost, in the terminal."""

from collections.abc import Sequence
from pathlib import PurePath

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from search.data import Summary
from search.memory import in_bytes
from search.report.progress import in_time
from search.report.words import GUIDELINE, asked
from search.sweep.preflight import Expectation, Preflight
from search.sweep.records import Planned
from search.verdict import LOOKS, Terms, in_units

MOST_LINES = 60
"""Of the table of columns; `--json` has them all."""
MOST_NAMES = 6
"""Of columns in a line."""


def preflight_view(found: Preflight) -> RenderableType:
    """What was done to each column, and what the sweep will take."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for term, text in _lines(found).items():
        grid.add_row(Text(term, "bold"), Text(text))
    notes = [Text(f"Note: {note}", "yellow") for note in found.file.data["notes"]]
    notes += [Text(f"Cannot be trained: {problem}", "red") for problem in found.problems]
    return Group(columns_table(found), Padding(grid, (1, 0)), *notes)


def columns_table(found: Preflight) -> Table:
    """A line for the columns of which the same was made."""
    alike: dict[tuple[str, str], list[Summary]] = {}
    for column in found.columns:
        alike.setdefault((column.kind, column.done), []).append(column)
    table = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    table.show_edge = False
    for header in ("columns", "read as", "what was done"):
        table.add_column(header)
    table.add_column("features", justify="right")
    for (kind, done), columns in list(alike.items())[:MOST_LINES]:
        n_features = sum(column.n_features for column in columns)
        cells = (_named(columns), kind, done, f"{n_features:,}")
        table.add_row(*(Text(cell, "" if n_features else "dim") for cell in cells))
    if (left := len(alike) - MOST_LINES) > 0:
        table.add_row(f"and {left:,} more lines", "", "", "")
    return table


def planned_in_words(planned: Planned) -> str:
    """`22 comparisons: 736 trainings in the pilot, 2,944 up to the first look, at most 5,152`."""
    search = f"a search of {planned.search:,} trials" if planned.search else ""
    if not planned.comparisons:
        return f"{search}, at most {planned.most:,} trainings with selection and confirmation"
    text = _checks_in_words(planned)
    return f"{text}; then {search}" if search else text


def _checks_in_words(planned: Planned) -> str:
    """What the factors to check take."""
    text = f"{planned.comparisons} comparisons: {planned.pilot:,} trainings in the pilot"
    if planned.most == planned.pilot:
        return f"{text}; the first look would take {LOOKS[0]} replicates"
    text += f", {planned.first_look:,} up to the first look"
    return text if planned.most == planned.first_look else f"{text}, at most {planned.most:,}"


def _lines(found: Preflight) -> dict[str, str]:
    """What stands below the columns, by its first word."""
    file, data = found.file, found.file.data
    n_confirm, there = int(data["n_confirm"]), in_bytes(found.machine_memory)
    return {
        "sweep": f"{file.name}: the {GUIDELINE[file.settings.default_name]}",
        "data": (
            f"{PurePath(str(data['source'])).name}: {int(data['n_rows']) - n_confirm:,} development"
            f" and {n_confirm:,} confirm rows, {int(data['n_features']):,} features; "
            f"a {data['task']} of {data['target']}{asked(file.settings)}"
        ),
        "plan": planned_in_words(found.planned),
        "programs": (
            f"{found.programs}, compiled or loaded, and run in {found.workers} workers: "
            f"{found.compile_seconds:.1f} s of theirs; the cache has them for run"
        ),
        "time": (
            f"about {in_time(found.first_look_seconds)} to the first look and "
            f"{in_time(found.most_seconds)} for all, at {_short(found.training_seconds)} a training"
            f" of {file.recipe.epochs} epochs on a worker; less where trainings stop early and "
            "levels are decided"
        ),
        "memory": f"about {in_bytes(found.memory)} of {there}, TensorFlow's own apart",
        "verdicts": _verdicts(found),
    }


def _verdicts(found: Preflight) -> str:
    """How many replicates a verdict may take."""
    terms = found.terms
    margin = in_units(terms.margin, terms.loss)
    if not terms.has_enough_rows:
        return (
            f"none: a margin of {margin} takes at least {terms.least_rows:,} confirm rows, and "
            f"there are {terms.n_rows:,}; it takes more data or a larger --margin"
        )
    supposition = (
        f"at a margin of {margin}, recipes that do not differ take, if the paired differences of "
        "replicates vary so (which nobody knows before the pilot),"
    )
    return "\n".join([supposition, *(_expectation(each, terms) for each in found.expectations)])


def _expectation(each: Expectation, terms: Terms) -> str:
    takes = "more rows" if each.replicates is None else f"{each.replicates} replicates"
    text = f"· {takes}: standard deviation {in_units(each.spread, terms.loss)}"
    if each.disagreement is None:
        return text
    share = f"{100 * each.disagreement:g} % of the {terms.n_rows:,} confirm rows"
    return f"{text} (two trainings disagree on {share}, by chance)"


def _named(columns: Sequence[Summary]) -> str:
    """`age`, or `age, height and 3 more`."""
    names = ", ".join(column.name for column in columns[:MOST_NAMES])
    more = len(columns) - MOST_NAMES
    return names if more <= 0 else f"{names} and {more:,} more"


def _short(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else in_time(seconds)
