"""Somebody else's KerasTuner hypermodel under Optuna.

A hypermodel says what may vary while it builds: `HyperParameters` that ask an Optuna trial for
each value follow it wherever it goes, through conditional scopes and into its own `fit`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, final

import keras
import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from search.errors import InputError
from search.named import Named

MIRRORED = " (from the top)"
"""Ends the name of a parameter whose suggested value counts from the upper end of its range."""


class Suggests(Protocol):
    """What is asked of an Optuna trial, be it running or fixed."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A real number."""

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """A whole number."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of several options."""


@final
class SuggestedHyperParameters(keras_tuner.HyperParameters):  # type: ignore[misc]  # ships no types
    """Hyperparameters whose values an Optuna trial suggests, each when it is first asked for.

    A parameter under conditions is called by them: `kind=cnn/filters`. So one name may stand for
    different ranges in different branches, as KerasTuner allows. Fixed values are not suggested.

    Args:
        trial: suggests values; `optuna.trial.FixedTrial` gives those of a finished one again.
    """

    def __init__(self, trial: Suggests) -> None:
        super().__init__()
        self._trial = trial

    def _register(self, hyperparameter: Any, overwrite: bool = False) -> Any:  # noqa: FBT001, FBT002  # KerasTuner's
        # Public methods say what a parameter is; this one says what it becomes.
        is_new = hyperparameter.name not in self.values
        value = super()._register(hyperparameter, overwrite)
        if not self.is_active(hyperparameter) or not is_new:
            return value
        self.values[hyperparameter.name] = suggested(self._trial, hyperparameter)
        return self.values[hyperparameter.name]


def suggested(trial: Suggests, parameter: Any) -> Any:
    """Ask a trial for one hyperparameter of KerasTuner.

    Numbers on a logarithmic scale with a step, of which there are few, become options.

    Raises:
        ValueError: if it is of a kind that is not known.
    """
    name = suggested_name(parameter)
    match parameter:
        case kinds.Fixed():
            return parameter.value
        case kinds.Boolean():
            return trial.suggest_categorical(name, [False, True])
        case kinds.Choice():
            return trial.suggest_categorical(name, list(parameter.values))
        case kinds.Int() | kinds.Float():
            return _number(trial, name, parameter)
    raise ValueError(f"a hyperparameter must be of a known kind; received {parameter!r}")


def suggested_name(parameter: Any) -> str:
    """What Optuna knows a hyperparameter by: its name after its conditions."""
    conditions = [f"{c.name}={'|'.join(map(str, c.values))}" for c in parameter.conditions]
    return "/".join([*conditions, parameter.name])


def load_hypermodel(named: Named) -> keras_tuner.HyperModel:
    """A person's hypermodel: an object, a class that needs no arguments, or `build(hp)`.

    Raises:
        InputError: if it is none of these or cannot be loaded.
    """
    found = named.load()
    try:
        made = found() if isinstance(found, type) else found
        return _BuiltBy(made) if not isinstance(made, keras_tuner.HyperModel) else made
    except TypeError as error:
        rule = "must be a HyperModel, or a function that builds a model from hyperparameters"
        raise InputError(f"{named.setting} {named.text}", rule, str(error)) from None


def objective_of(result: Any, objective: str, direction: Literal["min", "max"]) -> float:
    """The score in what a hypermodel's `fit` returned, as KerasTuner reads it.

    Args:
        result: a history, whose best epoch counts; metrics by name; a number; or a list of these,
            one for each execution, which are averaged.
        objective: the metric's name.
        direction: which is better.

    Raises:
        ValueError: if it is something else or lacks the metric.
    """
    if isinstance(result, list | tuple) and result:
        return sum(objective_of(each, objective, direction) for each in result) / len(result)
    if isinstance(result, keras.callbacks.History):
        best = min if direction == "min" else max
        result = {name: best(values) for name, values in result.history.items()}
    if isinstance(result, Mapping):
        if objective not in result:
            listed = ", ".join(result)
            raise ValueError(f"fit must tell the {objective}; received {listed or 'nothing'}")
        return float(result[objective])
    if isinstance(result, int | float):
        return float(result)
    raise ValueError(f"fit must return a history, metrics or a number; received {result!r}")


@final
class _BuiltBy(keras_tuner.HyperModel):  # type: ignore[misc]  # KerasTuner ships no types
    def __init__(self, build: Any) -> None:
        if not callable(build):
            raise TypeError(f"a {type(build).__name__}")
        self._function = build
        super().__init__()

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """The model that the function builds."""
        return self._function(hp)


def _number(trial: Suggests, name: str, parameter: Any) -> Any:
    low, high, step = parameter.min_value, parameter.max_value, parameter.step
    is_whole = isinstance(parameter, kinds.Int)
    if low == high:
        return low
    if parameter.sampling == "linear":
        if is_whole:
            return trial.suggest_int(name, low, high, step=step)
        return trial.suggest_float(name, low, high, step=step)
    if step is not None:
        values = sorted(map(int, parameter.values) if is_whole else parameter.values)
        return trial.suggest_categorical(name, values)
    ask = trial.suggest_int if is_whole else trial.suggest_float
    if parameter.sampling == "log":
        return ask(name, low, high, log=True)
    return low + high - ask(name + MIRRORED, low, high, log=True)
