"""What MLflow shall show of a trial and of a sweep."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple, final

from mlflow.entities import Dataset, DatasetInput, InputTag, Run

from search.settings import LIMITS, NOT_PART_OF_A_SWEEP
from search.study.record import State as TrialState
from search.study.record import TrialRecord
from search.sweep.records import State, SweepReport
from search.verdict import METRICS, Loss

SWEEP = "search.sweep"
"""Tag of a parent run: the name of its sweep."""
TRIAL = "search.trial"
"""Tag of a child run: study and index of its trial."""
NAME = "mlflow.runName"
"""Tag that MLflow keeps equal to a run's name."""
PARENT = "mlflow.parentRunId"
"""Tag by which MLflow nests runs."""
DESCRIPTION = "mlflow.note.content"
"""Tag that MLflow's page shows as Markdown above a run."""

STATUS: dict[State, str] = {
    "done": "FINISHED",
    "stopped": "FINISHED",
    "interrupted": "KILLED",
    "running": "RUNNING",
}
"""Of the parent run."""

DIFFERENCE = "difference"
"""Metric of a replicate: its level's loss on the confirm rows minus the default's."""
_MAX_TAG = 8000
_MAX_DIGEST = 36
_PROFILE = ("task", "target", "n_rows", "n_features", "n_classes", "n_confirm")


class Point(NamedTuple):
    """One value of a metric."""

    key: str
    """The metric."""
    value: float
    """Finite."""
    step: int = 0
    """The epoch, in a curve."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What one run shall show."""

    params: Mapping[str, str]
    """What cannot change once it is logged."""
    points: tuple[Point, ...]
    """Of all metrics, the steps of each in order."""
    tags: Mapping[str, str]
    """The run may have others beside them."""
    status: str
    """MLflow's word."""

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric, as MLflow lists them."""
        return {point.key: point.value for point in self.points}

    def allows(self, run: Run) -> bool:
        """Whether `run` shows part of this and nothing else, so that it can be completed."""
        shown = run.data.params.items() <= self.params.items()
        return shown and self._metrics_of(run).items() <= self.metrics.items()

    def is_shown_by(self, run: Run) -> bool:
        """Whether nothing is left to do."""
        return (
            run.data.params == self.params
            and self._metrics_of(run) == self.metrics
            and self.tags.items() <= run.data.tags.items()
            and run.info.status == self.status
        )

    def _metrics_of(self, run: Run) -> dict[str, float]:
        """Without what a look adds to a run: who hears of its trial again knows of no look."""
        shown = run.data.metrics.items()
        return {k: v for k, v in shown if k in self.metrics or not _is_of_a_look(k)}


_STATUSES: dict[TrialState, str] = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}


def picture_of_trial(
    record: TrialRecord, loss: Loss, parent: str, seen: Iterable[Point] = ()
) -> Picture:
    """A child run.

    Args:
        record: the trial.
        loss: what is measured; names the value, see `measure_of`.
        parent: id of the parent run.
        seen: what a look saw of it, see `points_of_looks`.
    """
    in_confirm = record.replicate is not None
    number = f"replicate {record.replicate:02d}" if in_confirm else f"pilot {record.index:02d}"
    if record.phase == "final":
        number = "model"
    is_found = record.phase == "search"
    name = record.level if is_found else f"{record.factor}={record.level}"
    at = "" if record.depth is None else f" at depth {record.depth}"
    # The recipe has the point of a search under its fields' own names.
    params = {**record.recipe, **({} if is_found else record.params)}
    params |= params.pop("values", {})  # of a hypermodel, which may set even the batch size
    tags = {
        NAME: name if is_found else f"{name}{at} {number}",
        TRIAL: trial_name(record),
        PARENT: parent,
        "phase": record.phase,
        "factor": record.factor,
        "level": record.level,
        "reason": _clipped(record.reason),
    }
    if in_confirm:
        tags["replicate"] = str(record.replicate)
    if record.depth is not None:
        tags["depth"] = str(record.depth)
    return Picture(
        params={key: str(value) for key, value in params.items() if key != "format"},
        points=(*filter(_is_finite, _points(record, loss)), *seen),
        tags=tags,
        status=_STATUSES[record.state],
    )


def points_of_looks(report: SweepReport) -> dict[str, tuple[Point, ...]]:
    """Trial, see `trial_name` -> its loss on the confirm rows, and the difference to the default's.

    Of the replicates that a look has used.
    """
    names = {
        (record.recipe["depth"], record.factor, record.level, record.index): trial_name(record)
        for record in report.records
        if record.phase == "confirm"
    }
    confirm = measure_of(report.terms.loss, "confirm")
    return {
        names[arm.depth, arm.factor, arm.level, index]: tuple(
            filter(_is_finite, (Point(confirm, loss), Point(DIFFERENCE, difference)))
        )
        for arm in report.evidence
        for index, (loss, difference) in enumerate(zip(arm.losses, arm.deltas, strict=True))
    }


def _is_finite(point: Point) -> bool:
    return math.isfinite(point.value)  # MLflow would draw infinity as 1.8e308


def _is_of_a_look(metric: str) -> bool:
    return metric == DIFFERENCE or metric.startswith("confirm_")


def measure_of(loss: Loss, rows: str = "validation") -> str:
    """What MLflow calls a loss on some rows: `validation_error`, or `confirm_one_minus_auc`."""
    turned = "one_minus_" if METRICS[loss].direction == "higher" else ""
    return f"{rows}_{turned}{loss}"


def _points(record: TrialRecord, loss: Loss) -> Iterator[Point]:
    """The curve lies under `curve/`: of the error rate or the RMSE, whatever is compared."""
    if record.value is not None:
        yield Point(measure_of(loss), record.value)
    yield Point("epochs", record.epochs)
    yield Point("best_epoch", record.best_epoch)
    yield Point("seconds", record.seconds)
    is_class = METRICS[loss].task == "classification"
    names = {"validation_error": measure_of(Loss.ERROR_RATE if is_class else Loss.RMSE)}
    for name, values in record.curve.items():
        if name != "epoch":
            for epoch, value in zip(record.curve["epoch"], values, strict=True):
                yield Point(f"curve/{names.get(name, name)}", value, int(epoch))


def trial_name(record: TrialRecord) -> str:
    """What tells a trial's run from the others of its sweep."""
    return f"{record.study}/{record.index}"


def picture_of_start(name: str) -> Picture:
    """The parent run of a sweep that has just begun."""
    return Picture(params={}, points=(), tags=_sweep_tags(name), status="RUNNING")


def picture_of_sweep(report: SweepReport, documents: Mapping[str, str | bytes]) -> Picture:
    """The parent run; limits are tags, because they may be raised and parameters may not change.

    Args:
        report: where the sweep stands.
        documents: `verdict.md` among them becomes the description.
    """
    depths, is_own = report.settings.depths, report.conditions["model"] is not None
    settings = report.settings.to_dict() | {
        "factors": ",".join(report.settings.checked_factors),
        "margin": report.terms.margin,
        "task": report.data["task"],
        "model": report.conditions["model"],
        "depth": None if is_own else ",".join(map(str, depths)),
        "width": None if is_own else report.recipe.width,
        "epochs": report.recipe.epochs,
        "batch_size": report.recipe.batch_size,
    }
    given = {key: str(value) for key, value in settings.items() if value is not None}
    limits = {key: given.pop(key) for key in LIMITS if key in given}
    limits["replicates"] = str(report.settings.n_replicates)
    verdicts = {f"verdict.{_where(f.factor, f.depth)}": str(f.verdict) for f in report.factors}
    tags = {**_sweep_tags(report.name), "state": report.state, **limits, **verdicts}
    description = documents.get("verdict.md")
    if isinstance(description, str):
        tags[DESCRIPTION] = _clipped(description)
    return Picture(
        params={key: value for key, value in given.items() if key not in NOT_PART_OF_A_SWEEP},
        points=(
            Point("trials_complete", report.complete),
            Point("trials_failed", report.failed),
            Point("trainings", report.trainings),
            Point("seconds", report.seconds),
            Point("compile_seconds", report.compile_seconds),
        ),
        tags=tags,
        status=STATUS[report.state],
    )


def dataset_input(data: Mapping[str, Any]) -> DatasetInput:
    """A sweep's data as MLflow lists it: where it is from and its fingerprint, no rows."""
    source = str(data["source"])
    is_file = bool(PurePath(source).suffix)
    profile = {key: data[key] for key in _PROFILE if data.get(key) is not None}
    dataset = Dataset(
        name=PurePath(source).stem,
        digest=str(data["fingerprint"])[:_MAX_DIGEST],
        source_type="local" if is_file else "code",
        source=json.dumps({"uri": source} if is_file else {"tags": {"embedded": source}}),
        profile=json.dumps(profile),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _where(factor: str, depth: int | None) -> str:
    """`activation`, or `activation.depth_20` where there are several depths."""
    return factor if depth is None else f"{factor}.depth_{depth}"


def _sweep_tags(name: str) -> dict[str, str]:
    return {NAME: name, SWEEP: name}


def _clipped(text: str) -> str:
    return text if len(text) <= _MAX_TAG else text[: _MAX_TAG - 1] + "…"
