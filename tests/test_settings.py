import json
from typing import Any

import pytest

from search import defaults
from search.config import Config
from search.errors import InputError
from search.settings import Settings
from search.verdict import METRICS
from spaces import FACTORS


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"recipe": "wide"}, "--recipe must be one of shallow, deep, self_normalizing"),
        ({"levels": "all"}, "--levels must be one of core, full"),
        ({"task": "ranking"}, "--task must be one of classification, regression"),
        ({"metric": "accuracy"}, "--metric must be one of error, balanced_error, log_loss, auc"),
        ({"class_weight": "even"}, "--class-weight must be one of balanced; received even"),
        ({"factors": ()}, "--factors must name some of initializer, activation"),
        ({"factors": ("depth",)}, "--factors must be one of initializer, activation"),
        (
            {"factors": ("activation",), "recipe": "self_normalizing"},
            "--factors under recipe self_normalizing must be among regularization, optimizer",
        ),
        (
            {"factors": ("all", "block", "breadth")},
            (
                "--factors must be one of initializer, activation, normalization, regularization, "
                "optimizer, lr_schedule, block, recipe, all, none; received breadth"
            ),
        ),
        ({"depth": ()}, "--depth must be a whole number from 1 to 1,000; received nothing"),
        ({"depth": (2, 0)}, "--depth must be a whole number from 1 to 1,000; received 0"),
        ({"width": (2, 3)}, "--width must be a whole number from 1 to 100,000; received (2, 3)"),
        ({"depth": 0}, "--depth must be a whole number from 1 to 1,000; received 0"),
        ({"width": 1.5}, "--width must be a whole number from 1 to 100,000; received 1.5"),
        ({"epochs": True}, "--epochs must be a whole number from 1 to 1,000,000; received True"),
        (
            {"batch_size": -32},
            "--batch-size must be a whole number from 1 to 1,000,000; received -32",
        ),
        ({"lanes": None}, "--lanes must be a whole number from 1 to 100; received None"),
        ({"pilot_trials": 3}, "--pilot-trials must be a whole number from 4 to 10,000; received 3"),
        ({"replicates": 0}, "--replicates must be a whole number from 1 to 512; received 0"),
        ({"seed": -1}, "--seed must be a whole number from 0 to 4,294,967,295; received -1"),
        ({"margin": 1.0}, "--margin must be a number between 0 and 1"),
        ({"margin": float("nan")}, "--margin must be a number between 0 and 1"),
        ({"budget": 0.0}, "--budget must be a number of seconds above 0; received 0.0"),
        ({"budget": float("inf")}, "--budget must be a number of seconds above 0; received inf"),
        ({"budget": "10m"}, "--budget must be a number of seconds above 0; received 10m"),
        ({"name": "a/b"}, "name must be 1 to 100 letters"),
        ({"name": ".."}, "name must be"),
        ({"name": ""}, "name must be"),
        ({"name": "x" * 101}, "name must be"),
    ],
)
def test_wrong_settings_are_refused_by_name_and_rule(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        Settings(**values)
    assert str(caught.value).startswith(words)


def test_the_defaults_are_those_of_the_table() -> None:
    settings = Settings()
    assert settings.checked_factors == tuple(FACTORS)
    assert (settings.data, settings.recipe) == (defaults.DATA, defaults.RECIPE)


def test_equal_requests_are_equal_settings() -> None:
    assert Settings(factors=tuple(reversed(FACTORS))) == Settings()
    twice = Settings(factors=("optimizer", "activation", "optimizer"))
    assert twice == Settings(factors=("activation", "optimizer"))
    assert twice.checked_factors == ("activation", "optimizer")


def test_all_stands_for_the_factors_and_questions_may_be_added() -> None:
    assert Settings(factors=("all",)) == Settings()
    more = Settings(factors=("recipe", "all", "block"))
    assert more.checked_factors == (*FACTORS, "block", "recipe")
    assert Settings(factors=("recipe", "activation")).checked_factors == ("activation", "recipe")
    block = Settings(recipe="self_normalizing", factors=("all", "block"))
    assert block.checked_factors == ("regularization", "optimizer", "lr_schedule", "block")


def test_depths_are_ascending_and_one_is_a_number() -> None:
    assert Settings(depth=(20, 2, 20)) == Settings(depth=(2, 20))
    assert Settings(depth=(20, 2)).depths == (2, 20)
    assert Settings(depth=(3,)) == Settings(depth=3)
    assert Settings(recipe="deep").depths == (8,)
    assert Settings(depth=(20, 2)).default_recipe(1000).depth == 2


def test_the_recipe_checked_has_the_numbers_asked_for() -> None:
    settings = Settings(depth=3, batch_size=64)
    recipe = settings.default_recipe(1000)
    assert (recipe.depth, recipe.width, recipe.batch_size, recipe.epochs) == (3, 100, 64, 30)
    assert settings.default_recipe(defaults.MANY_ROWS + 1).epochs == defaults.EPOCHS_MANY_ROWS
    assert Settings(epochs=5).default_recipe(defaults.MANY_ROWS + 1).epochs == 5


def test_settings_survive_json() -> None:
    settings = Settings(name="a", factors=("optimizer",), depth=(2, 20), margin=0.02, budget=90.0)
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    assert Settings.from_dict(json.loads(json.dumps(Settings().to_dict()))) == Settings()


def test_the_metrics_are_those_of_the_table() -> None:
    for metric in METRICS:
        assert Config().settings({"metric": str(metric)}).metric == metric


def test_roles_of_columns_survive_json() -> None:
    given = {"group": "patient", "categories": " ward, code ", "class_weight": "balanced"}
    settings = Config().settings(given)
    assert settings.categories == ("ward", "code")
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_text_becomes_settings_of_the_same_name() -> None:
    given = {
        "name": "mine",
        "data": "houses.csv",
        "target": "12",
        "factors": " activation, optimizer ",
        "depth": "4",
        "margin": "0.02",
        "budget": "1.5h",
    }
    assert Config().settings(given) == Settings(
        name="mine",
        data="houses.csv",
        target="12",
        factors=("activation", "optimizer"),
        depth=4,
        margin=0.02,
        budget=5400.0,
    )
    assert Config().settings({"factors": "all"}) == Settings()
    assert Config().settings({"factors": "all,recipe", "depth": "20, 2"}) == Settings(
        factors=("all", "recipe"), depth=(2, 20)
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90.0), ("10m", 600.0), ("2h", 7200.0), ("0.5m", 30.0)]
)
def test_a_budget_is_a_time_with_its_unit(text: str, seconds: float) -> None:
    assert Config().settings({"budget": text}).budget == seconds


@pytest.mark.parametrize(
    ("given", "words"),
    [
        *(({"budget": x}, f"received {x}") for x in ("10", "m", "-5m", "0s", "1d", "inf", "1e3s")),
        ({"depth": "two"}, "--depth must be a whole number from 1 to 1,000; received two"),
        ({"depth": "2,x"}, "--depth must be a whole number from 1 to 1,000; received x"),
        ({"depth": "2,"}, "--depth must be a whole number from 1 to 1,000; received nothing"),
        ({"depth": "2.0"}, "--depth must be a whole number from 1 to 1,000; received 2.0"),
        ({"seed": ""}, "--seed must be a whole number from 0 to 4,294,967,295; received nothing"),
        ({"margin": "small"}, "received small"),
        ({"factors": "none,activation"}, "received none,activation"),
        ({"factors": " , "}, "received nothing"),
    ],
)
def test_text_that_is_no_setting_is_refused_as_it_was_typed(
    given: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        Config().settings(given)
    assert str(caught.value).endswith(words)
