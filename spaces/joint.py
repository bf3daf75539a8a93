"""Search spaces over recipes: the joint space of all factors, and a recipe's nuisance space."""

import dataclasses
from collections.abc import Mapping

from spaces.domain import Choice, Domain, Float
from spaces.guideline import TABLE, levels
from spaces.recipe import DEEP, SELF_NORMALIZING, SHALLOW, Recipe, field_of
from spaces.space import Space, Value

# Short grids, since every shape is a program of its own to compile; the base recipe's own first.
_TIMES: dict[str, tuple[float, ...]] = {
    "depth": (1, 1 / 2, 3 / 2, 2),
    "width": (1, 1 / 2, 2, 4),
    "batch_size": (1, 1 / 2, 2, 4),
}
SHAPE = tuple(_TIMES)
"""The whole numbers of a recipe that a search varies; its epochs are the budget."""


def joint_space(base: Recipe, guideline: str, *, full: bool = False) -> Space:
    """All factors of a column of the table at once, default levels first, and the shape.

    Depth, width and batch size are short grids around the base recipe's own, which come first.

    Args:
        base: the default recipe, whose shape a person may have set.
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
    for name, times in _TIMES.items():
        sizes = (max(1, int(getattr(base, name) * factor)) for factor in times)
        domains[name] = Choice(tuple(dict.fromkeys(sizes)))
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
            Where the base has a hypermodel's values, these take their place, if there are any.
    """
    if base.values:
        return dataclasses.replace(base, values=tuple(values.items()) or base.values)
    return base.replace(**{field_of(name): value for name, value in values.items()})


SPACES: dict[str, Space] = {
    "shallow": joint_space(SHALLOW, "shallow"),
    "shallow_full": joint_space(SHALLOW, "shallow", full=True),
    "deep": joint_space(DEEP, "deep"),
    "deep_full": joint_space(DEEP, "deep", full=True),
    "self_normalizing": joint_space(SELF_NORMALIZING, "self_normalizing"),
    "self_normalizing_full": joint_space(SELF_NORMALIZING, "self_normalizing", full=True),
}
"""The joint spaces around the guideline's own recipes."""


def get_space(name: str) -> Space:
    """The search space called `name`.

    Raises:
        ValueError: listing the spaces.
    """
    if name not in SPACES:
        raise ValueError(f"space must be one of {', '.join(SPACES)}; received {name!r}")
    return SPACES[name]
