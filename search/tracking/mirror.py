"""Bring MLflow up to the store: one experiment a sweep, one parent run, one child a trial."""

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import final

from mlflow.entities import LifecycleStage, Metric, Param, Run, RunTag

from search.errors import SearchError
from search.study.record import TrialRecord
from search.sweep.records import SweepReport
from search.tracking.client import identity, open_client
from search.tracking.environment import artifact_root, is_server, local_uri, redact, resolve_uri
from search.tracking.models import TrainedModel, is_registered, log_model
from search.tracking.pictures import (
    STATUS,
    TRIAL,
    Picture,
    Point,
    dataset_input,
    picture_of_start,
    picture_of_sweep,
    picture_of_trial,
    points_of_looks,
    trial_name,
)
from search.tracking.views import SHARED_VIEW, views_of
from search.training.processes import apart
from search.verdict import Loss

HOME = "search.home"
"""Tag of all runs that belong to one `mlruns/` folder; people may share a server."""
_PAGE = 1000
_MAX_WORDS = 200


def sync(
    report: SweepReport,
    records: Sequence[TrialRecord],
    documents: Mapping[str, str | bytes],
    *,
    home: Path,
    tracking_uri: str | None,
    model: TrainedModel | None = None,
) -> dict[str, str]:
    """Bring MLflow up to the store; doing it again changes nothing.

    Missing runs are written, half-written ones completed. Of what this folder has logged of the
    sweep, whatever the store does not have is deleted, duplicates included; while another process
    runs the sweep, trials that it has just stored are left alone.

    Args:
        report: where the sweep stands.
        records: all trials of its store.
        documents: file name -> content, kept as artifacts; `verdict.md` also is the description.
        home: the absolute `mlruns/` folder.
        tracking_uri: of a server or a database; None means as the environment says, or local.
        model: the final one, if there is one.

    Returns:
        tracking_uri (without credentials), experiment_id and run_id.

    Raises:
        InputError: if `tracking_uri` is no address.
        SearchError: if MLflow could not be brought up to the store; it can be tried again.
    """
    uri = resolve_uri(tracking_uri, home)
    try:
        mirror = Mirror(
            report.name,
            report.terms.loss,
            home=home,
            uri=uri,
            seconds=report.seconds,
            rebuild=True,
        )
        mirror.show_sweep(report, documents)
        for record in records:
            mirror.show_trial(record)
        if report.state != "running":
            mirror.keep_only(records)
        mirror.end(STATUS[report.state])
        if model is not None:
            mirror.show_model(model)
    except Exception as error:
        raise SearchError(behind(report.name, uri, error)) from error
    return mirror.identifiers


def behind(name: str, uri: str, error: BaseException) -> str:
    """One line for a person: what failed, that nothing is lost, and what to do."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    # Redacted before it is cut: half an address would no longer be known as one.
    words = redact(" ".join(str(error).split()))[:_MAX_WORDS] or type(error).__name__
    told = f"MLflow at {redact(uri)} is behind the store ({words}); nothing is lost"
    return f"{told}: run `python -m search sync {name}` later"


@final
class Mirror:
    """The runs of one sweep in MLflow, read once and kept up to date by the one that writes.

    Args:
        name: of the sweep.
        loss: what is measured; names the values.
        home: the absolute `mlruns/` folder.
        uri: as `resolve_uri` gives it.
        seconds: how long ago the sweep began, for a parent run that is not there yet.
        rebuild: whether an experiment whose artifacts are elsewhere, or a parent run of other
            settings, may be replaced; only for who then writes every trial.
    """

    def __init__(
        self,
        name: str,
        loss: Loss,
        *,
        home: Path,
        uri: str,
        seconds: float = 0.0,
        rebuild: bool = False,
    ) -> None:
        self._name, self._loss, self._uri, self._rebuild = name, loss, uri, rebuild
        self._own = {HOME: identity(home)}
        self._client = open_client(uri, home)
        self._experiment = self._find_experiment(home)
        for view, state in views_of(loss).items():
            self._client.set_experiment_tag(self._experiment, f"{SHARED_VIEW}.{view}", state)
        self._trials: dict[str, list[Run]] = {}
        self._seen: dict[str, tuple[Point, ...]] = {}
        sweeps: list[Run] = []
        for run in self._runs():
            trial = run.data.tags.get(TRIAL)
            (sweeps if trial is None else self._trials.setdefault(trial, [])).append(run)
        self._sweep = sweeps[0] if sweeps else self._create(picture_of_start(name), seconds)
        self._delete(sweeps[1:])

    @property
    def identifiers(self) -> dict[str, str]:
        """tracking_uri (without credentials), experiment_id and run_id of the parent run."""
        return {
            "tracking_uri": redact(self._uri),
            "experiment_id": self._experiment,
            "run_id": self._sweep.info.run_id,
        }

    def show_sweep(self, report: SweepReport, documents: Mapping[str, str | bytes]) -> None:
        """Make the parent run show all of this but the status."""
        picture = picture_of_sweep(report, documents)
        if not self._sweep.data.params.items() <= picture.params.items():
            if not self._rebuild:
                raise SearchError("its run has other settings")
            self._delete([self._sweep])
            self._sweep = self._create(picture, report.seconds)
        run_id = self._sweep.info.run_id
        self._seen = points_of_looks(report)
        self._log(self._sweep, picture, _now())
        self._client.log_inputs(run_id, [dataset_input(report.data)])
        with TemporaryDirectory() as folder:
            for name, content in documents.items():
                file = Path(folder) / name
                file.parent.mkdir(parents=True, exist_ok=True)
                told = redact(content).encode() if isinstance(content, str) else content
                file.write_bytes(told)
            self._client.log_artifacts(run_id, folder)

    def show_looks(self) -> None:
        """Make the child runs there are show what the looks of `show_sweep` saw of them."""
        for name, points in self._seen.items():
            for run in self._trials.get(name, ()):
                if any(run.data.metrics.get(point.key) != point.value for point in points):
                    metrics = [Metric(x.key, x.value, run.info.start_time, x.step) for x in points]
                    self._client.log_batch(run.info.run_id, metrics, synchronous=True)

    def show_model(self, model: TrainedModel) -> None:
        """Log the final model to the parent run and register it, unless that was done before.

        In a process of its own: it takes Keras, and seconds that need not be waited for.
        """
        run_id = self._sweep.info.run_id
        if not is_registered(self._client, self._name, run_id, model):
            apart(log_model, self._uri, self._name, run_id, self._own, model)

    def show_trial(self, record: TrialRecord) -> None:
        """Make one child run show this trial and delete what else stands for it."""
        name = trial_name(record)
        seen = self._seen.get(name, ())
        picture = picture_of_trial(record, self._loss, self._sweep.info.run_id, seen)
        found = self._trials.get(name, [])
        kept = next(filter(picture.is_shown_by, found), None)
        if kept is None:
            kept = next(filter(picture.allows, found), None) or self._create(
                picture, record.seconds
            )
            # The same at every attempt: MLflow takes equal points for one.
            end = kept.info.start_time + _milliseconds(record.seconds)
            self._log(kept, picture, end)
            self._client.set_terminated(kept.info.run_id, picture.status, end)
        self._delete(run for run in found if run is not kept)
        self._trials[name] = [kept]

    def keep_only(self, records: Sequence[TrialRecord]) -> None:
        """Delete the child runs of all other trials."""
        for name in self._trials.keys() - {trial_name(record) for record in records}:
            self._delete(self._trials.pop(name))

    def end(self, status: str) -> None:
        """Give the parent run its status: RUNNING, FINISHED or KILLED."""
        run_id = self._sweep.info.run_id
        if self._client.get_run(run_id).info.status == status:
            return
        if status == "RUNNING":
            self._client.update_run(run_id, status)
        else:
            self._client.set_terminated(run_id, status)

    def _create(self, picture: Picture, seconds: float) -> Run:
        return self._client.create_run(
            self._experiment,
            start_time=_now() - _milliseconds(seconds),
            tags={**picture.tags, **self._own},
        )

    def _log(self, run: Run, picture: Picture, at: int) -> None:
        """Log what `run` does not show yet."""
        shown, metrics = run.data, picture.metrics
        points = [p for p in picture.points if shown.metrics.get(p.key) != metrics[p.key]]
        self._client.log_batch(
            run.info.run_id,
            metrics=[Metric(point.key, point.value, at, point.step) for point in points],
            params=[Param(k, v) for k, v in picture.params.items() if k not in shown.params],
            tags=[RunTag(k, v) for k, v in picture.tags.items() if shown.tags.get(k) != v],
            synchronous=True,
        )

    def _delete(self, runs: Iterable[Run]) -> None:
        for run in runs:
            self._client.delete_run(run.info.run_id)

    def _runs(self) -> Iterator[Run]:
        """This folder's runs in the experiment, the oldest first."""
        token = None
        while token != "":
            page = self._client.search_runs(
                [self._experiment],
                f"tags.`{HOME}` = '{self._own[HOME]}'",
                max_results=_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            yield from page
            token = page.token or ""

    def _find_experiment(self, home: Path) -> str:
        found = self._client.get_experiment_by_name(self._name)
        if found is not None and found.lifecycle_stage == LifecycleStage.DELETED:
            self._client.restore_experiment(found.experiment_id)
        root = None if is_server(self._uri) else artifact_root(home)
        # The local database moves with its folder, but the place of its artifacts stands in it.
        if found is not None and self._uri == local_uri(home) and found.artifact_location != root:
            if not self._rebuild:
                raise SearchError("the folder was moved")
            self._client.rename_experiment(found.experiment_id, f"{self._name} {uuid.uuid4().hex}")
            self._client.delete_experiment(found.experiment_id)
            found = None
        if found is None:
            return self._client.create_experiment(self._name, artifact_location=root)
        return found.experiment_id


def _now() -> int:
    return time.time_ns() // 1_000_000


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)
