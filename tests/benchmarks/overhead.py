"""What Optuna, the store and MLflow add to a bare `run`.

A sweep as `python -m search run` does it, in a fresh process and an empty folder, from the start of
the process to its end. The time in these three is taken from outside, and so is what importing
Optuna and MLflow takes once all else is there. MLflow is written by a thread of its own: what the
sweep waits for it, and what that thread works meanwhile, are told apart.
"""

import importlib
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.measuring import Side, Stopwatch, progress, timed
from tests.benchmarks.tables import Findings, Headline, Table, duration, percent

ASKING, STORING, WAITING = "asking Optuna", "storing trials", "waiting for MLflow"
IMPORTS = {"optuna": "importing Optuna", "mlflow": "importing MLflow"}
ADDED = (*IMPORTS.values(), ASKING, STORING, WAITING)
BESIDE = "work of MLflow's thread"
TINY: dict[str, Any] = {
    "factors": ("initializer",),
    "pilot_trials": 4,
    "lanes": 1,
    "replicates": 1,
    "epochs": 1,
    "width": 4,
}


def run(*, quick: bool) -> Findings:
    """Run the same sweep twice."""
    found = []
    for _ in range(1 if quick else 2):
        progress("overhead: a sweep")
        with TemporaryDirectory() as folder:
            found.append(Side("overhead.sweep", Path(folder), quick=quick).result())
    for result in found:
        seconds = result["seconds"]
        seconds["all of these"] = sum(seconds[label] for label in ADDED)
        seconds["the whole run"] = result["wall"]
    labels = (*ADDED, "all of these", BESIDE, "the whole run")
    shares = {
        label: median(result["seconds"][label] / result["wall"] for result in found)
        for label in labels
    }
    rows = tuple(
        (label, *(duration(result["seconds"][label]) for result in found), percent(shares[label]))
        for label in labels
    )
    table = Table(
        f"overhead: a sweep of {found[0]['trials']:,} trials, {found[0]['trainings']:,} trainings",
        ("", *(f"run {i}" for i, _ in enumerate(found, start=1)), "share, median"),
        rows,
        (f"{BESIDE}: beside the training, on whatever core is free",),
    )
    headline = Headline(
        "Optuna, store and MLflow in a bare `run`, imports included",
        "",
        duration(median(result["seconds"]["all of these"] for result in found)),
        percent(shares["all of these"]),
    )
    return Findings((table,), (headline,))


def sweep_side(options: dict[str, Any]) -> dict[str, Any]:
    """Run a sweep in this folder with timers around the three."""
    watch = Stopwatch()
    importlib.import_module("search.data")  # what Optuna and MLflow need as well is no cost of them
    for library, label in IMPORTS.items():
        watch.seconds[label] = timed(partial(importlib.import_module, library))
    search = importlib.import_module("search")
    store = importlib.import_module("search.study").Store
    tracker = importlib.import_module("search.tracking").Tracker
    pilot = importlib.import_module("search.sweep.pilot")
    mirror = importlib.import_module("search.tracking.mirror").Mirror
    storing = ("__init__", "repair", "add", "write_predictions", "read_predictions")
    with ExitStack() as timers:
        for owner, names, label in (
            (pilot, ("quasi_random_points",), ASKING),
            (store, storing, STORING),
            (tracker, ("__init__", "__enter__", "hear", "finish", "__exit__"), WAITING),
        ):
            timers.enter_context(watch.around(owner, *names, label=label))
        own = ("__init__", "show_trial", "show_sweep", "end")
        timers.enter_context(watch.around(mirror, *own, label=BESIDE, clock=time.thread_time))
        report = search.run(search.Settings(**TINY if options["quick"] else {}))
    return {
        "trials": report.complete + report.failed,
        "trainings": report.trainings,
        "seconds": {label: watch.seconds[label] for label in (*ADDED, BESIDE)},
    }
