"""Stacks against Keras: the same weights from the same start, batches and masks."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest

from search.data.rows import TrainingData
from search.training import Ending, Member, Result
from search.training.keras_trainer import KerasTrainer
from search.training.stacked import StackedTrainer
from spaces import FACTORS, SHALLOW, Recipe
from tests.training.reference import assert_same, hashed_model, small_data, varied

TOLERANCE = 1e-8
LEVELS = [(factor.name, level.name) for factor in FACTORS.values() for level in factor.levels]
# Six steps an epoch, the last of ten rows. It keeps the last weights, unless a level changes that.
BASE = SHALLOW.replace(width=8, batch_size=16, epochs=18, regularization="none", learning_rate=0.01)


@pytest.fixture(autouse=True, scope="module")
def _double_precision() -> Iterator[None]:
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


def trained(members: list[Member], data: TrainingData) -> list[Result]:
    """All in one stack."""
    results = dict(StackedTrainer("float64").train(members, data, keep_weights=True))
    return [results[i] for i in range(len(members))]


def trained_by_keras(member: Member, data: TrainingData) -> Result:
    [(_, result)] = KerasTrainer(hashed_model).train([member], data, keep_weights=True)
    return result


def assert_parity(recipe: Recipe, data: TrainingData, checked: int) -> Result:
    """Train four members in one stack and one of them with Keras; return its result."""
    members = varied(recipe, 4)
    result = trained(members, data)[checked]
    assert_same(result, trained_by_keras(members[checked], data), TOLERANCE)
    return result


@pytest.mark.parametrize(("factor", "level"), LEVELS)
def test_every_level_ends_with_the_weights_that_keras_gives(factor: str, level: str) -> None:
    recipe = BASE.replace(**{factor: level})
    result = assert_parity(recipe, small_data(), checked=LEVELS.index((factor, level)) % 4)
    assert result.curve.best_epoch * 6 > 100
