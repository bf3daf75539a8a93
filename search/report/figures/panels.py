"""Small multiples: one panel a level, with common axes, in the order of the tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from search.report.figures.groups import Trained, section_title, shortened
from search.report.figures.ink import INK, MUTED, RULE, WIDTH

COLUMNS = 4
_LEFT, _RIGHT, _BOTTOM, _GAP_X, _TITLE, _SECTION, _LEGEND = 0.5, 0.08, 0.5, 0.16, 0.42, 0.3, 0.24
_LONGEST, _MOST = 16, 26
"""Names of more characters are set smaller, for what a panel has at its right; then shortened."""
_EDGE, _CHARACTER, _BETWEEN = 0.06, 0.068, 0.26
"""The outer edge, about what a character takes, and what sections keep apart, in inches."""


@final
@dataclass(frozen=True, slots=True)
class Ticks:
    """A common axis: its range and what is written along it."""

    low: float
    """Where it begins."""
    high: float
    """Where it ends."""
    at: Mapping[float, str]
    """Position -> what is written there."""
    label: str
    """What it shows."""


def small_multiples(
    parts: Mapping[int | None, Sequence[Trained]],
    x: Ticks,
    y: Ticks,
    *,
    height: float,
    legend: Sequence[Line2D | Patch] = (),
) -> tuple[Figure, list[tuple[Trained, Axes]]]:
    """A figure with an empty panel for each level.

    Args:
        parts: by depth, as `trained` gives them.
        x: the common horizontal axis.
        y: the common vertical axis.
        height: of one panel, in inches.
        legend: explains what the panels have in common.

    Returns:
        The figure, and each level with its panel.
    """
    rows = sum(-(-len(levels) // COLUMNS) for levels in parts.values())
    titled = sum(depth is not None for depth in parts)
    between = (len(parts) - 1) * _BETWEEN
    full = _LEGEND + _BOTTOM + rows * (height + _TITLE) + titled * _SECTION + between
    figure = Figure(figsize=(WIDTH, full))
    width = (WIDTH - _LEFT - _RIGHT - (COLUMNS - 1) * _GAP_X) / COLUMNS
    top, panels = full - _LEGEND, []
    for depth, levels in parts.items():
        title = section_title(depth)
        if title is not None:
            top -= _SECTION
            at = (_LEFT / WIDTH, (top + 0.05) / full)
            figure.text(*at, title, fontsize=10, fontweight="bold", color=INK)
        for index, level in enumerate(levels):
            column = index % COLUMNS
            top -= (height + _TITLE) * (column == 0)
            left = (_LEFT + column * (width + _GAP_X)) / WIDTH
            axes = figure.add_axes((left, top / full, width / WIDTH, height / full))
            is_lowest = index + COLUMNS >= len(levels)
            _prepare(axes, x, y, is_first=column == 0, is_lowest=is_lowest)
            _name(axes, level)
            panels.append((level, axes))
        top -= _BETWEEN
    middle = (_LEFT + (WIDTH - _LEFT - _RIGHT) / 2) / WIDTH
    figure.text(middle, 0.08 / full, x.label, ha="center", va="bottom", color=MUTED)
    figure.text(_EDGE / WIDTH, 1 - 0.04 / full, y.label, ha="left", va="top", color=MUTED)
    if legend:
        corner = (0.05 + _CHARACTER * len(y.label) / WIDTH, 1 - 0.03 / full)
        figure.legend(
            handles=list(legend),
            loc="upper left",
            bbox_to_anchor=corner,
            ncols=len(legend),
            borderaxespad=0,
            borderpad=0,
            handletextpad=0.5,
            columnspacing=1.4,
        )
    return figure, panels


def _prepare(axes: Axes, x: Ticks, y: Ticks, *, is_first: bool, is_lowest: bool) -> None:
    axes.set_xlim(x.low, x.high)
    axes.set_ylim(y.low, y.high)
    axes.set_xticks(list(x.at), list(x.at.values()) if is_lowest else [""] * len(x.at))
    axes.set_yticks(list(y.at), list(y.at.values()) if is_first else [""] * len(y.at))
    axes.grid(axis="y", color=RULE, linewidth=0.4)


def _name(axes: Axes, level: Trained) -> None:
    """The factor above the level."""
    above, name = ("", "default") if level.is_default else (level.factor, level.level)
    name = shortened(name, _MOST)
    transform = axes.transAxes
    axes.annotate(
        above, (0, 1), (0, 15), xycoords=transform, textcoords="offset points",
        fontsize=7.5, color=MUTED,
    )  # fmt: skip
    axes.annotate(
        name, (0, 1), (0, 4.5), xycoords=transform, textcoords="offset points",
        fontsize=min(9, 9 * _LONGEST / len(name)), fontweight="bold", color=INK,
    )  # fmt: skip
