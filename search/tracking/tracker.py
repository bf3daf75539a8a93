"""Log a sweep to MLflow while it runs, behind its back."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self, final

from search.sweep.records import Event, SweepReport, TrialStored
from search.tracking.environment import resolve_uri
from search.tracking.mirror import Mirror, behind
from search.tracking.models import TrainedModel
from search.tracking.pictures import STATUS
from search.verdict import Loss

PATIENCE = 60.0
"""Seconds that leaving waits for what is still to be written."""


@final
class Tracker:
    """Writes what it hears in a thread of its own; what fails there never reaches the sweep.

    The first failure ends the writing: `problem` says so, and `sync` makes up for it. A context
    manager; leaving waits until everything is written, `PATIENCE` at most.

    Args:
        name: of the sweep.
        loss: what is measured; names the values.
        home: the absolute `mlruns/` folder.
        tracking_uri: of a server or a database; None means as the environment says, or local.

    Raises:
        InputError: if `tracking_uri` is no address.
    """

    def __init__(self, name: str, loss: Loss, *, home: Path, tracking_uri: str | None) -> None:
        self._name, self._loss, self._home = name, loss, home
        self._uri = resolve_uri(tracking_uri, home)
        self._jobs: SimpleQueue[Callable[[Mirror], None] | None] = SimpleQueue()
        # A server that hangs must not keep the process alive.
        self._writer = threading.Thread(target=self._write, name="mlflow", daemon=True)
        self._finished = False
        self._problem: str | None = None
        self._identifiers: dict[str, str] | None = None

    @property
    def problem(self) -> str | None:
        """One line for a person if MLflow is behind the store, without credentials."""
        return self._problem

    @property
    def identifiers(self) -> Mapping[str, str] | None:
        """tracking_uri, experiment_id and run_id, once the parent run exists."""
        return self._identifiers

    def hear(self, event: Event) -> None:
        """Queue a stored trial; a listener of the sweep. Returns at once."""
        if isinstance(event, TrialStored) and self._problem is None:
            self._jobs.put(lambda mirror: mirror.show_trial(event.record))

    def finish(
        self,
        report: SweepReport,
        documents: Mapping[str, str | bytes],
        model: TrainedModel | None = None,
    ) -> None:
        """Queue the end: where the sweep stands, its documents (file name -> content), its model.

        The model is queued last: what goes wrong with it is a problem of its own.
        """
        self._finished = True

        def job(mirror: Mirror) -> None:
            mirror.show_sweep(report, documents)
            mirror.show_looks()
            mirror.end(STATUS[report.state])
            if model is not None:
                mirror.show_model(model)

        self._jobs.put(job)

    def __enter__(self) -> Self:
        self._writer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._finished:
            self._jobs.put(lambda mirror: mirror.end(STATUS["interrupted"]))
        self._jobs.put(None)
        self._writer.join(PATIENCE)
        if self._writer.is_alive():
            self._give_up(TimeoutError(f"not done within {PATIENCE:g} seconds"))

    def _write(self) -> None:
        try:
            # Opening a new database takes seconds of migrations.
            mirror = Mirror(self._name, self._loss, home=self._home, uri=self._uri)
            self._identifiers = mirror.identifiers
            mirror.end("RUNNING")
            while self._problem is None and (job := self._jobs.get()):
                job(mirror)
        except Exception as error:  # noqa: BLE001  # whatever it is, the sweep goes on
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._problem = behind(self._name, self._uri, error)
