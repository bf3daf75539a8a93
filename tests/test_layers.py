"""Imports flow one way, and each heavy library has one door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A package may import from those before it in this list, and from itself.
ORDER = (
    "spaces",
    "search.errors",
    "search.named",
    "search.seeds",
    "search.defaults",
    "search.memory",
    "search.rows",
    "search.data",
    "search.models",
    "search.predict",
    "search.training",
    "search.interop",
    "search.settings",
    "search.options",
    "search.config",
    "search.study",
    "search.verdict",
    "search.sweep",
    "search.report",
    "search.tracking",
    "search.exporting",
    "search.main",
    "search.scheduler",
    "search.terminal",
    "search.schedule_cli",
    "search.cli",
    "search.__main__",
)
DOORS = {
    "tensorflow": {"search.models", "search.training"},
    "keras": {"search.models", "search.predict", "search.training", "search.interop"},
    "keras_tuner": {"search.training", "search.interop"},
    "optuna": {"search.study"},
    "mlflow": {"search.tracking"},
    "sklearn": {"search.data"},
    "pandas": {"search.data", "search.sweep", "search.exporting"},
    "pyarrow": {"search.data"},
    "croniter": {"search.scheduler"},
    "typer": {"search.cli", "search.schedule_cli", "search.terminal"},
    "rich": {"search.report", "search.terminal"},
    "matplotlib": {"search.report"},
    "jinja2": {"search.report"},
}
FILES = sorted([*(ROOT / "spaces").rglob("*.py"), *(ROOT / "search").rglob("*.py")])


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    """The entry of ORDER that a module belongs to."""
    return next((room for room in ORDER if module == room or module.startswith(room + ".")), None)


MODULES = {module_of(path) for path in FILES}


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, function-local imports included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_flow_one_way(path: Path) -> None:
    module = module_of(path)
    if module == "search":  # public names, imported lazily
        return
    room = room_of(module)
    assert room is not None, f"{module} has no place in the order"
    for imported in imports_of(path):
        if imported.split(".")[0] in ("search", "spaces"):
            other = room_of(imported)
            assert other is not None, imported
            assert ORDER.index(other) <= ORDER.index(room), f"{module} imports {imported}"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_each_heavy_library_has_one_door(path: Path) -> None:
    room = room_of(module_of(path))
    for imported in imports_of(path):
        doors = DOORS.get(imported.split(".")[0])
        assert doors is None or room in doors, f"{module_of(path)} imports {imported}"


def test_spaces_need_the_standard_library_alone() -> None:
    for path in (ROOT / "spaces").rglob("*.py"):
        for imported in imports_of(path):
            assert imported.split(".")[0] not in {"search", "numpy", *DOORS}
