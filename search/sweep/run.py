"""A sweep from start to end, or from where it stands."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from search.data import Dataset
from search.settings import Settings
from search.study import Store
from search.sweep import folder
from search.sweep.arms import Arm, plan_arms
from search.sweep.confirm import run_replicates
from search.sweep.folder import SweepFile
from search.sweep.pilot import run_pilot
from search.sweep.records import Listener, LookTaken, SweepReport
from search.sweep.reporting import loss_of, report, terms_of
from search.sweep.standing import GROUPS, LABELS, Judge, Standing
from search.sweep.steps import Job, Train


@final
@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep that this process holds."""

    file: SweepFile
    """What is fixed of it."""
    store: Store
    """What was tried."""
    dataset: Dataset
    """The data it names."""
    arms: tuple[Arm, ...]
    """What it trains, the default first."""
    judge: Judge
    """Takes its looks."""

    def run(
        self,
        train: Train,
        listeners: Sequence[Listener] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Run the sweep, or go on with it, until it is done or its budget is spent.

        Args:
            train: trains members.
            listeners: hear of every event, in this thread, after the store has it.
            clock: seconds that never go back.

        Raises:
            AllTrialsFailedError: if the first trials all failed.
        """
        loss = loss_of(self.file)
        job = Job(self.file.settings, loss, self.store, train, tuple(listeners), clock)
        windows = run_pilot(job, self.arms, self.dataset)
        standing = self._look()
        while windows is not None and standing.next_look is not None:
            span = standing.look, standing.next_look
            if not run_replicates(job, standing.active, windows, span=span, dataset=self.dataset):
                break
            standing = self._look()
            for listener in job.listeners:
                listener(LookTaken(standing.look, standing.factors))

    def report(self) -> SweepReport:
        """Where the sweep stands, as it will be once this process lets go of it."""
        standing = self.judge.take_stock(self.file.settings.n_replicates)
        return report(self.file, self.store, self.judge, standing, is_held=False)

    def _look(self) -> Standing:
        """Take the looks that are due. This alone reads the confirm labels."""
        replicates = self.file.settings.n_replicates
        if not self.store.has_predictions(LABELS) and self.judge.first_look_is_due(replicates):
            if self.dataset.confirm_groups is not None:
                self.store.write_predictions(GROUPS, self.dataset.confirm_groups)
            self.store.write_predictions(LABELS, self.dataset.y_confirm)
        return self.judge.take_stock(replicates)


@contextmanager
def open_sweep(settings: Settings, dataset: Dataset, home: Path) -> Iterator[Sweep]:
    """Begin a sweep or take up one of the same name, and hold it.

    Args:
        settings: what is asked for.
        dataset: what the settings name, prepared.
        home: the folder of all sweeps.

    Raises:
        SettingsChangedError: if the name is taken by a sweep with other settings or data; nothing
            was written.
        SweepHeldError: if another process works on this sweep.
    """
    name = settings.name or default_name(dataset.name, settings.recipe)
    file = _file(folder.with_limits(home, name, settings), name, dataset)
    loss_of(file)  # a metric that does not fit the data is bad input: nothing is written
    folder.check_unchanged(home, file)
    with folder.hold(home, file.name):
        folder.write(home, file)
        store = Store(folder.folder_of(home, file.name))
        store.repair()
        arms = plan_arms(file.settings, file.recipe)
        yield Sweep(file, store, dataset, arms, Judge(arms, terms_of(file, arms), store))


def default_name(data: str, recipe: str) -> str:
    """What a sweep is called after its data and recipe, in letters that any name may have."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', data).strip('.-')[:80] or 'data'}-{recipe}"


def _file(settings: Settings, name: str, dataset: Dataset) -> SweepFile:
    return SweepFile(
        name=name,
        # An address may hold a password; workers change nothing that is found.
        settings=replace(settings, tracking_uri=None, workers=None),
        recipe=settings.default_recipe(dataset.n_development),
        data={
            "source": dataset.source,
            "task": dataset.task,
            "target": dataset.target_name,
            "n_rows": dataset.n_rows,
            "n_features": dataset.n_features,
            "n_classes": dataset.n_classes,
            "n_confirm": dataset.n_confirm,
            "n_confirm_groups": dataset.n_confirm_groups,
            "rarest_share": dataset.rarest_share,
            "fingerprint": dataset.fingerprint,
            "notes": list(dataset.notes),
        },
    )
