"""A whole random search: ours, Optuna with `fit`, and KerasTuner, each in a fresh process.

Ours twice: with an empty cache of compiled programs, and with one that an earlier search filled.

The same 200 configurations, drawn once from the core levels (digits, two hidden layers of 100,
batches of 32, at most 20 epochs). Ours trains all of them, from the start of the process to the
last result. The others train the first 20; their time beyond starting is multiplied by ten, which
is in their favour, since a Keras process slows down as it goes.

Early stopping is part of the recipes, so all sides have the same rule (patience 10, except under
schedules that plan their descent, never under the level `none`). The epochs that the configurations
all have trained ran on average, and their median error, are printed to show that no side was spared
anything. The other sides leave out the momentum that one_cycle moves.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.measuring import Side, interleaved, progress
from tests.benchmarks.tables import Findings, Headline, Table, duration, figures, times

COLD, WARM, OPTUNA, KERAS_TUNER = "ours", "ours, warm cache", "Optuna + fit", "KerasTuner"
OURS = (COLD, WARM)
SIDES = {
    COLD: "search.ours",
    WARM: "search.ours",
    OPTUNA: "search.optuna",
    KERAS_TUNER: "search.keras_tuner",
}


def run(*, quick: bool) -> Findings:
    """Search three times with each, in turns."""
    n, n_others, epochs, rounds = (2, 1, 2, 1) if quick else (200, 20, 20, 2)

    with TemporaryDirectory() as warm:

        def calls(name: str) -> Callable[[], dict[str, Any]]:
            options: dict[str, Any] = {"epochs": epochs, "tiny": quick, "compared": n_others}
            options |= {"trials": n if name in OURS else n_others}
            options |= {"cache": warm if name == WARM else None}
            return partial(_search, SIDES[name], **options)

        calls(WARM)()  # fills the cache
        found = interleaved({name: calls(name) for name in SIDES}, rounds)
    seconds = {
        name: median(_extrapolated(result, n) for result in results)
        for name, results in found.items()
    }
    return Findings((_table(found, seconds, n),), _headlines(seconds, n))


def _search(side: str, **options: Any) -> dict[str, Any]:
    progress(f"search: {side}")
    with TemporaryDirectory() as folder:
        cache = options.pop("cache") or str(Path(folder) / "cache")
        return Side(side, Path(folder), cache=cache, **options).result()


def _extrapolated(found: dict[str, Any], n: int) -> float:
    """Seconds for `n` trials from the start of the process to its end."""
    if found["trials"] == n:
        return float(found["wall"])
    rest = found["wall"] - found["searching"]
    return float(rest + found["searching"] * n / found["trials"])


def _table(found: dict[str, list[dict[str, Any]]], seconds: dict[str, float], n: int) -> Table:
    rows = tuple(
        (
            name,
            str(found[name][0]["trials"]),
            duration(median(result["wall"] for result in found[name])),
            duration(seconds[name]),
            figures(3600 * n / seconds[name]),
            *(times(seconds[name] / seconds[ours]) for ours in OURS),
            figures(found[name][0]["epochs"]),
            figures(found[name][0]["error"]),
        )
        for name in SIDES
    )
    return Table(
        f"search: {n} random configurations on digits, each side a fresh process",
        (
            *("", "trained", "wall", f"for {n}", "trials an hour"),
            *("cold ours is", "warm ours is", "epochs", "median error"),
        ),
        rows,
        (
            f"for {n}: extrapolated where fewer were trained, in favour of that side",
            "epochs and median error: of the configurations that all sides have trained",
        ),
    )


def _headlines(seconds: dict[str, float], n: int) -> tuple[Headline, ...]:
    return tuple(
        Headline(
            f"{n} random configurations, {name} (extrapolated); {ours}",
            duration(seconds[name]),
            duration(seconds[ours]),
            times(seconds[name] / seconds[ours]),
        )
        for name in (OPTUNA, KERAS_TUNER)
        for ours in OURS
    )
