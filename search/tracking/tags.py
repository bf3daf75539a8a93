"""Tags of a sweep that its own store knows nothing of."""

from collections.abc import Mapping
from pathlib import Path

from search.sweep.records import SweepReport
from search.tracking.client import open_client
from search.tracking.environment import resolve_uri


def tag_sweep(
    report: SweepReport, tags: Mapping[str, str], home: Path, tracking_uri: str | None
) -> None:
    """Add tags to a sweep's parent run, if it was logged.

    Args:
        report: of the sweep.
        tags: name -> value.
        home: the absolute `mlruns/` folder.
        tracking_uri: where it was logged, as the sweep was told.
    """
    if report.mlflow is None:
        return
    client = open_client(resolve_uri(tracking_uri, home), home)
    for name, value in tags.items():
        client.set_tag(report.mlflow["run_id"], name, value)
