"""A sweep's best recipe in a folder of its own."""

from pathlib import Path
from tempfile import TemporaryDirectory

from search.errors import InputError, SearchError, StoreError, one_line
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
        to: a folder that is new, and whole or not there; or empty, and filled: it may be a mount
            point.
        home: the folder of all sweeps.

    Returns:
        The folder, absolute.

    Raises:
        SweepNotFoundError: listing the sweeps there are.
        InputError: if there is no final model, or something in the folder.
        StoreError: if the sweep's files are damaged.
        SearchError: if the folder cannot be written, as where the disk is full.
    """
    report = load_report(name, home, evidence=False)
    to = to.absolute()
    if to.exists() and not (to.is_dir() and not any(to.iterdir())):
        raise InputError("--to", "must be a folder that is new or empty", str(to))
    model = _final_model(report, home)
    is_new = not to.exists()
    place = to.parent if is_new else to
    place.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place, prefix=".export-") as drafts:
        draft = Path(drafts) / "draft"
        try:
            deviation = apart(fill, draft, folder.read(home, name), report.best, model)
        except RuntimeError as error:
            raise SearchError(one_line(f"{to} could not be written: {error}")) from None
        if not deviation <= TOLERANCE:
            raise StoreError(f"the weights of sweep {name!r} do not give its predictions again")
        if is_new:
            draft.rename(to)
        else:
            for path in draft.iterdir():
                path.rename(to / path.name)
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
