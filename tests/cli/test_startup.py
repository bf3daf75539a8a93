import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = {"tensorflow", "keras", "optuna", "mlflow", "sklearn", "pandas", "matplotlib"}
HEAVY |= {"scipy", "numpy"}


def imported(
    arguments: list[str], folder: Path
) -> tuple[set[str], subprocess.CompletedProcess[str]]:
    """The top-level packages that a command imports, and how it ended."""
    command = [sys.executable, "-X", "importtime", "-m", "search", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    times = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in times}, done


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--help"], 0), (["run", "--help"], 0), (["run", "--depth", "x"], 2), (["spaces"], 0)],
)
def test_quick_commands_import_nothing_heavy(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    packages, done = imported(arguments, tmp_path)
    assert done.returncode == code
    assert "search" in packages
    assert not packages & HEAVY


def test_figures_are_not_loaded_before_they_are_drawn() -> None:
    program = "import sys, search.main, search.report.documents as d; d.as_json({})"
    program += "; sys.exit('matplotlib' in sys.modules or 'jinja2' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_help_is_quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prints how quick; a busy machine must not fail the suite."""
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    start = time.perf_counter()
    command = [sys.executable, "-m", "search", "--help"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    print(f"--help took {time.perf_counter() - start:.2f} s; it should take less than 0.5 s")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interruptions_end_in_130_and_run_every_finally(name: str) -> None:
    program = f"""
import os, signal, sys, time
# A shell starts what it puts in the background with this signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from search.cli import app, main

@app.command()
def wait():
    try:
        os.kill(os.getpid(), signal.{name})
        time.sleep(10)
    finally:
        print("tidied up")

sys.exit(main(["wait"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stdout == "tidied up\n"
    assert done.stderr == "interrupted; run the same command again to go on\n"
