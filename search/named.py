"""What a person's own code is called: `module:name` or `file.py:name`.

It travels by name and is loaded where it is needed; nothing is pickled.
"""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

from search.errors import InputError, one_line
from spaces.python import digest_of, load_module


@final
@dataclass(frozen=True, slots=True)
class Named:
    """Something in a Python file, such as a function."""

    setting: str
    """The flag that asked for it, for messages."""
    text: str
    """As the person wrote it."""
    path: Path
    """The file that it is looked for in, absolute."""
    module: str | None
    """The module's name; None where a file was named."""
    folder: Path
    """Where its imports are looked for besides, absolute."""
    digest: str
    """16 hexadecimal digits of the file's content, as it was found."""

    @classmethod
    def find(cls, setting: str, text: str) -> Self:
        """Find the file, without running it; but packages that a module is in are imported.

        Args:
            setting: the flag, such as `--model`.
            text: `module:name`, looked for in the working directory as well, or `file.py:name`.

        Raises:
            InputError: if the text has another form, or there is no such file.
        """
        where, _, name = text.rpartition(":")
        if not where or not name.isidentifier():
            raise InputError(setting, "must be module:name or file.py:name", text)
        if where.endswith(".py"):
            path = Path(where).absolute()
            module, folder = None, path.parent
        else:
            module, folder = where, Path.cwd()
            path = _file_of(setting, module, folder)
        try:
            content = path.read_bytes()
        except OSError as error:
            rule = f"must be in a file that can be read: {path}"
            raise InputError(setting, rule, error.strerror or str(error)) from None
        return cls(setting, text, path, module, folder, digest_of(content))

    def load(self) -> Any:
        """Run the file, if it was not yet, and return what is meant.

        Raises:
            InputError: if the file has changed since it was found, cannot be run, or has nothing
                of this name.
        """
        self.check_unchanged()
        where, name = self.module or str(self.path), self.text.rpartition(":")[2]
        try:
            return getattr(load_module(where, self.folder), name)
        except Exception as error:  # noqa: BLE001  # a person's code may raise whatever it likes
            raise InputError(self.setting, "must name what can be loaded", told(error)) from None

    def check_unchanged(self) -> None:
        """Check that the file is as it was found.

        Raises:
            InputError: if it is not.
        """
        try:
            now = digest_of(self.path.read_bytes())
        except OSError as error:
            now = error.strerror or str(error)
        if now != self.digest:
            rule = f"in {self.path} must stay as it was, {self.digest}, while it is used"
            raise InputError(self.setting, rule, now)


def told(error: Exception) -> str:
    """An error of a person's own code in one line, by its type and words."""
    return one_line(f"{type(error).__name__}: {error}")


def _file_of(setting: str, module: str, folder: Path) -> Path:
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.find_spec(module)
    except Exception as error:  # noqa: BLE001  # of the packages that it is in
        raise InputError(setting, "must name a module that can be found", told(error)) from None
    finally:
        sys.path.remove(str(folder))
    if spec is None or spec.origin is None or not spec.has_location:
        rule = f"must name a Python file or a module, here or on the path ({folder})"
        raise InputError(setting, rule, module)
    return Path(spec.origin)
