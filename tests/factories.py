"""Trials that never ran, as a store would have them."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.study.record import TrialRecord
from spaces import SHALLOW, Recipe


def pilot_trial(index: int = 0, level: str = "relu", **changes: Any) -> TrialRecord:
    """A trial of the pilot that ended with a value."""
    return _trial(
        f"pilot/activation={level}", level, phase="pilot", index=index, window=0, **changes
    )


def confirm_trial(replicate: int = 0, level: str = "relu", **changes: Any) -> TrialRecord:
    """One level's replicate in confirm."""
    study = f"confirm/activation={level}"
    return _trial(study, level, phase="confirm", index=replicate, replicate=replicate, **changes)


def failed_trial(index: int = 0, **changes: Any) -> TrialRecord:
    """A trial of the pilot that diverged in its first epoch."""
    failure: dict[str, Any] = {
        "state": "failed",
        "reason": "diverged: the loss is not finite after epoch 1",
        "value": None,
        "standard_error": None,
        "epochs": 1,
        "best_epoch": 0,
        "curve": curve([float("inf")]),
    }
    return pilot_trial(index, **{**failure, **changes})


def curve(losses: Sequence[float]) -> dict[str, list[float]]:
    """A curve with the given training losses, from epoch 1."""
    return {
        "epoch": [float(epoch) for epoch in range(1, len(losses) + 1)],
        "train_loss": list(losses),
        "validation_loss": [1.5 * loss for loss in losses],
        "validation_error": [loss / 4 for loss in losses],
    }


def some_trials() -> list[TrialRecord]:
    """Trials of both phases, one of them failed."""
    pilot = [pilot_trial(0), failed_trial(1), pilot_trial(2), pilot_trial(0, "swish")]
    return [*pilot, confirm_trial(0), confirm_trial(1)]


def _trial(study: str, level: str, *, index: int, **changes: Any) -> TrialRecord:
    learning_rate = 0.01 * (index + 1)
    recipe: Recipe = SHALLOW.replace(activation=level, learning_rate=learning_rate)
    fields: Mapping[str, Any] = {
        "index": index,
        "factor": "activation",
        "level": level,
        "state": "complete",
        "reason": "no better validation loss for 10 epochs",
        "value": 0.03 + 0.001 * index,
        "standard_error": 0.005,
        "params": {"learning_rate": learning_rate},
        "recipe": recipe.to_dict(),
        "epochs": 21,
        "best_epoch": 11,
        "curve": curve([1 / epoch for epoch in range(1, 11)]),
        "seconds": 1.25,
    }
    return TrialRecord(study=study, **{**fields, **changes})
