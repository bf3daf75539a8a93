"""Spaces from TOML files."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spaces import (
    FACTORS,
    SHALLOW,
    Choice,
    Float,
    Int,
    Recipe,
    Space,
    check_extends,
    load_space,
    prior_point,
    recipe_at,
)
from spaces.joint import SHAPE
from spaces.recipe import FIELDS
from tests.strategies import points, recipes
from tests.toml import as_toml

EXAMPLE = """
[width]
options = [300, 100]
[depth]
low = 1
high = 20
[optimizer]
options = ["adam", "nag", "sgd"]
[learning_rate]
low = 1e-2
high = 3
[nag.learning_rate]
low = 0.1
high = 1
log = false
[activation]
options = ["swish", "relu"]
"""
LEVELS = {level.name: level for factor in FACTORS.values() for level in factor.levels}
UNNAMED = (*SHAPE, "epochs")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spaces")


def load(folder: Path, text: str | bytes, base: Recipe = SHALLOW) -> Space:
    file = folder / "space.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_space(str(file), base)


def test_a_file_says_what_varies_and_the_guideline_says_the_rest(folder: Path) -> None:
    momentum = LEVELS["nag"].hyperparameters()["momentum"]
    assert load(folder, EXAMPLE) == Space(
        {
            "activation": Choice(("swish", "relu")),
            "optimizer": Choice(("nag", "adam", "sgd")),
            "depth": Int(1, 20, default=2),
            "width": Choice((100, 300)),
        },
        {
            "optimizer": {
                "nag": Space(
                    {"learning_rate": Float(0.1, 1.0, default=0.1), "momentum": momentum},
                ),
                "adam": Space({"learning_rate": Float(0.01, 3.0, default=0.01, log=True)}),
                "sgd": Space({"learning_rate": Float(0.01, 3.0, default=0.1, log=True)}),
            }
        },
    )


def test_a_number_of_the_base_recipes_own_level_needs_no_option(folder: Path) -> None:
    text = "[learning_rate]\nlow = 0.01\nhigh = 0.5"
    base = SHALLOW.replace(learning_rate=0.2)
    rate = Float(0.01, 0.5, default=0.2, log=True)
    assert load(folder, text, base) == Space({"learning_rate": rate})


def test_what_is_field_and_option_may_be_both(folder: Path) -> None:
    text = """
        optimizer.options = ["momentum", "nag"]
        [momentum]
        low = 0.5
        high = 0.9
        [momentum.momentum]
        low = 0.1
        high = 0.2
    """
    found = dict(load(folder, text).parameters())
    assert found["momentum.momentum"] == Float(0.1, 0.2, default=0.2)
    assert found["nag.momentum"] == Float(0.5, 0.9, default=0.9)


def test_an_option_added_to_a_file_extends_the_space(folder: Path) -> None:
    wider = load(folder, EXAMPLE.replace('"sgd"', '"sgd", "adamw"'))
    check_extends(load(folder, EXAMPLE), wider)
    with pytest.raises(ValueError, match="optimizer must keep the option 'adamw'"):
        check_extends(wider, load(folder, EXAMPLE))


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """What a sensible file might say."""
    said: dict[str, Any] = {}
    names = draw(st.lists(st.sampled_from([*FACTORS, "depth", "width"]), unique=True, min_size=1))
    for name in names:
        options: list[Any] = [1, 2, 30]
        if name in FACTORS:
            options = [level.name for level in FACTORS[name].levels]
        chosen = draw(st.lists(st.sampled_from(options), unique=True, min_size=1, max_size=4))
        said[name] = {"options": chosen}
        for option in chosen if name in FACTORS else ():
            for number in LEVELS[option].hyperparameters():
                low, high = sorted(draw(st.tuples(*[st.floats(0.01, 0.9)] * 2)))
                places: list[dict[str, Any]] = [{}, said, said.setdefault(option, {})]
                where = draw(st.sampled_from(places))
                where.setdefault(number, {}).update(low=low, high=max(high, 1.01 * low))
    return {name: table for name, table in said.items() if table}


@settings(max_examples=50)
@given(data=st.data(), base=recipes(), said=tables())
def test_every_point_of_a_file_is_a_recipe_and_what_is_not_named_stays(
    folder: Path, data: st.DataObject, base: Recipe, said: dict[str, Any]
) -> None:
    space = load(folder, "\n".join(f"{k} = {as_toml(v)}" for k, v in said.items()), base)
    values = data.draw(points(space))
    recipe = recipe_at(base, values)
    for field in (*FACTORS, *UNNAMED):
        named = said.get(field, {}).get("options", [getattr(base, field)])
        assert getattr(recipe, field) in named
    for name, value in values.items():
        option, _, number = name.rpartition(".")
        table = said.get(option, {}).get(number) or said.get(number, {})
        assert not option or table.get("low", value) <= value <= table.get("high", value)


@settings(max_examples=50)
@given(base=recipes(), said=tables())
def test_the_defaults_are_what_is_nearest_to_the_base_recipe(
    folder: Path, base: Recipe, said: dict[str, Any]
) -> None:
    space = load(folder, "\n".join(f"{k} = {as_toml(v)}" for k, v in said.items()), base)
    assert space.defaults() == prior_point(space, base)


KEYS = [*FIELDS, *LEVELS, "widht"]
VALUES = st.one_of(
    st.sampled_from([*LEVELS, "", "x"]), st.integers(-1, 3), st.floats(), st.booleans()
)
INNER = st.dictionaries(
    st.sampled_from(["options", "low", "high", "log", *FIELDS[-8:]]),
    VALUES | st.lists(VALUES, max_size=2) | st.fixed_dictionaries({"low": VALUES, "high": VALUES}),
    max_size=3,
)


@given(data=st.data(), said=st.dictionaries(st.sampled_from(KEYS), VALUES | INNER, max_size=2))
def test_any_other_file_is_refused_in_one_line_that_names_it(
    folder: Path, data: st.DataObject, said: dict[str, Any]
) -> None:
    try:
        space = load(folder, "\n".join(f"{k} = {as_toml(v)}" for k, v in said.items()))
    except ValueError as error:
        assert re.fullmatch(r"\S+space\.toml: .* must .*; received .*", str(error))  # noqa: PT017  # either ending is right
    else:
        recipe_at(SHALLOW, data.draw(points(space)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": a space must have at least one parameter; received none"),
        ("activation = 3", ": activation must be a table; received 3"),
        (
            "[widht]\noptions = [1]",
            ": a parameter must be a recipe field; did you mean width?; received widht",
        ),
        (
            "[activation]\noptions = ['elu', 'foo']",
            (
                ": activation must be one of elu, swish, relu, selu, leaky_relu, gelu, mish, tanh; "
                "received 'foo'"
            ),
        ),
        (
            "[activation]\noptions = ['elu']\nlow = 1",
            ": activation must have options alone; received options, low",
        ),
        (
            "[activation]\noptions = 'elu'",
            ": activation must have a list of options; received 'elu'",
        ),
        (
            "[activation]\noptions = ['elu', 'elu']",
            ": activation: options must be distinct and at least one; received ('elu', 'elu')",
        ),
        (
            "[learning_rate]\nlow = 1",
            ": learning_rate must have low and high, and may have log; received low",
        ),
        ("[learning_rate]\nlow = 0\nhigh = 1", ": learning_rate must lie in (0, inf); received 0"),
        ("[momentum]\nlow = 0\nhigh = 1", ": momentum must lie in [0, 1); received 1"),
        (
            "[learning_rate]\nlow = 2\nhigh = 1",
            ": learning_rate: low must be below high; received low=2.0, high=1.0",
        ),
        (
            "[learning_rate]\nlow = 1\nhigh = 2\nlog = 'yes'",
            ": learning_rate: log must be true or false; received 'yes'",
        ),
        ("[width]\noptions = [1.5]", ": width must be a whole number from 1; received 1.5"),
        (
            "[l1]\nlow = 0.1\nhigh = 1",
            (
                ": l1 must come with l1 or l1_l2 among the options or in the base recipe; "
                "received a space without"
            ),
        ),
        (
            "[regularization]\noptions = ['l1']\n[l1.l2]\nlow = 0.1\nhigh = 1",
            ": a number that l1 brings must be one of l1; received l2",
        ),
        (
            "[nag.learning_rate]\nlow = 0.1\nhigh = 1",
            ": nag.learning_rate must come with nag among the options; received a space without",
        ),
        ("[nag]\nlow = 1", ": nag must have tables such as nag.learning_rate; received {'low': 1}"),
        (
            "[epochs]\noptions = [1]",
            ": epochs must not be searched, being the budget; received a space of them",
        ),
        ("[width", " must be TOML; received "),
        (b"\xff", " must be TOML; received "),
        ("x = " + "[" * 5000, " must be TOML; received "),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(
    folder: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(str(folder / 'space.toml') + message)}"):
        load(folder, text)
