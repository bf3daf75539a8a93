"""The client of MLflow, over a database that is whole."""

import logging
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient

from search.tracking.environment import local_uri

# Migrations of a new database are no news, and a server that is down is told once, by the tracker.
for _name in ("mlflow", "alembic", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def open_client(uri: str, home: Path) -> MlflowClient:
    """A client of what `resolve_uri` gave."""
    if uri == local_uri(home):
        make_database(home)
    return MlflowClient(uri)


def make_database(home: Path) -> None:
    """Make the local database where there is none; takes seconds of migrations.

    Two who migrate one database at once, or one who is killed at it, would break it for good.
    """
    _make_once(home / "mlflow.db", lambda draft: MlflowClient(local_uri(draft.parent)))


def identity(home: Path) -> str:
    """A random name of this folder: people who share a server know their runs by it."""
    _make_once(home / "mlflow.id", lambda draft: draft.write_text(uuid.uuid4().hex))
    return (home / "mlflow.id").read_text()


def _make_once(path: Path, make: Callable[[Path], object]) -> None:
    """Make a file unless it exists: whole or not at all, and of several makers the first wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=".new-") as folder:
            draft = Path(folder) / path.name
            make(draft)
            with suppress(FileExistsError):
                os.link(draft, path)
