"""What a person asks for: the settings of one sweep, parsed and checked once."""

import dataclasses
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Self, final

from search import defaults
from search.errors import InputError
from spaces import QUESTIONS, RECIPES, Recipe, get_recipe, questions, swept_factors

LIMITS = ("replicates", "trials", "budget")
"""Settings that may be raised when a sweep is run again."""
NOT_PART_OF_A_SWEEP = ("name", "tracking_uri", "workers")
"""Settings that do not change what is found."""
ALL = "all"
"""Among the factors to check: all that the recipe sweeps one by one."""
NONE = "none"
"""Instead of factors to check: there is nothing but a search."""
_FIXED_ORDER = ("grid", "qmc")
"""Samplers that have no use for a prior."""
HYPERMODEL = "hypermodel"
"""What a hypermodel's own defaults are called, in place of a recipe's name."""
LONGEST_NAME = 100
"""Bytes in the name of a sweep, which is a folder's, too."""

_SHAPE = ("width", "batch_size", "epochs")
"""Whole numbers that the recipe has, unless they are given; so is the depth."""
RANGES = {
    "depth": (1, 1000),
    "width": (1, 100_000),
    "batch_size": (1, 1_000_000),
    "epochs": (1, 1_000_000),
    "lanes": (1, 100),
    "pilot_trials": (4, 10_000),
    "replicates": (1, 512),  # the last look
    "trials": (1, 1_000_000),
    "seed": (0, 2**32 - 1),
    "workers": (1, 1000),
}
"""Whole numbers: the least and the largest."""
_CHOICES = {
    "recipe": tuple(RECIPES),
    "levels": ("core", "full"),
    "task": ("classification", "regression"),
    "metric": ("error", "balanced_error", "log_loss", "auc", "rmse", "mae"),
    "class_weight": ("balanced",),
    "sampler": ("tpe", "random", "qmc", "grid"),
    "pruner": ("hyperband", "asha", "median", "none"),
    "prior": ("none", "low", "medium", "high"),
    "until": ("trials", "flat"),
}
"""Settings that are one of these."""


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
    model: str | None = None
    """A person's function that builds the network, as `module:name` or `file.py:name`."""
    hypermodel: str | None = None
    """A person's KerasTuner hypermodel, named as a model is: what it varies is searched."""
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
    trials: int | None = None
    """At most this many of the search; None leaves it as it is, or searches only where no factor is
    checked."""
    sampler: Literal["tpe", "random", "qmc", "grid"] = "tpe"
    """Who says what the search tries next."""
    pruner: Literal["hyperband", "asha", "median", "none"] = "hyperband"
    """Who says which of its trials end early."""
    prior: Literal["none", "low", "medium", "high"] = "medium"
    """How far it trusts the default recipes; a grid and a quasi-random sequence do not."""
    space: str | None = None
    """A space of one's own: a TOML file, or module:NAME or file.py:NAME."""
    until: Literal["trials", "flat"] = "trials"
    """The search ends when all trials are done, or already when it has gone flat: when it gains
    less than the noise of the validation rows."""
    budget: float | None = None
    """Seconds of training in total, over all resumes; None leaves it as it is, or sets no limit."""
    seed: int = defaults.SEED
    """Root of all randomness, at least 0."""
    workers: int | None = None
    """Processes that train, at least 1; None for one a core."""
    tracking_uri: str | None = None
    """Of an MLflow server; None logs to the local database."""

    def __post_init__(self) -> None:
        for setting, check in _CHECKS.items():
            value = getattr(self, setting)
            if value is not None or setting not in _MAY_BE_NONE:
                check(setting, value)
        self._check_own()
        if self.hypermodel is not None:
            object.__setattr__(self, "factors", (NONE,))
        if self.sampler in _FIXED_ORDER and self.prior not in ("none", _DEFAULTS["prior"]):
            raise InputError(
                "--prior", f"must be left out with --sampler {self.sampler}", self.prior
            )
        if self.factors is not None:
            self._tidy_factors(self.factors)
        if self.depth is not None:
            self._tidy_depth(self.depth if isinstance(self.depth, tuple) else (self.depth,))

    def _check_own(self) -> None:
        """Check that nothing is asked for that a person's own code decides."""
        decided: dict[str, tuple[str, ...]] = {
            "model": ("depth", "width"),
            "hypermodel": ("model", "depth", "width", "space"),
        }
        for code, settings in decided.items():
            for setting in settings:
                if getattr(self, code) is not None and getattr(self, setting) is not None:
                    rule = f"must be left out where --{code} builds the network"
                    raise InputError(f"--{setting}", rule, getattr(self, setting))
        if self.hypermodel is None:
            return
        if self.factors not in (None, (NONE,)):
            rule = "must be left out: --hypermodel says what varies"
            raise InputError("--factors", rule, ",".join(self.factors or ()))
        for setting in ("recipe", "levels", "lanes", "pilot_trials"):
            if getattr(self, setting) != _DEFAULTS[setting]:
                rule = "must be left out: --hypermodel has values of its own, which are fixed"
                raise InputError(f"--{setting.replace('_', '-')}", rule, getattr(self, setting))

    def check_search(self) -> None:
        """Check what is asked of the search, or of none, once limits are known.

        Raises:
            InputError: naming what is.
        """
        if self.n_trials:
            if self.space is not None and not self.checked_factors and self.levels != "core":
                rule = "must be left out: --space says what varies, and no factor is checked"
                raise InputError("--levels", rule, self.levels)
            return
        for setting in ("sampler", "pruner", "prior", "space", "until"):
            value = getattr(self, setting)
            if value != _DEFAULTS[setting]:
                rule = f"must come with a search: --trials or --factors {NONE}"
                raise InputError(f"--{setting}", rule, value)

    def _tidy_factors(self, factors: tuple[str, ...]) -> None:
        """Check the factors and give equal requests one form."""
        swept, asked = swept_factors(self.recipe), questions(self.recipe)
        if factors == (NONE,):
            return
        if not factors:
            raise InputError("--factors", f"must name some of {', '.join(asked)}", "nothing")
        for factor in factors:
            _check_choice("factors", factor, (*QUESTIONS, ALL, NONE))
            if factor == NONE:
                raise InputError("--factors", f"must name factors or be {NONE}", ",".join(factors))
            if factor not in (*asked, ALL):
                rule = f"under recipe {self.recipe} must be among {', '.join(asked)}"
                raise InputError("--factors", rule, factor)
        wanted = {*factors, *swept} if ALL in factors else set(factors)
        chosen = tuple(question for question in asked if question in wanted)
        object.__setattr__(self, "factors", None if chosen == swept else chosen)

    def _tidy_depth(self, depths: tuple[int, ...]) -> None:
        """Check the depths and give equal requests one form."""
        for depth in depths or ("nothing",):
            _check_whole("depth", depth)
        found = tuple(sorted(set(depths)))
        object.__setattr__(self, "depth", found if len(found) > 1 else found[0])

    @property
    def checked_factors(self) -> tuple[str, ...]:
        """What to check: factors in the table's order, then `block` and `recipe`."""
        if self.factors == (NONE,):
            return ()
        return self.factors or swept_factors(self.recipe)

    @property
    def default_name(self) -> str:
        """What the default is called that all else is compared with."""
        return self.recipe if self.hypermodel is None else HYPERMODEL

    @property
    def used_prior(self) -> str:
        """How far the search trusts the default recipes; a fixed order has no use for them."""
        return "none" if self.sampler in _FIXED_ORDER else self.prior

    @property
    def n_trials(self) -> int:
        """At most this many trials of the search; 0 for no search."""
        searches = self.factors == (NONE,)
        return self.trials or (defaults.TRIALS if searches else 0)

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


def _flag(setting: str) -> str:
    return setting if setting == "name" else "--" + setting.replace("_", "-")


def _check_choice(setting: str, value: object, choices: Collection[str] | None = None) -> None:
    choices = choices or _CHOICES[setting]
    if value not in choices:
        raise InputError(_flag(setting), f"must be one of {', '.join(choices)}", value)


def _check_text(setting: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise InputError(_flag(setting), "must be text", value)


def _check_names(setting: str, value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(name, str) for name in value):
        raise InputError(_flag(setting), "must be names", value)


def _check_whole(setting: str, value: object) -> None:
    least, most = RANGES[setting]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        rule = f"must be a whole number from {least} to {most:,}"
        raise InputError(_flag(setting), rule, value)


def _check_number(setting: str, value: object, *, below: float, rule: str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < below:  # type: ignore[operator]  # narrowed above
        raise InputError(_flag(setting), rule, value)


def _check_name(setting: str, value: object) -> None:
    name = value if isinstance(value, str) else ""
    allowed = all(character.isalnum() or character in "._-" for character in name)
    if not name or not allowed or name[0] in ".-" or len(name.encode()) > LONGEST_NAME:
        rule = f"must be 1 to {LONGEST_NAME} letters, digits, dots, dashes and underscores"
        raise InputError(setting, f"{rule}, the first no dot or dash", value)


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "name": _check_name,
    **dict.fromkeys(
        ("data", "target", "group", "time", "model", "hypermodel", "space", "tracking_uri"),
        _check_text,
    ),
    **dict.fromkeys(_CHOICES, _check_choice),
    **dict.fromkeys(("categories", "factors"), _check_names),
    **dict.fromkeys(
        (name for name in RANGES if name != "depth"), _check_whole
    ),  # it may be several
    "margin": partial(
        _check_number,
        below=1.0,
        rule="must be a number between 0 and 1; 0.01 is 1 percentage point of error",
    ),
    "budget": partial(_check_number, below=math.inf, rule="must be a number of seconds above 0"),
}
_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Settings)}
_MAY_BE_NONE = {name for name, default in _DEFAULTS.items() if default is None}
