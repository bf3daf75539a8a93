"""A trainer that answers seeded numbers, so that whole sweeps run in a second."""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from search.data import Dataset, load_dataset
from search.rows import TrainingData
from search.training.contract import Curve, Ending, EpochReport, Member, Prune, Result, failed
from spaces import Recipe

Effect = Callable[[Recipe], float]


def no_effect(_: Recipe) -> float:
    return 0.0


@dataclass
class FakeTrain:
    """Predicts classes with an error rate that depends on the recipe, and fails when asked to."""

    truth: np.ndarray
    """(development rows + confirm rows,) true classes."""
    effect: Effect = no_effect
    """Recipe -> what its level adds to the error rate of 5 %."""
    diverges: Callable[[Member], bool] = lambda _: False
    """Which members diverge."""
    breaks: Callable[[Member], bool] = lambda _: False
    """Which members cannot be trained at all."""
    last: Callable[[Member], bool] = lambda _: False
    """Which members end after all others."""
    stop_after: float = math.inf
    """Raise KeyboardInterrupt once this many results have been given."""
    seconds: float = 0.25
    """What a training is said to take."""
    now: float = 0.0
    """Its clock: moves by `seconds` with every training."""
    trained: list[Member] = field(default_factory=list)
    """Every member that was trained, in order."""

    def __call__(
        self,
        members: Sequence[Member],
        data: TrainingData,
        *,
        done: Collection[int] = (),
        prune: Prune | None = None,
    ) -> Iterator[tuple[int, Result]]:
        for index, member in sorted(enumerate(members), key=lambda pair: self.last(pair[1])):
            if index in done:
                continue
            if len(self.trained) >= self.stop_after:
                raise KeyboardInterrupt
            self.trained.append(member)
            self.now += self.seconds
            result = self._train(member, data)
            if prune is not None and result.curve.ending is Ending.COMPLETED:
                result = self._by_epoch(index, member, result, prune)
            yield index, result

    def _by_epoch(self, index: int, member: Member, result: Result, prune: Prune) -> Result:
        """Report every epoch: the error comes down to where it ends."""
        end, n = self._rate(member.recipe), member.recipe.epochs
        errors = [end * (1 + 1 / epoch) for epoch in range(1, n + 1)]
        for epoch, error in enumerate(errors[:-1], start=1):  # the last has ended by itself
            if index in prune([EpochReport(index, epoch, error, error)]):
                errors = errors[:epoch]
                break
        ended = len(errors)
        ending = Ending.COMPLETED if ended == n else Ending.PRUNED
        loss = tuple(errors)
        curve = Curve(loss, loss, loss, loss, ended, ending, str(ending), self.seconds * ended / n)
        return replace(result, curve=curve)

    def _train(self, member: Member, data: TrainingData) -> Result:
        if self.breaks(member):
            return failed(MemoryError("no room"))
        if self.diverges(member):
            return Result(self._curve(Ending.DIVERGED), None, None)
        rate = self._rate(member.recipe)
        rng = np.random.default_rng([member.seeds.init, member.seeds.order])
        n = len(data.features)
        held_out = self._predict(n + np.arange(len(data.held_out)), rate, data.n_outputs, rng)
        validation = self._predict(member.split.validation, rate, data.n_outputs, rng)
        return Result(self._curve(Ending.COMPLETED), validation, held_out)

    def _rate(self, recipe: Recipe) -> float:
        """A parabola in the logarithm of the rate, with its best in the middle of the range."""
        distance = math.log10(
            recipe.learning_rate / (0.03 if recipe.momentum is not None else 3e-3)
        )
        return min(max(0.05 + self.effect(recipe), 0.0) + 0.02 * distance**2, 0.9)

    def _predict(
        self, rows: np.ndarray, rate: float, n_outputs: int, rng: np.random.Generator
    ) -> np.ndarray:
        wrong = rng.random(len(rows)) < rate
        classes = (np.nan_to_num(self.truth[rows]).astype(int) + wrong) % n_outputs
        return np.asarray(np.eye(n_outputs, dtype=np.float32)[classes])

    def _curve(self, ending: Ending) -> Curve:
        loss = math.nan if ending is Ending.DIVERGED else 0.5
        best = 0 if ending is Ending.DIVERGED else 1
        reason = "the loss became nan in epoch 1" if best == 0 else "all 1 epochs were run"
        return Curve((loss,), (loss,), (loss,), (0.1,), best, ending, reason, self.seconds)


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load_dataset("digits")


@pytest.fixture
def fake(digits: Dataset) -> Callable[..., FakeTrain]:
    truth = np.concatenate([digits.y, digits.y_confirm])
    return lambda **options: FakeTrain(truth, **options)
