"""Check a textbook's training defaults against the alternatives on your own data.

>>> import search
>>> report = search.run(search.Settings(data="digits", recipe="shallow"))
>>> report.factors[0].verdict

Every name is imported when it is first used (PEP 562): TensorFlow and MLflow take seconds.
"""

import importlib
from typing import Any

__all__ = [
    "Roles",
    "Settings",
    "SweepReport",
    "check",
    "export",
    "load",
    "load_dataset",
    "run",
    "sync",
]

_HOMES = {
    "Roles": ("search.data", "Roles"),
    "Settings": ("search.settings", "Settings"),
    "SweepReport": ("search.sweep.records", "SweepReport"),
    "check": ("search.main", "check"),
    "export": ("search.main", "export"),
    "load": ("search.main", "load"),
    "load_dataset": ("search.data", "load_dataset"),
    "run": ("search.main", "run"),
    "sync": ("search.main", "sync"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
