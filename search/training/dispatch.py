"""Which trainer trains what."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from search.rows import TrainingData
from search.training.contract import Member, Result, Trainer
from search.training.keras_trainer import KerasTrainer
from search.training.stacked import StackedTrainer
from spaces import Recipe

TRAINERS: dict[str, Trainer] = {"stacked": StackedTrainer(), "keras": KerasTrainer()}
"""A recipe goes to the first that supports it."""


def choose_trainer(recipe: Recipe, trainers: Mapping[str, Trainer] = TRAINERS) -> str:
    """The name of the trainer that a recipe goes to.

    Raises:
        ValueError: listing the trainers, if none supports it.
    """
    for name, trainer in trainers.items():
        if trainer.supports(recipe):
            return name
    raise ValueError(f"recipe must suit one of {', '.join(trainers)}; received {recipe}")


def train(
    members: Sequence[Member],
    data: TrainingData,
    *,
    done: Collection[int] = (),
    keep_weights: bool = False,
    trainers: Mapping[str, Trainer] = TRAINERS,
) -> Iterator[tuple[int, Result]]:
    """Train each member with the trainer its recipe goes to; otherwise as `Trainer.train`."""
    known = set(done)
    chosen = [choose_trainer(member.recipe, trainers) for member in members]
    for name, trainer in trainers.items():
        own = [index for index, its in enumerate(chosen) if its == name]
        results = trainer.train(
            [members[index] for index in own],
            data,
            done=[position for position, index in enumerate(own) if index in known],
            keep_weights=keep_weights,
        )
        for position, result in results:
            yield own[position], result
