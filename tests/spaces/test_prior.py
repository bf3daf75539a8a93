import dataclasses
import math
from collections import Counter
from random import Random

import pytest
from hypothesis import given

from spaces import (
    CONFIDENCES,
    DEEP,
    RECIPES,
    SHALLOW,
    SPACES,
    Choice,
    Domain,
    Float,
    Int,
    Prior,
    Recipe,
    Space,
    changes,
    guideline_points,
    joint_space,
    prior_point,
    recipe_at,
)
from tests.strategies import recipes

RATE = Float(1e-3, 1.0, default=0.03, log=True)
DEPTH = Int(1, 8, default=2, log=True)
CELLS = 2000


def prior_of(domain: Domain, confidence: str) -> Prior:
    space = Space({"x": domain})
    return Prior(space, space.defaults(), confidence)


@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize("domain", [RATE, DEPTH, Float(0, 1, default=1), Float(0, 1, default=0)])
def test_a_numbers_density_integrates_to_one_and_samples_match_it(
    domain: Float | Int, confidence: str
) -> None:
    prior, rng = prior_of(domain, confidence), Random(0)
    middles = [(i + 0.5) / CELLS for i in range(CELLS)]
    densities = [math.exp(prior.log_density({"x": domain.at(x)})) for x in middles]
    assert sum(densities) / CELLS == pytest.approx(1, abs=2e-3)
    found = [prior.sample(rng)["x"] for _ in range(CELLS)]
    for limit in (0.2, 0.5, 0.8):
        expected = sum(d for x, d in zip(middles, densities, strict=True) if x <= limit) / CELLS
        below = sum(isinstance(x, int | float) and x <= domain.at(limit) for x in found) / CELLS
        if isinstance(domain, Float):
            assert below == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_whole_numbers_come_as_often_as_their_density_says(confidence: str) -> None:
    prior, rng = prior_of(DEPTH, confidence), Random(1)
    counts = Counter(prior.sample(rng)["x"] for _ in range(CELLS))
    for value in range(1, 9):
        stretch = DEPTH.position(value + 0.5) - DEPTH.position(value - 0.5)
        expected = math.exp(prior.log_density({"x": value})) * stretch
        assert counts[value] / CELLS == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize(
    ("confidence", "n", "base"),
    [("low", 3, 0.4), ("medium", 3, 0.6), ("high", 4, 0.8), ("low", 2, 0.5), ("high", 1, 1.0)],
)
def test_the_bases_option_is_as_likely_as_the_confidence_says(
    confidence: str, n: int, base: float
) -> None:
    options = ("a", "b", "c", "d")[:n]
    prior, rng = prior_of(Choice(options), confidence), Random(2)
    shares = [math.exp(prior.log_density({"x": option})) for option in options]
    assert shares == pytest.approx([base, *[(1 - base) / max(n - 1, 1)] * (n - 1)])
    counts = Counter(prior.sample(rng)["x"] for _ in range(CELLS))
    assert [counts[x] / CELLS for x in options] == pytest.approx(shares, abs=0.04)


def test_samples_are_points_and_the_same_for_the_same_seed() -> None:
    space = SPACES["deep_full"]
    prior = Prior(space, space.defaults(), "low")
    first, second = ([prior.sample(rng) for _ in range(200)] for rng in (Random(3), Random(3)))
    assert first == second
    for values in first:
        space.check(values)
        assert math.isfinite(prior.log_density(values))


def test_the_base_is_the_likeliest_point() -> None:
    space = SPACES["shallow"]
    prior = Prior(space, prior_point(space, SHALLOW), "medium")
    best = prior.log_density(prior.base_values)
    rng = Random(4)
    assert all(
        prior.log_density({**prior.base_values, "nag.momentum": x}) < best
        for x in (0.8, 0.88, 0.95)
    )
    assert sum(prior.log_density(prior.sample(rng)) > best for _ in range(100)) == 0


@given(base=recipes())
def test_the_prior_point_is_the_recipe_where_the_space_has_it(base: Recipe) -> None:
    space = SPACES["shallow_full"]
    point = prior_point(space, base)
    space.check(point)
    found = recipe_at(base, point)
    assert found.levels == base.levels
    domains = dict(space.parameters())
    for name, value in base.hyperparameters().items():
        domain = next(domains[x] for x in point if x.rpartition(".")[2] == name)
        assert getattr(found, name) == (value if domain.accepts(value) else domain.default)


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("shallow", ["deep", "self_normalizing"]),
        ("deep", ["shallow", "self_normalizing"]),
        ("self_normalizing", []),  # whose column has no other initializer or activation
    ],
)
def test_the_guidelines_recipes_are_points_the_default_first(name: str, inside: list[str]) -> None:
    base = RECIPES[name].replace(depth=5, width=200, epochs=7)
    space = joint_space(base, name)
    points = guideline_points(space, base, name)
    assert points[0] == prior_point(space, base)
    found = [recipe_at(base, point) for point in points[1:]]
    assert [recipe.levels for recipe in found] == [RECIPES[other].levels for other in inside]
    for recipe in found:
        assert (recipe.depth, recipe.width, recipe.epochs) == (5, 200, 7)


def test_a_recipe_outside_a_space_is_left_out() -> None:
    space = Space({"activation": Choice(("elu", "relu"))})
    assert guideline_points(space, SHALLOW, "shallow") == [{"activation": "elu"}]
    assert guideline_points(space, DEEP, "deep") == [{"activation": "elu"}]


def test_a_recipe_with_the_defaults_point_is_no_second_one() -> None:
    """Where a space has one option of everything, all defaults lie at one point of it."""
    space = Space({factor: Choice((name,)) for factor, name in _names(SHALLOW).items()})
    assert guideline_points(space, DEEP, "deep") == [_names(SHALLOW)]


def _names(recipe: Recipe) -> dict[str, str]:
    return {factor: level.name for factor, level in recipe.levels.items()}


def test_of_a_hypermodel_the_guideline_says_nothing() -> None:
    space = Space({"units": Int(8, 64, default=16)})
    base = dataclasses.replace(SHALLOW, values=(("units", 16),))
    assert guideline_points(space, base, "shallow") == [{"units": 16}]


def test_a_rate_of_another_optimizer_says_nothing() -> None:
    space = Space(
        {"optimizer": Choice(("adam",))},
        {"optimizer": {"adam": Space({"learning_rate": Float(1e-4, 0.1, default=0.01, log=True)})}},
    )
    assert prior_point(space, SHALLOW)["adam.learning_rate"] == 1e-3


def test_choices_that_differ_are_counted_and_numbers_are_not() -> None:
    space = SPACES["shallow"]
    point = prior_point(space, SHALLOW)
    assert changes(space, SHALLOW, point) == 0
    changed = {**point, "nag.momentum": 0.8, "activation": "relu", "width": 50}
    assert changes(space, SHALLOW, changed) == 2


def test_a_wrong_prior_is_refused() -> None:
    with pytest.raises(ValueError, match="confidence must be one of low, medium, high; received"):
        prior_of(RATE, "sure")
    with pytest.raises(ValueError, match="x must be"):
        Prior(Space({"x": RATE}), {"x": 7.0})
