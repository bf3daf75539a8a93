import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from search.models import build_optimizer
from search.rows import Array
from search.training.structure import OPTIMIZER_FAMILIES, SLOTS
from search.training.updates import number_names, step_numbers, update
from spaces import SHALLOW, Recipe
from tests.strategies import recipes

N_STEPS = 6
OPTIMIZERS = sorted(OPTIMIZER_FAMILIES)


def numbers_of(recipe: Recipe, first_step: int = 0) -> dict[str, Array]:
    """A rate of its own at each step."""
    rates = recipe.learning_rate * (1 + np.arange(N_STEPS))
    momentum = np.full(N_STEPS, recipe.momentum or 0.0)
    return step_numbers(recipe, rates[first_step:], momentum[first_step:], first_step)


def moved(several: list[Recipe], start: Array, gradients: Array) -> Array:
    """(members, n, m) where the steps lead that members of any families take from `start`."""
    own = [OPTIMIZER_FAMILIES[recipe.optimizer] for recipe in several]
    families = sorted(set(own))
    choice = tf.constant([families.index(family) for family in own])[:, None, None]
    each = [numbers_of(recipe) for recipe in several]
    weight = tf.constant(np.stack([start] * len(several)))
    slots = (tf.zeros_like(weight),) * max(SLOTS[family] for family in families)
    nothing = np.zeros(N_STEPS)
    for i, gradient in enumerate(gradients):
        numbers = {
            name: tf.constant([n.get(name, nothing)[i] for n in each], tf.float32)[:, None, None]
            for name in number_names(families)
        }
        weight, slots = update(families, weight, tf.constant(gradient), slots, numbers, choice)
    result: Array = weight.numpy()
    return result


@pytest.mark.parametrize("families", [*((family,) for family in sorted(SLOTS)), tuple(SLOTS)])
def test_members_each_move_as_by_their_own_keras_optimizer(families: tuple[str, ...]) -> None:
    """Whether a stack has members of one family or of all."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=(4, 3)).astype(np.float32)
    gradients = rng.normal(size=(N_STEPS, 1, 4, 3)).astype(np.float32)
    of_families = [
        SHALLOW.replace(optimizer=x) for x in OPTIMIZERS if OPTIMIZER_FAMILIES[x] in families
    ]
    several = [*of_families, *(x.replace(regularization="weight_decay") for x in of_families)]
    several[0] = several[0].replace(learning_rate=0.01)
    for recipe, weight in zip(several, moved(several, start, gradients), strict=True):
        variable = keras.Variable(start)
        optimizer = build_optimizer(recipe)
        for i, [gradient] in enumerate(gradients):
            optimizer.learning_rate = recipe.learning_rate * (1 + i)
            optimizer.apply([tf.constant(gradient)], [variable])
        np.testing.assert_allclose(weight, variable.numpy(), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_numbers_of_a_later_epoch_go_on_where_the_last_one_ended(optimizer: str) -> None:
    recipe = SHALLOW.replace(optimizer=optimizer)
    whole, rest = numbers_of(recipe), numbers_of(recipe, first_step=4)
    for name, numbers in whole.items():
        np.testing.assert_allclose(rest[name], numbers[4:], rtol=1e-12)


@settings(max_examples=50)
@given(st.data())
def test_which_numbers_there_are_depends_on_the_family_alone(data: st.DataObject) -> None:
    optimizer = data.draw(st.sampled_from(OPTIMIZERS))
    family = OPTIMIZER_FAMILIES[optimizer]
    other = data.draw(st.sampled_from([x for x in OPTIMIZERS if OPTIMIZER_FAMILIES[x] == family]))
    first, second = (data.draw(recipes(optimizer=x)) for x in (optimizer, other))
    assert numbers_of(first).keys() == numbers_of(second).keys()
