"""What a benchmark found: tables for the terminal, and the few rows that the README shows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from search.errors import InputError

START, END = "<!-- benchmarks -->", "<!-- end of benchmarks -->"
HEADER = ("| benchmark | what | against | ours | ratio |", "|---|---|--:|--:|--:|")


@final
@dataclass(frozen=True, slots=True)
class Table:
    """One table, its cells as they are printed."""

    title: str
    """What was measured."""
    columns: tuple[str, ...]
    """Their headings."""
    rows: tuple[tuple[str, ...], ...]
    """As wide as there are columns."""
    notes: tuple[str, ...] = ()
    """What a reader must know to take it for no more than it is."""

    def show(self, console: Console) -> None:
        """Print it; figures to the right, names in the first column to the left."""
        table = RichTable(title=self.title, box=box.SIMPLE_HEAD, title_justify="left")
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        for note in self.notes:
            console.print(f"  {note}", highlight=False)


@final
@dataclass(frozen=True, slots=True)
class Headline:
    """One row of the README's table."""

    what: str
    """What was measured."""
    against: str
    """What the others take, or what else it is held against."""
    ours: str
    """What it takes here."""
    ratio: str
    """How they compare."""


@final
@dataclass(frozen=True, slots=True)
class Findings:
    """All that a benchmark found."""

    tables: tuple[Table, ...]
    """For the terminal."""
    headlines: tuple[Headline, ...] = ()
    """For the README."""


def write_markdown(path: Path, found: Mapping[str, Sequence[Headline]], conditions: str) -> None:
    """Write the README's table into a file, between its markers if the file exists.

    Rows of benchmarks that are not in `found` stay if they were measured under the same conditions.

    Args:
        path: of the file.
        found: benchmark -> its rows.
        conditions: the day and the machine.

    Raises:
        InputError: if the file exists and has no markers.
    """
    text = path.read_text() if path.exists() else f"{START}\n{END}\n"
    region = re.search(f"{re.escape(START)}\n(.*?){re.escape(END)}", text, flags=re.DOTALL)
    if region is None:
        raise InputError("--markdown", f"must be a new file or hold {START} and {END}", path)
    rows: dict[str, list[str]] = {}
    if conditions in region[1]:
        for line in region[1].splitlines():
            if line.startswith("| ") and line not in HEADER:
                rows.setdefault(line.split("|")[1].strip(), []).append(line)
    for name, headlines in found.items():
        cells = [(name, row.what, row.against, row.ours, row.ratio) for row in headlines]
        rows[name] = [f"| {' | '.join(row)} |" for row in cells]
    lines = [START, "", *HEADER, *(line for name in rows for line in rows[name])]
    new = "\n".join([*lines, "", conditions, "", END])
    path.write_text(text[: region.start()] + new + text[region.end() :])


def duration(seconds: float) -> str:
    """Three figures and a unit: `1.23 h`, `45.6 ms`, `789 µs`."""
    if not seconds:
        return "0 s"
    for least, unit in ((3600.0, "h"), (1.0, "s"), (1e-3, "ms")):
        if seconds >= least:
            return f"{figures(seconds / least)} {unit}"
    return f"{figures(seconds * 1e6)} µs"


def figures(number: float) -> str:
    """Three figures, or all digits before the point: `0.123`, `12.3`, `1,234`."""
    return f"{number:,.0f}" if number >= 99.95 else f"{number:#.3g}"


def times(ratio: float) -> str:
    """`12.3×`."""
    return f"{figures(ratio)}×"


def percent(share: float) -> str:
    """`12.3 %`."""
    return f"{figures(100 * share)} %"
