import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces import (
    FACTORS,
    RECIPES,
    SHALLOW,
    SPACES,
    Choice,
    Domain,
    Float,
    Int,
    Recipe,
    Space,
    check_recipes,
    nuisance_space,
    recipe_at,
)
from spaces.validity import BRINGING
from tests.strategies import points, recipes

RATE = Float(1e-3, 1.0, default=0.1, log=True)
DOMAINS: dict[str, Domain] = {
    "activation": Choice(("elu", "selu")),
    "normalization": Choice(("none", "batch")),
    "regularization": Choice(("early_stopping", "l2", "l1_l2")),
    "optimizer": Choice(("nag", "adam", "sgd")),
    "width": Choice((8, 4)),
    "depth": Int(1, 3, default=2),
    "learning_rate": RATE,
    "momentum": Float(0.0, 0.9, default=0.5),
    "l2": RATE,
    "epochs": Int(1, 2, default=1),
}


@st.composite
def spaces(draw: st.DrawFn, deepest: int = 2) -> Space:
    """Spaces over recipe fields, nested as they come; few of them make sense."""
    names = draw(st.lists(st.sampled_from(list(DOMAINS)), unique=True, min_size=1, max_size=3))
    conditions: dict[str, dict[str | int, Space]] = {}
    for name in names:
        domain = DOMAINS[name]
        if isinstance(domain, Choice) and deepest and draw(st.booleans()):
            option = draw(st.sampled_from(domain.options))
            conditions[name] = {option: draw(spaces(deepest - 1))}
    return Space({name: DOMAINS[name] for name in names}, conditions)


def is_accepted(space: Space, base: Recipe) -> bool:
    try:
        check_recipes(space, base)
    except ValueError:
        return False
    return True


def all_points(space: Space, prefix: str = "") -> list[dict[str, Any]]:
    """Every combination of options, numbers at their defaults."""
    found: list[dict[str, Any]] = [{}]
    for name, domain in space.domains.items():
        nested = space.conditions.get(name, {})
        ways: list[dict[str, Any]] = [
            {prefix + name: option, **values}
            for option in (domain.options if isinstance(domain, Choice) else ())
            for values in all_points(nested.get(option, Space({})), f"{option}.")
        ]
        ways = ways or [{prefix + name: domain.default}]
        found = [{**values, **more} for values in found for more in ways]
    return found


def is_right(space: Space, base: Recipe) -> bool:
    """What `check_recipes` promises, by trying everything."""
    for values in all_points(space):
        fields = [name.rpartition(".")[2] for name in values]
        if len(set(fields)) < len(fields) or "epochs" in fields:
            return False
        try:
            recipe_at(base, values)
        except ValueError:
            return False
    return True


@given(data=st.data(), base=recipes())
def test_a_space_is_accepted_if_all_its_points_are_recipes_and_not_otherwise(
    data: st.DataObject, base: Recipe
) -> None:
    try:
        space = data.draw(spaces())
    except ValueError:  # two parameters of one name
        return
    assert is_accepted(space, base) is is_right(space, base)


@pytest.mark.parametrize("base", RECIPES.values(), ids=list(RECIPES))
@pytest.mark.parametrize("name", SPACES)
def test_the_named_spaces_are_accepted_around_any_recipe(name: str, base: Recipe) -> None:
    check_recipes(SPACES[name], base)


@given(data=st.data(), base=recipes())
def test_a_point_of_a_nuisance_space_is_a_recipe(data: st.DataObject, base: Recipe) -> None:
    space = nuisance_space(base)
    check_recipes(space, base)
    recipe_at(base, data.draw(points(space)))


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (Space({}), "a space must have at least one parameter; received none"),
        (
            Space({"epochs": DOMAINS["epochs"]}),
            "epochs must not be searched, being the budget; received a space of them",
        ),
        (
            Space({"widht": Int(1, 2, default=1)}),
            "a parameter must be a recipe field; did you mean width?; received widht",
        ),
        (
            Space({"optimizer": Choice(("nag", "sga"))}),
            (
                "optimizer must be one of nag, adamw, adam, sgd, momentum, rmsprop, nadam; "
                "received 'sga'"
            ),
        ),
        (
            Space(
                {"optimizer": DOMAINS["optimizer"]},
                {"optimizer": {"nag": Space({"momentum": Float(0.5, 1.0, default=0.9)})}},
            ),
            "nag.momentum must lie in [0, 1); received 1.0",
        ),
        (
            Space({"width": Float(1.0, 2.0, default=1.0)}),
            "width must be a whole number from 1; received 1.0",
        ),
        (
            Space({"width": [1, 2]}),  # type: ignore[dict-item]  # as a person might
            "width must be a Float, Int or Choice; received [1, 2]",
        ),
        (
            Space(
                {"optimizer": DOMAINS["optimizer"], "learning_rate": RATE},
                {"optimizer": {"nag": Space({"learning_rate": RATE})}},
            ),
            (
                "learning_rate must not set learning_rate beside nag.learning_rate; "
                "received both in one point"
            ),
        ),
    ],
)
def test_what_is_no_space_of_recipes_is_refused(space: Space, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_recipes(space, SHALLOW)


def test_a_number_that_only_some_options_bring_must_come_with_them() -> None:
    space = Space({"optimizer": DOMAINS["optimizer"], "momentum": DOMAINS["momentum"]})
    with pytest.raises(
        ValueError, match=r"^momentum does not exist under .*optimizer=adam .*0\.5$"
    ):
        check_recipes(space, SHALLOW)


def test_levels_that_bring_numbers_have_names_of_their_own() -> None:
    names = [x.name for f in FACTORS.values() for x in f.levels if x.hyperparameters()]
    assert sorted(names) == sorted(BRINGING)
