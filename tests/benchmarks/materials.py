"""What is trained: data sets, and recipes drawn from the core levels."""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

import numpy as np

from search.data import load_dataset, split_development
from search.defaults import EPOCHS, EPOCHS_MANY_ROWS, VALIDATION_SHARE
from search.errors import SearchError
from search.rows import Array, Split, TrainingData
from search.seeds import generator
from spaces import FACTORS, SHALLOW, Choice, Float, Recipe, Space, Value, get_space, recipe_at
from tests.benchmarks.measuring import n_cores

SEED = 0
FASHION = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts it."""
FASHION_VALIDATION_ROWS = 5_000

_EVERYTHING = SHALLOW.replace(
    normalization="batch", optimizer="adamw", learning_rate=1e-3, lr_schedule="exponential"
)
RECIPES: dict[str, Recipe] = {
    "plain": SHALLOW.replace(regularization="none", lr_schedule="constant", learning_rate=3e-3),
    "batch norm, AdamW, dropout": _EVERYTHING.replace(regularization="dropout"),
    "batch norm, AdamW, l1 + l2": _EVERYTHING.replace(regularization="l1_l2"),
    "batch norm, AdamW, max-norm": _EVERYTHING.replace(regularization="max_norm"),
}
"""None ends a training before its last epoch; a recipe has one regularization."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A data set with one split, and how much of it fills a core."""

    name: str
    """As tables show it."""
    data: TrainingData
    """The rows."""
    split: Split
    """Which of them train and which validate."""
    epochs: int
    """Passes that a training makes by default on as many rows."""
    members_a_core: int
    """Trainings at once that keep a core busy."""

    @property
    def n_members(self) -> int:
        """Trainings at once that keep this machine busy."""
        return self.members_a_core * n_cores()

    @property
    def train(self) -> tuple[Array, Array]:
        """(features, targets) of the training rows, as `fit` takes them."""
        return self.data.features[self.split.train], self.data.targets[self.split.train]

    @property
    def validation(self) -> tuple[Array, Array]:
        """(features, targets) of the validation rows."""
        return self.data.features[self.split.validation], self.data.targets[self.split.validation]

    def tiny(self) -> Self:
        """A small part of it, to see that everything runs."""
        split = Split(self.split.train[:256], self.split.validation[:64])
        return type(self)(self.name, self.data, split, epochs=6, members_a_core=1)


def digits() -> Material:
    """Handwritten digits of scikit-learn, as a sweep on them sees them."""
    dataset = load_dataset("digits")
    split = split_development(dataset.y, VALIDATION_SHARE, generator(SEED, "benchmarks"))
    return Material("digits", dataset.training_data(with_confirm=False), split, EPOCHS, 32)


def fashion() -> Material:
    """Fashion-MNIST, its pixels from 0 to 1: 55,000 rows to train on and 5,000 to validate.

    Raises:
        SearchError: if Debian's package is not installed.
    """
    if not FASHION.exists():
        raise SearchError("Fashion-MNIST is left out: dataset-fashion-mnist is not installed")
    pixels = _read_idx("train-images-idx3-ubyte.gz", header=16).reshape(-1, 28 * 28)
    targets = _read_idx("train-labels-idx1-ubyte.gz", header=8).astype(np.int32)
    features = pixels.astype(np.float32) / 255
    rows = np.arange(len(features), dtype=np.int32)
    split = Split(rows[FASHION_VALIDATION_ROWS:], rows[:FASHION_VALIDATION_ROWS])
    data = TrainingData(features, targets, "classification", 10, features[:0])
    return Material("Fashion-MNIST", data, split, EPOCHS_MANY_ROWS, 8)


def _read_idx(name: str, header: int) -> Array:
    """The bytes of one of LeCun's idx files after its header."""
    with gzip.open(FASHION / name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def core_space() -> Space:
    """All core levels with their numbers; the shape stays what it is."""
    joint = get_space("shallow")
    domains = {name: domain for name, domain in joint.domains.items() if name in FACTORS}
    return Space(domains, joint.conditions)


def random_points(n: int) -> list[dict[str, Value]]:
    """Independent points of the core levels; the first ones are the same for every `n`."""
    space, rng = core_space(), generator(SEED, "benchmarks", "points")
    points = []
    for _ in range(n):
        values: dict[str, Value] = {}
        for name, domain in space.active(values):
            if isinstance(domain, Choice):
                values[name] = domain.options[rng.integers(len(domain.options))]
            else:
                assert isinstance(domain, Float)
                values[name] = domain.at(rng.random())
        points.append(values)
    return points


def recipe_of(point: dict[str, Value], epochs: int) -> Recipe:
    """The recipe at a random point: two hidden layers of 100, batches of 32."""
    return recipe_at(SHALLOW.replace(epochs=epochs), point)
