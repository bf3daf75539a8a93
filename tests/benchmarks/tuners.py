"""The same random search with Optuna and with KerasTuner, as their own examples do it."""

import tempfile
import time
from collections.abc import Iterator
from statistics import mean, median
from typing import Any, final

import keras
import keras_tuner
import optuna

from spaces import Choice, Float, Value
from tests.benchmarks.keras_code import callbacks, compiled
from tests.benchmarks.materials import Material, core_space, digits, random_points, recipe_of


def optuna_side(options: dict[str, Any]) -> dict[str, Any]:
    """An objective that suggests, builds, fits and evaluates, after Optuna's own Keras example.

    The configurations are enqueued, so that they are the same as everyone's.
    """
    material = digits().tiny() if options["tiny"] else digits()
    epochs: list[int] = []

    def objective(trial: optuna.Trial) -> float:
        keras.backend.clear_session()
        values: dict[str, Value] = {}
        for name, domain in core_space().active(values):
            if isinstance(domain, Choice):
                chosen = trial.suggest_categorical(name, domain.options)
                assert chosen is not None  # it is one of the options
                values[name] = chosen
            else:
                values[name] = trial.suggest_float(name, domain.low, domain.high, log=_log(domain))
        recipe = recipe_of(values, options["epochs"])
        model = compiled(recipe, material)
        x, y = material.train
        history = model.fit(
            x,
            y,
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            validation_data=material.validation,
            callbacks=callbacks(recipe),
            verbose=0,
        )
        epochs.append(len(history.epoch))
        return float(model.evaluate(*material.validation, verbose=0)[1])

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ready = time.time()
    study = optuna.create_study(direction="maximize")
    for point in random_points(options["trials"]):
        study.enqueue_trial(point)
    study.optimize(objective, n_trials=options["trials"])
    errors = [1 - (trial.value or 0.0) for trial in study.trials]
    return _found(options, ready, epochs, errors)


def keras_tuner_side(options: dict[str, Any]) -> dict[str, Any]:
    """`search` of a hypermodel with KerasTuner; its RandomSearch is given what it would draw."""
    material = digits().tiny() if options["tiny"] else digits()
    hypermodel = _HyperModel(material, options["epochs"])
    with tempfile.TemporaryDirectory() as folder:
        ready = time.time()
        tuner = keras_tuner.Tuner(
            oracle=_GivenSearch(options["trials"]),
            hypermodel=hypermodel,
            directory=folder,
            project_name="benchmark",
        )
        x, y = material.train
        tuner.search(x, y, validation_data=material.validation, verbose=0)
        trials = tuner.oracle.trials.values()
    return _found(options, ready, hypermodel.epochs, [1 - trial.score for trial in trials])


@final
class _HyperModel(keras_tuner.HyperModel):  # type: ignore[misc]  # KerasTuner ships no types
    """Builds and fits what it suggests, as KerasTuner's guide tells to tune the fitting too."""

    def __init__(self, material: Material, epochs: int) -> None:
        super().__init__()
        self._material, self._epochs = material, epochs
        self.epochs: list[int] = []

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        return compiled(recipe_of(suggested(hp), self._epochs), self._material)

    def fit(
        self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **options: Any
    ) -> Any:
        recipe = recipe_of(suggested(hp), self._epochs)
        options["callbacks"] = [*options["callbacks"], *callbacks(recipe)]
        options |= {"epochs": recipe.epochs, "batch_size": recipe.batch_size}
        history = model.fit(*args, **options)
        self.epochs.append(len(history.epoch))
        return history


def suggested(hp: keras_tuner.HyperParameters) -> dict[str, Value]:
    """A point of the core levels, asked for as a hypermodel asks."""
    values: dict[str, Value] = {}
    for name, domain in core_space().active(values):
        if isinstance(domain, Choice):
            values[name] = hp.Choice(name, list(domain.options))
        else:
            scale = "log" if _log(domain) else "linear"
            values[name] = hp.Float(name, domain.low, domain.high, sampling=scale)
    return values


@final
class _GivenSearch(keras_tuner.oracles.RandomSearchOracle):  # type: ignore[misc]  # untyped
    """RandomSearch, but for where its points come from."""

    def __init__(self, trials: int) -> None:
        super().__init__(objective="val_accuracy", max_trials=trials)
        self._points: Iterator[dict[str, Value]] = iter(random_points(trials))

    def populate_space(self, _: str) -> dict[str, Any]:
        return {"status": "RUNNING", "values": next(self._points)}


def _log(domain: Any) -> bool:
    assert isinstance(domain, Float)
    return domain.log


def _found(
    options: dict[str, Any], ready: float, epochs: list[int], errors: list[float]
) -> dict[str, Any]:
    return {
        "trials": options["trials"],
        "startup": ready - options["started"],
        "searching": time.time() - ready,
        "epochs": mean(epochs),
        "error": median(errors),
    }
