"""Python of a person's own: a file, or a module by its name."""

import hashlib
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType


def load_module(where: str, folder: Path) -> ModuleType:
    """Run a file or a module, unless it has run already; whatever it raises is raised.

    Args:
        where: `path/to/file.py` or `package.module`.
        folder: where a module, and whatever is imported, is looked for besides, absolute.
    """
    path = Path(where).absolute() if where.endswith(".py") else None
    # No module of another kind is called so.
    name = where if path is None else f"own_{path.stem}_{digest_of(path.read_bytes())}"
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    if path is None:
        return import_module(name)
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def digest_of(content: bytes) -> str:
    """16 hexadecimal digits of a file's content."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()
