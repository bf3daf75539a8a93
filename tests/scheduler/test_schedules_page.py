"""The page about schedules keeps its word: its commands run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "search" / "docs" / "schedules.md").read_text()
BLOCKS = re.findall(r"^```bash\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
SWEEP = 'data = "wine"\nfactors = ["regularization"]\npilot_trials = 4\nlanes = 1\nreplicates = 1\n'


def test_its_commands_run(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(SWEEP + "epochs = 1\nwidth = 4\nworkers = 1\n")
    printed = ""
    for line in "".join(BLOCKS).splitlines():
        command = [sys.executable, *shlex.split(line)[1:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stderr)
        printed += done.stdout
    assert "Europe/Paris" in printed
    assert "✓" in printed
