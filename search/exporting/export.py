"""A sweep's best recipe in a folder of its own."""

from pathlib import Path
from tempfile import TemporaryDirectory

from search.errors import InputError, StoreError
from search.exporting.contents import fill
from search.study import Store
from search.sweep import folder
from search.sweep.final import FinalModel, read_final
from search.sweep.records import SweepReport
from search.sweep.reporting import load_report
from search.training.processes import apart

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
    model = _final_model(report, home)
    to.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=to.parent, prefix=".export-") as drafts:
        draft = Path(drafts) / "draft"
        deviation = apart(fill, draft, folder.read(home, name), report.best, model)
        if not deviation <= TOLERANCE:
            raise StoreError(f"the weights of sweep {name!r} do not give its predictions again")
        draft.rename(to)
    return to


def _final_model(report: SweepReport, home: Path) -> FinalModel:
    """What is kept of the final training.

    Raises:
        InputError: saying why there is none.
    """
    model, why = None, f"none: it is {report.state}"
    if not folder.read(home, report.name).has_final:
        why = "none: its networks are built by code of your own"
    if report.state == "stopped":
        why = "none: its budget is spent"
    if report.best is not None:
        model = read_final(Store(folder.folder_of(home, report.name)), report.best.record)
        why = f"none: {report.best.record.reason}"
    if model is None:
        raise InputError(f"sweep {report.name!r}", "must have its final model to be exported", why)
    return model
