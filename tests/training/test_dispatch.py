import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from typing import final

import pytest

from search.rows import TrainingData
from search.training import Member, Result, Seeds, Trainer
from search.training.dispatch import TRAINERS, choose_trainer, train
from search.training.keras_trainer import KerasTrainer
from search.training.stacked import StackedTrainer
from spaces import SHALLOW, Recipe
from tests.training.reference import small_data, small_split

RELU = SHALLOW.replace(depth=1, width=8, batch_size=16, epochs=1, activation="relu")
TANH = RELU.replace(activation="tanh")


@final
class OnlyRelu(Trainer):
    """Stacks that know no other activation."""

    def supports(self, recipe: Recipe) -> bool:
        return recipe.activation == "relu"

    def train(
        self,
        members: Sequence[Member],
        data: TrainingData,
        *,
        done: Collection[int] = (),
        keep_weights: bool = False,
    ) -> Iterator[tuple[int, Result]]:
        assert all(self.supports(member.recipe) for member in members)
        return StackedTrainer().train(members, data, done=done, keep_weights=keep_weights)


SOME = {"relu": OnlyRelu(), "keras": KerasTrainer()}


def test_recipes_of_the_table_go_to_the_stacks() -> None:
    assert choose_trainer(SHALLOW) == next(iter(TRAINERS)) == "stacked"


def test_a_recipe_goes_to_the_first_trainer_that_supports_it() -> None:
    assert choose_trainer(RELU, SOME) == "relu"
    assert choose_trainer(TANH, SOME) == "keras"
    with pytest.raises(ValueError, match=r"must suit one of relu; received .*activation=tanh"):
        choose_trainer(TANH, {"relu": OnlyRelu()})


def test_results_keep_the_members_indices_whoever_trains() -> None:
    members = [
        Member(recipe, small_split(0), Seeds(index, 0, 0))
        for index, recipe in enumerate([TANH, RELU, TANH, TANH, RELU])
    ]
    data = small_data()
    results = dict(train(members, data, done={2, 3}, keep_weights=True, trainers=SOME))
    assert list(results) == [1, 4, 0]
    alone = dict(TRAINERS["stacked"].train(members, data))
    for index, result in results.items():
        assert result.weights is not None
        expected = alone[index].curve.train_loss
        assert result.curve.train_loss == pytest.approx(expected, rel=1e-5)


def test_the_contract_is_imported_without_tensorflow() -> None:
    code = "import sys, search.training; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
