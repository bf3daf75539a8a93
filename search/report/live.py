"""Tells of a running sweep: a live display in a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from search.report.preflight import planned_in_words
from search.report.progress import Clock, Progress, in_time
from search.report.rows import TONES, sections, standing
from search.report.table import MARKS
from search.sweep.records import Event, Listener, LookTaken, PhaseStarted, Planned, TrialStored

LINES_IN_A_PHASE = 10
"""At most this many plain lines tell of one phase, besides its start."""
REFRESHES_A_SECOND = 4


@contextmanager
def watch(console: Console, clock: Clock = time.monotonic) -> Iterator[Listener]:
    """A listener that tells of a sweep until the context ends.

    Args:
        console: where to; a terminal gets a live display, which vanishes at the end.
        clock: seconds since some fixed moment.
    """
    if not console.is_interactive:
        yield PlainLines(console, clock).hear
        return
    progress = Progress(clock)
    with Live(
        console=console,
        get_renderable=lambda: live_view(progress),
        refresh_per_second=REFRESHES_A_SECOND,
        transient=True,
    ):

        def hear(event: Event) -> None:
            progress.hear(event)
            if isinstance(event, Planned):
                console.print(planned_in_words(event), highlight=False)

        yield hear


@final
class PlainLines:
    """Prints a line at every look, at the start of a phase and about every tenth of it.

    Args:
        console: where to print.
        clock: seconds since some fixed moment.
    """

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._progress = Progress(clock)
        self._told = 0

    def hear(self, event: Event) -> None:
        """Take in an event and tell of it where it is time to."""
        progress = self._progress
        progress.hear(event)
        match event:
            case Planned():
                self._print(planned_in_words(event))
            case PhaseStarted():
                self._told = self._tenths()
                self._print(progress.phase_in_words())
            case TrialStored() if self._tenths() > self._told:
                self._told = self._tenths()
                pace = progress.pace_in_words()
                self._print(progress.phase_in_words() + (f", {pace}" if pace else ""))
            case LookTaken():
                self._print(progress.look_in_words())

    def _tenths(self) -> int:
        return int(LINES_IN_A_PHASE * self._progress.share)

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def live_view(progress: Progress) -> RenderableType:
    """The display at one moment."""
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        Text(progress.phase_in_words(), "bold"),
        ProgressBar(total=1.0, completed=progress.share, width=30, complete_style="cyan"),
        f"{100 * progress.share:.0f} %",
    )
    pace = progress.pace_in_words()
    elapsed = f"{in_time(progress.elapsed)} elapsed"
    parts: list[RenderableType] = [bar, Text(f"{elapsed}, {pace}" if pace else elapsed, "dim")]
    if progress.look:
        parts.append(Padding(_standings(progress), (1, 0, 0, 0)))
    return Padding(Group(*parts), (1, 0))


def _standings(progress: Progress) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for header in ("", "factor", "default", f"so far, at {progress.look} replicates"):
        table.add_column(header)
    for title, factors in sections(progress.factors).items():
        if title is not None:
            table.add_row("", Text(title, "bold"))
        for factor in factors:
            mark, style = MARKS[TONES[factor.verdict]]
            words = Text(standing(factor), style)
            table.add_row(Text(mark, style), Text(factor.factor, "bold"), factor.default, words)
        table.add_section()
    return table
