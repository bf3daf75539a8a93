"""A person's own network in processes of ours."""

from pathlib import Path

import pytest

from search.errors import InputError
from search.named import Named
from search.rows import TrainingData
from search.training import Ending
from search.training.architecture import Architecture
from search.training.dispatch import Workers
from search.training.jobs import Job
from search.training.keras_trainer import KerasTrainer, own_model
from search.training.probe import probe
from spaces import SHALLOW
from tests.training.processes import kill_all, running, trained_by
from tests.training.reference import N_FEATURES, identical, varied

SMALL = SHALLOW.replace(epochs=2, normalization="batch")
BUILD = """
print("built")

def build(layers, inputs, outputs):
    return outputs(layers.dense(UNITS)(inputs))
"""


def architecture(folder: Path, source: str) -> Architecture:
    (folder / "net.py").write_text(source)
    return Architecture.of(Named.find("--model", f"{folder / 'net.py'}:build"), (N_FEATURES,))


@pytest.fixture
def own(tmp_path: Path) -> Architecture:
    return architecture(tmp_path, BUILD.replace("UNITS", "7"))


def test_gray_images_get_a_channel(own: Architecture) -> None:
    for shape, seen in {(8, 8): (8, 8, 1), (8, 8, 3): (8, 8, 3), (5,): (5,)}.items():
        assert Architecture.of(own.build, shape).row_shape == seen


def test_workers_train_it_as_this_process_does(own: Architecture, data: TrainingData) -> None:
    members = varied(SMALL, 3)
    with Workers(2, architecture=own) as workers:
        results = trained_by(workers, members, data)
    job = Job("keras", dict(enumerate(members)), keep_weights=True)
    expected = dict(KerasTrainer(data, own_model(own)).train(job))
    for index, result in enumerate(results):
        assert result.trainer == "keras"
        assert result.weights is not None
        assert result.weights[0].shape == (N_FEATURES, 7)
        assert identical(result, expected[index])


SCRIPT = """
from search.named import Named
from search.training.architecture import Architecture
from search.training.dispatch import Workers
from spaces import SHALLOW
from tests.training.reference import small_data, varied

own = Architecture.of(Named.find("--model", "PATH:build"), (5,))
with Workers(1, architecture=own) as workers:
    print(len(dict(workers.train(varied(SHALLOW.replace(epochs=1), 2), small_data()))))
"""


def test_what_it_prints_does_not_mix_with_results(own: Architecture, tmp_path: Path) -> None:
    with running(SCRIPT.replace("PATH", str(own.build.path)), tmp_path) as process:
        out, err = process.communicate()
    assert out.strip() == "2"
    assert "built" in err


def test_a_digest_tells_networks_apart(own: Architecture, tmp_path: Path) -> None:
    first = probe(own, SMALL, 3)
    assert first == probe(own, SMALL, 3)
    assert first != probe(own, SMALL, 4)  # other shapes
    assert first != probe(architecture(tmp_path, BUILD.replace("UNITS", "8")), SMALL, 3)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("build = None", "net.py:build must build a network; received TypeError"),
        ("def build(a, b, c):\n    return c(b, 1)", "received TypeError: .*takes 2 positional"),
        ("def build(a, b, c):\n    return b", r"it must end in \(rows, 3\)"),
        ("raise KeyError('x')", "--model must name what can be loaded; received KeyError: 'x'"),
        ("import os; os._exit(3)", "received its process died"),
    ],
)
def test_what_cannot_be_built_is_refused_with_its_error(
    source: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        probe(architecture(tmp_path, source), SMALL, 3)


def test_no_new_worker_takes_up_a_changed_source(
    own: Architecture, data: TrainingData, tmp_path: Path
) -> None:
    """Those that have loaded it go on with what they have."""
    with Workers(1, architecture=own) as workers:
        (first,) = trained_by(workers, varied(SMALL, 1), data)
        (tmp_path / "net.py").write_text("build = None")
        (second,) = trained_by(workers, varied(SMALL, 1), data)
        assert first.curve.ending is second.curve.ending is Ending.COMPLETED
        kill_all()
        with pytest.raises(InputError, match=r"--model in .* must stay as it was"):
            trained_by(workers, varied(SMALL, 1), data)
