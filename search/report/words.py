"""A sweep's report in sentences: its headline, how to read it, and what it is conditional on."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from search.report.found import choices_in_words, in_short
from search.report.rows import OTHER_CHOICE, TONES, in_layers, sections, standing
from search.settings import HYPERMODEL, Settings
from search.sweep.arms import COMBINATION, FOUND
from search.sweep.records import SearchReport, SweepReport
from search.verdict import (
    ALPHA,
    LOOKS,
    METRICS,
    FactorVerdict,
    Outcome,
    Verdict,
    in_units,
    outcome_in_words,
)
from spaces import FACTORS

GUIDELINE = {
    "shallow": "shallow recipe",
    "deep": "deep recipe",
    "self_normalizing": "self-normalizing recipe",
    HYPERMODEL: "hypermodel's own defaults",
}
# How the headline speaks of what swaps more than one default.
_WHOLE = {
    "block": "the block {}",
    "recipe": "the whole recipe",
    COMBINATION: "the combination",
    FOUND: "the recipe found",
}


def headline(report: SweepReport) -> str:
    """What was found, in a sentence."""
    return f"On {data_name(report)}, {finding(report)}."


def finding(report: SweepReport) -> str:
    """What was found, in clauses that follow the name of the data."""
    recipe = GUIDELINE[report.settings.default_name]
    if report.search is not None and not report.factors:
        return _finding_of_search(recipe, report.search)
    obstacle = _obstacle(report)
    if obstacle is not None:
        return f"nothing can be said yet about the {recipe}: {obstacle}"
    sentences = [
        _finding(recipe, factors) if at is None else f"at {at}, {_finding(recipe, factors)}"
        for at, factors in sections(report.factors).items()
    ]
    return ". ".join([sentences[0], *(text[0].upper() + text[1:] for text in sentences[1:])])


def _finding_of_search(recipe: str, search: SearchReport) -> str:
    """What a search says before anything it found is compared with the default."""
    if search.chosen is not None and search.chosen.candidate.changes == 0:
        return f"nothing that was found is simpler or clearly better than the {recipe} itself"
    return f"nothing can be said yet about the {recipe}: {search.trials:,} trials are done"


def _finding(recipe: str, factors: Sequence[FactorVerdict]) -> str:
    """What was found at one depth."""
    whole = [_clause(factor) for factor in factors if factor.factor in _WHOLE]
    single = [factor for factor in factors if factor.factor not in _WHOLE]
    if len(single) < 2:
        return f"under the {recipe}, {'; '.join([*map(_clause, single), *whole])}"
    holding = sum(TONES[factor.verdict] in ("holds", "other") for factor in single)
    defaults, clauses = f"{len(single)} defaults of the {recipe}", [*_clauses(single), *whole]
    if not holding:
        return f"of the {defaults}, {'; '.join(clauses)}"
    count = "all" if holding == len(single) else f"{holding} of the"
    return "; ".join([f"{count} {defaults} {_hold(holding)}", *clauses])


def tally(factors: Sequence[FactorVerdict]) -> str:
    """How many defaults hold, are beaten and are open: `3 hold, 1 beaten, 2 open`."""
    tones = [TONES[factor.verdict] for factor in factors]
    holding = tones.count("holds") + tones.count("other")
    counts = {
        _hold(holding): holding,
        "beaten": tones.count("beaten"),
        "open": tones.count("open"),
    }
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def data_name(report: SweepReport) -> str:
    """The data set or the file, without its folder."""
    return PurePath(str(report.data["source"])).name


def next_step(report: SweepReport) -> str | None:
    """What to do next where something is left to do."""
    if report.state == "running":
        return "Still running: this is where it stands."
    if report.state == "interrupted":
        return "It was interrupted: run the same command again to go on."
    if report.state == "stopped":
        return "Its budget is spent: run it again with a larger --budget to go on."
    undecided = (f for f in report.factors if f.verdict is Verdict.UNDECIDED)
    wanted = max((factor.needs.replicates or 0 for factor in undecided), default=0)
    if wanted > report.settings.n_replicates:
        return f"To go on, run it again with --replicates {wanted}."
    return None


def best_recipe(report: SweepReport) -> str | None:
    """The best recipe known, how its final model did, and how to have it."""
    best = report.best
    if best is None:
        return None
    changes = choices_in_words(best.recipe, report.recipe)
    name = f"the default with {changes}" if changes else "the default"
    told = f"{name} ({best.reason})"
    if best.validation is None:
        return f"{told}; its final training failed: {best.record.reason}."
    if best.confirm is not None:
        told += f", {_loss_in_words(best.confirm, report)} on the confirm rows"
    return f"{told}.\nTo take it along: python -m search export {report.name} --to DIR"


def _loss_in_words(loss: float, report: SweepReport) -> str:
    """`error 2.5 %`, or `RMSE 0.71 standard deviations`."""
    metric = METRICS[report.terms.loss]
    if metric.is_ratio:
        return f"{metric.name} {loss:.3g} standard deviations"
    if metric.scale == 1:
        return f"{metric.name} {loss:.3g}"
    return f"{metric.name} {metric.scale * loss:.1f} %"


def how_to_read(report: SweepReport, *, detailed: bool = False) -> dict[str, str]:
    """What the columns of a table mean, by their headers.

    Args:
        report: in the table.
        detailed: whether the table shows every alternative.
    """
    if not report.factors:
        return {}
    metric = METRICS[report.terms.loss]
    columns = {
        "difference": (
            f"alternative minus default in {metric.name} on the confirm rows, in "
            f"{metric.short_unit}, and the range it lies in; "
            "below zero the alternative is better"
        ),
        "new rows": "whether the same is shown for rows that are not in this data",
    }
    if detailed:
        columns["default better"] = "share of the replicates in which the default is better"
    if any(c.guideline for factor in report.factors for c in factor.comparisons):
        columns[OTHER_CHOICE] = "the guideline's other choice"
    return columns


def conditions(report: SweepReport) -> dict[str, str]:
    """What every claim of a report is conditional on."""
    recipe, data, settings = report.recipe, report.data, report.settings
    n_confirm, margin = int(data["n_confirm"]), in_units(report.terms.margin, report.terms.loss)
    levels = [f"{factor} {level.name}" for factor, level in recipe.levels.items()]
    own = [f"{name} {in_short(value)}" for name, value in recipe.values]
    depths = dict.fromkeys(factor.depth or recipe.depth for factor in report.factors)
    dense = f"{in_layers(*depths or (recipe.depth,))} of {_plural(recipe.width, 'unit')}"
    return {
        "data": (
            f"{data_name(report)}: {int(data['n_rows']) - n_confirm:,} development and "
            f"{n_confirm:,} confirm rows, {int(data['n_features']):,} features{asked(settings)}"
        ),
        "default": "; ".join([", ".join(own or levels), *_claims(report.factors)]),
        "network": (
            f"{report.conditions['model'] or dense}; "
            f"batches of {recipe.batch_size}, at most {_plural(recipe.epochs, 'epoch')}"
            f"{', where its own fit says nothing else' if own else ''}"
        ),
        "tuning": "none: each is trained with its own values"
        if own
        else (
            "learning rate and strengths anew for every level: "
            f"{settings.pilot_trials} pilot trials, then {_plural(settings.lanes, 'lane')} "
            "in each replicate"
        ),
        "margin": f"differences matter from {margin}",
        "chance": (
            f"at most {_plural(settings.n_replicates, 'replicate')}, seed {settings.seed}; the "
            f"probability of any false claim here is at most {100 * ALPHA:g} %"
        ),
    }


def _claims(factors: Sequence[FactorVerdict]) -> Iterator[str]:
    """What each kind of claim is about."""
    names = {factor.factor for factor in factors}
    if names - _WHOLE.keys():
        yield "each swapped alone, given the others"
    if "block" in names:
        yield "initializer, activation and normalization as one block, given the others"
    if "recipe" in names:
        yield "another recipe of the guideline as a whole"
    if COMBINATION in names:
        yield "the combination as a whole recipe, on replicates of its own"
    if FOUND in names:
        yield "the recipe found as a whole, with its numbers, on replicates of its own"
    for part in sections(factors).values():
        beaten = [f for f in part if f.verdict is Verdict.BEATEN and f.factor in FACTORS]
        if len(beaten) > 1 and COMBINATION not in {factor.factor for factor in part}:
            yield "what beats it alone is tried together once every factor is settled"
            return


def asked(settings: Settings) -> str:
    """What was asked for that changes how rows are split and weighed."""
    told = {
        f"; rows of one {settings.group} kept together": settings.group,
        f"; the latest by {settings.time} confirm, and every replicate is validated on the same "
        "latest of the others": settings.time,
        "; in training all classes weigh the same": settings.class_weight,
    }
    return "".join(words for words, given in told.items() if given is not None)


def _obstacle(report: SweepReport) -> str | None:
    """Why there is no verdict at all, if there is none."""
    terms = report.terms
    if terms.one_class:
        return "the AUC takes confirm rows of both classes, and all are of one"
    if not terms.has_enough_rows:
        margin = in_units(terms.margin, terms.loss)
        return (
            f"a margin of {margin} takes {terms.least_rows:,} confirm rows, "
            f"and there are {terms.n_rows:,}"
        )
    if not any(c.replicates for factor in report.factors for c in factor.comparisons):
        return f"the first look is at {LOOKS[0]} replicates"
    return None


def _clauses(factors: Sequence[FactorVerdict]) -> list[str]:
    """Which defaults are beaten by what, and how many are open."""
    beaten = (Verdict.BEATEN, Verdict.HOLDS_OTHER)
    clauses = [_clause(factor) for factor in factors if factor.verdict in beaten]
    undecided = [factor for factor in factors if factor.verdict is Verdict.UNDECIDED]
    if undecided:
        verb = "is" if len(undecided) == 1 else "are"
        clauses.append(f"{len(undecided)} {verb} still open{_wants(undecided)}")
    return clauses


def _clause(factor: FactorVerdict) -> str:
    """What was found about one default."""
    if factor.factor == COMBINATION:
        return _combined(factor)
    if factor.factor == FOUND:
        return _found(factor)
    name = _WHOLE.get(factor.factor, f"{factor.factor} {{}}").format(factor.default)
    if factor.verdict is Verdict.UNDECIDED:
        return f"{name} is still open{_wants([factor])}"
    return f"{name} {standing(factor)}"


def _combined(factor: FactorVerdict) -> str:
    """What was found about the levels that beat their defaults, taken together."""
    (together,) = factor.comparisons
    if together.outcome is Outcome.UNDECIDED:
        return f"whether {together.level} together beat the whole recipe is open{_wants([factor])}"
    return f"{together.level} together: {outcome_in_words(together)}"


def _found(factor: FactorVerdict) -> str:
    """What was found about the recipe that a search chose."""
    (chosen,) = factor.comparisons
    if chosen.outcome is Outcome.UNDECIDED:
        return f"whether the recipe found, {chosen.level}, beats it is open{_wants([factor])}"
    return f"the recipe found, {chosen.level}: {outcome_in_words(chosen)}"


def _wants(undecided: Sequence[FactorVerdict]) -> str:
    """What would settle all of these, where that can be said in one clause."""
    words = {factor.needs: standing(factor).rpartition(": ")[2] for factor in undecided}
    if all(needs.replicates for needs in words):
        return f": {words[max(words, key=lambda needs: needs.replicates or 0)]}"
    return f": {words.popitem()[1]}" if len(words) == 1 else ""


def _hold(count: int) -> str:
    return "holds" if count == 1 else "hold"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
