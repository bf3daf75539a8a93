"""What a sweep trains: the default recipe, and the default with one level swapped."""

from dataclasses import dataclass
from typing import final

from search.settings import Settings
from search.verdict import report_size
from spaces import TABLE, Recipe, Space, levels, nuisance_space

DEFAULT = "default"
"""The factor of the arm that is the default recipe itself."""


@final
@dataclass(frozen=True, slots=True)
class Arm:
    """One recipe whose nuisance hyperparameters are tuned anew in every replicate."""

    factor: str
    """The factor whose level is swapped, or DEFAULT."""
    level: str
    """The level swapped in, or the recipe's name."""
    recipe: Recipe
    """With nuisance hyperparameters at their defaults."""
    guideline: bool = False
    """Whether this is the guideline's other choice."""

    @property
    def name(self) -> str:
        """Unique in a sweep: `default` or `activation=relu`."""
        return DEFAULT if self.factor == DEFAULT else f"{self.factor}={self.level}"

    @property
    def pilot_study(self) -> str:
        """The study that holds this arm's pilot."""
        return f"pilot/{self.name}"

    @property
    def confirm_study(self) -> str:
        """The study that holds this arm's replicates."""
        return f"confirm/{self.name}"

    @property
    def space(self) -> Space:
        """The nuisance hyperparameters with their ranges at the start of the pilot."""
        return nuisance_space(self.recipe)

    def nuisance_of(self, recipe: Recipe) -> dict[str, float]:
        """The nuisance hyperparameters of one of this arm's recipes."""
        return {name: getattr(recipe, name) for name in self.space.domains}


def plan_arms(settings: Settings, default: Recipe) -> tuple[Arm, ...]:
    """The default first, then every alternative in the table's order."""
    arms = [Arm(DEFAULT, settings.recipe, default)]
    for factor in settings.checked_factors:
        found = levels(settings.recipe, factor, full=settings.levels == "full")
        chosen = TABLE[settings.recipe][factor]
        for level in found[1:]:
            recipe = default.replace(**{factor: level.name})
            arms.append(Arm(factor, level.name, recipe, guideline=level.name in chosen))
    return tuple(arms)


def n_comparisons(arms: tuple[Arm, ...]) -> int:
    """The number m of comparisons in the report, its reserved slots included."""
    return report_size(len(arms) - 1)
