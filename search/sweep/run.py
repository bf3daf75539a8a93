"""A sweep from start to end, or from where it stands."""

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
from search.sweep.standing import LABELS, Judge, Standing
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

    def run(
        self,
        train: Train,
        listeners: Sequence[Listener] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> SweepReport:
        """Run the sweep, or go on with it.

        Args:
            train: trains members.
            listeners: hear of every event, in this thread, after the store has it.
            clock: seconds that never go back.

        Raises:
            AllTrialsFailedError: if the first trainings all diverged.
        """
        settings = self.file.settings
        arms = plan_arms(settings, self.file.recipe)
        judge = Judge(arms, terms_of(self.file, arms), self.store)
        job = Job(settings, loss_of(self.file), self.store, train, tuple(listeners), clock)
        standing = _run(job, arms, judge, self.dataset)
        return report(self.file, self.store, standing, is_held=False)

    def report(self) -> SweepReport:
        """Where the sweep stands, as it will be once this process lets go of it."""
        arms = plan_arms(self.file.settings, self.file.recipe)
        judge = Judge(arms, terms_of(self.file, arms), self.store)
        standing = judge.take_stock(self.file.settings.replicates)
        return report(self.file, self.store, standing, is_held=False)


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
    file = _file(settings, dataset)
    folder.check_unchanged(home, file)
    with folder.hold(home, file.name):
        folder.write(home, file)
        store = Store(folder.folder_of(home, file.name))
        store.repair()
        yield Sweep(file, store, dataset)


def _run(job: Job, arms: tuple[Arm, ...], judge: Judge, dataset: Dataset) -> Standing:
    """The steps of a sweep, until there is none left or the budget is spent."""
    replicates = job.settings.replicates
    windows = run_pilot(job, arms, dataset)
    standing = _look(job, judge, dataset)
    while windows is not None and standing.next_look is not None:
        span = standing.look, standing.next_look
        if not run_replicates(job, standing.active, windows, span=span, dataset=dataset):
            break
        standing = _look(job, judge, dataset)
        for listener in job.listeners:
            listener(LookTaken(standing.look, standing.factors))
    return judge.take_stock(replicates)


def _look(job: Job, judge: Judge, dataset: Dataset) -> Standing:
    """Take the looks that are due. This alone reads the confirm labels."""
    replicates = job.settings.replicates
    if not job.store.has_predictions(LABELS) and judge.first_look_is_due(replicates):
        job.store.write_predictions(LABELS, dataset.y_confirm)
    return judge.take_stock(replicates)


def _file(settings: Settings, dataset: Dataset) -> SweepFile:
    return SweepFile(
        name=settings.name or f"{dataset.name}-{settings.recipe}",
        settings=_without_credentials(settings),
        recipe=settings.default_recipe(dataset.n_development),
        data={
            "source": dataset.source,
            "task": dataset.task,
            "target": dataset.target_name,
            "n_rows": dataset.n_rows,
            "n_features": dataset.n_features,
            "n_classes": dataset.n_classes,
            "n_confirm": dataset.n_confirm,
            "fingerprint": dataset.fingerprint,
            "notes": list(dataset.notes),
        },
    )


def _without_credentials(settings: Settings) -> Settings:
    """Settings that may be written down: an address with a user and a password is not."""
    has_user = settings.tracking_uri is not None and "@" in settings.tracking_uri
    return replace(settings, tracking_uri=None) if has_user else settings
