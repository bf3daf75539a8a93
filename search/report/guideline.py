"""The guideline table, its levels and the search spaces in the terminal."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from spaces import FACTORS, SPACES, TABLE, Choice, Level, Space, describe, swept_factors

_STEP = "  "
_ABOUT_TABLE = (
    "Of two levels the first is the default that is checked and the second the guideline's other "
    "choice. Those in parentheses are not swapped one by one: a network normalizes itself only as "
    "a whole."
)
_ABOUT_SPACES = (
    "They are joint spaces, for a search over all factors at once. Depth, width and batch size are "
    "short grids around the recipe's own."
)
_ABOUT_LEVELS = (
    "run varies one factor at a time, at these levels. --levels core checks the levels marked "
    "core, --levels full checks all; under self_normalizing alpha_dropout takes the place of "
    "dropout. --factors block compares the block of initializer, activation and normalization "
    "with those of the other recipes, --factors recipe the whole recipes."
)


def guideline_view() -> RenderableType:
    """The guideline table, every level with the ranges it brings, and the names of the spaces."""
    return Group(
        _guideline_table(),
        Padding(Text(_ABOUT_TABLE, "dim"), (1, 0)),
        _levels_table(),
        Padding(Text(_ABOUT_LEVELS, "dim"), (1, 0)),
        Text.assemble(("search spaces", "bold"), "  ", ", ".join(SPACES)),
        Text(_ABOUT_SPACES, "dim"),
    )


def space_view(name: str, space: Space) -> RenderableType:
    """A space as a tree: what exists only under an option is indented below it."""
    return Group(Text(name, "bold"), *_tree(space, _STEP))


def _guideline_table() -> Table:
    table = _table("factor", *TABLE)
    for factor in FACTORS:
        defaults = (_choices(guideline, factor) for guideline in TABLE)
        table.add_row(Text(factor, "bold"), *defaults)
    return table


def _choices(guideline: str, factor: str) -> str:
    """The guideline's levels as the book words them."""
    default, *other = TABLE[guideline][factor]
    if factor not in swept_factors(guideline):
        return f"({default})"
    if factor == "regularization":
        return f"{default}; {other[0]} if needed"
    return " or ".join((default, *other))


def _levels_table() -> Table:
    table = _table("level", "", "what it is", "tuned anew for it")
    for factor in FACTORS.values():
        table.add_row(Text(factor.name, "bold"))
        for level in factor.levels:
            table.add_row(*_level(level), style="" if level.core else "dim")
        table.add_section()
    return table


def _level(level: Level) -> tuple[str, str, str, str]:
    ranges = (f"{name} {describe(domain)}" for name, domain in level.nuisance.items())
    shortened = "\n".join(ranges).replace("(log scale)", "(log)")
    return level.name, "core" if level.core else "full", level.about, shortened


def _tree(space: Space, indent: str) -> Iterator[Text]:
    for name, domain in space.domains.items():
        yield Text.assemble(indent, (name, "bold"), "  ", describe(domain))
        if isinstance(domain, Choice):
            for option, nested in space.conditions.get(name, {}).items():
                yield Text.assemble(indent + _STEP, (f"under {option}", "cyan"))
                yield from _tree(nested, indent + 2 * _STEP)


def _table(*headers: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for header in headers:
        table.add_column(Text(header))
    return table
