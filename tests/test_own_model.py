"""A person's own network from the command line, with real training."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from search.cli import main

DOCUMENT = Path(__file__).parents[1] / "search" / "docs" / "models.md"
SOURCE = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[0]
OPTIONS = {
    "--data": "images.npz",
    "--model": "cnn.py:build",
    "--factors": "normalization",
    "--pilot-trials": "4",
    "--lanes": "1",
    "--replicates": "16",
    "--epochs": "1",
    "--batch-size": "64",
}
RUN = ["run", "own", "--json", *(word for option in OPTIONS.items() for word in option)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=600)
    x = rng.normal(size=(600, 8, 8)) + 2 * y[:, None, None] * np.eye(8)
    np.savez(tmp_path / "images.npz", x=x, y=np.array(["no", "yes"])[y])
    (tmp_path / "cnn.py").write_text(SOURCE)
    return tmp_path


def test_the_guideline_is_checked_on_a_persons_own_network(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(RUN) == 0
    report = json.loads(capfd.readouterr().out)
    (factor,) = report["factors"]
    (batch,) = factor["alternatives"]
    assert (factor["factor"], batch["level"], batch["replicates"]) == ("normalization", "batch", 16)
    conditions = report["conditions"]
    assert conditions["model"].startswith("cnn.py:build (")
    assert conditions["depth"] is conditions["width"] is None
    assert main(["show", "own"]) == 0
    shown = " ".join(capfd.readouterr().out.split())
    assert f"network {conditions['model']}; batches of 64, at most 1 epoch" in shown
    assert "no stack can express it" not in shown

    (folder / "cnn.py").write_text(SOURCE.replace("dense(32)", "dense(33)"))
    assert main(RUN) == 2
    assert "error: --model cnn.py:build was built as" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("source", "more", "message"),
    [
        ("def build(layers, inputs, outputs): return 1", [], "must build a network; received Val"),
        ("def other(): ...", [], "--model must name what can be loaded; received AttributeError"),
        (SOURCE, ["--model", "cnn.py"], "--model must be module:name or file.py:name"),
        (SOURCE, ["--width", "5"], "--width must be left out where --model builds the network"),
        (SOURCE, ["--depth", "2"], "--depth must be left out where --model builds the network"),
    ],
)
def test_a_wrong_model_is_answered_in_one_line_and_nothing_is_written(
    source: str,
    more: list[str],
    message: str,
    folder: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (folder / "cnn.py").write_text(source)
    assert main([*RUN, *more]) == 2
    out, err = capfd.readouterr()
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert not out
    assert not (folder / "mlruns").exists()
