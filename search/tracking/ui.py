"""MLflow's own page."""

import os
import sys
from pathlib import Path

from search.errors import InputError
from search.sweep import folder
from search.tracking.client import make_database
from search.tracking.environment import (
    artifact_root,
    is_server,
    local_uri,
    redact,
    resolve_uri,
    without_user,
)
from search.tracking.views import REPLICATES, page_of

EXPERIMENTS = "#/experiments?workflowType=machine_learning"
"""What follows the server's address: where its page lists the experiments."""


def page_of_server(home: Path, tracking_uri: str | None) -> str | None:
    """The address of the server that has the runs, and a page of its own; None for a database.

    Raises:
        InputError: if `tracking_uri` is no address.
    """
    uri = resolve_uri(tracking_uri, home)
    return without_user(uri).rstrip("/") if is_server(uri) else None


def ui_command(
    home: Path, tracking_uri: str | None, host: str = "127.0.0.1", port: int = 5000
) -> list[str]:
    """The command that serves MLflow's page of a database; to be run with `ui_environment`.

    The local database is made first where there is none, which takes seconds.

    Raises:
        InputError: if `tracking_uri` is no address.
    """
    uri = resolve_uri(tracking_uri, home)
    if uri == local_uri(home):
        make_database(home)
    server = [sys.executable, "-m", "mlflow", "server"]
    return [*server, "--host", host, "--port", str(port), "--workers", "1"]


def ui_environment(home: Path, tracking_uri: str | None) -> dict[str, str]:
    """This process's environment and where the page finds the runs.

    The address of a database may hold a password, and a command line is for all to see.
    """
    return os.environ | {
        "MLFLOW_BACKEND_STORE_URI": resolve_uri(tracking_uri, home),
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": artifact_root(home),
        # Else the page takes a dozen processes and gigabytes.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def page_of_sweep(home: Path, name: str, tracking_uri: str | None) -> str:
    """What follows the server's address: where its page shows the replicates of a sweep.

    Raises:
        InputError: if the sweep was not logged there.
        SweepNotFoundError: listing the sweeps there are.
    """
    folder.read(home, name)
    found = folder.read_identifiers(home, name) or {}
    uri = redact(resolve_uri(tracking_uri, home))
    if found.get("tracking_uri") != uri:
        raise InputError("NAME", f"must be a sweep logged to {uri}, see `sync`", name)
    return page_of(found["experiment_id"], REPLICATES)
