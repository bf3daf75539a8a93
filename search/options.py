"""Every setting as a person writes it: its flag, what it is about, and how its text is read."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, final

from search.defaults import DATA, LANES, PILOT_TRIALS, RECIPE, REPLICATES, SEED, TRIALS
from search.errors import InputError
from search.settings import RANGES
from spaces import FACTORS, QUESTIONS, RECIPES

_EXTRA = [question for question in QUESTIONS if question not in FACTORS]
_UNITS = {"s": 1, "m": 60, "h": 3600}


@final
@dataclass(frozen=True, slots=True)
class Option:
    """How a setting is shown."""

    metavar: str
    """What stands for its value in the help."""
    about: str
    """What it is, in a few words."""
    default: object
    """What holds where it is not given; None if that goes without saying."""
    example: str
    """A value as TOML: the default, where one value is."""

    @property
    def help(self) -> str:
        """What it is about, and its default."""
        return self.about + ("." if self.default is None else f"; by default {self.default}.")


OPTIONS: dict[str, Option] = {
    "name": Option(
        "NAME", "Name of the sweep (a run that can be gone on with)", "DATA-RECIPE", '"mine"'
    ),
    "data": Option("NAME|FILE", "Data set, or CSV, Parquet or NPZ file", DATA, f'"{DATA}"'),
    "target": Option("COLUMN", "To be predicted, for files", None, '"price"'),
    "task": Option("TASK", "classification or regression", "as the target is", '"regression"'),
    "metric": Option(
        "NAME", "error, balanced_error, log_loss or auc; rmse or mae", "error or rmse", '"error"'
    ),
    "group": Option("COLUMN", "Whose rows belong together, as a patient's", None, '"patient"'),
    "time": Option(
        "COLUMN", "When a row was made: the latest rows become the confirm rows", None, '"day"'
    ),
    "categories": Option("A,B", "Numeric columns that are codes of categories", None, "[]"),
    "class_weight": Option("balanced", "All classes weigh the same", None, '"balanced"'),
    "recipe": Option("NAME", f"Out of {', '.join(RECIPES)}", RECIPE, f'"{RECIPE}"'),
    "factors": Option(
        "all|none|A,B",
        f"all means {', '.join(FACTORS)}; {' and '.join(_EXTRA)} are extra",
        "all",
        '"all"',
    ),
    "levels": Option(
        "core|full",
        "Alternatives to each default: core the usual ones, full the rarer ones too",
        "core",
        '"core"',
    ),
    "model": Option("FILE:NAME", "Your function that builds the network", None, '"cnn.py:build"'),
    "hypermodel": Option("FILE:NAME", "Your KerasTuner hypermodel", None, '"hyper.py:build"'),
    "depth": Option("N|N,M", "Hidden layers, or several", "the recipe's", "[2, 8]"),
    "width": Option("N", "Units in each", "the recipe's", "100"),
    "epochs": Option("N", "Passes over the rows", "30; 12 above 10,000 rows", "30"),
    "batch_size": Option("N", "Rows in a step", "the recipe's", "32"),
    "margin": Option(
        "X",
        "Smallest difference that matters",
        "0.01 of the error rate, or ln 1.02 of the RMSE",
        "0.01",
    ),
    "lanes": Option(
        "N", "Trainings in each repetition, at different learning rates", LANES, f"{LANES}"
    ),
    "pilot_trials": Option(
        "N", "Trials that find each level's learning rates", PILOT_TRIALS, f"{PILOT_TRIALS}"
    ),
    "replicates": Option(
        "N",
        "Most repetitions of each comparison, each under new seeds and a new split",
        REPLICATES,
        f"{REPLICATES}",
    ),
    "trials": Option(
        "N",
        "Most trials of the search for the best recipe",
        f"{TRIALS} with --factors none",
        f"{TRIALS}",
    ),
    "sampler": Option("NAME", "tpe, random, qmc or grid", "tpe", '"tpe"'),
    "pruner": Option("NAME", "hyperband, asha, median or none", "hyperband", '"hyperband"'),
    "prior": Option(
        "NAME", "Trust in the default recipes: none, low, medium or high", "medium", '"medium"'
    ),
    "space": Option("FILE|MODULE:NAME", "A search space of your own", None, '"space.toml"'),
    "until": Option(
        "trials|flat",
        "When the search ends: with its trials, or with its gains",
        "trials",
        '"trials"',
    ),
    "budget": Option("TIME", "Most time to train in total, as 90s, 10m or 2h", None, '"10m"'),
    "seed": Option("N", "Root of all randomness", SEED, f"{SEED}"),
    "workers": Option("N", "Processes that train", "one a core", "2"),
    "tracking_uri": Option(
        "URI", "MLflow server or database", "mlruns/mlflow.db", '"http://127.0.0.1:5000"'
    ),
}
"""All settings, in the order of the help."""


def parse(setting: str, text: str) -> Any:
    """One setting given as text. What is no number stays text, for `Settings` to refuse.

    `factors` may be `all` and names between commas, `depth` numbers and `categories` names between
    commas, `budget` a time such as 90s, 10m or 1.5h.

    Raises:
        InputError: if a budget is no time.
    """
    return _PARSERS.get(setting, str)(text)


def parse_budget(text: object) -> float:
    """Seconds, from text such as 90s, 10m or 1.5h.

    Raises:
        InputError: if it is something else.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip()) if isinstance(text, str) else None
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < seconds < math.inf:
        raise InputError("--budget", "must be a time above 0, such as 90s, 10m or 1.5h", text)
    return seconds


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _parse_depth(text: str) -> tuple[int | float | str, ...]:
    return tuple(_parse_number(part, kind=int) for part in text.split(","))


def _parse_number(text: str, kind: type[int] | type[float]) -> float | str:
    try:
        return kind(text)
    except ValueError:
        return text


_PARSERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(RANGES, partial(_parse_number, kind=int)),
    "margin": partial(_parse_number, kind=float),
    "factors": _parse_names,
    "depth": _parse_depth,
    "categories": _parse_names,
    "budget": parse_budget,
}
