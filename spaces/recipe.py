"""One complete training configuration, and the guideline's three defaults."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from spaces.guideline import FACTORS, TABLE, Level
from spaces.space import Value

FORMAT = 1

OF_A_HYPERMODEL = ("batch_size", "epochs")
"""What a recipe says beside a hypermodel's values, unless the hypermodel does."""
_NUMBERS = ("depth", "width", "batch_size", "epochs")
_LARGEST = 2**31 - 1  # what an array's axis may have
# field: (may it equal zero, what it must stay below)
_STRENGTHS: dict[str, tuple[bool, float]] = {
    "learning_rate": (False, float("inf")),
    "momentum": (True, 1.0),
    "adamw_weight_decay": (True, float("inf")),
    "weight_decay": (True, float("inf")),
    "dropout_rate": (True, 1.0),
    "l1": (True, float("inf")),
    "l2": (True, float("inf")),
    "max_norm": (False, float("inf")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides a training but the data and the seeds.

    A hyperparameter that its levels do not bring is None: there is no momentum under Adam.

    Raises:
        ValueError: naming the field, the rule and what was received.
    """

    initializer: str
    """Kernel initializer of every layer."""
    activation: str
    """Activation of the hidden layers."""
    normalization: str
    """Normalization layers, if any, and where they stand."""
    regularization: str
    """What keeps the network from overfitting; every level but `none` restores the best epoch."""
    optimizer: str
    """The optimizer's name."""
    lr_schedule: str
    """How the learning rate moves over the epochs."""
    depth: int
    """Hidden layers, at least 1."""
    width: int
    """Units in each hidden layer, at least 1."""
    batch_size: int
    """Rows in a step, at least 1."""
    epochs: int
    """Passes over the training rows, at least 1."""
    learning_rate: float
    """The constant or initial rate, or the maximum of one_cycle and cosine; above 0."""
    momentum: float | None = None
    """Of nag and momentum, in [0, 1); one_cycle moves it from 0.05 above to 0.05 below and back."""
    adamw_weight_decay: float | None = None
    """The decay AdamW brings, a fraction of the learning rate taken off each weight a step."""
    weight_decay: float | None = None
    """The same under the `weight_decay` level, whatever the optimizer."""
    dropout_rate: float | None = None
    """Share of units dropped, in [0, 1)."""
    l1: float | None = None
    """Factor of the absolute kernel penalty."""
    l2: float | None = None
    """Factor of the squared kernel penalty."""
    max_norm: float | None = None
    """Largest norm of a hidden unit's incoming weights."""
    values: tuple[tuple[str, Value], ...] = ()
    """Of a hypermodel, by their full names in its space. Where there are any, they and what the
    hypermodel makes of them decide all but batch size and epochs."""

    def __post_init__(self) -> None:
        for name in (*FACTORS, *_NUMBERS):
            check_field(name, getattr(self, name))
        active = self.hyperparameters()
        for name in _STRENGTHS:
            value = getattr(self, name)
            if name in active:
                check_field(name, value)
                object.__setattr__(self, name, float(value))
            elif value is not None:
                raise ValueError(f"{name} does not exist under {self}; received {value!r}")

    def __str__(self) -> str:
        """The six levels, or a hypermodel's values, short enough for a log line."""
        if self.values:
            return " ".join(f"{name}={value}" for name, value in self.values)
        return " ".join(f"{name}={getattr(self, name)}" for name in FACTORS)

    @property
    def levels(self) -> dict[str, Level]:
        """Factor -> the level this recipe has, in the table's order."""
        return {name: factor.get(getattr(self, name)) for name, factor in FACTORS.items()}

    @property
    def total_weight_decay(self) -> float:
        """The optimizer's own decay and the regularization's together."""
        return (self.adamw_weight_decay or 0.0) + (self.weight_decay or 0.0)

    @property
    def restores_best(self) -> bool:
        """Whether training ends with the best epoch's weights instead of the last one's."""
        return self.regularization != "none"

    def value_of(self, parameter: str) -> Value | None:
        """What it has of a parameter of a space, by its full name: `nag.momentum`."""
        if self.values:
            return dict(self.values).get(parameter)
        value: Value | None = getattr(self, field_of(parameter))
        return value

    def hyperparameters(self) -> dict[str, float]:
        """The numbers that this recipe's levels bring, with their values."""
        names = [name for level in self.levels.values() for name in level.hyperparameters()]
        return {name: getattr(self, name) for name in names}

    def replace(self, **values: Value) -> Self:
        """This recipe with other values; hyperparameters that levels bring or take come and go.

        A number that a new level brings starts at that level's default, as does the learning rate
        under a new optimizer.
        """
        fields = {**dataclasses.asdict(self), **values}
        old = self.levels
        for name, factor in FACTORS.items():
            if fields[name] == getattr(self, name):
                continue
            for gone in old[name].hyperparameters():
                if gone not in values:
                    fields[gone] = None
            for number, domain in factor.get(fields[name]).hyperparameters().items():
                if number not in values:
                    fields[number] = domain.default
        return type(self)(**fields)

    def to_dict(self) -> dict[str, Any]:
        """Format version and all fields that exist, ready for JSON."""
        fields = dataclasses.asdict(self)
        if self.values:
            own = {name: fields[name] for name in OF_A_HYPERMODEL}
            return {"format": FORMAT, **own, "values": dict(self.values)}
        return {"format": FORMAT, **{k: v for k, v in fields.items() if v not in (None, ())}}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The recipe written by `to_dict`.

        Raises:
            ValueError: for another format version, or unknown, missing or wrong fields.
        """
        if fields.get("format") != FORMAT:
            raise ValueError(
                f"a recipe's format must be {FORMAT}; received {fields.get('format')!r}"
            )
        given = {name: value for name, value in fields.items() if name != "format"}
        if "values" in given:
            given = {**dataclasses.asdict(SHALLOW), **given}
            given["values"] = tuple(dict(given["values"]).items())
        known = {field.name: field for field in dataclasses.fields(cls)}
        for name in given:
            if name not in known:
                raise ValueError(f"a recipe has no field {name!r}; fields: {', '.join(known)}")
        for name, field in known.items():
            if name not in given and field.default is dataclasses.MISSING:
                raise ValueError(f"a recipe must have the field {name!r}; received {sorted(given)}")
        return cls(**given)

    def to_json(self) -> str:
        """One line of JSON, keys in a fixed order."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The recipe written by `to_json`.

        Raises:
            ValueError: if `text` is no JSON object, and as `from_dict` does.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict):
            raise ValueError(f"a recipe must be a JSON object; received {type(fields).__name__}")
        return cls.from_dict(fields)


FIELDS = tuple(field.name for field in dataclasses.fields(Recipe) if field.name != "values")
"""The fields of a recipe, in their order."""


def field_of(parameter: str) -> str:
    """The recipe field that a parameter sets, given its full name."""
    return parameter.rpartition(".")[2]


def check_field(name: str, value: Any) -> None:
    """Check the value of one field, whatever the others are.

    Raises:
        ValueError: naming the field, the rule and what was received.
    """
    if name in FACTORS:
        FACTORS[name].get(value)
    elif name in _NUMBERS:
        _check_number(name, value)
    else:
        _check_strength(name, value)


def _check_number(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1; received {value!r}")
    if value > _LARGEST:
        raise ValueError(f"{name} must be at most {_LARGEST:,}; received {value!r}")


def _check_strength(name: str, value: Any) -> None:
    may_be_zero, below = _STRENGTHS[name]
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{name} must be a number; received {value!r}")
    is_above = value > 0 or (may_be_zero and value == 0)
    if not is_above or not value < below or value > sys.float_info.max:
        low = "[0" if may_be_zero else "(0"
        raise ValueError(f"{name} must lie in {low}, {below:g}); received {value!r}")


def _default(guideline: str, depth: int) -> Recipe:
    """A column of the table as a recipe, its numbers at their defaults."""
    chosen = {factor: choices[0] for factor, choices in TABLE[guideline].items()}
    numbers: dict[str, float] = {}
    for factor, name in chosen.items():
        for number, domain in FACTORS[factor].get(name).hyperparameters().items():
            numbers[number] = domain.default
    shape = {"depth": depth, "width": 100, "batch_size": 32, "epochs": 30}
    return Recipe.from_dict({"format": FORMAT, **chosen, **shape, **numbers})


SHALLOW = _default("shallow", depth=2)
DEEP = _default("deep", depth=8)
SELF_NORMALIZING = _default("self_normalizing", depth=8)

RECIPES: dict[str, Recipe] = {
    "shallow": SHALLOW,
    "deep": DEEP,
    "self_normalizing": SELF_NORMALIZING,
}


def get_recipe(name: str) -> Recipe:
    """The guideline's default recipe called `name`.

    Raises:
        ValueError: listing the recipes.
    """
    if name not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(RECIPES)}; received {name!r}")
    return RECIPES[name]
