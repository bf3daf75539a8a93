"""A side in a process of its own: `python -m tests.benchmarks.sides NAME OPTIONS`.

OPTIONS and the one line it prints are JSON.
"""

import importlib
import json
import os
import sys

SIDES = {
    "search.ours": "tests.benchmarks.ours:search_side",
    "search.optuna": "tests.benchmarks.tuners:optuna_side",
    "search.keras_tuner": "tests.benchmarks.tuners:keras_tuner_side",
    "gemm.small": "tests.benchmarks.products:small_side",
    "cost.grow": "tests.benchmarks.cost:grow_side",
    "cost.reopen": "tests.benchmarks.cost:reopen_side",
    "overhead.sweep": "tests.benchmarks.overhead:sweep_side",
}
"""Name -> module:function, imported only in the process that needs it."""


def main(name: str, options: str) -> None:
    """Run one side."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    module, function = SIDES[name].split(":")
    found = getattr(importlib.import_module(module), function)(json.loads(options))
    print(json.dumps(found))


# Worker processes import this module again, under another name.
if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
