"""The command line of schedules, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from search.cli import main

ADD = ["schedule", "add", "nightly", "--cron", "0 2 * * *", "--config", "sweep.toml"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.toml").write_text('data = "wine"\n')
    (tmp_path / "bad.toml").write_text("depth = 0\n")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*ADD[:4], "61 * * * *", *ADD[5:]], "--cron must be a cron expression that fires"),
        ([*ADD, "--timezone", "Mars"], "--timezone must be a time zone"),
        ([*ADD, "--overlap", "both"], "--overlap must be one of skip, wait"),
        ([*ADD, "--notify", "always"], "--notify must be one of finish, failure, change"),
        ([*ADD, "--webhook", "ftp://x"], "--webhook must be an address with http or https"),
        ([*ADD, "--webhook", "https://me:pw@x/y"], "--webhook must have no password in it"),
        ([*ADD, "--command", "'"], "--command must be a command"),
        ([*ADD, "--command", " "], "--command must be a command"),
        ([*ADD, "--secret-env", "X"], "--secret-env must go with --webhook"),
        ([*ADD, "--webhook", "http://x", "--secret-env", "a b"], "--secret-env must name an"),
        ([*ADD[:-1], "none.toml"], "--config must be a TOML file that exists"),
        ([*ADD[:-1], "bad.toml"], "bad.toml: depth must be a whole number"),
        (["schedule", "add", "../up", *ADD[3:]], "name must be letters, digits"),
        (["schedule", "add", "x" * 75, *ADD[3:]], "name must be letters, digits"),
        *(
            (["schedule", "add", name, *ADD[3:]], "name must not begin with ledger.db")
            for name in ("ledger.db", "ledger.db-wal", "Ledger.db-shm")
        ),
        (ADD[:-2], "Missing option '--config'"),
        *(
            (["schedule", command, "nightly"], "no schedule is called 'nightly'; schedules here: ")
            for command in ("pause", "resume", "remove", "run-now", "history")
        ),
        (["schedule", "start"], "schedules must be added before they are kept; received none"),
    ],
)
def test_bad_input_ends_in_one_line_with_nothing_written(
    words: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(folder.rglob("*"))
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {said}")
    assert err.count("\n") == 1
    assert "pw" not in err
    assert set(folder.rglob("*")) == before


@pytest.mark.usefixtures("folder")
def test_a_schedule_is_added_once_listed_paused_and_removed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def listed() -> list[dict[str, object]]:
        capsys.readouterr()
        assert main(["schedule", "list", "--json"]) == 0
        rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
        return rows

    assert listed() == []
    assert main([*ADD, "--timezone", "Europe/Paris"]) == 0
    assert main(ADD) == 2
    (row,) = listed()
    assert (row["name"], row["cron"], row["paused"]) == ("nightly", "0 2 * * *", False)
    assert str(row["next"]).endswith(("00:00Z", "01:00Z"))
    assert main(["schedule", "pause", "nightly"]) == 0
    assert listed()[0]["paused"]
    assert main(["schedule", "resume", "nightly"]) == 0
    assert not listed()[0]["paused"]
    assert main(["schedule", "remove", "nightly"]) == 0
    assert listed() == []


def test_without_a_command_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule"]) == 0
    out, err = capsys.readouterr()
    assert "run-now" in out
    assert err == ""


def test_run_now_prints_what_it_found_before_anyone_is_told(folder: Path) -> None:
    (folder / "sweep.toml").write_text('data = "none.csv"\n')  # so that the slot fails at once
    assert main([*ADD, "--notify", "failure", "--command", "cp printed.json seen.json"]) == 0
    with (folder / "printed.json").open("wb") as printed:
        command = [sys.executable, "-m", "search", "schedule", "run-now", "nightly", "--json"]
        ended = subprocess.run(command, check=False, stdout=printed)
    assert ended.returncode == 1
    seen = json.loads((folder / "seen.json").read_text())
    assert (seen["state"], seen["notice"]) == ("failed", "pending")


@pytest.mark.usefixtures("folder")
def test_each_command_says_what_becomes_of_the_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    said = {"pause": "skips its slots", "resume": "fires next at", "remove": "is removed"}
    assert main(ADD) == 0
    for command, words in said.items():
        capsys.readouterr()
        assert main(["schedule", command, "nightly"]) == 0
        assert words in capsys.readouterr().err


def test_the_longest_name_leaves_room_for_the_sweeps_names(folder: Path) -> None:
    assert main(["schedule", "add", "x" * 74, *ADD[3:]]) == 0
    assert (folder / "mlruns" / "schedules" / "ledger.db").exists()


def test_history_says_how_many_false_alarms_to_expect(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.exists()
    main(ADD)
    assert main(["schedule", "history", "nightly"]) == 0
    assert "of 365 sweeps a year at most 18.3" in " ".join(capsys.readouterr().out.split())


def test_a_damaged_ledger_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "mlruns" / "schedules" / "ledger.db"
    path.parent.mkdir(parents=True)
    path.write_text("no database, but long enough to be looked at" * 50)
    assert main(["schedule", "list"]) == 1
    assert capsys.readouterr().err.startswith(f"error: {path} cannot be read: file is not a")
