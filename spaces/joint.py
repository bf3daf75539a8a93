"""Search spaces over recipes: the joint space of all factors, and a recipe's nuisance space."""

from collections.abc import Mapping

from spaces.domain import Choice, Domain, Float
from spaces.guideline import TABLE, levels
from spaces.recipe import Recipe
from spaces.space import Space, Value

WIDTHS = (50, 100, 200)
"""A short grid, since every width is a program of its own to compile."""


def joint_space(guideline: str, *, full: bool = False) -> Space:
    """All factors of a column of the table at once, default levels first, and the width.

    Args:
        guideline: shallow, deep or self_normalizing.
        full: whether to add the levels beyond the core.
    """
    domains: dict[str, Domain] = {}
    conditions: dict[str, dict[str | int, Space]] = {}
    for factor in TABLE[guideline]:
        found = levels(guideline, factor, full=full)
        domains[factor] = Choice(tuple(level.name for level in found))
        nested: dict[str | int, Space] = {
            x.name: Space(x.hyperparameters()) for x in found if x.hyperparameters()
        }
        if nested:
            conditions[factor] = nested
    # The recipe's own width first, as everywhere the default.
    domains["width"] = Choice((100, *(width for width in WIDTHS if width != 100)))
    return Space(domains, conditions)


def nuisance_space(recipe: Recipe) -> Space:
    """What is tuned anew for a recipe's levels: the learning rate and the strengths they bring."""
    domains: dict[str, Float] = {}
    for level in reversed(recipe.levels.values()):  # the optimizer first: its learning rate leads
        domains.update(level.nuisance)
    return Space(domains)


def recipe_at(base: Recipe, values: Mapping[str, Value]) -> Recipe:
    """The recipe at one point of a space over recipe fields.

    Args:
        base: gives every field that the point does not name.
        values: parameters under their full names; `nag.momentum` sets the field `momentum`.
    """
    return base.replace(**{name.rpartition(".")[2]: value for name, value in values.items()})


SPACES: dict[str, Space] = {
    "shallow": joint_space("shallow"),
    "shallow_full": joint_space("shallow", full=True),
    "deep": joint_space("deep"),
    "deep_full": joint_space("deep", full=True),
    "self_normalizing": joint_space("self_normalizing"),
    "self_normalizing_full": joint_space("self_normalizing", full=True),
}


def get_space(name: str) -> Space:
    """The search space called `name`.

    Raises:
        ValueError: listing the spaces.
    """
    if name not in SPACES:
        raise ValueError(f"space must be one of {', '.join(SPACES)}; received {name!r}")
    return SPACES[name]
