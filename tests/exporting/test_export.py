"""Exporting: what stands in the folder, and what is refused."""

import dataclasses
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

import search
from search.cli import main
from search.data import Dataset, load_dataset
from search.errors import InputError, StoreError
from search.rows import TrainingData
from search.settings import Settings
from search.study import Store
from search.sweep.final import read_final
from search.sweep.folder import folder_of
from search.sweep.reporting import load_report
from search.sweep.run import open_sweep
from search.training.contract import Member, Prune, Result
from spaces import Recipe
from tests.training.reference import by_stacks

SMALL = Settings(
    name="s",
    data="wine",
    factors=("normalization",),
    pilot_trials=4,
    lanes=1,
    replicates=16,
    epochs=3,
    width=8,
)
FILES = {
    "README.md",
    "metrics.json",
    "model.keras",
    "preparation.json",
    "prepare.py",
    "recipe.json",
    "split.npz",
    "train.py",
}


def train(
    members: Sequence[Member],
    data: TrainingData,
    *,
    done: Collection[int] = (),
    keep_weights: bool = False,
    prune: Prune | None = None,
) -> Iterator[tuple[int, Result]]:
    assert not done
    assert prune is None
    yield from by_stacks(members, data, keep_weights=keep_weights)


@pytest.fixture(scope="module")
def wine() -> Dataset:
    return load_dataset("wine")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, wine: Dataset) -> Path:
    home = tmp_path_factory.mktemp("work") / "mlruns"
    with open_sweep(SMALL, wine, home) as sweep:
        sweep.run(train)
    return home


@pytest.fixture(scope="module")
def folder(home: Path) -> Path:
    exported: Path = search.export("s", home.parent / "new" / "best", home=home)
    return exported


def test_a_folder_has_all_that_is_needed(folder: Path, home: Path) -> None:
    assert {path.name for path in folder.iterdir()} == FILES
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    best = load_report("s", home).best
    assert best is not None
    assert Recipe.from_json((folder / "recipe.json").read_text()) == best.recipe
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["metric"], metrics["confirm"]) == ("error", best.confirm)
    assert f"{best.confirm:.4f}" in (folder / "README.md").read_text()


def test_the_exported_model_predicts_as_the_sweep_did(
    folder: Path, home: Path, wine: Dataset
) -> None:
    best = load_report("s", home).best
    assert best is not None
    stored = read_final(Store(folder_of(home, "s")), best.record)
    assert stored is not None
    model = keras.models.load_model(folder / "model.keras")
    predicted = model(wine.x_confirm, training=False)
    assert np.abs(predicted - stored.predictions).max() < 1e-5
    wrong = (stored.predictions.argmax(axis=1) != wine.y_confirm).mean()
    assert best.confirm == pytest.approx(wrong)


def test_a_folder_with_something_in_it_is_refused_and_an_empty_one_filled(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(InputError, match=r"--to must be a folder that is new or empty"):
        search.export("s", tmp_path / "full", home=home)
    empty = tmp_path / "empty"
    empty.mkdir()
    itself = empty.stat().st_ino  # it may be a mount point: nothing can be put in its place
    search.export("s", empty, home=home)
    assert {path.name for path in empty.iterdir()} == FILES
    assert empty.stat().st_ino == itself


def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(home: Path, tmp_path: Path) -> None:
    limited = 'ulimit -f 8; exec "$0" -m search export s --to "$1"'  # no file above 8 kB
    done = subprocess.run(
        ["bash", "-c", limited, sys.executable, str(tmp_path / "out")],
        cwd=home.parent,
        env={**os.environ, "PYTHONPATH": str(Path(search.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {tmp_path / 'out'} could not be written: OSError: ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_it_predicts_from_the_command_line_and_says_nothing_else(
    folder: Path, home: Path, tmp_path: Path
) -> None:
    best = load_report("s", home).best
    assert best is not None
    stored = read_final(Store(folder_of(home, "s")), best.record)
    assert stored is not None
    rows = load_wine(as_frame=True).data.iloc[stored.rows["confirm"]]
    rows.to_csv(tmp_path / "rows.csv", index=False)
    done = subprocess.run(
        [sys.executable, "-m", "search", "predict", str(folder), str(tmp_path / "rows.csv")],
        env={name: value for name, value in os.environ.items() if not name.startswith("TF_")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    found = pd.read_csv(io.StringIO(done.stdout))
    np.testing.assert_allclose(found["probability"], stored.predictions.max(axis=1), atol=1e-5)
    assert found["class"].tolist() == [f"class_{k}" for k in stored.predictions.argmax(axis=1)]


def test_weights_that_do_not_give_the_stored_predictions_are_refused(
    home: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "mlruns"
    shutil.copytree(home, damaged)
    store = Store(folder_of(damaged, "s"))
    predictions = store.read_predictions("final_0000.npy")
    store.write_predictions("final_0000.npy", 1 - predictions)
    with pytest.raises(StoreError, match="do not give its predictions again"):
        search.export("s", tmp_path / "out", home=damaged)
    assert [path.name for path in tmp_path.iterdir()] == ["mlruns"]


def test_a_sweep_without_a_final_model_is_refused_in_one_line(
    wine: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    short = dataclasses.replace(SMALL, budget=1e-9)
    with open_sweep(short, wine, tmp_path / "mlruns") as sweep:
        sweep.run(train)
    monkeypatch.chdir(tmp_path)
    assert main(["export", "s", "--to", "out"]) == 2
    assert capsys.readouterr().err == (
        "error: sweep 's' must have its final model to be exported; received none: its budget is "
        "spent\n"
    )
    assert main(["export", "nothing", "--to", "out"]) == 2
    assert not (tmp_path / "out").exists()


def test_the_command_prints_where_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home.parent)
    assert main(["export", "s", "--to", "out", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"folder": str(home.parent / "out")}
