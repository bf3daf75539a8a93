"""A search space of one's own, from a TOML file or from Python."""

import tomllib
from pathlib import Path
from typing import Any

from spaces.python import load_module
from spaces.recipe import Recipe
from spaces.space import Space
from spaces.validity import check_recipes
from spaces.written import written_space


def load_space(source: str, base: Recipe) -> Space:
    """The space that a person names; every point of it is a recipe.

    Args:
        source: `FILE.toml`, `FILE.py:NAME` or `MODULE:NAME`. NAME is a Space, or a function that
            takes the base recipe and returns one. Python code that is named is run, and may import
            what is beside the file; a module is looked for in the working directory, too.
        base: gives every field that the space does not name.

    Raises:
        ValueError: in one line, naming the source, what breaks a rule, the rule and what was
            received.
    """
    found = _tables(source) if source.lower().endswith(".toml") else _made(source, base)
    try:
        space = found if isinstance(found, Space) else written_space(found, base)
        check_recipes(space, base)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None
    return space


def _tables(path: str) -> dict[str, Any]:
    """What a TOML file says."""
    try:
        return tomllib.loads(Path(path).read_text("utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{path} must be a readable file; received {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # of TOML, of UTF-8, of numbers, of brackets
        raise ValueError(f"{path} must be TOML; received {error}") from None


def _made(source: str, base: Recipe) -> Space:
    """The space that a name in Python stands for."""
    module, _, name = source.rpartition(":")
    if not module or not name:
        rule = "must be FILE.toml, FILE.py:NAME or MODULE:NAME"
        raise ValueError(f"a space of one's own {rule}; received {source!r}")
    try:
        names = _names(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a person's code may raise anything
        raise ValueError(f"{module} must be Python that runs; received {_said(error)}") from None
    if name not in names:
        public = ", ".join(key for key in names if not key.startswith("_"))
        raise ValueError(f"{source} must be one of the names {public or '(none)'}; received {name}")
    found = names[name]
    if callable(found):
        try:
            found = found(base)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # as above
            rule = "must return a space when called with a recipe"
            raise ValueError(f"{source} {rule}; received {_said(error)}") from None
    if not isinstance(found, Space):
        received = type(found).__name__
        raise ValueError(f"{source} must be a Space or return one; received {received}")
    return found


def _names(module: str) -> dict[str, Any]:
    """The names in a module or a file of Python, which is run."""
    folder = Path(module).absolute().parent if module.endswith(".py") else Path.cwd()
    return vars(load_module(module, folder))


def _said(error: BaseException) -> str:
    """An exception in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
