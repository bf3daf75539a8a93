import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces import DEEP, RECIPES, SHALLOW, SPACES, Choice, Recipe, recipe_at
from spaces.joint import SHAPE, joint_space
from tests.strategies import recipes


@pytest.mark.parametrize("name", SPACES)
def test_the_defaults_of_a_named_space_are_its_recipe(name: str) -> None:
    base = RECIPES[name.removesuffix("_full")]
    defaults = SPACES[name].defaults()
    assert recipe_at(base.replace(width=1, depth=1, optimizer="adam"), defaults) == base


def test_there_is_no_momentum_under_adamw() -> None:
    choices = {**SPACES["shallow"].defaults(), "optimizer": "adamw"}
    names = [name for name, _ in SPACES["shallow"].active(choices) if "." in name]
    assert names == ["adamw.learning_rate", "adamw.adamw_weight_decay"]


def test_the_shape_varies_around_the_base_recipes_own() -> None:
    base = DEEP.replace(depth=3, width=300, batch_size=1)
    domains = joint_space(base, "deep").domains
    assert domains["depth"] == Choice((3, 1, 4, 6))
    assert domains["width"] == Choice((300, 150, 600, 1200))
    assert domains["batch_size"] == Choice((1, 2, 4))
    assert "epochs" not in domains


@given(base=recipes(), full=st.booleans())
def test_a_grid_starts_with_the_bases_own_size_and_has_whole_sizes(
    base: Recipe, *, full: bool
) -> None:
    domains = joint_space(base, "shallow", full=full).domains
    for name in SHAPE:
        grid = domains[name]
        assert isinstance(grid, Choice)
        assert grid.default == getattr(base, name)
        assert all(isinstance(size, int) and size >= 1 for size in grid.options)


def test_the_full_space_has_all_of_the_core() -> None:
    core, full = joint_space(SHALLOW, "shallow"), joint_space(SHALLOW, "shallow", full=True)
    assert dict(core.parameters()).keys() < dict(full.parameters()).keys()
    for name, domain in core.domains.items():
        wider = full.domains[name]
        assert isinstance(domain, Choice)
        assert isinstance(wider, Choice)
        assert set(domain.options) <= set(wider.options)
