import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces import (
    SPACES,
    Choice,
    Domain,
    Float,
    Int,
    Recipe,
    Space,
    describe,
    get_recipe,
    get_space,
    nuisance_space,
    recipe_at,
)
from tests.strategies import points, recipes

MOMENTUM = Float(0.8, 0.95, default=0.9)
SPACE = Space(
    {"optimizer": Choice(("nag", "adam")), "depth": Int(1, 8, default=2)},
    {"optimizer": {"nag": Space({"momentum": MOMENTUM})}},
)


def test_parameters_are_listed_under_full_names_after_the_choice_that_brings_them() -> None:
    assert [name for name, _ in SPACE.parameters()] == ["optimizer", "nag.momentum", "depth"]


def test_a_nested_parameter_exists_only_under_its_option() -> None:
    assert [x for x, _ in SPACE.active({"optimizer": "nag"})] == [
        "optimizer",
        "nag.momentum",
        "depth",
    ]
    assert [x for x, _ in SPACE.active({"optimizer": "adam"})] == ["optimizer", "depth"]


def test_a_choice_is_looked_up_only_after_it_was_yielded() -> None:
    values: dict[str, Any] = {}
    seen = []
    for name, domain in SPACE.active(values):
        seen.append(name)
        values[name] = "adam" if name == "optimizer" else domain.default
    assert seen == ["optimizer", "depth"]


def test_a_missing_choice_is_a_key_error_while_iterating() -> None:
    with pytest.raises(KeyError, match="optimizer"):
        list(SPACE.active({}))


def test_defaults_are_one_point_of_the_space() -> None:
    assert SPACE.defaults() == {"optimizer": "nag", "nag.momentum": 0.9, "depth": 2}
    SPACE.check(SPACE.defaults())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "optimizer must be one of nag, adam; received nothing"),
        (
            {"optimizer": "nag", "depth": 2},
            "nag.momentum must be 0.8 to 0.95; received nothing",
        ),
        ({"optimizer": "adam"}, "depth must be 1 to 8; received nothing"),
        ({"optimizer": "sgd", "depth": 2}, "optimizer must be one of nag, adam; received 'sgd'"),
        ({"optimizer": 0.5, "depth": 2}, "optimizer must be one of nag, adam; received 0.5"),
        ({"optimizer": "adam", "depth": 9}, "depth must be 1 to 8; received 9"),
        ({"optimizer": "adam", "depth": 2.0}, "depth must be 1 to 8; received 2.0"),
        (
            {"optimizer": "adam", "depth": 2, "nag.momentum": 0.9},
            "nag.momentum does not exist under these choices; received 0.9",
        ),
        (
            {"optimizer": "adam", "depth": 2, "width": 3},
            "width does not exist under these choices; received 3",
        ),
    ],
)
def test_what_is_no_point_is_refused(values: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SPACE.check(values)


@pytest.mark.parametrize(
    ("domains", "conditions", "message"),
    [
        ({"a.b": MOMENTUM}, {}, "a parameter's name must not contain a dot; received 'a.b'"),
        (
            {"rate": MOMENTUM},
            {"rate": {"nag": Space({})}},
            "a condition must name a Choice of its space; received 'rate'",
        ),
        (
            {},
            {"optimizer": {"nag": Space({})}},
            "a condition must name a Choice of its space; received 'optimizer'",
        ),
        (
            {"optimizer": Choice(("nag", "adam"))},
            {"optimizer": {"sgd": Space({})}},
            "optimizer has the options nag, adam; received 'sgd'",
        ),
        (
            {"a": Choice((1, 2)), "b": Choice((1, 2))},
            {"a": {1: Space({"x": MOMENTUM})}, "b": {1: Space({"x": MOMENTUM})}},
            "parameters must have names of their own; received '1.x' twice",
        ),
    ],
)
def test_a_wrong_space_is_refused(
    domains: Mapping[str, Domain],
    conditions: Mapping[str, Mapping[str | int, Space]],
    message: str,
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Space(domains, conditions)


def test_a_space_does_not_change_with_the_dictionaries_it_was_made_of() -> None:
    domains: dict[str, Domain] = {"momentum": MOMENTUM}
    space = Space(domains)
    domains["depth"] = Int(1, 2, default=1)
    assert list(space.domains) == ["momentum"]
    with pytest.raises(TypeError):
        space.domains["depth"] = MOMENTUM  # type: ignore[index]  # what is refused


NESTED = Space(
    {"layers": Choice((2, 1)), "depth": Int(1, 8, default=2, log=True)},
    {"layers": {2: SPACE, 1: Space({})}},
)


@pytest.mark.parametrize("space", [Space({}), SPACE, NESTED, *SPACES.values()])
def test_a_space_survives_json(space: Space) -> None:
    written = space.to_dict()
    read = Space.from_dict(json.loads(json.dumps(written)))
    assert read == space == Space.from_dict(written)
    assert list(read.parameters()) == list(space.parameters())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"format": 2, "parameters": {}}, "a space's format must be 1; received 2"),
        ({}, "a space's format must be 1; received None"),
        ({"format": 1}, "a space must be as it was written; received KeyError('parameters')"),
        (
            {"format": 1, "parameters": {"x": {"kind": "real"}}},
            "a space must be as it was written; received KeyError('real')",
        ),
        (
            {"format": 1, "parameters": {"x": 3}},
            "a space must be as it was written; received TypeError(",
        ),
        (
            {"format": 1, "parameters": {"x": {"kind": "float", "least": 3}}},
            "a space must be as it was written; received TypeError(",
        ),
    ],
)
def test_what_is_no_written_space_is_refused(fields: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        Space.from_dict(fields)


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        (Float(1e-3, 1.0, default=0.03, log=True), "0.001 to 1 (log scale)"),
        (Int(1, 8, default=2), "1 to 8"),
        (Choice((50, 100)), "one of 50, 100"),
    ],
)
def test_a_domain_is_described_in_words(domain: Domain, words: str) -> None:
    assert describe(domain) == words


@given(data=st.data(), name=st.sampled_from(sorted(SPACES)))
def test_every_point_of_every_named_space_is_a_recipe(data: st.DataObject, name: str) -> None:
    space = get_space(name)
    values = data.draw(points(space))
    space.check(values)
    base = get_recipe(name.removesuffix("_full"))
    recipe = recipe_at(base, values)
    for parameter, value in values.items():
        assert getattr(recipe, parameter.rpartition(".")[2]) == value
    assert recipe.epochs == base.epochs


@given(recipe=recipes())
def test_what_is_tuned_anew_is_the_learning_rate_and_the_strengths(recipe: Recipe) -> None:
    tuned = nuisance_space(recipe).defaults()
    assert next(iter(tuned)) == "learning_rate"
    assert set(tuned) == set(recipe.hyperparameters()) - {"momentum"}
    recipe_at(recipe, tuned)


def test_an_unknown_space_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"space must be one of shallow, .*; received 'wide'"):
        get_space("wide")
