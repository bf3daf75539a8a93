"""Somebody else's hypermodel from the command line, with real training."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from search import load
from search.cli import main

DOCUMENT = Path(__file__).parents[1] / "search" / "docs" / "models.md"
SOURCE = re.findall(r"```python\n(# hyper.py.*?)```", DOCUMENT.read_text(), re.DOTALL)[0]
OPTIONS = {
    "--data": "images.npz",
    "--hypermodel": "hyper.py:Hyper",
    "--trials": "2",
    "--replicates": "1",
    "--epochs": "2",
    "--seed": "1",
}
RUN = ["run", "theirs", "--json", *(word for option in OPTIONS.items() for word in option)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=200)
    x = rng.normal(size=(200, 8, 8)) + 2 * y[:, None, None] * np.eye(8)
    np.savez(tmp_path / "images.npz", x=x, y=np.array(["no", "yes"])[y])
    (tmp_path / "hyper.py").write_text(SOURCE)
    return tmp_path


def test_a_hypermodel_is_searched_from_its_own_defaults_and_selected_on_fresh_seeds(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(RUN) == 0
    out, err = capfd.readouterr()
    report = json.loads(out)
    assert "is behind the store" not in err
    assert report["trials"]["failed"] == 0
    assert report["recipe"]["values"] == {
        "kind": "dense",
        "dense.units": 32,
        "learning_rate": 0.01,
        "batch_size": 16,
    }
    trials = {x.index: x.recipe for x in load("theirs").records if x.phase == "search"}
    assert trials.keys() == {0, 1}
    assert trials[0] == report["recipe"] != trials[1]
    assert {record.phase for record in load("theirs").records} == {"search", "select"}
    assert len(report["search"]["candidates"]) > 1
    assert report["conditions"]["model"].startswith("hyper.py:Hyper (")

    (folder / "hyper.py").write_text(SOURCE.replace("[16, 32]", "[16, 64]"))
    assert main(RUN) == 2
    assert "error: --hypermodel hyper.py:Hyper was built as" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("source", "more", "message"),
    [
        ("class Hyper: ...", [], "must be a HyperModel, or a function that builds a model"),
        ("def Hyper(hp): 1 / 0", [], "and fit it; received ZeroDivisionError: division by zero"),
        (SOURCE.replace("Dense(2,", "Dense(5,"), [], "outputs must be (rows, 2) or (rows, 1)"),
        (SOURCE, ["--factors", "optimizer"], "--factors must be left out: --hypermodel says"),
        (SOURCE, ["--depth", "2"], "--depth must be left out where --hypermodel builds"),
        (SOURCE, ["--model", "a.py:b"], "--model must be left out where --hypermodel builds"),
        (SOURCE, ["--recipe", "deep"], "--recipe must be left out: --hypermodel has values"),
    ],
)
def test_a_wrong_hypermodel_is_answered_in_one_line_and_nothing_is_written(
    source: str,
    more: list[str],
    message: str,
    folder: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (folder / "hyper.py").write_text(source)
    assert main([*RUN, *more]) == 2
    out, err = capfd.readouterr()
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert not out
    assert not (folder / "mlruns").exists()
