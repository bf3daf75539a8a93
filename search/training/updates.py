"""Optimizers as numbers: one formula for each family, all that distinguishes members an argument.

The formulas are those of Keras 3 (`keras/src/optimizers`), its default constants included.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from search.rows import Array
from spaces import Recipe

BETA_1 = 0.9
BETA_2 = 0.999
RHO = 0.9
EPSILON = 1e-7

NUMBERS = {
    "sgd": ("momentum", "nesterov"),
    "adam": (),
    "nadam": ("momentum_share", "gradient_share", "variance_share"),
    "rmsprop": (),
}
"""Optimizer family -> what its formula takes beside the rate and the decay."""

Numbers = Mapping[str, tf.Tensor]
Slots = tuple[tf.Tensor, ...]


def step_numbers(
    recipe: Recipe, rates: Array, momentum: Array, first_step: int
) -> dict[str, Array]:
    """What the update formulas take of one member in one epoch.

    Args:
        recipe: the member's.
        rates: (steps,) learning rates.
        momentum: (steps,) momentum, 0 where the optimizer has none.
        first_step: steps since training began at the first of these.

    Returns:
        name -> (steps,) float64; which names depends only on the optimizer family.
    """
    t = first_step + 1.0 + np.arange(len(rates))
    numbers = {"rate": rates, "decay": rates * recipe.total_weight_decay}
    match recipe.optimizer:
        case "nag" | "momentum" | "sgd":
            numbers["momentum"] = momentum
            numbers["nesterov"] = np.full(len(rates), float(recipe.optimizer == "nag"))
        case "adam" | "adamw":
            numbers["rate"] = rates * np.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
        case "nadam":
            schedule = BETA_1 * (1 - 0.5 * 0.96 ** np.arange(1, first_step + len(rates) + 2))
            product = np.cumprod(schedule)
            now, following = slice(first_step, -1), slice(first_step + 1, None)
            numbers["momentum_share"] = schedule[following] / (1 - product[following])
            numbers["gradient_share"] = (1 - schedule[now]) / (1 - product[now])
            numbers["variance_share"] = 1 / (1 - BETA_2**t)
        case "rmsprop":
            pass
    return numbers


def number_names(families: Sequence[str]) -> tuple[str, ...]:
    """Every name of the numbers that some families take."""
    return ("rate", "decay", *(name for family in families for name in NUMBERS[family]))


def update(
    families: Sequence[str],
    weight: tf.Tensor,
    gradient: tf.Tensor,
    slots: Slots,
    numbers: Numbers,
    choice: tf.Tensor,
) -> tuple[tf.Tensor, Slots]:
    """One step of one weight.

    Args:
        families: the optimizer families of the stack: all are computed, and one is chosen.
        weight: of all members of a stack.
        gradient: as `weight`.
        slots: what the optimizers keep beside this weight, each as `weight`.
        numbers: name -> a tensor that broadcasts against `weight`, from `step_numbers`.
        choice: broadcasts against `weight`: which of the families each member has.

    Returns:
        The weight and its slots after the step.
    """

    def chosen(candidates: Iterable[tuple[tf.Tensor, ...]]) -> tuple[tf.Tensor, ...]:
        found, *others = candidates
        for number, other in enumerate(others, start=1):
            mine = choice == number
            found = tuple(tf.where(mine, x, y) for x, y in zip(other, found, strict=True))
        return found

    slots = chosen(_slots_after(family, gradient, slots, numbers) for family in families)
    weight -= weight * numbers["decay"]
    (change,) = chosen((_change(family, gradient, slots, numbers),) for family in families)
    return weight + change, slots


def _slots_after(family: str, gradient: tf.Tensor, slots: Slots, numbers: Numbers) -> Slots:
    """What a family keeps after a step; slots it has no use for stay."""
    match family:
        case "sgd":
            return (numbers["momentum"] * slots[0] - numbers["rate"] * gradient, *slots[1:])
        case "rmsprop":
            return (RHO * slots[0] + (1 - RHO) * tf.square(gradient), *slots[1:])
        case _:
            mean = slots[0] + (gradient - slots[0]) * (1 - BETA_1)
            return mean, slots[1] + (tf.square(gradient) - slots[1]) * (1 - BETA_2)


def _change(family: str, gradient: tf.Tensor, slots: Slots, numbers: Numbers) -> tf.Tensor:
    """What a family adds to the weight, its slots being those after the step."""
    rate = numbers["rate"]
    match family:
        case "sgd":
            velocity, nesterov = slots[0], numbers["nesterov"]
            ahead = numbers["momentum"] * velocity - rate * gradient
            return nesterov * ahead + (1 - nesterov) * velocity
        case "rmsprop":
            return -rate * gradient * tf.math.rsqrt(slots[0] + EPSILON)
        case "adam":
            return -rate * slots[0] / (tf.sqrt(slots[1]) + EPSILON)
        case _:
            mean, square = slots
            direction = numbers["momentum_share"] * mean + numbers["gradient_share"] * gradient
            spread = tf.sqrt(square * numbers["variance_share"]) + EPSILON
            return -rate * direction / spread
