"""The champion: the best recipe that is known, which keeps its title until it is beaten.

A challenger, the best recipe of a sweep, meets the champion in a duel: a sweep of the two, each
tuned and trained anew on the data as it is now, on replicates of their own. Only if it beats the
champion by more than the margin is the title passed on. Networks of a person's own do not meet:
their code may have changed since, and nobody knows what of a hypermodel's is to be tuned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from search.errors import SearchError
from search.scheduler.slots import DUEL
from search.settings import Settings
from search.sweep.arms import DEFAULT, Arm
from search.sweep.records import SweepReport
from search.verdict import Outcome
from spaces import Recipe, nuisance_space

OWN_NETWORK = "no duel: the network is a person's own, and may not be the champion's any more"
"""Why a challenger does not meet the champion under --model and --hypermodel."""
_QUESTION = "recipe"
_OF_A_SEARCH = ("factors", "trials", "space", "sampler", "pruner", "prior", "until")


class Run(Protocol):
    """Runs a sweep, or goes on with it; see `search.run`."""

    def __call__(self, settings: Settings, *, home: Path, arms: Sequence[Arm] = ()) -> SweepReport:
        """The report of the sweep."""


def defend(
    title: Mapping[str, Any] | None, report: SweepReport, settings: Settings, home: Path, run: Run
) -> dict[str, Any]:
    """Who is champion after a sweep.

    Args:
        title: what this returned for the sweep before; None for the first.
        report: of the sweep.
        settings: that it had.
        home: the folder of all sweeps.
        run: runs a sweep, as `search.run` does.

    Returns:
        recipe, the champion's; since, the sweep in which it became that; is_new, whether it took
        the title from another; outcome, that of the duel, None where there was none; note, why
        there was none though there is a challenger.
    """
    best = challenger(report)
    if title is None:
        return _title(best, report.name)
    champion = Recipe.from_dict(title["recipe"])
    kept = _title(champion, title["since"])
    if structure(champion) == structure(best):
        return kept
    if settings.model is not None or settings.hypermodel is not None:
        return {**kept, "note": OWN_NETWORK}
    try:
        outcome = duel(champion, best, settings, home, run)
    except SearchError as error:  # the verdicts stand, and so does the title
        return {**kept, "note": str(error)}
    if outcome is Outcome.BEATS_DEFAULT:
        return {**_title(best, report.name), "is_new": True, "outcome": str(outcome)}
    return {**kept, "outcome": str(outcome)}


def challenger(report: SweepReport) -> Recipe:
    """The best recipe of a sweep.

    That is the one the report names; without one, the default with the level, or the combination
    of levels, that beats it by the most one can rely on; or the default itself.
    """
    best = report.to_dict()["best"]
    if best is not None:
        return Recipe.from_dict(best["recipe"])
    beaten = [factor for factor in report.factors if factor.best.outcome is Outcome.BEATS_DEFAULT]
    for factor in sorted(beaten, key=lambda factor: (factor.best.high, factor.factor)):
        for record in report.records:
            if (record.factor, record.level) == (factor.factor, factor.best.level):
                return Recipe.from_dict(record.recipe)
    return report.recipe


def structure(recipe: Recipe) -> dict[str, Any]:
    """A recipe without the numbers that are tuned anew each time."""
    tuned = nuisance_space(recipe).domains
    return {key: value for key, value in recipe.to_dict().items() if key not in tuned}


def duel(champion: Recipe, best: Recipe, settings: Settings, home: Path, run: Run) -> Outcome:
    """The outcome for the challenger, with the champion as the default.

    Raises:
        SearchError: if it could not be held.
    """
    stream = ("champion",)
    arms = (
        Arm(DEFAULT, "champion", champion, stream=stream),
        Arm(_QUESTION, "challenger", best, stream=stream),
    )
    # Nothing is left to search; without factors there would be.
    plain = Settings().to_dict()
    alone = {key: plain[key] for key in _OF_A_SEARCH} | {"name": f"{settings.name}{DUEL}"}
    report = run(replace(settings, **alone), arms=arms, home=home)
    return report.factors[0].comparisons[0].outcome


def _title(recipe: Recipe, since: str) -> dict[str, Any]:
    nothing = {"is_new": False, "outcome": None, "note": None}
    return {"recipe": recipe.to_dict(), "since": since, **nothing}
