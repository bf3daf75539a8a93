"""The benchmarks run, are fair, and say what they found; no timing decides anything here."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from search.errors import InputError
from search.models import build_model, planned_rates
from tests.benchmarks.gemm import epoch_flops
from tests.benchmarks.keras_code import OneCycle, network
from tests.benchmarks.materials import FASHION, RECIPES, digits, random_points, recipe_of
from tests.benchmarks.measuring import Stopwatch, interleaved
from tests.benchmarks.tables import END, START, Headline, duration, write_markdown

ROOT = Path(__file__).parent.parent
ROWS = {
    "fit": ["digits, plain"],
    "fit_images": ["Fashion-MNIST, plain"],
    "search": ["ours", "ours, warm cache", "Optuna + fit", "KerasTuner"],
    "gemm": ["NumPy, (32 x 784)"],
    "cores": ["member-epochs a second on digits"],
    "cost": ["instant", "opening 40 trials again"],
    "overhead": ["asking Optuna", "storing trials", "waiting for MLflow", "the whole run"],
}


def test_the_quick_size_of_all_of_them_prints_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "table.md"
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--quick", "--markdown", str(path)],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert " cores; Python " in done.stdout
    starts = [line.strip() for line in done.stdout.splitlines()]
    table = path.read_text()
    for name, rows in ROWS.items():
        if name not in ("gemm", "fit_images") or FASHION.exists():
            # At one depth, fit has nothing for the table.
            assert (f"| {name} |" in table) is not name.startswith("fit")
            for row in rows:
                assert any(start.startswith(row) for start in starts), row


def test_an_unknown_name_is_refused_before_anything_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "fit", "fitt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "'fitt'" in done.stderr
    assert not done.stdout


def test_the_others_train_the_same_networks() -> None:
    recipes = {recipe_of(point, epochs=1) for point in random_points(200)}
    shapes = {(r.normalization, r.regularization): r for r in [*recipes, *RECIPES.values()]}
    for recipe in shapes.values():
        theirs, reference = network(recipe, 61, 10), build_model(recipe, 61, 10)
        assert [w.shape for w in theirs.weights] == [w.shape for w in reference.weights]
        n_dropping = [
            sum("dropout" in x.name for x in model.layers) for model in (theirs, reference)
        ]
        assert n_dropping[0] == n_dropping[1]
        assert len(theirs.losses) == len(reference.losses)


def test_the_others_follow_the_same_one_cycle() -> None:
    recipe = RECIPES["plain"].replace(lr_schedule="one_cycle", epochs=4)
    planned = planned_rates(recipe, steps_per_epoch=25).ravel()
    theirs = [float(OneCycle(recipe.learning_rate, 100)(step)) for step in range(100)]
    # They reach the end one step after the last.
    np.testing.assert_allclose(theirs, planned, atol=0.03 * recipe.learning_rate)


def test_the_first_configurations_are_the_same_however_many_there_are() -> None:
    assert random_points(3) == random_points(200)[:3]


def test_operations_are_counted_by_hand() -> None:
    material = digits().tiny()
    n_features = material.data.features.shape[1]
    first, hidden, last = n_features * 100, 100 * 100, 100 * 10
    training = 256 * 2 * (2 * first + 3 * hidden + 3 * last)
    assert epoch_flops(material, 2, 100) == training + 64 * 2 * (first + hidden + last)


def test_sides_take_turns_and_swap_places() -> None:
    calls: list[str] = []

    def side(name: str) -> int:
        calls.append(name)
        return len(calls)

    found = interleaved({"a": lambda: side("a"), "b": lambda: side("b")}, rounds=3)
    assert "".join(calls) == "abbaab"
    assert found == {"a": [1, 4, 5], "b": [2, 3, 6]}


def test_a_stopwatch_times_from_outside_and_leaves_nothing_behind() -> None:
    watch, ticks, original = Stopwatch(), iter(range(10)), Headline.__eq__
    with watch.around(Headline, "__eq__", label="equal", clock=lambda: next(ticks)):
        assert Headline("", "", "", "") == Headline("", "", "", "")
    assert watch.seconds == {"equal": 1}
    assert Headline.__eq__ is original


def test_the_markdown_stays_between_its_markers(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(f"before\n\n{START}\nold\n{END}\n\nafter\n")
    write_markdown(path, {"fit": [Headline("epoch", "2 s", "1 s", "2×")]}, "On Monday.")
    write_markdown(path, {"cost": [Headline("trial", "", "1 ms", "")]}, "On Monday.")
    text = path.read_text()
    assert text.startswith(f"before\n\n{START}\n")
    assert text.endswith(f"On Monday.\n\n{END}\n\nafter\n")
    assert "old" not in text
    assert "| fit | epoch | 2 s | 1 s | 2× |\n| cost | trial |  | 1 ms |  |\n" in text
    write_markdown(path, {"cost": [Headline("trial", "", "2 ms", "")]}, "On Tuesday.")
    assert "Monday" not in path.read_text()
    assert "| fit |" not in path.read_text()


def test_a_file_without_markers_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("mine")
    with pytest.raises(InputError, match="--markdown"):
        write_markdown(path, {}, "On Monday.")
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (2e-6, "2.00 µs"), (0.0456, "45.6 ms"), (99.97, "100 s"), (5400, "1.50 h")],
)
def test_durations_have_three_figures(seconds: float, text: str) -> None:
    assert duration(seconds) == text
