"""How learning rate and momentum move, and when a training ends: plain numbers, no Keras."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from search.defaults import (
    COSINE_END,
    COSINE_WARM_UP,
    EARLY_STOPPING_PATIENCE,
    EXPONENTIAL_END,
    LARGEST_MOMENTUM,
    ONE_CYCLE_END,
    ONE_CYCLE_MOMENTUM_SWING,
    ONE_CYCLE_RISE,
    ONE_CYCLE_START,
    PERFORMANCE_FACTOR,
    PERFORMANCE_PATIENCE,
    PIECEWISE,
)
from spaces import Recipe

_ONE_CYCLE_KNOTS = (0.0, ONE_CYCLE_RISE, 2 * ONE_CYCLE_RISE, 1.0)


def planned_rates(recipe: Recipe, steps_per_epoch: int) -> NDArray[np.float64]:
    """The learning rate of every step, before any lowering by `Plateau`.

    - constant, performance: the recipe's rate.
    - one_cycle (Smith 2018): a tenth of it, linearly up to it, down again as long, then in the
      last stretch down to a thousandth; shares and ends as in `search.defaults`.
    - exponential: from the rate to a tenth of it, by the same ratio each step.
    - cosine (Loshchilov & Hutter 2017, without restarts): linearly up over the first tenth of the
      steps, the first step not at zero, then half a cosine down to a thousandth.
    - piecewise: a third of the rate in the third quarter of the steps, a tenth in the last.

    Returns:
        (epochs, steps_per_epoch) float64, absolute rates.
    """
    n_steps = recipe.epochs * steps_per_epoch
    shape = recipe.epochs, steps_per_epoch
    return recipe.learning_rate * _shares(recipe.lr_schedule, n_steps).reshape(shape)


def planned_momentum(recipe: Recipe, steps_per_epoch: int) -> NDArray[np.float64]:
    """The momentum of every step: the recipe's, or 0 where it has none.

    one_cycle moves it opposite to the rate, from 0.05 above the recipe's own to 0.05 below and
    back, within [0, 0.99]; it stays up in the last stretch.

    Returns:
        (epochs, steps_per_epoch) float64, in [0, 1).
    """
    shape = recipe.epochs, steps_per_epoch
    if recipe.momentum is None or recipe.lr_schedule != "one_cycle":
        return np.full(shape, recipe.momentum or 0.0)
    high = recipe.momentum + ONE_CYCLE_MOMENTUM_SWING
    low = recipe.momentum - ONE_CYCLE_MOMENTUM_SWING
    position = np.linspace(0, 1, recipe.epochs * steps_per_epoch)
    momentum = np.interp(position, _ONE_CYCLE_KNOTS, (high, low, high, high))
    return np.clip(momentum, 0, LARGEST_MOMENTUM).reshape(shape)


def may_stop_early(recipe: Recipe) -> bool:
    """Whether patience may end a training before its last epoch.

    A schedule that plans its descent is never cut short; the best epoch is still restored.
    """
    return recipe.restores_best and recipe.lr_schedule in {"performance", "constant"}


@final
class Plateau:
    """Lowers a learning rate when the loss stalls, by the rules of `keras.callbacks`.

    They are those of ReduceLROnPlateau without cooldown or smallest rate. Keras compares in
    float32, and so does this.

    Args:
        factor: what the rate is multiplied by, in (0, 1).
        patience: epochs without improvement after which it is, at least 1.
        min_delta: what an improvement must exceed.
    """

    def __init__(
        self,
        factor: float = PERFORMANCE_FACTOR,
        patience: int = PERFORMANCE_PATIENCE,
        min_delta: float = 1e-4,
    ) -> None:
        self._factor = factor
        self._patience = patience
        self._min_delta = min_delta
        self._best: float | None = None
        self._wait = 0
        self.product = 1.0
        """What the planned rates are multiplied by now, in (0, 1]."""

    def update(self, validation_loss: float) -> float:
        """Hear an epoch's loss; return what the next epoch's planned rates are multiplied by."""
        if _is_below(validation_loss + self._min_delta, self._best):
            self._best = validation_loss
            self._wait = 0
        else:
            self._wait += 1
            if self._wait >= self._patience:
                self.product *= self._factor
                self._wait = 0
        return self.product


@final
class Patience:
    """Ends a training when the loss stalls, by the rules of `keras.callbacks.EarlyStopping`.

    Any decrease is an improvement; the first epoch always is one, even if its loss is not a
    number, which nothing then improves on. Keras compares in float32, and so does this.

    Args:
        patience: epochs without improvement after which training ends; never after the first.
    """

    def __init__(self, patience: int = EARLY_STOPPING_PATIENCE) -> None:
        self._patience = patience
        self._best: float | None = None
        self._wait = 0
        self.best_epoch = 0
        """The best epoch so far, counted from 0."""
        self.should_stop = False
        """Whether training should end."""

    def update(self, epoch: int, loss: float) -> bool:
        """Hear the loss of an epoch (counted from 0); return whether it is the best so far."""
        if _is_below(loss, self._best):
            self._best = loss
            self._wait = 0
            self.best_epoch = epoch
            return True
        self._wait += 1
        self.should_stop = self._wait >= self._patience and epoch > 0
        return False


def _shares(schedule: str, n_steps: int) -> NDArray[np.float64]:
    """(n_steps,) the planned rates as shares of the recipe's rate."""
    position = np.linspace(0, 1, n_steps)  # of each step between the first and the last
    match schedule:
        case "constant" | "performance":
            return np.ones(n_steps)
        case "one_cycle":
            heights = (ONE_CYCLE_START, 1.0, ONE_CYCLE_START, ONE_CYCLE_END)
            return np.interp(position, _ONE_CYCLE_KNOTS, heights)
        case "exponential":
            return np.asarray(EXPONENTIAL_END**position)
        case "cosine":
            n_rising = max(1, round(COSINE_WARM_UP * n_steps))
            rising = np.arange(1, n_rising + 1) / n_rising
            falling = np.linspace(0, np.pi, n_steps - n_rising + 1)[1:]
            half_cosine = COSINE_END + (1 - COSINE_END) * (1 + np.cos(falling)) / 2
            return np.concatenate([rising, half_cosine])
        case "piecewise":
            started = np.arange(n_steps) / n_steps
            starts, shares = zip(*PIECEWISE, strict=True)
            return np.take((1.0, *shares), np.searchsorted(starts, started, side="right"))
    raise ValueError(f"lr_schedule must have planned rates; received {schedule!r}")


def _is_below(loss: float, best: float | None) -> bool:
    return best is None or bool(np.float32(loss) < np.float32(best))
