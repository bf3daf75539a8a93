import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces import DEEP, FACTORS, RECIPES, SELF_NORMALIZING, SHALLOW, Recipe, get_recipe
from tests.strategies import recipes

EVERY_LEVEL = [(name, level.name) for name, factor in FACTORS.items() for level in factor.levels]


def test_the_default_recipes_are_the_guidelines() -> None:
    assert str(SHALLOW) == (
        "initializer=he_normal activation=elu normalization=none regularization=early_stopping "
        "optimizer=nag lr_schedule=performance"
    )
    assert str(DEEP) == (
        "initializer=he_normal activation=swish normalization=batch regularization=early_stopping "
        "optimizer=nag lr_schedule=performance"
    )
    assert str(SELF_NORMALIZING) == (
        "initializer=lecun_normal activation=selu normalization=none "
        "regularization=early_stopping optimizer=nag lr_schedule=performance"
    )
    shapes = [(x.depth, x.width, x.batch_size, x.epochs) for x in RECIPES.values()]
    assert shapes == [(2, 100, 32, 30), (8, 100, 32, 30), (8, 100, 32, 30)]
    assert all(
        x.hyperparameters() == {"learning_rate": 0.03, "momentum": 0.9} for x in RECIPES.values()
    )


@given(recipe=recipes())
def test_a_recipe_survives_json(recipe: Recipe) -> None:
    text = recipe.to_json()
    assert "\n" not in text
    assert Recipe.from_json(text) == recipe
    assert Recipe.from_json(text).to_json() == text
    assert Recipe.from_dict(recipe.to_dict()) == recipe


@given(first=recipes(), second=recipes())
def test_recipes_are_equal_and_hash_equally_if_and_only_if_their_json_is_equal(
    first: Recipe, second: Recipe
) -> None:
    assert (first == second) == (first.to_json() == second.to_json())
    copy = dataclasses.replace(first)
    assert copy == first
    assert hash(copy) == hash(first)
    assert len({first, copy}) == 1


def test_a_whole_number_as_strength_equals_the_float() -> None:
    whole = SHALLOW.replace(learning_rate=1)
    assert whole == SHALLOW.replace(learning_rate=1.0)
    assert whole.to_json() == SHALLOW.replace(learning_rate=1.0).to_json()


def test_json_names_only_what_exists() -> None:
    assert list(json.loads(SHALLOW.to_json())) == [
        "format",
        *FACTORS,
        "depth",
        "width",
        "batch_size",
        "epochs",
        "learning_rate",
        "momentum",
    ]


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SHALLOW.depth = 3  # type: ignore[misc]  # what is refused


@pytest.mark.parametrize("base", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize(("factor", "level"), EVERY_LEVEL)
def test_every_level_can_be_swapped_into_every_default(
    base: Recipe, factor: str, level: str
) -> None:
    recipe = base.replace(**{factor: level})
    assert getattr(recipe, factor) == level
    brought = FACTORS[factor].get(level).hyperparameters()
    assert {x: getattr(recipe, x) for x in brought} == {x: d.default for x, d in brought.items()}
    others = {name: x for name, x in recipe.levels.items() if name != factor}
    assert others == {name: x for name, x in base.levels.items() if name != factor}
    assert recipe.replace(**{factor: getattr(base, factor)}) == base


@given(recipe=recipes(), change=st.sampled_from(EVERY_LEVEL))
def test_a_swap_touches_only_what_the_levels_bring_and_take(
    recipe: Recipe, change: tuple[str, str]
) -> None:
    factor, level = change
    before, after = recipe.to_dict(), recipe.replace(**{factor: level}).to_dict()
    if before[factor] == level:
        assert after == before
        return
    old, new = (FACTORS[factor].get(x).hyperparameters() for x in (before[factor], level))
    kept = {name: x for name, x in before.items() if name not in {factor, *old}}
    assert after == {**kept, factor: level, **{name: x.default for name, x in new.items()}}


def test_replace_keeps_a_number_that_is_given_with_the_level_that_brings_it() -> None:
    recipe = SHALLOW.replace(optimizer="adamw", learning_rate=0.5, adamw_weight_decay=0.0)
    assert recipe.momentum is None
    assert recipe.hyperparameters() == {"learning_rate": 0.5, "adamw_weight_decay": 0.0}


def test_both_decays_add_up() -> None:
    recipe = SHALLOW.replace(optimizer="adamw", adamw_weight_decay=0.25)
    assert SHALLOW.total_weight_decay == 0
    assert recipe.total_weight_decay == 0.25
    decayed = recipe.replace(regularization="weight_decay", weight_decay=0.5)
    assert decayed.total_weight_decay == 0.75


def test_only_the_level_none_keeps_the_last_epoch() -> None:
    levels = [level.name for level in FACTORS["regularization"].levels]
    last = [x for x in levels if not SHALLOW.replace(regularization=x).restores_best]
    assert last == ["none"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"initializer": "he"}, "initializer must be one of he_normal, glorot_uniform,"),
        ({"activation": None}, "activation must be one of elu, swish, .*; received None"),
        ({"depth": 0}, "depth must be a whole number from 1; received 0"),
        ({"width": 2.0}, "width must be a whole number from 1; received 2.0"),
        ({"batch_size": True}, "batch_size must be a whole number from 1; received True"),
        ({"depth": 2**31}, "depth must be at most 2,147,483,647; received 2147483648"),
        ({"learning_rate": 10**400}, r"learning_rate must lie in \(0, inf\); received 1000"),
        ({"epochs": "3"}, "epochs must be a whole number from 1; received '3'"),
        ({"learning_rate": 0}, r"learning_rate must lie in \(0, inf\); received 0"),
        ({"learning_rate": -1}, r"learning_rate must lie in \(0, inf\); received -1"),
        ({"learning_rate": math.nan}, r"learning_rate must lie in \(0, inf\); received nan"),
        ({"learning_rate": math.inf}, r"learning_rate must lie in \(0, inf\); received inf"),
        ({"learning_rate": "1"}, "learning_rate must be a number; received '1'"),
        ({"learning_rate": True}, "learning_rate must be a number; received True"),
        ({"momentum": None}, "momentum must be a number; received None"),
        ({"momentum": 1}, r"momentum must lie in \[0, 1\); received 1"),
        (
            {"optimizer": "adam", "momentum": 0.9},
            "momentum does not exist under initializer=he_normal .*; received 0.9",
        ),
        ({"l2": 0.1}, "l2 does not exist under .* regularization=early_stopping"),
        ({"regularization": "l2", "l2": -0.1}, r"l2 must lie in \[0, inf\); received -0.1"),
        (
            {"regularization": "dropout", "dropout_rate": 1.0},
            r"dropout_rate must lie in \[0, 1\); received 1.0",
        ),
        (
            {"regularization": "max_norm", "max_norm": 0.0},
            r"max_norm must lie in \(0, inf\); received 0.0",
        ),
    ],
)
def test_a_wrong_recipe_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        SHALLOW.replace(**values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "a recipe's format must be 1; received 2"),
        ({"format": None}, "a recipe's format must be 1; received None"),
        ({"colour": 1}, "a recipe has no field 'colour'; fields: initializer, activation,"),
        ({"depth": "deep"}, "depth must be a whole number from 1; received 'deep'"),
    ],
)
def test_a_wrong_dictionary_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        Recipe.from_dict({**SHALLOW.to_dict(), **changes})


def test_a_missing_field_is_named() -> None:
    fields = SHALLOW.to_dict()
    del fields["width"]
    with pytest.raises(ValueError, match=r"a recipe must have the field 'width'; received \["):
        Recipe.from_dict(fields)


@pytest.mark.parametrize(
    ("text", "message"),
    [("[1]", "a recipe must be a JSON object; received list"), ("{", "Expecting property name")],
)
def test_what_is_no_json_object_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe.from_json(text)


def test_an_unknown_recipe_is_refused_with_the_known_ones() -> None:
    message = "recipe must be one of shallow, deep, self_normalizing; received 'wide'"
    with pytest.raises(ValueError, match=message):
        get_recipe("wide")
