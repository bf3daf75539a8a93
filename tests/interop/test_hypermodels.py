"""Hypermodels as other people write them, under Optuna."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import optuna
import pytest
from optuna.trial import FixedTrial

from search.errors import InputError
from search.interop.hypermodels import (
    SuggestedHyperParameters,
    load_hypermodel,
    objective_of,
)
from search.named import Named


def every_kind(hp: Any) -> dict[str, Any]:
    """Every kind of hyperparameter, and nested scopes with one name in two of them."""
    values = {
        "units": hp.Int("units", 8, 64, step=8),
        "whole": hp.Int("whole", 1, 1000, sampling="log"),
        "powers": hp.Int("powers", 2, 32, step=2, sampling="log"),
        "rate": hp.Float("rate", 1e-4, 1e-1, sampling="log"),
        "tenths": hp.Float("tenths", 0.0, 0.5, step=0.1),
        "decades": hp.Float("decades", 0.001, 1.0, step=10, sampling="log"),
        "momentum": hp.Float("momentum", 0.1, 10.0, sampling="reverse_log"),
        "flag": hp.Boolean("flag"),
        "fixed": hp.Fixed("fixed", "as it is"),
        "one": hp.Int("one", 3, 3),
        "kind": hp.Choice("kind", ["mlp", "cnn"]),
    }
    with hp.conditional_scope("kind", ["mlp"]):
        values["mlp"] = hp.Int("size", 1, 5)
    with hp.conditional_scope("kind", ["cnn"]):
        values["cnn"] = hp.Int("size", 10, 50)
        values["pool"] = hp.Choice("pool", ["max", "none"])
        with hp.conditional_scope("pool", ["max"]):
            values["window"] = hp.Int("window", 2, 4)
    with hp.name_scope("head"):
        values["dropout"] = hp.Float("dropout", 0.0, 0.5)
    return values


def drawn(n: int) -> list[tuple[dict[str, Any], optuna.trial.FrozenTrial]]:
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    found = []
    for _ in range(n):
        trial = study.ask()
        values = every_kind(SuggestedHyperParameters(trial))
        found.append((values, study.tell(trial, float(values["rate"]))))
    return found


def test_every_kind_is_drawn_from_its_own_values() -> None:
    allowed: dict[str, Callable[[Any], bool]] = {
        "units": lambda x: x in range(8, 65, 8),
        "whole": lambda x: isinstance(x, int) and 1 <= x <= 1000,
        "powers": lambda x: x in (2, 4, 8, 16, 32),
        "rate": lambda x: 1e-4 <= x <= 1e-1,
        "tenths": lambda x: round(10 * x, 6) in range(6),
        "decades": lambda x: min(abs(np.log10(x) - e) for e in range(-3, 1)) < 1e-9,
        "momentum": lambda x: 0.1 <= x <= 10,
        "flag": lambda x: isinstance(x, bool),
        "fixed": lambda x: x == "as it is",
        "one": lambda x: x == 3,
        "dropout": lambda x: 0 <= x <= 0.5,
    }
    found = [values for values, _ in drawn(40)]
    for name, fits in allowed.items():
        assert all(fits(values[name]) for values in found), name
    varied = [name for name in allowed if name not in ("fixed", "one")]
    assert all(len({values[name] for values in found}) > 1 for name in varied)
    assert np.median([values["momentum"] for values in found]) > 5  # most lie near the top


def test_only_what_is_active_has_a_value_and_is_suggested() -> None:
    for values, trial in drawn(30):
        is_cnn = values["kind"] == "cnn"
        assert (values["mlp"] is None) == is_cnn
        assert (values["cnn"] is None) == (values["pool"] is None) == (not is_cnn)
        assert (values["window"] is None) == (values["pool"] != "max")
        conditional = {name for name in trial.params if "=" in name}
        expected = {"kind=mlp/size"}
        if is_cnn:
            expected = {"kind=cnn/size", "kind=cnn/pool"}
            expected |= {"kind=cnn/pool=max/window"} if values["pool"] == "max" else set()
        assert conditional == expected
        assert not {"fixed", "one"} & trial.params.keys()
        assert "head/dropout" in trial.params


def test_a_finished_trial_gives_its_values_again() -> None:
    for values, trial in drawn(10):
        again = every_kind(SuggestedHyperParameters(FixedTrial(trial.params)))
        assert again == values


def test_a_value_is_suggested_once_and_known_by_its_name() -> None:
    hp = SuggestedHyperParameters(FixedTrial({"units": 16}))
    assert hp.Int("units", 8, 64, step=8) == hp.Int("units", 8, 64, step=8) == 16
    assert hp.get("units") == hp["units"] == 16


def test_a_hypermodel_that_is_not_tunable_keeps_its_defaults() -> None:
    class Kept(keras_tuner.HyperModel):  # type: ignore[misc]  # KerasTuner ships no types
        def build(self, hp: Any) -> Any:
            return hp.Int("units", 8, 64)

    assert Kept(tunable=False).build(SuggestedHyperParameters(FixedTrial({}))) == 8


def test_the_residual_network_of_kerastuner_builds() -> None:
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1)).ask()
    network = keras_tuner.applications.HyperResNet(input_shape=(32, 32, 3), classes=2)
    model = network.build(SuggestedHyperParameters(trial))
    assert model.output_shape == (None, 2)
    assert {"version", "conv3_depth", "learning_rate"} <= {n.split("/")[-1] for n in trial.params}


def test_what_its_own_fit_asks_is_suggested_too() -> None:
    class Own(keras_tuner.HyperModel):  # type: ignore[misc]  # KerasTuner ships no types
        def build(self, hp: Any) -> keras.Model:
            model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            model.compile(loss="mse", optimizer=hp.Choice("optimizer", ["sgd", "adam"]))
            return model

        def fit(self, hp: Any, model: Any, *args: Any, **options: Any) -> Any:
            return model.fit(*args, epochs=hp.Int("epochs", 1, 3), verbose=0, **options)

    hp = SuggestedHyperParameters(FixedTrial({"optimizer": "adam", "epochs": 2}))
    own, x = Own(), np.ones((8, 2))
    history = own.fit(hp, own.build(hp), x, x[:, :1], validation_split=0.5)
    assert len(history.epoch) == 2
    assert objective_of(history, "val_loss", "min") == min(history.history["val_loss"])
    assert objective_of(history, "val_loss", "max") == max(history.history["val_loss"])


def test_a_score_may_come_in_several_forms() -> None:
    assert objective_of(0.5, "val_loss", "min") == 0.5
    assert objective_of({"val_loss": 2, "x": 1}, "val_loss", "min") == 2.0
    assert objective_of([1.0, {"val_loss": 2.0}], "val_loss", "min") == 1.5
    with pytest.raises(ValueError, match="fit must tell the val_loss; received x"):
        objective_of({"x": 1}, "val_loss", "min")
    with pytest.raises(ValueError, match="a history, metrics or a number; received None"):
        objective_of(None, "val_loss", "min")


SOURCE = """
import keras_tuner

class Hyper(keras_tuner.HyperModel):
    def build(self, hp):
        return hp.Int("units", 1, 5)

hyper = Hyper()
number = 7

def build(hp):
    return hp.Int("units", 1, 5)
"""


def test_it_is_an_object_a_class_or_a_function(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(SOURCE)
    for name in ("Hyper", "hyper", "build"):
        found = load_hypermodel(Named.find("--hypermodel", f"{path}:{name}"))
        assert found.build(SuggestedHyperParameters(FixedTrial({"units": 4}))) == 4
    with pytest.raises(InputError, match=r"must be a HyperModel, or a function .* a int"):
        load_hypermodel(Named.find("--hypermodel", f"{path}:number"))
