"""Whether every point of a space is a recipe."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import product

from spaces.domain import Choice, Domain, Float, Int
from spaces.guideline import FACTORS
from spaces.joint import recipe_at
from spaces.recipe import FIELDS, Recipe, check_field, field_of
from spaces.space import Space, Value

SEARCHED = tuple(name for name in FIELDS if name != "epochs")
"""The fields that a space may vary."""
BRINGING = {
    level.name: level
    for factor in FACTORS.values()
    for level in factor.levels
    if level.hyperparameters()
}
"""The levels that bring numbers; their names are distinct."""


def check_recipes(space: Space, base: Recipe) -> None:
    """Check that `recipe_at(base, values)` is a recipe for every point of a space.

    Args:
        space: over recipe fields.
        base: gives every field that a point does not name.

    Raises:
        ValueError: naming the parameter, the rule and what was received.
    """
    if not space.domains:
        raise ValueError("a space must have at least one parameter; received none")
    for name, domain in space.parameters():
        check_domain(name, domain)
    # Fields obey rules of their own, checked above. Which numbers exist depends on the levels that
    # bring them: of all the points that agree on those, one is enough.
    for values in _kinds_of_points(space):
        fields: dict[str, str] = {}
        for name in values:
            field = field_of(name)
            if field in fields:
                rule = f"must not set {field} beside {fields[field]}"
                raise ValueError(f"{name} {rule}; received both in one point")
            fields[field] = name
        recipe_at(base, values)


def check_domain(name: str, domain: Domain) -> None:
    """Check that every value of a parameter is one of its recipe field.

    Raises:
        ValueError: naming the parameter, the rule and what was received.
    """
    check_name(field_of(name))
    if isinstance(domain, Choice):
        check_values(name, domain.options)
    elif isinstance(domain, Float | Int):
        check_values(name, (domain.low, domain.high))
    else:  # in a person's own code
        raise ValueError(f"{name} must be a Float, Int or Choice; received {domain!r}")


def check_name(name: str, known: Sequence[str] = SEARCHED) -> None:
    """Check that something is the name of a recipe field that may be searched.

    Args:
        name: what may be one.
        known: what else it may be.

    Raises:
        ValueError: with the nearest name.
    """
    if name == "epochs":
        raise ValueError("epochs must not be searched, being the budget; received a space of them")
    if name not in known:
        near = get_close_matches(name, known, n=1)
        rule = f"a recipe field; did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
        raise ValueError(f"a parameter must be {rule}; received {name}")


def check_values(name: str, values: Iterable[object]) -> None:
    """Check values of a parameter by the rules of its recipe field.

    Raises:
        ValueError: naming the parameter, the rule and what was received.
    """
    field = field_of(name)
    for value in values:
        try:
            check_field(field, value)
        except ValueError as error:
            raise ValueError(f"{name} {str(error).removeprefix(f'{field} ')}") from None


def _kinds_of_points(space: Space, prefix: str = "") -> list[dict[str, Value]]:
    """Points that differ in their parameters or in their levels that bring numbers."""
    points: list[dict[str, Value]] = [{}]
    for name, domain in space.domains.items():
        nested = space.conditions.get(name, {})
        parts: list[dict[str, Value]] = []
        for option in domain.options if isinstance(domain, Choice) else ():
            under = _kinds_of_points(nested.get(option, Space({})), f"{option}.")
            parts += [{prefix + name: option, **values} for values in under]
        parts = parts or [{prefix + name: domain.default}]
        distinct = {_kind(values): values for values in parts}.values()
        points = [{**values, **more} for values, more in product(points, distinct)]
    return points


def _kind(values: Mapping[str, Value]) -> frozenset[tuple[str, Value | None]]:
    return frozenset((name, value if value in BRINGING else None) for name, value in values.items())
