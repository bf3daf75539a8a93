"""What goes into a training and what comes out, whoever does it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self

from search.rows import Array, Split
from spaces import Recipe

TrainerName = Literal["stacked", "keras"]


@dataclass(frozen=True, slots=True)
class Seeds:
    """What a member's randomness comes from, each in [0, 2**32)."""

    init: int
    """Of the initial weights."""
    order: int
    """Of the order of the rows; members with equal split and order see equal batches."""
    dropout: int
    """Of the dropout masks."""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One training to run."""

    recipe: Recipe
    """What to train."""
    split: Split
    """On which rows."""
    seeds: Seeds
    """With which randomness."""


class Ending(StrEnum):
    """Why a training ended."""

    COMPLETED = "completed"
    STOPPED_EARLY = "stopped_early"
    PRUNED = "pruned"
    DIVERGED = "diverged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Curve:
    """A training by epoch; all sequences are as long as the epochs that were run.

    They are empty for a training that failed.
    """

    train_loss: tuple[float, ...]
    """Mean over the epoch's rows as they were met, penalties included."""
    validation_loss: tuple[float, ...]
    """Mean over the validation rows at the epoch's end, penalties included as Keras does."""
    validation_error: tuple[float, ...]
    """Share of wrong classes, or the RMSE in standardized units."""
    learning_rate: tuple[float, ...]
    """The rate of the epoch's last step."""
    best_epoch: int
    """Epochs run up to and including the one whose weights were kept; 0 if none were."""
    ending: Ending
    """Why it ended."""
    reason: str
    """The ending in words."""
    seconds: float
    """Wall time of this member: its share of the stack's."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A finished training."""

    curve: Curve
    """How it went."""
    validation: Array | None
    """(validation rows, outputs) probabilities or numbers by the kept weights, or None."""
    held_out: Array | None
    """(rows held out, outputs), the same; None if diverged."""
    weights: tuple[Array, ...] | None = None
    """The kept weights in the order of `keras.Model.get_weights`, where they were asked for."""
    trainer: TrainerName = "stacked"
    """Who trained it."""
    compile_seconds: float = 0.0
    """Of this member's worker, spent on compiling before it; not in the curve's seconds."""


@dataclass(frozen=True, slots=True)
class EpochReport:
    """Where a member in training stands after an epoch."""

    index: int
    """Of the member."""
    epoch: int
    """Epochs run."""
    validation_loss: float
    """Of this epoch."""
    validation_error: float
    """Of this epoch."""


Prune = Callable[[Sequence[EpochReport]], Collection[int]]
"""Hears of members that are in training after an epoch of theirs; tells which are to end, by their
indices. Where a training is tried again, it hears the same again."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a few epochs with a program took."""

    member_epochs: tuple[int, ...]
    """Epochs that members take in each step, each counted by itself, if none stops early."""
    seconds: float
    """Of a member's epoch, with as many members side by side as there will be."""
    compile_seconds: float
    """Spent on compiling, or on loading what was compiled before."""
    problem: str | None
    """Why it could not be trained, if it could not."""

    @classmethod
    def of(cls, results: Sequence[Result], member_epochs: tuple[int, ...]) -> Self:
        """What the results of its first members, at least one, say."""
        trained = [result for result in results if result.curve.ending is not Ending.FAILED]
        epochs = sum(len(result.curve.train_loss) for result in trained)
        return cls(
            member_epochs,
            sum(result.curve.seconds for result in trained) / max(epochs, 1),
            sum(result.compile_seconds for result in trained),
            None if trained else results[0].curve.reason,
        )


def failed(error: Exception, trainer: TrainerName = "stacked") -> Result:
    """The result of a training that could not be carried out."""
    words = " ".join(str(error).split()) or "no reason was given"
    reason = f"{type(error).__name__}: {words[:200]}"
    curve = Curve((), (), (), (), 0, Ending.FAILED, reason, 0.0)
    return Result(curve, None, None, trainer=trainer)
