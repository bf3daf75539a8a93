"""Predictions by an exported model, from the command line."""

import csv
import io
import locale
import math
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from search.cli import main
from search.data import IN_MEMORY, load_dataset
from search.exporting.contents import fill
from search.models import MonteCarloDropout
from search.predict import Exported
from search.settings import Settings
from search.sweep.run import sweep_file
from spaces import SHALLOW, Recipe
from tests.exporting.conftest import best_of, final_model, run_prepare

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame({"size": RNG.normal(size=200), "city": RNG.choice(["Bern", "Chur"], 200)})
DROPPING = SHALLOW.replace(width=5, epochs=3, regularization="dropout")


def export(folder: Path, data: Any, *, recipe: Recipe = DROPPING) -> keras.Model:
    """The folder that `export` writes of a recipe, trained; returns its model."""
    target = "kind" if isinstance(data, pd.DataFrame) else None
    dataset = load_dataset(data, target=target)
    file = sweep_file(Settings(data=IN_MEMORY, target=target), dataset, folder.parent)
    fill(folder, file, best_of(recipe), final_model(recipe, dataset))
    return keras.models.load_model(folder / "model.keras")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    ROWS.head(7).to_csv("new.csv", index=False)
    return tmp_path


def lines(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out)))


def test_classes_come_with_probability_and_uncertainty(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = np.where(ROWS["size"] > 0, "large", "small")
    model = export(folder / "out", ROWS.assign(kind=kinds))
    assert main(["predict", "out", "new.csv", "--samples", "50"]) == 0
    found = lines(capsys.readouterr().out)
    x = Exported.read(folder / "out").preparation.transform(ROWS.head(7))
    expected = MonteCarloDropout(model, "probabilities").predict(x, 50)
    assert expected.entropy is not None
    for row, line in enumerate(found):
        best = expected.mean[row].argmax()
        assert line["class"] == ["large", "small"][best]
        assert float(line["probability"]) == pytest.approx(expected.mean[row, best], rel=1e-4)
        share = expected.entropy[row] / math.log(2)
        assert float(line["uncertainty"]) == pytest.approx(share, rel=1e-4)

    assert main(["predict", "out", "new.csv"]) == 0
    plain = [float(line["probability"]) for line in lines(capsys.readouterr().out)]
    np.testing.assert_allclose(plain, model(x).numpy().max(axis=1), rtol=1e-5)


def test_numbers_come_in_the_targets_units(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = export(folder / "out", ROWS.assign(kind=1000 + 10 * ROWS["size"]))
    assert main(["predict", "out", "new.csv", "--samples", "2000"]) == 0
    found = lines(capsys.readouterr().out)
    exported = Exported.read(folder / "out")
    target = exported.preparation.target
    drawn = MonteCarloDropout(model, "numbers").predict(
        exported.preparation.transform(ROWS.head(7)), 2000
    )
    values = [[float(line[name]) for line in found] for name in ("prediction", "uncertainty")]
    np.testing.assert_allclose(values[0], target.mean + target.scale * drawn.mean[:, 0], rtol=1e-4)
    np.testing.assert_allclose(values[1], target.scale * drawn.spread[:, 0], rtol=1e-4)
    assert main(["predict", "out", "new.csv"]) == 0
    assert capsys.readouterr().out.startswith("prediction\n")


def test_images_come_from_an_array(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = RNG.normal(size=(300, 4, 4))
    export(folder / "out", (images, images.mean(axis=(1, 2)) > 0))
    np.savez(folder / "new.npz", x=images[:3])
    assert main(["predict", "out", "new.npz", "--samples", "5"]) == 0
    assert len(lines(capsys.readouterr().out)) == 3


def test_names_in_any_script_survive_a_machine_of_another_encoding(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = ROWS.rename(columns={"size": "größe"}).assign(
        kind=np.where(ROWS["size"] > 0, "大", "小")
    )
    table.head(7).to_csv("new.csv", index=False)
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")
    try:
        with Path("probe").open("w") as probe:
            assert probe.encoding != "utf-8"
        export(folder / "out", table)
        assert main(["predict", "out", "new.csv"]) == 0
        prepare = run_prepare(folder / "out")["prepare"]
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    assert {line["class"] for line in lines(capsys.readouterr().out)} <= {"大", "小"}
    assert prepare(table).shape == (200, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none", "new.csv"], "EXPORT must be a folder that `export` wrote"),
        (["out", "none.csv"], "data must be a file that exists; received none.csv"),
        (["out", "new.txt"], "data must be a file ending in .csv, .parquet, .npz"),
        (["out", "other.csv"], "rows must have the column 'size'; received city"),
        (["out", "new.csv", "--samples", "0"], "--samples must be a whole number from 1"),
        (["out", "new.csv", "--samples", "5"], "--samples must be left out here; received the mod"),
        (["broken", "new.csv"], "preparation.json must be whole"),
        (["damaged", "new.csv"], "model.keras must be whole"),
    ],
)
def test_wrong_input_is_answered_in_one_line(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = SHALLOW.replace(width=5, epochs=1)
    export(folder / "out", ROWS.assign(kind=ROWS["size"] > 0), recipe=plain)
    for name in ("broken", "damaged"):
        shutil.copytree("out", name)
    (folder / "broken" / "preparation.json").write_text("{}")
    (folder / "damaged" / "model.keras").write_text("")
    ROWS[["city"]].to_csv("other.csv", index=False)
    assert main(["predict", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
