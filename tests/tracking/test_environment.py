import os
import subprocess
import sys
from pathlib import Path

import pytest

from search.errors import InputError
from search.tracking import local_uri, redact, resolve_uri
from tests.tracking.conftest import Seen

HOME = Path("/somewhere/mlruns")


def test_an_address_is_as_asked_else_as_the_environment_says_else_local(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert resolve_uri(None, HOME) == "sqlite:////somewhere/mlruns/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://team")
    assert resolve_uri(None, HOME) == "https://team"
    assert resolve_uri("postgresql+psycopg://db/runs", HOME) == "postgresql+psycopg://db/runs"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert resolve_uri(None, HOME) == local_uri(HOME)


@pytest.mark.parametrize("uri", ["", "runs", "file:///runs", "bob:secret@host", "ftp://b:secret@h"])
def test_what_is_no_address_is_refused_without_its_password(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"^--tracking-uri must start with one of http://") as told:
        resolve_uri(uri, HOME)
    assert "secret" not in str(told.value)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri or "runs")
    with pytest.raises(InputError, match=r"^MLFLOW_TRACKING_URI must start with"):
        resolve_uri(None, HOME)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("to http://bob:secret@host/api failed", "to http://***@host/api failed"),
        ("postgresql://bob:s@cret/@host", "postgresql://***@host"),
        ('{"uri":"http://b:secret@h","mail":"a@b"}', '{"uri":"http://***@h","mail":"a@b"}'),
        ("http://host/path and me@home", "http://host/path and me@home"),
        (
            "postgresql://h/db?user=a&password=hunter2&x=1",
            "postgresql://h/db?user=a&password=***&x=1",
        ),
    ],
)
def test_credentials_are_taken_out_of_addresses(text: str, told: str) -> None:
    assert redact(text) == told


FIRST_START = """
import os, sys
from pathlib import Path
from search.tracking import Tracker
from search.verdict import Loss
with Tracker(sys.argv[1], Loss.RMSE, home=Path(sys.argv[2]), tracking_uri=None) as tracker:
    pass
assert tracker.problem is None, tracker.problem
from mlflow.telemetry import get_telemetry_client
assert get_telemetry_client() is None
assert os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
"""


def test_two_first_starts_at_once_are_quiet_and_respect_what_a_person_set(tmp_path: Path) -> None:
    environment = os.environ | {"MLFLOW_HTTP_REQUEST_TIMEOUT": "77"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    for key in ("MLFLOW_DISABLE_TELEMETRY", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"):
        environment.pop(key, None)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST_START, name, str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for name in ("first", "second")
    ]
    assert [(process.communicate()[0], process.returncode) for process in both] == [(b"", 0)] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlflow.db", "mlflow.id"]
    assert len({Seen(local_uri(tmp_path), x).home for x in ("first", "second")}) == 1
