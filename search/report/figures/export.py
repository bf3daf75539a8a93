"""Figures as files: PNG for anywhere, SVG for a page of its own."""

import io
import re

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from search.report.figures.ink import COLOURS, styled

DPI = 140
_NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}
_ROLES = {colour.light: f"var(--{role})" for role, colour in COLOURS.items()}
_COLOUR = re.compile("|".join(_ROLES))
_PREAMBLE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
# matplotlib's own style sheet would reach the whole page; the page says the same of figures.
_SHEET = re.compile(r"\s*<defs>\s*<style type=\"text/css\">.*?</style>\s*</defs>", re.DOTALL)
_NUMBERED = re.compile(r" id=\"[a-zA-Z0-9.]+_\d+\"")
_SIZE = re.compile(r" (?:width|height)=\"[\d.]+pt\"")
_FONT = re.compile(r"font-family: [^;\"]*;? ?")
_INDENT = re.compile(r"\n\s+")
_TAG = re.compile(r"<[^>]*>")
_DECIMALS = re.compile(r"(\d\.\d\d)\d+")


def to_png(figure: Figure) -> bytes:
    """A figure on light paper; the same bytes for the same figure."""
    return _saved(figure, FigureCanvasAgg, "png", metadata={"Software": None}, dpi=DPI)


def to_svg(figure: Figure, name: str) -> str:
    """A figure as an element of a page, its colours as the page's variables.

    Args:
        figure: drawn with the colours of `ink`.
        name: tells the figure's inner references from those of others on the page.
    """
    text = _saved(figure, FigureCanvasSVG, "svg", metadata=_NOTHING, salt=name).decode()
    for pattern in (_PREAMBLE, _METADATA, _SHEET):
        text = pattern.sub("", text)
    return _TAG.sub(lambda tag: _tidy(tag[0]), _INDENT.sub("\n", text))


def _tidy(tag: str) -> str:
    """A tag without what the page decides: ids, size, type and colours."""
    for pattern in (_NUMBERED, _SIZE, _FONT):
        tag = pattern.sub("", tag)
    return _COLOUR.sub(lambda found: _ROLES[found[0]], _DECIMALS.sub(r"\1", tag))


def _saved(
    figure: Figure,
    canvas: type[FigureCanvasAgg | FigureCanvasSVG],
    kind: str,
    *,
    metadata: dict[str, None],
    salt: str = "",
    dpi: int = 72,
) -> bytes:
    file = io.BytesIO()
    with styled(**{"svg.hashsalt": salt}):
        canvas(figure)
        figure.savefig(file, format=kind, metadata=metadata, dpi=dpi)
    return file.getvalue()
