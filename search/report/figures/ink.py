"""What figures are drawn with: colours for light and dark, marks of outcomes, sizes."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, final

from matplotlib.style import context

from search.verdict import Outcome

WIDTH = 7.6
"""Of every figure, in inches."""


class Colour(NamedTuple):
    """One role on light and on dark paper, as #rrggbb."""

    light: str
    """Figures are drawn in this one; each role has its own, so that a page can exchange it."""
    dark: str
    """What a page shows in its place on dark paper."""


COLOURS = {
    "ink": Colour("#1c2024", "#e9e7e2"),
    "muted": Colour("#5a616a", "#a9aeb5"),
    "rule": Colour("#c6cad0", "#4a5059"),
    "band": Colour("#eceef1", "#2a2f37"),
    "paper": Colour("#fefefe", "#15181c"),
    # After Okabe and Ito 2008, Color Universal Design, darkened to 4.5:1 against the paper.
    "blue": Colour("#0072b2", "#5ab4ea"),
    "green": Colour("#007f5f", "#3fcfa4"),
    "vermilion": Colour("#c24e00", "#ff9147"),
    "purple": Colour("#a8528a", "#e3a0c8"),
}
"""Role -> its colours."""

INK, MUTED, RULE, BAND, PAPER, BLUE, GREEN, VERMILION, PURPLE = (
    colour.light for colour in COLOURS.values()
)

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 8.5,
    "text.color": INK,
    # Names are a person's: a dollar sign is no formula.
    "text.parse_math": False,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.facecolor": "none",
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "hatch.linewidth": 0.7,
    # Text stays text: it can be read aloud, searched and shown in the page's own type.
    "svg.fonttype": "none",
}
"""Settings of matplotlib, for drawing and for saving; its types list every key there is."""


def styled(**settings: Any) -> AbstractContextManager[None]:
    """Draw in STYLE and further settings, whatever style other libraries have left behind."""
    return context({**STYLE, **settings}, after_reset=True)


@final
@dataclass(frozen=True, slots=True)
class Mark:
    """How one outcome is drawn: its shape tells without colour."""

    colour: str
    """Of intervals and marker."""
    marker: str
    """In matplotlib's notation."""
    words: str
    """In a legend."""
    size: float = 6.0
    """Of the marker, in points."""
    hollow: bool = False
    """Whether only its outline is drawn."""

    def style(self) -> dict[str, Any]:
        """Its colour and marker, as matplotlib's lines take them."""
        return {
            "color": self.colour,
            "marker": self.marker,
            "markersize": self.size,
            "markerfacecolor": PAPER if self.hollow else self.colour,
            "markeredgecolor": self.colour if self.hollow else PAPER,
            "markeredgewidth": 0.9,
        }


MARKS = {
    Outcome.BEATS_DEFAULT: Mark(VERMILION, "<", "beats the default", size=8.5),
    Outcome.EQUIVALENT: Mark(GREEN, "s", "no difference that matters"),
    Outcome.NOT_BETTER: Mark(PURPLE, "D", "not better"),
    Outcome.WORSE: Mark(BLUE, ">", "worse", size=8.5),
    Outcome.UNDECIDED: Mark(MUTED, "o", "undecided", hollow=True),
}
"""Outcome -> its mark, from the best for the alternative to the worst."""
