"""What a person asks for: the settings of one sweep, parsed and checked once."""

import dataclasses
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Self, final

from search import defaults
from search.errors import InputError
from spaces import QUESTIONS, RECIPES, Recipe, get_recipe, questions, swept_factors

LIMITS = ("replicates", "budget")
"""Settings that may be raised when a sweep is run again."""
NOT_PART_OF_A_SWEEP = ("name", "tracking_uri", "workers")
"""Settings that do not change what is found."""
ALL = "all"
"""Among the factors to check: all that the recipe sweeps one by one."""
LONGEST_NAME = 100
"""Characters in the name of a sweep, which is a folder's, too."""

_UNITS = {"s": 1, "m": 60, "h": 3600}
_SHAPE = ("width", "batch_size", "epochs")
"""Whole numbers that the recipe has, unless they are given; so is the depth."""
_LEAST = dict.fromkeys((*_SHAPE, "lanes", "replicates", "workers"), 1) | {
    "pilot_trials": 4,
    "seed": 0,
}
_CHOICES = {
    "task": ("classification", "regression"),
    "metric": ("error", "balanced_error", "log_loss", "auc", "rmse", "mae"),
    "class_weight": ("balanced",),
}
"""Settings that may be None or one of these."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one sweep; None leaves a choice to the recipe, the data or the defaults.

    Raises:
        InputError: naming the setting, the rule and what was received.
    """

    name: str | None = None
    """Of the sweep; by default after its data and recipe."""
    data: str = defaults.DATA
    """An embedded data set or a file."""
    target: str | None = None
    """Column to predict, for files."""
    # `search.rows.Task`, spelled out: that import would read tables with pandas for `--help`.
    task: Literal["classification", "regression"] | None = None
    """Classification or regression, where the target leaves it open."""
    metric: Literal["error", "balanced_error", "log_loss", "auc", "rmse", "mae"] | None = None
    """What recipes are compared in; None for the error rate or the RMSE."""
    group: str | None = None
    """Column whose equal values keep rows together: patients, users."""
    time: str | None = None
    """Column that says when a row was made: the latest rows confirm."""
    categories: tuple[str, ...] = ()
    """Columns of numbers that are codes of categories."""
    class_weight: Literal["balanced"] | None = None
    """Whether every class weighs the same in training."""
    recipe: str = defaults.RECIPE
    """The guideline's default recipe to check."""
    factors: tuple[str, ...] | None = None
    """What to check, out of the factors that the recipe sweeps, `block` and `recipe`; `all` stands
    for the factors, and so does None."""
    levels: Literal["core", "full"] = "core"
    """How many alternatives each factor has."""
    depth: int | tuple[int, ...] | None = None
    """Hidden layers; several are compared side by side, in a table each."""
    width: int | None = None
    """Units in each."""
    epochs: int | None = None
    """Passes over the training rows."""
    batch_size: int | None = None
    """Rows in a step."""
    margin: float | None = None
    """Smallest difference that matters: of the loss, or ln of an RMSE or MAE ratio; in (0, 1)."""
    lanes: int = defaults.LANES
    """Points of a level's nuisance window in each replicate."""
    pilot_trials: int = defaults.PILOT_TRIALS
    """Trials that find each level's window, at least 4."""
    replicates: int | None = None
    """At most this many; None leaves it as it is, or 32 to begin with."""
    budget: float | None = None
    """Seconds of training in total, over all resumes; None leaves it as it is, or sets no limit."""
    seed: int = defaults.SEED
    """Root of all randomness, at least 0."""
    workers: int | None = None
    """Processes that train, at least 1; None for one a core."""
    tracking_uri: str | None = None
    """Of an MLflow server; None logs to the local database."""

    def __post_init__(self) -> None:
        _check_choice("recipe", self.recipe, RECIPES)
        _check_choice("levels", self.levels, ("core", "full"))
        for setting, choices in _CHOICES.items():
            value = getattr(self, setting)
            if value is not None:
                _check_choice(setting, value, choices)
        if self.factors is not None:
            self._tidy_factors(self.factors)
        if self.depth is not None:
            self._tidy_depth(self.depth if isinstance(self.depth, tuple) else (self.depth,))
        for setting, least in _LEAST.items():
            value = getattr(self, setting)
            if value is not None or setting not in (*_SHAPE, "replicates", "workers"):
                _check_whole(setting, value, least)
        if self.margin is not None:
            rule = "must be a number between 0 and 1; 0.01 is 1 percentage point of error"
            _check_number("margin", self.margin, below=1.0, rule=rule)
        if self.budget is not None:
            rule = "must be a number of seconds above 0"
            _check_number("budget", self.budget, below=math.inf, rule=rule)
        if self.name is not None:
            _check_name(self.name)

    def _tidy_factors(self, factors: tuple[str, ...]) -> None:
        """Check the factors and give equal requests one form."""
        swept, asked = swept_factors(self.recipe), questions(self.recipe)
        if not factors:
            raise InputError("--factors", f"must name some of {', '.join(asked)}", "nothing")
        for factor in factors:
            _check_choice("factors", factor, (*QUESTIONS, ALL))
            if factor not in (*asked, ALL):
                rule = f"under recipe {self.recipe} must be among {', '.join(asked)}"
                raise InputError("--factors", rule, factor)
        wanted = {*factors, *swept} if ALL in factors else set(factors)
        chosen = tuple(question for question in asked if question in wanted)
        object.__setattr__(self, "factors", None if chosen == swept else chosen)

    def _tidy_depth(self, depths: tuple[int, ...]) -> None:
        """Check the depths and give equal requests one form."""
        for depth in depths or ("nothing",):
            _check_whole("depth", depth, 1)
        found = tuple(sorted(set(depths)))
        object.__setattr__(self, "depth", found if len(found) > 1 else found[0])

    @property
    def checked_factors(self) -> tuple[str, ...]:
        """What to check: factors in the table's order, then `block` and `recipe`."""
        return self.factors or swept_factors(self.recipe)

    @property
    def depths(self) -> tuple[int, ...]:
        """Numbers of hidden layers to compare at, ascending."""
        depth = get_recipe(self.recipe).depth if self.depth is None else self.depth
        return depth if isinstance(depth, tuple) else (depth,)

    @property
    def n_replicates(self) -> int:
        """At most this many replicates."""
        return defaults.REPLICATES if self.replicates is None else self.replicates

    def default_recipe(self, n_development: int) -> Recipe:
        """The recipe that is checked, for this many development rows; at the first depth."""
        many = n_development > defaults.MANY_ROWS
        values: dict[str, int] = {"epochs": defaults.EPOCHS_MANY_ROWS if many else defaults.EPOCHS}
        values |= {name: getattr(self, name) for name in _SHAPE if getattr(self, name) is not None}
        return get_recipe(self.recipe).replace(**{**values, "depth": self.depths[0]})

    def to_dict(self) -> dict[str, Any]:
        """All settings, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The settings written by `to_dict`, perhaps read back from JSON."""
        lists = {key: tuple(x) for key, x in values.items() if isinstance(x, list | tuple)}
        return cls(**{**values, **lists})


def parse_settings(given: Mapping[str, str]) -> Settings:
    """Settings given as text, by name; those left out keep their defaults.

    `factors` may be `all` and names between commas, `depth` numbers and `categories` names between
    commas, `budget` a time such as 90s, 10m or 1.5h.

    Raises:
        InputError: naming the setting, the rule and what was received.
    """
    return Settings(**{name: _PARSERS.get(name, str)(text) for name, text in given.items()})


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _parse_depth(text: str) -> tuple[int | float | str, ...]:
    return tuple(_parse_number(part, kind=int) for part in text.split(","))


def _parse_budget(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < seconds < math.inf:
        raise InputError("--budget", "must be a time above 0, such as 90s, 10m or 1.5h", text)
    return seconds


def _parse_number(text: str, kind: type[int] | type[float]) -> float | str:
    """The number, or the text as it is: `Settings` refuses it as it does any wrong value."""
    try:
        return kind(text)
    except ValueError:
        return text


_PARSERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(_LEAST, partial(_parse_number, kind=int)),
    "margin": partial(_parse_number, kind=float),
    "factors": _parse_names,
    "depth": _parse_depth,
    "categories": _parse_names,
    "budget": _parse_budget,
}


def _flag(setting: str) -> str:
    return "--" + setting.replace("_", "-")


def _check_choice(setting: str, value: object, choices: Collection[str]) -> None:
    if value not in choices:
        raise InputError(_flag(setting), f"must be one of {', '.join(choices)}", value)


def _check_whole(setting: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(_flag(setting), f"must be a whole number from {least}", value)


def _check_number(setting: str, value: object, *, below: float, rule: str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < below:  # type: ignore[operator]  # narrowed above
        raise InputError(_flag(setting), rule, value)


def _check_name(name: str) -> None:
    allowed = all(character.isalnum() or character in "._-" for character in name)
    if not name or not allowed or name[0] in ".-" or len(name) > LONGEST_NAME:
        rule = f"must be 1 to {LONGEST_NAME} letters, digits, dots, dashes and underscores"
        raise InputError("a sweep's name", f"{rule}, the first no dot or dash", name)
