"""One horizontal line a level, under the name of its factor."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from search.report.figures.groups import Trained, section_title, shortened
from search.report.figures.ink import INK, MUTED, WIDTH

_GAP, _CHARACTER, _MOST = 0.1, 0.072, 50
_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT, _EDGE, _NAMES = 0.21, 0.36, 0.42, 1.95, 1.2, 0.06, 0.95


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Axes with a line for each level, counted downwards."""

    figure: Figure
    """The whole of it."""
    axes: Axes
    """Where to draw."""
    at: Mapping[str, float]
    """Level's name -> where its line is."""

    def beside(self, name: str, text: str) -> None:
        """Write something at the right end of a level's line."""
        write_right(self.axes, text, self.at[name])

    def legend(self, handles: Sequence[Line2D | Patch]) -> None:
        """Explain the marks, above the axes."""
        self.figure.legend(
            handles=list(handles), loc="upper left", ncols=len(handles),
            bbox_to_anchor=(_EDGE / WIDTH, 1 - 0.04 / self.figure.get_figheight()),
            borderaxespad=0.1, borderpad=0, handletextpad=0.5, columnspacing=1.4,
        )  # fmt: skip


def row_axes(levels: Sequence[Trained], label: str) -> Rows:
    """A figure with a line for each level.

    Args:
        levels: in order; a new depth or factor leaves some space.
        label: what the horizontal axis shows.
    """
    at: dict[str, float] = {}
    heads: dict[float, tuple[str, bool]] = {}
    y, depth, factor = 0.0, None, ""
    for level in levels:
        title = section_title(level.depth)
        if title is not None and level.depth != depth:
            heads[y + 0.9] = title, True
            y, depth, factor = y + 1.5, level.depth, ""
        if level.factor != factor:
            y += 0.3
            heads[y + 0.5] = ("default" if level.is_default else level.factor), level.is_default
            factor = level.factor
        at[level.name] = y + 0.5
        y += 1
    height = _TOP + _BOTTOM + y * _ROW
    figure = Figure(figsize=(WIDTH, height))
    left = room_for((level.level for level in levels), least=_LEFT, start=_NAMES)
    place = (left / WIDTH, _BOTTOM / height, 1 - (left + _RIGHT) / WIDTH, y * _ROW / height)
    axes = figure.add_axes(place)
    axes.set_ylim(y, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(label, labelpad=3)
    for place_of_head, (text, is_strong) in heads.items():
        style = {"fontweight": "bold"} if is_strong else {"color": MUTED}
        write(axes, text, (_EDGE, place_of_head), **style)
    for level in levels:
        if not level.is_default:
            write(axes, level.level, (_NAMES, at[level.name]))
    return Rows(figure, axes, at)


def room_for(names: Iterable[str], *, least: float, start: float) -> float:
    """Inches left of the axes that names take if they begin `start` inches from the edge."""
    longest = max(len(shortened(name, _MOST)) for name in names)
    return max(least, start + _GAP + _CHARACTER * longest)


def write(axes: Axes, text: str, at: tuple[float, float], **style: Any) -> None:
    """Text left of the axes, at inches from the figure's edge and beside a line."""
    inches, y = at
    axes.annotate(
        shortened(text, _MOST), (inches / WIDTH, y), xycoords=("figure fraction", "data"),
        va="center", annotation_clip=False, **{"color": INK, **style},
    )  # fmt: skip


def write_right(axes: Axes, text: str, y: float) -> None:
    """Text at the right end of a line."""
    axes.annotate(
        text, (1, y), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        va="center", color=INK,
    )  # fmt: skip
