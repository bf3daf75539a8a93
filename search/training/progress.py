"""What plain Python knows and decides of one member between its epochs."""

import math
from typing import final

from search.defaults import EARLY_STOPPING_PATIENCE
from search.models import Patience, Plateau, may_stop_early, planned_momentum, planned_rates
from search.rows import Array
from search.training.contract import Curve, Ending, EpochReport
from search.training.updates import step_numbers
from spaces import Recipe


@final
class Progress:
    """A member in training, epoch by epoch (counted from 0), and in the end its curve.

    Args:
        recipe: the member's.
        steps: in an epoch.
    """

    def __init__(self, recipe: Recipe, steps: int) -> None:
        self.ending: Ending | None = None
        """Why training ended; None while it has not."""
        self._reason = ""
        self._recipe = recipe
        self._steps = steps
        self._rates = planned_rates(recipe, steps)
        self._momentum = planned_momentum(recipe, steps)
        self._factor = 1.0  # what performance scheduling has made of the planned rates
        self._plateau = Plateau()
        self._patience = Patience()
        self._best_epoch = 0
        self._losses: list[float] = []
        self._validation_losses: list[float] = []
        self._errors: list[float] = []
        self._last_rates: list[float] = []

    def step_numbers(self, epoch: int) -> dict[str, Array]:
        """What the optimizer takes in an epoch: name -> (steps,)."""
        epoch = min(epoch, self._recipe.epochs - 1)  # once training has ended they do not matter
        rates = self._rates[epoch] * self._factor
        return step_numbers(self._recipe, rates, self._momentum[epoch], epoch * self._steps)

    def hear(self, epoch: int, loss: float, validation_loss: float, error: float) -> bool:
        """Take in how an epoch went; return whether its weights are to be kept."""
        if self.ending is not None:
            return False
        recipe = self._recipe
        self._losses.append(loss)
        self._validation_losses.append(validation_loss)
        self._errors.append(error)
        self._last_rates.append(float(self._rates[epoch, -1]) * self._factor)
        for name, value in (("loss", loss), ("validation loss", validation_loss)):
            if not math.isfinite(value):
                self._best_epoch = 0
                self._end(Ending.DIVERGED, f"the {name} became {value:g} in epoch {epoch + 1}")
                return False
        improved = self._patience.update(epoch, validation_loss) or not recipe.restores_best
        if improved:
            self._best_epoch = epoch + 1
        if recipe.lr_schedule == "performance":
            self._factor = self._plateau.update(validation_loss)
        if epoch + 1 == recipe.epochs:
            self._end(Ending.COMPLETED, f"all {recipe.epochs} epochs were run")
        elif may_stop_early(recipe) and self._patience.should_stop:
            reason = f"no better validation loss for {EARLY_STOPPING_PATIENCE} epochs"
            self._end(Ending.STOPPED_EARLY, reason)
        return improved

    def report(self, index: int) -> EpochReport:
        """Where it stands, under the index that it has."""
        return EpochReport(index, len(self._losses), self._validation_losses[-1], self._errors[-1])

    def prune(self) -> None:
        """End it here, with what it has kept so far."""
        self._end(Ending.PRUNED, f"pruned after epoch {len(self._losses)}")

    def curve(self, seconds: float) -> Curve:
        """The finished training."""
        assert self.ending is not None
        return Curve(
            train_loss=tuple(self._losses),
            validation_loss=tuple(self._validation_losses),
            validation_error=tuple(self._errors),
            learning_rate=tuple(self._last_rates),
            best_epoch=self._best_epoch,
            ending=self.ending,
            reason=self._reason,
            seconds=seconds,
        )

    def _end(self, ending: Ending, reason: str) -> None:
        self.ending, self._reason = ending, reason
