"""What each line of a report says, whatever it is shown in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

from search.verdict import (
    METRICS,
    Comparison,
    FactorVerdict,
    Loss,
    Outcome,
    Verdict,
    in_units,
    new_rows_in_words,
    outcome_in_words,
    points,
    verdict_in_words,
)

Tone = Literal["holds", "other", "beaten", "open"]
"""How a line is coloured and marked."""

TONES: dict[Verdict, Tone] = {
    Verdict.BEATEN: "beaten",
    Verdict.HOLDS_OTHER: "other",
    Verdict.HOLDS_BETTER: "holds",
    Verdict.HOLDS_EQUIVALENT: "holds",
    Verdict.HOLDS: "holds",
    Verdict.UNDECIDED: "open",
}
_OUTCOME_TONES: dict[Outcome, Tone] = {
    Outcome.BEATS_DEFAULT: "beaten",
    Outcome.WORSE: "holds",
    Outcome.EQUIVALENT: "holds",
    Outcome.NOT_BETTER: "holds",
    Outcome.UNDECIDED: "open",
}
NOTHING = "–"
"""Where there is nothing to say."""
OTHER_CHOICE = "*"
"""Marks the guideline's other choice."""
_MINUS = "\N{MINUS SIGN}"


@final
@dataclass(frozen=True, slots=True)
class FactorRow:
    """One factor in a verdict table."""

    tone: Tone
    """What kind of verdict it is."""
    factor: str
    """The factor."""
    default: str
    """The default's level."""
    verdict: str
    """The verdict in words, without the default's name."""
    best: str
    """The best alternative."""
    difference: str
    """Its mean difference."""
    interval: str
    """Where the difference lies."""
    replicates: str
    """How many were used for it."""
    new_rows: str
    """Whether the verdict is shown for new rows, too."""


@final
@dataclass(frozen=True, slots=True)
class AlternativeRow:
    """One alternative in a detailed table."""

    tone: Tone
    """What kind of outcome it is."""
    factor: str
    """The factor."""
    default: str
    """The default's level."""
    level: str
    """The alternative."""
    outcome: str
    """What was found, in words."""
    difference: str
    """Its mean difference."""
    interval: str
    """Where the difference lies."""
    default_wins: str
    """The share of replicates in which the default is better."""
    margin: str
    """The margin nearest to the chosen one at which the outcome would be another."""
    skewness: str
    """Of the differences."""
    replicates: str
    """How many were used."""
    new_rows: str
    """Whether the outcome is shown for new rows, too."""


def sections(factors: Sequence[FactorVerdict]) -> dict[str | None, list[FactorVerdict]]:
    """The verdicts by depth in words, such as `8 hidden layers`; all under None if there is one."""
    found: dict[str | None, list[FactorVerdict]] = {}
    for factor in factors:
        title = None if factor.depth is None else in_layers(factor.depth)
        found.setdefault(title, []).append(factor)
    return found


def in_layers(*depths: int) -> str:
    """`1 hidden layer`, or `2 and 20 hidden layers`."""
    return f"{' and '.join(map(str, depths))} hidden layer{'s' * (depths != (1,))}"


def factor_row(factor: FactorVerdict) -> FactorRow:
    """The line of one factor."""
    best = factor.best
    return FactorRow(
        tone=TONES[factor.verdict],
        factor=factor.factor,
        default=factor.default,
        verdict=standing(factor),
        best=_named(best) if best.replicates else NOTHING,
        difference=_difference(best),
        interval=_interval(best),
        replicates=str(best.replicates),
        new_rows=_factor_on_new_rows(factor),
    )


def alternative_rows(factor: FactorVerdict) -> list[AlternativeRow]:
    """The lines of a factor's alternatives, in the table's order."""
    return [
        AlternativeRow(
            tone="other" if c.guideline and tone == "beaten" else tone,
            factor=factor.factor,
            default=factor.default,
            level=_named(c),
            outcome=outcome_in_words(c) + _failures(c),
            difference=_difference(c),
            interval=_interval(c),
            default_wins=NOTHING if c.default_wins is None else f"{100 * c.default_wins:.0f} %",
            margin=NOTHING if c.margin is None else in_units(c.margin, c.terms.loss),
            skewness=NOTHING if c.skewness is None else f"{c.skewness:+.1f}".replace("-", _MINUS),
            replicates=str(c.replicates),
            new_rows=NOTHING if c.outcome is Outcome.UNDECIDED else new_rows_in_words(c),
        )
        for c in factor.comparisons
        for tone in [_OUTCOME_TONES[c.outcome]]
    ]


def standing(factor: FactorVerdict) -> str:
    """The verdict in words, without the default's name, which stands beside it."""
    return verdict_in_words(factor).removeprefix(f"{factor.default} ")


def in_points(difference: float, loss: Loss) -> str:
    """A difference with its sign: in percentage points of error, or per cent of the RMSE, say.

    Args:
        difference: of the loss, or ln of a ratio (exp(d) - 1 is shown).
        loss: which loss.
    """
    decimals, value = METRICS[loss].decimals, points(difference, loss)
    text = f"{value:+.{decimals}f}" if abs(value) < 100 else f"{value:+,.0f}"
    if float(text.replace(",", "")) == 0:
        return f"{0:.{decimals}f}"
    return text.replace("-", _MINUS)


def _named(comparison: Comparison) -> str:
    return comparison.level + OTHER_CHOICE * comparison.guideline


def _difference(comparison: Comparison) -> str:
    if comparison.difference is None:
        return NOTHING
    return in_points(comparison.difference, comparison.terms.loss)


def _interval(comparison: Comparison) -> str:
    if comparison.inconsistent or comparison.difference is None:
        return NOTHING
    if math.isinf(comparison.low) or math.isinf(comparison.high):
        return "no bounds yet"
    loss = comparison.terms.loss
    return f"{in_points(comparison.low, loss)} to {in_points(comparison.high, loss)}"


def _failures(comparison: Comparison) -> str:
    if not comparison.failures:
        return ""
    count = f"{comparison.failures} replicate{'s' * (comparison.failures != 1)}"
    return f"; every training failed in {count}, scored as a blind guess"


def _factor_on_new_rows(factor: FactorVerdict) -> str:
    """Whether the whole verdict carries over, and else how many confirm rows might show it."""
    if factor.verdict is Verdict.UNDECIDED:
        return NOTHING
    carried = replace(
        factor,
        comparisons=tuple(replace(c, outcome=c.new_rows.outcome) for c in factor.comparisons),
    )
    if (carried.verdict, carried.beaten_by) == (factor.verdict, factor.beaten_by):
        return "yes"
    return "no" if carried.verdict is Verdict.UNDECIDED else "partly"
