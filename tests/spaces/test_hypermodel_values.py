"""Recipes that have a hypermodel's values."""

from dataclasses import replace

import pytest

from spaces import (
    SHALLOW,
    Choice,
    Int,
    Recipe,
    Space,
    Value,
    changes,
    edges,
    prior_point,
    recipe_at,
)

SPACE = Space(
    {"kind": Choice(("mlp", "cnn")), "flag": Choice((False, True))},
    {"kind": {"cnn": Space({"size": Int(1, 100, default=50)})}},
)
BASE = replace(SHALLOW, epochs=7, values=tuple(SPACE.defaults().items()))


def test_they_are_all_that_is_written_beside_batches_and_epochs() -> None:
    values = {"kind": "mlp", "flag": False}
    assert BASE.to_dict() == {"format": 1, "batch_size": 32, "epochs": 7, "values": values}
    assert Recipe.from_json(BASE.to_json()) == BASE
    assert str(BASE) == "kind=mlp flag=False"


def test_a_point_takes_their_place_and_no_point_leaves_them() -> None:
    point: dict[str, Value] = {"kind": "cnn", "cnn.size": 3, "flag": True}
    found = recipe_at(BASE, point)
    assert dict(found.values) == point
    assert recipe_at(found, {}) == found
    assert found.replace(epochs=2).values == found.values


def test_the_prior_is_centred_on_them_and_changes_are_counted_from_them() -> None:
    assert prior_point(SPACE, BASE) == SPACE.defaults()
    point: dict[str, Value] = {"kind": "cnn", "cnn.size": 99, "flag": True}
    assert changes(SPACE, BASE, point) == 2
    assert changes(SPACE, BASE, SPACE.defaults()) == 0
    assert [edge.parameter for edge in edges(SPACE, point)] == ["cnn.size"]


def test_other_recipes_have_none() -> None:
    assert SHALLOW.values == ()
    assert "values" not in SHALLOW.to_dict()
    assert SHALLOW.value_of("nag.momentum") == SHALLOW.momentum == pytest.approx(0.9)
