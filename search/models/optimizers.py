"""The optimizers of Keras, their rate and momentum planned step by step where a recipe asks."""

from collections.abc import Callable, Mapping
from typing import Any, final

import keras
import numpy as np
from keras.optimizers.schedules import LearningRateSchedule
from numpy.typing import NDArray

from search.models.schedules import planned_momentum, planned_rates
from spaces import Recipe

# Which optimizer of Keras, and with what set apart from the numbers a recipe brings.
OPTIMIZERS: dict[str, tuple[Callable[..., keras.optimizers.Optimizer], Mapping[str, Any]]] = {
    "nag": (keras.optimizers.SGD, {"nesterov": True}),
    "momentum": (keras.optimizers.SGD, {}),
    "sgd": (keras.optimizers.SGD, {}),
    "adam": (keras.optimizers.Adam, {}),
    "adamw": (keras.optimizers.AdamW, {}),
    "rmsprop": (keras.optimizers.RMSprop, {}),
    "nadam": (keras.optimizers.Nadam, {}),
}


@final
class PlannedRates(LearningRateSchedule):  # type: ignore[misc]  # Keras ships no types
    """A learning rate looked up by the step; the last one holds from then on.

    Args:
        rates: one a step, flattened.
    """

    def __init__(self, rates: NDArray[np.float64]) -> None:
        flat = np.ravel(rates)
        self._rates = keras.Variable(flat, dtype=keras.config.floatx(), trainable=False)

    def assign(self, rates: NDArray[np.float64]) -> None:
        """Plan other rates, also for training steps that are compiled already."""
        self._rates.assign(np.ravel(rates))

    def __call__(self, step: Any) -> Any:
        """The rate of a step (counted from 0), a tensor inside a training step."""
        return keras.ops.take(self._rates, keras.ops.minimum(step, self._rates.shape[0] - 1))


@final
class PlannedMomentumSGD(keras.optimizers.SGD):  # type: ignore[misc]  # Keras ships no types
    """SGD whose momentum is looked up by the step as well.

    Keras reads `SGD.momentum` once, when it traces the training step, so changing it in between
    does nothing. This is Keras's own update with the number of the step in its place.

    Args:
        momenta: one a step, flattened, each in [0, 1).
        **options: as for `keras.optimizers.SGD`.
    """

    def __init__(self, momenta: NDArray[np.float64], **options: Any) -> None:
        # Only with a momentum above 0 does Keras keep velocities.
        super().__init__(momentum=float(np.max(momenta)), **options)
        self._momenta = np.ravel(momenta)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable."""
        velocity = self.momentums[self._get_variable_index(variable)]
        table = keras.ops.convert_to_tensor(self._momenta, variable.dtype)
        step = keras.ops.minimum(self.iterations, len(self._momenta) - 1)
        momentum = keras.ops.take(table, step)
        move = gradient * keras.ops.cast(learning_rate, variable.dtype)
        self.assign(velocity, velocity * momentum - move)
        self.assign_add(variable, velocity * momentum - move if self.nesterov else velocity)


def build_optimizer(
    recipe: Recipe, *, steps_per_epoch: int | None = None
) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe, with decoupled weight decay on all trainable variables.

    Args:
        recipe: what to build.
        steps_per_epoch: the optimizer follows the recipe's schedule through epochs this long;
            without it, rate and momentum stay what the recipe says. The rate of the schedules
            `constant` and `performance` is a variable either way, for callbacks to change.
    """
    make, settings = OPTIMIZERS[recipe.optimizer]
    options: dict[str, Any] = {"learning_rate": recipe.learning_rate, **settings}
    if recipe.total_weight_decay or recipe.optimizer == "adamw":  # whose default is not 0
        options["weight_decay"] = recipe.total_weight_decay
    if recipe.momentum is not None:
        options["momentum"] = recipe.momentum
    if steps_per_epoch and recipe.lr_schedule not in {"constant", "performance"}:
        options["learning_rate"] = PlannedRates(planned_rates(recipe, steps_per_epoch))
        if recipe.momentum is not None and recipe.lr_schedule == "one_cycle":
            del options["momentum"]
            return PlannedMomentumSGD(planned_momentum(recipe, steps_per_epoch), **options)
    return make(**options)


def follow_rates(
    optimizer: keras.optimizers.Optimizer, recipe: Recipe, steps_per_epoch: int
) -> None:
    """Give an optimizer the learning rates of a recipe that differs in nothing else from its own.

    Args:
        optimizer: as `build_optimizer` made it for epochs this long; compiled or not.
        recipe: says what it is to follow.
        steps_per_epoch: as before.
    """
    planned = optimizer._learning_rate  # noqa: SLF001  # its property looks the rate up
    if isinstance(planned, PlannedRates):
        planned.assign(planned_rates(recipe, steps_per_epoch))
    else:
        optimizer.learning_rate = recipe.learning_rate
