"""Overfitting and underfitting: the loss on training and on validation rows at the best epoch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from search.report.figures.curves import decades
from search.report.figures.groups import Trained, all_trained, by_name
from search.report.figures.ink import BLUE, INK, MUTED, PAPER, RULE, VERMILION
from search.report.figures.rows import row_axes
from search.rows import Array
from search.sweep.records import SweepReport
from search.verdict import Outcome

LARGE_GAP = 2.0
"""A validation loss of more than so many times the training loss is called a large gap."""
SMALL_GAP = 1.1
"""One of less than so many times it is called a small gap."""
HIGH_LOSS = 1.25
"""A loss of more than so many times that of the level with the best validation loss is high."""
_STRENGTHS = {
    "dropout": "the dropout rate",
    "weight_decay": "the weight decay",
    "l1": "the penalty on the weights",
    "l2": "the penalty on the weights",
}
_PENALTIES = ("l1", "l2", "l1_l2")
_QUARTILES = (0.25, 0.5, 0.75)

Kind = Literal["large gap", "small gap", "gap", "not comparable"]


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
    is_comparable: bool
    """Whether both losses are of the same kind: no dropout and no class weights in training."""

    @property
    def kind(self) -> Kind:
        """What may be said of the gap between the losses."""
        if not self.is_comparable:
            return "not comparable"
        if self.ratio > LARGE_GAP:
            return "large gap"
        return "small gap" if self.ratio < SMALL_GAP else "gap"

    def is_high(self, best: "Fit") -> bool:
        """Whether both losses are high beside those of the best level."""
        pairs = ((self.train, best.train), (self.validation, best.validation))
        return all(own[1] > HIGH_LOSS * its[1] for own, its in pairs)


def fits(report: SweepReport) -> list[Fit]:
    """Of every level with replicates that were trained."""
    found = ((level, _losses(level)) for level in all_trained(report))
    return [
        Fit(
            level,
            np.quantile(losses[:, 0], _QUARTILES),
            np.quantile(losses[:, 1], _QUARTILES),
            float(np.median(losses[:, 1] / np.maximum(losses[:, 0], 1e-12))),
            is_comparable=report.settings.class_weight is None and not _drops_out(level),
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
    if report.settings.class_weight is not None:
        return "Training weighs the classes and validation does not: the gap tells nothing here."
    found = fits(report)
    text = []
    for depth in dict.fromkeys(fit.level.depth for fit in found):
        first, *others = part = [fit for fit in found if fit.level.depth == depth]
        comparable = [fit for fit in part if fit.is_comparable]
        advised = {
            "more": [fit for fit in comparable if fit.kind == "large gap"],
            "less": [fit for fit in comparable if _underfits(fit, comparable)],
        }
        text += [_of_default(first, advised), *_of_others(others, advised), *_tried(others)]
    return " ".join(text)


def _underfits(fit: Fit, comparable: Sequence[Fit]) -> bool:
    """Whether the gap is small and both losses are high: a small gap alone is none."""
    best = min(comparable, key=lambda other: float(other.validation[1]))
    return fit.kind == "small gap" and fit.is_high(best) and not _is_penalized(fit.level)


def _of_default(fit: Fit, advised: Mapping[str, Sequence[Fit]]) -> str:
    if not fit.is_comparable:
        return f"Of {fit.level.name} the gap tells nothing: dropout acts in training alone."
    advice = next((_ADVICE[way] for way, those in advised.items() if fit in those), _NO_ADVICE)
    return (
        f"For {fit.level.name} the validation loss is {fit.ratio:.3g} times the training loss"
        f"{advice}."
    )


def _of_others(others: Sequence[Fit], advised: Mapping[str, Sequence[Fit]]) -> Iterator[str]:
    for way, those in advised.items():
        levels = [fit.level for fit in others if fit in those]
        if levels:
            yield f"{_FOUND[way]} {by_name(levels)}."
        strengths = dict.fromkeys(filter(None, map(_strength, levels)))
        if strengths:
            yield f"There the guideline would {_CHANGE[way]} {' and '.join(strengths)}."
    apart = [fit.level for fit in others if not fit.is_comparable]
    if apart:
        yield f"Of {by_name(apart)} the gap tells nothing: dropout acts in training alone."


_ADVICE = {
    "more": ", a large gap: the guideline would regularize more (add dropout or raise its rate) or "
    "take fewer units",
    "less": ", a small gap, and both losses are high beside the best level's: the guideline would "
    "regularize less or take more units",
}
_NO_ADVICE = ", which calls for neither more nor less regularization"
_FOUND = {
    "more": "The gap is large for",
    "less": "The gap is small and both losses are high for",
}
_CHANGE = {"more": "raise", "less": "lower"}


def _is_penalized(level: Trained) -> bool:
    """Whether a penalty is part of both its losses, which are high and alike for that reason."""
    return any(record.recipe.get("regularization") in _PENALTIES for record in level.confirm)


def _drops_out(level: Trained) -> bool:
    """Whether its trainings dropped units, of which the training loss is and the other is not."""
    return any("dropout" in str(record.recipe.get("regularization")) for record in level.confirm)


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
        (train, validation), (y, y), color=MUTED if fit.kind == "large gap" else RULE, linewidth=1
    )
    axes.plot((a, b), (y, y), color=BLUE, linewidth=2.2, solid_capstyle="butt")
    axes.plot((c, d), (y, y), color=VERMILION, linewidth=2.2, solid_capstyle="butt")
    axes.plot(train, y, "o", markerfacecolor=PAPER, markeredgecolor=BLUE, markersize=5)
    axes.plot(validation, y, "o", color=VERMILION, markersize=5)
