import shutil
import subprocess
from pathlib import Path

import pytest

from search.scheduler.units import cron_line, printed, units

FOLDERS = ["/srv/sweeps", "/srv/my sweeps/50%", "/srv/ü"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("folder", FOLDERS)
def test_systemd_takes_the_units(folder: str, tmp_path: Path) -> None:
    for name, text in units(Path(folder)).items():
        (tmp_path / name).write_text(text)
        command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), name


def test_units_are_printed_each_under_its_name() -> None:
    files = units(Path("/srv/sweeps"))
    text = printed(files)
    for name, unit in files.items():
        assert f"# --- {name} ---\n{unit}" in text


def test_cron_gets_a_line_that_a_shell_understands() -> None:
    line = cron_line(Path("/srv/my sweeps/50%"))
    assert line.startswith("* * * * * cd '/srv/my sweeps/50\\%' && ")
    assert line.endswith(" -m search schedule start --once\n")
    assert line.count("\n") == 1
