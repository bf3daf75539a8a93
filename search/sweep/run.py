"""A sweep from start to end, or from where it stands."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from search.data import Dataset
from search.errors import InputError
from search.settings import Settings
from search.study import BasePruner, BaseSampler, Store
from search.sweep import folder
from search.sweep.arms import Arm
from search.sweep.confirm import run_replicates
from search.sweep.final import best_recipe, train_final
from search.sweep.folder import SweepFile
from search.sweep.pilot import run_pilot
from search.sweep.preflight import memory_needed, plan
from search.sweep.records import Listener, LookTaken, SweepReport
from search.sweep.reporting import judge_of, loss_of, report
from search.sweep.searching import Search, run_search, search_of
from search.sweep.selecting import run_selection
from search.sweep.standing import GROUPS, LABELS, Judge, Stage, Standing
from search.sweep.steps import Job, Train
from search.sweep.windows import Window
from search.training.plan import cores
from search.training.probe import Probed
from spaces import Recipe, Space, joint_space, load_space

_OF_THE_MODEL = ("depth", "width")
"""Recipe fields that a person's own network decides."""


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
    judge: Judge
    """Takes its looks."""
    search: Search | None = None
    """What it searches, if it does."""

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
        if self.report().state != "done" or not self.store.n_records:
            for listener in job.listeners:
                listener(plan(self.file))
        windows: dict[Arm, Window] = {}
        for stage in self._look().stages[:1]:  # with too few replicates for a look it has a pilot
            if not self._pilot(job, stage, windows):
                return
        if self._decide(job, windows) and self._search(job, windows) and self.file.has_final:
            best = best_recipe(self.file, self._look(), self.store)
            train_final(job, best.recipe, self.dataset)

    def report(self) -> SweepReport:
        """Where the sweep stands, as it will be once this process lets go of it."""
        standing = self.judge.take_stock(self.file.settings.n_replicates)
        found = report(self.file, self.store, self.judge, standing, is_held=False)
        return replace(found, evidence=self.judge.evidence(standing))

    def _decide(self, job: Job, windows: dict[Arm, Window]) -> bool:
        """Train and look until nothing is left to decide; False if the budget ran out first."""
        standing = self._look()
        while (stage := standing.current) is not None:
            if not self._pilot(job, stage, windows) or not self._confirm(job, stage, windows):
                return False
            standing = self._look()
            for listener in job.listeners:
                listener(LookTaken(stage.next_look or 0, standing.factors))
        return True

    def _search(self, job: Job, windows: dict[Arm, Window]) -> bool:
        """Search, and compare what was found with the default; False if the budget ran out."""
        if self.search is None:
            return True
        return (
            run_search(job, self.search, self.dataset)
            and run_selection(job, self.search, self.dataset)
            and self._decide(job, windows)
        )

    def _pilot(self, job: Job, stage: Stage, windows: dict[Arm, Window]) -> bool:
        """Add the windows of a stage's arms; False if the budget ran out first."""
        if stage.arms[0] not in windows:
            found = run_pilot(job, stage.arms, self.dataset)
            if found is None:
                return False
            windows |= found
        return True

    def _confirm(self, job: Job, stage: Stage, windows: dict[Arm, Window]) -> bool:
        """Train up to a stage's next look; False if the budget ran out first."""
        assert stage.next_look is not None
        span = stage.look, stage.next_look
        return run_replicates(job, stage.active, windows, span=span, dataset=self.dataset)

    def _look(self) -> Standing:
        """Take the looks that are due. This alone reads the confirm labels."""
        replicates = self.file.settings.n_replicates
        if not self.store.has_predictions(LABELS) and self.judge.first_look_is_due(replicates):
            if self.dataset.confirm_groups is not None:
                self.store.write_predictions(GROUPS, self.dataset.confirm_groups)
            self.store.write_predictions(LABELS, self.dataset.y_confirm)
        return self.judge.take_stock(replicates)


@contextmanager
def open_sweep(
    settings: Settings,
    dataset: Dataset,
    home: Path,
    *,
    arms: Sequence[Arm] = (),
    own: Probed | None = None,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Iterator[Sweep]:
    """Begin a sweep or take up one of the same name, and hold it.

    Args:
        settings: what is asked for.
        dataset: what the settings name, prepared.
        home: the folder of all sweeps.
        arms: what to compare instead of what the settings ask for, the default first.
        own: what is known of the person's own network, if there is one.
        sampler: of the search, in place of the one that the settings name.
        pruner: the same.

    Raises:
        ValueError: if the arms do not begin with a default or differ in name.
        InputError: if the metric does not fit the data, or the sweep not in memory; nothing was
            written.
        SettingsChangedError: if the name is taken by a sweep with other settings or data; nothing
            was written.
        SweepHeldError: if another process works on this sweep.
    """
    file = sweep_file(settings, dataset, home, arms=arms, own=own)
    memory_needed(file, dataset, settings.workers or cores())
    with folder.hold(home, file.name):
        folder.write(home, file)
        store = Store(folder.folder_of(home, file.name))
        store.repair()
        search = search_of(file, sampler, pruner)
        yield Sweep(file, store, dataset, judge_of(file, store), search)


def sweep_file(
    settings: Settings,
    dataset: Dataset,
    home: Path,
    *,
    arms: Sequence[Arm] = (),
    own: Probed | None = None,
) -> SweepFile:
    """What is fixed of the sweep that settings ask for; nothing is written.

    Raises:
        ValueError: if the arms do not begin with a default or differ in name.
        InputError: if the metric does not fit the data.
        SettingsChangedError: if the name is taken by a sweep with other settings or data.
    """
    name = settings.name or default_name(dataset.name, settings.default_name)
    settings = folder.with_limits(home, name, settings)
    settings.check_search()
    file = _file(settings, name, dataset, tuple(arms))
    if own is not None:
        file = replace(file, model=own.digest)
    if own is not None and own.space is not None:
        values = tuple(own.space.defaults().items())
        recipe = replace(file.recipe, values=values)
        file = replace(file, recipe=recipe, space=own.space)
    loss_of(file)
    folder.check_unchanged(home, file)
    return file


def default_name(data: str, recipe: str) -> str:
    """What a sweep is called after its data and recipe, in letters that any name may have."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', data).strip('.-')[:80] or 'data'}-{recipe}"


def _file(settings: Settings, name: str, dataset: Dataset, arms: tuple[Arm, ...]) -> SweepFile:
    recipe = arms[0].recipe if arms else settings.default_recipe(dataset.n_development)
    preparation = dataset.preparation.to_dict()
    return SweepFile(
        name=name,
        # An address may hold a password; workers change nothing that is found.
        settings=replace(settings, tracking_uri=None, workers=None),
        recipe=recipe,
        arms=arms,
        space=_space(settings, recipe),
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
            "columns": preparation.pop("summary"),
            "preparation": preparation,
        },
    )


def _space(settings: Settings, recipe: Recipe) -> Space | None:
    """What the search varies, if there is one.

    Raises:
        InputError: if it is a person's own and breaks a rule.
    """
    if not settings.n_trials or settings.hypermodel is not None:
        return None
    if settings.space is not None:
        try:
            found = load_space(settings.space, recipe)
        except ValueError as error:
            rule, _, received = str(error).partition("; received ")
            raise InputError("--space", rule, received or settings.space) from None
        if settings.model is not None and found.domains.keys() & set(_OF_THE_MODEL):
            raise InputError("--space", "must not vary what --model decides", settings.space)
        return found
    joint = joint_space(recipe, settings.recipe, full=settings.levels == "full")
    if settings.model is None:
        return joint
    domains = {name: x for name, x in joint.domains.items() if name not in _OF_THE_MODEL}
    return Space(domains, joint.conditions)
