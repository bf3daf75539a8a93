"""A sweep's best recipe in a folder of its own."""

import json
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from search.errors import InputError, StoreError
from search.exporting.code import training_code
from search.exporting.words import readme
from search.models.trained import predictions, save_model, trained_model
from search.study import Store
from search.sweep import folder
from search.sweep.final import FinalModel, read_final
from search.sweep.folder import SweepFile
from search.sweep.records import Best
from search.sweep.reporting import load_report, loss_of
from search.verdict import METRICS

TOLERANCE = 1e-5
"""The exported model's predictions may differ from the stored ones by this much."""


def export(name: str, to: Path, *, home: Path) -> Path:
    """Write the best recipe of a sweep: model, preparation, recipe, metrics and code.

    Args:
        name: of the sweep.
        to: a folder that is new or empty; it is whole or not there.
        home: the folder of all sweeps.

    Returns:
        The folder, absolute.

    Raises:
        SweepNotFoundError: listing the sweeps there are.
        InputError: if there is no final model, or something in the folder.
        StoreError: if the sweep's files are damaged.
    """
    report = load_report(name, home, evidence=False)
    to = to.absolute()
    if to.exists() and not (to.is_dir() and not any(to.iterdir())):
        raise InputError("--to", "must be a folder that is new or empty", str(to))
    rule = "must have its final model to be exported"
    if report.best is None:
        raise InputError(f"sweep {name!r}", rule, f"none, for it is {report.state}")
    model = read_final(Store(folder.folder_of(home, name)), report.best.record)
    if model is None:
        raise InputError(f"sweep {name!r}", rule, f"none: {report.best.record.reason}")
    to.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=to.parent, prefix=".export-") as drafts:
        draft = Path(drafts) / "draft"
        draft.mkdir()
        _fill(draft, folder.read(home, name), report.best, model)
        draft.rename(to)
    return to


def _fill(to: Path, file: SweepFile, best: Best, model: FinalModel) -> None:
    loss, data = loss_of(file), file.data
    built = trained_model(
        best.recipe,
        model.weights,
        n_features=data["n_features"],
        n_outputs=data["n_classes"] or 1,
        task=data["task"],
    )
    expected = model.predictions[: len(model.examples)]
    if not np.allclose(predictions(built, model.examples), expected, TOLERANCE, TOLERANCE):
        raise StoreError(f"the weights of sweep {file.name!r} do not give its predictions again")
    save_model(built, to / "model.keras")
    rows = {
        "train": model.train_rows,
        "validation": model.validation_rows,
        "confirm": model.confirm_rows,
    }
    np.savez_compressed(to / "split.npz", allow_pickle=False, **rows)
    # An official test split stands after all other rows.
    n_others = data["n_rows"] - data["n_confirm"]
    has_test_rows = file.settings.time is None and int(model.confirm_rows[0]) == n_others
    code = training_code(file, best.recipe, loss, score=best.confirm, has_test_rows=has_test_rows)
    texts = {
        "preparation.json": _as_json(data["preparation"]),
        "recipe.json": _as_json(best.recipe.to_dict()),
        "metrics.json": _as_json(_metrics(file, best)),
        "prepare.py": resources.files("search.exporting").joinpath("prepare.py").read_text(),
        "train.py": code,
        "README.md": readme(file, best),
    }
    for name, text in texts.items():
        (to / name).write_text(text)


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
    if METRICS[loss].is_ratio:
        found["standard_deviation_of_the_target"] = file.data["preparation"]["target"]["scale"]
    return found


def _as_json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
