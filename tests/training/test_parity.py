"""Stacks against Keras: the same weights from the same start, batches and masks, to 1e-8."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, count, cycle
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from search.rows import TrainingData
from search.training import Ending, Member, Result, Seeds
from search.training.plan import plan_stacks
from spaces import DEEP, FACTORS, SELF_NORMALIZING, SHALLOW, Recipe
from tests.strategies import recipes
from tests.training.reference import (
    N_TRAIN,
    assert_same,
    by_keras,
    hashed_model,
    small_data,
    small_split,
    trained,
    varied,
)

TOLERANCE = 1e-8
SMALL = {"width": 8, "batch_size": 8}
STEPS = -(-N_TRAIN // SMALL["batch_size"])  # an epoch; the last one is of two rows
BASE = SHALLOW.replace(**SMALL, epochs=10, learning_rate=0.003, regularization="none")
UNLEARNABLE = 3.0


@pytest.fixture(autouse=True, scope="module")
def _double_precision() -> Iterator[None]:
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    keras.utils.clear_session()  # Keras remembers the precision of the first layer of all
    # Each graph of Keras runs for a moment: optimizing them would take longer.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    keras.config.set_floatx(before)
    keras.utils.clear_session()


def trained_as_by_keras(
    recipe: Recipe, data: TrainingData, checked: tuple[int, ...] = (1,)
) -> list[Result]:
    """Train four members of a recipe in one stack and the checked ones with Keras as well."""
    members = varied(recipe, 4)
    stacked = trained(members, data, "float64")
    results = []
    for index in checked:
        assert_same(stacked[index], trained_by_keras(members[index], data), TOLERANCE)
        results.append(stacked[index])
    return results


def trained_by_keras(member: Member, data: TrainingData, *, eagerly: bool = False) -> Result:
    [(_, result)] = by_keras([member], data, partial(hashed_model, eagerly=eagerly))
    return result


@pytest.mark.parametrize("optimizer", [level.name for level in FACTORS["optimizer"].levels])
def test_a_hundred_steps_end_with_the_weights_that_keras_gives(optimizer: str) -> None:
    [result] = trained_as_by_keras(BASE.replace(optimizer=optimizer), small_data())
    assert result.curve.best_epoch * STEPS > 100


@pytest.mark.parametrize("optimizer", ["adam", "nadam", "rmsprop"])
def test_weight_decay_is_kerass_with_each_optimizer(optimizer: str) -> None:
    recipe = BASE.replace(regularization="weight_decay", weight_decay=0.1, optimizer=optimizer)
    trained_as_by_keras(recipe, small_data())


@pytest.mark.parametrize(
    "recipe",
    [
        DEEP.replace(
            regularization="dropout_inputs", optimizer="adamw", lr_schedule="one_cycle", depth=3
        ),
        SELF_NORMALIZING.replace(regularization="alpha_dropout", lr_schedule="cosine", depth=3),
    ],
    ids=["deep", "self_normalizing"],
)
def test_levels_go_together_as_in_keras(recipe: Recipe) -> None:
    trained_as_by_keras(recipe.replace(**SMALL, epochs=10), small_data())


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_stalling_lowers_the_rate_and_stops_when_it_does_in_keras(task: str) -> None:
    recipe = SHALLOW.replace(width=8, batch_size=16, epochs=40, learning_rate=0.02)
    data = small_data(task, noise=UNLEARNABLE)  # type: ignore[arg-type]  # one of the two tasks
    results = trained_as_by_keras(recipe, data, checked=(1, 2))
    for result in results:
        assert result.curve.ending is Ending.STOPPED_EARLY
        assert 1 < result.curve.best_epoch < len(result.curve.train_loss) < 40
        assert result.curve.learning_rate[-1] <= result.curve.learning_rate[0] / 8
    assert len({len(result.curve.train_loss) for result in results}) == 2


def test_one_cycle_runs_to_its_end_and_gives_back_the_best_epoch_as_keras_does() -> None:
    """Its momentum moves as well."""
    recipe = SHALLOW.replace(**SMALL, epochs=20, lr_schedule="one_cycle", learning_rate=0.1)
    [result] = trained_as_by_keras(recipe, small_data(noise=UNLEARNABLE))
    assert result.curve.ending is Ending.COMPLETED
    assert result.curve.best_epoch < 20


PROBLEMS = {
    "binary": small_data(n_classes=2),
    "classes": small_data(),
    "regression": small_data("regression"),
}


def mixed_recipes(n: int) -> Iterator[Recipe]:
    """Small recipes in which each level of each factor stands as often as any other.

    A Latin hypercube (McKay et al. 1979): levels are shuffled, one deck for each factor.
    """
    rng = np.random.default_rng(0)

    def dealt(deck: Sequence[Any]) -> Iterator[Any]:
        return chain.from_iterable(rng.permutation(deck).tolist() for _ in count())

    columns = {f.name: dealt([level.name for level in f.levels]) for f in FACTORS.values()}
    columns |= {"depth": dealt([1, 2, 3]), "width": dealt([4, 5, 8]), "epochs": dealt([2, 3])}
    columns |= {"batch_size": dealt([16, 25, 48, N_TRAIN - 1, N_TRAIN, N_TRAIN + 6])}
    for _ in range(n):
        recipe = SHALLOW.replace(**{name: next(column) for name, column in columns.items()})
        ranges = [level.hyperparameters() for level in recipe.levels.values()]
        numbers = {name: r.at(rng.uniform()) for each in ranges for name, r in each.items()}
        # Such that rounding does not grow to more than the tolerance.
        yield recipe.replace(**numbers | {"learning_rate": 10 ** rng.uniform(-4, -2)})


MIXES = list(zip(mixed_recipes(12), cycle(PROBLEMS)))


@pytest.mark.parametrize(("recipe", "problem"), MIXES, ids=str)
def test_any_mix_of_levels_ends_with_the_weights_that_keras_gives(
    recipe: Recipe, problem: str
) -> None:
    data = PROBLEMS[problem]
    members = varied(recipe, 2)
    stacked = trained(members, data, "float64")
    assert_same(stacked[1], trained_by_keras(members[1], data, eagerly=True), TOLERANCE)


@settings(max_examples=8)
@given(
    recipe=recipes(batch_size=24, epochs=2),
    exponent=st.floats(-4, -2),  # such that rounding does not grow to more than the tolerance
    problem=st.sampled_from(sorted(PROBLEMS)),
)
def test_any_recipe_ends_with_the_weights_that_keras_gives(
    recipe: Recipe, exponent: float, problem: str
) -> None:
    data, recipe = PROBLEMS[problem], recipe.replace(learning_rate=10**exponent)
    [member] = varied(recipe, 1)
    [result] = trained([member], data, "float64")
    assert_same(result, trained_by_keras(member, data, eagerly=True), TOLERANCE)


@pytest.mark.parametrize("normalization", [x.name for x in FACTORS["normalization"].levels])
def test_members_that_are_pooled_end_with_the_weights_that_keras_gives(normalization: str) -> None:
    """In one stack: each activation, optimizer and regularization at least once."""
    swept = ("activation", "optimizer", "regularization")
    each = [[level.name for level in FACTORS[factor].levels] for factor in swept]
    n = max(map(len, each))
    members = [
        Member(
            BASE.replace(
                epochs=2,
                batch_size=25,
                normalization=normalization,
                **{
                    factor: names[i % len(names)] for factor, names in zip(swept, each, strict=True)
                },
            ),
            small_split(0),
            Seeds(i, i, i),
        )
        for i in range(n)
    ]
    data = small_data()
    assert len(list(plan_stacks(members, data))) == 1
    for member, result in zip(members, trained(members, data, "float64"), strict=True):
        assert_same(result, trained_by_keras(member, data, eagerly=True), TOLERANCE)


@pytest.mark.parametrize(
    "level",
    [
        {"normalization": "batch", "regularization": "dropout"},
        {"regularization": "max_norm", "lr_schedule": "one_cycle", "optimizer": "adam"},
    ],
    ids=lambda level: "-".join(level.values()),
)
def test_members_that_share_batches_end_with_the_weights_that_keras_gives(
    level: dict[str, str],
) -> None:
    wide = small_data(n_features=300)
    members = varied(BASE.replace(**level, batch_size=32, epochs=3), 4, sharing=True)
    assert [plan.lanes for plan in plan_stacks(members, wide)] == [4]
    results = trained(members, wide, "float64")
    for index in (0, 2):
        expected = trained_by_keras(members[index], wide, eagerly=True)
        assert_same(results[index], expected, TOLERANCE)


@pytest.mark.parametrize(("task", "n_features"), [("classification", 300), ("regression", 5)])
def test_weights_of_rows_count_as_in_keras(task: str, n_features: int) -> None:
    """In the training loss, which they move and in which they show; not in the validation's."""
    data = small_data(task, n_features=n_features)  # type: ignore[arg-type]  # one of the two
    weights = np.random.default_rng(0).gamma(2.0, size=len(data.features)).astype(np.float32)
    members = varied(BASE.replace(epochs=3, batch_size=25), 2, sharing=True)
    data = replace(data, sample_weight=weights)
    results = trained(members, data, "float64")
    for index, member in enumerate(members):
        assert_same(results[index], trained_by_keras(member, data, eagerly=True), TOLERANCE)
