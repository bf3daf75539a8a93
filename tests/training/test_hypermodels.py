"""Hypermodels as other people write them: what they vary, and what they make of given values."""

from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from search.errors import InputError
from search.named import Named
from search.training.hypermodels import GivenHyperParameters, explored_space, load_hypermodel
from spaces import Choice, Float, Int, Space, Value


def every_kind(hp: Any) -> dict[str, Any]:
    """Every kind of hyperparameter, and nested scopes with one name in two of them."""
    values = {
        "units": hp.Int("units", 8, 64, step=8, default=32),
        "whole": hp.Int("whole", 1, 1000, sampling="log"),
        "powers": hp.Int("powers", 2, 32, step=2, sampling="log"),
        "rate": hp.Float("rate", 1e-4, 1e-1, sampling="log"),
        "tenths": hp.Float("tenths", 0.0, 0.5, step=0.1),
        "momentum": hp.Float("momentum", 0.25, 1.0, default=0.75, sampling="reverse_log"),
        "flag": hp.Boolean("flag", default=True),
        "fixed": hp.Fixed("fixed", "as it is"),
        "one": hp.Int("one", 3, 3),
        "kind": hp.Choice("kind", ["mlp", "cnn"], default="cnn"),
    }
    with hp.conditional_scope("kind", ["mlp"]):
        values["mlp"] = hp.Int("size", 1, 5)
    with hp.conditional_scope("kind", ["cnn"]):
        values["cnn"] = hp.Int("size", 10, 50)
        values["pool"] = hp.Choice("pool", ["max", "none"])
        with hp.conditional_scope("pool", ["max"]):
            values["window"] = hp.Int("window", 2, 4)
    with hp.name_scope("head"):
        values["dropout"] = hp.Float("drop.out", 0.0, 0.5)
    return values


CNN = Space(
    {"size": Int(10, 50, default=10), "pool": Choice(("max", "none"))},
    {"pool": {"max": Space({"window": Int(2, 4, default=2)})}},
)
SPACE = Space(
    {
        "units": Choice((32, 8, 16, 24, 40, 48, 56, 64)),
        "whole": Int(1, 1000, default=1, log=True),
        "powers": Choice((2, 4, 8, 16, 32)),
        "rate": Float(1e-4, 1e-1, default=1e-4, log=True),
        "tenths": Choice(("0.0", "0.1", "0.2", "0.3", "0.4", "0.5")),
        "momentum: from the top": Float(0.25, 1.0, default=0.5, log=True),
        "flag": Choice((True, False)),
        "kind": Choice(("cnn", "mlp")),
        "head/drop_out": Float(0.0, 0.5, default=0.0),
    },
    {"kind": {"mlp": Space({"size": Int(1, 5, default=1)}), "cnn": CNN}},
)


def test_every_kind_and_scope_becomes_a_part_of_the_space() -> None:
    found = explored_space(every_kind)
    assert found == SPACE
    assert Space.from_dict(found.to_dict()) == found


def test_defaults_are_the_hypermodels_own() -> None:
    given = GivenHyperParameters(explored_space(every_kind).defaults())
    assert every_kind(given) == pytest.approx(every_kind(keras_tuner.HyperParameters()))


def test_a_point_gives_every_active_value() -> None:
    space = explored_space(every_kind)
    point: dict[str, Value] = {
        "units": 64,
        "whole": 500,
        "powers": 8,
        "rate": 0.01,
        "tenths": "0.3",
        "momentum: from the top": 0.25,
        "flag": False,
        "kind": "cnn",
        "cnn.size": 33,
        "cnn.pool": "max",
        "max.window": 4,
        "head/drop_out": 0.25,
    }
    space.check(point)
    values = every_kind(GivenHyperParameters(point))
    assert values.pop("momentum") == 1.0
    assert values == {
        "units": 64,
        "whole": 500,
        "powers": 8,
        "rate": 0.01,
        "tenths": 0.3,
        "flag": False,
        "fixed": "as it is",
        "one": 3,
        "kind": "cnn",
        "mlp": None,
        "cnn": 33,
        "pool": "max",
        "window": 4,
        "dropout": 0.25,
    }
    others: dict[str, Value] = {"kind": "mlp", "mlp.size": 5}
    values = every_kind(GivenHyperParameters({**space.defaults(), **others}))
    assert (values["mlp"], values["cnn"], values["pool"], values["window"]) == (5, None, None, None)


def test_what_is_asked_for_in_loops_and_under_ifs_is_found() -> None:
    def build(hp: Any) -> None:
        for i in range(hp.Int("layers", 1, 3)):
            hp.Int(f"units_{i}", 1, 9)
        if hp.Choice("kind", ["mlp", "cnn"]) == "cnn" and hp.Boolean("pool"):
            hp.Float("window", 0.0, 1.0)

    names = {"layers", "units_0", "units_1", "units_2", "kind", "pool", "window"}
    assert explored_space(build).domains.keys() == names


def test_a_condition_may_be_several_values_and_numbers_and_share_names() -> None:
    def build(hp: Any) -> list[Any]:
        hp.Int("layers", 1, 3)
        hp.Boolean("first")
        hp.Boolean("second")
        found = []
        for parent, options in (("layers", [2, 3]), ("first", [True]), ("second", [True])):
            with hp.conditional_scope(parent, options):
                found.append(hp.Int("size", 1, 9))
        return found

    space = explored_space(build)
    names = {name for name, _ in space.parameters()}
    assert {"2.size", "3.size", "True.size", "True.size: second True"} <= names
    point: dict[str, Value] = {"layers": 1, "first": False, "second": True}
    point["True.size: second True"] = 7
    space.check(point)
    assert build(GivenHyperParameters(point)) == [None, None, 7]


def test_only_an_error_at_the_defaults_counts() -> None:
    def build(hp: Any) -> None:
        if hp.Boolean("breaks", default=False):
            raise ValueError("broken")

    assert explored_space(build).domains == {"breaks": Choice((False, True))}
    with pytest.raises(ZeroDivisionError):
        explored_space(lambda _: 1 / 0)


def test_a_hypermodel_that_is_not_tunable_keeps_its_defaults() -> None:
    class Kept(keras_tuner.HyperModel):  # type: ignore[misc]  # KerasTuner ships no types
        def build(self, hp: Any) -> Any:
            return hp.Int("units", 8, 64)

    assert Kept(tunable=False).build(GivenHyperParameters({})) == 8


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
        assert found.build(GivenHyperParameters({"units": 4})) == 4
    with pytest.raises(InputError, match=r"must be a HyperModel, or a function .* a int"):
        load_hypermodel(Named.find("--hypermodel", f"{path}:number"))
