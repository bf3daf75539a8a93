"""Sweeps over given arms, one after the other, with the workers of one."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from rich.console import Console

from search.data import Dataset
from search.report.live import watch
from search.settings import Settings
from search.sweep.arms import Arm
from search.sweep.records import SweepReport
from search.sweep.run import open_sweep
from search.training.dispatch import Workers


def campaign(
    sweeps: Iterable[tuple[Settings, Sequence[Arm]]], dataset: Dataset, home: Path
) -> Iterator[SweepReport]:
    """Run sweeps, or go on with them; yield each report when its sweep is done.

    Args:
        sweeps: of each the settings, with a name, and what it compares.
        dataset: of all of them.
        home: the folder of their stores.
    """
    with Workers(cache=home / "cache") as workers:
        for settings, arms in sweeps:
            print(f"{settings.name} ...", file=sys.stderr, flush=True)
            with (
                watch(Console(file=sys.stderr, force_terminal=False)) as listener,
                open_sweep(settings, dataset, home, arms=arms) as sweep,
            ):
                sweep.run(workers.train, [listener])
                report = sweep.report()
            yield report
