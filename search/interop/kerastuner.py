"""Our search spaces for KerasTuner's tuners.

tuner = keras_tuner.Hyperband(
    hypermodel("shallow", SHALLOW, n_features=64, n_outputs=10, n_train=1200),
    objective="val_loss", max_epochs=30,
)
tuner.search(x, y, validation_data=(x_validation, y_validation))
"""

from typing import Any, final

import keras
import keras_tuner

from search.models import build_model, build_optimizer, loss_for
from search.rows import Task
from search.training.batches import n_steps
from search.training.keras_trainer import METRICS, recipe_callbacks
from spaces import Choice, Domain, Int, Recipe, Space, Value, get_space, recipe_at

EPOCHS = "tuner/epochs"
"""Where Hyperband puts how many epochs a trial is to run."""


def hypermodel(
    space: str | Space,
    base: Recipe,
    *,
    n_features: int,
    n_outputs: int,
    n_train: int,
    task: Task = "classification",
) -> keras_tuner.HyperModel:
    """A search space as a hypermodel that builds, compiles and fits its recipes.

    Metrics of a trial are `loss` and `metric` (the accuracy, or the RMSE), and the same of the
    validation rows with `val_` before them.

    Args:
        space: over recipe fields, by name or itself.
        base: gives every field that the space has not.
        n_features: length of a row.
        n_outputs: classes, or 1 for a regression.
        n_train: training rows, which learning rate schedules are planned by.
        task: what is predicted. Classes are indices.

    Raises:
        ValueError: listing the spaces, if there is none of this name.
    """
    found = get_space(space) if isinstance(space, str) else space
    return _RecipeModel(found, base, (n_features, n_outputs, n_train), task)


def recipe_of(hp: keras_tuner.HyperParameters, space: Space, base: Recipe) -> Recipe:
    """The recipe that hyperparameters stand for, for as many epochs as Hyperband grants it."""
    recipe = recipe_at(base, _values(hp, space))
    return recipe.replace(epochs=hp.values.get(EPOCHS, recipe.epochs))


@final
class _RecipeModel(keras_tuner.HyperModel):  # type: ignore[misc]  # KerasTuner ships no types
    def __init__(self, space: Space, base: Recipe, sizes: tuple[int, int, int], task: Task) -> None:
        super().__init__(name="recipes")
        self._space, self._base, self._task = space, base, task
        self._n_features, self._n_outputs, self._n_train = sizes

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """The model of a recipe, compiled."""
        recipe = recipe_of(hp, self._space, self._base)
        steps = n_steps(self._n_train, recipe.batch_size)
        model = build_model(recipe, self._n_features, self._n_outputs)
        model.compile(
            optimizer=build_optimizer(recipe, steps_per_epoch=steps),
            loss=loss_for(self._task),
            metrics=[METRICS[self._task]()],
        )
        model.optimizer.build(model.trainable_variables)  # so that tuners can load its state
        return model

    def fit(
        self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **options: Any
    ) -> Any:
        """Fit by the recipe; what a person or the tuner says of batches and epochs wins."""
        recipe = recipe_of(hp, self._space, self._base)
        given = {"batch_size": recipe.batch_size, "epochs": recipe.epochs, **options}
        given["callbacks"] = [*recipe_callbacks(recipe), *options.get("callbacks", ())]
        return model.fit(*args, **given)


def _values(hp: Any, space: Space, prefix: str = "") -> dict[str, Value]:
    """Ask for every parameter of a space; the values of those that are active."""
    values: dict[str, Value] = {}
    for name, domain in space.domains.items():
        full = prefix + name
        values[full] = _value(hp, full, domain)
        for option, nested in space.conditions.get(name, {}).items():
            with hp.conditional_scope(full, [option]):
                found = _values(hp, nested, f"{option}.")
            if values[full] == option:
                values |= found
    return values


def _value(hp: Any, name: str, domain: Domain) -> Value:
    if isinstance(domain, Choice):
        chosen: Value = hp.Choice(name, list(domain.options), default=domain.default)
        return chosen
    ask = hp.Int if isinstance(domain, Int) else hp.Float
    sampling = "log" if domain.log else "linear"
    number: Value = ask(name, domain.low, domain.high, sampling=sampling, default=domain.default)
    return number
