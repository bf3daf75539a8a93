"""KerasTuner's own residual network, as shipped, under our `run`."""

import json
from pathlib import Path

import keras_tuner
import numpy as np
import pytest

from search import load
from search.cli import main

SOURCE = """
import keras_tuner

hyper = keras_tuner.applications.HyperResNet(input_shape=(32, 32, 3), classes=2)
"""
LIMITS = ("--trials", "2", "--epochs", "1", "--replicates", "1", "--workers", "1")


def test_the_residual_network_is_trained_until_the_budget_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=60)
    x = rng.normal(size=(60, 32, 32, 3)) + 2 * y[:, None, None, None]
    np.savez("images.npz", x=x.astype(np.float32), y=np.array(["no", "yes"])[y])
    Path("residual.py").write_text(SOURCE)
    options = ("--data", "images.npz", "--hypermodel", "residual.py:hyper", *LIMITS)

    assert main(["run", "residual", "--json", "--budget", "1s", *options]) == 0

    out, err = capfd.readouterr()
    assert "is behind the store" not in err
    assert json.loads(out)["state"] == "stopped"
    (trial,) = load("residual").records
    assert (trial.state, trial.epochs, trial.trainer) == ("complete", 1, "keras")
    hp = keras_tuner.HyperParameters()
    keras_tuner.applications.HyperResNet(input_shape=(32, 32, 3), classes=2).build(hp)
    assert (
        trial.recipe["values"].items()
        >= {name: value for name, value in hp.values.items() if name != "learning_rate"}.items()
    )
