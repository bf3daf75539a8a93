"""What a search did and found, in words."""

from collections.abc import Iterator

from search.sweep.arms import FOUND
from search.sweep.records import SearchReport, Selected, SweepReport
from search.verdict import METRICS, Loss, in_units
from spaces import FACTORS, Recipe, Value

_SHAPE = {"depth": "hidden layers", "width": "units", "batch_size": "rows in a batch"}


def search_in_words(report: SweepReport) -> dict[str, str]:
    """What a search tried, what was selected, and how far it flattered itself; by heading."""
    search = report.search
    if search is None:
        return {}
    words = {"tried": _tried(report, search)}
    if search.chosen is not None:
        words["selected"] = _selected(search, search.chosen, report.recipe)
        words["recipe"] = changes_in_words(search.chosen.candidate.recipe, report.recipe)
        words["optimism"] = "; ".join(_optimism(report, search.chosen))
    if search.edges:
        words["edges"] = " ".join(map(str, search.edges))
    return words


def changes_in_words(recipe: Recipe, default: Recipe) -> str:
    """In what a recipe differs from the default, its numbers last."""
    if recipe.values:
        return ", ".join(f"{name} {in_short(value)}" for name, value in recipe.values)
    numbers = [f"{name} {value:.3g}" for name, value in recipe.hyperparameters().items()]
    return ", ".join([choices_in_words(recipe, default) or "the default's choices", *numbers])


def choices_in_words(recipe: Recipe, default: Recipe) -> str:
    """In which levels and shape a recipe differs from the default; empty if in none."""
    names = [name for name in FACTORS if getattr(recipe, name) != getattr(default, name)]
    levels = [f"{name} {getattr(recipe, name)}" for name in names]
    shape = [
        f"{getattr(recipe, name)} {unit}"
        for name, unit in _SHAPE.items()
        if getattr(recipe, name) != getattr(default, name)
    ]
    return ", ".join(levels + shape)


def in_short(value: Value) -> str:
    """A value of a hypermodel: numbers to three figures."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _tried(report: SweepReport, search: SearchReport) -> str:
    pruned = sum(r.state == "pruned" for r in report.records if r.phase == "search")
    epochs = sum(r.epochs for r in report.records if r.phase == "search")
    most = search.trials * report.recipe.epochs
    share = f", and {100 * epochs / most:.0f} % of all epochs were run" if most else ""
    trust = "" if search.prior == "none" else f", {search.prior} trust in the default recipes"
    how = f"{search.sampler} and {search.pruner}{trust}"
    over = f"; {search.reason}" if search.reason else ""
    return f"{search.trials:,} trials by {how}; {pruned:,} were pruned{share}{over}"


def _selected(search: SearchReport, chosen: Selected, default: Recipe) -> str:
    n = len(chosen.values)
    if chosen.candidate.recipe == default:
        return (
            f"the default itself: of the {len(search.selected)} best, trained {n} times more, none "
            "is better by more than one standard error"
        )
    n_changes = chosen.candidate.changes
    choices = "choice" if n_changes == 1 else "choices"
    return (
        f"trial {chosen.candidate.number}, with {n_changes} {choices} changed: the simplest within "
        f"one standard error of the best of {len(search.selected)}, each trained {n} times more"
    )


def _optimism(report: SweepReport, chosen: Selected) -> Iterator[str]:
    loss = report.terms.loss
    found, again = chosen.candidate.found, chosen.mean
    yield f"{_value(found, loss)} when it was found, {_value(again, loss)} on fresh seeds"
    level = f"trial {chosen.candidate.number}"
    seen = [each for each in report.evidence if (each.factor, each.level) == (FOUND, level)]
    confirmed = [value for each in seen for value in each.losses]
    if confirmed:
        mean = sum(confirmed) / len(confirmed)
        flattered = "flattered" if mean > found else "wronged"
        yield f"{_value(mean, loss)} on the confirm rows"
        yield f"validation had {flattered} it by {_value(abs(mean - found), loss)}"


def _value(value: float, loss: Loss) -> str:
    """A loss itself, where `in_units` would take a logarithm for the difference of a ratio."""
    return f"{value:.3g} standard deviations" if METRICS[loss].is_ratio else in_units(value, loss)
