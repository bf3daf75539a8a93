import ast
import sys
from pathlib import Path

import pytest

import spaces
from spaces import FACTORS, RECIPES, TABLE, Recipe, get_factor, levels, swept_factors

CORE = {
    "initializer": ["he_normal", "glorot_uniform", "lecun_normal"],
    "activation": ["elu", "swish", "relu", "selu"],
    "normalization": ["none", "batch"],
    "regularization": ["early_stopping", "none", "weight_decay", "l2", "dropout"],
    "optimizer": ["nag", "adamw", "adam"],
    "lr_schedule": ["performance", "one_cycle", "constant"],
}
FULL_ADDS = {
    "initializer": ["he_uniform", "glorot_normal", "lecun_uniform", "orthogonal"],
    "activation": ["leaky_relu", "gelu", "mish", "tanh"],
    "normalization": ["batch_after", "layer"],
    "regularization": [
        "l1",
        "l1_l2",
        "dropout_inputs",
        "dropout_last",
        "alpha_dropout",
        "max_norm",
    ],
    "optimizer": ["sgd", "momentum", "rmsprop", "nadam"],
    "lr_schedule": ["exponential", "cosine", "piecewise"],
}


def names(guideline: str, factor: str, *, full: bool = False) -> list[str]:
    return [level.name for level in levels(guideline, factor, full=full)]


@pytest.mark.parametrize("guideline", ["shallow", "deep"])
@pytest.mark.parametrize("factor", CORE)
def test_the_levels_are_the_tables_with_the_default_first(guideline: str, factor: str) -> None:
    core, full = names(guideline, factor), names(guideline, factor, full=True)
    assert sorted(core) == sorted(CORE[factor])
    assert sorted(full) == sorted(CORE[factor] + FULL_ADDS[factor])
    assert core[0] == full[0] == TABLE[guideline][factor][0]


def test_self_normalizing_moves_its_block_as_one_and_drops_only_by_alpha_dropout() -> None:
    swept = ("regularization", "optimizer", "lr_schedule")
    assert swept_factors("self_normalizing") == swept
    for factor in ("initializer", "activation", "normalization"):
        only = list(TABLE["self_normalizing"][factor])
        assert names("self_normalizing", factor, full=True) == only
    core = ["early_stopping", "none", "weight_decay", "l2", "alpha_dropout"]
    assert sorted(names("self_normalizing", "regularization")) == sorted(core)
    full = [*core, "l1", "l1_l2", "max_norm"]
    assert sorted(names("self_normalizing", "regularization", full=True)) == sorted(full)


@pytest.mark.parametrize("guideline", ["shallow", "deep"])
def test_the_other_guidelines_sweep_every_factor(guideline: str) -> None:
    assert swept_factors(guideline) == tuple(FACTORS)


@pytest.mark.parametrize("guideline", TABLE)
def test_the_table_names_a_level_that_is_checked_for_every_factor(guideline: str) -> None:
    assert list(TABLE[guideline]) == list(FACTORS)
    for factor, chosen in TABLE[guideline].items():
        assert set(chosen) <= set(names(guideline, factor))


@pytest.mark.parametrize("guideline", TABLE)
def test_every_level_that_goes_with_a_guideline_builds_a_recipe(guideline: str) -> None:
    default = RECIPES[guideline]
    for factor in FACTORS:
        for level in levels(guideline, factor, full=True):
            assert default.replace(**{factor: level.name}).levels[factor] is level


def test_every_hyperparameter_of_a_level_is_a_recipe_field_and_tuned_or_searched() -> None:
    fields = set(Recipe.__dataclass_fields__)
    for factor in FACTORS.values():
        for level in factor.levels:
            assert set(level.hyperparameters()) <= fields
            assert not set(level.nuisance) & set(level.searched)


def test_every_optimizer_tunes_its_own_learning_rate_over_two_decades_or_more() -> None:
    for level in FACTORS["optimizer"].levels:
        rate = level.nuisance["learning_rate"]
        assert rate.log
        assert rate.high / rate.low >= 100


def test_unknown_factors_and_levels_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"factor must be one of initializer, .*; received 'x'"):
        get_factor("x")
    with pytest.raises(ValueError, match=r"normalization must be one of none, .*; received 'x'"):
        get_factor("normalization").get("x")


def test_spaces_imports_only_the_standard_library() -> None:
    allowed = sys.stdlib_module_names | {"spaces"}
    for path in Path(spaces.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            else:
                continue
            assert {module.partition(".")[0] for module in modules} <= allowed, path.name
