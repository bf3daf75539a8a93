"""A sweep's folder: what was asked for, on which data, and who works on it."""

import fcntl
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from search.errors import (
    InputError,
    SettingsChangedError,
    StoreError,
    SweepHeldError,
    SweepNotFoundError,
)
from search.settings import LIMITS, NOT_PART_OF_A_SWEEP, Settings
from search.sweep.arms import Arm, Contest, contests, plan_arms
from spaces import Recipe, Space, check_extends

FORMAT = 3
SWEEPS = "sweeps"
PAGE = "report.html"
_PLAN = "sweep.json"
_LOCK = "lock"
_MLFLOW = "mlflow.json"
_HOLD_TRIES = 5
_HOLD_PAUSE = 0.1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SweepFile:
    """What is fixed of a sweep before it starts.

    Raises:
        ValueError: if arms are given that make up no contest.
    """

    name: str
    """Of the sweep."""
    settings: Settings
    """What was asked for; only limits may change later."""
    recipe: Recipe
    """The default recipe that is checked, at the first depth."""
    data: Mapping[str, Any]
    """source, task, target, notes, fingerprint, and the counts of rows, features and classes."""
    arms: tuple[Arm, ...] = ()
    """What is compared, where that was given instead of following from the settings."""
    model: str | None = None
    """What tells the person's own network from others, if there is one; see `probe`."""
    space: Space | None = None
    """What the search varies, if there is one."""

    def __post_init__(self) -> None:
        if self.arms:
            contests(self.arms)

    @property
    def contests(self) -> tuple[Contest, ...]:
        """What is compared."""
        if not (self.arms or self.settings.checked_factors):
            return ()
        return contests(self.arms or plan_arms(self.settings, self.recipe))

    @property
    def has_final(self) -> bool:
        """Whether it ends with a final model; networks of a person's own are not kept."""
        return self.model is None

    def to_json(self) -> str:
        """As `sweep.json` has it."""
        return json.dumps(
            {
                "format": FORMAT,
                "name": self.name,
                "settings": self.settings.to_dict(),
                "recipe": self.recipe.to_dict(),
                "data": dict(self.data),
                "arms": [arm.to_dict() for arm in self.arms],
                "model": self.model,
                "space": None if self.space is None else self.space.to_dict(),
            },
            indent=1,
        )


def folder_of(home: Path, name: str) -> Path:
    """Where a sweep's files are."""
    return home / SWEEPS / name


def names(home: Path) -> list[str]:
    """The sweeps there are, by name."""
    return sorted(path.parent.name for path in (home / SWEEPS).glob(f"*/{_PLAN}"))


def read(home: Path, name: str) -> SweepFile:
    """What is fixed of a sweep.

    Raises:
        SweepNotFoundError: listing the sweeps there are.
        StoreError: if the file is damaged or of another format.
    """
    path = folder_of(home, name) / _PLAN
    known = names(home)
    if name not in known:  # nor is a path a name
        raise SweepNotFoundError(name, known)
    try:
        content = json.loads(path.read_text())
        if content["format"] != FORMAT:
            raise StoreError(f"{path} must be of format {FORMAT}; received {content['format']}")
        return SweepFile(
            name=content["name"],
            settings=Settings.from_dict(content["settings"]),
            recipe=Recipe.from_dict(content["recipe"]),
            data=content["data"],
            arms=tuple(Arm.from_dict(fields) for fields in content["arms"]),
            model=content["model"],
            space=None if content["space"] is None else Space.from_dict(content["space"]),
        )
    except (ValueError, KeyError, TypeError, InputError) as problem:
        raise StoreError(f"{path} cannot be read: {problem}") from problem


def with_limits(home: Path, name: str, settings: Settings) -> Settings:
    """The settings, limits that are not given as they stand in the sweep of this name, if any."""
    is_there = (folder_of(home, name) / _PLAN).exists()
    stored = read(home, name).settings if is_there else settings
    replicates = settings.replicates or stored.n_replicates
    trials = settings.trials or stored.n_trials or None
    budget = stored.budget if settings.budget is None else settings.budget
    return replace(settings, replicates=replicates, trials=trials, budget=budget)


def check_unchanged(home: Path, wanted: SweepFile) -> None:
    """Check that a sweep of this name, if there is one, has the same settings and data.

    Raises:
        SettingsChangedError: if other settings than raised limits, or the data, have changed.
    """
    if (folder_of(home, wanted.name) / _PLAN).exists():
        _check_unchanged(read(home, wanted.name), wanted)


def write(home: Path, file: SweepFile) -> None:
    """Write what is fixed of a sweep; only for the process that holds it."""
    _write_whole(folder_of(home, file.name) / _PLAN, file.to_json())


def write_identifiers(home: Path, name: str, identifiers: Mapping[str, str]) -> None:
    """Remember where a sweep is in MLflow."""
    _write_whole(folder_of(home, name) / _MLFLOW, json.dumps(dict(identifiers)))


def read_identifiers(home: Path, name: str) -> dict[str, str] | None:
    """Where a sweep is in MLflow, if it was logged."""
    path = folder_of(home, name) / _MLFLOW
    if not path.exists():
        return None
    identifiers: dict[str, str] = json.loads(path.read_text())
    return identifiers


def write_page(home: Path, name: str, page: str | bytes) -> Path:
    """Keep the page of a sweep beside its store; returns where it is."""
    path = folder_of(home, name) / PAGE
    _write_whole(path, page)
    return path


@contextmanager
def hold(home: Path, name: str) -> Iterator[None]:
    """Be the one process that works on a sweep; let go when the process ends, however it ends.

    Raises:
        SweepHeldError: if another process is.
    """
    folder = folder_of(home, name)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a") as lock:
        for _ in range(_HOLD_TRIES):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:  # by another run, or for a moment by who looks at the sweep
                time.sleep(_HOLD_PAUSE)
        else:
            raise SweepHeldError(name)
        yield


def is_held(home: Path, name: str) -> bool:
    """Whether a process works on a sweep."""
    path = folder_of(home, name) / _LOCK
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _write_whole(path: Path, content: str | bytes) -> None:
    """Write a file that is whole or not there, wherever the process is killed."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(content.encode() if isinstance(content, str) else content)
    draft.replace(path)


def _check_unchanged(old: SweepFile, new: SweepFile) -> None:
    before, after = old.settings.to_dict(), new.settings.to_dict()
    for key, was in before.items():
        now = after[key]
        if key in NOT_PART_OF_A_SWEEP or was == now or _same(was, now):
            continue
        if key in LIMITS and (now is None or _is_raised(key, was, now)):
            continue
        rule = f"was {_shown(was)} when the sweep {old.name!r} began"
        rule += " and may only be raised" if key in LIMITS else "; use another name for another"
        raise SettingsChangedError("--" + key.replace("_", "-"), rule, _shown(now))
    if old.data["fingerprint"] != new.data["fingerprint"]:
        raise SettingsChangedError(
            f"the data of sweep {old.name!r}",
            f"had the fingerprint {old.data['fingerprint']}; use another name for other data",
            str(new.data["fingerprint"]),
        )
    if old.model != new.model:
        code = "model" if old.settings.model is not None else "hypermodel"
        thing = f"--{code} {getattr(old.settings, code)}"
        rule = f"was built as {old.model} when the sweep {old.name!r} began; use another name"
        raise SettingsChangedError(thing, rule, new.model)
    if old.space is not None and new.space is not None:
        try:
            check_extends(old.space, new.space)
        except ValueError as error:
            rule, _, received = str(error).rpartition("; received ")
            thing = f"the space of sweep {old.name!r}:"
            raise SettingsChangedError(thing, rule, received) from None
    if old.arms != new.arms:
        names = (", ".join(arm.name for arm in file.arms) or "none" for file in (old, new))
        rule = f"were given as {next(names)}; use another name for others"
        raise SettingsChangedError(f"the arms of sweep {old.name!r}", rule, next(names))


def _is_raised(limit: str, was: float | None, now: float) -> bool:
    """No budget is the highest there is, no trials are the lowest."""
    return now > was if was is not None else limit == "trials"


def _same(was: object, now: object) -> bool:
    """Whether two settings are equal once both have been through JSON."""
    return json.dumps(was) == json.dumps(now)


def _shown(value: object) -> str:
    if value is None:
        return "not given"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
