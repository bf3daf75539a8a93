"""The sweep file: settings in TOML, under the names of their flags."""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self, final

from search.errors import InputError
from search.options import OPTIONS, parse, parse_budget
from search.settings import RANGES, Settings

LARGEST_FILE = 1_000_000
"""Bytes; a larger one is something else."""
_LISTS = ("factors", "categories", "depth")
_FILES = ("data", "model", "hypermodel", "space")
"""What may be in a file, which is looked for from the folder that the sweep file is in."""
_TEXTS = ("factors", "categories")
"""Lists that may be written as text with commas, as their flags are."""

_HEAD = """\
# What `python -m search run --config FILE` is to do. Each key is a flag of `run`, too; flags win. A
# key that is commented out has no value unless it is given one.
"""


@final
@dataclass(frozen=True, slots=True)
class Config:
    """What a sweep file says."""

    path: str = ""
    """As the person named it; empty if there is no file."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """By setting, as `Settings` takes them, or refuses them."""

    @classmethod
    def read(cls, path: str) -> Self:
        """Read a sweep file. The path of a file in it is relative to the folder it is in.

        Raises:
            InputError: naming the file and the key that breaks a rule.
        """
        values = _load(path)
        for key in values:
            if key not in OPTIONS:
                near = get_close_matches(key, OPTIONS, n=1)
                hint = f"a setting; did you mean {near[0]}?" if near else f"one of {_listed()}"
                raise InputError(f"{path}: a key", f"must be {hint}", key)
        config = cls(path, values)
        with config.named():
            converted = {key: _converted(key, value) for key, value in values.items()}
        for key in _FILES:
            named = converted.get(key)
            if isinstance(named, str) and ("/" in named or _is_file(key, named)):
                converted[key] = str(Path(path).parent / named)
        return cls(path, converted)

    def settings(self, given: Mapping[str, str]) -> Settings:
        """The settings of the file and of flags, which win.

        Args:
            given: the flags' texts, by setting.

        Raises:
            InputError: naming the flag, or the file and the key, that breaks a rule.
        """
        flags = {name: parse(name, text) for name, text in given.items()}
        with self.named(overruled=flags):
            return Settings(**{**self.values, **flags})

    @contextmanager
    def named(self, overruled: Collection[str] = ()) -> Iterator[None]:
        """Call a setting that breaks a rule by file and key instead of by its flag.

        Args:
            overruled: settings that do not come from the file, though it may have them.

        Raises:
            InputError: in place of one that names a flag.
        """
        try:
            yield
        except InputError as error:
            key, _, rest = error.thing.removeprefix("--").partition(" ")
            key = key.replace("-", "_")
            if type(error) is not InputError or key in overruled or key not in self.values:
                raise
            received = error.received
            if isinstance(received, str) and key in (*RANGES, "margin"):
                received = repr(received)  # "6" is text, not the number
            thing = f"{self.path}: {key}" + (f" {rest}" if rest else "")
            raise InputError(thing, error.rule, received) from None


def example() -> str:
    """A sweep file with every key and its default, commented."""
    defaults, parts = Settings(), [_HEAD]
    for key, option in OPTIONS.items():
        value = _converted(key, tomllib.loads(f"x = {option.example}")["x"])
        mark = "" if Settings(**{key: value}) == defaults else "# "
        where = " A file is looked for from this one's folder." if key in _FILES else ""
        parts.append(f"# {option.help}{where}\n{mark}{key} = {option.example}\n")
    return "\n".join(parts)


def _is_file(key: str, named: str) -> bool:
    """Whether a name without a folder is a file's; else it is a data set's or in a module."""
    return (
        bool(Path(named).suffix)
        if key == "data"
        else Path(named.partition(":")[0]).suffix in (".py", ".toml")
    )


def _load(path: str) -> dict[str, Any]:
    file = Path(path)
    try:
        if not file.is_file():
            raise InputError("--config", "must be a TOML file that exists", path)
        if file.stat().st_size > LARGEST_FILE:
            rule = f"must have at most {LARGEST_FILE:,} bytes"
            raise InputError(path, rule, f"{file.stat().st_size:,}")
        return tomllib.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise InputError(path, "must be readable", error.strerror or str(error)) from None
    except (ValueError, RecursionError) as error:  # of TOML, of UTF-8, of numbers, of brackets
        raise InputError(path, "must be TOML", str(error)) from None


def _converted(key: str, value: Any) -> Any:
    """A value of the file as `Settings` takes it. What it takes not, it refuses."""
    if key == "budget":
        return parse_budget(value)
    if isinstance(value, str) and key in _TEXTS:
        return parse(key, value)
    return tuple(value) if isinstance(value, list) and key in _LISTS else value


def _listed() -> str:
    return ", ".join(OPTIONS)
