"""The code of an exported `train.py`: the same network, optimizer and schedule, by itself."""

import ast
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.data import Dataset, load_dataset
from search.exporting.code import training_code
from search.exporting.words import readme
from search.models import build_model, build_optimizer
from search.models.schedules import planned_rates
from search.settings import Settings
from search.sweep.run import sweep_file
from spaces import DEEP, FACTORS, SELF_NORMALIZING, SHALLOW, Recipe
from tests.data.tables import TABLES
from tests.exporting.conftest import Exported, best_of
from tests.strategies import recipes

SCHEDULES = [level.name for level in FACTORS["lr_schedule"].levels]
OPTIMIZERS = [level.name for level in FACTORS["optimizer"].levels]
BUILTINS = {"print", "range", "round", "max", "dict", "len", "enumerate", "__file__"}
# Runs each folder's train.py in a process that has neither of the package's two import names.
RUN_ALL = """
import runpy, sys
sys.modules["search"] = sys.modules["spaces"] = None
for line in sys.argv[1:]:
    folder, *arguments = line.split()
    sys.path[0] = folder
    sys.modules.pop("prepare", None)
    sys.argv = [folder + "/train.py", *arguments]
    print("in", folder.rpartition("/")[2])
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


@cache
def digits() -> Dataset:
    return load_dataset("digits")


def code_of(recipe: Recipe, **asked: Any) -> str:
    file = sweep_file(Settings(**asked), digits(), Path("/nowhere"))
    return training_code(file, best_of(recipe), has_test_rows=False)


def compiled(recipe: Recipe, n_train: int = 1000) -> dict[str, Any]:
    """What the code defines up to the training, for 61 features of no rows."""
    code = code_of(recipe)
    start = code.index("\n", code.index("train, valid, confirm ="))
    names: dict[str, Any] = {"keras": keras, "np": np, "partial": partial}
    names |= {"x": np.zeros((0, 61)), "train": np.arange(n_train)}
    exec(code[start : code.index("model.fit(")], names)
    return names


@settings(deadline=None)
@given(recipes())
def test_the_code_of_every_recipe_imports_and_defines_just_what_it_uses(recipe: Recipe) -> None:
    nodes = list(ast.walk(ast.parse(code_of(recipe, class_weight="balanced"))))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    made |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    made |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {alias.asname or alias.name for node in imports for alias in node.names}
    assert used <= made | imported | BUILTINS
    assert imported <= used
    assert "dropout" in recipe.regularization or "Dropout" not in code_of(recipe)


@settings(deadline=None, max_examples=30)
@given(recipes())
def test_it_builds_the_same_network(recipe: Recipe) -> None:
    theirs, ours = compiled(recipe)["model"], build_model(recipe, 61, 10)
    rng = np.random.default_rng(0)
    weights = [rng.random(weight.shape) for weight in ours.get_weights()]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    rows = rng.normal(size=(5, 61)).astype(np.float32)
    logits = ours(rows, training=False)
    expected = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    assert np.allclose(theirs(rows, training=False), expected, atol=1e-5)
    assert float(sum(theirs.losses)) == pytest.approx(float(sum(ours.losses)), rel=1e-5)
    assert [settings_of(x) for x in theirs.layers if settings_of(x)] == [
        settings_of(x) for x in ours.layers if settings_of(x)
    ]


def settings_of(layer: keras.Layer) -> tuple[Any, ...]:
    """What a forward pass does not show."""
    match type(layer).__name__:
        case "Dense":
            start = layer.kernel_initializer.get_config()
            constraint = layer.kernel_constraint and layer.kernel_constraint.max_value
            return type(layer.kernel_initializer), start.get("scale"), round(constraint or 0, 2)
        case "Dropout" | "AlphaDropout":
            return type(layer), round(layer.rate, 3)
    return ()


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [(x, s) for x in ("nag", "momentum", "adamw") for s in SCHEDULES]
    + [(x, "constant") for x in OPTIMIZERS],
)
def test_its_optimizer_makes_the_same_steps(optimizer: str, schedule: str) -> None:
    recipe = SHALLOW.replace(
        optimizer=optimizer, lr_schedule=schedule, learning_rate=0.0125, epochs=10, batch_size=50
    )
    recipe = recipe.replace(regularization="weight_decay", weight_decay=0.02)
    n_steps = 10 * 2
    theirs = compiled(recipe, n_train=100)["model"].optimizer
    ours = build_optimizer(recipe, steps_per_epoch=2)
    paths = []
    for each in (theirs, ours):
        rng, variable = np.random.default_rng(0), keras.Variable(np.ones(8, np.float32))
        path = []
        for _ in range(n_steps):
            each.apply([keras.ops.convert_to_tensor(rng.normal(size=8), "float32")], [variable])
            path.append(variable.numpy())
        paths.append(np.array(path))
    assert np.allclose(paths[0], paths[1], rtol=0, atol=1e-5)
    assert np.abs(paths[1] - 1).max() > 0.05


@pytest.mark.parametrize("schedule", sorted({*SCHEDULES} - {"constant", "performance"}))
@settings(deadline=None, max_examples=10)
@given(n_train=st.integers(2, 60), epochs=st.integers(2, 5), batch_size=st.integers(2, 9))
def test_its_rate_is_the_planned_one_at_every_step(
    schedule: str, n_train: int, epochs: int, batch_size: int
) -> None:
    recipe = SHALLOW.replace(lr_schedule=schedule, epochs=epochs, batch_size=batch_size)
    planned = planned_rates(recipe, -(-n_train // batch_size)).ravel()
    names = compiled(recipe, n_train)
    rate = names["OneCycle"]() if schedule == "one_cycle" else names["rate"]
    rates = [float(rate(step)) for step in range(len(planned))]
    assert rates == pytest.approx(planned, rel=1e-4)


def test_regression_balance_and_every_metric_have_their_lines() -> None:
    assert "class_weight=dict(" in code_of(SHALLOW, class_weight="balanced")
    assert "class_weight" not in code_of(SHALLOW)
    assert "balanced_accuracy_score(" in code_of(SHALLOW, metric="balanced_error")
    assert "log_loss(" in code_of(SHALLOW, metric="log_loss")


@pytest.mark.parametrize(
    ("data", "argument"),
    [
        ("iris", ""),
        ("/abs/a.csv", ""),
        ("a.csv", " PATH/TO/a.csv"),
        ("b/my a.npz", " 'PATH/TO/my a.npz'"),
    ],
)
def test_its_readme_asks_for_the_file_where_it_is_not_seen_from_the_folder(
    data: str, argument: str
) -> None:
    file = sweep_file(Settings(data=data), digits(), Path("/nowhere"))
    assert f"    python train.py{argument}\n" in readme(file, best_of(SHALLOW))


@pytest.fixture
def run_all(tmp_path: Path) -> Callable[[list[str]], dict[str, str]]:
    def run_all(lines: list[str]) -> dict[str, str]:
        """Folder -> the last line that its train.py printed."""
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        done = subprocess.run(
            [sys.executable, "-I", "-c", RUN_ALL, *lines],
            cwd=elsewhere,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        parts = [part.strip().splitlines() for part in f"\n{done.stdout}".split("\nin ")[1:]]
        return {lines[0]: lines[-1] for lines in parts}

    return run_all


def test_it_trains_without_the_package(
    tmp_path: Path, exported: Exported, run_all: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small = {"width": 16, "epochs": 3}
    shallow, deep = SHALLOW.replace(**small), DEEP.replace(**small, depth=3)
    x, y = digits().x[:300].reshape(300, -1), digits().y[:300]
    np.savez(tmp_path / "arrays.npz", x=x, y=y)
    table = TABLES["mixed"]().frame
    table.to_csv(tmp_path / "mixed.csv", index=False)
    groups = TABLES["groups"]()
    asked: dict[str, tuple[Recipe, Any, dict[str, Any]]] = {
        "shallow": (shallow, "digits", {}),
        "deep": (deep.replace(lr_schedule="one_cycle", regularization="dropout"), "wine", {}),
        "selu": (SELF_NORMALIZING.replace(**small, regularization="alpha_dropout"), "iris", {}),
        "csv": (shallow, "mixed.csv", {"target": "price"}),
        "frame": (shallow, table, {"target": "price"}),
        "memory": (shallow.replace(optimizer="adamw", lr_schedule="cosine"), (x, y), {}),
        "rare": (shallow, TABLES["rare"]().frame, {"target": "y", "class_weight": "balanced"}),
        "groups": (shallow, groups.frame, {"target": "y", "roles": groups.roles}),
    }
    arguments = {"csv": "mixed.csv", "frame": "mixed.csv", "memory": "arrays.npz"}
    for name in ("rare", "groups"):
        frame: pd.DataFrame = asked[name][1]
        frame.to_parquet(tmp_path / f"{name}.parquet")
        arguments[name] = f"{name}.parquet"
    lines = []
    for name, (recipe, data, options) in asked.items():
        assert exported(tmp_path / name, recipe, data, **options) < 1e-5
        argument = f" {tmp_path / arguments[name]}" if name in arguments else ""
        lines.append(f"{tmp_path / name}{argument}")
    told = run_all(lines)
    assert list(told) == list(asked)
    for name, line in told.items():
        metric, score = line.removeprefix("confirm ").split(":")
        assert metric == ("rmse" if name in {"csv", "frame"} else "error")
        assert 0 <= float(score.split()[0]) < 1.5
    assert float(told["shallow"].split(":")[1]) < 0.3
