import pytest

from spaces import (
    FACTORS,
    QUESTIONS,
    RECIPES,
    TABLE,
    alternatives,
    default_answer,
    get_recipe,
    levels,
    questions,
)

BLOCK = ("initializer", "activation", "normalization")
OWN_BLOCKS = {"he_normal+elu+none", "he_normal+swish+batch", "lecun_normal+selu+none"}


@pytest.mark.parametrize("guideline", RECIPES)
def test_every_recipe_can_be_asked_about_as_a_whole_and_by_its_block(guideline: str) -> None:
    assert questions(guideline)[-2:] == ("block", "recipe")
    assert set(questions(guideline)) <= set(QUESTIONS)


def test_a_self_normalizing_block_is_never_taken_apart() -> None:
    assert not set(questions("self_normalizing")) & set(BLOCK)


@pytest.mark.parametrize("guideline", ["shallow", "deep"])
@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("full", [False, True])
def test_a_factors_alternatives_are_its_other_levels(
    guideline: str,
    factor: str,
    full: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    default = get_recipe(guideline)
    found = alternatives(guideline, factor, default, full=full)
    assert [x.name for x in found] == [x.name for x in levels(guideline, factor, full=full)][1:]
    assert {x.name for x in found if x.guideline} == set(TABLE[guideline][factor][1:])
    for other in found:
        assert other.recipe == default.replace(**{factor: other.name})


@pytest.mark.parametrize("guideline", RECIPES)
def test_whole_recipes_are_compared_in_the_shape_of_the_default(guideline: str) -> None:
    default = get_recipe(guideline).replace(depth=5, width=30, batch_size=64, epochs=7)
    found = alternatives(guideline, "recipe", default)
    assert {x.name for x in found} == set(RECIPES) - {guideline}
    for other in found:
        recipe = other.recipe
        assert (recipe.depth, recipe.width, recipe.batch_size, recipe.epochs) == (5, 30, 64, 7)
        assert recipe.levels == get_recipe(other.name).levels
        assert not other.guideline


@pytest.mark.parametrize("guideline", RECIPES)
@pytest.mark.parametrize("full", [False, True])
def test_a_block_swaps_three_factors_and_leaves_the_others(
    guideline: str,
    full: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    default = get_recipe(guideline)
    own = default_answer(guideline, "block", default)
    found = alternatives(guideline, "block", default, full=full)
    names = [x.name for x in found]
    assert own not in names
    assert len(set(names)) == len(names) == (5 if full else 2)
    assert {own, *names} >= OWN_BLOCKS
    for other in found:
        assert default_answer(guideline, "block", other.recipe) == other.name
        apart = [f for f in FACTORS if getattr(other.recipe, f) != getattr(default, f)]
        assert set(apart) <= set(BLOCK)


def test_the_default_answers_with_its_level_its_block_or_its_name() -> None:
    recipe = get_recipe("deep")
    assert default_answer("deep", "activation", recipe) == "swish"
    assert default_answer("deep", "block", recipe) == "he_normal+swish+batch"
    assert default_answer("deep", "recipe", recipe) == "deep"


def test_a_question_that_is_none_is_refused_with_the_list() -> None:
    with pytest.raises(ValueError, match=r"one of initializer, .*, recipe; received 'depth'"):
        alternatives("deep", "depth", get_recipe("deep"))
