"""Compiled Keras models, used again.

To trace a model takes as long as epochs of training it, and TensorFlow never forgets what was
traced: some 5 MB a model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import keras

from search.models import build_optimizer, follow_rates
from search.rows import Array, TrainingData
from search.training.batches import n_steps
from search.training.contract import Member
from search.training.jobs import keras_program

MOST_KEPT = 8
"""Models at a time; the one that was not used for longest goes."""

Build = Callable[[Member, TrainingData], keras.Model]
Compile = Callable[[keras.Model, keras.optimizers.Optimizer, int], None]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A model ready to be trained from a member's start."""

    model: keras.Model
    """Compiled."""
    start: list[Array]
    """What its optimizer's variables are before the first step."""

    def restart(self, fresh: keras.Model, member: Member) -> None:
        """Make it start as a fresh model, under the member's learning rate."""
        for variable, value in zip(self.model.variables, fresh.variables, strict=True):
            variable.assign(value)
        optimizer = self.model.optimizer
        for variable, value in zip(optimizer.variables, self.start, strict=True):
            variable.assign(value)
        follow_rates(optimizer, member.recipe, _steps(member))


@final
class CompiledModels:
    """Models by what they were compiled for.

    Args:
        data: the rows that members name.
        build: makes a member's model as it starts, uncompiled. Those of members that differ in
            seeds and learning rate alone must differ in the values of their variables alone.
        compiled: compiles a model with an optimizer, for so many steps in an epoch.
    """

    def __init__(self, data: TrainingData, build: Build, compiled: Compile) -> None:
        self._data, self._build, self._compile = data, build, compiled
        self._kept: dict[object, Compiled] = {}

    def take(self, member: Member) -> Compiled:
        """A model that starts as the member says; nobody else gets it until it is given back."""
        fresh = self._build(member, self._data)
        kept = self._kept.pop(keras_program(member), None)
        if kept is not None:
            kept.restart(fresh, member)
            return kept
        optimizer = build_optimizer(member.recipe, steps_per_epoch=_steps(member))
        self._compile(fresh, optimizer, _steps(member))
        optimizer.build(fresh.trainable_variables)
        return Compiled(fresh, [keras.ops.convert_to_numpy(x) for x in optimizer.variables])

    def give_back(self, member: Member, model: Compiled) -> None:
        """Keep a model whose training ended as it should."""
        self._kept[keras_program(member)] = model
        if len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
            keras.utils.clear_session()


def _steps(member: Member) -> int:
    return n_steps(len(member.split.train), member.recipe.batch_size)
