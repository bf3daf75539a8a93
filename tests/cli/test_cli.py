import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from search.cli import main
from search.config import example
from search.settings import Settings
from search.sweep import folder
from search.sweep.folder import SweepFile
from spaces import SHALLOW
from tests.preflights import checked

ROOT = Path(__file__).parent.parent.parent


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Calls the command line in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str) -> Ended:
        code = main(arguments)
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def sweep(tmp_path: Path) -> str:
    """A sweep that has trained nothing yet."""
    data = {"source": "digits", "task": "classification", "target": "target", "notes": []}
    sizes = {"n_rows": 1797, "n_features": 64, "n_classes": 10, "n_confirm": 360}
    shares = {"n_confirm_groups": None, "rarest_share": 0.1}
    settings = Settings(name="first", factors=("activation",))
    home = tmp_path / "mlruns"
    with folder.hold(home, "first"):
        file = SweepFile(
            name="first",
            settings=settings,
            recipe=SHALLOW,
            data=data | sizes | shares | {"fingerprint": "0123456789abcdef"},
        )
        folder.write(home, file)
    return "first"


def table(columns: dict[str, str], n_rows: int = 100) -> str:
    """A CSV file; `{i}` in a column's value is the row's number."""
    rows = [",".join(value.format(i=i) for value in columns.values()) for i in range(n_rows)]
    return "\n".join([",".join(columns), *rows]) + "\n"


FILES = {
    "good.csv": table({"a": "{i}", "b": "{i}5", "price": "{i}.5"}),
    "one_class.csv": table({"a": "{i}", "kind": "flat"}),
    "empty.csv": "",
}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("run --data nonsense", "data must be one of digits, wine"),
        ("run --data gone.csv --target a", "data must be a file that exists; received gone.csv"),
        ("run --data good.csv", "target must name the column to predict, one of a, b, price"),
        ("run --data good.csv --target prise", "(did you mean 'price'?); received prise"),
        ("run --data one_class.csv --target kind", "must have at least two classes"),
        ("run --data good.csv --target price --metric auc", "of a regression must be one of rmse"),
        ("run --data iris --metric auc", "--metric auc must have two classes; received 3 classes"),
        ("run --data good.csv --target price --group c", "--group must be one of a, b, price"),
        (
            "run --data good.csv --target price --class-weight balanced",
            "must be left out for a reg",
        ),
        ("run --metric accuracy", "--metric must be one of error, balanced_error, log_loss"),
        ("run --data empty.csv --target a", "must have a header and rows; received an empty file"),
        ("run --factors depth", "--factors must be one of initializer, activation"),
        ("run --factors all,breadth", "lr_schedule, block, recipe, all, none; received"),
        ("run --depth 2,", "--depth must be a whole number from 1 to 1,000; received"),
        ("run --factors none,activation", "--factors must name factors or be none; received none,"),
        ("run --levels some", "--levels must be one of core, full; received some"),
        ("run --recipe wide", "--recipe must be one of shallow, deep, self_normalizing"),
        ("run --task ranking", "--task must be one of classification, regression"),
        ("run --budget -5m", "--budget must be a time above 0, such as 90s, 10m or 1.5h"),
        ("run --budget soon", "--budget must be a time above 0, such as 90s, 10m or 1.5h"),
        ("run --depth two", "--depth must be a whole number from 1 to 1,000; received two"),
        ("run --margin tiny", "--margin must be a number between 0 and 1"),
        ("run --seed -1", "--seed must be a whole number from 0 to 4,294,967,295; received -1"),
        ("run ../outside", "name must be"),
        ("run --tracking-uri nowhere", "--tracking-uri must start with one of http://"),
        ("run --tracking-uri http://[x", "--tracking-uri must start with one of http://"),
        ("run --tirals 5", "No such option: --tirals"),
        ("run --depth", "'--depth' requires an argument"),
        ("run one two", "unexpected extra argument"),
        ("walk", "No such command 'walk'"),
        ("show", "Missing argument"),
        ("show gone", "no sweep is called 'gone'; sweeps here: none"),
        ("show gone --json --all", "--csv, --json and --open exclude each other"),
        ("show gone --csv --open", "--csv, --json and --open exclude each other"),
        ("sync gone", "no sweep is called 'gone'; sweeps here: none"),
        ("spaces wide", "a search space must be one of shallow, shallow_full"),
        ("ui --port 0", "--port must be a whole number from 1 to 65535; received 0"),
        ("ui --port web", "--port must be a whole number from 1 to 65535; received web"),
        ("ui --tracking-uri nowhere", "--tracking-uri must start with one of http://"),
    ],
)
def test_bad_input_ends_in_one_line_with_nothing_written(
    arguments: str, words: str, call: Call, tmp_path: Path
) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    ended = call(*arguments.split())
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert words in ended.err
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


def test_no_command_shows_the_help(call: Call) -> None:
    ended = call()
    assert ended.code == 0
    for command in ("run", "check", "show", "list", "spaces", "sync", "ui"):
        assert f" {command} " in ended.out


@pytest.mark.parametrize("command", ["run", "check"])
def test_run_and_check_have_an_option_for_every_setting(command: str, call: Call) -> None:
    ended = call(command, "--help")
    assert " --config " in ended.out
    for setting in Settings.__dataclass_fields__:
        flag = "NAME" if setting == "name" else "--" + setting.replace("_", "-")
        assert f" {flag} " in ended.out


def test_check_prints_an_example_of_a_sweep_file(call: Call, tmp_path: Path) -> None:
    ended = call("check", "--example")
    assert (ended.code, ended.out, ended.err) == (0, example(), "")
    assert not list(tmp_path.iterdir())


def test_check_trains_nothing_to_its_end_and_starts_no_sweep(call: Call, tmp_path: Path) -> None:
    """Real workers: what remains are compiled programs."""
    (tmp_path / "s.toml").write_text('data = "iris"\nfactors = ["initializer"]\nepochs = 1000000')
    small = ("--width", "4", "--lanes", "1", "--pilot-trials", "4")
    ended = call("check", "mine", "--config", "s.toml", *small, "--json")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert (found["name"], found["data"]["source"], found["problems"]) == ("mine", "iris", [])
    assert {path.name for path in (tmp_path / "mlruns").iterdir()} == {"cache"}
    assert len(list((tmp_path / "mlruns").rglob("*.pb"))) == found["programs"]


def test_a_check_that_could_not_train_something_fails(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = replace(checked(), problems=("no room",))
    monkeypatch.setattr("search.main.check", lambda *_, **__: found)
    ended = call("check")
    assert ended.code == 1
    assert "Cannot be trained: no room" in ended.out
    assert json.loads(call("check", "--json").out)["problems"] == ["no room"]


def test_show_tells_where_a_sweep_stands(call: Call, sweep: str) -> None:
    ended = call("show", sweep)
    assert ended.code == 0
    assert ended.err == ""
    assert "the first look is at 16 replicates" in " ".join(ended.out.split())


def test_json_is_one_document_and_nothing_else(call: Call, sweep: str) -> None:
    shown = call("show", sweep, "--json")
    assert shown.err == ""
    report = json.loads(shown.out)
    assert (report["name"], report["state"], report["best"]) == (sweep, "interrupted", None)
    assert [factor["factor"] for factor in report["factors"]] == ["activation"]
    (listed,) = json.loads(call("list", "--json").out)
    assert list(listed) == ["name", "state", "data", "recipe", "headline"]
    assert listed["name"] == sweep


def test_show_prints_markdown(call: Call, sweep: str) -> None:
    assert call("show", sweep, "--markdown").out.startswith(f"# {sweep}\n")


def test_csv_has_a_line_for_every_alternative(call: Call, sweep: str) -> None:
    shown = call("show", sweep, "--csv")
    assert shown.err == ""
    header, *rows = csv.reader(shown.out.splitlines())
    assert [row[header.index("level")] for row in rows] == ["swish", "relu", "selu"]
    assert {row[header.index("outcome")] for row in rows} == {"undecided"}


def test_open_keeps_the_page_prints_where_and_hands_it_to_the_browser(
    sweep: str, tmp_path: Path
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    page = show_open(sweep, tmp_path, BROWSER=str(browser))
    assert (tmp_path / "opened").read_text() == f"{page.as_uri()}\n"


def test_open_does_without_a_browser(sweep: str, tmp_path: Path) -> None:
    show_open(sweep, tmp_path, PATH=str(tmp_path), DISPLAY="", WAYLAND_DISPLAY="")


def show_open(sweep: str, folder: Path, **environment: str) -> Path:
    """Call `show --open` in a process of its own; the page that it says it has written."""
    done = subprocess.run(
        [sys.executable, "-m", "search", "show", sweep, "--open"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    page = Path(done.stdout.removesuffix("\n"))
    assert page == folder / "mlruns" / "sweeps" / sweep / "report.html"
    assert page.read_text().startswith("<!doctype html>")
    return page


def test_show_all_names_every_alternative(call: Call, sweep: str) -> None:
    ended = call("show", sweep, "--all")
    assert all(level in ended.out for level in ("swish", "relu", "selu"))


def test_list_is_a_table_or_says_that_there_is_nothing(call: Call) -> None:
    assert call("list") == (0, "", "no sweeps here yet\n")
    assert json.loads(call("list", "--json").out) == []


def test_list_names_each_sweep(call: Call, sweep: str) -> None:
    assert sweep in call("list").out


def test_a_damaged_sweep_fails_in_one_line(call: Call, sweep: str, tmp_path: Path) -> None:
    (tmp_path / "mlruns" / "sweeps" / sweep / "sweep.json").write_text("{")
    ended = call("show", sweep)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1


def test_spaces_shows_the_table_or_one_space(call: Call) -> None:
    everything = call("spaces").out
    assert "performance or one_cycle" in everything
    assert "shallow_full" in everything
    space = call("spaces", "shallow").out.splitlines()
    assert "    under nag" in space
    assert "      momentum  0.8 to 0.95" in space
