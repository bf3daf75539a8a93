"""The whole job: settings in, report out, MLflow told along the way."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from search import defaults
from search.data import IN_MEMORY, Dataset, Roles, load_dataset
from search.errors import InputError
from search.exporting import export as export_best
from search.named import Named
from search.report.documents import documents, text_documents
from search.settings import Settings
from search.study import BasePruner, BaseSampler, Store
from search.sweep import folder
from search.sweep.arms import Arm
from search.sweep.final import read_final
from search.sweep.preflight import Preflight, preflight
from search.sweep.records import Listener, SweepReport, TrialStored
from search.sweep.reporting import load_report, loss_of
from search.sweep.run import Sweep, open_sweep, sweep_file
from search.tracking import Tracker, TrainedModel, resolve_uri
from search.tracking import sync as sync_tracking
from search.training.architecture import Architecture
from search.training.dispatch import Workers
from search.training.environment import check_environment
from search.training.probe import Probed, probe, probe_hypermodel


def default_home() -> Path:
    """The folder of all sweeps: `mlruns/` in the working directory."""
    return Path.cwd() / "mlruns"


def run(
    settings: Settings | None = None,
    *,
    data: Any = None,
    home: Path | None = None,
    listeners: Sequence[Listener] = (),
    arms: Sequence[Arm] = (),
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> SweepReport:
    """Run a sweep, or go on with it, and log it to MLflow.

    Args:
        settings: what is asked for; by default the shallow recipe on digits.
        data: a DataFrame or arrays in place of `settings.data`, as `load_table` takes them; to go
            on with such a sweep, hand over the same data again.
        home: the folder of all sweeps; by default `mlruns/` in the working directory.
        listeners: hear of every event, in this thread, after the store has it.
        arms: what to compare instead of what the settings ask for, the default first.
        sampler: Optuna's, for the search, in place of the one that the settings name.
        pruner: the same.

    Raises:
        InputError: if the settings or the data break a rule; nothing was written.
        SweepHeldError: if another process works on this sweep.
        AllTrialsFailedError: if the first trials all failed.
    """
    settings, dataset, home = _checked(settings, data, home)
    architecture = _architecture(settings, dataset)
    own = _probed(settings, dataset, architecture)
    with open_sweep(
        settings, dataset, home, arms=arms, own=own, sampler=sampler, pruner=pruner
    ) as sweep:
        tracker = _tracker(sweep, settings, home)
        try:
            with _workers(settings, home, architecture) as workers:
                report = _run_and_log(sweep, tracker, workers, listeners, home=home)
        finally:
            if tracker.identifiers is not None:
                folder.write_identifiers(home, sweep.file.name, tracker.identifiers)
    problems = () if tracker.problem is None else (tracker.problem,)
    notes = (*report.notes, *problems)
    return replace(report, notes=notes, mlflow=tracker.identifiers)


def check(
    settings: Settings | None = None, *, data: Any = None, home: Path | None = None
) -> Preflight:
    """What a sweep would do and cost, without doing it. What it compiles is kept for `run`.

    Args:
        settings: what is asked for; by default the shallow recipe on digits.
        data: as for `run`.
        home: as for `run`.

    Raises:
        InputError: if the settings or the data break a rule; nothing was written.
    """
    settings, dataset, home = _checked(settings, data, home)
    architecture = _architecture(settings, dataset)
    file = sweep_file(settings, dataset, home, own=_probed(settings, dataset, architecture))
    with _workers(settings, home, architecture) as workers:
        return preflight(file, dataset, workers=workers.count, sample=workers.sample)


def dataset_of(settings: Settings, data: Any = None) -> Dataset:
    """The data that settings name, or that was handed over in memory, prepared as they say.

    Raises:
        InputError: if there is no such data or it breaks a rule.
    """
    return load_dataset(
        settings.data if data is None else data,
        target=settings.target,
        task=settings.task,
        roles=Roles(settings.group, settings.time, settings.categories),
        class_weight=settings.class_weight,
    )


def code_of(settings: Settings, dataset: Dataset, home: Path) -> dict[str, Any]:
    """What of a sweep stands in files that its settings only name, ready for JSON.

    Args:
        settings: that name them.
        dataset: what the settings name, prepared.
        home: the folder of all sweeps.

    Returns:
        model, the digest of a person's own network, and space, what the search varies; None where
        there is none.

    Raises:
        InputError: if the network cannot be built, or the space breaks a rule.
        SettingsChangedError: if the name is taken by a sweep with other settings or data.
    """
    own = _probed(settings, dataset, _architecture(settings, dataset))
    file = sweep_file(settings, dataset, home, own=own)
    return {"model": file.model, "space": file.space and file.space.to_dict()}


def _checked(
    settings: Settings | None, data: Any, home: Path | None
) -> tuple[Settings, Dataset, Path]:
    """All that can be wrong before anything is written."""
    settings = settings or Settings()
    home = (home or default_home()).absolute()
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise InputError("mlruns", "must be or go into a folder that can be written to", str(there))
    resolve_uri(settings.tracking_uri, home)
    check_environment()
    if data is not None:
        settings = _in_memory(settings)
    return settings, dataset_of(settings, data), home


def _in_memory(settings: Settings) -> Settings:
    if settings.data not in (defaults.DATA, IN_MEMORY):
        raise InputError("data", "must be named or handed over, not both", settings.data)
    return replace(settings, data=IN_MEMORY)


def _architecture(settings: Settings, dataset: Dataset) -> Architecture | None:
    text = settings.model or settings.hypermodel
    if text is None:
        return None
    is_hypermodel = settings.hypermodel is not None
    named = Named.find("--hypermodel" if is_hypermodel else "--model", text)
    return Architecture.of(named, dataset.feature_shape, is_hypermodel=is_hypermodel)


def _probed(
    settings: Settings, dataset: Dataset, architecture: Architecture | None
) -> Probed | None:
    """What is known of a person's network."""
    n_outputs = dataset.n_classes or 1
    if architecture is None:
        return None
    if architecture.is_hypermodel:
        return probe_hypermodel(architecture, dataset.task, n_outputs)
    return probe(architecture, settings.default_recipe(dataset.n_development), n_outputs)


def _workers(settings: Settings, home: Path, architecture: Architecture | None) -> Workers:
    return Workers(settings.workers, cache=home / "cache", architecture=architecture)


def _run_and_log(
    sweep: Sweep,
    tracker: Tracker,
    workers: Workers,
    listeners: Sequence[Listener],
    *,
    home: Path,
) -> SweepReport:
    if sweep.report().state != "done":
        workers.prepare()  # while MLflow loads
    with tracker:
        for record in sweep.store.all_records():  # what a killed process did not log
            tracker.hear(TrialStored(record))
        try:
            sweep.run(workers.train, (*listeners, tracker.hear))
        except BaseException:
            with suppress(Exception):  # what ended the sweep is what a person must hear of
                report = sweep.report()
                tracker.finish(report, text_documents(report))
            raise
        report, found = _drawn(sweep.report(), home)
        tracker.finish(report, found, _final_model(report, home))
    return report


def _drawn(report: SweepReport, home: Path) -> tuple[SweepReport, dict[str, str | bytes]]:
    """The documents; where the page cannot be drawn, those in words and a note that says so."""
    try:
        found = documents(report)
        folder.write_page(home, report.name, found[folder.PAGE])
    except Exception as error:  # noqa: BLE001  # whatever it is, the verdict stands
        note = f"the page could not be drawn: {type(error).__name__}: {error}"
        report = replace(report, notes=(*report.notes, note))
        return report, text_documents(report)
    return report, found


def load(name: str, *, home: Path | None = None) -> SweepReport:
    """Where a sweep stands, running or not.

    Raises:
        SweepNotFoundError: listing the sweeps there are.
        StoreError: if its files are damaged.
    """
    return load_report(name, (home or default_home()).absolute())


def export(name: str, to: str | Path, *, home: Path | None = None) -> Path:
    """Write the best recipe of a sweep into a folder: model, preparation, metrics and code.

    Args:
        name: of the sweep.
        to: the folder, new or empty.
        home: as for `run`.

    Returns:
        The folder, absolute.

    Raises:
        SweepNotFoundError: listing the sweeps there are.
        InputError: if the sweep has no final model yet, or the folder something in it.
        StoreError: if the sweep's files are damaged.
    """
    return export_best(name, Path(to), home=(home or default_home()).absolute())


def sync(name: str, *, home: Path | None = None, tracking_uri: str | None = None) -> SweepReport:
    """Bring MLflow up to a sweep's store.

    Raises:
        SweepNotFoundError: listing the sweeps there are.
        SearchError: if MLflow could not be brought up to the store.
    """
    home = (home or default_home()).absolute()
    report = load_report(name, home)
    uri, found = tracking_uri or _remembered_uri(report), documents(report)
    model = _final_model(report, home)
    identifiers = sync_tracking(
        report, report.records, found, home=home, tracking_uri=uri, model=model
    )
    folder.write_identifiers(home, name, identifiers)
    return replace(report, mlflow=identifiers)


def _final_model(report: SweepReport, home: Path) -> TrainedModel | None:
    """The sweep's final model, if it has one."""
    if report.best is None:
        return None
    kept = read_final(Store(folder.folder_of(home, report.name)), report.best.record)
    return None if kept is None else TrainedModel(report.best.recipe, report.data["task"], kept)


def _remembered_uri(report: SweepReport) -> str | None:
    """Where the sweep was logged before, if that address is known without its credentials."""
    uri = (report.mlflow or {}).get("tracking_uri", "")
    return uri if uri.startswith("http") and "***" not in uri else None


def _tracker(sweep: Sweep, settings: Settings, home: Path) -> Tracker:
    loss, uri = loss_of(sweep.file), settings.tracking_uri
    return Tracker(sweep.file.name, loss, home=home, tracking_uri=uri)
