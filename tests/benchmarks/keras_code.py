"""Recipes as people write them in Keras: a Sequential, `compile`, callbacks, `fit`.

Nothing here is shared with `search.models`, which is written to be compared with, not to be fast.
"""

from collections.abc import Mapping
from typing import Any, final

import keras

from search.defaults import (
    EARLY_STOPPING_PATIENCE,
    ONE_CYCLE_END,
    ONE_CYCLE_RISE,
    ONE_CYCLE_START,
    PERFORMANCE_FACTOR,
    PERFORMANCE_PATIENCE,
)
from spaces import Recipe
from tests.benchmarks.materials import Material


@final
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # untyped
    """Linearly up, down again and far down, as people write it for `fit`; momentum stays."""

    def __init__(self, highest: float, steps: int) -> None:
        self._highest, self._steps = highest, steps

    def __call__(self, step: Any) -> Any:
        """The rate of a step."""
        done = keras.ops.cast(step, "float32") / self._steps
        start, rise, end = ONE_CYCLE_START, ONE_CYCLE_RISE, ONE_CYCLE_END
        up = start + (1 - start) * done / rise
        down = 1 - (1 - start) * (done - rise) / rise
        last = start + (end - start) * (done - 2 * rise) / (1 - 2 * rise)
        share = keras.ops.where(done < rise, up, keras.ops.where(done < 2 * rise, down, last))
        return self._highest * share


def network(recipe: Recipe, n_features: int, n_classes: int) -> keras.Sequential:
    """The layers of a recipe of the core levels, or of l1_l2 or max_norm; outputs logits."""
    options: dict[str, Any] = {"kernel_initializer": recipe.initializer}
    if recipe.l1 is not None or recipe.l2 is not None:
        penalty = keras.regularizers.L1L2(recipe.l1 or 0.0, recipe.l2 or 0.0)
        options["kernel_regularizer"] = penalty
    model = keras.Sequential([keras.Input((n_features,))])
    for _ in range(recipe.depth):
        hidden = dict(options)
        if recipe.max_norm is not None:
            hidden["kernel_constraint"] = keras.constraints.MaxNorm(recipe.max_norm)
        if recipe.normalization == "batch":
            model.add(keras.layers.Dense(recipe.width, use_bias=False, **hidden))
            model.add(keras.layers.BatchNormalization())
            model.add(keras.layers.Activation(recipe.activation))
        else:
            model.add(keras.layers.Dense(recipe.width, activation=recipe.activation, **hidden))
        if recipe.dropout_rate is not None:
            model.add(keras.layers.Dropout(recipe.dropout_rate))
    model.add(keras.layers.Dense(n_classes, **options))
    return model


def optimizer(recipe: Recipe, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe of the core levels, its schedule inside where that is planned."""
    rate: Any = recipe.learning_rate
    steps = recipe.epochs * steps_per_epoch
    if recipe.lr_schedule == "one_cycle":
        rate = OneCycle(rate, steps)
    if recipe.lr_schedule == "exponential":
        rate = keras.optimizers.schedules.ExponentialDecay(rate, steps, 0.1)
    decay = recipe.total_weight_decay or None
    match recipe.optimizer:
        case "nag":
            momentum = recipe.momentum
            return keras.optimizers.SGD(rate, momentum, nesterov=True, weight_decay=decay)
        case "adam":
            return keras.optimizers.Adam(rate, weight_decay=decay)
        case "adamw":
            return keras.optimizers.AdamW(rate, weight_decay=decay)
    raise ValueError(f"optimizer must be one of nag, adam, adamw; received {recipe.optimizer!r}")


def compiled(
    recipe: Recipe, material: Material, options: Mapping[str, Any] | None = None
) -> keras.Sequential:
    """A model ready to fit.

    Args:
        recipe: what to build.
        material: what it will be fitted to.
        options: of `compile`, beyond what everyone gives.
    """
    model = network(recipe, material.data.features.shape[1], material.data.n_outputs)
    model.compile(
        optimizer=optimizer(recipe, n_steps(material, recipe.batch_size)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        **(options or {}),
    )
    return model


def n_steps(material: Material, batch_size: int) -> int:
    """Steps of an epoch."""
    return -(-len(material.split.train) // batch_size)


def callbacks(recipe: Recipe) -> list[keras.callbacks.Callback]:
    """What a recipe of the core levels asks for between epochs."""
    found = []
    if recipe.lr_schedule == "performance":
        found.append(
            keras.callbacks.ReduceLROnPlateau(
                factor=PERFORMANCE_FACTOR, patience=PERFORMANCE_PATIENCE
            )
        )
    if recipe.regularization != "none":
        planned = recipe.lr_schedule not in ("performance", "constant")  # is never cut short
        patience = recipe.epochs if planned else EARLY_STOPPING_PATIENCE
        stop = keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
        found.append(stop)
    return found
