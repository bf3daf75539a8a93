"""Overfitting and underfitting: the loss on training and on validation rows at the best epoch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from search.report.figures.curves import decades
from search.report.figures.groups import Trained, all_trained, by_name, sentence
from search.report.figures.ink import BLUE, INK, MUTED, PAPER, RULE, VERMILION
from search.report.figures.rows import row_axes
from search.rows import Array
from search.sweep.records import SweepReport
from search.verdict import Outcome

OVERFITS_ABOVE = 2.0
"""A validation loss of more than so many times the training loss is called overfitting."""
UNDERFITS_BELOW = 1.1
"""One of less than so many times it is called underfitting."""
_STRENGTHS = {
    "dropout": "the dropout rate",
    "weight_decay": "the weight decay",
    "l1": "the penalty on the weights",
    "l2": "the penalty on the weights",
}
_QUARTILES = (0.25, 0.5, 0.75)

Kind = Literal["overfits", "underfits", "balanced"]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """How a level's trainings generalize at their best epochs."""

    level: Trained
    """Which one."""
    train: Array
    """(3,) quartiles of the training loss over the replicates."""
    validation: Array
    """(3,) quartiles of the validation loss."""
    ratio: float
    """Median over the replicates of validation loss / training loss."""

    @property
    def kind(self) -> Kind:
        """Whether it overfits, underfits or neither."""
        if self.ratio > OVERFITS_ABOVE:
            return "overfits"
        return "underfits" if self.ratio < UNDERFITS_BELOW else "balanced"


def fits(report: SweepReport) -> list[Fit]:
    """Of every level with replicates that were trained."""
    found = ((level, _losses(level)) for level in all_trained(report))
    return [
        Fit(
            level,
            np.quantile(losses[:, 0], _QUARTILES),
            np.quantile(losses[:, 1], _QUARTILES),
            float(np.median(losses[:, 1] / np.maximum(losses[:, 0], 1e-12))),
        )
        for level, losses in found
        if losses.size
    ]


def draw(report: SweepReport) -> Figure | None:
    """A line a level from its training to its validation loss; None before the first replicate."""
    found = fits(report)
    if not found:
        return None
    x = decades([np.log10(fit.train) for fit in found] + [np.log10(f.validation) for f in found])
    rows = row_axes([fit.level for fit in found], "loss at the best epoch")
    axes = rows.axes
    axes.set_xlim(x.low, x.high)
    axes.set_xticks(list(x.at), list(x.at.values()))
    for fit in found:
        _line(axes, fit, rows.at[fit.level.name])
        rows.beside(fit.level.name, f"×{fit.ratio:.3g}, {fit.kind}")
    handles = [
        Line2D([], [], color=BLUE, marker="o", markersize=5, markerfacecolor=PAPER, linewidth=0,
               label="training"),
        Line2D([], [], color=VERMILION, marker="o", markersize=5, linewidth=0, label="validation"),
        Line2D([], [], color=INK, linewidth=2.2, label="middle half of the replicates"),
    ]  # fmt: skip
    rows.legend(handles)
    return rows.figure


def see(report: SweepReport) -> str:
    """What the guideline advises, for the default first."""
    found = fits(report)
    text = []
    for depth in dict.fromkeys(fit.level.depth for fit in found):
        first, *others = (fit for fit in found if fit.level.depth == depth)
        text += [_of_default(first), *_of_others(first, others), *_tried(others)]
    return " ".join(text)


def _of_default(fit: Fit) -> str:
    return (
        f"For {fit.level.name} the validation loss is {fit.ratio:.3g} times the training loss: it "
        f"{_VERBS[fit.kind][0]}{_ADVICE[fit.kind]}."
    )


def _of_others(first: Fit, others: Sequence[Fit]) -> Iterator[str]:
    if others and all(fit.kind == first.kind for fit in others):
        yield "The same is true of all alternatives."
    for kind, (one, several) in _VERBS.items():
        levels = [fit.level for fit in others if fit.kind == kind != first.kind]
        if levels:
            yield f"{sentence(by_name(levels))} {one if len(levels) == 1 else several}."
    for change, kind in (("Raise", "overfits"), ("Lower", "underfits")):
        strengths = [_strength(fit.level) for fit in others if fit.kind == kind]
        if any(strengths):
            yield f"{change} {' and '.join(dict.fromkeys(filter(None, strengths)))}."


_VERBS: dict[Kind, tuple[str, str]] = {
    "overfits": ("overfits", "overfit"),
    "underfits": ("underfits", "underfit"),
    "balanced": ("is balanced", "are balanced"),
}
_ADVICE: dict[Kind, str] = {
    "overfits": ", so the guideline would regularize more (add dropout or raise its rate) or take "
    "fewer units",
    "underfits": ", so the guideline would regularize less (lower the dropout rate) or take more "
    "units",
    "balanced": ", and nothing calls for more or less regularization",
}


def _losses(level: Trained) -> Array:
    """(replicates, 2) training and validation loss at the best epoch, finite ones alone."""
    rows = []
    for record in level.confirm:
        if record.state == "complete" and record.best_epoch in record.curve["epoch"]:
            at = list(record.curve["epoch"]).index(record.best_epoch)
            rows.append((record.curve["train_loss"][at], record.curve["validation_loss"][at]))
    losses: Array = np.array(rows, float).reshape(-1, 2)
    found: Array = losses[(np.isfinite(losses) & (losses > 0)).all(axis=1)]
    return found


def _strength(level: Trained) -> str | None:
    """What can be raised or lowered of a level that regularizes."""
    if level.factor != "regularization":
        return None
    return next((words for part, words in _STRENGTHS.items() if part in level.level), None)


def _tried(others: Sequence[Fit]) -> Iterator[str]:
    """What came of the regularizers that were compared with the default."""
    found = [(fit.level, fit.level.comparison) for fit in others if _strength(fit.level)]
    better = [t for t, c in found if c is not None and c.outcome is Outcome.BEATS_DEFAULT]
    if better:
        yield f"Of the regularizers tried, {by_name(better)} did beat the default."
    elif found:
        yield "None of the regularizers tried beats the default so far."


def _line(axes: Axes, fit: Fit, y: float) -> None:
    (a, train, b), (c, validation, d) = np.log10(fit.train), np.log10(fit.validation)
    axes.plot(
        (train, validation), (y, y), color=RULE if fit.kind == "balanced" else MUTED, linewidth=1
    )
    axes.plot((a, b), (y, y), color=BLUE, linewidth=2.2, solid_capstyle="butt")
    axes.plot((c, d), (y, y), color=VERMILION, linewidth=2.2, solid_capstyle="butt")
    axes.plot(train, y, "o", markerfacecolor=PAPER, markeredgecolor=BLUE, markersize=5)
    axes.plot(validation, y, "o", color=VERMILION, markersize=5)
