"""The README keeps its word: its commands run, its code runs, its pictures are there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
LINES = [line for kind, text in BLOCKS if kind == "bash" for line in text.splitlines()]
SEARCH = [line.rpartition("&& ")[2] for line in LINES if "-m search" in line]
FAST = ["--pilot-trials", "4", "--lanes", "1", "--epochs", "1", "--width", "4"]
"""Added to every `run`: what it takes is tested, not what it finds."""


def commands(*names: str) -> list[str]:
    return [line for line in SEARCH if shlex.split(line)[3] in names]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    rows = range(120)
    houses = ["size,rooms,town,price"]
    houses += [f"{50 + i},{i % 5 or ''},{'abc'[i % 3]},{1000 + 17 * i % 400}" for i in rows]
    (folder / "houses.csv").write_text("\n".join(houses))
    patients = ["age,pressure,diagnosis"]
    patients += [f"{20 + i % 60},{100 + 13 * i % 70},{'ill' if i % 3 else 'well'}" for i in rows]
    (folder / "patients.csv").write_text("\n".join(patients))
    return folder


def do(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_it_has_at_most_250_lines() -> None:
    assert README.count("\n") <= 250


def test_every_command_is_tested_here_or_is_a_step_of_ci() -> None:
    ci = (ROOT / ".ci" / "run").read_text()
    for line in LINES:
        if line not in SEARCH and not line.endswith(tuple(SEARCH)):
            assert line.startswith(("pip install", "python -m pytest"))
    assert "python -m pytest" in ci
    assert "pip install" in ci


def test_its_runs_run_and_what_is_shown_of_them_can_be_shown(folder: Path) -> None:
    assert len(commands("run")) == 5
    for number, line in enumerate(commands("run")):
        words = shlex.split(line)[1:]
        # Sweeps of one name differ in settings here, but for the one that raises the replicates.
        is_first = "--replicates" not in words
        name = [] if number < 2 or "best" in words else [f"sweep{number}"]
        more = [*FAST, *(["--replicates", "1"] if is_first else [])]
        more += [] if "--factors" in words else ["--factors", "regularization"]
        fewer = {"64": "2", "120": "4"}
        more = [fewer.get(word, word) for word in [*words, *name, *more]]
        assert "conditional on" in do(more, folder).lower()
    for line in commands("check"):
        assert "price" in do([*shlex.split(line)[1:], *FAST], folder)
    for line in commands("export"):
        do(shlex.split(line)[1:], folder)
        assert (folder / "winner" / "train.py").exists()
    for line in commands("show", "list"):
        assert "digits" in do(shlex.split(line)[1:], folder)


def test_the_page_it_names_is_a_command_of_its_own() -> None:
    assert [shlex.split(line)[3:] for line in commands("ui")] == [["ui"]]
    do(["-m", "search", "ui", "--help"], ROOT)


def test_the_schedule_it_adds_is_kept(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text('data = "wine"\n')
    add, start = re.findall(r"`(schedule (?:add|start)[^`]*)`", README.replace("`start`", ""))
    do(["-m", "search", *shlex.split(add)], tmp_path)
    do(["-m", "search", *shlex.split(start), "--once"], tmp_path)


def test_its_python_runs(tmp_path: Path) -> None:
    (code,) = [text for kind, text in BLOCKS if kind == "python"]
    printed = do(["-c", code], tmp_path)
    for level in ("activation", "swish", "relu", "selu"):
        assert level in printed


def test_its_pictures_and_files_are_there() -> None:
    named = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert named
    named += re.findall(r"python (tests/\S+\.py)", README)
    for path in named:
        assert (ROOT / path).exists(), path
