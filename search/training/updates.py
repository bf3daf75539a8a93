"""Optimizers as numbers: one formula for each family, all that distinguishes members an argument.

The formulas are those of Keras 3 (`keras/src/optimizers`), its default constants included.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from search.rows import Array
from spaces import Recipe

BETA_1 = 0.9
BETA_2 = 0.999
RHO = 0.9
EPSILON = 1e-7

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


def update(
    family: str, weight: tf.Tensor, gradient: tf.Tensor, slots: Slots, numbers: Numbers
) -> tuple[tf.Tensor, Slots]:
    """One step of one weight.

    Args:
        family: a value of OPTIMIZER_FAMILIES.
        weight: of all members of a stack.
        gradient: as `weight`.
        slots: what the optimizer keeps beside this weight, each as `weight`.
        numbers: name -> a tensor that broadcasts against `weight`, from `step_numbers`.

    Returns:
        The weight and its slots after the step.
    """
    rate = numbers["rate"]
    weight -= weight * numbers["decay"]
    if family == "sgd":
        momentum, nesterov = numbers["momentum"], numbers["nesterov"]
        step = rate * gradient
        velocity = momentum * slots[0] - step
        ahead = nesterov * (momentum * velocity - step) + (1 - nesterov) * velocity
        return weight + ahead, (velocity,)
    if family == "rmsprop":
        square = RHO * slots[0] + (1 - RHO) * tf.square(gradient)
        return weight - rate * gradient * tf.math.rsqrt(square + EPSILON), (square,)
    mean = slots[0] + (gradient - slots[0]) * (1 - BETA_1)
    square = slots[1] + (tf.square(gradient) - slots[1]) * (1 - BETA_2)
    if family == "adam":
        return weight - rate * mean / (tf.sqrt(square) + EPSILON), (mean, square)
    direction = numbers["momentum_share"] * mean + numbers["gradient_share"] * gradient
    spread = tf.sqrt(square * numbers["variance_share"]) + EPSILON
    return weight - rate * direction / spread, (mean, square)
