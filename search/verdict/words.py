"""Outcomes, verdicts and forecasts as a newcomer can read them."""

from search.verdict.comparison import Comparison
from search.verdict.factor import FactorVerdict, Verdict
from search.verdict.forecast import Needs
from search.verdict.metrics import METRICS, Loss, points
from search.verdict.outcome import Outcome
from search.verdict.terms import Terms

_OUTCOMES = {
    Outcome.BEATS_DEFAULT: "better than the default by more than {margin}{typical}",
    Outcome.WORSE: "worse than the default by more than {margin}{typical}",
    Outcome.EQUIVALENT: "no difference that matters (within ±{margin}){typical}",
    Outcome.NOT_BETTER: (
        "not better than the default by {margin}{typical}; perhaps as good, perhaps worse"
    ),
    Outcome.UNDECIDED: "undecided",
}
_TYPICAL = " in a typical training"
"""Of a claim that leans on the median: a strong skew makes the mean's unreliable."""
_CONTRADICTION = "early and late replicates contradict each other"
_HOLDS = {
    Verdict.HOLDS_OTHER: "is beaten only by the guideline's other choice, {others}",
    Verdict.HOLDS_BETTER: "holds: every alternative is worse",
    Verdict.HOLDS_EQUIVALENT: "holds: every alternative is worse or about as good",
    Verdict.HOLDS: "holds: no alternative is better by a difference that matters",
}


def in_units(difference: float, loss: Loss) -> str:
    """A difference in the loss, without its sign: `1 percentage point` or `2 % of the RMSE`.

    Args:
        difference: of the loss, or ln of a ratio (exp(d) - 1 is shown).
        loss: which loss.
    """
    metric, size = METRICS[loss], abs(difference)
    number = f"{points(size, loss):.3g}"
    unit = metric.unit.replace("points", "point", 1) if number == "1" else metric.unit
    return f"{number} {unit}"


def outcome_in_words(comparison: Comparison) -> str:
    """What was found on these data about one alternative, and what an open end needs."""
    if comparison.inconsistent:
        return f"undecided: {_CONTRADICTION}"
    text = _claim(comparison, comparison.outcome)
    if comparison.outcome is Outcome.UNDECIDED:
        return (
            f"{text}: {needs_in_words(comparison.needs, comparison.terms, comparison.replicates)}"
        )
    return text


def new_rows_in_words(comparison: Comparison) -> str:
    """Whether the outcome holds beyond the confirm rows, too."""
    if comparison.outcome is Outcome.UNDECIDED:
        return "nothing can be said about new rows before these are decided"
    new_rows = comparison.new_rows
    if new_rows.outcome is comparison.outcome:
        return "expected to hold on new rows too"
    text = "not shown for new rows"
    if new_rows.outcome is not Outcome.UNDECIDED:
        text = f"on new rows only this is shown: {_claim(comparison, new_rows.outcome)}"
    if comparison.needs.rows is None:
        return text
    return f"{text}; showing more would take about {_about(comparison.needs.rows)} confirm rows"


def needs_in_words(needs: Needs, terms: Terms, replicates: int) -> str:
    """What an undecided comparison or factor needs, from where it stands.

    Args:
        needs: the forecast.
        terms: what was fixed beforehand.
        replicates: how many there are.
    """
    if terms.one_class:
        return "no confirm row is of the other class"
    if needs.too_close:
        return "too close to the margin to be settled by more training"
    if needs.rows is not None:
        rows = _about(needs.rows - terms.n_rows)
        return f"replicates cannot settle this: needs about {rows} more confirm rows"
    if needs.replicates is not None:
        more = needs.replicates - replicates
        return f"needs about {more} more replicates ({needs.replicates} in all)"
    return _CONTRADICTION


def verdict_in_words(factor: FactorVerdict) -> str:
    """What was found about a factor's default."""
    verdict, typical = factor.verdict, _TYPICAL if factor.is_skewed else ""
    if verdict is Verdict.BEATEN:
        return f"{factor.default} is beaten by {' and '.join(factor.beaten_by)}{typical}"
    if verdict is Verdict.UNDECIDED:
        first = factor.comparisons[0]
        at = min(c.replicates for c in factor.comparisons if c.outcome is Outcome.UNDECIDED)
        return f"undecided: {needs_in_words(factor.needs, first.terms, at)}"
    others = " and ".join(c.level for c in factor.decisive if c.guideline)
    return f"{factor.default} {_HOLDS[verdict].format(others=others)}{typical}"


def _claim(comparison: Comparison, outcome: Outcome) -> str:
    return _OUTCOMES[outcome].format(
        margin=in_units(comparison.terms.margin, comparison.terms.loss),
        typical=_TYPICAL if comparison.is_skewed else "",
    )


def _about(count: int) -> str:
    """A count rounded up to two digits: a forecast knows no more."""
    step = 10 ** max(len(str(count)) - 2, 0)
    return f"{-(-count // step) * step:,}"
