"""Which recipes a sweep trains."""

import pytest

from search.settings import Settings
from search.sweep.arms import DEFAULT, contests, n_comparisons, plan_arms
from search.verdict import RESERVED_SLOTS
from spaces import FACTORS, RECIPES


@pytest.mark.parametrize("recipe", list(RECIPES))
@pytest.mark.parametrize("levels", ["core", "full"])
def test_each_alternative_differs_from_the_default_in_its_factor_alone(
    recipe: str, levels: str
) -> None:
    settings = Settings(recipe=recipe, levels=levels)  # type: ignore[arg-type]  # a parameter
    default, *alternatives = plan_arms(settings, RECIPES[recipe])
    assert default.factor == DEFAULT
    for arm in alternatives:
        changed = [f for f in FACTORS if getattr(arm.recipe, f) != getattr(default.recipe, f)]
        assert changed == [arm.factor]
        assert arm.recipe.replace(**{arm.factor: getattr(default.recipe, arm.factor)}) == (
            default.recipe
        )


def test_the_shallow_core_has_fourteen_alternatives_and_sixteen_comparisons() -> None:
    arms = plan_arms(Settings(), RECIPES["shallow"])
    assert len(arms) - 1 == 14
    assert n_comparisons(contests(arms)) == 14 + RESERVED_SLOTS == 16


def test_the_guidelines_other_choices_are_tagged() -> None:
    tagged = [arm.name for arm in plan_arms(Settings(), RECIPES["shallow"]) if arm.guideline]
    assert tagged == ["regularization=weight_decay", "optimizer=adamw", "lr_schedule=one_cycle"]


def test_self_normalizing_keeps_its_block_and_drops_only_where_that_is_swapped_in() -> None:
    default, *alternatives = plan_arms(
        Settings(recipe="self_normalizing"), RECIPES["self_normalizing"]
    )
    assert (default.recipe.initializer, default.recipe.activation) == ("lecun_normal", "selu")
    assert (default.recipe.normalization, default.recipe.optimizer) == ("none", "nag")
    for arm in alternatives:
        assert (arm.recipe.initializer, arm.recipe.activation) == ("lecun_normal", "selu")
        asks = arm.level == "alpha_dropout"
        assert (arm.recipe.dropout_rate is not None) == asks
    assert "dropout" not in {arm.level for arm in alternatives}


def test_only_the_factors_asked_for_are_checked_in_the_tables_order() -> None:
    settings = Settings(factors=("optimizer", "activation"))
    arms = plan_arms(settings, RECIPES["shallow"])[1:]
    assert list(dict.fromkeys(arm.factor for arm in arms)) == ["activation", "optimizer"]


def test_names_are_unique_and_say_what_they_are() -> None:
    names = [arm.name for arm in plan_arms(Settings(levels="full"), RECIPES["shallow"])]
    assert len(set(names)) == len(names)
    assert names[0] == "default"
    assert "activation=relu" in names


def test_every_arm_tunes_a_learning_rate_and_what_its_level_brings() -> None:
    for arm in plan_arms(Settings(levels="full"), RECIPES["shallow"]):
        assert next(iter(arm.space.domains)) == "learning_rate"
        assert len(arm.space.domains) <= 3
        assert set(arm.nuisance_of(arm.recipe)) == set(arm.space.domains)
