"""The page about schedules keeps its word: its commands run."""

import re
import shlex
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from mlflow import MlflowClient

from search.main import load

PAGE = (Path(__file__).parents[2] / "search" / "docs" / "schedules.md").read_text()
BLOCKS = re.findall(r"^```bash\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
SWEEP = 'data = "wine"\nfactors = ["regularization"]\npilot_trials = 4\nlanes = 1\nreplicates = 1\n'


def test_its_commands_run_and_leave_the_tags_it_names(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(SWEEP + "epochs = 1\nwidth = 4\nworkers = 1\n")
    printed = ""
    for line in "".join(BLOCKS).splitlines():
        command = [sys.executable, *shlex.split(line)[1:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stderr)
        printed += done.stdout
    assert "Europe/Paris" in printed
    assert "✓" in printed
    (sweep,) = (path.name for path in (tmp_path / "mlruns" / "sweeps").iterdir())
    logged = load(sweep, home=tmp_path / "mlruns").mlflow or {}
    tags = MlflowClient(logged["tracking_uri"]).get_run(logged["run_id"]).data.tags
    assert tags["schedule"] == "nightly"
    assert sweep == f"nightly-{datetime.fromisoformat(tags['slot']):%Y%m%dT%H%M%SZ}-now"
    assert (tags["changes"], tags["changed"]) == ("0", "")
