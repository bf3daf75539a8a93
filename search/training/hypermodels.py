"""Somebody else's KerasTuner hypermodel: what it varies, and the same with given values.

A hypermodel says what may vary while it builds and fits, so it is built a few times to find out.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import keras
import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from search.errors import InputError
from search.named import Named
from spaces import Choice, Domain, Float, Int, Space, Value, field_of

MIRRORED = ": from the top"
"""Ends the name of a parameter whose value counts from the upper end of its range."""
MOST_BUILDS = 64
"""To find out what a hypermodel varies."""
_MOST_OPTIONS = 1000

Attempt = Callable[[keras_tuner.HyperParameters], object]
"""Asks hyperparameters for all that a hypermodel asks for."""


@final
class GivenHyperParameters(keras_tuner.HyperParameters):  # type: ignore[misc]  # ships no types
    """Hyperparameters with the values of a point; what is asked for besides has its default.

    Args:
        point: of the space that `explored_space` found.
    """

    def __init__(self, point: Mapping[str, Value]) -> None:
        super().__init__()
        self._given = {field_of(name).partition(":")[0]: value for name, value in point.items()}

    def _register(self, hyperparameter: Any, overwrite: bool = False) -> Any:  # noqa: FBT001, FBT002  # KerasTuner's
        # Public methods say what a parameter is; this one says what it becomes.
        is_new = hyperparameter.name not in self.values
        value = super()._register(hyperparameter, overwrite)
        given = self._given.get(_plain(hyperparameter.name))
        if given is None or not is_new or not self.is_active(hyperparameter):
            return value
        if isinstance(given, str) and isinstance(hyperparameter.default, float):
            given = float(given)
        if _is_mirrored(hyperparameter):
            given = _mirrored(hyperparameter, given)
        self.values[hyperparameter.name] = given
        return given


def load_hypermodel(named: Named) -> keras_tuner.HyperModel:
    """A person's hypermodel: an object, a class that needs no arguments, or `build(hp)`.

    Raises:
        InputError: if it is none of these or cannot be loaded.
    """
    found = named.load()
    try:
        made = found() if isinstance(found, type) else found
        return made if isinstance(made, keras_tuner.HyperModel) else _BuiltBy(made)
    except TypeError as error:
        rule = "must be a HyperModel, or a function that builds a model from hyperparameters"
        raise InputError(f"{named.setting} {named.text}", rule, str(error)) from None


def explored_space(attempt: Attempt) -> Space:
    """What a hypermodel varies: defaults first, conditional scopes as conditions.

    It is tried at its defaults, then until every option of every choice and the upper end of every
    whole number was met, many at a time, each under what brings the parameter: so what it asks for
    under an `if` or in a loop is found, too.

    Args:
        attempt: builds it, and fits where its own `fit` asks for values. What it raises at its
            defaults passes; elsewhere it is no concern: such a trial will fail.
    """
    met: dict[object, _Met] = {}
    _try(attempt, {}, met)
    tried: set[tuple[object, Value]] = set()
    for _ in range(MOST_BUILDS):
        values = _next_values(met, tried)
        if not values:
            break
        with suppress(Exception):
            _try(attempt, values, met)
    return space_of([each.parameter for each in met.values()])


class _Met(NamedTuple):
    parameter: Any
    values: Mapping[str, Value]
    """With which it was first met."""


def _try(attempt: Attempt, values: Mapping[str, Value], met: dict[object, _Met]) -> None:
    """Add what is met with these values and defaults for all others."""
    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    try:
        attempt(hp)
    finally:
        for parameter in hp.space:
            conditions = tuple((c.name, tuple(c.values)) for c in parameter.conditions)
            met.setdefault((parameter.name, conditions), _Met(parameter, values))


def _next_values(met: Mapping[object, _Met], tried: set[tuple[object, Value]]) -> dict[str, Value]:
    """Values that were not tried, of as many parameters as go together; they count as tried."""
    chosen: dict[str, Value] = {}
    for key, (parameter, values) in met.items():
        end = next((end for end in _ends(parameter) if (key, end) not in tried), None)
        if end is None:
            continue
        conditions = {c.name: c.values for c in parameter.conditions}
        needed = {x: its[0] for x, its in conditions.items() if values.get(x) not in its}
        wanted = {**values, **needed, parameter.name: end}
        if all(chosen.get(name, value) == value for name, value in wanted.items()):
            chosen |= wanted
            tried.add((key, end))
    return chosen


def space_of(parameters: Sequence[Any]) -> Space:
    """KerasTuner's hyperparameters as a space of ours.

    What is fixed, or has one value, does not vary. Numbers with a step of their own become options.
    A parameter under several values of its parent exists under each; one whose parent is no choice
    of texts or whole numbers is always there, and ignored where it is not asked for.
    """
    parents = {condition.name for x in parameters for condition in x.conditions}
    root = _Branch()
    places: dict[str, list[tuple[_Branch, str]]] = {}
    taken: set[str] = set()
    for parameter in parameters:
        domain = _domain(parameter, is_parent=parameter.name in parents)
        if domain is None:
            continue
        for branch in list(_branches(root, parameter, places)):
            key = _key(parameter)
            if key in branch.domains:
                continue
            if branch.prefix + key in taken:
                key += ": " + "/".join(_plain(f"{name} {value}") for name, value in branch.path)
            taken.add(branch.prefix + key)
            branch.domains[key] = domain
            places.setdefault(parameter.name, []).append((branch, key))
    return root.space()


@final
@dataclass(slots=True)
class _Branch:
    """A space as it grows."""

    path: tuple[tuple[str, str | int], ...] = ()
    """The choices under which it exists."""
    domains: dict[str, Domain] = field(default_factory=dict)
    under: "dict[str, dict[str | int, _Branch]]" = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        return f"{self.path[-1][1]}." if self.path else ""

    def space(self) -> Space:
        return Space(
            self.domains,
            {name: {x: b.space() for x, b in its.items()} for name, its in self.under.items()},
        )


def _branches(
    root: _Branch, parameter: Any, places: Mapping[str, Sequence[tuple[_Branch, str]]]
) -> Iterator[_Branch]:
    """Where a parameter exists: under the last of its conditions, which the others lead to."""
    wanted = {condition.name: condition.values for condition in parameter.conditions}
    for condition in reversed(parameter.conditions):
        found = [
            branch.under.setdefault(key, {}).setdefault(
                value, _Branch((*branch.path, (condition.name, value)))
            )
            for branch, key in places.get(condition.name, ())
            if all(value in wanted.get(name, [value]) for name, value in branch.path)
            for value in condition.values
            if isinstance(value, str | int) and branch.domains[key].accepts(value)
            if isinstance(branch.domains[key], Choice)
        ]
        if found:
            yield from found
            return
    yield root


def _domain(parameter: Any, *, is_parent: bool) -> Domain | None:
    """What a parameter may be; None if that is one thing alone."""
    match parameter:
        case kinds.Fixed():
            return None
        case kinds.Boolean():
            return _options(parameter, (False, True))
        case kinds.Choice():
            return _options(parameter, parameter.values)
    return _number(parameter, is_parent=is_parent)


def _number(parameter: Any, *, is_parent: bool) -> Domain | None:
    low, high, is_whole = parameter.min_value, parameter.max_value, isinstance(parameter, kinds.Int)
    if low == high:
        return None
    if parameter.step not in ((1, None) if parameter.sampling == "linear" else (None,)):
        return _options(parameter, _steps(parameter))
    if is_parent and is_whole and high - low < _MOST_OPTIONS:
        return _options(parameter, range(low, high + 1))
    default = parameter.default
    default = _mirrored(parameter, default) if _is_mirrored(parameter) else default
    kind = Int if is_whole else Float
    return kind(low, high, default=default, log=parameter.sampling != "linear")


def _steps(parameter: Any) -> Iterator[float]:
    """The numbers from low to high; on a logarithmic scale a step is a ratio."""
    value, is_linear = parameter.min_value, parameter.sampling == "linear"
    while value <= parameter.max_value:
        yield value
        value = value + parameter.step if is_linear else value * parameter.step
        value = value if isinstance(parameter, kinds.Int) else float(f"{value:.12g}")


def _options(parameter: Any, values: Any) -> Choice | None:
    """One of several, the default first; real numbers are written as text, as options must be."""
    options = dict.fromkeys((parameter.default, *values))
    texts = tuple(repr(x) if isinstance(x, float) else x for x in options)
    return Choice(texts) if len(texts) > 1 else None


def _ends(parameter: Any) -> Iterator[Value]:
    """Values that may let a hypermodel ask for more than its defaults do."""
    match parameter:
        case kinds.Boolean():
            yield not parameter.default
        case kinds.Choice():
            others = (x for x in parameter.values if x != parameter.default)
            yield from (x for x in others if not isinstance(x, float))
        case kinds.Int():
            yield parameter.max_value


def _is_mirrored(parameter: Any) -> bool:
    return getattr(parameter, "sampling", None) == "reverse_log" and parameter.step is None


def _mirrored(parameter: Any, value: Any) -> Any:
    """A value as it counts from the other end of its range."""
    low, high = parameter.min_value, parameter.max_value
    return min(max(low + high - value, low), high)


def _key(parameter: Any) -> str:
    """What a parameter is called in a space, but for the option that brings it."""
    return _plain(parameter.name) + (MIRRORED if _is_mirrored(parameter) else "")


def _plain(name: str) -> str:
    """A name in letters that MLflow takes and that have no meaning in a space's names."""
    return re.sub(r"[^\w\- /]", "_", name)


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
