"""What the sweep cost: seconds of training and of compiling, by phase and level."""

from collections.abc import Iterable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from search.report.figures.groups import Trained, all_trained, plural
from search.report.figures.ink import BLUE, GREEN, PAPER, VERMILION
from search.report.figures.rows import row_axes
from search.report.figures.scale import round_step
from search.report.progress import in_time
from search.study.record import TrialRecord
from search.sweep.records import SweepReport

_PARTS = {
    "pilot": (GREEN, ""),
    "confirm": (BLUE, "//"),
    "compiling": (VERMILION, "xx"),
}
"""What time went to -> its colour and hatch."""
_PHASES = {
    "the pilot": ("pilot",),
    "the search": ("search", "select"),
    "confirm": ("confirm",),
    "the final model": ("final",),
}
"""What time went to, in words -> phases."""


def seconds_of(level: Trained) -> dict[str, float]:
    """What a level's trainings took: in the pilot, in confirm, and waiting for the compiler."""
    return {
        "pilot": sum(record.seconds for record in level.pilot),
        "confirm": sum(record.seconds for record in level.confirm),
        "compiling": sum(record.compile_seconds for record in level.records),
    }


def draw(report: SweepReport) -> Figure | None:
    """A bar a level; None before the first trial."""
    levels = [level for level in all_trained(report) if level.records]
    if not levels:
        return None
    rows = row_axes(levels, "seconds of one core")
    longest = 0.0
    for level in levels:
        start, y = 0.0, rows.at[level.name]
        for part, seconds in seconds_of(level).items():
            colour, hatch = _PARTS[part]
            rows.axes.barh(
                y, seconds, left=start, height=0.66, facecolor=colour, hatch=hatch,
                edgecolor=PAPER, linewidth=0.6,
            )  # fmt: skip
            start += seconds
        longest = max(longest, start)
        rows.beside(level.name, f"{start:,.{1 if start < 10 else 0}f} s")
    longest = longest or 1.0
    step = round_step(longest, 8)
    places = step * np.arange(int(longest / step) + 1)
    rows.axes.set_xlim(0, 1.02 * longest)
    rows.axes.set_xticks(places, [f"{place:,g}" for place in places])
    rows.legend(
        [
            Patch(facecolor=c, hatch=hatch, edgecolor=PAPER, label=part)
            for part, (c, hatch) in _PARTS.items()
        ]
    )
    return rows.figure


def see(report: SweepReport) -> str:
    """How long it took, what for, and which level is the dearest to train."""
    spent = {
        told: _sum(record for record in report.records if record.phase in phases)
        for told, phases in _PHASES.items()
    }
    total = sum(spent.values()) + report.compile_seconds
    shares = [f"{_share(part, total)} to {told}" for told, part in spent.items() if part]
    text = (
        f"{plural(report.trainings, 'training')} in {in_time(report.seconds)}; of the time that "
        f"processes were at work went {', '.join(shares)} and "
        f"{_share(report.compile_seconds, total)} to compiling."
    )
    if not shares:
        text = f"{plural(report.trainings, 'training')} in {in_time(report.seconds)}."
    each = {
        level.name: 1000 * _sum(level.records) / sum(r.trainings for r in level.records)
        for level in all_trained(report)
        if level.records
    }
    cheap, dear = min(each, key=lambda name: each[name]), max(each, key=lambda name: each[name])
    if cheap == dear:
        return text
    return (
        f"{text} One training takes from {each[cheap]:.3g} ms ({cheap}) to {each[dear]:.3g} ms "
        f"({dear})."
    )


def _sum(records: Iterable[TrialRecord]) -> float:
    return sum(record.seconds for record in records)


def _share(part: float, total: float) -> str:
    return f"{100 * part / total:.0f} %" if total else "none"
