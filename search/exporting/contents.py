"""What an exported folder holds."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from search.exporting.code import training_code
from search.exporting.words import readme
from search.sweep.final import FinalModel
from search.sweep.folder import SweepFile
from search.sweep.records import Best
from search.sweep.reporting import loss_of
from search.verdict import METRICS


def fill(to: Path, file: SweepFile, best: Best, model: FinalModel) -> float:
    """Make the folder `to` and write all files into it; loads Keras.

    Returns:
        By how much the model's predictions differ from the stored ones at most, each by itself or
        as a share of itself, whatever is less.
    """
    from search.models.trained import save_trained  # noqa: PLC0415  # loads Keras

    to.mkdir()
    data = file.data
    predictions = save_trained(
        to / "model.keras",
        best.recipe,
        model.weights,
        n_outputs=data["n_classes"] or 1,
        task=data["task"],
        examples=model.examples,
    )
    np.savez_compressed(to / "split.npz", allow_pickle=False, **model.rows)
    texts = {
        "preparation.json": _as_json({**data["preparation"], "summary": data["columns"]}),
        "recipe.json": _as_json(best.recipe.to_dict()),
        "metrics.json": _as_json(_metrics(file, best)),
        "prepare.py": (resources.files("search.exporting") / "prepare.py").read_text("utf-8"),
        "train.py": training_code(file, best, has_test_rows=_has_test_rows(file, model)),
        "README.md": readme(file, best),
    }
    for name, text in texts.items():
        (to / name).write_text(text, "utf-8")
    stored = model.predictions[: len(model.examples)]
    return float(np.max(np.abs(predictions - stored) / np.maximum(1, np.abs(stored))))


def _has_test_rows(file: SweepFile, model: FinalModel) -> bool:
    """Whether the data came with test rows: then the confirm rows stand after all others."""
    n_others = file.data["n_rows"] - file.data["n_confirm"]
    return file.settings.time is None and int(model.rows["confirm"][0]) == n_others


def _metrics(file: SweepFile, best: Best) -> dict[str, Any]:
    loss = loss_of(file)
    found: dict[str, Any] = {
        "metric": str(loss),
        "about": METRICS[loss].about,
        "validation": best.validation,
        "confirm": best.confirm,
        "confirm_rows": file.data["n_confirm"],
        "reason": best.reason,
    }
    if METRICS[loss].is_ratio:  # both losses are of the standardized target
        found["standard_deviation_of_the_target"] = file.data["preparation"]["target"]["scale"]
    return found


def _as_json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
