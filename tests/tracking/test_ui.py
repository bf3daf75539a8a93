import urllib.request
from pathlib import Path

import pytest

from search.errors import InputError
from search.tracking import sync, ui_command, ui_environment
from tests.factories import some_trials
from tests.tracking.conftest import DOCUMENTS, Seen, Server, report


def test_the_page_serves_the_runs_of_the_local_database(server: Server, name: str) -> None:
    sync(report(name), some_trials(), DOCUMENTS, home=server.folder, tracking_uri=None)
    seen = Seen(server.uri, name)
    assert len(seen.trials) == len(some_trials())
    query = f"path=verdict.md&run_uuid={seen.sweep.info.run_id}"
    with urllib.request.urlopen(f"{server.uri}/get-artifact?{query}", timeout=10) as answer:
        assert answer.read().decode() == DOCUMENTS["verdict.md"]


def test_the_page_is_on_loopback_and_small(shared_home: Path) -> None:
    command = ui_command(shared_home, None)
    assert command[-6:] == ["--host", "127.0.0.1", "--port", "5000", "--workers", "1"]
    environment = ui_environment(shared_home, None)
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_a_password_is_not_on_the_command_line() -> None:
    database = "postgresql://bob:secret@host/runs"
    assert "secret" not in str(ui_command(Path("/runs"), database))
    assert ui_environment(Path("/runs"), database)["MLFLOW_BACKEND_STORE_URI"] == database


def test_a_server_has_its_own_page() -> None:
    with pytest.raises(InputError, match="has its own page") as told:
        ui_command(Path("/runs"), "https://bob:secret@team")
    assert "secret" not in str(told.value)
